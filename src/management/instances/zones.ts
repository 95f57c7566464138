import { createHash } from 'node:crypto'
import type { ReplyBody } from '../../contract/operation.js'
import { editions } from './editions.js'

type AvailableZones = NonNullable<ReplyBody<'listAvailableZonesV2'>['available_zones']>

/**
 * Zones of the region. A self-hosted region has no buildings to choose from; clients that want an instance in two
 * zones, as the cloud recommends, find two. Ids are derived, so that they are the same on every node and every day.
 */
export function availableZones(region: string): AvailableZones {
  return ['a', 'b'].map((letter, index) => {
    const code = `${region}${letter}`
    const name = `AZ${index + 1}`
    return {
      id: createHash('sha256').update(`available-zone:${code}`).digest('hex').slice(0, 32),
      name,
      code,
      port: String(FIRST_PORT + index),
      local_name: { en_us: name, zh_cn: `可用区${index + 1}` },
      specs: Object.fromEntries(editions.map((edition) => [edition, true])),
    }
  })
}

const FIRST_PORT = 8_403
