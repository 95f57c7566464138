/**
 * Per-minute statistics of one process (telemetry.md §4.1), cheap to update: whoever serves an API keeps its counts at
 * hand, and a request adds to one cell.
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

/** What is counted of a request that an API has answered. The gateway's exchange is one. */
export interface Counted {
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  /** Monotonic milliseconds. */
  readonly startedAt: number
  readonly finishedAt: number
  readonly status: number
  readonly errorType: string
  /** 0 when no backend was called. */
  readonly upstreamStartedAt: number
  /** Milliseconds, over all attempts. */
  readonly upstreamTotal: number
  readonly bytesIn: number
  readonly bytesOut: number
}

type Cell = { -readonly [K in keyof StatisticsDelta]: StatisticsDelta[K] }

export class Statistics {
  #dirty: ApiStatistics[] = []

  /** Counts for one API. Several for the same API are added up by whoever receives the deltas. */
  of(instanceId: string, groupId: string, apiId: string): ApiStatistics {
    return new ApiStatistics(instanceId, groupId, apiId, (api) => this.#dirty.push(api))
  }

  /** What was counted since the last call. */
  drain(): StatisticsDelta[] {
    const dirty = this.#dirty
    this.#dirty = []
    return dirty.flatMap((api) => api.drain())
  }
}

export class ApiStatistics {
  #current: Cell | undefined
  #cells: Cell[] = []

  constructor(
    private readonly instanceId: string,
    private readonly groupId: string,
    private readonly apiId: string,
    private readonly onFirst: (api: ApiStatistics) => void,
  ) {}

  record(request: Counted): void {
    const minute = Math.floor(request.receivedAt / 60_000) * 60
    const cell = this.#current?.minute === minute ? this.#current : this.#cellOf(minute)
    const latency = request.finishedAt - request.startedAt
    const inner = Math.max(0, latency - request.upstreamTotal)
    const { status } = request
    cell.count++
    if (status >= 200 && status < 300) cell.count2xx++
    else if (status >= 400 && status < 500) cell.count4xx++
    else if (status >= 500) cell.count5xx++
    if (request.errorType === 'THROTTLED') cell.throttled++
    cell.latencySum += latency
    if (latency > cell.latencyMax) cell.latencyMax = latency
    cell.innerSum += inner
    if (inner > cell.innerMax) cell.innerMax = inner
    if (request.upstreamStartedAt !== 0) {
      cell.backendCount++
      cell.backendSum += request.upstreamTotal
      if (request.upstreamTotal > cell.backendMax) cell.backendMax = request.upstreamTotal
    }
    cell.bytesIn += request.bytesIn
    cell.bytesOut += request.bytesOut
  }

  drain(): StatisticsDelta[] {
    const cells = this.#cells
    this.#cells = []
    this.#current = undefined
    return cells
  }

  /** A request that took long belongs to a minute that others have left. */
  #cellOf(minute: number): Cell {
    if (this.#cells.length === 0) this.onFirst(this)
    let cell = this.#cells.find((known) => known.minute === minute)
    if (cell === undefined) {
      const { instanceId, groupId, apiId } = this
      cell = emptyCell(instanceId, groupId, apiId, minute)
      this.#cells.push(cell)
    }
    this.#current = cell
    return cell
  }
}

function emptyCell(instanceId: string, groupId: string, apiId: string, minute: number): Cell {
  return {
    instanceId,
    groupId,
    apiId,
    minute,
    count: 0,
    count2xx: 0,
    count4xx: 0,
    count5xx: 0,
    throttled: 0,
    latencySum: 0,
    latencyMax: 0,
    innerSum: 0,
    innerMax: 0,
    backendCount: 0,
    backendSum: 0,
    backendMax: 0,
    bytesIn: 0,
    bytesOut: 0,
  }
}
