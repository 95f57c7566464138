/** The endpoint service of an instance: who may connect to it, and who has asked to. */
import { randomUUID } from 'node:crypto'
import { selectPage, type Page, type Paging } from './page.js'
import type { EndpointConnectionRow, EndpointPermissionRow } from './schema.js'
import { ROWS_PER_INSERT, type Database } from './store.js'
import { contains } from './text.js'

/** The entry of an account; `iam:domain::<account id>`. */
export const accountPermission = (domainId: string): string => `iam:domain::${domainId}`

/** The account that a project belongs to. */
export async function accountOfProject(db: Database, projectId: string): Promise<string> {
  const { domain_id } = await db
    .selectFrom('iam_projects')
    .select('domain_id')
    .where('id', '=', projectId)
    .executeTakeFirstOrThrow()
  return domain_id
}

/** Adds entries; those that are there stay as they are. `now` in milliseconds. */
export async function addPermissions(
  db: Database,
  instanceId: string,
  permissions: readonly string[],
  now: number,
): Promise<void> {
  const rows = [...new Set(permissions)].map((permission) => ({
    id: randomUUID(),
    instance_id: instanceId,
    permission,
    created_at: now,
  }))
  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT)
    await db
      .insertInto('endpoint_permissions')
      .values(rows.slice(from, from + ROWS_PER_INSERT))
      .onConflict((conflict) => conflict.columns(['instance_id', 'permission']).doNothing())
      .execute()
}

export async function deletePermissions(
  db: Database,
  instanceId: string,
  permissions: readonly string[],
): Promise<void> {
  await db
    .deleteFrom('endpoint_permissions')
    .where('instance_id', '=', instanceId)
    .where('permission', 'in', permissions)
    .execute()
}

/** Newest first. */
export function listPermissions(
  db: Database,
  instanceId: string,
  { permission }: { readonly permission?: string | undefined },
  paging: Paging,
): Promise<Page<EndpointPermissionRow>> {
  let query = db.selectFrom('endpoint_permissions').selectAll().where('instance_id', '=', instanceId)
  if (permission) query = query.where((eb) => contains(eb.ref('permission'), permission))
  return selectPage(query.orderBy('created_at', 'desc').orderBy('id'), paging)
}

export interface ConnectionFilter {
  readonly id?: string | undefined
  readonly marker_id?: number | undefined
  readonly status?: EndpointConnectionRow['status'] | undefined
}

/** Newest first. */
export function listConnections(
  db: Database,
  instanceId: string,
  { id, marker_id, status }: ConnectionFilter,
  paging: Paging,
): Promise<Page<EndpointConnectionRow>> {
  let query = db.selectFrom('endpoint_connections').selectAll().where('instance_id', '=', instanceId)
  if (id) query = query.where('id', '=', id)
  if (marker_id !== undefined) query = query.where('marker_id', '=', marker_id)
  if (status) query = query.where('status', '=', status)
  return selectPage(query.orderBy('created_at', 'desc').orderBy('id'), paging)
}

export async function connectionsOf(
  db: Database,
  instanceId: string,
  ids: readonly string[],
): Promise<EndpointConnectionRow[]> {
  return db
    .selectFrom('endpoint_connections')
    .selectAll()
    .where('instance_id', '=', instanceId)
    .where('id', 'in', ids)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute()
}

export async function setConnectionStatus(
  db: Database,
  ids: readonly string[],
  status: EndpointConnectionRow['status'],
  now: number,
): Promise<void> {
  await db.updateTable('endpoint_connections').set({ status, updated_at: now }).where('id', 'in', ids).execute()
}
