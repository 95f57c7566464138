import { fault } from '../../contract/faults.js'
import type { MemberInfo } from '../../contract/generated/schemas.js'
import { groupsOfChannel } from '../../store/channel-groups.js'
import {
  deleteMembers,
  listMembers,
  membersOfChannel,
  saveMembers,
  setMemberStatus,
} from '../../store/channel-members.js'
import type { ChannelMemberRow } from '../../store/schema.js'
import type { Handlers, OperationContext } from '../operation.js'
import { withinQuota } from '../quotas.js'
import { readTime, writtenTime } from '../time.js'
import { shownHealth } from './member-health.js'
import { givenMembers, planMembers, type Surroundings } from './members.js'
import { hasMembers, missing, noteChannel, theChannel } from './rules.js'
import { memberView } from './views.js'

export const memberOperations = {
  /** Adds members, or changes those that are there. */
  addingBackendInstancesV2: async ({ path, body }, context) => {
    const surroundings = await theSurroundings(context, path.vpc_channel_id)
    const before = await membersOfChannel(context.db, surroundings.channel.id)
    const members = planMembers(body.members, before, surroundings, context)
    const added = members.filter(({ id }) => !before.some((member) => member.id === id))
    await withinQuota(context, 'VPC_INSTANCE_NUM_LIMIT', before.length, added.length)
    await saveMembers(context.db, members)
    await noteChannel(context, surroundings.channel.id)
    return { status: 201, body: await listOf(context, members, surroundings) }
  },

  /**
   * Makes the members those that are given: of one group when one is named, else of the whole channel. Those that a
   * registry told of stay.
   */
  updateBackendInstancesV2: async ({ path, body }, context) => {
    const { db } = context
    const surroundings = await theSurroundings(context, path.vpc_channel_id)
    if (body.members === undefined) throw missing('members')
    const all = await membersOfChannel(db, surroundings.channel.id)
    const { given, before } = scopeOf(body.members, all, body.member_group_name, surroundings)
    const members = planMembers(given, all, surroundings, context)
    const isGiven = (id: string) => members.some((member) => member.id === id)
    const gone = givenMembers(before).flatMap(({ id }) => (isGiven(id) ? [] : [id]))
    const others = all.filter(({ id }) => !isGiven(id) && !gone.includes(id))
    await withinQuota(context, 'VPC_INSTANCE_NUM_LIMIT', others.length, members.length)
    await deleteMembers(db, gone)
    await saveMembers(db, members)
    await noteChannel(context, surroundings.channel.id)
    return { status: 200, body: await listOf(context, members, surroundings) }
  },

  listBackendInstancesV2: async ({ path, query }, context) => {
    const channel = await theChannel(context, path.vpc_channel_id)
    const groups = await groupsOfChannel(context.db, channel.id)
    const { total, rows } = await listMembers(context.db, channel.id, query, query)
    const health = await shownHealth(context)
    const members = rows.map((member) => memberView(member, { channel, groups }, readTime, health))
    return { status: 200, body: { total, size: members.length, members } }
  },

  deleteBackendInstanceV2: async ({ path }, context) => {
    const { channel } = await theSurroundings(context, path.vpc_channel_id)
    const members = await ownMembers(context, channel.id, [path.member_id])
    // A registry would tell of it again.
    if (givenMembers(members).length === 0) throw fault('APIG.3471')
    await deleteMembers(context.db, [path.member_id])
    await noteChannel(context, channel.id)
    return { status: 204 }
  },

  batchEnableMembers: async ({ path, body }, context) => setStatus(context, path.vpc_channel_id, body.member_ids, 1),

  batchDisableMembers: async ({ path, body }, context) => setStatus(context, path.vpc_channel_id, body.member_ids, 2),
} satisfies Handlers

/** @throws {Fault} 404 3023; 403 3471 for a channel without members of its own */
async function theSurroundings(context: OperationContext, id: string): Promise<Surroundings> {
  const channel = await theChannel(context, id)
  hasMembers(channel)
  return { channel, groups: await groupsOfChannel(context.db, channel.id) }
}

/**
 * With a group: the members of the request that are of it, or of none, and those that it has now.
 *
 * @throws {Fault} 2011 `member_group_name`
 */
function scopeOf(
  given: readonly MemberInfo[],
  all: readonly ChannelMemberRow[],
  groupName: string | undefined,
  { groups }: Surroundings,
): { readonly given: readonly MemberInfo[]; readonly before: readonly ChannelMemberRow[] } {
  if (!groupName) return { given, before: all }
  const group = groups.find(({ name }) => name === groupName)
  if (group === undefined) throw fault('APIG.2011', { name: 'member_group_name' })
  return {
    given: given
      .filter(({ member_group_name: name }) => !name || name === groupName)
      .map((member) => ({ ...member, member_group_name: groupName })),
    before: all.filter(({ group_id }) => group_id === group.id),
  }
}

/** @throws {Fault} 2001 `member_ids`, 404 3024 with the first id that is not a member */
async function ownMembers(
  { db }: OperationContext,
  channelId: string,
  ids: readonly string[] = [],
): Promise<ChannelMemberRow[]> {
  if (ids.length === 0) throw missing('member_ids')
  const known = new Map((await membersOfChannel(db, channelId)).map((member) => [member.id, member]))
  return ids.map((id) => {
    const member = known.get(id)
    if (member === undefined) throw fault('APIG.3024', { id })
    return member
  })
}

async function setStatus(
  context: OperationContext,
  channelId: string,
  memberIds: readonly string[] | undefined,
  status: ChannelMemberRow['status'],
) {
  const { channel } = await theSurroundings(context, channelId)
  const members = await ownMembers(context, channel.id, memberIds)
  await setMemberStatus(
    context.db,
    members.map(({ id }) => id),
    status,
  )
  await noteChannel(context, channel.id)
  return { status: 204 } as const
}

async function listOf(context: OperationContext, members: readonly ChannelMemberRow[], surroundings: Surroundings) {
  const health = await shownHealth(context)
  const shown = members.map((member) => memberView(member, surroundings, writtenTime, health))
  return { total: shown.length, size: shown.length, members: shown }
}
