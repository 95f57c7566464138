/**
 * The seam between the engine, which owns sockets, bytes and time, and the pipeline, which decides what an exchange
 * means. The engine calls; the pipeline answers. Nothing else crosses.
 */
import type { Exchange } from './exchange.js'
import type { Reply } from './reply.js'
import type { Outcome } from './step.js'

/**
 * What can go wrong in the engine, in the words of the specification (request-lifecycle.md §1, backends.md §2):
 *
 * | failure | answer |
 * | --- | --- |
 * | `bad-request` | 400 APIG.0201 |
 * | `uri-too-large` | 414 APIG.0201 |
 * | `headers-too-large` | 494 APIG.0201 |
 * | `body-too-large` | 413 APIG.0201 |
 * | `request-timeout` | 408 APIG.0201, head or body of the request came too slowly |
 * | `overloaded` | 503 APIG.0201, too many exchanges in flight |
 * | `backend-unavailable` | 502 APIG.0202 |
 * | `backend-timeout` | 504 APIG.0203 |
 * | `backend-unresolved` | 500 APIG.0605, the backend's name has no address |
 * | `backend-forbidden` | 403 APIG.0404, the backend's address is one that the gateway must not call |
 * | `internal` | 500 APIG.0601, the pipeline threw, or let an exchange pass without a plan |
 */
export type Failure =
  | 'bad-request'
  | 'uri-too-large'
  | 'headers-too-large'
  | 'body-too-large'
  | 'request-timeout'
  | 'overloaded'
  | 'backend-unavailable'
  | 'backend-timeout'
  | 'backend-unresolved'
  | 'backend-forbidden'
  | 'internal'

/** Header lines of a backend's reply, as the backend sent them. */
export interface BackendHead {
  /** Names as they are spelled; values are latin1 text, trimmed. */
  eachHeader(visit: (name: string, value: string) => void): void
}

export interface ExchangeHandler {
  /**
   * A request's head is complete and correct; its body may still be on the way. Answers with a reply of the gateway,
   * or with `undefined` after it has set `exchange.plan`: then the engine forwards.
   */
  begin(exchange: Exchange): Outcome
  /**
   * The engine could not go on. Answers with the reply that the client gets. When the head was refused, what could
   * not be read of it is empty (`method`, `target`, …), and `exchange.route` is undefined.
   */
  failed(exchange: Exchange, failure: Failure): Reply
  /**
   * Just before the head of a reply is written, whoever made it: `exchange.status` is set, for a proxied reply
   * `upstreamStatus` and `upstreamHeadAt` too. The last moment to add to `exchange.replyHeaders`, and to say in
   * `exchange.withheld` which lines do not go on.
   *
   * @param reply the gateway's own, or the head of the backend's
   */
  replying(exchange: Exchange, reply: Reply | BackendHead): void
  /**
   * The last byte of the reply was handed to the socket, or the client has gone (`status` 499). Called once for every
   * exchange whose request line could be read; all fields of the record are final.
   */
  done(exchange: Exchange): void
}
