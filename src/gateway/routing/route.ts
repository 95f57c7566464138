import type { PublicationPart } from '../../snapshot/parts.js'
import type { RouteLabels } from '../../telemetry/route-labels.js'
import type { ApiStatistics } from '../../telemetry/statistics.js'
import type { Exchange } from '../exchange.js'
import type { Failure } from '../handler.js'
import type { Throttle } from '../policies/throttle.js'
import type { ReplyStep } from '../responses/reply-lines.js'
import type { Step } from '../step.js'

/** A published API in one environment, compiled: what to match and which steps to run. */
export interface Route {
  readonly publication: PublicationPart
  readonly stage: string
  /** Names of the path placeholders, in order. */
  readonly placeholders: readonly string[]
  readonly steps: readonly Step[]
  readonly observers: readonly RouteObserver[]
  /** What happens to the head of every reply, whoever made it. */
  readonly replySteps: readonly ReplyStep[]
  readonly throttle: Throttle
  readonly statistics: ApiStatistics
  readonly labels: RouteLabels
  /** The API is called by gRPC, and refuses in its way. */
  readonly grpc: boolean
}

/** Told what becomes of exchanges; it changes nothing about them. */
export interface RouteObserver {
  /** The head of the backend's reply is there, after all repetitions: `upstreamStatus` and the times are known. */
  answered?(exchange: Exchange): void
  /** The engine could not go on: the backend failed, after all repetitions, or what comes before it. */
  failed?(exchange: Exchange, failure: Failure): void
  /** The record is final. Called once, also when the caller has gone before any reply. */
  done?(exchange: Exchange): void
}
