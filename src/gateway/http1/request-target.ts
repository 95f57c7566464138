/**
 * What a request asks for: target and host. Nothing is repaired or normalised here. A path that two readers could
 * understand differently is refused, so that the path which policies judge is the path which the backend gets.
 */
import { BACKSLASH, COLON, DOT, HEX, HOST, PERCENT, SEMICOLON, SLASH } from './octets.js'

/**
 * Whether a path is free of dot segments in any spelling, broken percent-encoding, encoded NUL, and backslashes.
 * A segment also ends at an encoded slash or backslash and at `;`: some backend will read it so.
 */
export function isPlainPath(path: string): boolean {
  let segment = 0
  let dots = 0
  for (let i = 0; i < path.length; i++) {
    let code = path.charCodeAt(i)
    if (code === BACKSLASH) return false
    if (code === PERCENT) {
      code = decoded(path, i)
      if (code <= 0) return false
      i += 2
    }
    if (code === SLASH || code === BACKSLASH || code === SEMICOLON) {
      if (dots !== 0 && dots === segment && dots <= 2) return false
      // What follows a `;` belongs to the segment but cannot make a dot segment of it.
      segment = code === SEMICOLON ? 3 : 0
      dots = 0
    } else {
      segment++
      if (code === DOT) dots++
    }
  }
  return dots === 0 || dots !== segment || dots > 2
}

/** The byte that the escape at `index` stands for, or −1 when it is none. */
function decoded(path: string, index: number): number {
  if (index + 2 >= path.length) return -1
  const high = HEX[path.charCodeAt(index + 1)] ?? 255
  const low = HEX[path.charCodeAt(index + 2)] ?? 255
  return high > 15 || low > 15 ? -1 : high * 16 + low
}

/**
 * Whether a `Host` value names a host, with or without a port. Stricter than RFC 3986's `reg-name`, of which DNS has
 * no use for the rest: what is refused here could only be meant to be read differently by somebody else.
 */
export function isHost(host: string): boolean {
  let end = 0
  if (host.charCodeAt(0) === 0x5b) {
    end = host.indexOf(']') + 1
    if (end < 4) return false
    for (let i = 1; i < end - 1; i++) {
      const code = host.charCodeAt(i)
      if (code !== COLON && code !== DOT && (HEX[code] ?? 255) > 15) return false
    }
  } else {
    while (end < host.length && HOST[host.charCodeAt(end)] === 1) end++
    if (end === 0) return false
  }
  return end === host.length || (host.charCodeAt(end) === COLON && isPort(host, end + 1))
}

function isPort(host: string, start: number): boolean {
  if (host.length - start > 5) return false
  for (let i = start; i < host.length; i++) {
    const code = host.charCodeAt(i)
    if (code < 0x30 || code > 0x39) return false
  }
  return Number(host.slice(start)) <= 65535
}

/** An absolute-form target taken apart, or undefined when it is none that this listener serves (RFC 9112 §3.2.2). */
export function absoluteForm(target: string, secure: boolean): { host: string; origin: string } | undefined {
  const match = /^(https?):\/\/([^/?]+)(.*)$/i.exec(target)
  const [, scheme, host, rest] = match ?? []
  if (scheme === undefined || host === undefined || rest === undefined) return undefined
  if ((scheme.length === 5) !== secure || !isHost(host)) return undefined
  return { host, origin: rest.startsWith('/') ? rest : `/${rest}` }
}
