import { outlined } from './api-outlines.js'
import { selectPage, type Page, type Paging } from './page.js'
import { publishedApis, type PublishedApi, type PublishedFilter } from './published-apis.js'
import type { ThrottleBindingRow } from './schema.js'
import { ROWS_PER_INSERT, type Database } from './store.js'
import { throttleCounts, type Throttle } from './throttles.js'
import { contains } from './text.js'

/** A published API and the policy that is bound to it there, if any. */
export interface ThrottledApi extends PublishedApi {
  readonly bind_id: string | null
  readonly bound_at: number | null
  readonly throttle_name: string | null
}

export interface BoundThrottle extends Throttle {
  readonly bind_id: string
  readonly bound_at: number
  readonly env_name: string
}

export interface BoundThrottleFilter {
  readonly throttle_id?: string | undefined
  readonly throttle_name?: string | undefined
  readonly env_id?: string | undefined
}

export async function bindingsOfPublications(
  db: Database,
  publishIds: readonly string[],
): Promise<readonly ThrottleBindingRow[]> {
  return db.selectFrom('throttle_bindings').selectAll().where('publish_id', 'in', publishIds).execute()
}

export async function bindingsAmong(
  db: Database,
  instanceId: string,
  ids: readonly string[],
): Promise<readonly ThrottleBindingRow[]> {
  if (ids.length === 0) return []
  return db
    .selectFrom('throttle_bindings')
    .selectAll()
    .where('instance_id', '=', instanceId)
    .where('id', 'in', ids)
    .execute()
}

export async function insertBindings(db: Database, rows: readonly ThrottleBindingRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT)
    await db
      .insertInto('throttle_bindings')
      .values(rows.slice(from, from + ROWS_PER_INSERT))
      .execute()
}

export async function deleteBindings(db: Database, rows: readonly ThrottleBindingRow[]): Promise<void> {
  if (rows.length === 0) return
  const ids = rows.map((row) => row.id)
  await db.deleteFrom('throttle_bindings').where('id', 'in', ids).execute()
}

export async function listApisBoundTo(
  db: Database,
  throttleId: string,
  filter: PublishedFilter,
  paging: Paging,
): Promise<Page<ThrottledApi>> {
  const query = throttledApis(db, filter)
    .where('binding.throttle_id', '=', throttleId)
    .orderBy('binding.created_at', 'desc')
    .orderBy('binding.id')
  const { total, rows } = await selectPage(query, paging)
  return { total, rows: outlined(rows) }
}

/** Published APIs that could be bound to a policy, also those that are bound to another one: binding replaces. */
export async function listApisNotBoundTo(
  db: Database,
  instanceId: string,
  throttleId: string,
  filter: PublishedFilter,
  paging: Paging,
): Promise<Page<ThrottledApi>> {
  const query = throttledApis(db, filter)
    .where('publications.instance_id', '=', instanceId)
    .where((eb) => eb.or([eb('binding.throttle_id', 'is', null), eb('binding.throttle_id', '<>', throttleId)]))
    .orderBy('publications.published_at', 'desc')
    .orderBy('publications.publish_id')
  const { total, rows } = await selectPage(query, paging)
  return { total, rows: outlined(rows) }
}

export async function listThrottlesOfApi(
  db: Database,
  apiId: string,
  { throttle_id, throttle_name, env_id }: BoundThrottleFilter,
  paging: Paging,
): Promise<Page<BoundThrottle>> {
  let query = db
    .selectFrom('throttle_bindings as binding')
    .innerJoin('throttles', 'throttles.id', 'binding.throttle_id')
    .innerJoin('environments as envs', (join) =>
      join.onRef('envs.instance_id', '=', 'binding.instance_id').onRef('envs.id', '=', 'binding.env_id'),
    )
    .selectAll('throttles')
    .select(throttleCounts)
    .select(['binding.id as bind_id', 'binding.created_at as bound_at', 'envs.name as env_name'])
    .where('binding.api_id', '=', apiId)
    .orderBy('binding.created_at', 'desc')
    .orderBy('binding.id')
  if (throttle_id) query = query.where('throttles.id', '=', throttle_id)
  if (throttle_name) query = query.where((eb) => contains(eb.ref('throttles.name'), throttle_name))
  if (env_id) query = query.where('binding.env_id', '=', env_id)
  return selectPage(query, paging)
}

function throttledApis(db: Database, filter: PublishedFilter) {
  return publishedApis(db, filter)
    .leftJoin('throttle_bindings as binding', 'binding.publish_id', 'publications.publish_id')
    .leftJoin('throttles', 'throttles.id', 'binding.throttle_id')
    .select(['binding.id as bind_id', 'binding.created_at as bound_at', 'throttles.name as throttle_name'])
}
