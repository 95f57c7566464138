/**
 * Recomputes a signature from the received request and compares it in constant time.
 *
 * The steps are apart, because each plane looks something up in between and answers each failure in its own words:
 * `parseAuthorization`, `signingDate` and `isFresh`, the secret (by the caller), `needsBodyHash`, `verifySignature`.
 */
import { hash } from 'node:crypto'
import { SCHEME, type Authorization } from './authorization-header.js'
import { canonicalHeaders, canonicalQuery, canonicalRawUri, canonicalUri, EMPTY_HASH } from './canonical-request.js'
import type { SignedRequest } from './canonical-request.js'
import { HmacKey } from './hmac-key.js'
import { octetsHash } from './octets-hash.js'
import { isPlain } from './percent-encoding.js'
import { parseSigningDate } from './signing-date.js'

const DATE = 'x-sdk-date'
const PAYLOAD = 'x-sdk-content-sha256'
const UNSIGNED = 'UNSIGNED-PAYLOAD'

/** Where the planes differ. */
export interface SigningRules {
  /** A path may also be signed as it was sent, its escapes escaped once more. */
  readonly rawUri: boolean
  readonly repeatedHeaders: 'joined' | 'lines'
  /** A declared payload that is neither a hash nor `UNSIGNED-PAYLOAD` is signed as it stands. */
  readonly anyPayload: boolean
}

export const managementRules: SigningRules = { rawUri: true, repeatedHeaders: 'lines', anyPayload: true }
export const gatewayRules: SigningRules = { rawUri: false, repeatedHeaders: 'joined', anyPayload: false }

export type Verdict =
  | 'ok'
  /** A header of the list is not in the request. */
  | 'missing-header'
  /** `X-Sdk-Date` is not in the list: its value could be changed by anyone. */
  | 'unsigned-date'
  /** The body is not the one that `X-Sdk-Content-Sha256` announced. */
  | 'wrong-payload'
  | 'bad-signature'

/** Milliseconds since the epoch; `undefined` when the header is missing, repeated or no date. */
export function signingDate(request: SignedRequest): number | undefined {
  const [date, another] = request.headers(DATE)
  return date === undefined || another !== undefined ? undefined : parseSigningDate(date)
}

/** Whether the body, if there is one, must be hashed before `verifySignature`. */
export function needsBodyHash(request: SignedRequest): boolean {
  return request.header(PAYLOAD) !== UNSIGNED
}

export function bodyHash(body: Uint8Array): string {
  return body.length === 0 ? EMPTY_HASH : hash('sha256', body, 'hex')
}

/**
 * @param secret a key that is made once saves its preparation.
 * @param body lower-case hex SHA-256 of the body; may be left out when there is a body that need not be hashed.
 */
export function verifySignature(
  request: SignedRequest,
  authorization: Authorization,
  secret: string | HmacKey,
  body: string | undefined,
  rules: SigningRules,
): Verdict {
  const headers = canonicalHeaders(request, authorization.names, rules.repeatedHeaders)
  if (headers === undefined) return 'missing-header'
  if (!authorization.names.includes(DATE)) return 'unsigned-date'
  const payload = signedPayload(request, body, rules)
  if (payload === undefined) return 'wrong-payload'

  const { method, path, query } = request
  const key = typeof secret === 'string' ? new HmacKey(secret) : secret
  const signed: SignedTexts = {
    key,
    method,
    rest: '\n' + headers + '\n' + authorization.signedHeaders + '\n',
    prefix: SCHEME + '\n' + (request.header(DATE) ?? '') + '\n',
    signature: authorization.signature,
  }
  const uri = canonicalUri(path)
  const parameters = canonicalQuery(query, 'decoded')
  if (matches(signed, uri, parameters, payload)) return 'ok'

  // What follows costs only those whose request can be read in more than one way.
  const uris = rules.rawUri && !isPlain(path, true) ? [uri, canonicalRawUri(path)] : [uri]
  const queries = new Set([parameters, canonicalQuery(query, 'encoded'), canonicalQuery(query, 'sent')])
  // Python signs an empty body as such whatever the header says; the others sign what the header says.
  const payloads = body === EMPTY_HASH && payload !== EMPTY_HASH ? [payload, EMPTY_HASH] : [payload]
  for (const u of uris)
    for (const q of queries)
      for (const p of payloads)
        if ((u !== uri || q !== parameters || p !== payload) && matches(signed, u, q, p)) return 'ok'
  return 'bad-signature'
}

/** What is the same however the request is read. */
interface SignedTexts {
  readonly key: HmacKey
  readonly method: string
  /** The canonical request between its query and its payload. */
  readonly rest: string
  /** Of what is signed, before the digest of the canonical request. */
  readonly prefix: string
  readonly signature: string
}

function matches(signed: SignedTexts, uri: string, parameters: string, payload: string): boolean {
  const digest = octetsHash(signed.method + '\n' + uri + '\n' + parameters + signed.rest + payload)
  return signed.key.verifies(signed.prefix + digest, signed.signature)
}

/** The last line of the canonical request; `undefined` when the body contradicts its announcement. */
function signedPayload(request: SignedRequest, body: string | undefined, rules: SigningRules): string | undefined {
  const declared = request.header(PAYLOAD)
  if (declared === undefined) return body
  if (request.headers(PAYLOAD).length > 1) return undefined
  if (declared === UNSIGNED) return UNSIGNED
  if (/^[0-9a-f]{64}$/i.test(declared)) return declared.toLowerCase() === body ? declared : undefined
  return rules.anyPayload ? declared : undefined
}
