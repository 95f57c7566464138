/** What lists of other families say about an API beside its columns: its remark and its tags, and the filter by tag. */
import { sql, type Expression, type SqlBool } from 'kysely'
import type { ApiCreate } from '../contract/generated/schemas.js'
import type { Database } from './store.js'

/** Stands in a filter for "has no tag at all". */
const NO_TAGS = '#no_tags#'

/** The words that the columns of an API hold: they were checked when it was written. */
export type ApiWords = Required<Pick<ApiCreate, 'auth_type' | 'req_method'>>

export interface Outlined {
  readonly remark: string
  readonly tags: readonly string[]
}

/** Adds remark and tags to a page of rows, with one query for all of them. */
export async function outlined<Row extends { api_id: string; definition: string }>(
  db: Database,
  rows: readonly Row[],
): Promise<(Omit<Row, 'definition'> & Outlined)[]> {
  const tags = await tagsOfApis(
    db,
    rows.map((row) => row.api_id),
  )
  return rows.map(({ definition, ...row }) => ({
    ...row,
    remark: remarkOf(definition),
    tags: tags.get(row.api_id) ?? [],
  }))
}

/** Whether an API has any of the tags. */
export function tagged(apiId: Expression<string>, tags: readonly string[]): Expression<SqlBool> {
  const some = sql<SqlBool>`exists (select 1 from api_tags where api_tags.api_id = ${apiId} and api_tags.tag in (${sql.join(tags)}))`
  if (!tags.includes(NO_TAGS)) return some
  return sql<SqlBool>`(${some} or not exists (select 1 from api_tags where api_tags.api_id = ${apiId}))`
}

async function tagsOfApis(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const tags = new Map<string, string[]>()
  if (ids.length === 0) return tags
  const rows = await db
    .selectFrom('api_tags')
    .select(['api_id', 'tag'])
    .where('api_id', 'in', ids)
    .orderBy('api_id')
    .orderBy('tag')
    .execute()
  for (const { api_id, tag } of rows) {
    const known = tags.get(api_id)
    if (known === undefined) tags.set(api_id, [tag])
    else known.push(tag)
  }
  return tags
}

function remarkOf(definition: string): string {
  const api: unknown = JSON.parse(definition)
  return typeof api === 'object' && api !== null && 'remark' in api && typeof api.remark === 'string' ? api.remark : ''
}
