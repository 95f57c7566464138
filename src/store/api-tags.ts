import { sql, type Expression, type SqlBool } from 'kysely'

/** Stands in a filter for "has no tag at all". */
export const NO_TAGS = '#no_tags#'

/** Whether an API has any of the tags. */
export function tagged(apiId: Expression<string>, tags: readonly string[]): Expression<SqlBool> {
  const some = sql<SqlBool>`exists (select 1 from api_tags where api_tags.api_id = ${apiId} and api_tags.tag in (${sql.join(tags)}))`
  if (!tags.includes(NO_TAGS)) return some
  return sql<SqlBool>`(${some} or not exists (select 1 from api_tags where api_tags.api_id = ${apiId}))`
}
