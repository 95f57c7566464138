/**
 * From an accepted connection to a secure one: reads which server the client names, finds with what that one is served,
 * and has the handshake done. A connection is one of the engine's from its first byte.
 */
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { TlsFacts } from '../exchange.js'
import type { EngineContext } from '../http1/context.js'
import type { ByteReader } from '../http1/read-buffer.js'
import { makeCertificates, type KeyPair } from './default-certificate.js'
import { Handshake } from './handshake.js'
import type { TlsProfile } from './profile.js'
import { SecureServers } from './secure-servers.js'
import { acceptedUnder } from './secured-socket.js'

export interface TlsOptions {
  /** @param serverName as the client sends it; empty when it names none */
  readonly profileOf: (serverName: string, port: number) => TlsProfile
  /** For whatever has no certificate of its own. Default: made for this process. */
  readonly defaultCertificates?: readonly KeyPair[]
  /** What session tickets are sealed with, shared by the processes of a node. Default: this process' own. */
  readonly ticketSecret?: Buffer
}

/** A handshake is over; the connection is the callee's from now on. */
export type Secured = (socket: TLSSocket, facts: TlsFacts) => void

interface Begun {
  readonly handshake: Handshake
  readonly secured: Secured
}

export class SecureAcceptor {
  readonly #servers: SecureServers
  /** Connections whose handshake is not over, by the socket that was accepted. */
  readonly #begun = new Map<Socket, Begun>()

  /** @param left a connection has ended before its handshake was over */
  constructor(
    private readonly context: EngineContext,
    private readonly options: TlsOptions,
    private readonly left: () => void,
  ) {
    this.#servers = new SecureServers({
      defaultCertificates: options.defaultCertificates ?? makeCertificates(),
      ticketSecret: options.ticketSecret ?? randomBytes(32),
      onSecure: (socket, facts) => this.#secured(socket, facts),
      fault: (error) => context.fault(error),
    })
  }

  /**
   * Takes a connection over.
   *
   * @param port of the listener
   * @returns what the connection has to be read by, from its first byte
   */
  accept(socket: Socket, port: number, secured: Secured): ByteReader {
    const handshake = new Handshake(
      this.context,
      socket,
      (hello) => {
        const serverName = hello === 'none' ? '' : hello.serverName
        this.#servers.serve(socket, this.options.profileOf(serverName, port), hello)
      },
      () => {
        this.#begun.delete(socket)
        this.left()
      },
    )
    this.#begun.set(socket, { handshake, secured })
    return handshake
  }

  #secured(secure: TLSSocket, facts: TlsFacts): void {
    const socket = acceptedUnder(secure, this.#begun.keys())
    const begun = socket && this.#begun.get(socket)
    if (socket === undefined || begun === undefined || !begun.handshake.over()) {
      secure.destroy()
      return
    }
    this.#begun.delete(socket)
    begun.secured(secure, facts)
  }
}
