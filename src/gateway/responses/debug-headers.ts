/** Headers for a caller who sent `X-Apig-Mode: debug` (responses.md §4). Times are in milliseconds. */
import type { Exchange } from '../exchange.js'

export function debugHeaders(exchange: Exchange): string {
  const { startedAt, upstreamStartedAt, upstreamHeadAt, route } = exchange
  const answered = upstreamHeadAt === 0 ? performance.now() : upstreamHeadAt
  let lines = `X-Apig-Latency: ${milliseconds(answered - startedAt)}\r\n`
  if (upstreamHeadAt !== 0) {
    lines += `X-Apig-Upstream-Latency: ${milliseconds(upstreamHeadAt - upstreamStartedAt)}\r\n`
  }
  return lines + (route?.throttle.report(exchange) ?? '')
}

function milliseconds(time: number): number {
  return Math.max(0, Math.round(time))
}
