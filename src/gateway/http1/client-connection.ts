/**
 * One connection of a client: reads requests one after the other, has each of them answered, and keeps the rules of
 * both directions (RFC 9112 §9). Four things can hold the bytes that arrive: the head that is being read, the store
 * for bytes that nobody wants yet, the body of the current exchange, or nobody any more.
 */
import type { Socket } from 'node:net'
import type { ForwardedClient } from '../backends/forwarded-client.js'
import type { TunnelEntrance } from '../backends/tunnel.js'
import type { Exchange, ExchangeConnection, TlsFacts } from '../exchange.js'
import type { Failure } from '../handler.js'
import type { Reply } from '../reply.js'
import { Alarm } from './alarms.js'
import { BodyCollector, DISCARD_LIMIT, NO_BYTES, nowhere } from './body-collector.js'
import { BodyReader } from './body-reader.js'
import type { EngineConnection, EngineContext, Forwarding } from './context.js'
import { closesConnection, failureOf } from './failures.js'
import { Flow } from './flow.js'
import { MORE } from './header-lines.js'
import { Linger } from './linger.js'
import { CONTINUE, connectionLine, ownReply } from './own-reply.js'
import { HeldBytes } from './held-bytes.js'
import { newExchange } from './new-exchange.js'
import { type Piece, send, UNSENT_LIMIT } from './piece.js'
import type { PooledBuffer } from './pooled-buffer.js'
import type { ByteReader } from './read-buffer.js'
import { Http1RequestHead } from './request-head.js'

