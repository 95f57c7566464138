/** What a process costs, for metrics. Reading it takes some microseconds, and nothing is measured in between. */

export interface ProcessFigures {
  /** Seconds since the epoch. */
  readonly startedAt: number
  /** Seconds since it started, of all its threads. */
  readonly cpu: number
  /** Seconds that its main thread was at work: what is left is spare. */
  readonly busy: number
  /** Bytes. */
  readonly resident: number
  readonly heap: number
}

export function processFigures(): ProcessFigures {
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed } = process.memoryUsage()
  return {
    startedAt: Math.round(performance.timeOrigin) / 1_000,
    cpu: (user + system) / 1_000_000,
    busy: performance.eventLoopUtilization().active / 1_000,
    resident: rss,
    heap: heapUsed,
  }
}
