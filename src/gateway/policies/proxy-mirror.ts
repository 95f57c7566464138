/**
 * Plug-in `proxy_mirror` (policies.md §8.3): a copy of what the backend gets, sent elsewhere. Nobody waits for it and
 * nobody reads what comes back; where there is no room for a copy there is none.
 */
import type http from 'node:http'
import type { ClientHttp2Stream } from 'node:http2'
import { Losses } from '../../telemetry/losses.js'
import type { AddressSet } from '../address-set.js'
import { hostHeader, parseAddress } from '../backends/origins.js'
import { toldHeaders } from '../backends/told-headers.js'
import { GuardedClient, type GuardedRequest } from '../outbound/guarded-client.js'
import { GuardedHttp2 } from '../outbound/guarded-http2.js'
import { PluginDefect, type BoundPlugin } from '../bound-plugins.js'
import type { Step } from '../step.js'
import { tapRequest, type BodyTap } from '../taps.js'

/** Copies of one process that are under way, and bytes of their bodies. */
const MOST_COPIES = 256
const MOST_BYTES = 64 * 1024 * 1024
/** Milliseconds. */
const TIMEOUT = 5_000

interface Copy extends Omit<GuardedRequest, 'body'> {
  readonly grpc: boolean
  /** Milliseconds for all of it. */
  readonly timeout: number
}

/** Sends copies, in bounds that all plug-ins of a process share. */
export class Mirrors {
  readonly #client: GuardedClient
  readonly #grpc: GuardedHttp2
  readonly #losses: Losses
  #copies = 0
  #bytes = 0

  /** @param onLoss how many copies could not be sent since it was last called */
  constructor(forbidden: AddressSet, onLoss: (warning: string) => void) {
    this.#client = new GuardedClient(forbidden, { mostConnections: MOST_COPIES })
    this.#grpc = new GuardedHttp2(forbidden)
    this.#losses = new Losses((count, reason) => onLoss(`${count} copies for mirrors were not sent: ${reason}`))
  }

  /** Copies that were not sent. */
  get dropped(): number {
    return this.#losses.total
  }

  /** Whether one more can be sent; it is a loss where it cannot. */
  hasPlace(): boolean {
    if (this.#copies < MOST_COPIES) return true
    this.#losses.add(1, 'too many are under way')
    return false
  }

  reserve(bytes: number): boolean {
    if (this.#bytes + bytes > MOST_BYTES) {
      this.#losses.add(1, 'their bodies are too long')
      return false
    }
    this.#bytes += bytes
    return true
  }

  release(bytes: number): void {
    this.#bytes -= bytes
  }

  /**
   * A copy has its place for as long as it takes to send: requests may last for days until their bodies are whole.
   *
   * @param done called once, whatever becomes of the copy
   */
  send(copy: Copy, body: Buffer | undefined, done: () => void): void {
    const request = this.hasPlace() ? this.#open(copy, body) : undefined
    if (request === undefined) {
      done()
      return
    }
    this.#copies++
    let isDone = false
    const end = (): void => {
      if (isDone) return
      isDone = true
      this.#copies--
      clearTimeout(timer)
      done()
    }
    const timer = setTimeout(() => request.destroy(), copy.timeout)
    request.on('error', (error: Error) => {
      if (!isDone) this.#losses.add(1, error.message)
    })
    request.on('close', end)
    if ('session' in request) request.resume()
    else request.on('response', (response) => response.resume().on('error', () => undefined))
    request.end(body)
  }

  /** `undefined`, and a loss, where there is no way to send it. */
  #open(copy: Copy, body: Buffer | undefined): http.ClientRequest | ClientHttp2Stream | undefined {
    try {
      // As backends, whose certificates are not verified either.
      const request = copy.grpc
        ? this.#grpc.open(copy)
        : this.#client.open({ ...copy, body }, { rejectUnauthorized: false })
      if (request !== 'forbidden') return request
      this.#losses.add(1, 'the address must not be called')
    } catch (error) {
      this.#losses.add(1, error instanceof Error ? error.message : String(error))
    }
    return undefined
  }

  /** What is under way ends. */
  close(): void {
    this.#client.close()
    this.#grpc.close()
    this.#losses.flush()
  }
}

export interface MirrorContext {
  readonly mirrors: Mirrors
  readonly random?: () => number
}

/** @throws {PluginDefect} */
export function compileProxyMirror(
  plugin: BoundPlugin<'proxy_mirror'> | undefined,
  { mirrors, random = Math.random }: MirrorContext,
): Step | undefined {
  if (plugin === undefined) return undefined
  const { content } = plugin
  const protocol = content.protocol.toLowerCase()
  const grpc = protocol.startsWith('grpc')
  const tls = protocol.endsWith('s')
  const address = parseAddress(content.host, tls ? 443 : 80)
  if (address === undefined) throw new PluginDefect('the mirror has no address')
  const { host, port } = address
  const authority = hostHeader(address, tls ? 443 : 80)
  // A call by gRPC is for the method that its path names.
  const targetOf = targetFor(grpc ? undefined : content.path || undefined, content.path_concat_mode === 'prefix')
  const ratio = content.sample_ratio ?? 1
  const timeout = content.timeout ?? TIMEOUT
  const copiesBody = content.mirror_request_body_enabled !== false

  return function mirror(exchange) {
    const { plan, head } = exchange
    if (plan === undefined || (ratio < 1 && random() >= ratio)) return undefined
    if (grpc && head.header('content-type')?.startsWith('application/grpc') !== true) return undefined
    if (head.header('upgrade') !== undefined || !mirrors.hasPlace()) return undefined
    const { passed, origin } = toldHeaders(exchange, plan.drop, plan.add)
    const headers = ['Host', authority, ...passed.flat(), ...origin.flat(), ...(grpc ? ['TE', 'trailers'] : [])]
    const copy = { grpc, tls, host, port, method: plan.method, target: targetOf(plan.target), headers, timeout }
    if (copiesBody && (head.contentLength !== 0 || exchange.body !== undefined)) {
      tapRequest(exchange, new BodyCopy(mirrors, copy))
    } else mirrors.send(copy, undefined, () => undefined)
    return undefined
  }
}

/** The path and query of a copy, from those of the backend's request. */
function targetFor(path: string | undefined, isPrefix: boolean): (target: string) => string {
  if (path === undefined) return (target) => target
  if (isPrefix) return (target) => path.replace(/\/+$/, '') + target
  return (target) => {
    const query = target.indexOf('?')
    if (query === -1) return path
    return path + (path.includes('?') ? '&' : '?') + target.slice(query + 1)
  }
}

/** Collects the body as the backend gets it, and sends the copy when it is whole. */
class BodyCopy implements BodyTap {
  readonly #pieces: Buffer[] = []
  #length = 0
  #isGone = false

  constructor(
    private readonly mirrors: Mirrors,
    private readonly copy: Copy,
  ) {}

  data(bytes: Buffer, start: number, end: number): void {
    if (this.#isGone) return
    if (!this.mirrors.reserve(end - start)) {
      this.#leave()
      return
    }
    // The bytes are those of a connection's buffer.
    this.#pieces.push(Buffer.from(bytes.subarray(start, end)))
    this.#length += end - start
  }

  end(whole: boolean): void {
    if (this.#isGone) return
    if (whole) this.mirrors.send(this.copy, Buffer.concat(this.#pieces, this.#length), () => this.#leave())
    else this.#leave()
  }

  #leave(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#pieces.length = 0
    this.mirrors.release(this.#length)
  }
}
