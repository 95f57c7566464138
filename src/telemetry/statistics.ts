/**
 * Per-minute statistics of one process (telemetry.md §4.1), cheap to update: whoever serves an API keeps its counts at
 * hand, and a request adds to one cell.
 */
import { countLatency, emptyBuckets } from './latency-buckets.js'

/**
 * What one process counted for one API in one minute since it last told. Deltas add up: sums and counts by addition,
 * maxima by the larger one. Plain JSON.
 */
export interface StatisticsDelta {
  readonly instanceId: string
  /** Empty, as `instanceId`, where the host led to no group. */
  readonly groupId: string
  /** Empty for requests that no API has answered. */
  readonly apiId: string
  /** Of the publication; empty where no API has answered. */
  readonly environmentId: string
  /** Start of the minute in which the requests were received, seconds since the epoch. */
  readonly minute: number
  readonly count: number
  readonly count2xx: number
  readonly count3xx: number
  readonly count4xx: number
  readonly count5xx: number
  /** Requests refused with response type THROTTLED. */
  readonly throttled: number
  /** Whole time, first byte read to last byte written; milliseconds. */
  readonly latencySum: number
  readonly latencyMax: number
  /** How many requests took how long: whole time, by `LATENCY_BOUNDS`, and one more for what is longer. */
  readonly latencyBuckets: readonly number[]
  /** Whole time less the backend's, never below 0; milliseconds. */
  readonly innerSum: number
  readonly innerMax: number
  /** Requests that reached a backend, and the time of all their attempts; milliseconds. */
  readonly backendCount: number
  readonly backendSum: number
  readonly backendMax: number
  /** As `latencyBuckets`, of the time of all attempts. */
  readonly backendBuckets: readonly number[]
  /** Bytes from clients (request line, headers, body) and to clients. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** Bytes from backends at public addresses, and to them. */
  readonly publicBytesIn: number
  readonly publicBytesOut: number
}

/** What is counted of a request. The gateway's exchange is one. */
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
  readonly publicBytesIn: number
  readonly publicBytesOut: number
}

/** A request that no API has answered; its ids are empty where they are not known either. */
export interface Unmatched extends Counted {
  readonly instanceId: string
  readonly groupId: string
}

type Cell = {
  -readonly [K in keyof StatisticsDelta]: StatisticsDelta[K] extends readonly number[] ? number[] : StatisticsDelta[K]
}

export class Statistics {
  #dirty: ApiStatistics[] = []
  /** Of groups that were asked for something that they do not have since the last `drain`. */
  readonly #unmatched = new Map<string, ApiStatistics>()

  /** Counts for one API. Several for the same API are added up by whoever receives the deltas. */
  of(instanceId: string, groupId: string, apiId: string, environmentId: string): ApiStatistics {
    return new ApiStatistics({ instanceId, groupId, apiId, environmentId }, (api) => this.#dirty.push(api))
  }

  recordUnmatched(request: Unmatched): void {
    const { instanceId, groupId } = request
    let group = this.#unmatched.get(groupId)
    if (group === undefined) this.#unmatched.set(groupId, (group = this.of(instanceId, groupId, '', '')))
    group.record(request)
  }

  /** Groups that are remembered. */
  get size(): number {
    return this.#unmatched.size
  }

  /** What was counted since the last call. */
  drain(): StatisticsDelta[] {
    const dirty = this.#dirty
    this.#dirty = []
    // Those of groups that are gone would never be asked for again.
    this.#unmatched.clear()
    return dirty.flatMap((api) => api.drain())
  }
}

type Subject = Pick<StatisticsDelta, 'instanceId' | 'groupId' | 'apiId' | 'environmentId'>

export class ApiStatistics {
  #current: Cell | undefined
  #cells: Cell[] = []

  constructor(
    private readonly subject: Subject,
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
    else if (status >= 300) cell.count3xx++
    if (request.errorType === 'THROTTLED') cell.throttled++
    cell.latencySum += latency
    if (latency > cell.latencyMax) cell.latencyMax = latency
    countLatency(cell.latencyBuckets, latency)
    cell.innerSum += inner
    if (inner > cell.innerMax) cell.innerMax = inner
    if (request.upstreamStartedAt !== 0) {
      cell.backendCount++
      cell.backendSum += request.upstreamTotal
      if (request.upstreamTotal > cell.backendMax) cell.backendMax = request.upstreamTotal
      countLatency(cell.backendBuckets, request.upstreamTotal)
    }
    cell.bytesIn += request.bytesIn
    cell.bytesOut += request.bytesOut
    cell.publicBytesIn += request.publicBytesIn
    cell.publicBytesOut += request.publicBytesOut
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
      cell = emptyCell(this.subject, minute)
      this.#cells.push(cell)
    }
    this.#current = cell
    return cell
  }
}

function emptyCell({ instanceId, groupId, apiId, environmentId }: Subject, minute: number): Cell {
  return {
    instanceId,
    groupId,
    apiId,
    environmentId,
    minute,
    count: 0,
    count2xx: 0,
    count3xx: 0,
    count4xx: 0,
    count5xx: 0,
    throttled: 0,
    latencySum: 0,
    latencyMax: 0,
    latencyBuckets: emptyBuckets(),
    innerSum: 0,
    innerMax: 0,
    backendCount: 0,
    backendSum: 0,
    backendMax: 0,
    backendBuckets: emptyBuckets(),
    bytesIn: 0,
    bytesOut: 0,
    publicBytesIn: 0,
    publicBytesOut: 0,
  }
}
