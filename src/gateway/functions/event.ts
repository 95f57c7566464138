/** What a function gets of a request (backends.md §7), and an authorizer (authentication.md §5.3). */
import type { Exchange } from '../exchange.js'
import { DEPTH_HEADER } from '../backends/forward-depth.js'
import { queryPieces } from '../backends/query.js'
import { toldHeaders } from '../backends/told-headers.js'
import { percentDecode, queryDecode } from '../percent-encoding.js'

export interface EventParts {
  /** By lower-case name; what was sent in several lines is joined by commas. */
  readonly headers: ReadonlyMap<string, string>
  /** As sent, encoded. */
  readonly query: string
  readonly pathParameters: ReadonlyMap<string, string>
  readonly path: string
  readonly method: string
  readonly apiId: string
  readonly stage: string
  readonly requestId: string
  /** Undefined: the event says nothing of one. */
  readonly body: Buffer | undefined
  /** The body as text instead of Base64. */
  readonly asText: boolean
  readonly userData?: string
}

/** The event as JSON. All texts in `parts` but `userData` are byte strings. */
export function functionEvent(parts: EventParts): string {
  const { body, asText, userData } = parts
  return JSON.stringify({
    ...(body !== undefined && { body: body.toString(asText ? 'utf8' : 'base64'), isBase64Encoded: !asText }),
    requestContext: { apiId: parts.apiId, requestId: parts.requestId, stage: asWords(parts.stage) },
    queryStringParameters: Object.fromEntries(firstValues(parts.query)),
    httpMethod: parts.method,
    pathParameters: Object.fromEntries(asTexts(parts.pathParameters)),
    headers: Object.fromEntries(asTexts(parts.headers)),
    path: asWords(parts.path),
    ...(userData !== undefined && { user_data: userData }),
  })
}

/** Octets of the wire, which were meant as UTF-8. */
export function asWords(octets: string): string {
  return /[\x80-\xff]/.test(octets) ? Buffer.from(octets, 'latin1').toString('utf8') : octets
}

const asTexts = (map: ReadonlyMap<string, string>): [string, string][] =>
  Array.from(map, ([name, value]) => [asWords(name), asWords(value)])

/** The first value of each name, as text. */
export function firstValues(query: string): Map<string, string> {
  const values = new Map<string, string>()
  for (const { text, name, value } of queryPieces(query)) {
    const key = asWords(name)
    if (text !== '' && !values.has(key)) values.set(key, asWords(queryDecode(value) ?? value))
  }
  return values
}

/** The path without query; decoded, unless the feature `api_uri_no_escape` is on. */
export function eventPath({ head }: Exchange, pathsAsSent: boolean): string {
  return pathsAsSent ? head.path : (percentDecode(head.path) ?? head.path)
}

/**
 * Headers of a request, and where it comes from.
 *
 * @param drop lower-case names of those that are left out
 * @param add ready lines, each ended by CRLF, that are added
 */
export function eventHeaders(exchange: Exchange, drop: ReadonlySet<string>, add = ''): Map<string, string> {
  const { passed, origin } = toldHeaders(exchange, drop, add)
  const headers = new Map<string, string>()
  for (const [name, value] of passed) {
    const key = name.toLowerCase()
    const before = headers.get(key)
    headers.set(key, before === undefined ? value : `${before},${value}`)
  }
  if (exchange.head.host !== '') headers.set('host', exchange.head.host)
  for (const [name, value] of origin) headers.set(name.toLowerCase(), value)
  // The Host is there as such, and a function is no gateway that would count on.
  headers.delete('x-forwarded-host')
  headers.delete(DEPTH_HEADER)
  return headers
}
