import type { StatisticsReportRow, StatisticsRow } from './schema.js'
import { ROWS_PER_INSERT, type Database } from './store.js'

/** What happened in one minute. Latencies in milliseconds. */
export type Minute = Omit<StatisticsRow, 'api_id' | 'group_id' | 'instance_id'>

/**
 * Adds to what is there: counts and sums by addition, maxima by the larger one; `updated_at` is replaced. There is at
 * most one cell per API and minute among `cells`. Cells of APIs that are gone are left out.
 */
export async function addStatistics(db: Database, cells: readonly StatisticsRow[]): Promise<void> {
  // One order for all writers: two that add to the same rows wait for each other and never both.
  const ordered = cells.toSorted((a, b) => compare(a.api_id, b.api_id) || a.minute - b.minute)
  for (let from = 0; from < ordered.length; from += ROWS_PER_INSERT)
    await addSome(db, ordered.slice(from, from + ROWS_PER_INSERT))
}

/** Remembers which reports have been added, in the transaction that adds them. One for each sender. */
export async function rememberReports(db: Database, reports: readonly StatisticsReportRow[]): Promise<void> {
  if (reports.length === 0) return
  await db
    .insertInto('statistics_reports')
    .values(reports.toSorted((a, b) => compare(a.sender, b.sender)))
    .onConflict((conflict) =>
      conflict
        .column('sender')
        .doUpdateSet((eb) => ({ number: eb.ref('excluded.number'), updated_at: eb.ref('excluded.updated_at') })),
    )
    .execute()
}

/** Number of the last report of a sender that was added; −1 where there is none. */
export async function lastReportOf(db: Database, sender: string): Promise<number> {
  const row = await db.selectFrom('statistics_reports').select('number').where('sender', '=', sender).executeTakeFirst()
  return row?.number ?? -1
}

/** Forgets the minutes that began before a moment, in seconds since the epoch, and who has told nothing since. */
export async function pruneStatistics(db: Database, before: number): Promise<void> {
  await db.deleteFrom('statistics').where('minute', '<', before).execute()
  await db
    .deleteFrom('statistics_reports')
    .where('updated_at', '<', before * 1_000)
    .execute()
}

/** Minutes with calls, ascending, `from` and `to` included; seconds since the epoch. */
export async function minutesOfApi(
  db: Database,
  apiId: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly StatisticsRow[]> {
  return db
    .selectFrom('statistics')
    .selectAll()
    .where('api_id', '=', apiId)
    .where('minute', '>=', from)
    .where('minute', '<=', to)
    .orderBy('minute')
    .execute()
}

/** As {@link minutesOfApi}, over all APIs of a group. */
export async function minutesOfGroup(
  db: Database,
  groupId: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly Minute[]> {
  return db
    .selectFrom('statistics')
    .select('minute')
    .select((eb) => [
      ...COUNTS.map((name) => eb.cast<number>(eb.fn.sum(name), 'bigint').as(name)),
      ...SUMS.map((name) => eb.fn.sum<number>(name).as(name)),
      ...MAXIMA.map((name) => eb.fn.max(name).as(name)),
      eb.fn.max('updated_at').as('updated_at'),
    ])
    .where('group_id', '=', groupId)
    .where('minute', '>=', from)
    .where('minute', '<=', to)
    .groupBy('minute')
    .orderBy('minute')
    .execute()
}

/** Whose bytes: those of clients, or those of backends at public addresses. */
export type TrafficSide = 'clients' | 'public backends'

/** What came into gateways and left them in one minute. */
export interface MinuteTraffic {
  /** Seconds since the epoch. */
  readonly minute: number
  readonly bytes_in: number
  readonly bytes_out: number
}

/**
 * Bytes of all APIs of an instance, in minutes that began in a span of time, ascending; milliseconds since the epoch,
 * `to` not included. Minutes without any are left out.
 */
export async function trafficOfInstance(
  db: Database,
  instanceId: string,
  side: TrafficSide,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly MinuteTraffic[]> {
  const [bytesIn, bytesOut] =
    side === 'clients' ? (['bytes_in', 'bytes_out'] as const) : (['public_bytes_in', 'public_bytes_out'] as const)
  return db
    .selectFrom('statistics')
    .select('minute')
    .select((eb) => [
      eb.cast<number>(eb.fn.sum(bytesIn), 'bigint').as('bytes_in'),
      eb.cast<number>(eb.fn.sum(bytesOut), 'bigint').as('bytes_out'),
    ])
    .where('instance_id', '=', instanceId)
    .where('minute', '>=', Math.ceil(from / 1_000))
    .where('minute', '<', Math.ceil(to / 1_000))
    .where((eb) => eb.or([eb(bytesIn, '>', 0), eb(bytesOut, '>', 0)]))
    .groupBy('minute')
    .orderBy('minute')
    .execute()
}

async function addSome(db: Database, cells: readonly StatisticsRow[]): Promise<void> {
  const known = await db
    .selectFrom('apis')
    .select('id')
    .where('id', 'in', [...new Set(cells.map((cell) => cell.api_id))])
    .execute()
  const ids = new Set(known.map((row) => row.id))
  const rows = cells.filter((cell) => ids.has(cell.api_id))
  if (rows.length === 0) return
  await db
    .insertInto('statistics')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['api_id', 'minute']).doUpdateSet((eb) => ({
        ...Object.fromEntries(
          [...COUNTS, ...SUMS].map((name) => [name, eb(`statistics.${name}`, '+', eb.ref(`excluded.${name}`))]),
        ),
        ...Object.fromEntries(
          MAXIMA.map((name) => [
            name,
            eb
              .case()
              .when(`excluded.${name}`, '>', eb.ref(`statistics.${name}`))
              .then(eb.ref(`excluded.${name}`))
              .else(eb.ref(`statistics.${name}`))
              .end(),
          ]),
        ),
        updated_at: eb.ref('excluded.updated_at'),
      })),
    )
    .execute()
}

const COUNTS = [
  'requests',
  'requests_2xx',
  'requests_4xx',
  'requests_5xx',
  'backend_requests',
  'bytes_in',
  'bytes_out',
  'public_bytes_in',
  'public_bytes_out',
] as const
const SUMS = ['latency_sum', 'inner_sum', 'backend_sum'] as const
const MAXIMA = ['latency_max', 'inner_max', 'backend_max'] as const

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
