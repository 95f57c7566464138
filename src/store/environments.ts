import { sql } from 'kysely'
import { selectPage, type Page, type Paging } from './page.js'
import type { EnvironmentRow } from './schema.js'
import type { Database } from './store.js'
import { named } from './text.js'

/** The environment that every instance has from birth; it cannot be changed. */
export const RELEASE = { id: 'DEFAULT_ENVIRONMENT_RELEASE_ID', name: 'RELEASE' } as const

export async function insertEnvironment(db: Database, row: EnvironmentRow): Promise<void> {
  await db.insertInto('environments').values(row).execute()
}

export async function findEnvironment(
  db: Database,
  instanceId: string,
  id: string,
): Promise<EnvironmentRow | undefined> {
  return db
    .selectFrom('environments')
    .selectAll()
    .where('instance_id', '=', instanceId)
    .where('id', '=', id)
    .executeTakeFirst()
}

/** Names of all environments of an instance, by their ids: there are ten at most. */
export async function namesOfEnvironments(db: Database, instanceId: string): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .selectFrom('environments')
    .select(['id', 'name'])
    .where('instance_id', '=', instanceId)
    .execute()
  return new Map(rows.map(({ id, name }) => [id, name]))
}

export interface EnvironmentFilter {
  readonly name?: string | undefined
  readonly precise?: boolean
}

/** RELEASE first, then the newest. */
export function listEnvironments(
  db: Database,
  instanceId: string,
  { name, precise = false }: EnvironmentFilter,
  paging: Paging,
): Promise<Page<EnvironmentRow>> {
  let query = db.selectFrom('environments').selectAll().where('instance_id', '=', instanceId)
  if (name) query = query.where((eb) => named(eb.ref('name'), name, precise))
  return selectPage(
    query
      .orderBy(sql`case when ${sql.ref('id')} = ${RELEASE.id} then 0 else 1 end`)
      .orderBy('created_at', 'desc')
      .orderBy('id'),
    paging,
  )
}

export async function environmentNameIsTaken(
  db: Database,
  instanceId: string,
  name: string,
  exceptId = '',
): Promise<boolean> {
  const row = await db
    .selectFrom('environments')
    .select('id')
    .where('instance_id', '=', instanceId)
    .where('name', '=', name)
    .where('id', '<>', exceptId)
    .executeTakeFirst()
  return row !== undefined
}

export async function updateEnvironment(
  db: Database,
  instanceId: string,
  id: string,
  change: Pick<EnvironmentRow, 'name' | 'remark'>,
): Promise<EnvironmentRow> {
  return db
    .updateTable('environments')
    .set(change)
    .where('instance_id', '=', instanceId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function hasPublishedApis(db: Database, instanceId: string, envId: string): Promise<boolean> {
  const row = await db
    .selectFrom('publications')
    .select('publish_id')
    .where('instance_id', '=', instanceId)
    .where('env_id', '=', envId)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Apps that may call something in an environment: what they may call changes when it is deleted. */
export async function appsAuthorizedIn(db: Database, instanceId: string, envId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('app_authorizations')
    .select('app_id')
    .distinct()
    .where('instance_id', '=', instanceId)
    .where('env_id', '=', envId)
    .execute()
  return rows.map((row) => row.app_id)
}

/** Its variables, version history and app authorizations go with it. */
export async function deleteEnvironment(db: Database, instanceId: string, id: string): Promise<void> {
  await db.deleteFrom('environments').where('instance_id', '=', instanceId).where('id', '=', id).execute()
}
