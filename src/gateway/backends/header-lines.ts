/**
 * Header lines made from configuration and from what callers send. Nothing becomes part of one that could end it or
 * start another.
 */

/** Names by which a message is framed or a hop is negotiated: no mapping may write them (RFC 9110 §7.6.1). */
const HOP_NAMES: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
])

/** Whether a configured header may be written: a token, and none of the names that the engine writes. */
export function isWritableHeader(name: string): boolean {
  return /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) && !HOP_NAMES.has(name.toLowerCase())
}

/** Whether a byte string may stand in a header line: no control characters except the tab. */
export function isHeaderValue(value: string): boolean {
  return !/[\x00-\x08\x0a-\x1f\x7f]/.test(value)
}

/** Whether a value may stand in a Host header: a name or an address, and a port. */
export function isHostValue(value: string): boolean {
  return /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/.test(value)
}
