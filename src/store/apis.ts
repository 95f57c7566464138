import type { SelectQueryBuilder } from 'kysely'
import type { ApiDocument } from '../contract/api-document.js'
import { NO_TAGS } from './api-tags.js'
import { domainsOfGroups, type UrlDomain } from './domains.js'
import { countAll, isPrecise, pageOf, type Page, type Paging } from './page.js'
import type { ApiRow, Schema } from './schema.js'
import type { Database } from './store.js'
import { contains, named } from './text.js'

/** What an API's rows say beside its definition. */
export interface ApiIndex {
  readonly instanceId: string
  /** See `ApiRow.path_key`. */
  readonly pathKey: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly updatedAt: number
}

/** The group as an API shows it. */
export interface GroupOfApi {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly subDomainEnabled: boolean
  readonly createdAt: number
  readonly updatedAt: number
  /** The gateway response that APIs of the group have when they name none. */
  readonly defaultResponseId: string
  readonly domains: readonly UrlDomain[]
}

export interface ApiFilter {
  readonly id?: string | undefined
  readonly name?: string | undefined
  readonly group_id?: string | undefined
  readonly req_protocol?: string | undefined
  readonly req_method?: string | undefined
  readonly req_uri?: string | undefined
  readonly auth_type?: string | undefined
  readonly env_id?: string | undefined
  readonly type?: number | undefined
  readonly precise_search?: string | undefined
  readonly vpc_channel_name?: string | undefined
  readonly tags?: readonly string[] | undefined
}

export async function insertApi(db: Database, document: ApiDocument, index: ApiIndex): Promise<void> {
  await db
    .insertInto('apis')
    .values({ id: document.id, ...columns(document, index), created_at: index.createdAt })
    .execute()
  await insertTags(db, document, index)
}

export async function updateApi(db: Database, document: ApiDocument, index: ApiIndex): Promise<void> {
  await db.updateTable('apis').set(columns(document, index)).where('id', '=', document.id).execute()
  await db.deleteFrom('api_tags').where('api_id', '=', document.id).execute()
  await insertTags(db, document, index)
}

/** Tags, versions and authorisations go with it; publications keep it from being deleted. */
export async function deleteApi(db: Database, id: string): Promise<void> {
  await db.deleteFrom('apis').where('id', '=', id).execute()
}

export async function findApi(db: Database, instanceId: string, id: string): Promise<ApiDocument | undefined> {
  return (await findApis(db, instanceId, [id]))[0]
}

/** Those of the APIs that exist, in no particular order. */
export async function findApis(db: Database, instanceId: string, ids: readonly string[]): Promise<ApiDocument[]> {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('apis')
    .select('definition')
    .where('instance_id', '=', instanceId)
    .where('id', 'in', ids)
    .execute()
  return rows.map(({ definition }) => documentOf(definition))
}

/** Every API of a group, newest first. */
export async function apisOfGroup(db: Database, groupId: string): Promise<ApiDocument[]> {
  const rows = await db
    .selectFrom('apis')
    .select('definition')
    .where('group_id', '=', groupId)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute()
  return rows.map(({ definition }) => documentOf(definition))
}

/**
 * Newest first. The page is found in an index alone; definitions are read only for what is shown. A page of the second
 * half is looked for from the end: databases count their way to it, and PostgreSQL may sort all that comes before.
 */
export async function listApis(
  db: Database,
  instanceId: string,
  filter: ApiFilter,
  paging: Paging,
): Promise<Page<ApiDocument>> {
  const { offset, limit } = paging
  const count = () => countFilteredApis(db, instanceId, filter)
  const filtered = filteredApis(db, instanceId, filter).select('apis.created_at')
  if (offset === 0) return pageOf(await documentsOf(db, filtered.limit(limit)), paging, count)

  const total = await count()
  const behind = total - offset - limit
  if (behind >= offset) return { total, rows: await documentsOf(db, filtered.limit(limit).offset(offset)) }
  const backwards = filtered.clearOrderBy().orderBy('apis.created_at').orderBy('apis.id', 'desc')
  const length = Math.min(limit, total - offset)
  if (length <= 0) return { total, rows: [] }
  return { total, rows: await documentsOf(db, backwards.limit(length).offset(Math.max(behind, 0))) }
}

/** Ids of APIs, and when they were made. */
type PageQuery = SelectQueryBuilder<Schema, 'apis', { id: string; created_at: number }>

/** Definitions of a page, newest first. */
async function documentsOf(db: Database, page: PageQuery): Promise<ApiDocument[]> {
  const shown = await db
    .selectFrom(page.as('page'))
    .innerJoin('apis', 'apis.id', 'page.id')
    .select(['page.id', 'page.created_at', 'apis.definition'])
    .execute()
  // A join keeps no order, and databases would sort by a tree of their own; ids are hexadecimal, alike in each collation.
  shown.sort((one, other) => other.created_at - one.created_at || (one.id < other.id ? -1 : 1))
  return shown.map(({ definition }) => documentOf(definition))
}

