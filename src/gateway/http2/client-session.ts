/**
 * An HTTP/2 connection of a client. Frames, windows and header compression are the platform's; here is what it may
 * cost: streams at once, streams that are given up, and frames that ask for an answer and nothing else.
 */
import { constants, performServerHandshake, type IncomingHttpHeaders, type ServerHttp2Session } from 'node:http2'
import type { ServerHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { TlsFacts } from '../exchange.js'
import { Alarm } from '../http1/alarms.js'
import type { EngineConnection, EngineContext, Forwarding } from '../http1/context.js'
import { Budget } from './budget.js'
import { ClientStream, type StreamSurroundings } from './client-stream.js'
import { requestText } from './request-text.js'

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_FLAG_END_STREAM, NGHTTP2_NO_ERROR } = constants

/** Streams that a client may have open at once. */
const MOST_STREAMS = 128
/** Bytes of all headers of one request: a little more than is accepted, so that what is too much can be answered. */
const MOST_HEADER_BYTES = 160 * 1024
const MOST_HEADERS = 1_000
/** Bytes that a stream may send before the gateway has taken them. */
const WINDOW = 256 * 1024
const CONNECTION_WINDOW = 1024 * 1024
/** A browser that leaves a page gives up what is under way; an attacker does so again and again (CVE-2023-44487). */
const RESETS = { burst: 200, perSecond: 20 }
/** Settings and pings. Clients in use send a few a minute. */
const CONTROL_FRAMES = { burst: 50, perSecond: 5 }

export interface SessionOptions {
  readonly context: EngineContext
  readonly peerAddress: string
  readonly proxyFields: string
  readonly listenerPort: number
  readonly tls: TlsFacts
  newRelay(client: ClientStream): Forwarding
  /** The connection is over. */
  left(): void
}

export class ClientSession extends Alarm implements EngineConnection {
  readonly #session: ServerHttp2Session
  readonly #context: EngineContext
  readonly #surroundings: StreamSurroundings
  readonly #resets = new Budget(RESETS)
  readonly #controlFrames = new Budget(CONTROL_FRAMES)
  #streams = 0

  constructor(
    private readonly socket: TLSSocket,
    options: SessionOptions,
  ) {
    super()
    const { context } = options
    this.#context = context
    this.#surroundings = options
    this.#session = performServerHandshake(socket, {
      maxHeaderListPairs: MOST_HEADERS,
      maxSessionInvalidFrames: 100,
      maxSessionRejectedStreams: 100,
      settings: {
        enablePush: false,
        maxConcurrentStreams: MOST_STREAMS,
        maxHeaderListSize: MOST_HEADER_BYTES,
        initialWindowSize: WINDOW,
      },
    })
    const session = this.#session
    session.setLocalWindowSize(CONNECTION_WINDOW)
    context.connections.add(this)
    this.#armIdle()
    session.on(
      'stream',
      (stream: ServerHttp2Stream, _headers: IncomingHttpHeaders, flags: number, raw: readonly string[]) => {
        this.#open(stream, flags, raw)
      },
    )
    // What matters about an error is the close that follows.
    session.on('error', () => undefined)
    socket.on('error', () => undefined)
    session.on('remoteSettings', () => this.#spend(this.#controlFrames))
    session.on('ping', () => this.#spend(this.#controlFrames))
    session.on('close', () => {
      context.wheel.disarm(this)
      context.connections.delete(this)
      options.left()
    })
  }

  #open(stream: ServerHttp2Stream, flags: number, raw: readonly string[]): void {
    const ended = (flags & NGHTTP2_FLAG_END_STREAM) !== 0
    this.#streams++
    this.#context.wheel.disarm(this)
    new ClientStream(stream, this.#surroundings, this.#closed).begin(requestText(raw, ended), ended)
  }

  readonly #closed = (stream: ServerHttp2Stream): void => {
    this.#streams--
    if (stream.rstCode !== NGHTTP2_NO_ERROR) this.#spend(this.#resets)
    if (this.#streams === 0 && !this.#session.destroyed) this.#armIdle()
  }

  /** The client has done what it may do only so often; beyond that it is told, and left. */
  #spend(budget: Budget): void {
    if (budget.spend() || this.#session.destroyed) return
    this.#session.goaway(NGHTTP2_ENHANCE_YOUR_CALM)
    this.#session.destroy()
  }

  #armIdle(): void {
    this.#context.wheel.arm(this, performance.now() + this.#context.options.idleTimeout)
  }

  /** Nobody asks for anything. */
  override ring(): void {
    const session = this.#session
    // Whoever has been told and is still there is not waited for.
    if (session.closed) session.destroy()
    else session.close()
    if (!session.destroyed) this.#context.wheel.arm(this, performance.now() + this.#context.options.lingerTimeout)
  }

  drain(): void {
    this.#session.close()
  }

  destroy(): void {
    this.#session.destroy()
    this.socket.destroy()
  }
}
