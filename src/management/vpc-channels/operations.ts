import { fault } from '../../contract/faults.js'
import type { VpcCreate } from '../../contract/generated/schemas.js'
import { isReferenced } from '../../store/api-references.js'
import { deleteGroups, groupsOfChannel, groupsOfChannels, saveGroups } from '../../store/channel-groups.js'
import { deleteMembers, membersOfChannel, saveMembers } from '../../store/channel-members.js'
import { countIn } from '../../store/counts.js'
import { isReferredToByPlugin } from '../../store/plugins.js'
import {
  channelsReferringTo,
  deleteChannel,
  insertChannel,
  listChannels,
  updateChannel,
  type VpcChannel,
} from '../../store/vpc-channels.js'
import type { Handlers, OperationContext } from '../operation.js'
import { withinQuota } from '../quotas.js'
import { readTime, writtenTime } from '../time.js'
import { memberGroupOperations } from './group-operations.js'
import { planGroups, referencesAreChannels } from './groups.js'
import { healthCheckOf } from './health-check.js'
import { memberOperations } from './member-operations.js'
import { shownHealth } from './member-health.js'
import { givenMembers, planMembers, withGroupWeights } from './members.js'
import { isSameRegistry, microserviceOf } from './microservice.js'
import { channelStatus } from './registry-status.js'
import { missing, nameIsFree, nameMayChange, noteChannel, theChannel, typeIsKept, typeOf } from './rules.js'
import { channelView, healthCheckView, listedChannelView } from './views.js'

export const vpcChannelOperations = {
  createVpcChannelV2: async ({ body }, context) => {
    const { db, instanceId, now } = context
    const channelType = typeOf(body)
    const base = { id: context.newId(), instance_id: instanceId, channel_type: channelType, created_at: now }
    const channel = {
      ...base,
      ...attributes(body, { ...base, microservice: undefined, healthCheck: undefined }, context),
    }
    await withinQuota(context, 'VPC_NUM_LIMIT', await countIn(db, 'vpc_channels', instanceId))
    await nameIsFree(context, body.name)
    await insertChannel(db, channel)
    const reply = await replaceContents(context, channel, body)
    await noteChannel(context, channel.id)
    return { status: 201, body: reply }
  },

  /** Everything that can change: groups and members that are not given are removed. */
  updateVpcChannelV2: async ({ path, body }, context) => {
    const before = await theChannel(context, path.vpc_channel_id)
    typeIsKept(body, before)
    const { id, instance_id, channel_type, created_at } = before
    const channel = { id, instance_id, channel_type, created_at, ...attributes(body, before, context) }
    if (channel.name !== before.name) await nameMayChange(context)
    await nameIsFree(context, body.name, before.id)
    await updateChannel(context.db, channel)
    const reply = await replaceContents(context, channel, body, before)
    await noteChannel(context, channel.id)
    return { status: 200, body: reply }
  },

  showDetailsOfVpcChannelV2: async ({ path }, context) => {
    const channel = await theChannel(context, path.vpc_channel_id)
    const groups = await groupsOfChannel(context.db, channel.id)
    const members = await membersOfChannel(context.db, channel.id)
    const status = channelStatus(context, channel.id)
    const body = channelView({ channel, groups }, members, status, readTime, await shownHealth(context))
    return { status: 200, body }
  },

  listVpcChannelsV2: async ({ query }, context) => {
    const { db, instanceId } = context
    const { total, rows } = await listChannels(db, instanceId, query, query)
    const groups = await groupsOfChannels(
      db,
      rows.map(({ id }) => id),
    )
    const channels = rows.map((channel) =>
      listedChannelView(channel, groups.get(channel.id) ?? [], channelStatus(context, channel.id), readTime),
    )
    return { status: 200, body: { total, size: channels.length, vpc_channels: channels } }
  },

  deleteVpcChannelV2: async ({ path }, context) => {
    const { db } = context
    const { id } = await theChannel(context, path.vpc_channel_id)
    if (await isReferenced(db, { kind: 'channel', id })) throw fault('APIG.3414')
    if (await isReferredToByPlugin(db, 'vpc_channel', id)) throw fault('APIG.3710')
    if ((await channelsReferringTo(db, id)).length > 0) throw fault('APIG.3719')
    await deleteChannel(db, id)
    context.changed(`channel:${id}`)
    return { status: 204 }
  },

  updateHealthCheck: async ({ path, body }, context) => {
    const channel = await theChannel(context, path.vpc_channel_id)
    const healthCheck = healthCheckOf(body, channel.healthCheck, context)
    await updateChannel(context.db, { ...channel, healthCheck })
    await noteChannel(context, channel.id)
    return { status: 200, body: healthCheckView(channel.id, healthCheck, writtenTime) }
  },

  ...memberOperations,
  ...memberGroupOperations,
} satisfies Handlers

