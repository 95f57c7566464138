import { describeApis, type ApiWords, type Outlined } from './api-outlines.js'
import { tagged } from './api-tags.js'
import { namesOfEnvironments } from './environments.js'
import { selectPage, type Page, type Paging } from './page.js'
import { publicationInfos, publicationsIn } from './publications.js'
import { placeMatches } from './published-apis.js'
import type { AppAuthorizationRow } from './schema.js'
import { ROWS_PER_INSERT, type Database } from './store.js'
import { contains } from './text.js'

export interface ApiFilter {
  readonly api_id?: string | undefined
  readonly api_name?: string | undefined
  readonly group_id?: string | undefined
  readonly tags?: readonly string[] | undefined
}

export interface AuthorizationFilter extends ApiFilter {
  readonly group_name?: string | undefined
  readonly env_id?: string | undefined
  readonly app_id?: string | undefined
  readonly app_name?: string | undefined
}

/** That an app may call an API in an environment, with the names that a reader needs. */
export interface Authorization extends Outlined {
  readonly id: string
  readonly created_at: number
  readonly api_id: string
  readonly api_name: string
  readonly api_type: number
  readonly group_id: string
  readonly group_name: string
  readonly env_id: string
  readonly env_name: string
  readonly app_id: string
  readonly app_name: string
  readonly app_remark: string
  /** Null while the API is not published there: an authorisation outlives that. */
  readonly publish_id: string | null
}

interface AppInEnvironment {
  readonly appId: string
  readonly envId: string
}

/** An API that an app may not call yet. */
export interface UnauthorizedApi extends Outlined {
  readonly api_id: string
  readonly name: string
  readonly auth_type: ApiWords['auth_type']
  readonly req_uri: string
  readonly group_id: string
  readonly group_name: string
  /** Null when the API is not published in the environment asked for. */
  readonly publish_id: string | null
}

export async function findAuthorization(
  db: Database,
  instanceId: string,
  id: string,
): Promise<AppAuthorizationRow | undefined> {
  return db
    .selectFrom('app_authorizations')
    .selectAll()
    .where('id', '=', id)
    .where('instance_id', '=', instanceId)
    .executeTakeFirst()
}

/** Those of the pairs that are authorised in an environment. */
export async function authorizationsAmong(
  db: Database,
  envId: string,
  appIds: readonly string[],
  apiIds: readonly string[],
): Promise<readonly AppAuthorizationRow[]> {
  return db
    .selectFrom('app_authorizations')
    .selectAll()
    .where('env_id', '=', envId)
    .where('app_id', 'in', appIds)
    .where('api_id', 'in', apiIds)
    .execute()
}

/** What an API of auth_type APP answers. */
export interface ApiAddress {
  readonly api_id: string
  readonly name: string
  readonly req_method: string
  readonly match_mode: string
  /** See `ApiRow.path_key`. */
  readonly path_key: string
}

export async function addressesOfApis(db: Database, apiIds: readonly string[]): Promise<readonly ApiAddress[]> {
  return db
    .selectFrom('apis')
    .select(['id as api_id', 'name', 'req_method', 'match_mode', 'path_key'])
    .where('id', 'in', apiIds)
    .where('auth_type', '=', 'APP')
    .execute()
}

/** Of what the apps may call in an environment at one of these paths: an app may call tens of thousands of APIs. */
export async function addressesOfApps(
  db: Database,
  envId: string,
  appIds: readonly string[],
  pathKeys: readonly string[],
): Promise<readonly (ApiAddress & { readonly app_id: string })[]> {
  if (pathKeys.length === 0) return []
  return db
    .selectFrom('app_authorizations as auth')
    .innerJoin('apis', 'apis.id', 'auth.api_id')
    .select(['auth.app_id', 'apis.id as api_id', 'apis.name', 'apis.req_method', 'apis.match_mode', 'apis.path_key'])
    .where('auth.env_id', '=', envId)
    .where('auth.app_id', 'in', appIds)
    .where('apis.path_key', 'in', pathKeys)
    .where('apis.auth_type', '=', 'APP')
    .execute()
}

export async function insertAuthorizations(db: Database, rows: readonly AppAuthorizationRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT)
    await db
      .insertInto('app_authorizations')
      .values(rows.slice(from, from + ROWS_PER_INSERT))
      .execute()
}

export async function deleteAuthorization(db: Database, id: string): Promise<void> {
  await db.deleteFrom('app_authorizations').where('id', '=', id).execute()
}

