/** Policies that an import named for an API: they are bound when it is next published in the built-in environment. */
import type { DraftBindingRow } from './schema.js'
import type { Database } from './store.js'

export type DraftBinding = Pick<DraftBindingRow, 'kind' | 'target_id'>

/** From now on these and no others. */
export async function setDraftBindings(db: Database, apiId: string, bindings: readonly DraftBinding[]): Promise<void> {
  await deleteDraftBindings(db, [apiId])
  if (bindings.length === 0) return
  await db
    .insertInto('draft_bindings')
    .values(bindings.map((binding) => ({ api_id: apiId, ...binding })))
    .execute()
}

export async function draftBindingsOf(db: Database, apiIds: readonly string[]): Promise<readonly DraftBindingRow[]> {
  if (apiIds.length === 0) return []
  return db.selectFrom('draft_bindings').selectAll().where('api_id', 'in', apiIds).execute()
}

export async function deleteDraftBindings(db: Database, apiIds: readonly string[]): Promise<void> {
  if (apiIds.length === 0) return
  await db.deleteFrom('draft_bindings').where('api_id', 'in', apiIds).execute()
}

/** Policies that go take with them what was to be bound to them. */
export async function forgetPolicies(
  db: Database,
  kind: DraftBindingRow['kind'],
  ids: readonly string[],
): Promise<void> {
  await db.deleteFrom('draft_bindings').where('kind', '=', kind).where('target_id', 'in', ids).execute()
}
