/** The metrics of a control process and of the gateways that report to it, by name (telemetry.md §3.2). */
import { Counter, Gauge, Registry } from 'prom-client'
import type { GatewayReport } from '../../snapshot/gateway-report.js'
import { processFigures, type ProcessFigures } from '../../telemetry/process-figures.js'
import type { CheckedAddress } from '../vpc-channels/member-health.js'
import type { Gateways } from './gateways.js'
import { summedHistogram } from './summed-histogram.js'
import type { ApiTraffic, Traffic } from './traffic.js'

export interface MetricSources {
  readonly traffic: Traffic
  readonly gateways: Gateways
  readonly checkedAddresses: () => readonly CheckedAddress[]
  /** Of what is published; −1 before anything is. */
  readonly revision: () => number
  /** Name of this machine. */
  readonly node: string
  /** Milliseconds since the epoch. */
  readonly clock: () => number
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]

/** Breakers, members and plug-ins that are shown at most, each for itself. */
const MOST = 2_000

export function metricsRegistry(sources: MetricSources): Registry {
  const registry = new Registry()
  const { traffic, gateways, clock, node } = sources
  const apis = (): readonly ApiTraffic[] => traffic.all()
  const ids = ({ instanceId, apiId }: ApiTraffic) => ({ instance_id: instanceId, api_id: apiId })

  const api = ['instance_id', 'api_id'] as const
  counter(registry, {
    name: 'apig_requests_total',
    help: 'Requests that are over, by API, environment and class of status; without an API where none has answered',
    labelNames: ['instance_id', 'api_id', 'group_id', 'env_id', 'status_class'],
    read: () =>
      apis().flatMap((one) =>
        Array.from(one.requests, ([environmentId, classes]) =>
          Object.entries(classes)
            .filter(([, count]) => count > 0)
            .map(([status, count]): Sample => [
              { ...ids(one), group_id: one.groupId, env_id: environmentId, status_class: status },
              count,
            ]),
        ).flat(),
      ),
  })
  counter(registry, {
    name: 'apig_throttled_total',
    help: 'Requests refused by throttling',
    labelNames: api,
    read: () => apis().map((one) => [ids(one), one.throttled]),
  })
  const latencies = [
    ['apig_latency_ms', 'Time from the first byte of a request to the last one of its reply', 'latency'],
    ['apig_upstream_latency_ms', "Time of all attempts at a request's backend", 'backendLatency'],
  ] as const
  for (const [name, help, which] of latencies)
    summedHistogram(registry, name, `${help}, in milliseconds`, () =>
      apis().map((one) => ({ labels: ids(one), counts: one[which] })),
    )
  counter(registry, {
    name: 'apig_request_bytes_total',
    help: 'Bytes from clients: request lines, headers and bodies',
    labelNames: api,
    read: () => apis().map((one) => [ids(one), one.bytesIn]),
  })
  counter(registry, {
    name: 'apig_response_bytes_total',
    help: 'Bytes to clients: status lines, headers and bodies',
    labelNames: api,
    read: () => apis().map((one) => [ids(one), one.bytesOut]),
  })
  gauge(registry, {
    name: 'apig_breaker_state',
    help: 'Circuit breakers that were used: 0 closed, 1 open in any gateway process; without an API where they share it',
    labelNames: ['plugin_id', 'api_id'],
    read: () =>
      gateways
        .circuits(clock())
        .slice(0, MOST)
        .map(({ pluginId, apiId, isOpen }) => [{ plugin_id: pluginId, api_id: apiId }, Number(isOpen)]),
  })
  gauge(registry, {
    name: 'apig_upstream_health',
    help: 'Members of channels that are checked: 1 up, 0 down for any gateway process',
    labelNames: ['vpc_channel_id', 'member'],
    read: () =>
      unhealthyFirst(sources.checkedAddresses())
        .slice(0, MOST)
        .map(({ channelId, address, healthy }) => [{ vpc_channel_id: channelId, member: address }, Number(healthy)]),
  })
  ofGateways(registry, sources)
  ofProcesses(registry, () => [
    [{ role: 'control', node, worker: '' }, processFigures()],
    ...gateways.all(clock()).map((one): OfProcess => [{ role: 'gateway', ...placeOf(one) }, one.figures.process]),
  ])
  gauge(registry, {
    name: 'sluice_published_revision',
    help: 'Revision of the configuration that control hands out',
    labelNames: [],
    read: () => [[{}, sources.revision()]],
  })
  return registry
}

