/** What a request says of the groups of a channel, as rows: matched by name, so that ids survive. */
import { fault } from '../../contract/faults.js'
import type { MemberGroupCreate } from '../../contract/generated/schemas.js'
import type { ChannelGroup } from '../../store/channel-groups.js'
import { channelsAmong, type VpcChannel } from '../../store/vpc-channels.js'
import type { OperationContext } from '../operation.js'
import { missing } from './rules.js'

/** The groups of a request, each name once; the first of a name counts. */
export function planGroups(
  given: readonly MemberGroupCreate[],
  before: readonly ChannelGroup[],
  channel: VpcChannel,
  { now, newId }: Pick<OperationContext, 'now' | 'newId'>,
): ChannelGroup[] {
  const planned = new Map<string, ChannelGroup>()
  let position = Math.max(-1, ...before.map((group) => group.position))
  for (const group of given) {
    const { member_group_name: name } = group
    if (planned.has(name)) continue
    const same = before.find((one) => one.name === name)
    planned.set(name, {
      id: same?.id ?? newId(),
      channel_id: channel.id,
      position: same?.position ?? (position += 1),
      created_at: same?.created_at ?? now,
      updated_at: now,
      ...groupAttributes(group, channel),
    })
  }
  return [...planned.values()]
}

type GroupAttributes = Omit<ChannelGroup, 'id' | 'channel_id' | 'position' | 'created_at' | 'updated_at'>

/**
 * What a create or an update sets: all of it, what is left out to its default.
 *
 * @throws {Fault} 2011 `member_group_remark`; `member_group_weight` where a registry keeps the weights;
 *   `reference_vpc_channel_id` in a channel with members, 2001 for it in one that stands for others
 */
export function groupAttributes(group: MemberGroupCreate, { channel_type, microservice }: VpcChannel): GroupAttributes {
  const { member_group_remark: remark = '', member_group_weight: weight, reference_vpc_channel_id: reference } = group
  if (/[<>]/.test(remark)) throw fault('APIG.2011', { name: 'member_group_remark' })
  const isNacos = microservice?.service_type === 'NACOS'
  if (isNacos && weight) throw fault('APIG.2011', { name: 'member_group_weight' })
  if (channel_type === 'reference' && !reference) throw missing('reference_vpc_channel_id')
  if (channel_type !== 'reference' && reference) throw fault('APIG.2011', { name: 'reference_vpc_channel_id' })
  return {
    name: group.member_group_name,
    remark,
    weight: isNacos ? null : (weight ?? null),
    microservice_version: group.microservice_version ?? '',
    microservice_port: group.microservice_port ?? 0,
    labels: group.microservice_labels ?? [],
    reference_channel_id: reference || null,
  }
}

/** @throws {Fault} 404 3023 for a channel that is not there, 2011 for one that itself stands for others */
export async function referencesAreChannels(
  { db, instanceId }: OperationContext,
  groups: readonly ChannelGroup[],
): Promise<void> {
  const ids = groups.flatMap(({ reference_channel_id: id }) => id ?? [])
  const channels = await channelsAmong(db, instanceId, ids)
  for (const id of ids) {
    const channel = channels.get(id)
    if (channel === undefined) throw fault('APIG.3023', { id })
    if (channel.channel_type === 'reference') throw fault('APIG.2011', { name: 'reference_vpc_channel_id' })
  }
}