/** Where a filter's own index counts its APIs, none of them is looked at. */
function countFilteredApis(db: Database, instanceId: string, filter: ApiFilter): Promise<number> {
  const { tags = [], env_id, precise_search: _, ...others } = filter
  const narrowed = Object.values(others).some(Boolean)
  if (!narrowed && env_id && tags.length === 0)
    return countAll(db.selectFrom('publications').where('instance_id', '=', instanceId).where('env_id', '=', env_id))
  if (!narrowed && !env_id && tags.length > 0 && !tags.includes(NO_TAGS)) {
    const tagged = db.selectFrom('api_tags').where('instance_id', '=', instanceId).where('tag', 'in', tags)
    return countAll(db.selectFrom(tagged.select('api_id').distinct().as('tagged')))
  }
  return countAll(filteredApis(db, instanceId, filter))
}

/** The query of `listApis`, whose plan a test looks at. */
export function filteredApis(db: Database, instanceId: string, filter: ApiFilter) {
  const { id, name, group_id, req_protocol, req_method, req_uri, auth_type, env_id, type, tags } = filter
  const precise = (field: string) => isPrecise(filter.precise_search, field)
  let query = db
    .selectFrom('apis')
    .select('apis.id')
    .where('apis.instance_id', '=', instanceId)
    .orderBy('apis.created_at', 'desc')
    .orderBy('apis.id')
  if (id) query = query.where('apis.id', '=', id)
  if (group_id) query = query.where('apis.group_id', '=', group_id)
  if (req_protocol) query = query.where('apis.req_protocol', '=', req_protocol)
  if (req_method) query = query.where('apis.req_method', '=', req_method)
  if (auth_type) query = query.where('apis.auth_type', '=', auth_type)
  if (type) query = query.where('apis.type', '=', type)
  if (name) query = query.where((eb) => named(eb.ref('apis.name'), name, precise('name')))
  if (req_uri) query = query.where((eb) => named(eb.ref('apis.req_uri'), req_uri, precise('req_uri')))
  if (env_id)
    query = query.where((eb) =>
      eb.exists(
        eb
          .selectFrom('publications')
          // Any column but these two would cost a look at the row of each publication.
          .select('publications.api_id')
          .whereRef('publications.api_id', '=', 'apis.id')
          .where('publications.env_id', '=', env_id),
      ),
    )
  const channelName = filter.vpc_channel_name
  if (channelName)
    query = query.where((eb) =>
      eb(
        'apis.id',
        'in',
        eb
          .selectFrom('vpc_channels as channels')
          .innerJoin('api_references as refs', (join) =>
            join
              .onRef('refs.target_id', '=', 'channels.id')
              .on('refs.kind', '=', 'channel')
              .on('refs.publish_id', 'is', null),
          )
          .select('refs.api_id')
          .where('channels.instance_id', '=', instanceId)
          .where((inner) => contains(inner.ref('channels.name'), channelName)),
      ),
    )
  if (tags?.length)
    query = query.where((eb) => {
      const tagsOf = eb.selectFrom('api_tags').select('api_tags.api_id').where('api_tags.instance_id', '=', instanceId)
      const some = eb('apis.id', 'in', tagsOf.where('api_tags.tag', 'in', tags))
      return tags.includes(NO_TAGS) ? eb.or([eb('apis.is_tagged', '=', 0), some]) : some
    })
  return query
}

/** Distinct tags of the instance's APIs, sorted. */
export async function listTags(
  db: Database,
  instanceId: string,
  { offset, limit }: Paging,
): Promise<{ readonly total: number; readonly tags: readonly string[] }> {
  const all = db.selectFrom('api_tags').select('tag').distinct().where('instance_id', '=', instanceId)
  const rows = await all.orderBy('tag').limit(limit).offset(offset).execute()
  const tags = rows.map(({ tag }) => tag)
  // A page that ends within itself has counted them all: the index is read once.
  if (tags.length < limit && (tags.length > 0 || offset === 0)) return { total: offset + tags.length, tags }
  const { total } = await db
    .selectFrom(all.as('known'))
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  return { total, tags }
}

export async function countApis(db: Database, instanceId: string): Promise<number> {
  const { count } = await db
    .selectFrom('apis')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('instance_id', '=', instanceId)
    .executeTakeFirstOrThrow()
  return count
}

export async function countApisOfGroup(db: Database, groupId: string): Promise<number> {
  const { count } = await db
    .selectFrom('apis')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('group_id', '=', groupId)
    .executeTakeFirstOrThrow()
  return count
}

/** Where a name must be unique: in a group, or, for a check without one, in the instance. */
export type NameScope = { readonly groupId: string } | { readonly instanceId: string }

