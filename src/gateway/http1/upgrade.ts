/**
 * The only upgrade that is offered to backends: to WebSocket (RFC 9110 §7.8, RFC 6455 §4). Any other one, and one that
 * is not plainly asked for, is left out as a server may: the request is answered like any other.
 */
import type { HeaderLines } from './header-lines.js'

interface Head {
  readonly text: string
  readonly lines: HeaderLines
  /** Names in `Connection`. */
  readonly nominated: readonly string[] | undefined
}

/** Header lines of either head. */
export const UPGRADE_LINES = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'

/** Whether a head names one protocol, and that is WebSocket. */
function namesWebSocket({ text, lines, nominated }: Head): boolean {
  if (nominated === undefined || !nominated.includes('upgrade')) return false
  const index = lines.named('upgrade', text)
  return (
    index >= 0 && lines.another('upgrade', text, index) < 0 && lines.value(index, text).toLowerCase() === 'websocket'
  )
}

/** Whether a request may become a tunnel: what follows it has to begin right behind its head. */
export function asksForWebSocket(
  head: Head & { readonly method: string; readonly minorVersion: 0 | 1; readonly contentLength: number },
): boolean {
  return head.method === 'GET' && head.minorVersion === 1 && head.contentLength === 0 && namesWebSocket(head)
}

/** Whether a reply with status 101 says that it became one. */
export const acceptsWebSocket = namesWebSocket
