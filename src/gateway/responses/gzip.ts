/**
 * The feature `gzip` (features.md §2): which replies of a route are compressed. What is decided here the engine does, to
 * a backend's reply (backends/gzip-reply.ts) and to the gateway's own (http1/own-reply.ts).
 */
import type { RequestHead } from '../exchange.js'
import type { ReplyLines, ReplyStep } from './reply-lines.js'

/** Bytes; what is not larger is not worth it. A body of unknown length counts as larger. */
const SMALLEST = 1024

/** Bytes. The gateway's own replies, those from its cache among them, are compressed while everyone waits. */
const LARGEST_OWN = 256 * 1024

const TYPES: ReadonlySet<string> = new Set([
  'text/xml',
  'text/plain',
  'text/css',
  'text/javascript',
  'application/javascript',
  'application/x-javascript',
  'application/rss+xml',
  'application/json',
  'application/xml',
  'image/tiff',
  'image/svg+xml',
])

/** Partial and bodyless replies stay as they are: a range is one of the bytes that the backend has. */
const NEVER: ReadonlySet<number> = new Set([101, 204, 205, 206, 304])

/**
 * The last of the steps of phase 37, since it looks at the lines that others have set.
 *
 * @param level 1 to 9; undefined while the feature is off
 */
export function compileGzip(level: number | undefined): ReplyStep | undefined {
  if (level === undefined) return undefined
  return function gzip(lines, exchange) {
    const { head, status, plan } = exchange
    if (NEVER.has(status) || head.method === 'HEAD' || plan?.method === 'HEAD') return
    if (!isCompressible(lines)) return
    const size = lines.bodySize
    if (size !== undefined && (size <= SMALLEST || (lines.isOwn && size > LARGEST_OWN))) return
    if (!names(lines, 'vary', 'accept-encoding')) lines.add('Vary', 'Accept-Encoding')
    if (!acceptsGzip(head)) return
    // A strong tag, a digest, and ranges would speak of other bytes (RFC 9110 §8.8.1).
    const [tag] = lines.values('etag')
    if (tag?.startsWith('"') === true) {
      lines.remove('etag')
      lines.add('ETag', `W/${tag}`)
    }
    for (const name of ['accept-ranges', 'content-md5', 'content-encoding']) if (lines.has(name)) lines.remove(name)
    lines.add('Content-Encoding', 'gzip')
    exchange.gzip = { level, flushes: size === undefined, before: 0, after: 0 }
  }
}

function isCompressible(lines: ReplyLines): boolean {
  const [type = ''] = lines.values('content-type')
  const [bare = ''] = type.split(';')
  if (!TYPES.has(bare.trim().toLowerCase())) return false
  const encodings = lines.values('content-encoding')
  return encodings.every((one) => one.toLowerCase() === 'identity') && !names(lines, 'cache-control', 'no-transform')
}

/** Whether one of the values of a list field is `wanted`, or `*` in `Vary`. */
function names(lines: ReplyLines, name: string, wanted: string): boolean {
  return lines
    .values(name)
    .flatMap((value) => value.split(','))
    .some((item) => item.trim().toLowerCase() === wanted || (name === 'vary' && item.trim() === '*'))
}

/** RFC 9110 §12.5.3: gzip by its name, else by `*`, with a weight above zero. */
export function acceptsGzip(head: Pick<RequestHead, 'headers'>): boolean {
  let any = false
  for (const item of head.headers('accept-encoding').flatMap((value) => value.split(','))) {
    const [coding = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
    if (coding !== 'gzip' && coding !== 'x-gzip' && coding !== '*') continue
    const accepted = !parameters.some((parameter) => /^q *= *0(?:\.0{0,3})?$/.test(parameter))
    if (coding !== '*') return accepted
    any = accepted
  }
  return any
}
