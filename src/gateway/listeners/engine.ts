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
    this.#acceptor = tls && new SecureAcceptor(this.#context, tls, () => this.#left())
    wheel.start()
  }

  /** Opens a plain HTTP listener. In a cluster worker the socket is shared with the workers that open the same. */
  listen(host: string, port: number, options: ListenOptions = {}): Promise<Listener> {
    return this.#open(host, port, options, undefined)
  }

  /** Opens an HTTPS listener, shared in the same way. */
  listenSecure(host: string, port: number, options: ListenOptions = {}): Promise<Listener> {
    if (this.#acceptor === undefined) return Promise.reject(new Error('this engine was made without TLS'))
    return this.#open(host, port, options, this.#acceptor)
  }

  #open(
    host: string,
    port: number,
    { proxyProtocol = this.#context.options.proxyProtocol }: ListenOptions,
    acceptor: SecureAcceptor | undefined,
  ): Promise<Listener> {
    // Paused, because reading starts only when the socket reads into the shared buffer.
    const server = net.createServer({
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
      highWaterMark: READ_SIZE,
    })
    // Asking the kernel for it at every connection costs a call.
    let taken = port
    server.on('connection', (socket) => this.#accept(socket, taken, proxyProtocol, acceptor))
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port, backlog: 1024 }, () => {
        server.off('error', reject)
        // Running out of file descriptors must not end the process; the connection waits in the kernel's queue.
        server.on('error', (error) => this.#context.fault(error))
        taken = (server.address() as AddressInfo).port
        this.#listeners.add(server)
        resolve({ host, port: taken, secure: acceptor !== undefined, close: () => this.#close(server) })
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

  #accept(socket: net.Socket, port: number, proxyProtocol: boolean, acceptor: SecureAcceptor | undefined): void {
    if (this.#isFull(socket)) {
      socket.destroy()
      return
    }
    const peer = peerAddress(socket)
    const begin = (client: Client): ByteReader | undefined => {
      if (!this.#enter(socket, client.address)) return undefined
      if (acceptor === undefined) return this.#connect(socket, client, port, undefined)
      return acceptor.accept(socket, port, (secure, facts) => this.#connectSecure(secure, client, port, facts))
    }
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

  #clientOf(header: ProxyHeader, peer: string): Client {
    const { proxyVniType } = this.#context.options
    return { address: header.source ?? peer, proxyFields: proxyFields(header, proxyVniType) }
  }

  #connectSecure(socket: TLSSocket, client: Client, port: number, facts: TlsFacts): void {
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

/** An IPv4 address that came in through an IPv6 socket is written as what it is. */
function peerAddress({ remoteAddress = '' }: net.Socket): string {
  return remoteAddress.startsWith('::ffff:') ? remoteAddress.slice(7) : remoteAddress
}
