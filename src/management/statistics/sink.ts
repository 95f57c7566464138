/** Where the counts of all gateways come together: added to the database, kept for a day (telemetry.md §4.1). */
import { addStatistics, pruneStatistics } from '../../store/statistics.js'
import type { Store } from '../../store/store.js'
import type { StatisticsDelta } from '../../telemetry/statistics.js'
import { Cells } from './cells.js'

const KEPT_SECONDS = 24 * 60 * 60
const PRUNE_INTERVAL = 60_000

export interface StatisticsSinkOptions {
  readonly store: Store
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** The database refused a write. What was to be written is kept, and tried again with the next one. */
  readonly onError: (error: unknown) => void
}

export class StatisticsSink {
  readonly #cells = new Cells()
  #last: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout

  constructor(private readonly options: StatisticsSinkOptions) {
    this.#timer = setInterval(() => {
      void this.prune()
    }, PRUNE_INTERVAL)
    this.#timer.unref()
  }

  /** Resolves when the counts are written, or kept for the next attempt. What comes during a write is one batch. */
  receive(deltas: readonly StatisticsDelta[]): Promise<void> {
    // What no API has answered belongs to no API's minutes.
    const ofApis = deltas.filter(({ apiId }) => apiId !== '')
    this.#cells.add(ofApis, this.options.clock())
    return this.#inTurn(() => this.#write())
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

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(work).catch(this.options.onError)
    return this.#last
  }

  async #write(): Promise<void> {
    const cells = this.#cells.take()
    if (cells.length === 0) return
    try {
      // An instance that is being deleted is deleted before, with all its APIs, or after.
      const instances = [...new Set(cells.map((cell) => cell.instance_id))].sort()
      await this.options.store.write(instances, ({ db }) => addStatistics(db, cells))
    } catch (error) {
      this.#cells.putBack(cells, this.#oldest())
      throw error
    }
  }

  #oldest(): number {
    return Math.floor(this.options.clock() / 1_000) - KEPT_SECONDS
  }
}
