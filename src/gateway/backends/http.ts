/**
 * Forwards exchanges to HTTP backends: one object per client connection, which carries one exchange at a time there
 * and back. Nothing is stored on the way but what a repetition may need.
 *
 * Attempts, time-outs and what may be repeated: backends.md §2.
 */
import type { Exchange, ForwardPlan, Load, PlanAgain } from '../exchange.js'
import type { Failure } from '../handler.js'
import { Alarm } from '../http1/alarms.js'
import { Batch, type Framing } from '../http1/batch.js'
import { CHUNKED } from '../http1/body-reader.js'
import type { ChunkSink } from '../http1/chunked.js'
import type { Forwarding } from '../http1/context.js'
import { bytesOf, type Piece, withoutFirst } from '../http1/piece.js'
import type { PooledBuffer } from '../http1/pooled-buffer.js'
import { endReplyTap, endRequestTap, TappedSink } from '../taps.js'
import { isBodyless } from '../http1/response-head.js'
import type { BackendConnection, BackendUser, Trouble } from './backend-connection.js'
import { backendReply, interimReply, upgradeReply } from './backend-reply.js'
import { backendRequest, offersUpgrade } from './backend-request.js'
import type { ForwardedClient } from './forwarded-client.js'
import { GzipReply, type GzipOwner } from './gzip-reply.js'
import type { BackendPools, OriginPool, Waiting } from './pool.js'
import { Tunnel } from './tunnel.js'

/** Bodies above this size are not sent again once bytes of them were sent. */
const REPLAY_LIMIT = 1024 * 1024

const CHUNK_END = Buffer.from('\r\n', 'latin1')

const idempotent = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])

const failures: Readonly<Record<Trouble, Failure>> = {
  unresolved: 'backend-unresolved',
  forbidden: 'backend-forbidden',
  refused: 'backend-unavailable',
  closed: 'backend-unavailable',
  malformed: 'backend-unavailable',
}

export class HttpForwarding extends Alarm implements Forwarding, BackendUser, Waiting, GzipOwner {
  readonly #client: ForwardedClient
  readonly #pools: BackendPools
  readonly #request = new Batch()
  readonly #reply = new Batch()
  /** Where bodies go: to the batches, or past a tap to them. */
  #requestSink: ChunkSink = this.#request
  #replySink: ChunkSink = this.#reply
  #exchange: Exchange | undefined = undefined
  #plan: ForwardPlan | undefined = undefined
  #backend: BackendConnection | undefined = undefined
  /** The pool at which this exchange stands in line. */
  #waitsAt: OriginPool | undefined = undefined
  /** What of the request can be sent (again): everything so far, or undefined when it cannot be repeated any more. */
  #sent: Piece[] | undefined = undefined
  #sentSize = 0
  /** Characters of the first piece that are the head. */
  #headLength = 0
  /** What the attempt counts for that is under way, and what attempts before it counted for. */
  #load: Load | undefined = undefined
  #tried: Load[] | undefined = undefined
  #requestDone = false
  #retries = 0
  /** A kept connection that turned out to be dead is replaced once without counting as a retry. */
  #replaced = false
  #replied = false
  #replyFraming: Framing = 'plain'
  #clientSlow = false
  #tunnel: Tunnel | undefined = undefined
  #gzip: GzipReply | undefined = undefined

  constructor(client: ForwardedClient, pools: BackendPools) {
    super()
    this.#client = client
    this.#pools = pools
  }

  // From the client.

  get sink(): ChunkSink {
    return this.#requestSink
  }

