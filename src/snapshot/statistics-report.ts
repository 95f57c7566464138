/** How a gateway's counts travel to control. */
import { z } from 'zod'
import { LATENCY_BOUNDS } from '../telemetry/latency-buckets.js'
import type { StatisticsDelta } from '../telemetry/statistics.js'
import { readReport } from './read-report.js'

/**
 * A gateway sends a report again until it is accepted, with the same number, so that a reply that got lost doesn't make
 * it count twice.
 */
export interface StatisticsReport {
  /** Made anew by each gateway process. */
  readonly sender: string
  /** Grows by one from report to report. */
  readonly number: number
  readonly deltas: readonly StatisticsDelta[]
}

/** Bytes. */
export const LARGEST_REPORT = 8 * 1024 * 1024

const count = z.int().min(0)
const milliseconds = z.number().min(0)
/** Checked by hand, in a tenth of the time: there are thirty of them in each delta. */
const buckets = z.custom<readonly number[]>(
  (value) => Array.isArray(value) && value.length === LATENCY_BOUNDS.length + 1 && value.every(isCount),
)
const reportSchema = z.strictObject({
  sender: z.string().min(1).max(64),
  number: count,
  deltas: z.array(
    z.strictObject({
      instanceId: z.string(),
      groupId: z.string(),
      apiId: z.string(),
      environmentId: z.string(),
      minute: count,
      count,
      count2xx: count,
      count3xx: count,
      count4xx: count,
      count5xx: count,
      throttled: count,
      latencySum: milliseconds,
      latencyMax: milliseconds,
      latencyBuckets: buckets,
      innerSum: milliseconds,
      innerMax: milliseconds,
      backendCount: count,
      backendSum: milliseconds,
      backendMax: milliseconds,
      backendBuckets: buckets,
      bytesIn: count,
      bytesOut: count,
      publicBytesIn: count,
      publicBytesOut: count,
    }),
  ),
})

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

export function parseReport(body: unknown): StatisticsReport | undefined {
  return readReport(reportSchema, body)
}

/** How many gateway processes are remembered: those that reported last. */
const SENDERS = 1_000

export class SeenReports {
  /** The last report of each sender: its number, and its acceptance, which may still be under way. */
  readonly #last = new Map<string, { readonly number: number; readonly accepted: Promise<void> }>()

  /** Accepts a report, unless it was accepted before. Rejects when `accept` does; the report may then come again. */
  async once({ sender, number }: StatisticsReport, accept: () => Promise<void> | void): Promise<void> {
    const last = this.#last.get(sender)
    if (last !== undefined && number < last.number) return
    if (last?.number === number) return last.accepted
    const accepted = (async () => accept())()
    this.#last.delete(sender)
    this.#last.set(sender, { number, accepted })
    const [oldest] = this.#last.keys()
    if (this.#last.size > SENDERS && oldest !== undefined) this.#last.delete(oldest)
    try {
      await accepted
    } catch (error) {
      if (this.#last.get(sender)?.accepted === accepted) this.#last.delete(sender)
      throw error
    }
  }
}
