import { Exchange } from '../exchange.js'
import type { ClientConnection } from './client-connection.js'
import { newRequestId } from './request-id.js'

/** An exchange for the request that the connection has read; `startedAt` is when its first byte came. */
export function newExchange(connection: ClientConnection, startedAt: number): Exchange {
  return new Exchange(
    connection,
    newRequestId(),
    Date.now(),
    startedAt,
    connection.head,
    connection.peerAddress,
    connection.listenerPort,
    connection.secure,
    connection.context.options,
  )
}