/** The page is chosen by narrow rows, and only what is on it is described. */
export async function listAuthorizations(
  db: Database,
  instanceId: string,
  filter: AuthorizationFilter,
  paging: Paging,
): Promise<Page<Authorization>> {
  const { total, rows } = await selectPage(filteredAuthorizations(db, instanceId, filter), paging)
  const ids = rows.map(({ api_id }) => api_id)
  const apis = await describeApis(db, ids)
  const publications = await publicationInfos(db, ids)
  const environments = await namesOfEnvironments(db, instanceId)
  const apps = await appsBy(
    db,
    rows.map(({ app_id }) => app_id),
  )
  const described = rows.flatMap((row) => {
    const [api, app, envName] = [apis.get(row.api_id), apps.get(row.app_id), environments.get(row.env_id)]
    const published = publications.get(row.api_id)?.find(({ environmentId }) => environmentId === row.env_id)
    if (api === undefined || app === undefined || envName === undefined) return []
    return {
      ...row,
      api_name: api.name,
      api_type: api.type,
      group_id: api.group_id,
      group_name: api.group_name,
      remark: api.remark,
      tags: api.tags,
      env_name: envName,
      app_name: app.name,
      app_remark: app.remark,
      publish_id: published?.publishId ?? null,
    }
  })
  return { total, rows: described }
}

/** The query of `listAuthorizations`, whose plan a test looks at. */
function filteredAuthorizations(db: Database, instanceId: string, filter: AuthorizationFilter) {
  const { app_id, app_name, group_name } = filter
  let query = db
    .selectFrom('app_authorizations as binding')
    .select(['binding.id', 'binding.created_at', 'binding.api_id', 'binding.app_id', 'binding.env_id'])
    .where('binding.instance_id', '=', instanceId)
    .where(placeMatches('binding', instanceId, filter))
    .orderBy('binding.created_at', 'desc')
    .orderBy('binding.id')
  if (app_id) query = query.where('binding.app_id', '=', app_id)
  if (app_name)
    query = query.where((eb) =>
      eb(
        'binding.app_id',
        'in',
        eb
          .selectFrom('apps')
          .select('apps.id')
          .where('apps.instance_id', '=', instanceId)
          .where((inner) => contains(inner.ref('apps.name'), app_name)),
      ),
    )
  if (group_name)
    query = query.where((eb) =>
      eb(
        'binding.api_id',
        'in',
        eb
          .selectFrom('api_groups as groups')
          .innerJoin('apis', 'apis.group_id', 'groups.id')
          .select('apis.id')
          .where('groups.instance_id', '=', instanceId)
          .where((inner) => contains(inner.ref('groups.name'), group_name)),
      ),
    )
  return query
}

/** APIs that take app authentication and that the app may not call in the environment, published there or not. */
export async function listUnauthorizedApis(
  db: Database,
  instanceId: string,
  pair: AppInEnvironment,
  filter: ApiFilter,
  paging: Paging,
): Promise<Page<UnauthorizedApi>> {
  const { total, rows } = await selectPage(filteredUnauthorizedApis(db, instanceId, pair, filter), paging)
  const ids = rows.map(({ id }) => id)
  const apis = await describeApis(db, ids)
  const publications = await publicationsIn(db, pair.envId, ids)
  const described = ids.flatMap((id) => {
    const api = apis.get(id)
    return api === undefined ? [] : { ...api, api_id: id, publish_id: publications.get(id)?.publishId ?? null }
  })
  return { total, rows: described }
}

/** The query of `listUnauthorizedApis`, whose plan a test looks at. */
function filteredUnauthorizedApis(
  db: Database,
  instanceId: string,
  { appId, envId }: AppInEnvironment,
  { api_id, api_name, group_id, tags }: ApiFilter,
) {
  let query = db
    .selectFrom('apis')
    .select('apis.id')
    .where('apis.instance_id', '=', instanceId)
    .where('apis.auth_type', '=', 'APP')
    .where((eb) =>
      eb(
        'apis.id',
        'not in',
        eb
          .selectFrom('app_authorizations as auth')
          .select('auth.api_id')
          .where('auth.app_id', '=', appId)
          .where('auth.env_id', '=', envId),
      ),
    )
    .orderBy('apis.created_at', 'desc')
    .orderBy('apis.id')
  if (api_id) query = query.where('apis.id', '=', api_id)
  if (group_id) query = query.where('apis.group_id', '=', group_id)
  if (api_name) query = query.where((eb) => contains(eb.ref('apis.name'), api_name))
  if (tags?.length) query = query.where((eb) => tagged(eb.ref('apis.id'), tags))
  return query
}

async function appsBy(
  db: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, { readonly name: string; readonly remark: string }>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('apps')
    .select(['id', 'name', 'remark'])
    .where('id', 'in', [...new Set(ids)])
    .execute()
  return new Map(rows.map(({ id, ...app }) => [id, app]))
}
