import type { OrchestrationMap, OrchestrationMappedParam } from '../contract/generated/schemas.js'
import { describeApis, type ApiWords } from './api-outlines.js'
import { isPrecise, selectPage, type Page, type Paging } from './page.js'
import type { OrchestrationRow } from './schema.js'
import { ROWS_PER_INSERT, type Database } from './store.js'
import { contains, named } from './text.js'

/** A rule that makes a new parameter of a request parameter's value. */
export interface Orchestration {
  readonly id: string
  readonly name: string
  readonly strategy: OrchestrationRow['strategy']
  /** Undefined for a preprocessing rule that was given none. */
  readonly mappedParam: OrchestrationMappedParam | undefined
  readonly isPreprocessing: boolean
  /** In order of priority; empty for `hash`. */
  readonly map: readonly OrchestrationMap[]
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly updatedAt: number
}

export interface OrchestrationFilter {
  readonly orchestration_id?: string | undefined
  readonly orchestration_name?: string | undefined
  readonly precise_search?: string | undefined
}

export interface AttachedApiFilter {
  readonly api_id?: string | undefined
  readonly api_name?: string | undefined
}

/** An API that uses a rule. */
export interface AttachedApi {
  readonly id: string
  readonly name: string
  readonly req_method: ApiWords['req_method']
  readonly req_uri: string
  readonly auth_type: ApiWords['auth_type']
  readonly match_mode: 'SWA' | 'NORMAL'
  readonly group_id: string
  readonly group_name: string
  /** Milliseconds since the epoch. */
  readonly attached_at: number
}

export async function insertOrchestration(db: Database, instanceId: string, rule: Orchestration): Promise<void> {
  await db
    .insertInto('orchestrations')
    .values({ id: rule.id, instance_id: instanceId, created_at: rule.createdAt, ...columns(rule) })
    .execute()
}

export async function updateOrchestration(db: Database, rule: Orchestration): Promise<void> {
  await db.updateTable('orchestrations').set(columns(rule)).where('id', '=', rule.id).execute()
}

export async function deleteOrchestration(db: Database, id: string): Promise<void> {
  await db.deleteFrom('orchestrations').where('id', '=', id).execute()
}

/** Those of the rules that exist, by id. */
export async function orchestrationsAmong(
  db: Database,
  instanceId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Orchestration>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('orchestrations')
    .selectAll()
    .where('instance_id', '=', instanceId)
    .where('id', 'in', ids)
    .execute()
  return new Map(rows.map((row) => [row.id, orchestrationOf(row)]))
}

/** Those of the rules that exist, whatever instance they are of, by id. */
export async function orchestrationsById(
  db: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Orchestration>> {
  const found = new Map<string, Orchestration>()
  for (let from = 0; from < ids.length; from += ROWS_PER_INSERT) {
    const some = ids.slice(from, from + ROWS_PER_INSERT)
    for (const row of await db.selectFrom('orchestrations').selectAll().where('id', 'in', some).execute())
      found.set(row.id, orchestrationOf(row))
  }
  return found
}

/** Newest first. */
export async function listOrchestrations(
  db: Database,
  instanceId: string,
  { orchestration_id: id, orchestration_name: name, precise_search }: OrchestrationFilter,
  paging: Paging,
): Promise<Page<Orchestration>> {
  let query = db
    .selectFrom('orchestrations')
    .selectAll()
    .where('instance_id', '=', instanceId)
    .orderBy('created_at', 'desc')
    .orderBy('id')
  if (id) query = query.where('id', '=', id)
  if (name) query = query.where((eb) => named(eb.ref('name'), name, isPrecise(precise_search, 'orchestration_name')))
  const { total, rows } = await selectPage(query, paging)
  return { total, rows: rows.map(orchestrationOf) }
}

/** @param except a rule that may have the name: the one that is changed. */
export async function isOrchestrationNameTaken(
  db: Database,
  instanceId: string,
  name: string,
  except = '',
): Promise<boolean> {
  const row = await db
    .selectFrom('orchestrations')
    .select('id')
    .where('instance_id', '=', instanceId)
    .where('name', '=', name)
    .where('id', '<>', except)
    .executeTakeFirst()
  return row !== undefined
}

/** APIs that use a rule in their draft or where callers reach them; the last to be attached first. */
export async function listApisOfOrchestration(
  db: Database,
  id: string,
  filter: AttachedApiFilter,
  paging: Paging,
): Promise<Page<AttachedApi>> {
  // The page is chosen by narrow rows: a rule may be used by every API.
  const query = db
    .selectFrom(usesOf(db, id, filter).as('uses'))
    .select(['uses.api_id', 'uses.attached_at'])
    .orderBy('uses.attached_at', 'desc')
    .orderBy('uses.api_id')
  const { total, rows } = await selectPage(query, paging)
  const apis = await describeApis(
    db,
    rows.map(({ api_id }) => api_id),
  )
  const attached = rows.flatMap(({ api_id, attached_at }) => {
    const api = apis.get(api_id)
    if (api === undefined) return []
    const { name, req_method, req_uri, auth_type, match_mode, group_id, group_name } = api
    return { id: api_id, name, req_method, req_uri, auth_type, match_mode, group_id, group_name, attached_at }
  })
  return { total, rows: attached }
}

/** Each API that uses a rule once, with the moment since when. */
function usesOf(db: Database, id: string, { api_id, api_name }: AttachedApiFilter) {
  let query = db
    .selectFrom('api_references as refs')
    .select('refs.api_id')
    .select(({ fn }) => fn.min<number>('refs.created_at').as('attached_at'))
    .where('refs.kind', '=', 'orchestration')
    .where('refs.target_id', '=', id)
    .groupBy('refs.api_id')
  if (api_id) query = query.where('refs.api_id', '=', api_id)
  if (api_name)
    query = query.where((eb) =>
      eb.exists(
        eb
          .selectFrom('apis')
          .select('apis.id')
          .whereRef('apis.id', '=', 'refs.api_id')
          .where((inner) => contains(inner.ref('apis.name'), api_name)),
      ),
    )
  return query
}

function columns(rule: Orchestration): Omit<OrchestrationRow, 'id' | 'instance_id' | 'created_at'> {
  return {
    name: rule.name,
    strategy: rule.strategy,
    mapped_param: rule.mappedParam === undefined ? null : JSON.stringify(rule.mappedParam),
    is_preprocessing: rule.isPreprocessing ? 1 : 0,
    map: JSON.stringify(rule.map),
    updated_at: rule.updatedAt,
  }
}

/** The texts were written by `columns`. */
function orchestrationOf(row: OrchestrationRow): Orchestration {
  return {
    id: row.id,
    name: row.name,
    strategy: row.strategy,
    mappedParam: row.mapped_param === null ? undefined : (JSON.parse(row.mapped_param) as OrchestrationMappedParam),
    isPreprocessing: row.is_preprocessing === 1,
    map: JSON.parse(row.map) as OrchestrationMap[],
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
