/**
 * One request of an HTTP/2 client: an exchange like any other, with the same head, steps and backends, carried by a
 * stream instead of a connection.
 */
import { constants, type ServerHttp2Stream } from 'node:http2'
import { Exchange, type ExchangeConnection, type TlsFacts } from '../exchange.js'
import type { ForwardedClient } from '../backends/forwarded-client.js'
import type { Failure } from '../handler.js'
import { Alarm } from '../http1/alarms.js'
import { BodyCollector } from '../http1/body-collector.js'
import type { EngineContext, Forwarding } from '../http1/context.js'
import { failureOf } from '../http1/failures.js'
import { ownBody, wireText } from '../http1/own-reply.js'
import { bytesOf, type Piece, send, withoutFirst } from '../http1/piece.js'
import { Http1RequestHead } from '../http1/request-head.js'
import { newRequestId } from '../http1/request-id.js'
import { isBodyless } from '../http1/response-head.js'
import { dateLine } from '../http1/status-lines.js'
import type { Reply } from '../reply.js'
import { linesWithout } from '../responses/reply-lines.js'
import { grpcRefusal, speaksGrpc } from './grpc-status.js'
import { replyFields, replyFieldsOf, type ReplyFields } from './reply-headers.js'
import type { RequestText } from './request-text.js'
import { closeListener, listener, type OwnedStream, setOwner } from './stream-owner.js'

const { NGHTTP2_NO_ERROR, NGHTTP2_CANCEL } = constants

/** What all streams of a connection share. */
export interface StreamSurroundings {
  readonly context: EngineContext
  readonly peerAddress: string
  readonly proxyFields: string
  readonly listenerPort: number
  readonly tls: TlsFacts
  /** Carries exchanges to backends that speak HTTP/2. */
  newRelay(client: ClientStream): Forwarding
}

export class ClientStream extends Alarm implements ExchangeConnection, ForwardedClient {
  readonly head = new Http1RequestHead(true, true)
  readonly secure = true
  readonly peerAddress: string
  readonly proxyFields: string
  readonly listenerPort: number
  readonly tls: TlsFacts
  originLines = ''
  exchange: Exchange | undefined = undefined
  readonly #context: EngineContext
  readonly #startedAt = performance.now()
  #forwarding: Forwarding | undefined = undefined
  #collector: BodyCollector | undefined = undefined
  /** What the client sends is messages of a call, which may go on for hours and be silent for long. */
  #isRelayed = false
  #bodyDone = false
  #bodySize = 0
  #replyStarted = false
  /** The stream has more to send than it should; `drain` will follow. */
  #full = false
  #unsent = 0
  #trailers: (() => ReplyFields) | undefined = undefined

  constructor(
    readonly stream: ServerHttp2Stream & OwnedStream<ClientStream>,
    private readonly surroundings: StreamSurroundings,
    private readonly left: (stream: ServerHttp2Stream) => void,
  ) {
    super()
    this.#context = surroundings.context
    this.peerAddress = surroundings.peerAddress
    this.proxyFields = surroundings.proxyFields
    this.listenerPort = surroundings.listenerPort
    this.tls = surroundings.tls
    // What matters about an error is the close that follows.
    stream.on('error', ignore)
    stream.on('close', ClientStream.#onClose)
    setOwner(stream, this)
  }

  static readonly #onClose = closeListener((owner: ClientStream) => owner.#closed())
  static readonly #onData = listener((owner: ClientStream, piece: Buffer) => owner.#take(piece))
  static readonly #onEnd = listener((owner: ClientStream) => owner.#bodyEnded())
  static readonly #onDrain = listener((owner: ClientStream) => owner.#drained())
  static readonly #onWantTrailers = listener((owner: ClientStream) => {
    owner.stream.sendTrailers(owner.#trailers?.() ?? {})
  })

  /** @param request `undefined` for what cannot be read as one */
  begin(request: RequestText | undefined, ended: boolean): void {
    const bytes = Buffer.from(request?.text ?? '\r\n\r\n', 'latin1')
    const position = this.head.read(bytes, 0, bytes.length)
    const exchange = this.#newExchange(bytes.length)
    this.#bodyDone = ended
    if (position < 0) {
      this.fail(failureOf(position))
      return
    }
    if (this.#context.inFlight > this.#context.options.maxInFlight) {
      this.fail('overloaded')
      return
    }
    if (request?.expectsContinue === true) this.head.expectsContinue = true
    const outcome = this.#context.handler.begin(exchange)
    if (outcome === undefined) this.#forward(exchange)
    else if (outcome instanceof Promise) this.#await(exchange, outcome)
    else this.#reply(exchange, outcome)
  }

