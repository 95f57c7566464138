/**
 * HTTP/2 connections to backends, kept per address. Each carries many calls at once; another one is made when all have
 * as many as the backend lets them have.
 */
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2'
import net from 'node:net'
import { AddressRanges } from '../address-ranges.js'
import type { AddressSet } from '../address-set.js'
import { guardedLookup } from '../backends/guarded-lookup.js'
import { connectTls } from '../backends/tls-connect.js'
import type { Origin } from '../exchange.js'
import { Alarm, type Wheel } from '../http1/alarms.js'
import type { EngineOptions } from '../http1/context.js'
import { bindLightly } from './light-binding.js'

/** What a backend is taken to admit before it has said so (RFC 9113 §6.5.2 asks for no less). */
const STREAMS_AT_FIRST = 100
/** Bytes that a backend may send on a stream before the client has taken them. */
const WINDOW = 256 * 1024

export class BackendSession extends Alarm {
  readonly session: ClientHttp2Session
  readonly #socket: net.Socket
  #address = ''
  #isPublic: boolean | undefined
  /** Calls under way. */
  #streams = 0
  /** Why the connection ended, if it is known. */
  failure: NodeJS.ErrnoException | undefined = undefined

  constructor(
    readonly origin: Origin,
    private readonly options: EngineOptions,
    private readonly wheel: Wheel,
    forbidden: AddressSet,
    private readonly privateAddresses: AddressRanges,
    closed: () => void,
  ) {
    super()
    const lookup = guardedLookup(forbidden)
    const { host, port, tls } = origin
    const socket = tls ? connectTls(origin, lookup, ['h2']) : net.connect({ host, port, lookup })
    socket.setNoDelay(true)
    this.#socket = socket
    this.session = connectHttp2(`${tls ? 'https' : 'http'}://${net.isIPv6(host) ? `[${host}]` : host}:${port}`, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: WINDOW },
    })
    // Any number of calls may wait for the connection.
    this.session.setMaxListeners(0)
    this.session.on('error', (error: NodeJS.ErrnoException) => (this.failure ??= error))
    socket.on('error', (error: NodeJS.ErrnoException) => (this.failure ??= error))
    this.session.on('close', () => {
      wheel.disarm(this)
      closed()
    })
  }

  get connected(): boolean {
    return !this.session.connecting
  }

  /** `address:port`, once connected. */
  get address(): string {
    if (this.#address === '') this.#address = `${this.#socket.remoteAddress ?? ''}:${this.#socket.remotePort ?? 0}`
    return this.#address
  }

  /** Whether what passes is traffic of a public address. */
  get isPublic(): boolean {
    return (this.#isPublic ??= !this.privateAddresses.has(this.#socket.remoteAddress ?? ''))
  }

  get hasRoom(): boolean {
    const { session } = this
    if (session.destroyed || session.closed) return false
    const most = session.connecting ? STREAMS_AT_FIRST : session.remoteSettings.maxConcurrentStreams
    return this.#streams < (most ?? STREAMS_AT_FIRST)
  }

  enter(): void {
    this.#streams++
    this.wheel.disarm(this)
  }

  leave(): void {
    this.#streams--
    if (this.#streams === 0) this.wheel.arm(this, performance.now() + this.options.backendIdleTimeout)
  }

  /** Idle for as long as it may be. */
  override ring(): void {
    this.session.close()
  }
}

export class BackendSessions {
  readonly #known = new Map<Origin, Set<BackendSession>>()
  readonly #privateAddresses: AddressRanges

  constructor(
    private readonly options: EngineOptions,
    readonly wheel: Wheel,
    private readonly forbidden: AddressSet,
  ) {
    this.#privateAddresses = new AddressRanges(options.privateNetworks)
    bindLightly()
  }

  /**
   * Whether the address itself may not be called; names are judged when they are resolved. The rule stands for as long as
   * this object: whoever has a connection has been judged.
   */
  isForbidden(origin: Origin): boolean {
    const { host } = origin
    return !this.#known.has(origin) && net.isIP(host) !== 0 && this.forbidden.has(host)
  }

  /** A connection with room for one more call; `undefined` when there can be none. */
  take(origin: Origin): BackendSession | undefined {
    let known = this.#known.get(origin)
    if (known === undefined) this.#known.set(origin, (known = new Set()))
    const sessions = known
    for (const session of sessions) if (session.hasRoom) return session
    if (sessions.size >= this.options.maxPerOrigin) return undefined
    const made = new BackendSession(origin, this.options, this.wheel, this.forbidden, this.#privateAddresses, () => {
      sessions.delete(made)
      // An address without connections is forgotten.
      if (sessions.size === 0 && this.#known.get(origin) === sessions) this.#known.delete(origin)
    })
    sessions.add(made)
    return made
  }

  close(): void {
    for (const sessions of this.#known.values()) for (const { session } of sessions) session.close()
  }
}
