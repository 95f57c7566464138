/** What a request says of the members of a channel, as rows: matched by group, address and port, so that ids survive. */
import { isIPv6 } from 'node:net'
import { fault } from '../../contract/faults.js'
import type { MemberInfo } from '../../contract/generated/schemas.js'
import type { ChannelGroup } from '../../store/channel-groups.js'
import type { ChannelMemberRow } from '../../store/schema.js'
import type { VpcChannel } from '../../store/vpc-channels.js'
import { isHost } from '../apis/backend-address.js'
import type { OperationContext } from '../operation.js'
import { missing } from './rules.js'

/** A channel with all of its groups. */
export interface Surroundings {
  readonly channel: VpcChannel
  readonly groups: readonly ChannelGroup[]
}

/**
 * The members of a request, in its order; the first definition of an address counts. Members that were there keep id,
 * rank and time of creation, and take everything else from the request; but a Nacos weighs those that it told of.
 *
 * @param before all members that the channel has
 * @throws {Fault} 2011 `member_group_name`, `host`; 2001 `host`, `ecs_id`, `ecs_name`; 3471 servers among addresses
 */
export function planMembers(
  given: readonly MemberInfo[],
  before: readonly ChannelMemberRow[],
  surroundings: Surroundings,
  { now, newId }: Pick<OperationContext, 'now' | 'newId'>,
): ChannelMemberRow[] {
  const known = new Map(before.map((member) => [keyOf(member, surroundings), member]))
  const planned = new Map<string, ChannelMemberRow>()
  let position = Math.max(-1, ...before.map((member) => member.position))
  for (const member of given) {
    const attributes = memberAttributes(member, surroundings)
    const key = keyOf(attributes, surroundings)
    if (planned.has(key)) continue
    const same = known.get(key)
    planned.set(key, {
      id: same?.id ?? newId(),
      channel_id: surroundings.channel.id,
      position: same?.position ?? (position += 1),
      created_at: same?.created_at ?? now,
      is_found: same?.is_found ?? 0,
      ...attributes,
      ...(same?.is_found === 1 && isWeighed(surroundings) && { weight: same.weight }),
    })
  }
  return [...planned.values()]
}

/** A weight that was given to a group holds for all its members. */
export function withGroupWeights(
  members: readonly ChannelMemberRow[],
  groups: readonly ChannelGroup[],
): ChannelMemberRow[] {
  return members.map((member) => {
    const weight = groups.find(({ id }) => id === member.group_id)?.weight ?? member.weight
    return { ...member, weight }
  })
}

/** The port on which a member is called: its own, else its group's, else its channel's (backends.md §3.1). */
export function portOf(
  { port, group_id }: Pick<ChannelMemberRow, 'port' | 'group_id'>,
  { channel, groups }: Surroundings,
): number {
  return port || groups.find(({ id }) => id === group_id)?.microservice_port || channel.port
}

const isWeighed = ({ channel }: Surroundings): boolean => channel.microservice?.service_type === 'NACOS'

/** Those that whoever asks has given, and may remove. */
export const givenMembers = (members: readonly ChannelMemberRow[]): ChannelMemberRow[] =>
  members.filter(({ is_found }) => is_found === 0)

type MemberAttributes = Omit<ChannelMemberRow, 'id' | 'channel_id' | 'position' | 'created_at' | 'is_found'>

function memberAttributes(member: MemberInfo, { channel, groups }: Surroundings): MemberAttributes {
  const group = member.member_group_name ? groups.find(({ name }) => name === member.member_group_name) : undefined
  if (member.member_group_name && group === undefined) throw fault('APIG.2011', { name: 'member_group_name' })
  return {
    group_id: group?.id ?? null,
    ...(channel.member_type === 'ip' ? addressOf(member) : serverOf(member)),
    port: member.port ?? 0,
    weight: member.weight ?? group?.weight ?? 1,
    is_backup: member.is_backup === true ? 1 : 0,
    status: member.status ?? 1,
  }
}

type Address = Pick<ChannelMemberRow, 'host' | 'ecs_id' | 'ecs_name'>

function addressOf({ host, ecs_id, ecs_name }: MemberInfo): Address {
  if (!host) throw ecs_id ? fault('APIG.3471') : missing('host')
  if (!isHost(host) && !isIPv6(host)) throw fault('APIG.2011', { name: 'host' })
  return { host, ecs_id: ecs_id || host, ecs_name: ecs_name || host }
}

/** Nobody here knows the addresses of servers by their ids: the id itself is what is called, unless one is given. */
function serverOf({ host, ecs_id, ecs_name }: MemberInfo): Address {
  if (!ecs_id) throw missing('ecs_id')
  if (!ecs_name) throw missing('ecs_name')
  if (host && !isHost(host) && !isIPv6(host)) throw fault('APIG.2011', { name: 'host' })
  return { host: host || ecs_id, ecs_id, ecs_name }
}

/** What makes a member the same one. */
export function keyOf(
  member: Pick<ChannelMemberRow, 'group_id' | 'host' | 'ecs_id' | 'port'>,
  surroundings: Surroundings,
): string {
  const address = surroundings.channel.member_type === 'ip' ? member.host : member.ecs_id
  return [member.group_id ?? '', address, portOf(member, surroundings)].join('\n')
}