  #newExchange(bytes: number): Exchange {
    const { options } = this.#context
    const exchange = new Exchange(
      this,
      newRequestId(),
      Date.now(),
      this.#startedAt,
      this.head,
      this.peerAddress,
      this.listenerPort,
      true,
      options,
    )
    exchange.bytesIn = bytes
    this.#context.inFlight++
    this.exchange = exchange
    return exchange
  }

  #await(exchange: Exchange, outcome: Promise<Reply | undefined>): void {
    outcome.then(
      (reply) => {
        if (this.exchange !== exchange) return
        if (reply === undefined) this.#forward(exchange)
        else this.#reply(exchange, reply)
      },
      (error: unknown) => {
        // The client may have gone, which is also why a body cannot be collected.
        if (this.exchange === exchange) this.#failInside(error)
      },
    )
  }

  /** The pipeline did what it should never do. */
  #failInside(error: unknown): void {
    this.#context.fault(error)
    this.fail('internal')
  }

  #forward(exchange: Exchange): void {
    const { plan } = exchange
    if (plan === undefined) {
      this.#failInside(new Error('an exchange passed all steps and has no plan'))
      return
    }
    this.#isRelayed = plan.origin.http2 === true
    if (!this.#bodyDone && this.head.contentLength > this.#bodyLimit(exchange)) {
      this.fail('body-too-large')
      return
    }
    const forwarding = this.#isRelayed ? this.surroundings.newRelay(this) : this.#context.newForwarding(this)
    this.#forwarding = forwarding
    forwarding.start(exchange, 0)
    forwarding.flush(this.#bodyDone)
    if (!this.#bodyDone && this.exchange === exchange) this.#readBody()
  }

  // The body that the client sends.

  #readBody(): void {
    if (this.head.expectsContinue) this.stream.additionalHeaders({ ':status': 100 })
    this.stream.on('data', ClientStream.#onData)
    this.stream.on('end', ClientStream.#onEnd)
    if (!this.stream.isPaused()) this.#armBody()
  }

  /** Messages are counted one by one, if at all, and by the backend. */
  #bodyLimit(exchange: Exchange): number {
    return this.#isRelayed ? Infinity : exchange.bodyLimit
  }

  #take(piece: Buffer): void {
    const { exchange } = this
    if (exchange === undefined) return
    this.#bodySize += piece.length
    exchange.bytesIn += piece.length
    exchange.bodyBytesIn = this.#bodySize
    const collector = this.#collector
    if (collector !== undefined) {
      if (this.#bodySize > collector.limit) {
        this.#endCollecting('too-large')
        return
      }
      collector.data(piece, 0, piece.length)
      this.#armBody()
      return
    }
    const forwarding = this.#forwarding
    if (forwarding === undefined) return
    if (this.#bodySize > this.#bodyLimit(exchange)) {
      this.fail('body-too-large')
      return
    }
    this.#armBody()
    forwarding.more(piece.length)
    forwarding.sink.chunk(piece.length)
    forwarding.sink.data(piece, 0, piece.length)
    forwarding.sink.chunkEnd()
    forwarding.flush(false)
  }

  #bodyEnded(): void {
    this.#bodyDone = true
    this.#context.wheel.disarm(this)
    if (this.exchange === undefined) return
    if (this.#collector !== undefined) {
      this.#endCollecting('ok')
    } else if (this.#forwarding !== undefined) {
      this.#forwarding.more(0)
      this.#forwarding.flush(true)
    }
  }

  collectBody(exchange: Exchange, limit: number): Promise<'ok' | 'too-large' | 'timeout'> {
    if (this.exchange !== exchange) return Promise.reject(new Error('the client has gone'))
    if (this.head.contentLength > limit) return Promise.resolve('too-large')
    if (this.#bodyDone) {
      exchange.body ??= Buffer.alloc(0)
      return Promise.resolve('ok')
    }
    return new Promise((resolve, reject) => {
      this.#collector = new BodyCollector(limit, resolve, reject)
      this.#readBody()
    })
  }

  #endCollecting(result: 'ok' | 'too-large' | 'timeout'): void {
    const collector = this.#collector
    if (collector === undefined) return
    this.#collector = undefined
    if (result === 'ok' && this.exchange !== undefined) this.exchange.body = collector.content()
    else this.stream.pause()
    collector.resolve(result)
  }

  #armBody(): void {
    if (this.#isRelayed) return
    const { bodyTimeout } = this.exchange ?? this.#context.options
    this.#context.wheel.arm(this, performance.now() + bodyTimeout)
  }

  /** The backend does not keep up with the body. */
  pauseBody(): void {
    if (this.#bodyDone) return
    this.#context.wheel.disarm(this)
    this.stream.pause()
  }

  resumeBody(): void {
    if (this.#bodyDone || !this.stream.isPaused()) return
    this.#armBody()
    this.stream.resume()
  }

  // Replies out.

  /** Ends of replies show by the stream's, not by what is written: no chunks, and no lines about the connection. */
  readonly unframed = true

  startReply(): string {
    return ''
  }

  closeAfterReply(): void {
    // The stream is closed with its reply in any case.
  }

  #reply(exchange: Exchange, reply: Reply): void {
    exchange.status = reply.status
    if (reply.errorCode !== undefined) exchange.errorCode = reply.errorCode
    if (reply.errorType !== undefined) exchange.errorType = reply.errorType
    this.#context.handler.replying(exchange, reply)
    const own = `Server: api-gateway\r\nX-Request-Id: ${exchange.requestId}\r\n${reply.date ?? dateLine(Date.now())}`
    const lines = own + wireText(linesWithout(reply.headers, exchange.withheld)) + wireText(exchange.replyHeaders)
    if (reply.errorCode !== undefined && speaksGrpc(exchange)) {
      this.respond(grpcRefusal(reply, lines), true)
    } else {
      const sent = ownBody(exchange, reply)
      const body = typeof sent === 'string' ? Buffer.from(sent) : sent
      const fields = replyFields(reply.status, lines)
      if (reply.status !== 204 && reply.status !== 304) fields['content-length'] = body.length
      const headOnly = isBodyless(reply.status, this.head.method)
      this.respond(fields, headOnly)
      if (!headOnly) this.write(body)
    }
    this.replyDone()
  }

  /** The head of the reply; `trailers` are asked for after its last piece. */
  respond(fields: ReplyFields, headOnly: boolean, trailers?: () => ReplyFields): void {
    const { stream } = this
    this.#replyStarted = true
    if (this.exchange !== undefined) this.exchange.bytesOut += headSize(fields)
    if (stream.destroyed || stream.headersSent) return
    try {
      stream.respond(fields, { endStream: headOnly, waitForTrailers: trailers !== undefined })
    } catch {
      // A head that HTTP/1.1 can say and HTTP/2 cannot, such as a status above 599.
      stream.destroy(new Error('the reply has no form in HTTP/2'))
      return
    }
    if (trailers === undefined) return
    this.#trailers = trailers
    stream.on('wantTrailers', ClientStream.#onWantTrailers)
  }

  /** The first piece begins with the whole head, as HTTP/1.1 has it; what follows is body. */
  write(piece: Piece): boolean {
    const { stream } = this
    if (stream.destroyed) return true
    let body = piece
    if (!this.#replyStarted) {
      const text = typeof piece === 'string' ? piece : bytesOf(piece).toString('latin1')
      const end = text.indexOf('\r\n\r\n') + 4
      const fields = replyFieldsOf(text.slice(0, end))
      this.respond(fields, isBodyless(fields[':status'] ?? 0, this.head.method))
      body = withoutFirst(piece, end)
    }
    if (body.length === 0) return true
    if (this.exchange !== undefined) this.exchange.bytesOut += body.length
    if (send(stream, body)) return true
    // Most streams are never waited for.
    if (!this.#full) stream.once('drain', ClientStream.#onDrain)
    this.#full = true
    return false
  }

  #drained(): void {
    this.#full = false
    this.#forwarding?.clientDrained()
  }

  /** Answers for a failure of the engine; once the reply has begun, all that can be done is to cut it. */
  fail(failure: Failure): void {
    const { exchange } = this
    if (exchange === undefined) return
    this.#stopForwarding()
    if (this.#replyStarted) this.cut()
    else this.#reply(exchange, this.#context.handler.failed(exchange, failure))
  }

  replyDone(): void {
    const { exchange, stream } = this
    if (exchange === undefined) return
    this.#forwarding = undefined
    this.#record(exchange)
    if (stream.destroyed) return
    this.#armSend()
    stream.end()
    // Nobody reads the rest of the request (RFC 9113 §8.1).
    if (!this.#bodyDone) stream.once('finish', () => stream.close(NGHTTP2_NO_ERROR))
  }

  /** The reply cannot be completed; the client must not take what it has for the whole. */
  cut(): void {
    this.#abort(this.exchange?.status ?? 0)
    // To close it would end it first, as if it were whole.
    this.stream.destroy(new Error('the reply is cut'))
  }

  #record(exchange: Exchange): void {
    this.exchange = undefined
    exchange.finishedAt = performance.now()
    this.#context.inFlight--
    if (this.head.hasRequestLine) this.#context.handler.done(exchange)
  }

  #abort(status: number): void {
    const { exchange } = this
    this.#stopForwarding()
    this.#collector?.reject(new Error('the client has gone'))
    this.#collector = undefined
    if (exchange === undefined) return
    exchange.status = status
    this.#record(exchange)
  }

  #stopForwarding(): void {
    const forwarding = this.#forwarding
    this.#forwarding = undefined
    forwarding?.cancel()
  }

  #closed(): void {
    this.left(this.stream)
    this.#context.wheel.disarm(this)
    this.#abort(499)
  }

  /** What the client has not taken yet. */
  #armSend(): void {
    this.#unsent = this.stream.writableLength
    this.#context.wheel.arm(this, performance.now() + this.#context.options.sendTimeout)
  }

  override ring(): void {
    if (this.exchange === undefined) {
      // The reply is out of our hands: it may go on as long as the client goes on taking it.
      if (this.stream.writableLength > 0 && this.stream.writableLength !== this.#unsent) this.#armSend()
      else this.stream.close(NGHTTP2_CANCEL)
    } else if (this.#collector !== undefined) {
      this.#endCollecting('timeout')
    } else if (!this.#bodyDone && !this.stream.isPaused()) {
      this.fail('request-timeout')
    }
  }
}

function headSize(fields: ReplyFields): number {
  let size = 0
  for (const name in fields) size += name.length + String(fields[name]).length + 4
  return size
}

const ignore = (): void => undefined
