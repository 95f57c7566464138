/**
 * Headers of a request for those whom the engine does not write to, mirrors and functions: what a backend would get
 * (responses.md §6, §7), but for Host and what frames the message.
 */
import type { Exchange } from '../exchange.js'
import { DEPTH_HEADER } from './forward-depth.js'
import { isWritableHeader } from './header-lines.js'

/** Names as they were sent or configured; byte strings. */
type Lines = readonly (readonly [name: string, value: string])[]

export interface ToldHeaders {
  /** The caller's as far as they go on, then those that were added. */
  readonly passed: Lines
  /** Where the request comes from; of it nothing is believed from the caller but the chain of addresses before ours. */
  readonly origin: Lines
}

/**
 * @param drop lower-case names of those that do not go on
 * @param add ready lines, each ended by CRLF
 */
export function toldHeaders(exchange: Exchange, drop: ReadonlySet<string>, add = ''): ToldHeaders {
  const { head } = exchange
  const nominated = new Set(
    head.headers('connection').flatMap((line) => line.split(',').map((name) => name.trim().toLowerCase())),
  )
  const passed: (readonly [string, string])[] = []
  head.eachHeader((name, value) => {
    const key = name.toLowerCase()
    if (!drop.has(key) && !nominated.has(key) && !OURS.has(key) && isWritableHeader(key)) passed.push([name, value])
  })
  for (const line of add.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) passed.push([line.slice(0, colon), line.slice(colon + 1).trim()])
  }
  return { passed, origin: originOf(exchange) }
}

function originOf({ head, peerAddress, sourceAddress, secure, listenerPort, requestId }: Exchange): Lines {
  const chain = [...head.headers('x-forwarded-for'), peerAddress].filter((one) => one !== '').join(', ')
  const host: Lines = head.host === '' ? [] : [['X-Forwarded-Host', head.host]]
  return [
    ['X-Forwarded-For', chain],
    ['X-Real-IP', sourceAddress],
    ['X-Forwarded-Proto', secure ? 'https' : 'http'],
    ['X-Forwarded-Port', String(listenerPort)],
    ...host,
    ['X-Request-Id', requestId],
  ]
}

/** Said by the gateway, whatever the caller sent. */
const OURS: ReadonlySet<string> = new Set([
  DEPTH_HEADER,
  'forwarded',
  'host',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
  'x-request-id',
])
