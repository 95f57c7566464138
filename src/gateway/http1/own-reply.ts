/** Bytes of a reply that the gateway makes itself (responses.md §1). */
import { gzipSync } from 'node:zlib'
import type { Exchange } from '../exchange.js'
import type { Reply } from '../reply.js'
import { linesWithout } from '../responses/reply-lines.js'
import { isBodyless } from './response-head.js'
import { dateLine, statusLine } from './status-lines.js'

export const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

const SERVER_LINE = 'Server: api-gateway\r\n'

/** What becomes of the connection, or nothing where that is what its version does anyway (RFC 9112 §9.3). */
export function connectionLine(closes: boolean, minorVersion: 0 | 1): string {
  if (closes) return 'Connection: close\r\n'
  return minorVersion === 0 ? 'Connection: keep-alive\r\n' : ''
}

/** The whole reply as latin1 text, or as bytes when its body is neither ASCII nor small. */
export function ownReply(exchange: Exchange, reply: Reply, connectionLine: string): string | Buffer {
  const { status, shared } = reply
  if (
    shared !== undefined &&
    reply.date !== undefined &&
    exchange.withheld === undefined &&
    exchange.gzip === undefined
  ) {
    return sharedReply(exchange, reply, shared, connectionLine)
  }
  const body = ownBody(exchange, reply)
  const plain = typeof body === 'string' && isAscii(body)
  const bytes = plain ? undefined : typeof body === 'string' ? Buffer.from(body) : body
  const length = plain ? body.length : (bytes?.length ?? 0)
  let head =
    statusLine(status) +
    SERVER_LINE +
    `X-Request-Id: ${exchange.requestId}\r\n` +
    (reply.date ?? dateLine(Date.now())) +
    wireText(linesWithout(reply.headers, exchange.withheld)) +
    wireText(exchange.replyHeaders)
  head += lengthLine(status, length) + connectionLine + '\r\n'
  if (isBodyless(status, exchange.head.method)) return head
  if (plain) return head + body
  return bytes === undefined ? head : Buffer.concat([Buffer.from(head, 'latin1'), bytes])
}

/** The same of a reply that others get, too: few pieces, since each costs when they are joined and when they are written. */
function sharedReply(
  exchange: Exchange,
  { status, headers, body, date }: Reply,
  shared: { head: string },
  connectionLine: string,
): string | Buffer {
  if (shared.head === '') {
    const length = lengthLine(status, body.length)
    shared.head = flat(`${statusLine(status)}${SERVER_LINE}${date ?? ''}${wireText(headers)}${length}X-Request-Id: `)
  }
  let head = shared.head + exchange.requestId
  const { replyHeaders } = exchange
  if (replyHeaders === '' && connectionLine === '') head += '\r\n\r\n'
  else head += '\r\n' + wireText(replyHeaders) + connectionLine + '\r\n'
  if (isBodyless(status, exchange.head.method)) return head
  return typeof body === 'string' ? head + body : Buffer.concat([Buffer.from(head, 'latin1'), body])
}

/** RFC 9110 §8.6: statuses without content have none, but for 205. */
const lengthLine = (status: number, length: number): string =>
  status === 204 || status === 304 ? '' : `Content-Length: ${length}\r\n`

/** One piece of memory instead of a tree of pieces. */
const flat = (text: string): string => Buffer.from(text, 'latin1').toString('latin1')

/** The body as it is sent. What the gateway itself has to say is small enough to be compressed at once (gzip.ts). */
export function ownBody({ gzip }: Exchange, { body }: Reply): Buffer | string {
  if (gzip === undefined) return body
  const compressed = gzipSync(body, { level: gzip.level })
  gzip.before = Buffer.byteLength(body)
  gzip.after = compressed.length
  return compressed
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length
}

const OUTSIDE_LATIN1 = /[^\0-\xff]/

/**
 * Text that goes out one byte per character. A character above U+00FF would be cut to its low byte, which may be a
 * line feed; it is sent as its UTF-8 bytes instead.
 */
export function wireText(text: string): string {
  if (text === '' || !OUTSIDE_LATIN1.test(text)) return text
  return text.replace(/[^\0-\xff]+/g, (characters) => Buffer.from(characters).toString('latin1'))
}
