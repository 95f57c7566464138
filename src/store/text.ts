import { sql, type Expression, type SqlBool } from 'kysely'

/** Case-sensitive "contains" on both engines: SQLite's LIKE ignores case, and `%` in a filter is no wildcard. */
export function contains(column: Expression<string>, part: string): Expression<SqlBool> {
  return sql<SqlBool>`replace(${column}, ${part}, '') <> ${column}`
}

/** A filter by name: any part of it, or the whole of it (`precise_search`). */
export function named(column: Expression<string>, text: string, whole: boolean): Expression<SqlBool> {
  return whole ? sql<SqlBool>`${column} = ${text}` : contains(column, text)
}
