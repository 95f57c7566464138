import type { MicroserviceLabel } from '../contract/generated/schemas.js'
import { byKey } from './by-key.js'
import { isPrecise, selectPage, type Page, type Paging } from './page.js'
import type { ChannelGroupRow } from './schema.js'
import type { Database } from './store.js'
import { named } from './text.js'

export interface ChannelGroup extends Omit<ChannelGroupRow, 'microservice_labels'> {
  readonly labels: readonly MicroserviceLabel[]
}

export interface ChannelGroupFilter {
  readonly member_group_name?: string | undefined
  readonly precise_search?: string | undefined
}

/** In the order in which they were given. */
export async function groupsOfChannel(db: Database, channelId: string): Promise<readonly ChannelGroup[]> {
  return (await groupsOfChannels(db, [channelId])).get(channelId) ?? []
}

/** The same for several channels, by channel. */
export async function groupsOfChannels(
  db: Database,
  channelIds: readonly string[],
): Promise<ReadonlyMap<string, readonly ChannelGroup[]>> {
  if (channelIds.length === 0) return new Map()
  const rows = await groups(db).where('channel_id', 'in', channelIds).execute()
  return byKey(rows.map(groupOf), ({ channel_id }) => channel_id)
}

export async function listGroups(
  db: Database,
  channelId: string,
  { member_group_name: name, precise_search }: ChannelGroupFilter,
  paging: Paging,
): Promise<Page<ChannelGroup>> {
  const whole = isPrecise(precise_search, 'member_group_name') || isPrecise(precise_search, 'name')
  let query = groups(db).where('channel_id', '=', channelId)
  if (name) query = query.where((eb) => named(eb.ref('name'), name, whole))
  const { total, rows } = await selectPage(query, paging)
  return { total, rows: rows.map(groupOf) }
}

/** Inserts groups, or changes those that exist. */
export async function saveGroups(db: Database, saved: readonly ChannelGroup[]): Promise<void> {
  for (const group of saved) {
    const { id, ...changes } = rowOf(group)
    await db
      .insertInto('channel_groups')
      .values({ id, ...changes })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(changes))
      .execute()
  }
}

/** Their members go with them. */
export async function deleteGroups(db: Database, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await db.deleteFrom('channel_groups').where('id', 'in', ids).execute()
}

function groups(db: Database) {
  return db.selectFrom('channel_groups').selectAll().orderBy('channel_id').orderBy('position').orderBy('id')
}

function rowOf({ labels, ...columns }: ChannelGroup): ChannelGroupRow {
  return { ...columns, microservice_labels: JSON.stringify(labels) }
}

/** The text was written by `rowOf`. */
function groupOf({ microservice_labels, ...columns }: ChannelGroupRow): ChannelGroup {
  return { ...columns, labels: JSON.parse(microservice_labels) as MicroserviceLabel[] }
}