const PLACE = ['node', 'worker'] as const
const placeOf = ({ node, worker }: GatewayReport) => ({ node, worker: String(worker) })

function ofGateways(registry: Registry, { gateways, clock }: MetricSources): void {
  const each = (read: (report: GatewayReport) => readonly Sample[]) => () =>
    gateways.all(clock()).flatMap((report) => {
      return read(report).map(([labels, value]): Sample => [{ ...placeOf(report), ...labels }, value])
    })
  gauge(registry, {
    name: 'sluice_gateway_revision',
    help: 'Revision of the configuration that a gateway process serves',
    labelNames: PLACE,
    read: each(({ figures }) => [[{}, figures.revision]]),
  })
  gauge(registry, {
    name: 'sluice_gateway_connections',
    help: 'Client connections that are open',
    labelNames: PLACE,
    read: each(({ figures }) => [[{}, figures.connections]]),
  })
  gauge(registry, {
    name: 'sluice_gateway_requests_in_flight',
    help: 'Requests under way',
    labelNames: PLACE,
    read: each(({ figures }) => [[{}, figures.inFlight]]),
  })
  gauge(registry, {
    name: 'sluice_kafka_buffer_bytes',
    help: 'Bytes of records that a plug-in kafka_log keeps until brokers have them',
    labelNames: [...PLACE, 'plugin_id'],
    read: each(({ figures }) =>
      figures.kafka.slice(0, MOST).map(({ pluginId, bytes }) => [{ plugin_id: pluginId }, bytes]),
    ),
  })
  counter(registry, {
    name: 'sluice_dropped_total',
    help: 'What was dropped since the gateway process began: records for Kafka, copies for mirrors, lines of the access log',
    labelNames: [...PLACE, 'what', 'plugin_id'],
    read: each(({ figures }) =>
      figures.losses.slice(0, MOST).map(({ what, pluginId, count }) => [{ what, plugin_id: pluginId }, count]),
    ),
  })
}

type OfProcess = readonly [labels: Readonly<Record<'role' | 'node' | 'worker', string>>, figures: ProcessFigures]

function ofProcesses(registry: Registry, processes: () => readonly OfProcess[]): void {
  const labelNames = ['role', ...PLACE]
  const read = (figure: keyof ProcessFigures) => () =>
    processes().map(([labels, figures]): Sample => [labels, figures[figure]])
  const seconds = 'Seconds of CPU since a process began'
  counter(registry, { name: 'process_cpu_seconds_total', help: seconds, labelNames, read: read('cpu') })
  const busy = 'Seconds that the main thread of a process was at work: near one each second, it has nothing to spare'
  counter(registry, { name: 'nodejs_eventloop_busy_seconds_total', help: busy, labelNames, read: read('busy') })
  const began = 'When a process began, in seconds since the epoch'
  gauge(registry, { name: 'process_start_time_seconds', help: began, labelNames, read: read('startedAt') })
  const resident = 'Resident memory of a process'
  gauge(registry, { name: 'process_resident_memory_bytes', help: resident, labelNames, read: read('resident') })
  const heap = "Used bytes of a process' JavaScript heap"
  gauge(registry, { name: 'nodejs_heap_size_used_bytes', help: heap, labelNames, read: read('heap') })
}

interface Metric {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
  /** Called when somebody asks. */
  readonly read: () => readonly Sample[]
}

function counter(registry: Registry, { name, help, labelNames, read }: Metric): void {
  const shown = new Counter({ name, help, labelNames: [...labelNames], registers: [registry], collect })
  function collect(): void {
    shown.reset()
    for (const [labels, value] of read()) shown.inc(labels, value)
  }
}

function gauge(registry: Registry, { name, help, labelNames, read }: Metric): void {
  const shown = new Gauge({ name, help, labelNames: [...labelNames], registers: [registry], collect })
  function collect(): void {
    shown.reset()
    for (const [labels, value] of read()) shown.set(labels, value)
  }
}

function unhealthyFirst(addresses: readonly CheckedAddress[]): CheckedAddress[] {
  return addresses.toSorted((a, b) => Number(a.healthy) - Number(b.healthy))
}
