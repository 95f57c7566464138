/**
 * The head of an HTTP/2 request in the form of HTTP/1.1 (RFC 9113 §8.3, §10.3). One reader judges the heads of both
 * protocols, so that nothing gets past it by coming another way, and what goes on to a backend is made from one form.
 */

/** In that form, bodies of unknown length are chunked; what carries the body here is not concerned. */
const UNKNOWN_LENGTH = 'transfer-encoding: chunked\r\n'

export interface RequestText {
  readonly text: string
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean
}

/**
 * @param raw names and values in turn, as they came; byte strings
 * @param ended the request has no body
 * @returns `undefined` for what is no request that an HTTPS listener serves
 */
export function requestText(raw: readonly string[], ended: boolean): RequestText | undefined {
  let method = ''
  let path = ''
  let authority: string | undefined
  let host: string | undefined
  let cookies = ''
  let lines = ''
  let hasLength = false
  let expectsContinue = false
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? ''
    const value = raw[at + 1] ?? ''
    // Whatever was let through to here: it must not become a line of its own.
    if (ENDS_LINE.test(name) || ENDS_LINE.test(value)) return undefined
    switch (name) {
      case ':method':
        method = value
        break
      case ':path':
        path = value
        break
      case ':authority':
        authority = value
        break
      case ':scheme':
        if (value.toLowerCase() !== 'https') return undefined
        break
      case 'host':
        if (host !== undefined) return undefined
        host = value
        break
      case 'cookie':
        // Clients may send a cookie header in pieces (RFC 9113 §8.2.3).
        cookies += cookies === '' ? value : `; ${value}`
        break
      case 'expect':
        expectsContinue = value.toLowerCase() === '100-continue'
        break
      // Other pseudo-headers are of extensions that were not offered; the rest is HTTP/1.1's.
      case 'connection':
      case 'transfer-encoding':
        return undefined
      default:
        if (name.startsWith(':')) return undefined
        if (name === 'content-length') hasLength = true
        lines += `${name}: ${value}\r\n`
    }
  }
  if (host !== undefined && authority !== undefined && host.toLowerCase() !== authority.toLowerCase()) return undefined
  if (cookies !== '') lines += `cookie: ${cookies}\r\n`
  if (!ended && !hasLength) lines += UNKNOWN_LENGTH
  // What is no origin-form is one that HTTP/2 has no use for, but for OPTIONS of the whole server, which nobody serves.
  if (!path.startsWith('/')) return undefined
  return {
    text: `${method} ${path} HTTP/1.1\r\nhost: ${authority ?? host ?? ''}\r\n${lines}\r\n`,
    expectsContinue: expectsContinue && !ended,
  }
}

const ENDS_LINE = /[\0\r\n]/
