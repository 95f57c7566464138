import { sql } from 'kysely'
import { isPrecise, selectPage, type Page, type Paging } from './page.js'
import type { AppCodeRow, AppRow } from './schema.js'
import type { Database } from './store.js'
import { named } from './text.js'

export interface AppFilter {
  readonly id?: string | undefined
  readonly name?: string | undefined
  readonly app_key?: string | undefined
  readonly precise_search?: string | undefined
  readonly related_domain_id?: string | undefined
  readonly related_project_id?: string | undefined
}

/** An app and the number of its authorisations. */
export interface BoundApp extends AppRow {
  readonly bind_num: number
}

/** What the sealed secret of an app is bound to. */
export const appSecretContext = (appId: string): string => `app:${appId}`

/** What a sealed app code is bound to. */
export const appCodeContext = (codeId: string): string => `app-code:${codeId}`

export async function insertApp(db: Database, app: AppRow): Promise<void> {
  await db.insertInto('apps').values(app).execute()
}

export async function findApp(db: Database, instanceId: string, id: string): Promise<AppRow | undefined> {
  return db.selectFrom('apps').selectAll().where('id', '=', id).where('instance_id', '=', instanceId).executeTakeFirst()
}

/** Id → name of those apps that exist. */
export async function namesOfApps(
  db: Database,
  instanceId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .selectFrom('apps')
    .select(['id', 'name'])
    .where('instance_id', '=', instanceId)
    .where('id', 'in', ids)
    .execute()
  return new Map(rows.map((row) => [row.id, row.name]))
}

export async function listApps(
  db: Database,
  instanceId: string,
  filter: AppFilter,
  paging: Paging,
): Promise<Page<BoundApp>> {
  const { id, name, app_key, related_domain_id, related_project_id } = filter
  let query = db
    .selectFrom('apps')
    .selectAll('apps')
    .select(
      sql<number>`(select count(*) from app_authorizations where app_authorizations.app_id = apps.id)`.as('bind_num'),
    )
    .where('apps.instance_id', '=', instanceId)
    .orderBy('apps.created_at', 'desc')
    .orderBy('apps.id')
  if (id) query = query.where('apps.id', '=', id)
  if (name) query = query.where((eb) => named(eb.ref('apps.name'), name, isPrecise(filter.precise_search, 'name')))
  if (app_key) query = query.where('apps.app_key', '=', app_key)
  if (related_domain_id) query = query.where('apps.related_domain_id', '=', related_domain_id)
  if (related_project_id) query = query.where('apps.related_project_id', '=', related_project_id)
  return selectPage(query, paging)
}

/** How many apps may call at least one API. */
export async function countAuthorizedApps(db: Database, instanceId: string): Promise<number> {
  const { count } = await db
    .selectFrom('app_authorizations')
    .select((eb) => eb.fn.count<number>('app_id').distinct().as('count'))
    .where('instance_id', '=', instanceId)
    .executeTakeFirstOrThrow()
  return count
}

/** @param except an app that may have the name: the one that is changed. */
export async function isAppNameTaken(db: Database, instanceId: string, name: string, except = ''): Promise<boolean> {
  const row = await db
    .selectFrom('apps')
    .select('id')
    .where('instance_id', '=', instanceId)
    .where('name', '=', name)
    .where('id', '<>', except)
    .executeTakeFirst()
  return row !== undefined
}

/** Keys are unique across instances: the gateway knows a caller by nothing else. */
export async function isAppKeyTaken(db: Database, key: string, except = ''): Promise<boolean> {
  const row = await db
    .selectFrom('apps')
    .select('id')
    .where('app_key', '=', key)
    .where('id', '<>', except)
    .executeTakeFirst()
  return row !== undefined
}

export async function updateApp(db: Database, id: string, changes: Partial<AppRow>): Promise<void> {
  await db.updateTable('apps').set(changes).where('id', '=', id).execute()
}

/**
 * Removes the app with its codes, keys, authorisations, access control, binding to a quota and special limits; returns
 * the policies that had one for it.
 */
export async function deleteApp(db: Database, { instance_id, id }: AppRow): Promise<readonly string[]> {
  const specials = await db
    .deleteFrom('throttle_specials')
    .where('instance_id', '=', instance_id)
    .where('object_type', '=', 'APP')
    .where('object_id', '=', id)
    .returning('throttle_id')
    .execute()
  await db.deleteFrom('apps').where('id', '=', id).execute()
  return specials.map((special) => special.throttle_id)
}

export async function insertAppCode(db: Database, code: AppCodeRow): Promise<void> {
  await db.insertInto('app_codes').values(code).execute()
}

export async function findAppCode(db: Database, appId: string, id: string): Promise<AppCodeRow | undefined> {
  return db.selectFrom('app_codes').selectAll().where('id', '=', id).where('app_id', '=', appId).executeTakeFirst()
}

export async function listAppCodes(db: Database, appId: string, paging: Paging): Promise<Page<AppCodeRow>> {
  const query = db
    .selectFrom('app_codes')
    .selectAll()
    .where('app_id', '=', appId)
    .orderBy('created_at', 'desc')
    .orderBy('id')
  return selectPage(query, paging)
}

export async function countAppCodes(db: Database, appId: string): Promise<number> {
  const { count } = await db
    .selectFrom('app_codes')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('app_id', '=', appId)
    .executeTakeFirstOrThrow()
  return count
}

export async function isAppCodeTaken(db: Database, instanceId: string, fingerprint: string): Promise<boolean> {
  const row = await db
    .selectFrom('app_codes')
    .select('id')
    .where('instance_id', '=', instanceId)
    .where('code_fingerprint', '=', fingerprint)
    .executeTakeFirst()
  return row !== undefined
}

export async function deleteAppCode(db: Database, id: string): Promise<void> {
  await db.deleteFrom('app_codes').where('id', '=', id).execute()
}
