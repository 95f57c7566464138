/** A gateway's counts on their way to control: each second what is new, again and again until control has it. */
import { randomUUID } from 'node:crypto'
import type { StatisticsDelta } from '../telemetry/statistics.js'
import { post } from './control-post.js'
import { STATISTICS_PATH } from './paths.js'
import { Recurring } from './recurring.js'
import type { StatisticsReport } from './statistics-report.js'
import type { StreamLog } from './stream-client.js'

export interface StatisticsSenderOptions {
  readonly controlUrl: string | undefined
  /** The cluster token. */
  readonly token: string
  /** What was counted since the last call. */
  readonly collect: () => readonly StatisticsDelta[]
  readonly log: StreamLog
  /** Milliseconds between reports. Default 1,000. */
  readonly interval?: number
}

/** Deltas of one report: some 2 MB. */
const REPORT_SIZE = 5_000
/** Deltas that are kept while control is away, some 40 MB; the oldest are given up for newer ones. */
const MEMORY = 100_000

export class StatisticsSender {
  #controlUrl: string | undefined
  readonly #sender = randomUUID()
  #number = 0
  #waiting: StatisticsDelta[] = []
  /** What was sent and not yet accepted: it must not change, for control may have accepted it. */
  #underWay: StatisticsReport | undefined
  readonly #sending: Recurring

  constructor(private readonly options: StatisticsSenderOptions) {
    this.#controlUrl = options.controlUrl
    this.#sending = new Recurring(() => this.#send(), options.interval ?? 1_000)
  }

  controlIsAt(url: string): void {
    this.#controlUrl = url
  }

  /** Sends what there is. Resolves when it was accepted, or when it wasn't and will be sent again. */
  flush(): Promise<void> {
    return this.#sending.now()
  }

  /** Sends for the last time. */
  async close(): Promise<void> {
    await this.#sending.stop()
    await this.flush()
  }

  async #send(): Promise<void> {
    this.#waiting = this.#waiting.concat(this.options.collect())
    this.#giveUpOldest()
    while (this.#underWay !== undefined || this.#waiting.length > 0) {
      this.#underWay ??= { sender: this.#sender, number: ++this.#number, deltas: this.#waiting.splice(0, REPORT_SIZE) }
      if (this.#controlUrl === undefined || !(await this.#deliver(this.#controlUrl, this.#underWay))) return
      this.#underWay = undefined
    }
  }

  #giveUpOldest(): void {
    const excess = this.#waiting.length - MEMORY
    if (excess <= 0) return
    this.#waiting.splice(0, excess)
    this.options.log.warn({ lost: excess }, 'control has been away too long: the oldest statistics are given up')
  }

  /** Whether there is nothing more to do about a report. */
  async #deliver(controlUrl: string, report: StatisticsReport): Promise<boolean> {
    const status = await post(new URL(STATISTICS_PATH, controlUrl), this.options.token, JSON.stringify(report))
    if (status === 204) return true
    // Sending it again would only be refused again.
    if (status !== 400 && status !== 413) return false
    this.options.log.warn({ status, lost: report.deltas.length }, 'control refuses statistics: they are given up')
    return true
  }
}
