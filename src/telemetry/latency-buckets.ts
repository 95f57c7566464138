/** The steps of latency by which requests are counted, for histograms (telemetry.md §3.2). */

/** Upper bounds, included, in milliseconds; what is longer is counted after the last one. */
export const LATENCY_BOUNDS: readonly number[] = [
  1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000,
]

const NOTHING: readonly number[] = [...LATENCY_BOUNDS.map(() => 0), 0]

/** Counts of nothing yet: one for each bound, and one for what is longer. */
export function emptyBuckets(): number[] {
  return NOTHING.slice()
}

/** Most requests are short: what is compared with comes in that order. A look-up in a table is no faster. */
export function countLatency(buckets: number[], ms: number): void {
  let bucket = 0
  while (ms > (LATENCY_BOUNDS[bucket] ?? Infinity)) bucket++
  buckets[bucket] = (buckets[bucket] ?? 0) + 1
}
