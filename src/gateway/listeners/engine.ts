/**
 * The engine of one process: its listening sockets, its connections, its time. Everything that a request means is the
 * handler's.
 */
import net, { type AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { HttpForwarding } from '../backends/http.js'
import { BackendPools } from '../backends/pool.js'
import type { TlsFacts } from '../exchange.js'
import type { ExchangeHandler } from '../handler.js'
import { Wheel } from '../http1/alarms.js'
import { ClientConnection } from '../http1/client-connection.js'
import { type EngineContext, type EngineOptions, type Forwarding, defaultOptions } from '../http1/context.js'
import { type ByteReader, readFrom, READ_SIZE } from '../http1/read-buffer.js'
import { BackendSessions } from '../http2/backend-sessions.js'
import { GrpcRelay } from '../http2/grpc-relay.js'
import type { ClientStream } from '../http2/client-stream.js'
import { ClientSession } from '../http2/client-session.js'
import { AddressLimits } from './address-limits.js'
import { GuardedHandler } from './guarded-handler.js'
import { NO_PROXY_FIELDS, proxyFields } from './proxy-fields.js'
import { ProxyPreface } from './proxy-preface.js'
import type { ProxyHeader } from './proxy-protocol.js'
import { SecureAcceptor, type TlsOptions } from '../tls/secure-acceptor.js'

export interface ListenOptions {
  /** Default: as the engine's option says. */
  readonly proxyProtocol?: boolean
}

/** An open listening socket. */
export interface Listener {
  readonly host: string
  /** The port that was taken, when 0 was asked for. */
  readonly port: number
  readonly secure: boolean
  /** Accepts no more connections; those that are open go on. */
  close(): void
}

/** Who a connection is from. */
interface Client {
  readonly address: string
  /** What the PROXY header says, as fields of the access log. */
  readonly proxyFields: string
}

export class Engine {
  readonly #context: EngineContext
  readonly #pools: BackendPools
  readonly #sessions: BackendSessions
  readonly #listeners = new Set<net.Server>()
  readonly #acceptor: SecureAcceptor | undefined
  readonly #limits: AddressLimits
  /** Who the clients of secure connections are, by the two ends of these; where the PROXY header has said so. */
  readonly #clients = new Map<string, Client>()
  /** Called when the last connection of a draining engine has closed. */
  #drained: (() => void) | undefined = undefined

  /**
   * @param fault hears of what should not have happened: a step that threw, a plan that is missing
   * @param tls without it the engine has no secure listeners
   */
  constructor(
    handler: ExchangeHandler,
    options: Partial<EngineOptions>,
    fault: (error: unknown) => void,
    tls?: TlsOptions,
  ) {
    const settings: EngineOptions = { ...defaultOptions, ...options }
    const wheel = new Wheel()
    this.#limits = new AddressLimits(settings.maxConnectionsPerAddress)
    const guarded = new GuardedHandler(handler, fault)
    const pools = new BackendPools(settings, wheel, guarded)
    this.#pools = pools
    this.#sessions = new BackendSessions(settings, wheel, pools.forbidden)
    this.#context = {
      handler: guarded,
      options: settings,
      wheel,
      connections: new Set(),
      draining: false,
      inFlight: 0,
      newForwarding: (client) => new HttpForwarding(client, pools),
      fault,
    }
    this.#acceptor =
      tls &&
      new SecureAcceptor(
        this.#context,
        tls,
        (socket, facts) => this.#connectSecure(socket, facts),
        () => this.#left(),
      )
    wheel.start()
  }

  /** Opens a plain HTTP listener. In a cluster worker the socket is shared with the workers that open the same. */
  listen(host: string, port: number, options: ListenOptions = {}): Promise<Listener> {
    const { proxyProtocol = this.#context.options.proxyProtocol } = options
    // Paused, because reading starts only when the socket reads into the shared buffer.
    const server = net.createServer({
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
      highWaterMark: READ_SIZE,
    })
    // Asking the kernel for it at every connection costs a call.
    let taken = port
    server.once('listening', () => (taken = (server.address() as AddressInfo).port))
    server.on('connection', (socket) => this.#accept(socket, taken, proxyProtocol))
    return this.#open(server, host, port, false)
  }

  /** Opens an HTTPS listener, shared in the same way. */
  listenSecure(host: string, port: number, options: ListenOptions = {}): Promise<Listener> {
    const { proxyProtocol = this.#context.options.proxyProtocol } = options
    const acceptor = this.#acceptor
    if (acceptor === undefined) return Promise.reject(new Error('this engine was made without TLS'))
    const server = net.createServer({ allowHalfOpen: true, noDelay: true })
    server.on('connection', (socket) => {
      if (this.#isFull(socket)) socket.destroy()
      else if (proxyProtocol) this.#introduce(socket, acceptor)
      else if (this.#enter(socket, peerAddress(socket))) acceptor.accept(socket)
      else socket.destroy()
    })
    return this.#open(server, host, port, true)
  }

  #open(server: net.Server, host: string, port: number, secure: boolean): Promise<Listener> {
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port, backlog: 1024 }, () => {
        server.off('error', reject)
        // Running out of file descriptors must not end the process; the connection waits in the kernel's queue.
        server.on('error', (error) => this.#context.fault(error))
        this.#listeners.add(server)
        resolve({ host, port: (server.address() as AddressInfo).port, secure, close: () => this.#close(server) })
      })
    })
  }

  #close(server: net.Server): void {
    this.#listeners.delete(server)
    server.close()
  }

  /** It closed before it was looked at; or the process has as many connections as it may have. */
  #isFull({ remoteAddress }: net.Socket): boolean {
    const { connections, options } = this.#context
    return remoteAddress === undefined || connections.size >= options.maxConnections
  }

  /** Counts a connection for its client, until it closes. False: it may have no more. */
  #enter(socket: net.Socket, client: string): boolean {
    if (!this.#limits.enter(client)) return false
    socket.once('close', () => this.#limits.leave(client))
    return true
  }

  #accept(socket: net.Socket, port: number, proxyProtocol: boolean): void {
    if (this.#isFull(socket)) {
      socket.destroy()
      return
    }
    const peer = peerAddress(socket)
    const begin = (client: Client): ByteReader | undefined =>
      this.#enter(socket, client.address) ? this.#connect(socket, client, port, undefined) : undefined
    const reader = proxyProtocol
      ? new ProxyPreface(
          this.#context,
          socket,
          (header) => begin(this.#clientOf(header, peer)),
          () => this.#left(),
        )
      : begin({ address: peer, proxyFields: NO_PROXY_FIELDS })
    if (reader === undefined) socket.destroy()
    else readFrom(socket, reader)
  }

  /** Reads the PROXY header in front of a handshake; what comes behind it is put back for TLS. */
  #introduce(socket: net.Socket, acceptor: SecureAcceptor): void {
    const read = (bytes: Buffer): void => preface.receive(bytes, bytes.length)
    const begin = (header: ProxyHeader): ByteReader | undefined => {
      socket.off('data', read)
      socket.pause()
      const client = this.#clientOf(header, peerAddress(socket))
      if (!this.#enter(socket, client.address)) return undefined
      const key = ends(socket)
      this.#clients.set(key, client)
      socket.once('close', () => this.#clients.delete(key))
      acceptor.accept(socket)
      return { receive: (bytes) => socket.unshift(bytes) }
    }
    const preface = new ProxyPreface(this.#context, socket, begin, () => this.#left())
    socket.on('data', read)
  }

  #clientOf(header: ProxyHeader, peer: string): Client {
    const { proxyVniType } = this.#context.options
    return { address: header.source ?? peer, proxyFields: proxyFields(header, proxyVniType) }
  }

  #connectSecure(socket: TLSSocket, facts: TlsFacts): void {
    const known = this.#clients.get(ends(socket))
    const client = known ?? { address: peerAddress(socket), proxyFields: NO_PROXY_FIELDS }
    const port = socket.localPort ?? 0
    if (socket.alpnProtocol === 'h2') {
      const context = this.#context
      const newRelay = (client: ClientStream): Forwarding => new GrpcRelay(client, this.#sessions, context.handler)
      new ClientSession(socket, {
        context,
        peerAddress: client.address,
        proxyFields: client.proxyFields,
        listenerPort: port,
        tls: facts,
        newRelay,
        left: () => this.#left(),
      })
      return
    }
    const connection = this.#connect(socket, client, port, facts)
    readFrom(socket, connection)
  }

  #connect(socket: net.Socket, client: Client, port: number, tls: TlsFacts | undefined): ByteReader {
    const { address, proxyFields } = client
    const connection = new ClientConnection(this.#context, socket, address, port, tls, proxyFields)
    socket.on('drain', () => connection.drained())
    socket.on('end', () => connection.ended())
    // What matters about an error is the close that follows.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      connection.closed()
      this.#left()
    })
    return connection
  }

  /** A connection is over. */
  #left(): void {
    if (this.#context.connections.size === 0) this.#drained?.()
  }

  get connections(): number {
    return this.#context.connections.size
  }

  get inFlight(): number {
    return this.#context.inFlight
  }

  /**
   * Stops accepting, closes idle connections, and lets the others finish their exchange. Resolves when all are closed,
   * at the latest after `grace` milliseconds, when what is left is cut. The engine is of no use afterwards.
   */
  async drain(grace: number): Promise<void> {
    const context = this.#context
    context.draining = true
    for (const server of this.#listeners) this.#close(server)
    for (const connection of context.connections) connection.drain()
    if (context.connections.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, grace)
        this.#drained = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      for (const connection of context.connections) connection.destroy()
    }
    this.#pools.close()
    this.#sessions.close()
    context.wheel.stop()
  }
}

function ends({ remoteAddress, remotePort, localAddress, localPort }: net.Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? 0} ${localAddress ?? ''} ${localPort ?? 0}`
}

/** An IPv4 address that came in through an IPv6 socket is written as what it is. */
function peerAddress({ remoteAddress = '' }: net.Socket): string {
  return remoteAddress.startsWith('::ffff:') ? remoteAddress.slice(7) : remoteAddress
}
