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

/** Milliseconds for which a connection is kept. */
const KEPT_FOR = 4_000

export class GuardedHttp2 {
  readonly #sessions = new Map<string, ClientHttp2Session>()
  readonly #lookup: net.LookupFunction

  constructor(private readonly forbidden: AddressSet) {
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
    return this.#session(secure, host, port).request(
      {
        ...fields,
        ':method': method,
        ':path': target,
        ':scheme': secure ? 'https' : 'http',
        ...(authority !== undefined && { ':authority': authority }),
      },
      { endStream: false },
    )
  }

  close(): void {
    for (const session of this.#sessions.values()) session.destroy()
    this.#sessions.clear()
  }

  #session(secure: boolean, host: string, port: number): ClientHttp2Session {
    const authority = `${net.isIPv6(host) ? `[${host}]` : host}:${port}`
    const url = `${secure ? 'https' : 'http'}://${authority}`
    const known = this.#sessions.get(url)
    if (known !== undefined && !known.closed && !known.destroyed) return known
    const lookup = this.#lookup
    const session = connectHttp2(url, {
      createConnection: () =>
        secure
          ? tls.connect({
              ...{ host, port, lookup, ALPNProtocols: ['h2'], rejectUnauthorized: false },
              ...(net.isIP(host) === 0 && { servername: host }),
            })
          : net.connect({ host, port, lookup }),
      settings: { enablePush: false },
    })
    this.#sessions.set(url, session)
    session.setTimeout(KEPT_FOR, () => session.close())
    // Streams tell of it.
    session.on('error', () => undefined)
    session.on('close', () => {
      if (this.#sessions.get(url) === session) this.#sessions.delete(url)
    })
    return session
  }
}
