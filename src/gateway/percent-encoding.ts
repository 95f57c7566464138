/**
 * Percent-encoding, the one place that decodes and encodes.
 *
 * Decoded text is a *byte string*: one character per octet, as header values are. Nothing is lost that way (`%ff` is
 * not UTF-8 and still an octet), and what is encoded again is what came.
 */

const BYTES: readonly string[] = Array.from({ length: 256 }, (_, octet) => String.fromCharCode(octet))
const ESCAPES: readonly string[] = Array.from(
  { length: 256 },
  (_, octet) => '%' + octet.toString(16).toUpperCase().padStart(2, '0'),
)

/** The byte string that `text` stands for; `undefined` when a `%` isn't followed by two hexadecimal digits. */
export function percentDecode(text: string): string | undefined {
  let at = text.indexOf('%')
  if (at === -1) return text
  let decoded = ''
  let from = 0
  while (at !== -1) {
    const octet = (hexDigit(text.charCodeAt(at + 1)) << 4) | hexDigit(text.charCodeAt(at + 2))
    if (octet < 0) return undefined
    decoded += text.slice(from, at) + (BYTES[octet] ?? '')
    from = at + 3
    at = text.indexOf('%', from)
  }
  return decoded + text.slice(from)
}

/** As `percentDecode`, for a name or value of a query, where `+` is a space. */
export function queryDecode(text: string): string | undefined {
  return percentDecode(text.includes('+') ? text.replaceAll('+', ' ') : text)
}

/** Octets of the UTF-8 form of `text`, as a byte string. */
export function utf8Bytes(text: string): string {
  return /^[\0-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

/** Encodes a byte string that becomes part of a path (backends.md §4.4). */
export function encodePathValue(value: string): string {
  return PATH_UNSAFE.test(value) ? value.replace(PATH_UNSAFE_ALL, escape) : value
}

/** As `encodePathValue`, for the value of a `{name+}` placeholder, whose slashes stay slashes. */
export function encodePathTail(value: string): string {
  return value.split('/').map(encodePathValue).join('/')
}

/** The part of a path that `text` is written as: what a request line cannot carry is encoded, what is encoded stays. */
export function encodeLiteral(text: string): string {
  return utf8Bytes(text).replace(/[\x00-\x20\x7f-\xff"#<>?\\^`{|}]/g, escape)
}

/** Encodes a byte string that becomes part of a query (backends.md §4.4). */
export function encodeQueryValue(value: string): string {
  return QUERY_UNSAFE.test(value) ? value.replace(QUERY_UNSAFE_ALL, escape) : value
}

const PATH_UNSAFE = /[\x00-\x20\x7f-\xff?><\/%#"[\\\]^`{|}]/
const QUERY_UNSAFE = /[\x00-\x20\x7f-\xff>=<+&%#"[\\\]^`{|}]/
const PATH_UNSAFE_ALL = new RegExp(PATH_UNSAFE, 'g')
const QUERY_UNSAFE_ALL = new RegExp(QUERY_UNSAFE, 'g')

function escape(character: string): string {
  return ESCAPES[character.charCodeAt(0)] ?? ''
}

/** Value of a hexadecimal digit by its character code; negative for every other code, and for NaN past the end. */
function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const lower = code | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}
