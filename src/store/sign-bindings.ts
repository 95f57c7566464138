import { selectPage, type Page, type Paging } from './page.js'
import { describePlaces, placeMatches, type PublishedApi, type PublishedFilter } from './published-apis.js'
import type { SignBindingRow, SignRow } from './schema.js'
import { ROWS_PER_INSERT, type Database } from './store.js'
import { contains } from './text.js'

/** A binding, with the API and the signature key that it joins. */
export interface SignBinding extends PublishedApi, Pick<SignRow, 'sign_type' | 'key_sealed' | 'secret_sealed'> {
  readonly bind_id: string
  readonly bound_at: number
  readonly sign_id: string
  readonly sign_name: string
}

/** An API that is not bound to a signature key, and the name of the one that it is bound to, if any. */
export interface OtherSignedApi extends PublishedApi {
  readonly sign_name: string | undefined
}

export interface BoundSignFilter {
  readonly sign_id?: string | undefined
  readonly sign_name?: string | undefined
  readonly env_id?: string | undefined
}

export async function signBindingsOfPublications(
  db: Database,
  publishIds: readonly string[],
): Promise<readonly SignBindingRow[]> {
  return db.selectFrom('sign_bindings').selectAll().where('publish_id', 'in', publishIds).execute()
}

export async function findSignBinding(
  db: Database,
  instanceId: string,
  id: string,
): Promise<SignBindingRow | undefined> {
  return db
    .selectFrom('sign_bindings')
    .selectAll()
    .where('id', '=', id)
    .where('instance_id', '=', instanceId)
    .executeTakeFirst()
}

export async function insertSignBindings(db: Database, rows: readonly SignBindingRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT)
    await db
      .insertInto('sign_bindings')
      .values(rows.slice(from, from + ROWS_PER_INSERT))
      .execute()
}

export async function deleteSignBindings(db: Database, rows: readonly SignBindingRow[]): Promise<void> {
  if (rows.length === 0) return
  const ids = rows.map((row) => row.id)
  await db.deleteFrom('sign_bindings').where('id', 'in', ids).execute()
}

export async function listApisOfSign(
  db: Database,
  sign: SignRow,
  filter: PublishedFilter,
  paging: Paging,
): Promise<Page<SignBinding>> {
  const query = bindings(db)
    .where('binding.sign_id', '=', sign.id)
    .where(placeMatches('binding', sign.instance_id, filter))
  const { total, rows } = await selectPage(query, paging)
  return { total, rows: await describePlaces(db, rows) }
}

export async function listSignsOfApi(
  db: Database,
  apiId: string,
  { sign_id, sign_name, env_id }: BoundSignFilter,
  paging: Paging,
): Promise<Page<SignBinding>> {
  let query = bindings(db).where('binding.api_id', '=', apiId)
  if (env_id) query = query.where('binding.env_id', '=', env_id)
  if (sign_id) query = query.where('binding.sign_id', '=', sign_id)
  if (sign_name) query = query.where((eb) => contains(eb.ref('signs.name'), sign_name))
  const { total, rows } = await selectPage(query, paging)
  return { total, rows: await describePlaces(db, rows) }
}

/** Published APIs that could be bound to a key, also those that are bound to another one: binding replaces. */
export async function listApisWithoutSign(
  db: Database,
  sign: SignRow,
  filter: PublishedFilter,
  paging: Paging,
): Promise<Page<OtherSignedApi>> {
  const query = db
    .selectFrom('publications')
    .leftJoin('sign_bindings as binding', 'binding.publish_id', 'publications.publish_id')
    .select('publications.publish_id')
    .where('publications.instance_id', '=', sign.instance_id)
    .where(placeMatches('publications', sign.instance_id, filter))
    .where((eb) => eb.or([eb('binding.sign_id', 'is', null), eb('binding.sign_id', '<>', sign.id)]))
    .orderBy('publications.published_at', 'desc')
    .orderBy('publications.publish_id')
  const { total, rows } = await selectPage(query, paging)
  const inForce = await namesOfSigns(
    db,
    rows.map((row) => row.publish_id),
  )
  const named = rows.map((row) => ({ ...row, sign_name: inForce.get(row.publish_id) }))
  return { total, rows: await describePlaces(db, named) }
}

/** Names of the keys that are bound at these places. */
async function namesOfSigns(db: Database, publishIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (publishIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('sign_bindings as binding')
    .innerJoin('signs', 'signs.id', 'binding.sign_id')
    .select(['binding.publish_id', 'signs.name'])
    .where('binding.publish_id', 'in', publishIds)
    .execute()
  return new Map(rows.map((row) => [row.publish_id, row.name]))
}

function bindings(db: Database) {
  return db
    .selectFrom('sign_bindings as binding')
    .innerJoin('signs', 'signs.id', 'binding.sign_id')
    .select(['binding.publish_id', 'binding.id as bind_id', 'binding.created_at as bound_at', 'binding.sign_id'])
    .select(['signs.name as sign_name', 'signs.sign_type', 'signs.key_sealed', 'signs.secret_sealed'])
    .orderBy('binding.created_at', 'desc')
    .orderBy('binding.id')
}
