/** Response sets of groups. */
import { documentOf } from './apis.js'
import { selectPage, type Page, type Paging } from './page.js'
import type { GatewayResponseRow } from './schema.js'
import type { Database } from './store.js'
import { contains } from './text.js'

export async function insertResponse(db: Database, row: GatewayResponseRow): Promise<void> {
  await db.insertInto('gateway_responses').values(row).execute()
}

export async function updateResponse(db: Database, { id, ...changes }: GatewayResponseRow): Promise<void> {
  await db.updateTable('gateway_responses').set(changes).where('id', '=', id).execute()
}

/**
 * APIs that refer to it, and their versions, fall back to the default of their group. Answers with the publications
 * that this changes.
 */
export async function deleteResponse(
  db: Database,
  { id, group_id }: GatewayResponseRow,
): Promise<readonly { readonly api_id: string; readonly env_id: string }[]> {
  const apis = await db
    .selectFrom('apis')
    .select(['id', 'definition'])
    .where('group_id', '=', group_id)
    .where((eb) => contains(eb.ref('definition'), id))
    .execute()
  await forgetResponse(db, 'apis', id, apis)
  const versions = await db
    .selectFrom('api_versions as versions')
    .innerJoin('apis', 'apis.id', 'versions.api_id')
    .select(['versions.id', 'versions.definition'])
    .where('apis.group_id', '=', group_id)
    .where((eb) => contains(eb.ref('versions.definition'), id))
    .execute()
  const changed = await forgetResponse(db, 'api_versions', id, versions)
  await db.deleteFrom('gateway_responses').where('id', '=', id).execute()
  if (changed.length === 0) return []
  return db.selectFrom('publications').select(['api_id', 'env_id']).where('version_id', 'in', changed).execute()
}

/** Ids of the definitions that referred to the response; others have its id in a text. */
async function forgetResponse(
  db: Database,
  table: 'apis' | 'api_versions',
  responseId: string,
  rows: readonly { readonly id: string; readonly definition: string }[],
): Promise<string[]> {
  const changed = []
  for (const { id, definition } of rows) {
    const { response_id, ...document } = documentOf(definition)
    if (response_id !== responseId) continue
    await db
      .updateTable(table)
      .set({ definition: JSON.stringify(document) })
      .where('id', '=', id)
      .execute()
    changed.push(id)
  }
  return changed
}

export async function findResponse(db: Database, groupId: string, id: string): Promise<GatewayResponseRow | undefined> {
  return db
    .selectFrom('gateway_responses')
    .selectAll()
    .where('group_id', '=', groupId)
    .where('id', '=', id)
    .executeTakeFirst()
}

/** Newest first; the default, which came with the group, is the last. */
export function listResponses(db: Database, groupId: string, paging: Paging): Promise<Page<GatewayResponseRow>> {
  const query = db
    .selectFrom('gateway_responses')
    .selectAll()
    .where('group_id', '=', groupId)
    .orderBy('is_default')
    .orderBy('created_at', 'desc')
    .orderBy('id')
  return selectPage(query, paging)
}

export async function countResponsesOf(db: Database, groupId: string): Promise<number> {
  const { count } = await db
    .selectFrom('gateway_responses')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('group_id', '=', groupId)
    .executeTakeFirstOrThrow()
  return count
}

export async function responseNameIsTaken(
  db: Database,
  groupId: string,
  name: string,
  exceptId = '',
): Promise<boolean> {
  const row = await db
    .selectFrom('gateway_responses')
    .select('id')
    .where('group_id', '=', groupId)
    .where('name', '=', name)
    .where('id', '<>', exceptId)
    .executeTakeFirst()
  return row !== undefined
}
