/** What requests of several families refer to: whether it exists, and what it is called. */
import type { Database } from './store.js'

export async function nameOfEnvironment(db: Database, instanceId: string, id: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('environments')
    .select('name')
    .where('instance_id', '=', instanceId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row?.name
}

export async function isApi(db: Database, instanceId: string, id: string): Promise<boolean> {
  return (await namesOfApis(db, instanceId, [id])).size > 0
}

export async function isApiGroup(db: Database, instanceId: string, id: string): Promise<boolean> {
  const row = await db
    .selectFrom('api_groups')
    .select('id')
    .where('instance_id', '=', instanceId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row !== undefined
}

/** Id → name of those APIs that exist. */
export async function namesOfApis(
  db: Database,
  instanceId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .selectFrom('apis')
    .select(['id', 'name'])
    .where('instance_id', '=', instanceId)
    .where('id', 'in', ids)
    .execute()
  return new Map(rows.map((row) => [row.id, row.name]))
}
