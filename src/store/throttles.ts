import { sql } from 'kysely'
import { forgetPolicies } from './draft-bindings.js'
import { isPrecise, selectPage, type Page, type Paging } from './page.js'
import type { ThrottleRow, ThrottleSpecialRow } from './schema.js'
import type { Database } from './store.js'
import { contains, named } from './text.js'

export interface ThrottleFilter {
  readonly id?: string | undefined
  readonly name?: string | undefined
  readonly precise_search?: string | undefined
}

/** A policy with what a reader is told beside it. */
export interface Throttle extends ThrottleRow {
  /** Bindings to an API in an environment. */
  readonly bind_num: number
  readonly special_num: number
}

export interface SpecialFilter {
  readonly object_type?: 'APP' | 'USER' | undefined
  readonly app_name?: string | undefined
  readonly user?: string | undefined
}

/** A special limit and what its object is called: null when that is not known here. */
export interface ThrottleSpecial extends ThrottleSpecialRow {
  readonly app_name: string | null
  readonly user_name: string | null
}

export async function insertThrottle(db: Database, throttle: ThrottleRow): Promise<void> {
  await db.insertInto('throttles').values(throttle).execute()
}

export async function updateThrottle(db: Database, { id, ...changes }: ThrottleRow): Promise<void> {
  await db.updateTable('throttles').set(changes).where('id', '=', id).execute()
}

/** Special limits go with their policy; a bound policy cannot go. */
export async function deleteThrottle(db: Database, id: string): Promise<void> {
  await forgetPolicies(db, 'throttle', [id])
  await db.deleteFrom('throttles').where('id', '=', id).execute()
}

export async function findThrottle(db: Database, instanceId: string, id: string): Promise<Throttle | undefined> {
  return throttles(db, instanceId).where('throttles.id', '=', id).executeTakeFirst()
}

/** Those of the policies that exist. */
export async function throttlesAmong(
  db: Database,
  instanceId: string,
  ids: readonly string[],
): Promise<readonly Throttle[]> {
  if (ids.length === 0) return []
  return throttles(db, instanceId).where('throttles.id', 'in', ids).execute()
}

export async function listThrottles(
  db: Database,
  instanceId: string,
  { id, name, precise_search }: ThrottleFilter,
  paging: Paging,
): Promise<Page<Throttle>> {
  let query = throttles(db, instanceId).orderBy('throttles.created_at', 'desc').orderBy('throttles.id')
  if (id) query = query.where('throttles.id', '=', id)
  if (name) query = query.where((eb) => named(eb.ref('throttles.name'), name, isPrecise(precise_search, 'name')))
  return selectPage(query, paging)
}

/** @param except a policy that may have the name: the one that is changed. */
export async function isThrottleNameTaken(
  db: Database,
  instanceId: string,
  name: string,
  except = '',
): Promise<boolean> {
  const row = await db
    .selectFrom('throttles')
    .select('id')
    .where('instance_id', '=', instanceId)
    .where('name', '=', name)
    .where('id', '<>', except)
    .executeTakeFirst()
  return row !== undefined
}

export async function insertSpecial(db: Database, special: ThrottleSpecialRow): Promise<void> {
  await db.insertInto('throttle_specials').values(special).execute()
}

export async function updateSpecial(db: Database, id: string, callLimits: number): Promise<void> {
  await db.updateTable('throttle_specials').set({ call_limits: callLimits }).where('id', '=', id).execute()
}

export async function deleteSpecial(db: Database, id: string): Promise<void> {
  await db.deleteFrom('throttle_specials').where('id', '=', id).execute()
}

export async function findSpecial(db: Database, throttleId: string, id: string): Promise<ThrottleSpecial | undefined> {
  return specials(db, throttleId).where('special.id', '=', id).executeTakeFirst()
}

export async function listSpecials(
  db: Database,
  throttleId: string,
  { object_type, app_name, user }: SpecialFilter,
  paging: Paging,
): Promise<Page<ThrottleSpecial>> {
  let query = specials(db, throttleId).orderBy('special.created_at', 'desc').orderBy('special.id')
  if (object_type) query = query.where('special.object_type', '=', object_type)
  if (app_name) query = query.where((eb) => contains(eb.fn.coalesce('apps.name', sql<string>`''`), app_name))
  if (user)
    query = query
      .where('special.object_type', '=', 'USER')
      .where((eb) => contains(eb.fn.coalesce('domains.name', 'projects.name', 'special.object_id'), user))
  return selectPage(query, paging)
}

export async function countSpecials(
  db: Database,
  throttleId: string,
  objectType: ThrottleSpecialRow['object_type'],
): Promise<number> {
  const { count } = await db
    .selectFrom('throttle_specials')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('throttle_id', '=', throttleId)
    .where('object_type', '=', objectType)
    .executeTakeFirstOrThrow()
  return count
}

export async function hasSpecialFor(
  db: Database,
  throttleId: string,
  { object_type, object_id }: Pick<ThrottleSpecialRow, 'object_type' | 'object_id'>,
): Promise<boolean> {
  const row = await db
    .selectFrom('throttle_specials')
    .select('id')
    .where('throttle_id', '=', throttleId)
    .where('object_type', '=', object_type)
    .where('object_id', '=', object_id)
    .executeTakeFirst()
  return row !== undefined
}

function throttles(db: Database, instanceId: string) {
  return db
    .selectFrom('throttles')
    .selectAll('throttles')
    .select(throttleCounts)
    .where('throttles.instance_id', '=', instanceId)
}

/** How often a policy of the query's `throttles` is bound, and how many special limits it has. */
export const throttleCounts = [
  sql<number>`(select count(*) from throttle_bindings where throttle_bindings.throttle_id = throttles.id)`.as(
    'bind_num',
  ),
  sql<number>`(select count(*) from throttle_specials where throttle_specials.throttle_id = throttles.id)`.as(
    'special_num',
  ),
] as const

/** The object of a "user" is an account, or a project where apps call (policies.md §1.4). */
function specials(db: Database, throttleId: string) {
  return db
    .selectFrom('throttle_specials as special')
    .leftJoin('apps', (join) => join.on('special.object_type', '=', 'APP').onRef('apps.id', '=', 'special.object_id'))
    .leftJoin('iam_domains as domains', (join) =>
      join.on('special.object_type', '=', 'USER').onRef('domains.id', '=', 'special.object_id'),
    )
    .leftJoin('iam_projects as projects', (join) =>
      join.on('special.object_type', '=', 'USER').onRef('projects.id', '=', 'special.object_id'),
    )
    .selectAll('special')
    .select(['apps.name as app_name'])
    .select((eb) => eb.fn.coalesce('domains.name', 'projects.name').as('user_name'))
    .where('special.throttle_id', '=', throttleId)
}
