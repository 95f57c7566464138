/** Signs a request as the official clients do: what the command line sends and what tests need. */
import { createHmac } from 'node:crypto'
import { formatAuthorization, SCHEME } from './authorization-header.js'
import { canonicalHeaders, canonicalQuery, canonicalUri } from './canonical-request.js'
import type { SignedRequest } from './canonical-request.js'
import { octetsHash } from './octets-hash.js'
import { formatSigningDate } from './signing-date.js'
import { bodyHash } from './verify.js'

export interface SigningKey {
  readonly accessKey: string
  readonly secretKey: string
}

export interface UnsignedRequest {
  readonly method: string
  /** As it will be sent, in UTF-8 or with escapes. */
  readonly path: string
  /** Without `?`, as it will be sent. */
  readonly query?: string
  /** Every one is signed, except names with `_`. `Host` must be among them. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/**
 * @param now milliseconds since the epoch; used unless the request has an `X-Sdk-Date`.
 * @returns the headers to add: `X-Sdk-Date` (unless it was there) and `Authorization`.
 */
export function signRequest(request: UnsignedRequest, key: SigningKey, now = Date.now()): Record<string, string> {
  const values = new Map<string, string>()
  for (const [name, value] of Object.entries(request.headers)) values.set(name.toLowerCase(), octets(value.trim()))
  const added: Record<string, string> = {}
  const date = values.get('x-sdk-date') ?? (added['X-Sdk-Date'] = formatSigningDate(now))
  values.set('x-sdk-date', date)

  const names = [...values.keys()].filter((name) => !name.includes('_')).sort()
  const signedHeaders = names.join(';')
  const method = request.method.toUpperCase()
  const signed: SignedRequest = {
    method,
    path: octets(request.path),
    query: octets(request.query ?? ''),
    header: (name) => values.get(name),
    headers: (name) => [values.get(name) ?? ''],
  }
  const body = request.body ?? new Uint8Array()
  const payload = values.get('x-sdk-content-sha256') ?? bodyHash(body)
  const canonical = [
    method,
    canonicalUri(signed.path),
    canonicalQuery(signed.query, 'decoded'),
    canonicalHeaders(signed, names, 'joined'),
    signedHeaders,
    payload,
  ].join('\n')
  const digest = octetsHash(canonical)
  const signature = createHmac('sha256', key.secretKey).update(`${SCHEME}\n${date}\n${digest}`).digest('hex')
  return { ...added, Authorization: formatAuthorization({ accessKey: key.accessKey, signedHeaders, signature }) }
}

/** A text as the bytes that go onto the wire, one per character. */
function octets(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