  start(exchange: Exchange, size: number): void {
    const { plan, body, requestTap } = exchange
    if (plan === undefined) throw new Error('an exchange is forwarded without a plan')
    this.#exchange = exchange
    this.#plan = plan
    this.#sent = []
    this.#sentSize = 0
    this.#requestDone = false
    this.#tried = undefined
    this.#retries = plan.retries
    this.#replaced = false
    this.#replied = false
    this.#clientSlow = false
    const head = backendRequest(this.#client, exchange, plan)
    this.#headLength = head.length
    this.#request.lends = !this.#mayRepeat()
    this.#request.begin(head, body === undefined ? size : body.length, this.#requestFraming(exchange))
    if (requestTap !== undefined) this.#requestSink = new TappedSink(this.#request, requestTap)
    if (body !== undefined && body.length > 0) this.#requestSink.data(body, 0, body.length)
  }

  more(size: number, source?: PooledBuffer): void {
    const exchange = this.#exchange
    if (exchange === undefined) return
    this.#request.lends = this.#sent === undefined || !this.#mayRepeat()
    this.#request.begin('', size, this.#requestFraming(exchange), source)
  }

  #requestFraming(exchange: Exchange): Framing {
    return exchange.body === undefined && this.#client.head.contentLength === CHUNKED ? 'keep-chunks' : 'plain'
  }

