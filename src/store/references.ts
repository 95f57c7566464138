/** What requests of several families refer to: whether it exists, and what it is called. */
import type { Database } from './store.js'

export async function isApi(db: Database, instanceId: string, id: string): Promise<boolean> {
  return (await namesOfApis(db, instanceId, [id])).size > 0
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
