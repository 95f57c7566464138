/** What each kind of backend compiles to. */
import type { Functions } from '../../functions/functions.js'
import type { AddressSet } from '../address-set.js'
import type { PublicationPart } from '../../snapshot/parts.js'
import type { CallerFeatures } from '../caller-features.js'
import type { Exchange } from '../exchange.js'
import type { Reply } from '../reply.js'
import type { Features } from '../features.js'
import type { Channels } from './channels.js'
import type { Origins } from './origins.js'
import type { Values } from './parameters.js'
import type { QueryPiece } from './query.js'
import type { ServerIdentity } from './system-parameters.js'

/** Sets `exchange.plan` and answers `undefined`, or answers the request itself. */
type Send = (exchange: Exchange, values: Values, query: readonly QueryPiece[]) => Reply | undefined

export interface Sender {
  readonly send: Send
  /** Whether it looks at the pieces of the query; splitting it costs. */
  readonly readsQuery: boolean
}

/** What backends are compiled from, besides their own configuration. */
export interface BackendContext {
  readonly publication: PublicationPart
  readonly stage: string
  /** Names of the placeholders of the route's path. */
  readonly placeholders: readonly string[]
  readonly origins: Origins
  readonly forbidden: AddressSet
  readonly server: ServerIdentity
  readonly channels: Channels
  readonly functions: Functions
  readonly features: Features
  readonly callers: CallerFeatures
}
