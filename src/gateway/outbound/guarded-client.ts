/**
 * Requests by node:http that obey the rules for backends about addresses (forbidden-addresses.ts). Connections are kept
 * for a while, and there is an end to how many there are.
 */
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import type { AddressSet } from '../address-set.js'
import { guardedLookup } from '../backends/guarded-lookup.js'

export interface GuardedRequest {
  readonly tls: boolean
  /** A name, or an address without brackets. */
  readonly host: string
  readonly port: number
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** Names and values in turn, byte strings; Host is among them, what frames the message is not. */
  readonly headers: readonly string[]
  readonly body?: Buffer | undefined
}

export interface GuardedClientOptions {
  readonly mostConnections: number
  /** Bytes of the head of a reply; default: Node's. */
  readonly largestHead?: number
}

/** Milliseconds for which a connection is kept: less than servers keep theirs, as a rule. */
const KEPT_FOR = 4_000

export class GuardedClient {
  readonly #plain: http.Agent
  readonly #secure: https.Agent
  readonly #lookup: net.LookupFunction

  constructor(
    private readonly forbidden: AddressSet,
    private readonly options: GuardedClientOptions,
  ) {
    const kept = { keepAlive: true, maxSockets: options.mostConnections, timeout: KEPT_FOR }
    this.#plain = new http.Agent(kept)
    this.#secure = new https.Agent(kept)
    this.#lookup = guardedLookup(forbidden)
  }

  /**
   * The request with its head, whose body is still to be sent by `end`. `forbidden` for an address that must not be
   * called; of a name, that is an error of the request (`FORBIDDEN`).
   *
   * @param trust how the server's certificate is verified
   * @throws what cannot be written into a message
   */
  open(request: GuardedRequest, trust: https.RequestOptions): http.ClientRequest | 'forbidden' {
    const { tls, host, port, method, target, headers, body } = request
    const isAddress = net.isIP(host) !== 0
    if (isAddress && this.forbidden.has(host)) return 'forbidden'
    const framing = body === undefined ? [] : ['Content-Length', String(body.length)]
    const { largestHead } = this.options
    const options: https.RequestOptions = {
      host,
      port,
      method,
      path: target,
      lookup: this.#lookup,
      setHost: false,
      ...(largestHead !== undefined && { maxHeaderSize: largestHead }),
      // The types know of no list, which node:http takes as it is.
      headers: [...headers, ...framing] as never,
      agent: tls ? this.#secure : this.#plain,
      ...(tls && { servername: isAddress ? '' : host, ...trust }),
    }
    return tls ? https.request(options) : http.request(options)
  }

  close(): void {
    this.#plain.destroy()
    this.#secure.destroy()
  }
}
