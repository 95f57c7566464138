import { trafficOfInstance } from '../../store/statistics.js'
import { ownInstance } from '../instances/state.js'
import type { Handlers } from '../operation.js'
import { spanOf } from './rules.js'
import { seriesOf, units } from './series.js'

export const metricOperations = {
  /**
   * What clients sent and got, for an instance with public ingress. What goes to public backends is not told apart
   * from what goes to others, so there are no points of it.
   */
  listMetricData: async ({ query }, context) => {
    const span = spanOf(query)
    const { ingress_bandwidth_size: bandwidth } = await ownInstance(context)
    const isCounted = query.dim === 'inbound_eip' && bandwidth > 0
    const minutes = isCounted ? await trafficOfInstance(context.db, context.instanceId, span) : []
    const points = seriesOf(minutes, query, bandwidth)
    const unit = units[query.metric_name]
    // Whole numbers: that is what the contract has.
    const datapoints = points.map(({ timestamp, value }) => ({ [query.filter]: Math.round(value), timestamp, unit }))
    return { status: 200, body: { datapoints } }
  },
} satisfies Handlers
