import { sql, type Expression, type SqlBool } from 'kysely'

/** Case-sensitive "contains" on both engines: SQLite's LIKE ignores case, and `%` in a filter is no wildcard. */
export function contains(column: Expression<string>, part: string): Expression<SqlBool> {
  return sql<SqlBool>`replace(${column}, ${part}, '') <> ${column}`
}
