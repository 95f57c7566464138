import type { Step } from '../step.js'
import type { PublicationPart } from '../../snapshot/parts.js'

/** A published API in one environment, compiled: what to match and which steps to run. */
export interface Route {
  readonly publication: PublicationPart
  readonly stage: string
  /** Names of the path placeholders, in order. */
  readonly placeholders: readonly string[]
  readonly steps: readonly Step[]
}
