/**
 * What all gateways have counted since control began, by API (telemetry.md §3.2). There are at most so many APIs with
 * figures of their own: what is beyond is counted together, under one name, so that a page is never longer than its
 * readers can take.
 */
import { draftEnvironment } from '../../snapshot/parts.js'
import { emptyBuckets } from '../../telemetry/latency-buckets.js'
import type { StatisticsDelta } from '../../telemetry/statistics.js'

export type StatusClass = '1xx' | '2xx' | '3xx' | '4xx' | '5xx'

export interface ApiTraffic {
  /** Ids are empty where requests found no instance, group or API; all of them are `OTHERS` for what has no room. */
  readonly instanceId: string
  readonly groupId: string
  readonly apiId: string
  /** Requests by environment. */
  readonly requests: Map<string, Record<StatusClass, number>>
  throttled: number
  readonly latency: LatencyCounts
  readonly backendLatency: LatencyCounts
  bytesIn: number
  bytesOut: number
}

export interface LatencyCounts {
  /** By `LATENCY_BOUNDS`, and one more for what is longer. */
  readonly buckets: number[]
  /** Milliseconds. */
  sum: number
}

const OTHERS = 'others'
/** Drafts are called once, each in an environment of its own. */
const DRAFT = 'draft'
const IS_DRAFT = draftEnvironment('')
/** Milliseconds without a request after which an API gives its place to another one. */
const IDLE = 60 * 60_000

export class Traffic {
  /** Those that were called last come last. */
  readonly #apis = new Map<string, { readonly traffic: ApiTraffic; at: number }>()
  #others: ApiTraffic | undefined

  /** @param most APIs, and groups asked for what they do not have, that have figures of their own */
  constructor(private readonly most: number) {}

  /** @param now milliseconds since the epoch */
  add(deltas: readonly StatisticsDelta[], now: number): void {
    for (const delta of deltas) addTo(this.#of(delta, now), delta)
  }

  all(): ApiTraffic[] {
    const own = Array.from(this.#apis.values(), ({ traffic }) => traffic)
    return this.#others === undefined ? own : [...own, this.#others]
  }

  #of({ instanceId, groupId, apiId }: StatisticsDelta, now: number): ApiTraffic {
    const key = apiId === '' ? `group ${groupId}` : apiId
    const known = this.#apis.get(key)
    if (known === undefined && !this.#hasRoom(now)) return (this.#others ??= noTraffic(OTHERS, OTHERS, OTHERS))
    const api = known ?? { traffic: noTraffic(instanceId, groupId, apiId), at: now }
    api.at = now
    this.#apis.delete(key)
    this.#apis.set(key, api)
    return api.traffic
  }

  #hasRoom(now: number): boolean {
    if (this.#apis.size < this.most) return true
    const [oldest] = this.#apis
    if (oldest === undefined || now - oldest[1].at < IDLE) return false
    this.#apis.delete(oldest[0])
    return true
  }
}

function addTo(traffic: ApiTraffic, delta: StatisticsDelta): void {
  const classes = requestsIn(traffic, delta.environmentId)
  classes['1xx'] += delta.count - delta.count2xx - delta.count3xx - delta.count4xx - delta.count5xx
  classes['2xx'] += delta.count2xx
  classes['3xx'] += delta.count3xx
  classes['4xx'] += delta.count4xx
  classes['5xx'] += delta.count5xx
  traffic.throttled += delta.throttled
  addLatency(traffic.latency, delta.latencyBuckets, delta.latencySum)
  addLatency(traffic.backendLatency, delta.backendBuckets, delta.backendSum)
  traffic.bytesIn += delta.bytesIn
  traffic.bytesOut += delta.bytesOut
}

function requestsIn({ apiId, requests }: ApiTraffic, environmentId: string): Record<StatusClass, number> {
  const environment = apiId === OTHERS ? OTHERS : environmentId.startsWith(IS_DRAFT) ? DRAFT : environmentId
  let classes = requests.get(environment)
  if (classes === undefined) requests.set(environment, (classes = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 }))
  return classes
}

function addLatency(counts: LatencyCounts, buckets: readonly number[], sum: number): void {
  buckets.forEach((count, index) => (counts.buckets[index] = (counts.buckets[index] ?? 0) + count))
  counts.sum += sum
}

function noTraffic(instanceId: string, groupId: string, apiId: string): ApiTraffic {
  return {
    ...{ instanceId, groupId, apiId },
    requests: new Map(),
    throttled: 0,
    latency: { buckets: emptyBuckets(), sum: 0 },
    backendLatency: { buckets: emptyBuckets(), sum: 0 },
    bytesIn: 0,
    bytesOut: 0,
  }
}
