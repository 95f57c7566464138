/**
 * Calls that a gateway makes for itself, to services that plug-ins name: authorizers, providers of keys. They obey the
 * rules for backends about addresses (forbidden-addresses.ts), end in their time whatever the other side does, read no
 * more than they were told to, and follow no redirect. A call never rejects: what goes wrong is a word.
 */
import type http from 'node:http'
import type https from 'node:https'
import tls from 'node:tls'
import type { AddressSet } from '../address-set.js'
import type { ServiceAddress } from './address.js'
import { FORBIDDEN } from '../backends/guarded-lookup.js'
import { GuardedClient, type GuardedRequest } from './guarded-client.js'

export interface OutboundRequest extends GuardedRequest {
  /** Milliseconds for all of it. */
  readonly timeout: number
  /** Bytes of the reply's body that are read; a longer one is `unreadable`. */
  readonly mostBytes: number
  /** What the server's certificate is verified with, in PEM, besides the roots of the system; `unverified`: it is not. */
  readonly trust: 'unverified' | readonly string[]
}

export interface ReadOptions extends Pick<OutboundRequest, 'timeout' | 'mostBytes' | 'trust'> {
  /** Value of the Host header. */
  readonly host: string
}

export interface OutboundReply {
  readonly status: number
  /** By lower-case name; several lines of one name are joined. */
  readonly headers: http.IncomingHttpHeaders
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
}

/**
 * | failure | what happened |
 * | --- | --- |
 * | `forbidden` | the address is one that must not be called |
 * | `unreachable` | no connection, or it broke before the reply |
 * | `timeout` | no whole reply in time |
 * | `unreadable` | what came is not HTTP, or too long; or what was to be sent is not |
 */
export type OutboundFailure = 'forbidden' | 'unreachable' | 'timeout' | 'unreadable'

const MOST_CONNECTIONS = 256
const LARGEST_HEAD = 64 * 1024

export class Outbound {
  readonly #client: GuardedClient

  constructor(forbidden: AddressSet) {
    this.#client = new GuardedClient(forbidden, { mostConnections: MOST_CONNECTIONS, largestHead: LARGEST_HEAD })
  }

  async call(request: OutboundRequest): Promise<OutboundReply | OutboundFailure> {
    const until = performance.now() + request.timeout
    const first = await this.#attempt(request, request.timeout)
    // The other side had closed a connection that was kept.
    return first === 'stale' ? again(await this.#attempt(request, until - performance.now())) : first
  }

  /** The text of a document, `undefined` when it is not to be had. */
  async read(address: ServiceAddress, { host, ...limits }: ReadOptions): Promise<string | undefined> {
    const { authority: _, ...to } = address
    const headers = ['Host', host, 'Accept', 'application/json', 'User-Agent', 'sluice']
    const reply = await this.call({ ...to, ...limits, method: 'GET', headers })
    return typeof reply === 'string' || reply.status !== 200 ? undefined : reply.body.toString('utf8')
  }

  close(): void {
    this.#client.close()
  }

  #attempt(request: OutboundRequest, timeout: number): Promise<OutboundReply | OutboundFailure | 'stale'> {
    const { body, mostBytes } = request
    const sent = this.#begin(request)
    if (typeof sent === 'string') return Promise.resolve(sent)
    return new Promise((resolve) => {
      let answered = false
      const timer = setTimeout(() => end('timeout'), Math.max(0, timeout))
      const end = (outcome: OutboundReply | OutboundFailure | 'stale'): void => {
        clearTimeout(timer)
        resolve(outcome)
        if (typeof outcome === 'string') sent.destroy()
      }
      sent.on('error', (error: NodeJS.ErrnoException) => end(failureOf(error, answered, sent.reusedSocket)))
      sent.on('response', (response) => {
        answered = true
        const pieces: Buffer[] = []
        let length = 0
        response.on('data', (piece: Buffer) => {
          pieces.push(piece)
          length += piece.length
          if (length > mostBytes) end('unreadable')
        })
        response.on('error', () => end('unreadable'))
        response.on('end', () => {
          const { statusCode: status = 0, headers, rawHeaders } = response
          end(response.complete ? { status, headers, rawHeaders, body: Buffer.concat(pieces) } : 'unreadable')
        })
      })
      sent.end(body)
    })
  }

  /** `unreadable` for what cannot be written: a caller's octets, which must not look like a service that is down. */
  #begin(request: OutboundRequest): http.ClientRequest | 'forbidden' | 'unreadable' {
    try {
      return this.#client.open(request, trusting(request.trust))
    } catch {
      return 'unreadable'
    }
  }
}

function trusting(trust: OutboundRequest['trust']): https.RequestOptions {
  if (trust === 'unverified') return { rejectUnauthorized: false }
  return trust.length === 0 ? {} : { ca: [...tls.rootCertificates, ...trust] }
}

function failureOf({ code }: NodeJS.ErrnoException, answered: boolean, reused: boolean): OutboundFailure | 'stale' {
  if (code === FORBIDDEN) return 'forbidden'
  if (answered || code?.startsWith('HPE_') === true) return 'unreadable'
  return reused && (code === 'ECONNRESET' || code === 'EPIPE') ? 'stale' : 'unreachable'
}

const again = (outcome: OutboundReply | OutboundFailure | 'stale'): OutboundReply | OutboundFailure =>
  outcome === 'stale' ? 'unreachable' : outcome
