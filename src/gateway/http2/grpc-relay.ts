/**
 * Carries one gRPC call to a backend that speaks HTTP/2: messages stream both ways, and trailers arrive, as they are
 * sent (backends.md §8). Nothing is repeated once the call has been sent.
 */
import {
  constants,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { backendRequest } from '../backends/backend-request.js'
import { troubleOf } from '../backends/backend-connection.js'
import type { Exchange, ForwardPlan, Load } from '../exchange.js'
import type { ExchangeHandler, Failure } from '../handler.js'
import { Alarm } from '../http1/alarms.js'
import type { ChunkSink } from '../http1/chunked.js'
import type { Forwarding } from '../http1/context.js'
import { wireText } from '../http1/own-reply.js'
import { endReplyTap, endRequestTap } from '../taps.js'
import type { BackendSession, BackendSessions } from './backend-sessions.js'
import type { ClientStream } from './client-stream.js'
import { addFields, type ReplyFields } from './reply-headers.js'
import { closeListener, listener, type OwnedStream, setOwner } from './stream-owner.js'

const { NGHTTP2_CANCEL, NGHTTP2_FLAG_END_STREAM, NGHTTP2_NO_ERROR } = constants

/** Fields of a reply that the gateway writes itself. */
const OWN_FIELDS: ReadonlySet<string> = new Set([':status', 'server', 'x-request-id', 'connection', 'keep-alive'])

type BackendStream = ClientHttp2Stream & OwnedStream<GrpcRelay>

/** With what Node would add to its copy of them. Node 24 warns of a weight. */
const [MAJOR = ''] = process.versions.node.split('.')
const REQUEST_OPTIONS = {
  ...{ endStream: false, parent: 0, exclusive: false, silent: false },
  ...(Number(MAJOR) < 24 && { weight: constants.NGHTTP2_DEFAULT_WEIGHT }),
}

export class GrpcRelay extends Alarm implements Forwarding, ChunkSink {
  readonly sink: ChunkSink = this
  #exchange: Exchange | undefined = undefined
  #plan: ForwardPlan | undefined = undefined
  #backend: BackendSession | undefined = undefined
  #stream: BackendStream | undefined = undefined
  /** What came before the connection was there. */
  #early: Buffer[] = []
  #requestDone = false
  #replied = false
  #full = false
  #retries = 0
  /** What the attempt counts for that is under way, and what attempts before it counted for. */
  #load: Load | undefined = undefined
  readonly #tried: Load[] = []
  #trailers: ReplyFields = {}

  constructor(
    private readonly client: ClientStream,
    private readonly sessions: BackendSessions,
    private readonly handler: ExchangeHandler,
  ) {
    super()
  }

  // From the client.

  start(exchange: Exchange): void {
    const { plan, body } = exchange
    if (plan === undefined) throw new Error('an exchange is forwarded without a plan')
    this.#exchange = exchange
    this.#plan = plan
    this.#retries = plan.retries
    if (body !== undefined) {
      this.#early.push(body)
      exchange.requestTap?.data(body, 0, body.length)
    }
    this.#attempt(exchange, plan)
  }

  more(): void {
    // Pieces are sent as they come.
  }

  chunk(): void {
    // Framing is not content.
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (this.#exchange === undefined) return
    const piece = bytes.subarray(start, end)
    this.#exchange.requestTap?.data(bytes, start, end)
    if (this.#stream === undefined) this.#early.push(piece)
    else this.#write(this.#stream, piece)
  }

  #write(stream: ClientHttp2Stream, piece: Buffer): void {
    if (this.#exchange !== undefined && this.#backend?.isPublic === true) this.#exchange.publicBytesOut += piece.length
    // Most calls never wait to be told.
    if (!stream.write(piece) && !this.#full) {
      this.#full = true
      stream.once('drain', GrpcRelay.#onDrain)
    }
  }

  chunkEnd(): void {
    // Framing is not content.
  }

  flush(bodyDone: boolean): void {
    if (this.#exchange === undefined) return
    this.#requestDone ||= bodyDone
    if (bodyDone && this.#exchange.requestTap !== undefined) endRequestTap(this.#exchange, true)
    if (this.#stream === undefined) {
      if (!bodyDone) this.client.pauseBody()
      return
    }
    this.#arm()
    if (this.#requestDone) this.#stream.end()
    else if (this.#full) this.client.pauseBody()
  }

  cancel(): void {
    const stream = this.#stream
    this.#clear()
    stream?.close(NGHTTP2_CANCEL)
  }

  clientDrained(): void {
    if (this.#stream?.isPaused() !== true) return
    this.#arm()
    this.#stream.resume()
  }

  // To the backend.

  #attempt(exchange: Exchange, plan: ForwardPlan): void {
    exchange.upstreamStartedAt = performance.now()
    exchange.upstreamConnectedAt = 0
    this.#plan = plan
    this.#load = plan.load
    if (plan.load !== undefined) plan.load.active++
    if (this.sessions.isForbidden(plan.origin)) {
      this.#fail('backend-forbidden')
      return
    }
    const backend = this.sessions.take(plan.origin)
    if (backend === undefined) {
      this.#fail('overloaded')
      return
    }
    this.#arm()
    this.#backend = backend
    backend.enter()
    if (backend.connected) {
      exchange.upstreamConnectedAt = exchange.upstreamStartedAt
      this.#send(exchange, plan, backend)
      return
    }
    const { session } = backend
    const settle = (): void => {
      session.off('connect', settle)
      session.off('close', settle)
      if (this.#exchange !== exchange || this.#backend !== backend) return
      if (session.destroyed || session.closed) {
        this.#lost(exchange, plan, backend)
      } else {
        exchange.upstreamConnectedAt = performance.now()
        this.#send(exchange, plan, backend)
      }
    }
    session.on('connect', settle)
    session.on('close', settle)
  }

  #send(exchange: Exchange, plan: ForwardPlan, backend: BackendSession): void {
    exchange.upstreamAddress = backend.address
    const stream = this.#request(exchange, plan, backend)
    if (stream === undefined) {
      this.#cutOff(exchange)
      return
    }
    this.#stream = stream
    setOwner(stream, this)
    stream.on('response', GrpcRelay.#onResponse)
    stream.on('trailers', GrpcRelay.#onTrailers)
    stream.on('data', GrpcRelay.#onData)
    stream.on('end', GrpcRelay.#onEnd)
    // What matters about an error is the close that follows.
    stream.on('error', ignore)
    stream.on('close', GrpcRelay.#onClose)
    for (const piece of this.#early) this.#write(stream, piece)
    this.#early = []
    if (this.#requestDone) stream.end()
    else if (!this.#full) this.client.resumeBody()
  }

  static readonly #onResponse = listener(
    (relay: GrpcRelay, headers: IncomingHttpHeaders & IncomingHttpStatusHeader, flags: number) =>
      relay.#replyBegins(headers, flags),
  )
  static readonly #onTrailers = listener((relay: GrpcRelay, trailers: IncomingHttpHeaders) => {
    relay.#trailers = copied(trailers)
  })
  static readonly #onData = listener((relay: GrpcRelay, piece: Buffer) => relay.#relay(piece))
  static readonly #onEnd = listener((relay: GrpcRelay) => relay.#ended())
  static readonly #onDrain = listener((relay: GrpcRelay) => relay.#drained())
  static readonly #onClose = closeListener((relay: GrpcRelay) => relay.#closed())

  #closed(): void {
    const exchange = this.#exchange
    if (this.#stream !== undefined && exchange !== undefined) this.#cutOff(exchange)
  }

  #request(exchange: Exchange, plan: ForwardPlan, { session }: BackendSession): BackendStream | undefined {
    try {
      return session.request(requestFields(this.client, exchange, plan), REQUEST_OPTIONS)
    } catch {
      // The backend has said goodbye in this very moment, or the head has no form in HTTP/2.
      return undefined
    }
  }

  #drained(): void {
    this.#full = false
    if (this.#requestDone) return
    this.#arm()
    this.client.resumeBody()
  }

  /** No connection came about. */
  #lost(exchange: Exchange, plan: ForwardPlan, { failure }: BackendSession): void {
    this.#count(exchange)
    const trouble = failure === undefined ? 'closed' : troubleOf(failure)
    if (trouble === 'unresolved') this.#fail('backend-unresolved')
    else if (trouble === 'forbidden') this.#fail('backend-forbidden')
    else this.#repeat(exchange, plan)
  }

  /** Tries once more, with another member where a plan knows several. */
  #repeat(exchange: Exchange, plan: ForwardPlan): void {
    if (plan.load !== undefined) this.#tried.push(plan.load)
    const next =
      this.#retries-- > 0 ? (plan.again === undefined ? plan : plan.again(exchange, plan, this.#tried)) : undefined
    if (next === undefined) {
      this.#fail('backend-unavailable')
      return
    }
    exchange.plan = next
    this.#attempt(exchange, next)
  }

  /** The backend has ended the call before its time. */
  #cutOff(exchange: Exchange): void {
    this.#count(exchange)
    if (this.#replied) {
      this.#clear()
      this.client.cut()
    } else {
      this.#fail('backend-unavailable')
    }
  }

  override ring(): void {
    const stream = this.#stream
    const exchange = this.#exchange
    if (exchange === undefined) return
    this.#count(exchange)
    if (this.#replied) {
      this.#clear()
      this.client.cut()
    } else {
      this.#fail('backend-timeout')
    }
    stream?.close(NGHTTP2_CANCEL)
  }

  #fail(failure: Failure): void {
    this.#clear()
    this.client.fail(failure)
  }

  #arm(): void {
    if (this.#plan !== undefined) this.sessions.wheel.arm(this, performance.now() + this.#plan.timeout)
  }

  #count(exchange: Exchange): void {
    exchange.upstreamEndedAt = performance.now()
    exchange.upstreamTotal += exchange.upstreamEndedAt - exchange.upstreamStartedAt
    this.#leave()
  }

  #leave(): void {
    this.#backend?.leave()
    this.#backend = undefined
    if (this.#load !== undefined) this.#load.active--
    this.#load = undefined
  }

  #clear(): void {
    this.sessions.wheel.disarm(this)
    this.#leave()
    this.#stream = undefined
    this.#exchange = undefined
    this.#plan = undefined
    this.#early = []
  }

  // The reply.

  #replyBegins(headers: IncomingHttpHeaders & IncomingHttpStatusHeader, flags: number): void {
    const exchange = this.#exchange
    if (exchange === undefined) return
    this.#arm()
    const status = headers[':status'] ?? 0
    exchange.upstreamHeadAt = performance.now()
    exchange.upstreamStatus = status
    exchange.status = status
    this.#replied = true
    this.handler.replying(exchange, { eachHeader: (visit) => eachField(headers, visit) })
    const own = `server: api-gateway\r\nx-request-id: ${exchange.requestId}\r\n${wireText(exchange.replyHeaders)}`
    const fields = copied(headers, exchange.withheld, status)
    addFields(fields, own)
    const headOnly = (flags & NGHTTP2_FLAG_END_STREAM) !== 0
    this.client.respond(fields, headOnly, headOnly ? undefined : () => this.#trailers)
  }

  #relay(piece: Buffer): void {
    const exchange = this.#exchange
    if (exchange === undefined) return
    this.#arm()
    exchange.replyTap?.data(piece, 0, piece.length)
    if (this.#backend?.isPublic === true) exchange.publicBytesIn += piece.length
    if (!this.client.write(piece)) this.#stream?.pause()
  }

  #ended(): void {
    const exchange = this.#exchange
    if (exchange === undefined || !this.#replied) return
    const stream = this.#stream
    this.#count(exchange)
    if (exchange.replyTap !== undefined) endReplyTap(exchange, true)
    this.#clear()
    // A backend may answer without having read everything.
    if (!this.#requestDone) stream?.close(NGHTTP2_NO_ERROR)
    this.client.replyDone()
  }
}

/** The fields that a request over HTTP/1.1 would have, as HTTP/2 has them. */
function requestFields(client: ClientStream, exchange: Exchange, plan: ForwardPlan): OutgoingHttpHeaders {
  const head = backendRequest(client, exchange, plan)
  // One object, since Node makes another from it; its names in the same order in every call.
  const fields: ReplyFields = {
    ':method': plan.method,
    ':path': wireText(plan.target),
    ':scheme': plan.origin.tls ? 'https' : 'http',
    ':authority': wireText(plan.host),
    te: '',
  }
  addFields(fields, head, head.indexOf('\r\n') + 2, 'host')
  // gRPC asks for it: it shows that nobody on the way drops trailers.
  fields['te'] = 'trailers'
  return fields
}

function eachField(headers: IncomingHttpHeaders, visit: (name: string, value: string) => void): void {
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || OWN_FIELDS.has(name)) continue
    for (const one of typeof value === 'string' ? [value] : value) visit(name, one)
  }
}

function copied(headers: IncomingHttpHeaders, withheld?: ReadonlySet<string>, status?: number): ReplyFields {
  const fields: ReplyFields = status === undefined ? {} : { ':status': status }
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (value !== undefined && !OWN_FIELDS.has(name) && withheld?.has(name) !== true) fields[name] = value
  }
  return fields
}

const ignore = (): void => undefined
