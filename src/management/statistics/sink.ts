/** Where the counts of all gateways come together: added to the database, kept for a day (telemetry.md §4.1). */
import { addStatistics, lastReportOf, pruneStatistics, rememberReports } from '../../store/statistics.js'
import type { Store } from '../../store/store.js'
import type { StatisticsReport } from '../../snapshot/statistics-report.js'
import type { StatisticsReportRow } from '../../store/schema.js'
import { Cells } from './cells.js'

const KEPT_SECONDS = 24 * 60 * 60
const PRUNE_INTERVAL = 60_000
/** Whose last report of an earlier control is remembered. */
const SENDERS = 1_000

export interface StatisticsSinkOptions {
  readonly store: Store
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** The database refused a write. What was to be written is kept, and tried again with the next one. */
  readonly onError: (error: unknown) => void
}

export class StatisticsSink {
  readonly #cells = new Cells()
  /** The last report of each sender among those cells. */
  #reports = new Map<string, StatisticsReportRow>()
  /**
   * The last report of each sender that an earlier control has written, looked for once: later, the database has those of
   * this one too.
   */
  readonly #earlier = new Map<string, Promise<number>>()
  #last: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout

  constructor(private readonly options: StatisticsSinkOptions) {
    this.#timer = setInterval(() => {
      void this.prune()
    }, PRUNE_INTERVAL)
    this.#timer.unref()
  }

  /**
   * Resolves when the counts are written, or kept for the next attempt. What comes during a write is one batch. A report
   * that an earlier control has written, and could not say so any more, is left out. Rejects when that cannot be known.
   *
   * @returns whether the report was new
   */
  async receive(report: StatisticsReport): Promise<boolean> {
    const { sender, number, deltas } = report
    if (number <= (await this.#lastOfEarlier(sender))) return false
    // What no API has answered belongs to no API's minutes.
    const ofApis = deltas.filter(({ apiId }) => apiId !== '')
    const now = this.options.clock()
    this.#cells.add(ofApis, now)
    if (ofApis.length > 0) this.#reports.set(sender, { sender, number, updated_at: now })
    await this.#inTurn(() => this.#write())
    return true
  }

  /** Forgets what is older than a day, after one more attempt to write what is kept. Runs by itself once a minute. */
  prune(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#write()
      await this.options.store.write([], ({ db }) => pruneStatistics(db, this.#oldest()))
    })
  }

  /** Resolves after the last write. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#inTurn(() => this.#write())
  }

  #lastOfEarlier(sender: string): Promise<number> {
    const known = this.#earlier.get(sender)
    if (known !== undefined) return known
    const last = this.options.store.read((db) => lastReportOf(db, sender))
    this.#earlier.set(sender, last)
    last.catch(() => this.#earlier.delete(sender))
    const [oldest] = this.#earlier.keys()
    if (this.#earlier.size > SENDERS && oldest !== undefined) this.#earlier.delete(oldest)
    return last
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(work).catch(this.options.onError)
    return this.#last
  }

  async #write(): Promise<void> {
    const cells = this.#cells.take()
    if (cells.length === 0) return
    const reports = this.#reports
    this.#reports = new Map()
    try {
      // An instance that is being deleted is deleted before, with all its APIs, or after.
      const instances = [...new Set(cells.map((cell) => cell.instance_id))].sort()
      await this.options.store.write(instances, async ({ db }) => {
        await addStatistics(db, cells)
        await rememberReports(db, [...reports.values()])
      })
    } catch (error) {
      this.#cells.putBack(cells, this.#oldest())
      for (const [sender, report] of reports) if (!this.#reports.has(sender)) this.#reports.set(sender, report)
      throw error
    }
  }

  #oldest(): number {
    return Math.floor(this.options.clock() / 1_000) - KEPT_SECONDS
  }
}
