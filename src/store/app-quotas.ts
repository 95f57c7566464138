import { sql } from 'kysely'
import { selectPage, type Page, type Paging } from './page.js'
import type { AppQuotaBindingRow, AppQuotaRow, AppRow } from './schema.js'
import { ROWS_PER_INSERT, type Database } from './store.js'
import { contains } from './text.js'

/** A quota and the number of apps that have it. */
export interface AppQuota extends AppQuotaRow {
  readonly bound_app_num: number
}

/** An app, and the quota that it has, if any. */
export interface QuotaApp extends AppRow {
  readonly quota_id: string | null
  readonly quota_name: string | null
  readonly bound_at: number | null
}

export async function insertAppQuota(db: Database, quota: AppQuotaRow): Promise<void> {
  await db.insertInto('app_quotas').values(quota).execute()
}

export async function updateAppQuota(db: Database, { id, ...changes }: AppQuotaRow): Promise<void> {
  await db.updateTable('app_quotas').set(changes).where('id', '=', id).execute()
}

/** Its apps have none then. */
export async function deleteAppQuota(db: Database, id: string): Promise<void> {
  await db.deleteFrom('app_quotas').where('id', '=', id).execute()
}

export async function findAppQuota(db: Database, instanceId: string, id: string): Promise<AppQuota | undefined> {
  return quotas(db, instanceId).where('app_quotas.id', '=', id).executeTakeFirst()
}

export async function listAppQuotas(
  db: Database,
  instanceId: string,
  { name }: { readonly name?: string | undefined },
  paging: Paging,
): Promise<Page<AppQuota>> {
  let query = quotas(db, instanceId).orderBy('app_quotas.created_at', 'desc').orderBy('app_quotas.id')
  if (name) query = query.where((eb) => contains(eb.ref('app_quotas.name'), name))
  return selectPage(query, paging)
}

/** @param except a quota that may have the name: the one that is changed. */
export async function isAppQuotaNameTaken(
  db: Database,
  instanceId: string,
  name: string,
  except = '',
): Promise<boolean> {
  const row = await db
    .selectFrom('app_quotas')
    .select('id')
    .where('instance_id', '=', instanceId)
    .where('name', '=', name)
    .where('id', '<>', except)
    .executeTakeFirst()
  return row !== undefined
}

/** Quotas of those of the apps that have one. */
export async function quotaBindingsOfApps(
  db: Database,
  appIds: readonly string[],
): Promise<readonly AppQuotaBindingRow[]> {
  return db.selectFrom('app_quota_bindings').selectAll().where('app_id', 'in', appIds).execute()
}

export async function appsOfQuota(db: Database, quotaId: string): Promise<readonly string[]> {
  const rows = await db.selectFrom('app_quota_bindings').select('app_id').where('quota_id', '=', quotaId).execute()
  return rows.map((row) => row.app_id)
}

export async function insertQuotaBindings(db: Database, rows: readonly AppQuotaBindingRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT)
    await db
      .insertInto('app_quota_bindings')
      .values(rows.slice(from, from + ROWS_PER_INSERT))
      .execute()
}

/** Whether the app had the quota. */
export async function deleteQuotaBinding(db: Database, quotaId: string, appId: string): Promise<boolean> {
  const gone = await db
    .deleteFrom('app_quota_bindings')
    .where('app_id', '=', appId)
    .where('quota_id', '=', quotaId)
    .returning('app_id')
    .execute()
  return gone.length > 0
}

/** The last one that was bound comes first. */
export async function listAppsOfQuota(
  db: Database,
  quotaId: string,
  appName: string | undefined,
  paging: Paging,
): Promise<Page<QuotaApp>> {
  const query = quotaApps(db, appName)
    .where('binding.quota_id', '=', quotaId)
    .orderBy('binding.created_at', 'desc')
    .orderBy('binding.app_id')
  return selectPage(query, paging)
}

/** The newest app comes first: a client that reads only one page looks there for the ones that it just made. */
export async function listAppsWithoutQuota(
  db: Database,
  instanceId: string,
  appName: string | undefined,
  paging: Paging,
): Promise<Page<QuotaApp>> {
  const query = quotaApps(db, appName)
    .where('apps.instance_id', '=', instanceId)
    .where('binding.quota_id', 'is', null)
    .orderBy('apps.created_at', 'desc')
    .orderBy('apps.id')
  return selectPage(query, paging)
}

function quotas(db: Database, instanceId: string) {
  return db
    .selectFrom('app_quotas')
    .selectAll('app_quotas')
    .select(
      sql<number>`(select count(*) from app_quota_bindings where app_quota_bindings.quota_id = app_quotas.id)`.as(
        'bound_app_num',
      ),
    )
    .where('app_quotas.instance_id', '=', instanceId)
}

function quotaApps(db: Database, appName: string | undefined) {
  const query = db
    .selectFrom('apps')
    .leftJoin('app_quota_bindings as binding', 'binding.app_id', 'apps.id')
    .leftJoin('app_quotas as quotas', 'quotas.id', 'binding.quota_id')
    .selectAll('apps')
    .select(['binding.quota_id', 'quotas.name as quota_name', 'binding.created_at as bound_at'])
  return appName ? query.where((eb) => contains(eb.ref('apps.name'), appName)) : query
}
