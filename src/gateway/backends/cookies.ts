/** Cookies of a request (RFC 6265 §5.4): read by name, and taken out by name. */
import type { RequestHead } from '../exchange.js'

/** The first value of a cookie, as it was sent. Names are case-sensitive. */
export function cookieValue(head: RequestHead, name: string): string | undefined {
  for (const line of head.headers('cookie')) {
    for (let at = 0; at < line.length;) {
      const end = endOfPair(line, at)
      const start = afterSpace(line, at, end)
      const valueAt = start + name.length + 1
      if (valueAt <= end && line.charCodeAt(valueAt - 1) === EQUALS && line.startsWith(name, start))
        return trimmed(line, valueAt, end)
      at = end + 1
    }
  }
  return undefined
}

/** What is left of all cookies, in their order, as one header value; empty when nothing is. */
export function cookiesExcept(head: Pick<RequestHead, 'headers'>, names: ReadonlySet<string>): string {
  let kept = ''
  for (const line of head.headers('cookie')) {
    for (const piece of line.split(';')) {
      const pair = trimmed(piece, 0, piece.length)
      const equals = pair.indexOf('=')
      if (pair === '' || names.has(equals === -1 ? pair : pair.slice(0, equals))) continue
      kept += kept === '' ? pair : `; ${pair}`
    }
  }
  return kept
}

const EQUALS = 61

function endOfPair(line: string, from: number): number {
  const end = line.indexOf(';', from)
  return end === -1 ? line.length : end
}

function afterSpace(line: string, from: number, end: number): number {
  let at = from
  while (at < end && isSpace(line.charCodeAt(at))) at++
  return at
}

/** Without spaces and tabs around it. `trim` knows more, some of which are octets of UTF-8 letters. */
function trimmed(line: string, from: number, end: number): string {
  const start = afterSpace(line, from, end)
  let last = end
  while (last > start && isSpace(line.charCodeAt(last - 1))) last--
  return line.slice(start, last)
}

const isSpace = (code: number): boolean => code === 32 || code === 9
