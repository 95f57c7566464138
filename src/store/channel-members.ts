import { byKey } from './by-key.js'
import { isPrecise, selectPage, type Page, type Paging } from './page.js'
import type { ChannelMemberRow } from './schema.js'
import { ROWS_PER_INSERT, type Database } from './store.js'
import { named } from './text.js'

export interface ChannelMemberFilter {
  /** Name of the server; a member that is an address has the address for a name. */
  readonly name?: string | undefined
  readonly member_group_name?: string | undefined
  readonly member_group_id?: string | undefined
  readonly precise_search?: string | undefined
}

/** In the order in which they were given. */
export async function membersOfChannel(db: Database, channelId: string): Promise<ChannelMemberRow[]> {
  return members(db, [channelId]).execute()
}

/** The same for several channels, by channel. */
export async function membersOfChannels(
  db: Database,
  channelIds: readonly string[],
): Promise<ReadonlyMap<string, readonly ChannelMemberRow[]>> {
  if (channelIds.length === 0) return new Map()
  return byKey(await members(db, channelIds).execute(), ({ channel_id }) => channel_id)
}

export async function listMembers(
  db: Database,
  channelId: string,
  { name, member_group_name, member_group_id, precise_search }: ChannelMemberFilter,
  paging: Paging,
): Promise<Page<ChannelMemberRow>> {
  let query = members(db, [channelId])
  if (name) query = query.where((eb) => named(eb.ref('members.ecs_name'), name, isPrecise(precise_search, 'name')))
  if (member_group_id) query = query.where('members.group_id', '=', member_group_id)
  if (member_group_name) {
    const whole = isPrecise(precise_search, 'member_group_name')
    query = query.where((eb) => named(eb.ref('groups.name').$notNull(), member_group_name, whole))
  }
  return selectPage(query, paging)
}

/** Inserts members, or changes those that exist. */
export async function saveMembers(db: Database, saved: readonly ChannelMemberRow[]): Promise<void> {
  for (let from = 0; from < saved.length; from += ROWS_PER_INSERT)
    await db
      .insertInto('channel_members')
      .values(saved.slice(from, from + ROWS_PER_INSERT))
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet((eb) => ({
          position: eb.ref('excluded.position'),
          host: eb.ref('excluded.host'),
          ecs_id: eb.ref('excluded.ecs_id'),
          ecs_name: eb.ref('excluded.ecs_name'),
          port: eb.ref('excluded.port'),
          weight: eb.ref('excluded.weight'),
          is_backup: eb.ref('excluded.is_backup'),
          status: eb.ref('excluded.status'),
        })),
      )
      .execute()
}

export async function deleteMembers(db: Database, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await db.deleteFrom('channel_members').where('id', 'in', ids).execute()
}

export async function setMemberStatus(
  db: Database,
  ids: readonly string[],
  status: ChannelMemberRow['status'],
): Promise<void> {
  await db.updateTable('channel_members').set({ status }).where('id', 'in', ids).execute()
}

/** Every member of a group gets this weight. */
export async function setMemberWeight(db: Database, groupId: string, weight: number): Promise<void> {
  await db.updateTable('channel_members').set({ weight }).where('group_id', '=', groupId).execute()
}

function members(db: Database, channelIds: readonly string[]) {
  return db
    .selectFrom('channel_members as members')
    .leftJoin('channel_groups as groups', 'groups.id', 'members.group_id')
    .selectAll('members')
    .where('members.channel_id', 'in', channelIds)
    .orderBy('members.position')
    .orderBy('members.id')
}