export async function apiNameIsTaken(db: Database, scope: NameScope, name: string, exceptId = ''): Promise<boolean> {
  const query = db.selectFrom('apis').select('id').where('name', '=', name).where('id', '<>', exceptId).limit(1)
  const row = await (
    'groupId' in scope ? query.where('group_id', '=', scope.groupId) : query.where('instance_id', '=', scope.instanceId)
  ).executeTakeFirst()
  return row !== undefined
}

export interface ApiPath {
  readonly pathKey: string
  readonly matchMode: string
  readonly method: string
  /** Whether only an API of the very same method counts; `ANY` is one. */
  readonly mayStandBesideAny?: boolean
}

/** Name of an API that answers the same calls; `ANY` answers them all. */
export async function nameOfApiAt(
  db: Database,
  scope: NameScope,
  { pathKey, matchMode, method, mayStandBesideAny = false }: ApiPath,
  exceptId = '',
): Promise<string | undefined> {
  let query = db
    .selectFrom('apis')
    .select('name')
    .where('path_key', '=', pathKey)
    .where('match_mode', '=', matchMode)
    .where('id', '<>', exceptId)
    .limit(1)
  if (mayStandBesideAny) query = query.where('req_method', '=', method)
  else if (method !== 'ANY') query = query.where('req_method', 'in', [method, 'ANY'])
  const row = await (
    'groupId' in scope ? query.where('group_id', '=', scope.groupId) : query.where('instance_id', '=', scope.instanceId)
  ).executeTakeFirst()
  return row?.name
}

/** The API of a group at the very same address, of the very same method. */
export async function apiAt(
  db: Database,
  groupId: string,
  { pathKey, matchMode, method }: ApiPath,
): Promise<{ readonly id: string; readonly name: string } | undefined> {
  return db
    .selectFrom('apis')
    .select(['id', 'name'])
    .where('group_id', '=', groupId)
    .where('path_key', '=', pathKey)
    .where('match_mode', '=', matchMode)
    .where('req_method', '=', method)
    .executeTakeFirst()
}

/** Those of the groups that exist; without their domains when nobody wants to see them. */
export async function groupsOfApis(
  db: Database,
  instanceId: string,
  ids: readonly string[],
  { domains: withDomains }: { readonly domains: boolean } = { domains: true },
): Promise<ReadonlyMap<string, GroupOfApi>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('api_groups as groups')
    .leftJoin('gateway_responses as responses', (join) =>
      join.onRef('responses.group_id', '=', 'groups.id').on('responses.is_default', '=', 1),
    )
    .select(['groups.id', 'groups.name', 'groups.version', 'groups.sl_domain_access_enabled'])
    .select(['groups.created_at', 'groups.updated_at', 'responses.id as response_id'])
    .where('groups.instance_id', '=', instanceId)
    .where('groups.id', 'in', ids)
    .execute()
  const domains = withDomains ? await domainsOfGroups(db, ids) : new Map<string, readonly UrlDomain[]>()
  return new Map(
    rows.map((row) => [
      row.id,
      {
        id: row.id,
        name: row.name,
        version: row.version,
        subDomainEnabled: row.sl_domain_access_enabled === 1,
        createdAt: row.created_at,
        updatedAt: row.updated_at,
        defaultResponseId: row.response_id ?? '',
        domains: domains.get(row.id) ?? [],
      },
    ]),
  )
}

export async function isGatewayResponse(db: Database, groupId: string, id: string): Promise<boolean> {
  const row = await db
    .selectFrom('gateway_responses')
    .select('id')
    .where('id', '=', id)
    .where('group_id', '=', groupId)
    .executeTakeFirst()
  return row !== undefined
}

/** Apps that may call an API in some environment. */
export async function appsAuthorizedFor(db: Database, apiId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('app_authorizations')
    .select('app_id')
    .distinct()
    .where('api_id', '=', apiId)
    .execute()
  return rows.map(({ app_id }) => app_id)
}

/** A stored definition was written by `insertApi`, `updateApi` or a publication, in this form. */
export function documentOf(definition: string): ApiDocument {
  return JSON.parse(definition) as ApiDocument
}

function columns(document: ApiDocument, index: ApiIndex): Omit<ApiRow, 'id' | 'created_at'> {
  return {
    instance_id: index.instanceId,
    group_id: document.group_id,
    name: document.name,
    type: document.type,
    req_protocol: document.req_protocol,
    req_method: document.req_method,
    req_uri: document.req_uri,
    path_key: index.pathKey,
    match_mode: document.match_mode,
    auth_type: document.auth_type,
    backend_type: document.backend_type,
    is_tagged: document.tags.length > 0 ? 1 : 0,
    definition: JSON.stringify(document),
    updated_at: index.updatedAt,
  }
}

async function insertTags(db: Database, { id, tags }: ApiDocument, { instanceId }: ApiIndex): Promise<void> {
  if (tags.length === 0) return
  await db
    .insertInto('api_tags')
    .values(tags.map((tag) => ({ api_id: id, instance_id: instanceId, tag })))
    .execute()
}
