/** Points of a metric from the bytes of minutes (telemetry.md §4.4). */
import type { RequestOf } from '../../contract/operation.js'
import type { MinuteTraffic } from '../../store/statistics.js'

type Query = RequestOf<'listMetricData'>['query']
type MetricName = Query['metric_name']
type Filter = Query['filter']

/** A value at a moment, in milliseconds since the epoch. */
export interface Point {
  readonly timestamp: number
  readonly value: number
}

const SECONDS = 60

/** Up is what leaves the gateway, down what enters it. */
export const units: Readonly<Record<MetricName, 'bit/s' | '%' | 'Byte'>> = {
  upstream_bandwidth: 'bit/s',
  downstream_bandwidth: 'bit/s',
  upstream_bandwidth_usage: '%',
  downstream_bandwidth_usage: '%',
  up_stream: 'Byte',
  down_stream: 'Byte',
}

/**
 * One value for each period of `period` seconds in which there was traffic, ascending; a period of 1 has one for each
 * minute. `bandwidth`, in Mbit/s, is what usage is a share of.
 */
export function seriesOf(
  minutes: readonly MinuteTraffic[],
  { metric_name, period, filter }: Pick<Query, 'metric_name' | 'period' | 'filter'>,
  bandwidth: number,
): Point[] {
  const length = Math.max(period, SECONDS)
  const periods = new Map<number, number[]>()
  for (const traffic of minutes) {
    const start = Math.floor(traffic.minute / length) * length
    const values = periods.get(start) ?? []
    periods.set(start, values)
    values.push(valueOf(traffic, metric_name, bandwidth))
  }
  return [...periods]
    .toSorted(([a], [b]) => a - b)
    .map(([start, values]) => ({ timestamp: start * 1_000, value: digests[filter](values) }))
}

function valueOf({ bytes_in, bytes_out }: MinuteTraffic, metric: MetricName, bandwidth: number): number {
  const bytes = metric.startsWith('up') ? bytes_out : bytes_in
  const bits = (bytes * 8) / SECONDS
  switch (units[metric]) {
    case 'Byte':
      return bytes
    case 'bit/s':
      return bits
    case '%':
      return (100 * bits) / (bandwidth * 1_000_000)
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const average = (values: readonly number[]): number => sum(values) / values.length

/** Of the values of one period, of which there is at least one. */
const digests: Readonly<Record<Filter, (values: readonly number[]) => number>> = {
  average,
  sum,
  max: (values) => Math.max(...values),
  min: (values) => Math.min(...values),
  variance: (values) => {
    const mean = average(values)
    return average(values.map((value) => (value - mean) ** 2))
  },
}
