/**
 * Where a request comes from when a proxy stands in front of the gateway (routing.md §7): the value of a header, or an
 * element of `X-Forwarded-For`. A value that is no address leaves the peer's, and is noted for those who must know.
 */
import { isIP } from 'node:net'
import type { Exchange, RequestHead } from './exchange.js'

export interface SourceFeatures {
  /** `real_ip_header_getter`: name of a header, in lower case. It wins over the other one. */
  readonly header?: string | undefined
  /** `real_ip_from_xff`: index in `X-Forwarded-For`, from 0; a negative one counts from the end, −1 being the last. */
  readonly forwardedIndex?: number | undefined
}

export type FindSource = (exchange: Exchange) => void

/** `undefined` where the peer is the source. */
export function compileSource({ header, forwardedIndex }: SourceFeatures): FindSource | undefined {
  if (header !== undefined) return finder((head) => head.header(header)?.split(',', 1)[0])
  if (forwardedIndex === undefined) return undefined
  return finder((head) => {
    const chain = head.headers('x-forwarded-for')
    return chain.length === 0 ? undefined : chain.join(',').split(',').at(forwardedIndex)
  })
}

function finder(read: (head: RequestHead) => string | undefined): FindSource {
  return function findSource(exchange) {
    const address = read(exchange.head)?.trim()
    // A chain that is too short, and a header that was not sent, say nothing: then it is the peer.
    if (address === undefined) return
    if (isIP(address) === 0) exchange.sourceKnown = false
    else exchange.sourceAddress = address
  }
}
