/** The head of a reply, from the text that HTTP/1.1 would send to the fields of HTTP/2 (RFC 9113 §8.2). */
import type { OutgoingHttpHeaders } from 'node:http2'

/** Fields of a connection: HTTP/2 has other means, and forbids them. */
const HOP_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** Fields that Node sends once at most. Of several the first counts, which is what most readers make of them. */
const ONCE: ReadonlySet<string> = new Set([
  'access-control-allow-credentials',
  'access-control-max-age',
  'access-control-request-method',
  'age',
  'authorization',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-md5',
  'content-range',
  'content-type',
  'date',
  'dnt',
  'etag',
  'expires',
  'from',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'range',
  'referer',
  'retry-after',
  'tk',
  'upgrade-insecure-requests',
  'user-agent',
  'x-content-type-options',
])

export interface ReplyFields extends OutgoingHttpHeaders {
  ':status'?: number
}

/** @param lines header lines, each ended by CRLF; byte strings */
export function replyFields(status: number, lines: string): ReplyFields {
  const fields: ReplyFields = { ':status': status }
  addFields(fields, lines)
  return fields
}

/**
 * Adds to fields that are there; of those that may be there once, the first stays.
 *
 * @param at where the lines begin
 * @param except a lower-case name that is left out
 */
export function addFields(fields: ReplyFields, lines: string, at = 0, except?: string): void {
  while (at < lines.length) {
    const end = lines.indexOf('\r\n', at)
    if (end === at || end === -1) break
    const colon = lines.indexOf(':', at)
    const name = lines.slice(at, colon).toLowerCase()
    if (name !== except) add(fields, name, lines.slice(colon + 1, end).trim())
    at = end + 2
  }
}

/** Reads a whole head, status line and all. */
export function replyFieldsOf(head: string): ReplyFields {
  return replyFields(Number(head.slice(9, 12)), head.slice(head.indexOf('\r\n') + 2))
}

function add(fields: ReplyFields, name: string, value: string): void {
  if (HOP_FIELDS.has(name) || name.startsWith(':')) return
  const known = fields[name]
  if (known === undefined) fields[name] = value
  else if (ONCE.has(name)) return
  else if (Array.isArray(known)) known.push(value)
  else fields[name] = [String(known), value]
}
