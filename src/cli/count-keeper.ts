/**
 * Keeps what the node has counted against quotas of days and months through restarts of Sluice, in its data directory.
 *
 * It writes every second in which something was counted, and at an orderly end, when gateways have returned what they
 * held. After a kill or a loss of power, calls of the last second before it are forgotten, and up to one batch of every
 * gateway (what it uses in about 100 ms, 16 at least) counts though it was not used: so a window may admit too many by
 * the one, and too few by the other.
 */
import { join } from 'node:path'
import type { Logger } from 'pino'
import { readCounts, writeCounts } from '../limits/kept-counts.js'
import type { LimitNode } from '../limits/node.js'

const FILE = 'counts.json'
/** Milliseconds. */
const INTERVAL = 1_000

export class CountKeeper {
  readonly #file: string
  readonly #timer: NodeJS.Timeout
  #kept: number
  #writing: Promise<void> | undefined
  #failed = false

  /** Gives the node what was kept. */
  constructor(
    private readonly node: LimitNode,
    dataDir: string,
    private readonly log: Logger,
  ) {
    this.#file = join(dataDir, FILE)
    try {
      node.restore(readCounts(this.#file), Date.now())
    } catch (error) {
      log.error({ err: error }, 'what was counted before cannot be read: quotas start afresh')
    }
    this.#kept = node.durableChanges
    this.#timer = setInterval(() => {
      // A disk that is slow is not asked again before it has answered.
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined
      })
    }, INTERVAL)
    this.#timer.unref()
  }

  /** Writes what has changed since, and stops. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#writing
    await this.#write()
  }

  async #write(): Promise<void> {
    const changes = this.node.durableChanges
    try {
      if (changes === this.#kept) return
      await writeCounts(this.#file, this.node.durableCounts())
      this.#kept = changes
      this.#failed = false
    } catch (error) {
      // Once, not every second.
      if (!this.#failed) this.log.error({ err: error }, 'what is counted cannot be kept for a restart')
      this.#failed = true
    }
  }
}
