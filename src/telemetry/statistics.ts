/**
 * Per-minute statistics of one process (telemetry.md §4.1), cheap to update: a route keeps the cell of its API.
 */

/**
 * What one process counted for one API in one minute since it last told. Deltas add up: sums and counts by addition,
 * maxima by the larger one. Plain JSON.
 */
export interface StatisticsDelta {
  readonly instanceId: string
  readonly groupId: string
  readonly apiId: string
  /** Start of the minute in which the requests were received, seconds since the epoch. */
  readonly minute: number
  readonly count: number
  readonly count2xx: number
  readonly count4xx: number
  readonly count5xx: number
  /** Requests refused with response type THROTTLED. */
  readonly throttled: number
  /** Whole time, first byte read to last byte written; milliseconds. */
  readonly latencySum: number
  readonly latencyMax: number
  /** Whole time less the backend's, never below 0; milliseconds. */
  readonly innerSum: number
  readonly innerMax: number
  /** Requests that reached a backend, and the time of all their attempts; milliseconds. */
  readonly backendCount: number
  readonly backendSum: number
  readonly backendMax: number
  /** Bytes from clients (request line, headers, body) and to clients. */
  readonly bytesIn: number
  readonly bytesOut: number
}
