import { selectPage, type Page, type Paging } from './page.js'
import type { ApiGroupRow } from './schema.js'
import type { Database } from './store.js'
import { named } from './text.js'

/** With its default gateway response, which nothing is overridden in. */
export async function insertGroup(db: Database, row: ApiGroupRow, responseId: string): Promise<void> {
  await db.insertInto('api_groups').values(row).execute()
  await db
    .insertInto('gateway_responses')
    .values({
      id: responseId,
      instance_id: row.instance_id,
      group_id: row.id,
      name: 'default',
      is_default: 1,
      responses: '{}',
      created_at: row.created_at,
      updated_at: row.created_at,
    })
    .execute()
}

export async function findGroup(db: Database, instanceId: string, id: string): Promise<ApiGroupRow | undefined> {
  return db
    .selectFrom('api_groups')
    .selectAll()
    .where('instance_id', '=', instanceId)
    .where('id', '=', id)
    .executeTakeFirst()
}

/** Names of groups by their ids. */
export async function namesOfGroups(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('api_groups')
    .select(['id', 'name'])
    .where('id', 'in', [...new Set(ids)])
    .execute()
  return new Map(rows.map(({ id, name }) => [id, name]))
}

export interface GroupFilter {
  readonly id?: string | undefined
  readonly name?: string | undefined
  readonly precise?: boolean
}

/** Newest first. */
export function listGroups(
  db: Database,
  instanceId: string,
  { id, name, precise = false }: GroupFilter,
  paging: Paging,
): Promise<Page<ApiGroupRow>> {
  let query = db.selectFrom('api_groups').selectAll().where('instance_id', '=', instanceId)
  if (id) query = query.where('id', '=', id)
  if (name) query = query.where((eb) => named(eb.ref('name'), name, precise))
  return selectPage(query.orderBy('created_at', 'desc').orderBy('id'), paging)
}

export async function groupNameIsTaken(
  db: Database,
  instanceId: string,
  name: string,
  exceptId = '',
): Promise<boolean> {
  const row = await db
    .selectFrom('api_groups')
    .select('id')
    .where('instance_id', '=', instanceId)
    .where('name', '=', name)
    .where('id', '<>', exceptId)
    .executeTakeFirst()
  return row !== undefined
}

export async function groupHasApis(db: Database, id: string): Promise<boolean> {
  const row = await db.selectFrom('apis').select('id').where('group_id', '=', id).limit(1).executeTakeFirst()
  return row !== undefined
}

export async function updateGroup(
  db: Database,
  id: string,
  change: Partial<Pick<ApiGroupRow, 'name' | 'remark' | 'sl_domain_access_enabled'>>,
  now: number,
): Promise<ApiGroupRow> {
  return db
    .updateTable('api_groups')
    .set({ ...change, updated_at: now })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Its variables, domains and gateway responses go with it; it must have no APIs. */
export async function deleteGroup(db: Database, id: string): Promise<void> {
  await db.deleteFrom('api_groups').where('id', '=', id).execute()
}
