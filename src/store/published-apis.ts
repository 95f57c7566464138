/**
 * APIs in the environments where callers reach them: what policies are bound to. Lists of them choose their page by
 * narrow rows first and describe only what is on it: there may be fifty thousand.
 */
import { sql, type Expression, type SqlBool } from 'kysely'
import { outlined, type ApiWords, type Outlined } from './api-outlines.js'
import { tagged } from './api-tags.js'
import type { Database } from './store.js'
import { contains } from './text.js'

/** An API in an environment. */
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
  readonly req_method?: string | undefined
  readonly req_uri?: string | undefined
  readonly tags?: readonly string[] | undefined
}

/** As lists of policies show it. */
export interface PublishedApi extends Published, Outlined {
  readonly name: string
  readonly type: number
  readonly auth_type: ApiWords['auth_type']
  readonly req_method: ApiWords['req_method']
  readonly req_uri: string
  readonly group_id: string
  readonly group_name: string
  readonly env_name: string
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

/** The filter as a condition on `api_id` and `env_id` of a query's table: of publications, or of bindings to them. */
export function placeMatches(
  table: 'publications' | 'binding',
  instanceId: string,
  filter: PublishedFilter,
): Expression<SqlBool> {
  const { env_id, api_id, tags } = filter
  const api = sql.ref<string>(`${table}.api_id`)
  const conditions = [sql<SqlBool>`1 = 1`]
  if (env_id) conditions.push(sql`${sql.ref(`${table}.env_id`)} = ${env_id}`)
  if (api_id) conditions.push(sql`${api} = ${api_id}`)
  const wanted = apiMatches(filter)
  // Not for each row: what an API is found by is in one index of the instance.
  if (wanted.length > 0)
    conditions.push(
      sql`${api} in (select apis.id from apis where ${sql.join([sql`apis.instance_id = ${instanceId}`, ...wanted], sql` and `)})`,
    )
  if (tags?.length) conditions.push(sql`${tagged(api, tags)}`)
  return sql<SqlBool>`(${sql.join(conditions, sql` and `)})`
}

function apiMatches({ group_id, api_name, req_method, req_uri }: PublishedFilter): Expression<SqlBool>[] {
  const conditions: Expression<SqlBool>[] = []
  if (group_id) conditions.push(sql`apis.group_id = ${group_id}`)
  if (req_method) conditions.push(sql`apis.req_method = ${req_method}`)
  if (api_name) conditions.push(contains(sql.ref('apis.name'), api_name))
  if (req_uri) conditions.push(contains(sql.ref('apis.req_uri'), req_uri))
  return conditions
}

/** Rows that name a publication, each with the API that is published there, in the same order. */
export async function describePlaces<Row extends { readonly publish_id: string }>(
  db: Database,
  rows: readonly Row[],
): Promise<(Row & PublishedApi)[]> {
  if (rows.length === 0) return []
  const ids = rows.map((row) => row.publish_id)
  const found = await publishedApis(db).where('publications.publish_id', 'in', ids).execute()
  const apis = new Map(outlined(found).map((api) => [api.publish_id, api]))
  return rows.flatMap((row) => {
    const api = apis.get(row.publish_id)
    return api === undefined ? [] : [{ ...api, ...row }]
  })
}

function publishedApis(db: Database) {
  return db
    .selectFrom('publications')
    .innerJoin('apis', 'apis.id', 'publications.api_id')
    .innerJoin('api_groups as groups', 'groups.id', 'apis.group_id')
    .innerJoin('environments as envs', (join) =>
      join.onRef('envs.instance_id', '=', 'publications.instance_id').onRef('envs.id', '=', 'publications.env_id'),
    )
    .select(['publications.publish_id', 'publications.api_id', 'publications.env_id', 'envs.name as env_name'])
    .select(['apis.name', 'apis.type', 'apis.req_uri', 'apis.definition'])
    .select((eb) => [
      eb.ref('apis.auth_type').$castTo<ApiWords['auth_type']>().as('auth_type'),
      eb.ref('apis.req_method').$castTo<ApiWords['req_method']>().as('req_method'),
    ])
    .select(['apis.group_id', 'groups.name as group_name'])
}
