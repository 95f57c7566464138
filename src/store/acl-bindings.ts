import { selectPage, type Page, type Paging } from './page.js'
import {
  describePlaces,
  placeMatches,
  type Published,
  type PublishedApi,
  type PublishedFilter,
} from './published-apis.js'
import type { AclBindingRow, AclRow } from './schema.js'
import { ROWS_PER_INSERT, type Database } from './store.js'
import { contains } from './text.js'

export interface ControlledApi extends PublishedApi {
  readonly bind_id: string
  readonly bound_at: number
}

/** An API that is not bound to a policy, and the name of the one of its kind that is bound there, if any. */
export interface OtherControlledApi extends PublishedApi {
  readonly acl_name: string | undefined
}

export interface BoundAcl extends AclRow {
  readonly bind_id: string
  readonly bound_at: number
  readonly env_id: string
  readonly env_name: string
}

export interface BoundAclFilter {
  readonly acl_id?: string | undefined
  readonly acl_name?: string | undefined
  readonly env_id?: string | undefined
  readonly env_name?: string | undefined
}

/** Bindings of policies of one kind. */
export async function aclBindingsOfPublications(
  db: Database,
  publishIds: readonly string[],
  entityType: AclRow['entity_type'],
): Promise<readonly AclBindingRow[]> {
  return db
    .selectFrom('acl_bindings')
    .selectAll()
    .where('publish_id', 'in', publishIds)
    .where('entity_type', '=', entityType)
    .execute()
}

export async function aclBindingsAmong(
  db: Database,
  instanceId: string,
  ids: readonly string[],
): Promise<readonly AclBindingRow[]> {
  if (ids.length === 0) return []
  return db
    .selectFrom('acl_bindings')
    .selectAll()
    .where('instance_id', '=', instanceId)
    .where('id', 'in', ids)
    .execute()
}

export async function insertAclBindings(db: Database, rows: readonly AclBindingRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT)
    await db
      .insertInto('acl_bindings')
      .values(rows.slice(from, from + ROWS_PER_INSERT))
      .execute()
}

export async function deleteAclBindings(db: Database, rows: readonly AclBindingRow[]): Promise<void> {
  if (rows.length === 0) return
  const ids = rows.map((row) => row.id)
  await db.deleteFrom('acl_bindings').where('id', 'in', ids).execute()
}

/** Where a policy acts. */
export async function placesOfAcl(db: Database, aclId: string): Promise<readonly Published[]> {
  return db.selectFrom('acl_bindings').select(['publish_id', 'api_id', 'env_id']).where('acl_id', '=', aclId).execute()
}

export async function listApisOfAcl(
  db: Database,
  acl: AclRow,
  filter: PublishedFilter,
  paging: Paging,
): Promise<Page<ControlledApi>> {
  const query = db
    .selectFrom('acl_bindings as binding')
    .select(['binding.publish_id', 'binding.id as bind_id', 'binding.created_at as bound_at'])
    .where('binding.acl_id', '=', acl.id)
    .where(placeMatches('binding', acl.instance_id, filter))
    .orderBy('binding.created_at', 'desc')
    .orderBy('binding.id')
  const { total, rows } = await selectPage(query, paging)
  return { total, rows: await describePlaces(db, rows) }
}

/** Published APIs that could be bound to a policy, also those that are bound to another one: binding replaces. */
export async function listApisWithoutAcl(
  db: Database,
  acl: AclRow,
  filter: PublishedFilter,
  paging: Paging,
): Promise<Page<OtherControlledApi>> {
  const query = db
    .selectFrom('publications')
    .leftJoin('acl_bindings as binding', (join) =>
      join.onRef('binding.publish_id', '=', 'publications.publish_id').on('binding.entity_type', '=', acl.entity_type),
    )
    .select('publications.publish_id')
    .where('publications.instance_id', '=', acl.instance_id)
    .where(placeMatches('publications', acl.instance_id, filter))
    .where((eb) => eb.or([eb('binding.acl_id', 'is', null), eb('binding.acl_id', '<>', acl.id)]))
    .orderBy('publications.published_at', 'desc')
    .orderBy('publications.publish_id')
  const { total, rows } = await selectPage(query, paging)
  const inForce = await namesOfAcls(db, rows, acl.entity_type)
  const named = rows.map((row) => ({ ...row, acl_name: inForce.get(row.publish_id) }))
  return { total, rows: await describePlaces(db, named) }
}

export async function listAclsOfApi(
  db: Database,
  apiId: string,
  { acl_id, acl_name, env_id, env_name }: BoundAclFilter,
  paging: Paging,
): Promise<Page<BoundAcl>> {
  let query = db
    .selectFrom('acl_bindings as binding')
    .innerJoin('acls', 'acls.id', 'binding.acl_id')
    .innerJoin('environments as envs', (join) =>
      join.onRef('envs.instance_id', '=', 'binding.instance_id').onRef('envs.id', '=', 'binding.env_id'),
    )
    .selectAll('acls')
    .select(['binding.id as bind_id', 'binding.created_at as bound_at', 'binding.env_id', 'envs.name as env_name'])
    .where('binding.api_id', '=', apiId)
    .orderBy('binding.created_at', 'desc')
    .orderBy('binding.id')
  if (acl_id) query = query.where('acls.id', '=', acl_id)
  if (acl_name) query = query.where((eb) => contains(eb.ref('acls.name'), acl_name))
  if (env_id) query = query.where('binding.env_id', '=', env_id)
  if (env_name) query = query.where((eb) => contains(eb.ref('envs.name'), env_name))
  return selectPage(query, paging)
}

/** Names of the policies of a kind that are bound at these places. */
async function namesOfAcls(
  db: Database,
  places: readonly Pick<Published, 'publish_id'>[],
  entityType: AclRow['entity_type'],
): Promise<ReadonlyMap<string, string>> {
  if (places.length === 0) return new Map()
  const ids = places.map((place) => place.publish_id)
  const rows = await db
    .selectFrom('acl_bindings as binding')
    .innerJoin('acls', 'acls.id', 'binding.acl_id')
    .select(['binding.publish_id', 'acls.name'])
    .where('binding.publish_id', 'in', ids)
    .where('binding.entity_type', '=', entityType)
    .execute()
  return new Map(rows.map((row) => [row.publish_id, row.name]))
}
