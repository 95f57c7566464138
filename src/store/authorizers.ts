import { sql } from 'kysely'
import { selectPage, type Page, type Paging } from './page.js'
import type { AuthorizerCalls, AuthorizerRow } from './schema.js'
import type { Database } from './store.js'
import { contains } from './text.js'

export interface AuthorizerFilter {
  readonly id?: string | undefined
  readonly name?: string | undefined
  readonly type?: AuthorizerRow['type'] | undefined
}

export async function insertAuthorizer(db: Database, authorizer: AuthorizerRow): Promise<void> {
  await db.insertInto('authorizers').values(authorizer).execute()
}

export async function updateAuthorizer(db: Database, { id, ...changes }: AuthorizerRow): Promise<void> {
  await db.updateTable('authorizers').set(changes).where('id', '=', id).execute()
}

export async function updateAuthorizerCalls(db: Database, id: string, calls: AuthorizerCalls): Promise<void> {
  await db.updateTable('authorizers').set(calls).where('id', '=', id).execute()
}

export async function deleteAuthorizer(db: Database, id: string): Promise<void> {
  await db.deleteFrom('authorizers').where('id', '=', id).execute()
}

export async function findAuthorizer(db: Database, instanceId: string, id: string): Promise<AuthorizerRow | undefined> {
  return (await authorizersAmong(db, instanceId, [id]))[0]
}

/** Those of the authorizers that exist. */
export async function authorizersAmong(
  db: Database,
  instanceId: string,
  ids: readonly string[],
): Promise<AuthorizerRow[]> {
  if (ids.length === 0) return []
  return db.selectFrom('authorizers').selectAll().where('instance_id', '=', instanceId).where('id', 'in', ids).execute()
}

/** Newest first; of those that a name finds, the one that is called so comes before all others. */
export async function listAuthorizers(
  db: Database,
  instanceId: string,
  { id, name, type }: AuthorizerFilter,
  paging: Paging,
): Promise<Page<AuthorizerRow>> {
  let query = db.selectFrom('authorizers').selectAll().where('instance_id', '=', instanceId)
  if (id) query = query.where('id', '=', id)
  if (type) query = query.where('type', '=', type)
  if (name)
    query = query.where((eb) => contains(eb.ref('name'), name)).orderBy(sql`case when name = ${name} then 0 else 1 end`)
  return selectPage(query.orderBy('created_at', 'desc').orderBy('id'), paging)
}

/** @param except an authorizer that may have the name: the one that is changed. */
export async function isAuthorizerNameTaken(
  db: Database,
  instanceId: string,
  name: string,
  except = '',
): Promise<boolean> {
  const row = await db
    .selectFrom('authorizers')
    .select('id')
    .where('instance_id', '=', instanceId)
    .where('name', '=', name)
    .where('id', '<>', except)
    .executeTakeFirst()
  return row !== undefined
}
