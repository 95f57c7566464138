/** APIs in the environments where callers reach them: what policies are bound to. */
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

/** These publications as lists show them, by publish id. */
export async function describePublications(
  db: Database,
  publishIds: readonly string[],
): Promise<ReadonlyMap<string, PublishedApi>> {
  const rows = await publishedApis(db, {}).where('publications.publish_id', 'in', publishIds).execute()
  return new Map(outlined(rows).map((api) => [api.publish_id, api]))
}

/** The base of such lists: a policy adds its bindings, its condition and its order. */
export function publishedApis(db: Database, { env_id, group_id, api_id, api_name, tags }: PublishedFilter) {
  let query = db
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
  if (env_id) query = query.where('publications.env_id', '=', env_id)
  if (group_id) query = query.where('apis.group_id', '=', group_id)
  if (api_id) query = query.where('apis.id', '=', api_id)
  if (api_name) query = query.where((eb) => contains(eb.ref('apis.name'), api_name))
  if (tags?.length) query = query.where((eb) => tagged(eb.ref('apis.id'), tags))
  return query
}
