/**
 * What gateways report of members, kept in memory: whoever starts anew is told again within seconds. A member counts as
 * unhealthy as soon as one gateway process does not call it.
 */
import type { MemberReport } from '../../snapshot/member-report.js'
import { featuresSet } from '../../store/features.js'
import { isActive } from '../features/rules.js'
import type { OperationContext } from '../operation.js'

export type Health = 'healthy' | 'unhealthy' | 'unknown'

/** Milliseconds that a report holds; gateways renew theirs three times as often (`member-sender.ts`). */
const HOLDS = 60_000

interface Kept extends Pick<MemberReport, 'states'> {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly healthy: ReadonlyMap<string, boolean>
}

/** Where a channel calls a member, and whether it does. */
export interface CheckedAddress {
  readonly channelId: string
  readonly address: string
  readonly healthy: boolean
}

export class MemberHealth {
  readonly #reports = new Map<string, Kept>()

  /** @param now milliseconds since the epoch */
  take({ sender, states }: MemberReport, now: number): void {
    for (const [old, { at }] of this.#reports) if (now - at > HOLDS) this.#reports.delete(old)
    if (states.length === 0) this.#reports.delete(sender)
    // A member that is in two groups was checked in two ways when they say different things: both must pass.
    const healthy = new Map<string, boolean>()
    for (const state of states) healthy.set(state.memberId, state.healthy && healthy.get(state.memberId) !== false)
    if (states.length > 0) this.#reports.set(sender, { at: now, healthy, states })
  }

  /** All that is checked, each address of a channel once: healthy where whoever checks it finds it so. */
  addresses(now: number): CheckedAddress[] {
    const found = new Map<string, CheckedAddress>()
    for (const { at, states } of this.#reports.values()) {
      if (now - at > HOLDS) continue
      for (const { channelId, address, healthy } of states) {
        const key = `${channelId} ${address}`
        found.set(key, { channelId, address, healthy: healthy && found.get(key)?.healthy !== false })
      }
    }
    return [...found.values()]
  }

  of(memberId: string, now: number): Health {
    let health: Health = 'unknown'
    for (const { at, healthy } of this.#reports.values()) {
      const found = now - at > HOLDS ? undefined : healthy.get(memberId)
      if (found === false) return 'unhealthy'
      if (found === true) health = 'healthy'
    }
    return health
  }
}

export type HealthOf = (memberId: string) => Health

const unknownHealth: HealthOf = () => 'unknown'

/** Members are shown with their health where the feature `vpc_health_status` is on. */
export async function shownHealth({ db, instanceId, memberHealth, now }: OperationContext): Promise<HealthOf> {
  const set = (await featuresSet(db, instanceId)).get('vpc_health_status')
  if (memberHealth === undefined || set === undefined) return unknownHealth
  const isOn = isActive({ enable: set.enable === 1, config: set.config })
  return isOn ? (memberId) => memberHealth.of(memberId, now) : unknownHealth
}
