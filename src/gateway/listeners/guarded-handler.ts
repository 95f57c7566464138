import type { Exchange } from '../exchange.js'
import type { BackendHead, ExchangeHandler, Failure } from '../handler.js'
import type { Reply } from '../reply.js'
import type { Outcome } from '../step.js'

/**
 * A handler of which no call can end the process, and with it the exchanges of everybody else. What it throws is
 * reported, and:
 *
 * - `begin`: the client is answered as for `internal`; a promise that is rejected is whose it was given to
 * - `failed`: the client gets a bare 500
 * - `replying`: the reply goes out without what the call has added, since half of its lines may be worse than none
 * - `done`: the record is lost; the client has its reply
 */
export class GuardedHandler implements ExchangeHandler {
  constructor(
    private readonly handler: ExchangeHandler,
    private readonly fault: (error: unknown) => void,
  ) {}

  begin(exchange: Exchange): Outcome {
    try {
      return this.handler.begin(exchange)
    } catch (error) {
      this.fault(error)
      return this.failed(exchange, 'internal')
    }
  }

  failed(exchange: Exchange, failure: Failure): Reply {
    try {
      return this.handler.failed(exchange, failure)
    } catch (error) {
      this.fault(error)
      return { status: 500, headers: '', body: '' }
    }
  }

  replying(exchange: Exchange, reply: Reply | BackendHead): void {
    const before = exchange.replyHeaders
    try {
      this.handler.replying(exchange, reply)
    } catch (error) {
      exchange.replyHeaders = before
      exchange.withheld = undefined
      this.fault(error)
    }
  }

  done(exchange: Exchange): void {
    try {
      this.handler.done(exchange)
    } catch (error) {
      this.fault(error)
    }
  }
}
