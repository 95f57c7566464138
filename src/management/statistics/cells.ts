import type { StatisticsRow } from '../../store/schema.js'
import type { StatisticsDelta } from '../../telemetry/statistics.js'

/** What several processes counted, one cell per API and minute. */
export class Cells {
  readonly #cells = new Map<string, StatisticsRow>()

  get size(): number {
    return this.#cells.size
  }

  /** @param now moment of the write, milliseconds. */
  add(deltas: readonly StatisticsDelta[], now: number): void {
    for (const delta of deltas) this.#add(cellOf(delta, now))
  }

  /** Hands over all cells and starts anew. */
  take(): StatisticsRow[] {
    const cells = [...this.#cells.values()]
    this.#cells.clear()
    return cells
  }

  /** Takes back what could not be written, but for minutes that began before `since`, in seconds. */
  putBack(cells: readonly StatisticsRow[], since: number): void {
    for (const cell of cells) if (cell.minute >= since) this.#add(cell)
  }

  #add(cell: StatisticsRow): void {
    const key = `${cell.api_id}/${cell.minute}`
    const known = this.#cells.get(key)
    this.#cells.set(key, known === undefined ? cell : sum(known, cell))
  }
}

function cellOf(delta: StatisticsDelta, now: number): StatisticsRow {
  return {
    api_id: delta.apiId,
    minute: delta.minute,
    instance_id: delta.instanceId,
    group_id: delta.groupId,
    requests: delta.count,
    requests_2xx: delta.count2xx,
    requests_4xx: delta.count4xx,
    requests_5xx: delta.count5xx,
    latency_sum: delta.latencySum,
    latency_max: delta.latencyMax,
    inner_sum: delta.innerSum,
    inner_max: delta.innerMax,
    backend_requests: delta.backendCount,
    backend_sum: delta.backendSum,
    backend_max: delta.backendMax,
    bytes_in: delta.bytesIn,
    bytes_out: delta.bytesOut,
    public_bytes_in: delta.publicBytesIn,
    public_bytes_out: delta.publicBytesOut,
    updated_at: now,
  }
}

function sum(a: StatisticsRow, b: StatisticsRow): StatisticsRow {
  return {
    ...a,
    requests: a.requests + b.requests,
    requests_2xx: a.requests_2xx + b.requests_2xx,
    requests_4xx: a.requests_4xx + b.requests_4xx,
    requests_5xx: a.requests_5xx + b.requests_5xx,
    latency_sum: a.latency_sum + b.latency_sum,
    latency_max: Math.max(a.latency_max, b.latency_max),
    inner_sum: a.inner_sum + b.inner_sum,
    inner_max: Math.max(a.inner_max, b.inner_max),
    backend_requests: a.backend_requests + b.backend_requests,
    backend_sum: a.backend_sum + b.backend_sum,
    backend_max: Math.max(a.backend_max, b.backend_max),
    bytes_in: a.bytes_in + b.bytes_in,
    bytes_out: a.bytes_out + b.bytes_out,
    public_bytes_in: a.public_bytes_in + b.public_bytes_in,
    public_bytes_out: a.public_bytes_out + b.public_bytes_out,
    updated_at: Math.max(a.updated_at, b.updated_at),
  }
}
