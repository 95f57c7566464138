import { sql, type Expression, type ExpressionBuilder, type SqlBool } from 'kysely'
import { isNotGone } from './instances.js'
import { selectPage, type Page, type Paging } from './page.js'
import type { InstanceRow, InstanceTagRow, Schema } from './schema.js'
import { ROWS_PER_INSERT, type Database } from './store.js'

export interface Tag {
  readonly key: string
  readonly value: string
}

/** Which instances of a project are meant; all that is given has to hold. */
export interface TaggedFilter {
  /** Instances without any tag. */
  readonly untagged: boolean
  /** Each key with one of its values, or with any value when none is named. */
  readonly tags: readonly { readonly key: string; readonly values: readonly string[] }[]
  /** Beginnings of the name. */
  readonly namePrefixes: readonly string[]
  /** Empty when any is meant. */
  readonly enterpriseProjectIds: readonly string[]
}

/** By key. */
export async function tagsOfInstance(db: Database, instanceId: string): Promise<Tag[]> {
  return db
    .selectFrom('instance_tags')
    .select(['key', 'value'])
    .where('instance_id', '=', instanceId)
    .orderBy('key')
    .execute()
}

/** By instance, then by key. */
export async function tagsOfInstances(db: Database, instanceIds: readonly string[]): Promise<InstanceTagRow[]> {
  if (instanceIds.length === 0) return []
  return db
    .selectFrom('instance_tags')
    .selectAll()
    .where('instance_id', 'in', instanceIds)
    .orderBy('instance_id')
    .orderBy('key')
    .execute()
}

/** The different tags of all instances of a project, by key and value. */
export async function tagsOfProject(db: Database, projectId: string): Promise<Tag[]> {
  return db
    .selectFrom('instance_tags')
    .innerJoin('instances', 'instances.id', 'instance_tags.instance_id')
    .select(['instance_tags.key', 'instance_tags.value'])
    .distinct()
    .where('instances.project_id', '=', projectId)
    .orderBy('instance_tags.key')
    .orderBy('instance_tags.value')
    .execute()
}

/** Adds tags; a key that is there gets the new value. */
export async function setTags(db: Database, instanceId: string, tags: readonly Tag[]): Promise<void> {
  const rows = tags.map(({ key, value }) => ({ instance_id: instanceId, key, value }))
  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT)
    await db
      .insertInto('instance_tags')
      .values(rows.slice(from, from + ROWS_PER_INSERT))
      .onConflict((conflict) =>
        conflict.columns(['instance_id', 'key']).doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })),
      )
      .execute()
}

export async function deleteTags(db: Database, instanceId: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return
  await db.deleteFrom('instance_tags').where('instance_id', '=', instanceId).where('key', 'in', keys).execute()
}

export type TaggedInstance = Pick<InstanceRow, 'id' | 'name'>

/** Newest first. `now` in milliseconds: instances that are gone are left out. */
export function listTagged(
  db: Database,
  projectId: string,
  filter: TaggedFilter,
  now: number,
  paging: Paging,
): Promise<Page<TaggedInstance>> {
  const query = tagged(db, projectId, filter, now).select(['instances.id', 'instances.name'])
  return selectPage(query.orderBy('instances.created_at', 'desc').orderBy('instances.id'), paging)
}

/** As {@link listTagged}, the number alone. */
export async function countTagged(db: Database, projectId: string, filter: TaggedFilter, now: number): Promise<number> {
  const { count } = await tagged(db, projectId, filter, now)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return count
}

function tagged(db: Database, projectId: string, filter: TaggedFilter, now: number) {
  return db
    .selectFrom('instances')
    .where('instances.project_id', '=', projectId)
    .where((eb) => eb.and([isNotGone(eb, now), ...conditions(eb, filter)]))
}

function conditions(
  eb: ExpressionBuilder<Schema, 'instances'>,
  { untagged, tags, namePrefixes, enterpriseProjectIds }: TaggedFilter,
): Expression<SqlBool>[] {
  const has = (tag?: TaggedFilter['tags'][number]): Expression<SqlBool> => {
    let query = eb.selectFrom('instance_tags').select('key').whereRef('instance_id', '=', 'instances.id')
    if (tag !== undefined) query = query.where('key', '=', tag.key)
    if (tag !== undefined && tag.values.length > 0) query = query.where('value', 'in', tag.values)
    return eb.exists(query)
  }
  return [
    ...(untagged ? [eb.not(has())] : tags.map(has)),
    // Not LIKE: on SQLite it ignores case, and takes `%` for more than itself.
    ...namePrefixes.map((prefix) => sql<SqlBool>`substr(instances.name, 1, length(${prefix})) = ${prefix}`),
    ...(enterpriseProjectIds.length > 0 ? [eb('instances.enterprise_project_id', 'in', enterpriseProjectIds)] : []),
  ]
}
