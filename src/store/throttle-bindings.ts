import { outlined, type ApiWords, type Outlined } from './api-outlines.js'
import { tagged } from './api-tags.js'
import { selectPage, type Page, type Paging } from './page.js'
import type { ThrottleBindingRow } from './schema.js'
import { ROWS_PER_INSERT, type Database } from './store.js'
import { throttleCounts, type Throttle } from './throttles.js'
import { contains } from './text.js'

/** An API in an environment: what a policy is bound to. */
export interface Published {
  readonly publish_id: string
  readonly api_id: string
  readonly env_id: string
}

export interface PublishedFilter {
  readonly env_id?: string | undefined
  readonly group_id?: string | undefined
  readonly api_id?: string | undefined
  readonly api_name?: string | undefined
  readonly tags?: readonly string[] | undefined
}

/** A published API and the policy that is bound to it there, if any. */
export interface ThrottledApi extends Published, Outlined {
  readonly name: string
  readonly type: number
  readonly auth_type: ApiWords['auth_type']
  readonly req_method: ApiWords['req_method']
  readonly req_uri: string
  readonly group_id: string
  readonly group_name: string
  readonly env_name: string
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

/** Those of the publications that exist. */
export async function publicationsAmong(
  db: Database,
  instanceId: string,
  publishIds: readonly string[],
): Promise<readonly Published[]> {
  return db
    .selectFrom('publications')
    .select(['publish_id', 'api_id', 'env_id'])
    .where('instance_id', '=', instanceId)
    .where('publish_id', 'in', publishIds)
    .execute()
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

function throttledApis(db: Database, { env_id, group_id, api_id, api_name, tags }: PublishedFilter) {
  let query = db
    .selectFrom('publications')
    .innerJoin('apis', 'apis.id', 'publications.api_id')
    .innerJoin('api_groups as groups', 'groups.id', 'apis.group_id')
    .innerJoin('environments as envs', (join) =>
      join.onRef('envs.instance_id', '=', 'publications.instance_id').onRef('envs.id', '=', 'publications.env_id'),
    )
    .leftJoin('throttle_bindings as binding', 'binding.publish_id', 'publications.publish_id')
    .leftJoin('throttles', 'throttles.id', 'binding.throttle_id')
    .select(['publications.publish_id', 'publications.api_id', 'publications.env_id', 'envs.name as env_name'])
    .select(['apis.name', 'apis.type', 'apis.req_uri', 'apis.definition'])
    .select((eb) => [
      eb.ref('apis.auth_type').$castTo<ApiWords['auth_type']>().as('auth_type'),
      eb.ref('apis.req_method').$castTo<ApiWords['req_method']>().as('req_method'),
    ])
    .select(['apis.group_id', 'groups.name as group_name', 'throttles.name as throttle_name'])
    .select(['binding.id as bind_id', 'binding.created_at as bound_at'])
  if (env_id) query = query.where('publications.env_id', '=', env_id)
  if (group_id) query = query.where('apis.group_id', '=', group_id)
  if (api_id) query = query.where('apis.id', '=', api_id)
  if (api_name) query = query.where((eb) => contains(eb.ref('apis.name'), api_name))
  if (tags?.length) query = query.where((eb) => tagged(eb.ref('apis.id'), tags))
  return query
}
