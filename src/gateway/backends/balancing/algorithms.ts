import type { ChannelPart } from '../../../snapshot/parts.js'
import type { Balancing } from './balancer.js'
import { leastConnections } from './least-connections.js'
import { sourceHash } from './source-hash.js'
import { uriHash } from './uri-hash.js'
import { weightedRoundRobin } from './weighted-round-robin.js'

export const algorithms: Readonly<Record<ChannelPart['balancing'], Balancing>> = {
  WRR: weightedRoundRobin,
  WLC: leastConnections,
  SH: sourceHash,
  URI: uriHash,
}
