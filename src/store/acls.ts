import { sql } from 'kysely'
import { forgetPolicies } from './draft-bindings.js'
import { isPrecise, selectPage, type Page, type Paging } from './page.js'
import type { AclRow } from './schema.js'
import type { Database } from './store.js'
import { named } from './text.js'

export interface AclFilter {
  readonly id?: string | undefined
  /** Two names of one filter: official SDKs send the first, Terraform the second. */
  readonly name?: string | undefined
  readonly acl_name?: string | undefined
  readonly acl_type?: AclRow['acl_type'] | undefined
  readonly entity_type?: AclRow['entity_type'] | undefined
  readonly precise_search?: string | undefined
}

/** A policy and the number of its bindings to an API in an environment. */
export interface Acl extends AclRow {
  readonly bind_num: number
}

export async function insertAcl(db: Database, acl: AclRow): Promise<void> {
  await db.insertInto('acls').values(acl).execute()
}

export async function updateAcl(db: Database, { id, ...changes }: AclRow): Promise<void> {
  await db.updateTable('acls').set(changes).where('id', '=', id).execute()
}

/** Policies that are bound cannot go. */
export async function deleteAcls(db: Database, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await forgetPolicies(db, 'acl', ids)
  await db.deleteFrom('acls').where('id', 'in', ids).execute()
}

/** Those of the policies that exist. */
export async function aclsAmong(db: Database, instanceId: string, ids: readonly string[]): Promise<readonly Acl[]> {
  if (ids.length === 0) return []
  return acls(db, instanceId).where('acls.id', 'in', ids).execute()
}

export async function listAcls(
  db: Database,
  instanceId: string,
  { id, name, acl_name, acl_type, entity_type, precise_search }: AclFilter,
  paging: Paging,
): Promise<Page<Acl>> {
  const whole = isPrecise(precise_search, 'name')
  let query = acls(db, instanceId).orderBy('acls.created_at', 'desc').orderBy('acls.id')
  if (id) query = query.where('acls.id', '=', id)
  if (name) query = query.where((eb) => named(eb.ref('acls.name'), name, whole))
  if (acl_name) query = query.where((eb) => named(eb.ref('acls.name'), acl_name, whole))
  if (acl_type) query = query.where('acls.acl_type', '=', acl_type)
  if (entity_type) query = query.where('acls.entity_type', '=', entity_type)
  return selectPage(query, paging)
}

/** @param except a policy that may have the name: the one that is changed. */
export async function isAclNameTaken(db: Database, instanceId: string, name: string, except = ''): Promise<boolean> {
  const row = await db
    .selectFrom('acls')
    .select('id')
    .where('instance_id', '=', instanceId)
    .where('name', '=', name)
    .where('id', '<>', except)
    .executeTakeFirst()
  return row !== undefined
}

function acls(db: Database, instanceId: string) {
  return db
    .selectFrom('acls')
    .selectAll('acls')
    .select(sql<number>`(select count(*) from acl_bindings where acl_bindings.acl_id = acls.id)`.as('bind_num'))
    .where('acls.instance_id', '=', instanceId)
}
