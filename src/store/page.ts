import { sql, type SelectQueryBuilder } from 'kysely'

/** `offset` counts elements; both are already clamped (conventions.md §4). */
export interface Paging {
  readonly offset: number
  readonly limit: number
}

export interface Page<Row> {
  /** Matches before paging. */
  readonly total: number
  readonly rows: readonly Row[]
}

/**
 * The number of all matches and one page of them. The query brings its filters and a total order, so that no row is
 * seen twice and none is missed while a client walks through the pages.
 */
export async function selectPage<DB, TB extends keyof DB, Row>(
  query: SelectQueryBuilder<DB, TB, Row>,
  { offset, limit }: Paging,
): Promise<Page<Row>> {
  const rows = await query.limit(limit).offset(offset).execute()
  return pageOf(rows, { offset, limit }, () => countAll(query))
}

/** A page that ends within itself has counted all matches: a filter with few of them is applied once. */
export async function pageOf<Row>(
  rows: readonly Row[],
  { offset, limit }: Paging,
  count: () => Promise<number>,
): Promise<Page<Row>> {
  const endsWithin = rows.length < limit && (rows.length > 0 || offset === 0)
  return { total: endsWithin ? offset + rows.length : await count(), rows }
}

/** How many rows a query has without its page. */
export async function countAll<DB, TB extends keyof DB, Row>(query: SelectQueryBuilder<DB, TB, Row>): Promise<number> {
  const { total } = await query
    .clearSelect()
    .clearOrderBy()
    .select(sql<number>`count(*)`.as('total'))
    .$castTo<{ total: number }>()
    .executeTakeFirstOrThrow()
  return total
}

/** Whether `precise_search`, a comma-separated list, names a field: then its filter is exact. */
export function isPrecise(preciseSearch: string | undefined, field: string): boolean {
  return preciseSearch?.split(',').some((name) => name.trim() === field) ?? false
}
