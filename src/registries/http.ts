/** Requests to registries: bounded in time and size, and given up when whoever asks stops. */
import http from 'node:http'
import https from 'node:https'
import { RegistryError } from './registry.js'

export interface RegistryRequest extends https.RequestOptions {
  readonly tls: boolean
  readonly body?: string
  readonly signal: AbortSignal
}

/** Milliseconds until a reply begins, and until one that ends has ended. */
const PATIENCE = 15_000
/** Milliseconds of silence after which the system asks whether the other side is still there. */
const KEEP_ALIVE = 30_000
/** Milliseconds. */
const LONGEST_REST = 600_000

/**
 * The reply, whose body is still to be read.
 *
 * @throws {Error} when there is none in time
 */
export function begin({ tls, body, signal, ...options }: RegistryRequest): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    // Connections are not kept: questions are seconds apart, and a stale one would be a failure that is none.
    const request = (tls ? https : http).request({ ...options, agent: false, signal })
    const timer = setTimeout(() => request.destroy(new RegistryError('no answer in time')), PATIENCE)
    request.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE))
    request.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    request.on('response', (response) => {
      clearTimeout(timer)
      resolve(response)
    })
    request.end(body)
  })
}

/**
 * All of a body, as text.
 *
 * @throws {RegistryError} for more bytes than `most`, for what is not UTF-8, or when it takes too long
 */
export async function readText(response: http.IncomingMessage, most: number): Promise<string> {
  const timer = setTimeout(() => response.destroy(new RegistryError('the answer does not end')), PATIENCE)
  try {
    const pieces: Buffer[] = []
    let length = 0
    for await (const piece of response as AsyncIterable<Buffer>) {
      length += piece.length
      if (length > most) throw new RegistryError(`the answer has more than ${most} bytes`)
      pieces.push(piece)
    }
    return utf8(Buffer.concat(pieces))
  } finally {
    clearTimeout(timer)
    response.destroy()
  }
}

/** @throws {RegistryError} */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new RegistryError('the answer is not JSON')
  }
}

/** @throws {RegistryError} for bytes that are no UTF-8 */
export function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new RegistryError('the answer is not UTF-8')
  }
}

/** `Retry-After` in milliseconds, where it is a number of seconds; nobody is left alone for longer than ten minutes. */
export function retryAfter({ headers }: http.IncomingMessage): number | undefined {
  const value = headers['retry-after']
  return value !== undefined && /^\d{1,5}$/.test(value) ? Math.min(Number(value) * 1_000, LONGEST_REST) : undefined
}
