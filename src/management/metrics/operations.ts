import { trafficOfInstance } from '../../store/statistics.js'
import { ownInstance } from '../instances/state.js'
import type { Handlers } from '../operation.js'
import { spanOf } from './rules.js'
import { seriesOf, units } from './series.js'

export const metricOperations = {
  /**
   * For an instance with public ingress what clients sent and got; for one with public egress what passed between
   * gateways and backends at public addresses.
   */
  listMetricData: async ({ query }, context) => {
    const span = spanOf(query)
    const instance = await ownInstance(context)
    const isInbound = query.dim === 'inbound_eip'
    const bandwidth = isInbound ? instance.ingress_bandwidth_size : instance.bandwidth_size
    const side = isInbound ? 'clients' : 'public backends'
    const minutes = bandwidth > 0 ? await trafficOfInstance(context.db, context.instanceId, side, span) : []
    const points = seriesOf(minutes, query, bandwidth)
    const unit = units[query.metric_name]
    // Whole numbers: that is what the contract has.
    const datapoints = points.map(({ timestamp, value }) => ({ [query.filter]: Math.round(value), timestamp, unit }))
    return { status: 200, body: { datapoints } }
  },
} satisfies Handlers
