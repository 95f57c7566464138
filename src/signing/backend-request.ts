/** What a signature of the gateway covers of a request to a backend (policies.md §4). */
import { canonicalQuery, canonicalUri } from './canonical-request.js'
import { octetsHash } from './octets-hash.js'

export interface BackendRequest {
  readonly method: string
  /** Path and query as they will be sent. */
  readonly target: string
  /** Value of the Host header. */
  readonly host: string
  /** Value of `X-Sdk-Date`. */
  readonly date: string
  /** Lower-case hex SHA-256 of the body; `undefined`: the body is not covered, which `X-Sdk-Content-Sha256` then says. */
  readonly bodyHash: string | undefined
}

export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'

export function signedHeadersOf({ bodyHash }: BackendRequest): string {
  return bodyHash === undefined ? 'host;x-sdk-content-sha256;x-sdk-date' : 'host;x-sdk-date'
}

/** Lower-case hex SHA-256 of the canonical request. All texts are byte strings. */
export function canonicalDigest(request: BackendRequest): string {
  const { method, target, host, date, bodyHash } = request
  const question = target.indexOf('?')
  const path = question === -1 ? target : target.slice(0, question)
  const query = question === -1 ? '' : target.slice(question + 1)
  const payload = bodyHash ?? UNSIGNED_PAYLOAD
  const declared = bodyHash === undefined ? `x-sdk-content-sha256:${UNSIGNED_PAYLOAD}\n` : ''
  const canonical =
    `${method}\n${canonicalUri(path)}\n${canonicalQuery(query, 'decoded')}\n` +
    `host:${host}\n${declared}x-sdk-date:${date}\n\n${signedHeadersOf(request)}\n${payload}`
  return octetsHash(canonical)
}
