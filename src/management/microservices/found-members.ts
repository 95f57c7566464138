/** Which members a channel has by what its registry tells: one for each instance in each group that it fits. */
import type { Instance } from '../../registries/registry.js'
import type { ChannelGroup } from '../../store/channel-groups.js'
import type { ChannelMemberRow } from '../../store/schema.js'
import type { VpcChannel } from '../../store/vpc-channels.js'
import { givenMembers, keyOf, type Surroundings } from '../vpc-channels/members.js'

export interface FoundMembers {
  /** New ones, and those that have changed. */
  readonly saved: readonly ChannelMemberRow[]
  /** Ids. */
  readonly gone: readonly string[]
  /** How many are beyond the limit. */
  readonly beyond: number
}

interface Stamp {
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly newId: () => string
}

/**
 * Members that were there keep id, rank, time of creation, and what users set of them: status, backup, and the weight
 * where the registry knows of none. A member that a client has given stands for the instance at its address.
 *
 * @param before all members of the channel
 * @param limit of all members; those that are there come first
 */
export function planFound(
  instances: readonly Instance[],
  before: readonly ChannelMemberRow[],
  surroundings: Surroundings,
  limit: number,
  { now, newId }: Stamp,
): FoundMembers {
  const given = givenMembers(before)
  const taken = new Set(given.map((member) => keyOf(member, surroundings)))
  const known = new Map(before.map((member) => [keyOf(member, surroundings), member]))
  const wanted = new Map<string, Omit<ChannelMemberRow, 'id' | 'position' | 'created_at'>>()
  for (const place of placesOf(instances, surroundings)) {
    const key = keyOf(place, surroundings)
    const same = known.get(key)
    if (taken.has(key) || wanted.has(key)) continue
    const weight = place.weight ?? same?.weight ?? 1
    wanted.set(key, { ...place, weight, is_backup: same?.is_backup ?? 0, status: same?.status ?? 1 })
  }
  const chosen = [...wanted].toSorted(([a], [b]) => Number(known.has(b)) - Number(known.has(a)))
  const room = Math.max(0, limit - given.length)
  let position = Math.max(-1, ...before.map((member) => member.position))
  const saved: ChannelMemberRow[] = []
  const kept = new Set<string>()
  for (const [key, attributes] of chosen.slice(0, room)) {
    const same = known.get(key)
    if (same !== undefined) kept.add(same.id)
    const row: ChannelMemberRow = {
      ...attributes,
      id: same?.id ?? newId(),
      position: same?.position ?? (position += 1),
      created_at: same?.created_at ?? now,
    }
    if (same === undefined || !isSame(row, same)) saved.push(row)
  }
  const gone = before.filter(({ id, is_found }) => is_found === 1 && !kept.has(id)).map(({ id }) => id)
  return { saved, gone, beyond: Math.max(0, chosen.length - room) }
}

type Place = Omit<ChannelMemberRow, 'id' | 'position' | 'created_at' | 'weight' | 'is_backup' | 'status'> & {
  readonly weight: number | undefined
}

/** In an order that does not depend on the registry's. */
function* placesOf(instances: readonly Instance[], { channel, groups }: Surroundings): Generator<Place> {
  for (const instance of instances.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    for (const group of groups.length === 0 ? [undefined] : groups) {
      const port = portFor(instance, group, channel)
      if (port === undefined || (group !== undefined && !fits(instance, group))) continue
      yield {
        channel_id: channel.id,
        group_id: group?.id ?? null,
        host: instance.host,
        ecs_id: instance.host,
        ecs_name: instance.name,
        port,
        weight: group?.weight ?? instance.weight,
        is_found: 1,
      }
    }
  }
}

/** Of the version and with the labels that the group asks for; who tells of no labels has none. */
const fits = ({ labels }: Instance, { microservice_version: version, labels: asked }: ChannelGroup): boolean =>
  (version === '' || labels?.['version'] === version) &&
  asked.every(({ label_name: name, label_value: value }) => labels?.[name] === value)

/** 0 for that of the group or the channel; undefined where the service has no such port. */
function portFor({ port, ports }: Instance, group: ChannelGroup | undefined, channel: VpcChannel): number | undefined {
  const asked = group?.microservice_port ?? 0
  if (ports !== undefined) return ports.get(asked || channel.port) ?? ports.get(0)
  return asked === 0 ? port : 0
}

const columns = ['host', 'ecs_id', 'ecs_name', 'port', 'weight', 'is_backup', 'status'] as const

const isSame = (one: ChannelMemberRow, other: ChannelMemberRow): boolean =>
  columns.every((column) => one[column] === other[column])
