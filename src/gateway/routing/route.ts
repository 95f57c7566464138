import type { PublicationPart } from '../../snapshot/parts.js'
import type { RouteLabels } from '../../telemetry/access-record.js'
import type { ApiStatistics } from '../../telemetry/statistics.js'
import type { Throttle } from '../policies/throttle.js'
import type { Step } from '../step.js'

/** A published API in one environment, compiled: what to match and which steps to run. */
export interface Route {
  readonly publication: PublicationPart
  readonly stage: string
  /** Names of the path placeholders, in order. */
  readonly placeholders: readonly string[]
  readonly steps: readonly Step[]
  readonly throttle: Throttle
  readonly statistics: ApiStatistics
  readonly labels: RouteLabels
  /** The API is called by gRPC, and refuses in its way. */
  readonly grpc: boolean
}