type Kept = Pick<VpcChannel, 'id' | 'channel_type' | 'microservice' | 'healthCheck'>

/** What a create or an update sets. A check, and the registry of a microservice, stay when none is given. */
function attributes(body: VpcCreate, before: Kept, context: OperationContext) {
  const { vpc_health_config: check, microservice_info: microservice } = body
  const isMicroservice = before.channel_type === 'microservice'
  if (isMicroservice && microservice === undefined && before.microservice === undefined)
    throw missing('microservice_info')
  return {
    name: body.name,
    port: body.port,
    balance_strategy: body.balance_strategy,
    member_type: body.member_type,
    microservice:
      isMicroservice && microservice !== undefined
        ? microserviceOf(microservice, before.microservice, { ...context, channelId: before.id })
        : before.microservice,
    healthCheck: check === undefined ? before.healthCheck : healthCheckOf(check, before.healthCheck, context),
  }
}

/** Makes the groups and members of a channel those of a request, and shows the channel. */
async function replaceContents(context: OperationContext, channel: VpcChannel, body: VpcCreate, before?: VpcChannel) {
  const { db } = context
  const oldGroups = await groupsOfChannel(db, channel.id)
  const groups = planGroups(body.member_groups ?? [], oldGroups, channel, context).map(ranked)
  await referencesAreChannels(context, groups)
  const oldMembers = await membersOfChannel(db, channel.id)
  // Those of a channel that stands for others are ignored.
  const given = channel.channel_type === 'reference' ? [] : (body.members ?? [])
  const planned = planMembers(given, oldMembers, { channel, groups }, context).map(ranked)
  const members = withGroupWeights(planned, groups)
  // Those that a registry told of are not the client's to remove, unless it names another registry.
  const isElsewhere = before !== undefined && !isSameRegistry(before.microservice, channel.microservice)
  const gone = idsGone(isElsewhere ? oldMembers : givenMembers(oldMembers), members)
  const goneGroups = idsGone(oldGroups, groups)
  const kept = oldMembers.filter(({ group_id: id }) => id === null || !goneGroups.includes(id))
  const stay = idsGone(kept, members).filter((id) => !gone.includes(id))
  await withinQuota(context, 'VPC_INSTANCE_NUM_LIMIT', stay.length, members.length)

  await deleteMembers(db, gone)
  await deleteGroups(db, goneGroups)
  await saveGroups(db, groups)
  await saveMembers(db, members)
  const shown = oldMembers.length === 0 ? members : await membersOfChannel(db, channel.id)
  const status = channelStatus(context, channel.id)
  return channelView({ channel, groups }, shown, status, writtenTime, await shownHealth(context))
}

const ranked = <T>(item: T, position: number): T & { readonly position: number } => ({ ...item, position })

const idsGone = (before: readonly { readonly id: string }[], after: readonly { readonly id: string }[]): string[] =>
  before.map(({ id }) => id).filter((id) => !after.some((one) => one.id === id))