export class ClientConnection
  extends Alarm
  implements ExchangeConnection, EngineConnection, ForwardedClient, ByteReader
{
  readonly head: Http1RequestHead
  readonly body = new BodyReader()
  readonly secure: boolean
  exchange: Exchange | undefined = undefined
  /** Header lines that tell backends where this connection comes from, kept by `backend-request.ts`. */
  originLines = ''
  /** Where arriving bytes go: `hold` keeps them until somebody wants them, `drop` is for after the last reply. */
  #input: 'head' | 'hold' | 'body' | 'discard' | 'tunnel' | 'drop' = 'head'
  readonly #held = new HeldBytes()
  /** What the bytes that are dealt with are in, if it can be handed on. */
  #source: PooledBuffer | undefined = undefined
  #forwarding: Forwarding | undefined = undefined
  #isForwarding = false
  #collector: BodyCollector | undefined = undefined
  #tunnel: TunnelEntrance | undefined = undefined
  readonly #flow: Flow
  #closing = false
  #replyStarted = false
  #running = false
  #startedAt = 0
  #linger: Linger | undefined = undefined

  constructor(
    readonly context: EngineContext,
    readonly socket: Socket,
    readonly peerAddress: string,
    readonly listenerPort: number,
    /** `undefined` where the connection is not by TLS. */
    readonly tls: TlsFacts | undefined,
    readonly proxyFields: string,
  ) {
    super()
    this.#flow = new Flow(socket)
    this.secure = tls !== undefined
    this.head = new Http1RequestHead(this.secure)
    this.head.reset()
    context.connections.add(this)
    context.wheel.arm(this, performance.now() + context.options.idleTimeout)
  }

  get isStreaming(): boolean {
    if (this.#flow.stopped) return false
    return this.#input === 'tunnel' || (this.#input === 'body' && this.#isForwarding && this.body.isLong)
  }

  /** Takes what the socket has read; `bytes` are the caller's again afterwards, unless they were lent. */
  receive(bytes: Buffer, end: number, source?: PooledBuffer): void {
    if (this.#input === 'drop') return
    if (this.#held.length === 0) {
      this.#source = source
      this.#run(bytes, 0, end)
      this.#source = undefined
    } else {
      this.#held.add(bytes, 0, end)
      if (this.#input === 'head') this.#runHeld()
    }
  }

  #runHeld(): void {
    if (this.#running || this.#held.length === 0) return
    const bytes = this.#held.take()
    this.#run(bytes, 0, bytes.length)
  }

  /** Goes through `bytes[at…end)` until they are used up or must wait. */
  #run(bytes: Buffer, at: number, end: number): void {
    this.#running = true
    while (at < end) {
      switch (this.#input) {
        case 'head':
          at = this.#readHead(bytes, at, end)
          break
        case 'body':
        case 'discard':
          at = this.#readBody(bytes, at, end)
          break
        case 'hold':
          this.#held.add(bytes, at, end)
          this.#flow.stop()
          at = end
          break
        case 'tunnel':
          this.#count(end - at)
          this.#tunnel?.send(bytes, at, end, this.#source)
          at = end
          break
        case 'drop':
          at = end
          break
      }
    }
    this.#running = false
  }

  #readHead(bytes: Buffer, at: number, end: number): number {
    if (this.#startedAt === 0) this.#startedAt = performance.now()
    const position = this.head.read(bytes, at, end)
    if (position === MORE) {
      this.#held.add(bytes, at, end)
      // One deadline from the first byte: a client that sends a byte now and then does not move it.
      this.context.wheel.arm(this, this.#startedAt + this.context.options.headTimeout)
      return end
    }
    if (position < 0) {
      this.#refuse(failureOf(position))
      return end
    }
    const exchange = this.#begin()
    exchange.bytesIn = position - at
    this.body.reset(this.head.contentLength)
    this.#input = 'hold'
    if (this.context.inFlight > this.context.options.maxInFlight) {
      this.fail('overloaded')
      return position
    }
    const outcome = this.context.handler.begin(exchange)
    if (outcome === undefined) return this.#forward(exchange, bytes, position, end)
    if (outcome instanceof Promise) this.#await(exchange, outcome)
    else this.#reply(exchange, outcome)
    return position
  }

  #begin(): Exchange {
    const exchange = newExchange(this, this.#startedAt)
    this.context.inFlight++
    this.exchange = exchange
    this.#replyStarted = false
    return exchange
  }

  #await(exchange: Exchange, outcome: Promise<Reply | undefined>): void {
    const settle = (act: () => void): void => {
      // The client may have gone, which is also why a body cannot be collected; the exchange is over then.
      if (this.exchange !== exchange) return
      act()
      this.#runHeld()
    }
    outcome.then(
      (reply) => {
        settle(() => (reply === undefined ? this.#forward(exchange, NO_BYTES, 0, 0) : this.#reply(exchange, reply)))
      },
      (error: unknown) => {
        settle(() => this.#failInside(error))
      },
    )
  }

  /** The pipeline did what it should never do. */
  #failInside(error: unknown): void {
    this.context.fault(error)
    this.fail('internal')
  }

  /** Sends the exchange on its way, with what `bytes[at…end)` hold of its body. Returns where the body stopped. */
  #forward(exchange: Exchange, bytes: Buffer, at: number, end: number): number {
    const { body } = this
    if (exchange.plan === undefined) {
      this.#failInside(new Error('an exchange passed all steps and has no plan'))
      return at
    }
    if (!body.done && this.head.contentLength > exchange.bodyLimit) {
      this.fail('body-too-large')
      return at
    }
    const forwarding = (this.#forwarding ??= this.context.newForwarding(this))
    this.#isForwarding = true
    forwarding.start(exchange, Math.min(body.remaining, end - at))
    if (body.done) {
      forwarding.flush(true)
      return at
    }
    this.#input = 'body'
    this.#armBody()
    if (at < end) return this.#consume(bytes, at, end, forwarding)
    forwarding.flush(false)
    this.#flow.go()
    return at
  }

  #readBody(bytes: Buffer, at: number, end: number): number {
    if (this.#input === 'body' && this.#isForwarding && this.#forwarding !== undefined) {
      this.#forwarding.more(Math.min(this.body.remaining, end - at), this.#source)
      return this.#consume(bytes, at, end, this.#forwarding)
    }
    const collector = this.#input === 'body' ? this.#collector : undefined
    const position = this.body.read(bytes, at, end, collector ?? nowhere)
    this.#count(position - at)
    if (position < 0) {
      if (this.exchange === undefined) this.#close()
      else this.fail('bad-request')
      return end
    }
    if (collector !== undefined) {
      if (this.body.size > collector.limit) this.#endCollecting('too-large')
      else if (this.body.done) this.#endCollecting('ok')
      else this.#armBody()
    } else if (this.body.done) {
      this.#next(performance.now())
    }
    return position
  }

  /** Body bytes to the backend. */
  #consume(bytes: Buffer, at: number, end: number, forwarding: Forwarding): number {
    const position = this.body.read(bytes, at, end, forwarding.sink)
    this.#count(position - at)
    if (position < 0) {
      this.fail('bad-request')
      return end
    }
    if (this.exchange !== undefined && this.body.size > this.exchange.bodyLimit) {
      this.fail('body-too-large')
      return end
    }
    if (this.body.done) this.#input = 'hold'
    else this.#armBody()
    forwarding.flush(this.body.done)
    return position
  }

  #count(bytes: number): void {
    if (this.exchange === undefined || bytes < 0) return
    this.exchange.bytesIn += bytes
    this.exchange.bodyBytesIn = this.body.size
  }

  collectBody(exchange: Exchange, limit: number): Promise<'ok' | 'too-large' | 'timeout'> {
    if (this.exchange !== exchange) return Promise.reject(new Error('the client has gone'))
    if (this.head.contentLength > limit) return Promise.resolve('too-large')
    if (this.body.done) {
      exchange.body ??= Buffer.alloc(0)
      return Promise.resolve('ok')
    }
    return new Promise((resolve, reject) => {
      this.#collector = new BodyCollector(limit, resolve, reject)
      this.#input = 'body'
      this.#armBody()
      if (this.head.expectsContinue) this.socket.write(CONTINUE, 'latin1')
      this.#flow.go()
      this.#runHeld()
    })
  }

  #endCollecting(result: 'ok' | 'too-large' | 'timeout'): void {
    const collector = this.#collector
    if (collector === undefined) return
    this.#collector = undefined
    this.#input = 'hold'
    if (result === 'ok' && this.exchange !== undefined) this.exchange.body = collector.content()
    collector.resolve(result)
  }

  // Replies out.
  /** Answers with a reply that the gateway makes. */
  #reply(exchange: Exchange, reply: Reply): void {
    exchange.status = reply.status
    if (reply.errorCode !== undefined) exchange.errorCode = reply.errorCode
    if (reply.errorType !== undefined) exchange.errorType = reply.errorType
    const unread = this.body.remaining
    if (unread > DISCARD_LIMIT || (unread > 0 && this.head.expectsContinue)) this.#closing = true
    this.context.handler.replying(exchange, reply)
    this.write(ownReply(exchange, reply, this.startReply(true)))
    this.replyDone()
  }

  /** Answers for a failure of the engine; once the reply has begun, all that can be done is to cut it. */
  fail(failure: Failure): void {
    const { exchange } = this
    if (exchange === undefined) return
    this.#stopForwarding()
    if (this.#replyStarted) {
      this.cut()
      return
    }
    if (closesConnection(failure)) this.#closing = true
    this.#reply(exchange, this.context.handler.failed(exchange, failure))
  }

  /** A head that cannot be served. */
  #refuse(failure: Failure): void {
    const exchange = this.#begin()
    this.body.reset(0)
    this.#closing = true
    this.#reply(exchange, this.context.handler.failed(exchange, failure))
  }

  /**
   * The head of the reply is about to be written. Returns its `Connection` line, or nothing when none is needed.
   * `delimited` says that the body's end will show without closing.
   */
  startReply(delimited: boolean): string {
    this.#replyStarted = true
    if (!this.head.keepAlive || !delimited || this.context.draining) this.#closing = true
    return connectionLine(this.#closing, this.head.minorVersion)
  }

  /** HTTP/1.0 knows no chunks: what has no length ends with the connection. */
  get unframed(): boolean {
    return this.head.minorVersion === 0
  }

  /** The reply will end before the request has been read: afterwards nobody knows where the next one starts. */
  closeAfterReply(): void {
    this.#closing = true
  }

  /** False: the client does not keep up, `drained` will follow. */
  write(piece: Piece): boolean {
    if (this.exchange !== undefined) this.exchange.bytesOut += piece.length
    send(this.socket, piece)
    return this.socket.writableLength < UNSENT_LIMIT
  }

  openTunnel(head: string, tunnel: TunnelEntrance): void {
    this.write(head)
    this.#tunnel = tunnel
    this.#input = 'tunnel'
    this.#closing = true
    // It is the tunnel that runs out of time now, and it takes nobody's place among the requests in flight.
    this.context.wheel.disarm(this)
    this.context.inFlight--
    this.#flow.go()
    this.#runHeld()
  }

  /** The last byte of the reply has been handed to the socket. */
  replyDone(): void {
    const { exchange } = this
    if (exchange === undefined) return
    this.#isForwarding = false
    this.#record(exchange)
    if (this.#closing || (!this.body.done && this.body.remaining > DISCARD_LIMIT)) {
      this.#close()
    } else if (!this.body.done) {
      this.#input = 'discard'
      this.#armBody()
      this.#flow.go()
      this.#runHeld()
    } else {
      this.#next(exchange.finishedAt)
    }
  }

  #record(exchange: Exchange): void {
    this.exchange = undefined
    exchange.finishedAt = performance.now()
    if (this.#tunnel === undefined) this.context.inFlight--
    if (this.head.hasRequestLine) this.context.handler.done(exchange)
  }

  /** Makes ready for the next request. `now` is that of the monotonic clock. */
  #next(now: number): void {
    if (this.socket.writableLength > UNSENT_LIMIT) {
      this.#input = 'hold'
      this.context.wheel.arm(this, now + this.context.options.sendTimeout)
      return
    }
    if (this.context.draining) {
      this.#close()
      return
    }
    this.#input = 'head'
    this.#startedAt = 0
    this.head.reset()
    if (this.#held.length === 0) this.#held.clear()
    this.context.wheel.arm(this, now + this.context.options.idleTimeout)
    this.#flow.go()
    this.#runHeld()
  }

  /** Nothing more is answered here. */
  #close(): void {
    this.#input = 'drop'
    this.#held.clear()
    this.#flow.go()
    this.context.wheel.disarm(this)
    this.#linger = new Linger(this.context, this.socket)
  }

  /** The reply cannot be completed; the client must not take what it has for the whole. */
  cut(): void {
    this.#abort(this.exchange?.status ?? 0)
    // Over TLS the end that was not announced is what shows the cut; Node resets plain sockets only.
    if (this.secure) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }

  // The socket's events.

  drained(): void {
    if (this.#isForwarding) this.#forwarding?.clientDrained()
    else if (this.exchange === undefined && this.#input === 'hold') this.#next(performance.now())
  }

  /** The client has ended its side. While it waits for a reply, that means it has gone (request-lifecycle.md §3). */
  ended(): void {
    if (this.#input === 'drop') return
    if (this.#input === 'tunnel') {
      this.#tunnel?.clientEnded()
    } else if (this.exchange === undefined) {
      this.socket.end()
    } else {
      this.#abort(499)
      this.socket.destroy()
    }
  }

  closed(): void {
    this.#abort(499)
    this.#input = 'drop'
    this.#held.clear()
    this.context.wheel.disarm(this)
    if (this.#linger !== undefined) this.context.wheel.disarm(this.#linger)
    this.context.connections.delete(this)
  }

  #abort(status: number): void {
    const { exchange } = this
    this.#stopForwarding()
    this.#collector?.reject(new Error('the client has gone'))
    this.#collector = undefined
    if (exchange === undefined) return
    // A tunnel has had its reply, and ends in this way as in any other.
    if (this.#tunnel === undefined) exchange.status = status
    this.#record(exchange)
  }

  #stopForwarding(): void {
    if (!this.#isForwarding) return
    this.#isForwarding = false
    this.#forwarding?.cancel()
  }

  override ring(): void {
    if (this.#input === 'discard') {
      this.#close()
    } else if (this.exchange === undefined && this.#input === 'hold') {
      this.socket.destroy()
    } else if (this.exchange === undefined) {
      if (this.#startedAt !== 0 && this.#held.length > 0) this.#headTimedOut()
      else this.#close()
    } else if (this.#input === 'body' && !this.#flow.stopped) {
      if (this.#collector === undefined) this.fail('request-timeout')
      else this.#endCollecting('timeout')
    }
  }

  #headTimedOut(): void {
    const bytes = this.#held.take()
    if (this.head.hasRequestLine) this.head.keepRequestLine(bytes, 0)
    this.#refuse('request-timeout')
  }

  /** One request may be on its way already: it is answered, with the announcement that it is the last. */
  drain(): void {
    if (this.exchange !== undefined || this.#input !== 'head' || this.#held.length > 0) return
    this.context.wheel.arm(this, performance.now() + this.context.options.drainIdleTimeout)
  }

  destroy(): void {
    this.#abort(499)
    this.socket.destroy()
  }

  #armBody(): void {
    const { bodyTimeout } = this.exchange ?? this.context.options
    this.context.wheel.arm(this, performance.now() + bodyTimeout)
  }

  // Flow of what the client sends.

  /** The backend does not keep up with the body. */
  pauseBody(): void {
    if (this.#input === 'body' || this.#input === 'tunnel') this.#flow.stop()
  }

  resumeBody(): void {
    if (this.#input === 'body') this.#armBody()
    else if (this.#input !== 'tunnel') return
    this.#flow.go()
    this.#runHeld()
  }
}