  flush(bodyDone: boolean): void {
    if (this.#exchange === undefined || this.#plan === undefined) return
    if (bodyDone) {
      this.#request.end()
      this.#requestDone = true
      if (this.#exchange.requestTap !== undefined) endRequestTap(this.#exchange, true)
    }
    const piece = this.#request.take()
    if (piece === undefined) return
    const first = this.#sent?.length === 0
    this.#remember(piece)
    if (this.#backend !== undefined) {
      this.#armBackend()
      if (!this.#backend.write(piece) && !bodyDone) this.#client.pauseBody()
    } else {
      if (!bodyDone) this.#client.pauseBody()
      if (first) this.#attempt(this.#exchange, this.#plan, false)
    }
  }

  #remember(piece: Piece): void {
    if (this.#sent === undefined) return
    this.#sent.push(piece)
    this.#sentSize += piece.length
    if (this.#sentSize > REPLAY_LIMIT && this.#backend !== undefined) this.#sent = undefined
  }

  cancel(): void {
    if (this.#exchange !== undefined) this.#backend?.tally(this.#exchange)
    this.#tunnel?.close()
    this.#backend?.release(false)
    if (this.#tunnel !== undefined && this.#exchange !== undefined) this.#count(this.#exchange)
    this.#clear()
  }

  clientDrained(): void {
    this.#tunnel?.clientDrained()
    if (this.#gzip !== undefined) {
      if (this.#backend === undefined || this.#clientSlow) this.#armSend()
      this.#gzip.clientDrained()
    } else {
      this.roomAgain()
    }
  }

  roomAgain(): void {
    if (!this.#clientSlow) return
    this.#clientSlow = false
    this.#armBackend()
    this.#backend?.resume()
  }

  // To the backend.

  #attempt(exchange: Exchange, plan: ForwardPlan, fresh: boolean): void {
    exchange.upstreamStartedAt = performance.now()
    exchange.upstreamConnectedAt = 0
    exchange.upstreamHeadAt = 0
    exchange.upstreamEndedAt = 0
    if (plan.load !== undefined) {
      this.#load = plan.load
      plan.load.active++
    }
    const pool = this.#pools.of(plan.origin)
    if (pool.forbidden) {
      this.#fail('backend-forbidden')
      return
    }
    this.#pools.wheel.arm(this, exchange.upstreamStartedAt + plan.timeout)
    const backend = pool.take(fresh)
    if (backend !== undefined) this.admit(backend)
    else if (pool.wait(this)) this.#waitsAt = pool
    else this.#fail('overloaded')
  }

  admit(backend: BackendConnection): void {
    const exchange = this.#exchange
    this.#waitsAt = undefined
    if (exchange === undefined || this.#plan === undefined || this.#sent === undefined) {
      backend.destroy()
      return
    }
    this.#backend = backend
    backend.serve(this, this.#plan.method)
    if (backend.connected) {
      exchange.upstreamConnectedAt = exchange.upstreamStartedAt
      exchange.upstreamAddress = backend.address
    }
    let keepsUp = true
    for (const piece of this.#sent) keepsUp = backend.write(piece)
    if (!this.#requestDone && keepsUp) this.#client.resumeBody()
    if (!this.#mayRepeat()) this.#sent = undefined
  }

  /** Whether there is a failure after which the request would be sent again; otherwise it need not be remembered. */
  #mayRepeat(): boolean {
    return this.#retries > 0 || (!this.#replaced && idempotent.has(this.#plan?.method ?? ''))
  }

  connected(): void {
    if (this.#exchange === undefined || this.#backend === undefined) return
    this.#exchange.upstreamConnectedAt = performance.now()
    this.#exchange.upstreamAddress = this.#backend.address
  }

  drained(): void {
    if (this.#requestDone) return
    this.#armBackend()
    this.#client.resumeBody()
  }

  lost(trouble: Trouble, replyBegan: boolean): void {
    const exchange = this.#exchange
    const plan = this.#plan
    const reused = (this.#backend?.served ?? 0) > 0
    if (exchange !== undefined) this.#backend?.tally(exchange)
    this.#backend = undefined
    if (exchange === undefined || plan === undefined) return
    this.#count(exchange)
    if (this.#replied) {
      this.#clear()
      this.#client.cut()
    } else if (replyBegan || this.#sent === undefined) {
      this.#fail(failures[trouble])
    } else if (trouble === 'closed' && reused && !this.#replaced && idempotent.has(plan.method)) {
      this.#replaced = true
      this.#attempt(exchange, plan, true)
    } else if (this.#retries > 0 && (trouble === 'closed' || trouble === 'refused')) {
      this.#repeat(exchange, plan, failures[trouble])
    } else {
      this.#fail(failures[trouble])
    }
  }

  /** The backend, or a client that does not read, has run out of time. */
  override ring(): void {
    const exchange = this.#exchange
    const plan = this.#plan
    if (exchange === undefined || plan === undefined) return
    if (this.#backend !== undefined || !this.#replied) this.#count(exchange)
    this.#backend?.release(false)
    this.#backend = undefined
    if (this.#replied) {
      this.#clear()
      this.#client.cut()
    } else if (this.#retries > 0 && this.#sent !== undefined && this.#waitsAt === undefined) {
      this.#repeat(exchange, plan, 'backend-timeout')
    } else {
      this.#fail('backend-timeout')
    }
  }

  /** Sends the request once more, to another member where a plan knows several; `failure` when there is none. */
  #repeat(exchange: Exchange, plan: ForwardPlan, failure: Failure): void {
    this.#retries--
    const next = plan.again === undefined ? plan : this.#planAgain(exchange, plan, plan.again)
    if (next === undefined) this.#fail(failure)
    else this.#attempt(exchange, next, true)
  }

  #planAgain(exchange: Exchange, plan: ForwardPlan, again: PlanAgain): ForwardPlan | undefined {
    this.#tried ??= []
    if (plan.load !== undefined) this.#tried.push(plan.load)
    const next = again(exchange, plan, this.#tried)
    if (next === undefined || this.#sent === undefined) return undefined
    this.#plan = next
    exchange.plan = next
    const head = backendRequest(this.#client, exchange, next)
    const [first = ''] = this.#sent
    const rest = withoutFirst(first, this.#headLength)
    this.#sent[0] = typeof rest === 'string' ? head + rest : Buffer.concat([Buffer.from(head, 'latin1'), bytesOf(rest)])
    this.#headLength = head.length
    return next
  }

  #fail(failure: Failure): void {
    this.#clear()
    this.#client.fail(failure)
  }

  /** An attempt has ended. */
  #count(exchange: Exchange): void {
    this.#backend?.tally(exchange)
    exchange.upstreamEndedAt = performance.now()
    exchange.upstreamTotal += exchange.upstreamEndedAt - exchange.upstreamStartedAt
    this.#unload()
  }

  #unload(): void {
    if (this.#load === undefined) return
    this.#load.active--
    this.#load = undefined
  }

  #clear(): void {
    this.#unload()
    this.#waitsAt?.stopWaiting(this)
    this.#waitsAt = undefined
    this.#backend = undefined
    this.#exchange = undefined
    this.#plan = undefined
    this.#sent = undefined
    this.#tunnel = undefined
    this.#gzip?.destroy()
    this.#gzip = undefined
    this.#requestSink = this.#request
    this.#replySink = this.#reply
    this.#pools.wheel.disarm(this)
  }

  /** Progress of the request, or a piece of the reply: the time of the backend starts again. */
  #armBackend(): void {
    if (this.#plan !== undefined) this.#pools.wheel.arm(this, performance.now() + this.#plan.timeout)
  }

  // The reply.

  interim(): void {
    if (this.#backend === undefined || this.#client.unframed) return
    this.#client.write(interimReply(this.#backend.head))
  }

  get upgrading(): boolean {
    const exchange = this.#exchange
    return exchange !== undefined && this.#plan !== undefined && offersUpgrade(this.#client.head, exchange, this.#plan)
  }

  upgraded(bytes: Buffer, at: number, end: number): number {
    const exchange = this.#exchange
    const backend = this.#backend
    if (exchange === undefined || backend === undefined || this.#plan === undefined) return end
    const client = this.#client
    const { wheel, options, handler } = this.#pools
    this.#begin(exchange, backend)
    handler.replying(exchange, backend.head)
    wheel.disarm(this)
    const times = { idle: Math.max(options.tunnelIdleTimeout, this.#plan.timeout), linger: options.lingerTimeout }
    const tunnel = new Tunnel(client, backend, wheel, times, (how) => this.#endTunnel(backend, exchange, how))
    this.#tunnel = tunnel
    backend.handTo(tunnel)
    client.openTunnel?.(upgradeReply(backend.head, exchange), tunnel)
    return at < end ? tunnel.body(bytes, at, end) : end
  }

  #endTunnel(backend: BackendConnection, exchange: Exchange, how: 'ended' | 'lost'): void {
    this.#tunnel?.close()
    if (how === 'ended') {
      this.#finish(backend, exchange, false)
    } else {
      this.#count(exchange)
      this.#clear()
      this.#client.cut()
    }
  }

  /** The final head of the reply is there. */
  #begin(exchange: Exchange, { head }: BackendConnection): void {
    exchange.upstreamHeadAt = performance.now()
    exchange.upstreamStatus = head.status
    exchange.status = head.status
    this.#replied = true
    this.#sent = undefined
  }

  replied(bytes: Buffer, at: number, end: number): number {
    const exchange = this.#exchange
    const backend = this.#backend
    if (exchange === undefined || backend === undefined) return end
    const { head } = backend
    this.#begin(exchange, backend)
    if (!this.#requestDone) this.#client.closeAfterReply()
    this.#pools.handler.replying(exchange, head)
    if (exchange.replyTap !== undefined) this.#replySink = new TappedSink(this.#reply, exchange.replyTap)
    const out = this.#replyHead(backend, exchange)

    if (backend.body.done || isBodyless(head.status, this.#client.head.method)) {
      this.#client.write(out)
      this.#finish(backend, exchange, backend.body.done && at === end)
      return at
    }
    if (exchange.gzip !== undefined) {
      this.#gzip = new GzipReply(this, exchange.gzip)
      this.#client.write(out)
      return this.#relay('', bytes, at, end, exchange, backend)
    }
    const length = head.bodyLength
    const bodyStart = head.lines.last + 2
    if (length >= 0 && end - at >= length && head.text.length >= bodyStart + length) {
      // Head and body are there, and one string holds them both.
      this.#client.write(out + head.text.substring(bodyStart, bodyStart + length))
      exchange.replyTap?.data(bytes, at, at + length)
      this.#finish(backend, exchange, end - at === length)
      return at + length
    }
    return this.#relay(out, bytes, at, end, exchange, backend)
  }

  /** Head for the client, with framing and the empty line. */
  #replyHead(backend: BackendConnection, exchange: Exchange): string {
    const { head } = backend
    const client = this.#client
    this.#replyFraming = 'plain'
    if (isBodyless(head.status, client.head.method)) {
      const keepLength = head.status !== 204
      return `${backendReply(head, exchange, keepLength)}${client.startReply(true)}\r\n`
    }
    if (backend.body.done && head.bodyLength === 0 && isBodyless(head.status, this.#plan?.method ?? '')) {
      // The backend was asked for a head only; the length that it declares is not that of this reply.
      return `${backendReply(head, exchange, false)}Content-Length: 0\r\n${client.startReply(true)}\r\n`
    }
    if (exchange.gzip !== undefined) {
      const framing = client.unframed ? '' : 'Transfer-Encoding: chunked\r\n'
      return `${backendReply(head, exchange, false)}${framing}${client.startReply(!client.unframed)}\r\n`
    }
    if (head.bodyLength >= 0) return `${backendReply(head, exchange, true)}${client.startReply(true)}\r\n`
    if (client.unframed) return `${backendReply(head, exchange, true)}${client.startReply(false)}\r\n`
    this.#replyFraming = head.bodyLength === CHUNKED ? 'keep-chunks' : 'make-chunks'
    return `${backendReply(head, exchange, true)}Transfer-Encoding: chunked\r\n${client.startReply(true)}\r\n`
  }

  body(bytes: Buffer, at: number, end: number): number {
    if (this.#exchange === undefined || this.#backend === undefined) return end
    return this.#relay('', bytes, at, end, this.#exchange, this.#backend)
  }

  #relay(
    prefix: string,
    bytes: Buffer,
    at: number,
    end: number,
    exchange: Exchange,
    backend: BackendConnection,
  ): number {
    this.#reply.begin(prefix, Math.min(backend.body.remaining, end - at), this.#replyFraming, backend.source)
    const position = backend.body.read(bytes, at, end, this.#replySink)
    if (position < 0) {
      this.#reply.take()
      backend.release(false)
      this.#count(exchange)
      this.#clear()
      this.#client.cut()
      return end
    }
    if (backend.body.done) this.#reply.end()
    const piece = this.#reply.take()
    const keepsUp = piece === undefined || (this.#gzip ?? this.#client).write(piece)
    if (backend.body.done) {
      this.#finish(backend, exchange, position === end)
    } else if (keepsUp) {
      this.#armBackend()
    } else {
      this.#clientSlow = true
      backend.pause()
      this.#armSend()
    }
    return position
  }

  ended(): void {
    const exchange = this.#exchange
    const backend = this.#backend
    if (exchange === undefined || backend === undefined) return
    this.#reply.begin('', 0, this.#replyFraming)
    this.#reply.end()
    const piece = this.#reply.take()
    if (piece !== undefined) (this.#gzip ?? this.#client).write(piece)
    this.#finish(backend, exchange, false)
  }

  #finish(backend: BackendConnection, exchange: Exchange, clean: boolean): void {
    this.#count(exchange)
    if (exchange.replyTap !== undefined) endReplyTap(exchange, true)
    if (this.#gzip !== undefined) {
      // The backend is done with; the client is not.
      this.#unload()
      this.#backend = undefined
      backend.release(clean && this.#requestDone)
      this.#armSend()
      this.#gzip.end()
      return
    }
    this.#clear()
    backend.release(clean && this.#requestDone)
    this.#client.replyDone()
  }

  /** A client has this long to take what is written. */
  #armSend(): void {
    this.#pools.wheel.arm(this, performance.now() + this.#pools.options.sendTimeout)
  }

  compressed(piece: Buffer): boolean {
    if (this.#backend === undefined) this.#armSend()
    if (this.#client.unframed) return this.#client.write(piece)
    return this.#client.write(
      Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`, 'latin1'), piece, CHUNK_END]),
    )
  }

  compressedAll(): void {
    if (!this.#client.unframed) this.#client.write('0\r\n\r\n')
    this.#clear()
    this.#client.replyDone()
  }
}
