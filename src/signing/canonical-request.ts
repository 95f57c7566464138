/**
 * The text that a signature covers (authentication.md §2.3 of the management API, §2.2 of the data plane).
 *
 * Everything here works on octets: paths, queries and header values are latin1 texts as they came off the wire.
 */
import { decode, encode, isPlain } from './percent-encoding.js'

/** SHA-256 of nothing: the payload of a request without a body. */
export const EMPTY_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** What a signature can cover of a request. The gateway's `RequestHead` is one. */
export interface SignedRequest {
  readonly method: string
  /** As sent, up to the first `?`. */
  readonly path: string
  /** As sent, after the first `?`. */
  readonly query: string
  /** First value of a header that is asked for in lower case: latin1, without blanks around it. */
  header(name: string): string | undefined
  /** All values, in order; empty when the header is absent. */
  headers(name: string): readonly string[]
}

/** Decoded, then encoded again: the form of the Python, Go and Java clients and of every path without escapes. */
export function canonicalUri(path: string): string {
  return endWithSlash(isPlain(path, true) ? path : encode(decode(path), true))
}

/** Encoded as it came: an escape of the wire is escaped once more, as the Node client does. */
export function canonicalRawUri(path: string): string {
  return endWithSlash(encode(path, true))
}

function endWithSlash(path: string): string {
  return path.endsWith('/') ? path : path + '/'
}

interface Parameter {
  readonly name: string
  readonly value: string
  readonly encodedName: string
  readonly encodedValue: string
}

/**
 * Parameters are sorted by name, then by value: by what they mean (`decoded`), or by how they are written (`encoded`),
 * which differs only where characters need an escape. `sent` leaves the values of one name in the order in which they
 * came: the official Java client signs so.
 */
export type QueryOrder = 'decoded' | 'encoded' | 'sent'

export function canonicalQuery(query: string, order: QueryOrder): string {
  if (query === '') return ''
  const parameters = parseQuery(query)
  if (parameters.length > 1) parameters.sort(COMPARISONS[order])
  let canonical = ''
  for (const { encodedName, encodedValue } of parameters)
    canonical += (canonical === '' ? '' : '&') + encodedName + '=' + encodedValue
  return canonical
}

function parseQuery(query: string): Parameter[] {
  const parameters: Parameter[] = []
  let start = 0
  while (start < query.length) {
    let end = query.indexOf('&', start)
    if (end < 0) end = query.length
    if (end > start) {
      const equals = query.indexOf('=', start)
      const split = equals < 0 || equals > end ? end : equals
      const name = decode(query.slice(start, split), true)
      const value = decode(query.slice(split + 1, end), true)
      parameters.push({ name, value, encodedName: encode(name), encodedValue: encode(value) })
    }
    start = end + 1
  }
  return parameters
}

const COMPARISONS: Readonly<Record<QueryOrder, (a: Parameter, b: Parameter) => number>> = {
  decoded: (a, b) => compare(a.name, b.name) || compare(a.value, b.value),
  encoded: (a, b) => compare(a.encodedName, b.encodedName) || compare(a.encodedValue, b.encodedValue),
  sent: (a, b) => compare(a.encodedName, b.encodedName),
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * One `name:value` line per signed header; `undefined` when a signed header is not in the request.
 *
 * @param repeated how a header that came several times was signed: as one line of values joined by `,` in their
 *   order, or as one line per value, sorted.
 */
export function canonicalHeaders(
  request: SignedRequest,
  names: readonly string[],
  repeated: 'joined' | 'lines',
): string | undefined {
  let lines = ''
  for (const name of names) {
    const values = request.headers(name)
    const first = values[0]
    if (first === undefined) return undefined
    if (values.length === 1) lines += name + ':' + first + '\n'
    else if (repeated === 'joined') lines += name + ':' + values.join(',') + '\n'
    else for (const value of [...values].sort(compare)) lines += name + ':' + value + '\n'
  }
  return lines
}
