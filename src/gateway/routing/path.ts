/**
 * What a request path is, for everything that judges one: percent-decoded (unless the feature `api_uri_no_escape` is on,
 * features.md §4), split at `/`, free of dot segments in any case. Nothing else in the gateway decodes paths (routing.md §5).
 */
import { percentDecode } from '../percent-encoding.js'

/**
 * The path that is matched, a byte string; `undefined` for one that must be refused: a malformed percent-encoding, or
 * a segment `.` or `..` however it is written, since a backend would walk where the gateway matched names.
 */
export function matchablePath(path: string): string | undefined {
  const decoded = percentDecode(path)
  return decoded === undefined || hasDotSegment(decoded) ? undefined : decoded
}

export function hasDotSegment(path: string): boolean {
  return path.includes('/.') && /\/\.\.?(?:\/|$)/.test(path)
}

/**
 * What follows the first `segments` segments of a path as sent, from its slash on (written as `/` even when it was
 * sent as `%2F`, because it was matched as one); empty when nothing follows.
 *
 * @param asSent the path was matched as it was sent: an encoded slash separates nothing
 */
export function pathAfter(path: string, segments: number, asSent = false): string {
  let at = 0
  for (let left = segments; left >= 0; left--) {
    const slash = asSent ? path.indexOf('/', at) : nextSlash(path, at)
    if (slash === -1) return ''
    at = slash + (path.charCodeAt(slash) === 37 ? 3 : 1)
  }
  return '/' + path.slice(at)
}

function nextSlash(path: string, from: number): number {
  const plain = path.indexOf('/', from)
  const escaped = path.slice(from, plain === -1 ? undefined : plain).search(/%2f/i)
  return escaped === -1 ? plain : from + escaped
}
