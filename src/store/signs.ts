import { sql } from 'kysely'
import type { Published } from './published-apis.js'
import { isPrecise, selectPage, type Page, type Paging } from './page.js'
import type { SignRow } from './schema.js'
import type { Database } from './store.js'
import { named } from './text.js'

export interface SignFilter {
  readonly id?: string | undefined
  readonly name?: string | undefined
  readonly precise_search?: string | undefined
}

/** A signature key and the number of its bindings to an API in an environment. */
export interface Sign extends SignRow {
  readonly bind_num: number
}

/** What the sealed key of a signature key is bound to. */
export const signKeyContext = (signId: string): string => `sign-key:${signId}`

/** What the sealed secret of a signature key is bound to. */
export const signSecretContext = (signId: string): string => `sign-secret:${signId}`

export async function insertSign(db: Database, sign: SignRow): Promise<void> {
  await db.insertInto('signs').values(sign).execute()
}

export async function updateSign(db: Database, { id, ...changes }: SignRow): Promise<void> {
  await db.updateTable('signs').set(changes).where('id', '=', id).execute()
}

/** Bindings go with it. */
export async function deleteSign(db: Database, id: string): Promise<void> {
  await db.deleteFrom('signs').where('id', '=', id).execute()
}

export async function findSign(db: Database, instanceId: string, id: string): Promise<SignRow | undefined> {
  return db
    .selectFrom('signs')
    .selectAll()
    .where('id', '=', id)
    .where('instance_id', '=', instanceId)
    .executeTakeFirst()
}

export async function listSigns(
  db: Database,
  instanceId: string,
  { id, name, precise_search }: SignFilter,
  paging: Paging,
): Promise<Page<Sign>> {
  let query = db
    .selectFrom('signs')
    .selectAll('signs')
    .select(sql<number>`(select count(*) from sign_bindings where sign_bindings.sign_id = signs.id)`.as('bind_num'))
    .where('signs.instance_id', '=', instanceId)
    .orderBy('signs.created_at', 'desc')
    .orderBy('signs.id')
  if (id) query = query.where('signs.id', '=', id)
  if (name) query = query.where((eb) => named(eb.ref('signs.name'), name, isPrecise(precise_search, 'name')))
  return selectPage(query, paging)
}

/** @param except a key that may have the name: the one that is changed. */
export async function isSignNameTaken(db: Database, instanceId: string, name: string, except = ''): Promise<boolean> {
  const row = await db
    .selectFrom('signs')
    .select('id')
    .where('instance_id', '=', instanceId)
    .where('name', '=', name)
    .where('id', '<>', except)
    .executeTakeFirst()
  return row !== undefined
}

/** Where the gateway signs with it. */
export async function placesOfSign(db: Database, signId: string): Promise<readonly Published[]> {
  return db
    .selectFrom('sign_bindings')
    .select(['publish_id', 'api_id', 'env_id'])
    .where('sign_id', '=', signId)
    .execute()
}
