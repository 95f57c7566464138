import { outlined, type ApiWords, type Outlined } from './api-outlines.js'
import { tagged } from './api-tags.js'
import { selectPage, type Page, type Paging } from './page.js'
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

export async function listAuthorizations(
  db: Database,
  instanceId: string,
  filter: AuthorizationFilter,
  paging: Paging,
): Promise<Page<Authorization>> {
  const { api_id, api_name, group_id, group_name, env_id, app_id, app_name, tags } = filter
  let query = db
    .selectFrom('app_authorizations as auth')
    .innerJoin('apps', 'apps.id', 'auth.app_id')
    .innerJoin('apis', 'apis.id', 'auth.api_id')
    .innerJoin('api_groups as groups', 'groups.id', 'apis.group_id')
    .innerJoin('environments as envs', (join) =>
      join.onRef('envs.instance_id', '=', 'auth.instance_id').onRef('envs.id', '=', 'auth.env_id'),
    )
    .leftJoin('publications', (join) =>
      join.onRef('publications.api_id', '=', 'auth.api_id').onRef('publications.env_id', '=', 'auth.env_id'),
    )
    .select(['auth.id', 'auth.created_at', 'auth.api_id', 'auth.app_id', 'auth.env_id', 'apis.definition'])
    .select(['apis.name as api_name', 'apis.type as api_type', 'apis.group_id', 'groups.name as group_name'])
    .select(['envs.name as env_name', 'apps.name as app_name', 'apps.remark as app_remark', 'publications.publish_id'])
    .where('auth.instance_id', '=', instanceId)
    .orderBy('auth.created_at', 'desc')
    .orderBy('auth.id')
  if (app_id) query = query.where('auth.app_id', '=', app_id)
  if (api_id) query = query.where('auth.api_id', '=', api_id)
  if (env_id) query = query.where('auth.env_id', '=', env_id)
  if (group_id) query = query.where('apis.group_id', '=', group_id)
  if (api_name) query = query.where((eb) => contains(eb.ref('apis.name'), api_name))
  if (group_name) query = query.where((eb) => contains(eb.ref('groups.name'), group_name))
  if (app_name) query = query.where((eb) => contains(eb.ref('apps.name'), app_name))
  if (tags?.length) query = query.where((eb) => tagged(eb.ref('apis.id'), tags))
  const { total, rows } = await selectPage(query, paging)
  return { total, rows: outlined(rows) }
}

/** APIs that take app authentication and that the app may not call in the environment, published there or not. */
export async function listUnauthorizedApis(
  db: Database,
  instanceId: string,
  { appId, envId }: { readonly appId: string; readonly envId: string },
  { api_id, api_name, group_id, tags }: ApiFilter,
  paging: Paging,
): Promise<Page<UnauthorizedApi>> {
  let query = db
    .selectFrom('apis')
    .innerJoin('api_groups as groups', 'groups.id', 'apis.group_id')
    .leftJoin('publications', (join) =>
      join.onRef('publications.api_id', '=', 'apis.id').on('publications.env_id', '=', envId),
    )
    .select(['apis.id as api_id', 'apis.name', 'apis.req_uri', 'apis.definition'])
    .select((eb) => eb.ref('apis.auth_type').$castTo<ApiWords['auth_type']>().as('auth_type'))
    .select(['apis.group_id', 'groups.name as group_name', 'publications.publish_id'])
    .where('apis.instance_id', '=', instanceId)
    .where('apis.auth_type', '=', 'APP')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('app_authorizations as auth')
            .select('auth.id')
            .whereRef('auth.api_id', '=', 'apis.id')
            .where('auth.app_id', '=', appId)
            .where('auth.env_id', '=', envId),
        ),
      ),
    )
    .orderBy('apis.created_at', 'desc')
    .orderBy('apis.id')
  if (api_id) query = query.where('apis.id', '=', api_id)
  if (group_id) query = query.where('apis.group_id', '=', group_id)
  if (api_name) query = query.where((eb) => contains(eb.ref('apis.name'), api_name))
  if (tags?.length) query = query.where((eb) => tagged(eb.ref('apis.id'), tags))
  const { total, rows } = await selectPage(query, paging)
  return { total, rows: outlined(rows) }
}
