import type { StatisticsAPI, StatisticsGroup } from '../../contract/generated/schemas.js'
import type { StatisticsRow } from '../../store/schema.js'
import type { Minute } from '../../store/statistics.js'
import { plainTime } from '../time.js'

export interface StatisticsScope {
  readonly projectId: string
  /** Milliseconds east of UTC of the zone that `req_time` and `register_time` are shown in. */
  readonly offset: number
}

export function apiMinuteView(row: StatisticsRow, scope: StatisticsScope): StatisticsAPI {
  return {
    ...minuteView(row, scope),
    max_inner_latency: Math.round(row.inner_max),
    avg_inner_latency: average(row.inner_sum, row.requests),
    max_backend_latency: Math.round(row.backend_max),
    avg_backend_latency: average(row.backend_sum, row.backend_requests),
    cycle: 'MINUTE',
    api_id: row.api_id,
    group_id: row.group_id,
    status: 1,
  }
}

export function groupMinuteView(row: Minute, groupId: string, scope: StatisticsScope): StatisticsGroup {
  return { ...minuteView(row, scope), group_id: groupId }
}

function minuteView(row: Minute, { projectId, offset }: StatisticsScope) {
  return {
    max_latency: Math.round(row.latency_max),
    avg_latency: average(row.latency_sum, row.requests),
    req_count: row.requests,
    req_count2xx: row.requests_2xx,
    req_count4xx: row.requests_4xx,
    req_count5xx: row.requests_5xx,
    req_count_error: row.requests_4xx + row.requests_5xx,
    output_throughput: row.bytes_out,
    input_throughput: row.bytes_in,
    current_minute: row.minute,
    provider: projectId,
    req_time: plainTime(row.minute * 1_000 + offset),
    register_time: plainTime(row.updated_at + offset),
  }
}

/** Two decimals; 0 of nothing. */
function average(sum: number, count: number): number {
  return count === 0 ? 0 : Math.round((sum / count) * 100) / 100
}
