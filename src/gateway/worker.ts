/**
 * The gateway of one process: configuration, pipeline and listeners, put together. Whoever runs processes (a worker's
 * entry, a test) starts one, applies updates to it and drains it.
 */
import type { Limiter } from '../limits/limiter.js'
import type { Update } from '../snapshot/parts.js'
import type { AccessLogOptions } from '../telemetry/access-log.js'
import type { StatisticsDelta } from '../telemetry/statistics.js'

export interface ListenAddress {
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
}

export interface GatewayOptions {
  /** Plain HTTP listeners. In a cluster worker, workers that listen on the same address share it. */
  readonly http: readonly ListenAddress[]
  /** Where calls are counted. Default: a counter of this process alone. */
  readonly limiter?: Limiter
  /** `off` writes none. */
  readonly accessLog: AccessLogOptions | 'off'
  /** Logged as `region_id`. */
  readonly region: string
  /** Calls a day that one group's debugging domains admit; `off` admits all. Default 1,000 (policies.md §1.6). */
  readonly debugDomainLimit?: number | 'off'
  /** Addresses that count as the gateway's own besides those of the machine's interfaces (routing.md §3.3). */
  readonly inboundAddresses?: readonly string[]
  /** CIDR blocks that no backend may be in. Default: backends.md §2. */
  readonly forbiddenBackends?: readonly string[]
  /** What should not have happened: a bug in a step, a log that cannot be written. Never a caller's doing. */
  readonly onFault: (fault: unknown) => void
}

export interface Gateway extends AsyncDisposable {
  /** In the order of `GatewayOptions.http`, with the ports that were taken. */
  readonly addresses: readonly ListenAddress[]
  /** Revision of the last update that was applied; −1 before the first. */
  readonly revision: number
  /** Applies an update as a whole; the next request sees it. */
  apply(update: Update): void
  /** What was counted since the last call, to be shipped to control. */
  drainStatistics(): StatisticsDelta[]
  /** Stops accepting, finishes what is in flight within `graceMs` (default 30,000), flushes the access log. */
  drain(graceMs?: number): Promise<void>
}

export async function startGateway(_options: GatewayOptions): Promise<Gateway> {
  return Promise.reject(new Error('The gateway is being put together.'))
}
