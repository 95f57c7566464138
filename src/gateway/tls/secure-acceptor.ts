/**
 * From an accepted connection to a secure one: reads which server the client names, finds with what that one is served,
 * and has the handshake done. A connection is one of the engine's from its first byte.
 */
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { TlsFacts } from '../exchange.js'
import type { EngineConnection, EngineContext } from '../http1/context.js'
import { makeCertificates, type KeyPair } from './default-certificate.js'
import { HelloReader } from './hello-reader.js'
import type { TlsProfile } from './profile.js'
import { SecureServers } from './secure-servers.js'

export interface TlsOptions {
  /** @param serverName as the client sends it; empty when it names none */
  readonly profileOf: (serverName: string, port: number) => TlsProfile
  /** For whatever has no certificate of its own. Default: made for this process. */
  readonly defaultCertificates?: readonly KeyPair[]
  /** What session tickets are sealed with, shared by the processes of a node. Default: this process' own. */
  readonly ticketSecret?: Buffer
}

export class SecureAcceptor {
  readonly #servers: SecureServers
  /** Connections whose handshake is not over, by their addresses: Node does not tell of which one a result is. */
  readonly #handshakes = new Map<string, EngineConnection>()

  /**
   * @param secured a handshake is over; the connection is the callee's from now on
   * @param left a connection has ended before
   */
  constructor(
    private readonly context: EngineContext,
    private readonly options: TlsOptions,
    secured: (socket: TLSSocket, facts: TlsFacts) => void,
    private readonly left: () => void,
  ) {
    this.#servers = new SecureServers({
      defaultCertificates: options.defaultCertificates ?? makeCertificates(),
      ticketSecret: options.ticketSecret ?? randomBytes(32),
      handshakeTimeout: context.options.handshakeTimeout,
      onSecure: (socket, facts) => {
        this.#forget(addresses(socket))
        secured(socket, facts)
      },
      fault: (error) => context.fault(error),
    })
  }

  accept(socket: Socket): void {
    const { connections, options, wheel } = this.context
    const port = socket.localPort ?? 0
    const key = addresses(socket)
    // A draining engine lets a handshake end: the request behind it is answered.
    const handshake: EngineConnection = { drain: () => undefined, destroy: () => socket.destroy() }
    this.#handshakes.set(key, handshake)
    connections.add(handshake)
    // What matters about an error is the close that follows.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      if (this.#forget(key)) this.left()
    })
    new HelloReader(socket, wheel, options.handshakeTimeout, (hello) => {
      const serverName = hello === 'none' ? '' : hello.serverName
      this.#servers.serve(socket, this.options.profileOf(serverName, port), hello)
    })
  }

  /** Whether there was something to forget. */
  #forget(key: string): boolean {
    const handshake = this.#handshakes.get(key)
    if (handshake === undefined) return false
    this.#handshakes.delete(key)
    return this.context.connections.delete(handshake)
  }
}

function addresses({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? 0} ${localAddress ?? ''} ${localPort ?? 0}`
}
