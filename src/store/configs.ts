import { ROWS_PER_INSERT, type Database } from './store.js'
import { selectPage, type Page, type Paging } from './page.js'
import type { ConfigRow } from './schema.js'

/** What a quota or switch is set to in an instance or a project; `undefined` when it has no record. */
export async function configValue(db: Database, scopeId: string, name: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('configs')
    .select('config_value')
    .where('scope_id', '=', scopeId)
    .where('config_name', '=', name)
    .executeTakeFirst()
  return row?.config_value
}

export async function findConfig(db: Database, scopeId: string, name: string): Promise<ConfigRow | undefined> {
  return db
    .selectFrom('configs')
    .selectAll()
    .where('scope_id', '=', scopeId)
    .where('config_name', '=', name)
    .executeTakeFirst()
}

export interface ConfigFilter {
  readonly name?: string | undefined
}

export function listConfigs(
  db: Database,
  scopeId: string,
  { name }: ConfigFilter,
  paging: Paging,
): Promise<Page<ConfigRow>> {
  let query = db.selectFrom('configs').selectAll().where('scope_id', '=', scopeId)
  if (name) query = query.where('config_name', '=', name)
  return selectPage(query.orderBy('config_id', 'desc'), paging)
}

export async function insertConfigs(db: Database, rows: readonly ConfigRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT)
    await db
      .insertInto('configs')
      .values(rows.slice(from, from + ROWS_PER_INSERT))
      .execute()
}

export async function setConfig(db: Database, scopeId: string, name: string, value: string): Promise<void> {
  await db
    .updateTable('configs')
    .set({ config_value: value })
    .where('scope_id', '=', scopeId)
    .where('config_name', '=', name)
    .execute()
}

export async function deleteConfigs(db: Database, scopeId: string): Promise<void> {
  await db.deleteFrom('configs').where('scope_id', '=', scopeId).execute()
}
