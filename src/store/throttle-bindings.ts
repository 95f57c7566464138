import { selectPage, type Page, type Paging } from './page.js'
import { describePlaces, placeMatches, type PublishedApi, type PublishedFilter } from './published-apis.js'
import type { ThrottleBindingRow, ThrottleRow } from './schema.js'
import { ROWS_PER_INSERT, type Database } from './store.js'
import { throttleCounts, type Throttle } from './throttles.js'
import { contains } from './text.js'

interface ThrottleInForce {
  readonly bind_id: string
  readonly bound_at: number
  readonly throttle_name: string
}

/** A published API and the policy that is bound to it there, if any. */
export interface ThrottledApi extends PublishedApi {
  readonly binding: ThrottleInForce | undefined
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
  throttle: ThrottleRow,
  filter: PublishedFilter,
  paging: Paging,
): Promise<Page<ThrottledApi>> {
  const query = db
    .selectFrom('throttle_bindings as binding')
    .select('binding.publish_id')
    .where('binding.throttle_id', '=', throttle.id)
    .where(placeMatches('binding', throttle.instance_id, filter))
    .orderBy('binding.created_at', 'desc')
    .orderBy('binding.id')
  const { total, rows } = await selectPage(query, paging)
  return { total, rows: await throttledApis(db, rows) }
}

/** Published APIs that could be bound to a policy, also those that are bound to another one: binding replaces. */
export async function listApisNotBoundTo(
  db: Database,
  throttle: ThrottleRow,
  filter: PublishedFilter,
  paging: Paging,
): Promise<Page<ThrottledApi>> {
  const query = db
    .selectFrom('publications')
    .leftJoin('throttle_bindings as binding', 'binding.publish_id', 'publications.publish_id')
    .select('publications.publish_id')
    .where('publications.instance_id', '=', throttle.instance_id)
    .where(placeMatches('publications', throttle.instance_id, filter))
    .where((eb) => eb.or([eb('binding.throttle_id', 'is', null), eb('binding.throttle_id', '<>', throttle.id)]))
    .orderBy('publications.published_at', 'desc')
    .orderBy('publications.publish_id')
  const { total, rows } = await selectPage(query, paging)
  return { total, rows: await throttledApis(db, rows) }
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

async function throttledApis(
  db: Database,
  places: readonly { readonly publish_id: string }[],
): Promise<readonly ThrottledApi[]> {
  if (places.length === 0) return []
  const ids = places.map((place) => place.publish_id)
  const rows = await db
    .selectFrom('throttle_bindings as binding')
    .innerJoin('throttles', 'throttles.id', 'binding.throttle_id')
    .select(['binding.publish_id', 'binding.id as bind_id', 'binding.created_at as bound_at'])
    .select('throttles.name as throttle_name')
    .where('binding.publish_id', 'in', ids)
    .execute()
  const inForce = new Map(rows.map((row) => [row.publish_id, row]))
  return describePlaces(
    db,
    places.map((place) => ({ ...place, binding: inForce.get(place.publish_id) })),
  )
}
