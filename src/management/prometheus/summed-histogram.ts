import type { Histogram, Registry } from 'prom-client'
import { LATENCY_BOUNDS } from '../../telemetry/latency-buckets.js'
import type { LatencyCounts } from './traffic.js'

interface Series {
  readonly labels: Readonly<Record<string, string>>
  readonly counts: LatencyCounts
}

/** Registers a histogram of what others have counted, which the library's own does not take. */
export function summedHistogram(registry: Registry, name: string, help: string, read: () => readonly Series[]): void {
  const get = () =>
    Promise.resolve({ name, help, type: 'histogram', values: read().flatMap((series) => samples(name, series)) })
  const metric: unknown = { name, get }
  // All that a registry asks of a metric; its type has the members of each of the library's own kinds.
  registry.registerMetric(metric as Histogram)
}

function samples(name: string, { labels, counts: { buckets, sum } }: Series) {
  let count = 0
  const steps = buckets.map((more, index) => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le: LATENCY_BOUNDS[index] ?? '+Inf' },
    value: (count += more),
  }))
  return [
    ...steps,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ]
}
