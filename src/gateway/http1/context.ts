/** What all connections of one engine share. */
import { DEFAULT_FORBIDDEN } from '../backends/forbidden-addresses.js'
import type { ForwardedClient } from '../backends/forwarded-client.js'
import { PRIVATE_NETWORKS } from '../backends/private-addresses.js'
import type { Exchange } from '../exchange.js'
import type { ExchangeHandler } from '../handler.js'
import type { Wheel } from './alarms.js'
import type { ChunkSink } from './chunked.js'
import type { PooledBuffer } from './pooled-buffer.js'

/** Milliseconds and bytes. */
export interface EngineOptions {
  /** From the first byte of a request to the end of its head. */
  readonly headTimeout: number
  /** From the acceptance of a connection to the end of its TLS handshake. */
  readonly handshakeTimeout: number
  /** Between two pieces of a request body (routing.md §1: 8 s). */
  readonly bodyTimeout: number
  /** A client connection without a request. */
  readonly idleTimeout: number
  /** As above, when the engine drains. */
  readonly drainIdleTimeout: number
  /** A client that reads nothing of what is sent to it. */
  readonly sendTimeout: number
  /** A tunnel in which nothing passes, unless the backend's own time is longer (backends.md §2: 60 s). */
  readonly tunnelIdleTimeout: number
  /** After the last reply on a connection, for what the client still sends. */
  readonly lingerTimeout: number
  /** `bodyLimit` of an exchange until a step knows better. */
  readonly bodyLimit: number
  /** Connections in all, and of one client address (of one /64 network by IPv6). What is beyond is closed at once. */
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  /** Every connection begins with a PROXY header, which says who the client is; one without is closed. */
  readonly proxyProtocol: boolean
  /** Type of the field of a PROXY header in which the virtual network is told; undefined: it is not. */
  readonly proxyVniType: number | undefined
  readonly maxInFlight: number
  /** Connections to one backend address, waiting exchanges beyond them, and idle ones that are kept. */
  readonly maxPerOrigin: number
  readonly maxWaiting: number
  readonly maxIdlePerOrigin: number
  /** A backend connection without a request, unless the backend announces less. */
  readonly backendIdleTimeout: number
  /** Addresses, CIDR blocks and ranges that are never called as backends; default: backends.md §2. */
  readonly forbiddenBackends: readonly string[]
  /** Networks of backends whose bytes are not counted as those of a public address. */
  readonly privateNetworks: readonly string[]
}

export const defaultOptions: EngineOptions = {
  headTimeout: 10_000,
  handshakeTimeout: 10_000,
  bodyTimeout: 8_000,
  idleTimeout: 75_000,
  drainIdleTimeout: 1_000,
  sendTimeout: 60_000,
  tunnelIdleTimeout: 60_000,
  lingerTimeout: 2_000,
  bodyLimit: 12 * 1024 * 1024,
  maxConnections: 20_000,
  // Half of all: a load balancer has one address too.
  maxConnectionsPerAddress: 10_000,
  proxyProtocol: false,
  proxyVniType: undefined,
  maxInFlight: 10_000,
  maxPerOrigin: 2_000,
  maxWaiting: 2_000,
  maxIdlePerOrigin: 512,
  backendIdleTimeout: 60_000,
  forbiddenBackends: DEFAULT_FORBIDDEN,
  privateNetworks: PRIVATE_NETWORKS,
}

/** Carries the exchanges of one client connection to backends, one at a time. */
export interface Forwarding {
  /** Sends the head and makes ready for `size` bytes of body, which go to `sink`; `flush` sends what was gathered. */
  start(exchange: Exchange, size: number): void
  /** Makes ready for `size` more bytes of body. `source`: what they are in, if it can be handed on. */
  more(size: number, source?: PooledBuffer): void
  readonly sink: ChunkSink
  flush(bodyDone: boolean): void
  /** The exchange is over, whatever the backend does. */
  cancel(): void
  /** The client has taken what was written. */
  clientDrained(): void
}

/** What an engine has to do with a connection, whatever protocol it speaks. */
export interface EngineConnection {
  /** The request that is there, or on its way, is the last; an idle connection ends soon. */
  drain(): void
  /** Ends it whatever it is doing. */
  destroy(): void
}

export interface EngineContext {
  readonly handler: ExchangeHandler
  readonly options: EngineOptions
  readonly wheel: Wheel
  readonly connections: Set<EngineConnection>
  /** Every reply closes its connection. */
  draining: boolean
  inFlight: number
  newForwarding(client: ForwardedClient): Forwarding
  /** The impossible happened: a step threw. The exchange was answered with 500. */
  fault(error: unknown): void
}
