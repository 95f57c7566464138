/** The head that goes to a backend (backends.md §2, responses.md §5 to §7). */
import type { Exchange, ForwardPlan } from '../exchange.js'
import { Kind, filterOf, normalised } from '../http1/header-names.js'
import type { HeaderLines } from '../http1/header-lines.js'
import { wireText } from '../http1/own-reply.js'
import type { Http1RequestHead } from '../http1/request-head.js'
import { UPGRADE_LINES } from '../http1/upgrade.js'

/** Where a request comes from. */
export interface RequestSource {
  readonly head: Http1RequestHead
  readonly peerAddress: string
  readonly listenerPort: number
  readonly secure: boolean
  /** Header lines that tell backends where this connection comes from, kept here. */
  originLines: string
}

/** What becomes of the client's line of each kind; every kind that is not here goes on. */
const endsHere = kinds(
  Kind.host,
  Kind.transferEncoding,
  Kind.connection,
  Kind.hop,
  Kind.keepAlive,
  Kind.forwardedFor,
  Kind.forwarded,
  Kind.requestId,
)

function kinds(...list: readonly number[]): number {
  return list.reduce((bits, kind) => bits | (1 << kind), 0)
}

/**
 * Request line and header lines for the backend, with the empty line. The client's lines are passed on as they came,
 * in runs, but for those that end here, that `Connection` names, or that the plan drops.
 */
export function backendRequest(client: RequestSource, exchange: Exchange, plan: ForwardPlan): string {
  const { head } = client
  const { lines, text } = head
  const filter = filterOf(plan.drop)
  const replaced = exchange.body !== undefined
  let stops = endsHere
  if (replaced) stops |= kinds(Kind.contentLength, Kind.expect)
  if (head.minorVersion === 0) stops |= kinds(Kind.expect)

  let out = `${plan.method} ${wireText(plan.target)} HTTP/1.1\r\nHost: ${wireText(plan.host)}\r\n`
  let run = lines.first
  for (let i = 0; i < lines.count; i++) {
    const kind = lines.kind(i)
    const start = lines.lineStart(i)
    if (
      (stops & (1 << kind)) === 0 &&
      (kind === Kind.contentLength ||
        !(filter.has(lines.hash(i), text, start, lines.nameEnd(i)) || isNominated(head.nominated, lines, i, text)))
    ) {
      continue
    }
    if (start > run) out += text.substring(run, start)
    run = lines.lineStart(i + 1)
  }
  if (lines.last > run) out += text.substring(run, lines.last)

  if (replaced) out += `Content-Length: ${exchange.body?.length ?? 0}\r\n`
  else if (head.contentLength === -1) out += 'Transfer-Encoding: chunked\r\n'
  else if (!lines.has(Kind.contentLength) && anticipatesContent(plan.method)) out += 'Content-Length: 0\r\n'
  if (offersUpgrade(head, exchange, plan)) out += UPGRADE_LINES
  out += wireText(plan.add)
  return `${out + forwardedFor(client, exchange)}X-Request-Id: ${exchange.requestId}\r\n\r\n`
}

/** Whether the backend is asked to go on by WebSocket. A mapping may have made another request of it. */
export function offersUpgrade(head: Http1RequestHead, exchange: Exchange, plan: ForwardPlan): boolean {
  return head.upgrades && !head.http2 && plan.method === 'GET' && exchange.body === undefined
}

function isNominated(names: readonly string[] | undefined, lines: HeaderLines, index: number, text: string): boolean {
  return names !== undefined && names.includes(normalised(lines.name(index, text)))
}

/** RFC 9110 §8.6: these say that they have no content; some servers answer 411 otherwise. */
function anticipatesContent(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH'
}

/** Where the request comes from. Nothing of it is believed from the client but the chain of addresses before ours. */
function forwardedFor(client: RequestSource, exchange: Exchange): string {
  const { head } = client
  let chain = ''
  if (head.lines.has(Kind.forwardedFor)) {
    for (let i = head.lines.ofKind(Kind.forwardedFor, 0); i >= 0; i = head.lines.ofKind(Kind.forwardedFor, i + 1)) {
      const value = head.lines.value(i, head.text)
      if (value !== '') chain += `${value}, `
    }
  }
  if (exchange.sourceAddress !== client.peerAddress) {
    return `X-Forwarded-For: ${chain}${client.peerAddress}\r\n${originLines(exchange.sourceAddress, client)}${hostLine(head.host)}`
  }
  if (client.originLines === '') client.originLines = originLines(client.peerAddress, client)
  return `X-Forwarded-For: ${chain}${client.peerAddress}\r\n${client.originLines}${hostLine(head.host)}`
}

function originLines(source: string, client: RequestSource): string {
  const scheme = client.secure ? 'https' : 'http'
  return `X-Real-IP: ${source}\r\nX-Forwarded-Proto: ${scheme}\r\nX-Forwarded-Port: ${client.listenerPort}\r\n`
}

function hostLine(host: string): string {
  return host === '' ? '' : `X-Forwarded-Host: ${host}\r\n`
}
