/** What lists of other families say about an API beside its columns: its remark and its tags. */
import type { ApiDocument } from '../contract/api-document.js'
import type { ApiCreate } from '../contract/generated/schemas.js'
import { documentOf } from './apis.js'
import type { Database } from './store.js'

/** The words that the columns of an API hold: they were checked when it was written. */
export type ApiWords = Required<Pick<ApiCreate, 'auth_type' | 'req_method'>>

export interface Outlined {
  readonly remark: string
  readonly tags: readonly string[]
}

/** An API as lists of other families show it. */
export interface DescribedApi
  extends Outlined, Pick<ApiDocument, 'req_protocol' | 'req_method' | 'auth_type' | 'match_mode'> {
  readonly name: string
  readonly type: number
  readonly req_uri: string
  readonly group_id: string
  readonly group_name: string
}

/** Those of the APIs that exist, by id. */
export async function describeApis(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, DescribedApi>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('apis')
    .innerJoin('api_groups as groups', 'groups.id', 'apis.group_id')
    .select(['apis.id', 'apis.name', 'apis.type', 'apis.req_protocol', 'apis.req_method', 'apis.req_uri'])
    .select(['apis.auth_type', 'apis.match_mode', 'apis.definition', 'apis.group_id', 'groups.name as group_name'])
    // The words of these columns were checked when the API was written.
    .$narrowType<Pick<ApiDocument, 'req_protocol' | 'req_method' | 'auth_type' | 'match_mode'>>()
    .where('apis.id', 'in', [...new Set(ids)])
    .execute()
  return new Map(outlined(rows).map(({ id, ...api }) => [id, api]))
}

/** What the definition of each row says beside its columns. */
export function outlined<Row extends { readonly definition: string }>(
  rows: readonly Row[],
): (Omit<Row, 'definition'> & Outlined)[] {
  return rows.map(({ definition, ...row }) => {
    const { remark = '', tags } = documentOf(definition)
    return { ...row, remark, tags }
  })
}
