/** What lists of other families say about an API beside its columns: its remark and its tags. */
import type { ApiCreate } from '../contract/generated/schemas.js'
import { documentOf } from './apis.js'

/** The words that the columns of an API hold: they were checked when it was written. */
export type ApiWords = Required<Pick<ApiCreate, 'auth_type' | 'req_method'>>

export interface Outlined {
  readonly remark: string
  readonly tags: readonly string[]
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
