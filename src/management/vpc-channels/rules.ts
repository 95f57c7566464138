import { fault, type Fault } from '../../contract/faults.js'
import type { VpcCreate } from '../../contract/generated/schemas.js'
import { groupsOfChannel, type ChannelGroup } from '../../store/channel-groups.js'
import { featuresSet } from '../../store/features.js'
import type { VpcChannelRow } from '../../store/schema.js'
import type { Transaction } from '../../store/store.js'
import { channelsReferringTo, findChannel, isChannelNameTaken, type VpcChannel } from '../../store/vpc-channels.js'
import { features } from '../features/catalogue.js'
import { isActive } from '../features/rules.js'
import type { OperationContext } from '../operation.js'

type ChannelType = VpcChannelRow['channel_type']

/** Operations of channels say it in words of their own (errors.md §3). */
export const missing = (name: string): Fault => fault('APIG.2001', { name }, 'vpcChannel')

/** The number that says the type in the older of the two members. */
export const typeNumber = (type: ChannelType): 2 | 3 => (type === 'microservice' ? 3 : 2)

/** @throws {Fault} 2011 `vpc_channel_type` when both members are given and say different things */
export function typeOf({ type, vpc_channel_type: given }: Pick<VpcCreate, 'type' | 'vpc_channel_type'>): ChannelType {
  if (given === undefined) return type === 3 ? 'microservice' : 'builtin'
  if (type && type !== typeNumber(given)) throw fault('APIG.2011', { name: 'vpc_channel_type' })
  return given
}

/** The type never changes. @throws {Fault} 2011 with the member that says another */
export function typeIsKept(given: Pick<VpcCreate, 'type' | 'vpc_channel_type'>, { channel_type }: VpcChannel): void {
  if (given.vpc_channel_type !== undefined && typeOf(given) !== channel_type)
    throw fault('APIG.2011', { name: 'vpc_channel_type' })
  if (given.type && given.type !== typeNumber(channel_type)) throw fault('APIG.2011', { name: 'type' })
}

/** A channel that stands for others has no members of its own. @throws {Fault} 403 3471 */
export function hasMembers({ channel_type }: VpcChannel): void {
  if (channel_type === 'reference') throw fault('APIG.3471')
}

export async function nameIsFree({ db, instanceId }: OperationContext, name: string, except?: string): Promise<void> {
  if (await isChannelNameTaken(db, instanceId, name, except)) throw fault('APIG.3208')
}

/** The feature `vpc_name_modifiable` may keep channels from being renamed. @throws {Fault} 2011 `name` */
export async function nameMayChange({ db, instanceId }: OperationContext): Promise<void> {
  const name = 'vpc_name_modifiable'
  const set = (await featuresSet(db, instanceId)).get(name)
  const state = set === undefined ? features[name] : { enable: set.enable === 1, config: set.config }
  if (state !== undefined && !isActive(state)) throw fault('APIG.2011', { name: 'name' })
}

/** @throws {Fault} 404 3023 */
export async function theChannel({ db, instanceId }: OperationContext, id: string): Promise<VpcChannel> {
  const channel = await findChannel(db, instanceId, id)
  if (channel === undefined) throw fault('APIG.3023', { id })
  return channel
}

/** @throws {Fault} 404 3024 with the id of the group */
export async function theGroup({ db }: OperationContext, channel: VpcChannel, id: string): Promise<ChannelGroup> {
  const group = (await groupsOfChannel(db, channel.id)).find((one) => one.id === id)
  if (group === undefined) throw fault('APIG.3024', { id })
  return group
}

/** What is published refers to channels by id; those that stand for others hold their members. */
export async function noteChannel({ db, changed }: Transaction, channelId: string): Promise<void> {
  for (const id of [channelId, ...(await channelsReferringTo(db, channelId))]) changed(`channel:${id}`)
}
