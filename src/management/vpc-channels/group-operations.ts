import { fault } from '../../contract/faults.js'
import { deleteGroups, groupsOfChannel, listGroups, saveGroups, type ChannelGroup } from '../../store/channel-groups.js'
import { setMemberWeight } from '../../store/channel-members.js'
import type { Handlers, OperationContext } from '../operation.js'
import { readTime, writtenTime } from '../time.js'
import { groupAttributes, planGroups, referencesAreChannels } from './groups.js'
import { missing, noteChannel, theChannel, theGroup } from './rules.js'
import { groupView } from './views.js'

export const memberGroupOperations = {
  /** Adds groups, or changes those of the same name. */
  createMemberGroup: async ({ path, body }, context) => {
    const channel = await theChannel(context, path.vpc_channel_id)
    if (!body.member_groups?.length) throw missing('member_groups')
    const before = await groupsOfChannel(context.db, channel.id)
    const groups = planGroups(body.member_groups, before, channel, context)
    await write(context, channel.id, groups)
    const views = groups.map((group) => groupView(group, writtenTime))
    return { status: 201, body: { total: views.length, size: views.length, member_groups: views } }
  },

  updateMemberGroup: async ({ path, body }, context) => {
    const channel = await theChannel(context, path.vpc_channel_id)
    const before = await theGroup(context, channel, path.member_group_id)
    const group = { ...before, ...groupAttributes(body, channel), updated_at: context.now }
    const others = await groupsOfChannel(context.db, channel.id)
    if (others.some(({ id, name }) => name === group.name && id !== group.id))
      throw fault('APIG.2011', { name: 'member_group_name' })
    await write(context, channel.id, [group])
    return { status: 200, body: groupView(group, writtenTime) }
  },

  showDetailsOfMemberGroup: async ({ path }, context) => {
    const channel = await theChannel(context, path.vpc_channel_id)
    return { status: 200, body: groupView(await theGroup(context, channel, path.member_group_id), readTime) }
  },

  listMemberGroups: async ({ path, query }, context) => {
    const channel = await theChannel(context, path.vpc_channel_id)
    const { total, rows } = await listGroups(context.db, channel.id, query, query)
    const groups = rows.map((group) => groupView(group, readTime))
    return { status: 200, body: { total, size: groups.length, member_groups: groups } }
  },

  deleteMemberGroup: async ({ path }, context) => {
    const channel = await theChannel(context, path.vpc_channel_id)
    const group = await theGroup(context, channel, path.member_group_id)
    await deleteGroups(context.db, [group.id])
    await noteChannel(context, channel.id)
    return { status: 204 }
  },
} satisfies Handlers

async function write(context: OperationContext, channelId: string, groups: readonly ChannelGroup[]): Promise<void> {
  await referencesAreChannels(context, groups)
  await saveGroups(context.db, groups)
  for (const { id, weight } of groups) if (weight !== null) await setMemberWeight(context.db, id, weight)
  await noteChannel(context, channelId)
}
