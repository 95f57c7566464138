/** The head of a backend's reply on its way to the client (responses.md §1, §5). */
import type { Exchange } from '../exchange.js'
import { Kind, normalised } from '../http1/header-names.js'
import { wireText } from '../http1/own-reply.js'
import type { Http1ResponseHead } from '../http1/response-head.js'
import { dateLine } from '../http1/status-lines.js'
import { UPGRADE_LINES } from '../http1/upgrade.js'

const endsHere =
  (1 << Kind.transferEncoding) |
  (1 << Kind.connection) |
  (1 << Kind.hop) |
  (1 << Kind.keepAlive) |
  (1 << Kind.requestId) |
  (1 << Kind.server)

/**
 * Status line and header lines for the client, without the empty line. The backend's lines are passed on in runs.
 * `keepLength` is false where the length that the backend declares is not what the client will get.
 */
export function backendReply(reply: Http1ResponseHead, exchange: Exchange, keepLength: boolean): string {
  const { lines, text, nominated } = reply
  const stops = keepLength ? endsHere : endsHere | (1 << Kind.contentLength)
  const { withheld } = exchange
  // The client is told our version, whatever the backend's was (RFC 9112 §2.3).
  let out = 'HTTP/1.1'
  let run = 8
  for (let i = 0; i < lines.count; i++) {
    const kind = lines.kind(i)
    const named = nominated !== undefined && nominated.includes(normalised(lines.name(i, text)))
    const kept = withheld === undefined || !withheld.has(lines.name(i, text).toLowerCase())
    if ((stops & (1 << kind)) === 0 && !named && kept) continue
    const start = lines.lineStart(i)
    if (start > run) out += text.substring(run, start)
    run = lines.lineStart(i + 1)
  }
  if (lines.last > run) out += text.substring(run, lines.last)
  if (!lines.has(Kind.date)) out += dateLine(Date.now())
  return `${out}Server: api-gateway\r\nX-Request-Id: ${exchange.requestId}\r\n${wireText(exchange.replyHeaders)}`
}

/** `101 Switching Protocols` with its empty line. It has no content, whatever the backend declares (RFC 9110 §8.6). */
export function upgradeReply(reply: Http1ResponseHead, exchange: Exchange): string {
  return `${backendReply(reply, exchange, false)}${UPGRADE_LINES}\r\n`
}

/** An interim reply (RFC 9110 §15.2) with its empty line; it has no fields of ours. */
export function interimReply(reply: Http1ResponseHead): string {
  const { lines, text } = reply
  let out = 'HTTP/1.1' + text.substring(8, lines.first)
  for (let i = 0; i < lines.count; i++) {
    if ((endsHere & (1 << lines.kind(i))) === 0) out += text.substring(lines.lineStart(i), lines.lineStart(i + 1))
  }
  return out + '\r\n'
}
