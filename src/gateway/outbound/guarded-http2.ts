/**
 * Requests by node:http2, to servers that speak it without being asked, that obey the rules for backends about addresses
 * (forbidden-addresses.ts). One connection to a server carries all, and ends when nothing was sent for a while.
 */
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import net from 'node:net'
import tls from 'node:tls'
import type { AddressSet } from '../address-set.js'
import { guardedLookup } from '../backends/guarded-lookup.js'
import { replyFields } from '../http2/reply-headers.js'
import type { GuardedRequest } from './guarded-client.js'

/** Milliseconds for which a connection is kept on which nothing happens. */
const KEPT_FOR = 4_000

interface Connection {
  readonly session: ClientHttp2Session
  readonly socket: net.Socket
  /** Requests that have not ended. */
  underWay: number
}

export class GuardedHttp2 {
  /** On which requests are sent, by where they lead. */
  readonly #current = new Map<string, Connection>()
  readonly #open = new Set<Connection>()
  readonly #lookup: net.LookupFunction

  constructor(
    private readonly forbidden: AddressSet,
    private readonly keptFor = KEPT_FOR,
  ) {
    this.#lookup = guardedLookup(forbidden)
  }

  /**
   * The request with its head, whose body is still to be sent by `end`; as `GuardedClient.open`. Certificates are not
   * verified.
   *
   * @throws what cannot be written into a message
   */
  open({
    tls: secure,
    host,
    port,
    method,
    target,
    headers,
  }: Omit<GuardedRequest, 'body'>): ClientHttp2Stream | 'forbidden' {
    if (net.isIP(host) !== 0 && this.forbidden.has(host)) return 'forbidden'
    let lines = ''
    for (let at = 0; at < headers.length; at += 2) lines += `${headers[at] ?? ''}: ${headers[at + 1] ?? ''}\r\n`
    const { ':status': _status, host: authority, ...fields } = replyFields(0, lines)
    const connection = this.#connection(secure, host, port)
    const stream = connection.session.request(
      {
        ...fields,
        ':method': method,
        ':path': target,
        ':scheme': secure ? 'https' : 'http',
        ...(authority !== undefined && { ':authority': authority }),
      },
      { endStream: false },
    )
    connection.underWay++
    stream.once('close', () => {
      connection.underWay--
      endIfDone(connection)
    })
    return stream
  }

  close(): void {
    for (const { session, socket } of this.#open) {
      session.destroy()
      socket.destroy()
    }
  }

  #connection(secure: boolean, host: string, port: number): Connection {
    const authority = `${net.isIPv6(host) ? `[${host}]` : host}:${port}`
    const url = `${secure ? 'https' : 'http'}://${authority}`
    const known = this.#current.get(url)
    if (known !== undefined && !known.session.closed && !known.session.destroyed) return known
    const lookup = this.#lookup
    const socket = secure
      ? tls.connect({
          ...{ host, port, lookup, ALPNProtocols: ['h2'], rejectUnauthorized: false },
          ...(net.isIP(host) === 0 && { servername: host }),
        })
      : net.connect({ host, port, lookup })
    const session = connectHttp2(url, { createConnection: () => socket, settings: { enablePush: false } })
    const connection: Connection = { session, socket, underWay: 0 }
    this.#current.set(url, connection)
    this.#open.add(connection)
    session.setTimeout(this.keptFor, () => {
      session.close()
      endIfDone(connection)
    })
    // Streams tell of it.
    session.on('error', () => undefined)
    socket.on('close', () => {
      this.#open.delete(connection)
      if (this.#current.get(url) === connection) this.#current.delete(url)
    })
    return connection
  }
}

/** A session that has ended waits for its server to end the connection too, and a server that hangs never does. */
function endIfDone({ session, socket, underWay }: Connection): void {
  if (underWay === 0 && session.closed) socket.destroy()
}
