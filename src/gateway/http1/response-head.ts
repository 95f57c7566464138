/**
 * Head of a backend's reply: status line, header lines, and what they say about the body (RFC 9112 §4, §6.3). Read as
 * strictly as a request: a reply that two readers could frame differently is an attack on the next one in line.
 */
import type { BackendHead } from '../handler.js'
import { CHUNKED, UNTIL_CLOSE } from './body-reader.js'
import { Kind, normalised } from './header-names.js'
import { BAD, HeaderLines, MORE, TOO_LARGE, headLimits, tokenList } from './header-lines.js'
import { CR, LF, SLASH, SPACE, VALUE } from './octets.js'
import { SMALL_MESSAGE } from './piece.js'
import { parseLength } from './request-head.js'

const LINE_LIMIT = 8 * 1024
const KEEP_ALIVE_TIMEOUT = /(?:^|[ \t,])timeout=(\d{1,6})(?:$|[ \t,])/i

export class Http1ResponseHead implements BackendHead {
  status = 0
  /** Length of the body in bytes, CHUNKED or UNTIL_CLOSE; 0 for replies that have none by their status or method. */
  bodyLength = 0
  /** The backend will take another request on this connection. */
  keepAlive = true
  /** Milliseconds that the backend promises to keep an idle connection, or 0 (`Keep-Alive: timeout=`). */
  idleTimeout = 0
  nominated: string[] | undefined = undefined
  /**
   * The head, one character per byte. When all that has come is small, also what follows it: one conversion then
   * serves the head and the body of nearly every reply.
   */
  text = ''
  readonly lines = new HeaderLines()
  #started = false
  #searched = 0
  #minorVersion = 1

  reset(): void {
    this.status = 0
    this.bodyLength = 0
    this.keepAlive = true
    this.idleTimeout = 0
    this.nominated = undefined
    this.text = ''
    this.#started = false
    this.#searched = 0
    this.lines.begin(0)
    this.lines.shrink()
  }

  /** As `Http1RequestHead.read`; `method` is that of the request. */
  read(bytes: Buffer, base: number, end: number, method: string): number {
    if (!this.#started) {
      const verdict = this.#readStatusLine(bytes, base, end)
      if (verdict !== 0) return verdict
    }
    const body = this.lines.read(bytes, base, end, headLimits)
    if (body < 0) return body
    this.text = bytes.toString('latin1', base, end - base <= SMALL_MESSAGE ? end : body)
    return this.#understand(method) ? body : BAD
  }

  eachHeader(visit: (name: string, value: string) => void): void {
    const { lines, text } = this
    for (let i = 0; i < lines.count; i++) visit(lines.name(i, text), lines.value(i, text))
  }

  /** `HTTP/1.x SP 3DIGIT [SP reason] CRLF`. Returns 0 when it is read. */
  #readStatusLine(bytes: Buffer, base: number, end: number): number {
    if (this.#searched > 0 && bytes.subarray(base + this.#searched, end).indexOf(LF) < 0) {
      return this.#unfinished(end - base)
    }
    if (end - base < 14) return this.#judge(bytes, base, end)
    const minor = (bytes[base + 7] as number) - 0x30
    const hundreds = (bytes[base + 9] as number) - 0x30
    const tens = (bytes[base + 10] as number) - 0x30
    const ones = (bytes[base + 11] as number) - 0x30
    if (
      bytes[base] !== 0x48 ||
      bytes[base + 1] !== 0x54 ||
      bytes[base + 2] !== 0x54 ||
      bytes[base + 3] !== 0x50 ||
      bytes[base + 4] !== SLASH ||
      bytes[base + 5] !== 0x31 ||
      bytes[base + 6] !== 0x2e ||
      (minor !== 0 && minor !== 1) ||
      bytes[base + 8] !== SPACE ||
      !(hundreds >= 1 && hundreds <= 5 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9)
    ) {
      return this.#judge(bytes, base, end)
    }
    let at = base + 12
    if (bytes[at] === SPACE) while (at < end && VALUE[bytes[at] as number] === 1) at++
    if (end - at < 2 || bytes[at] !== CR || bytes[at + 1] !== LF) return this.#judge(bytes, base, end)
    if (at + 2 - base > LINE_LIMIT) return TOO_LARGE
    this.status = hundreds * 100 + tens * 10 + ones
    this.#minorVersion = minor
    this.#started = true
    this.lines.begin(at + 2 - base)
    return 0
  }

  #judge(bytes: Buffer, base: number, end: number): number {
    const length = bytes.subarray(base, end).indexOf(LF) + 1
    if (length === 0) return this.#unfinished(end - base)
    return length > LINE_LIMIT ? TOO_LARGE : BAD
  }

  #unfinished(length: number): number {
    this.#searched = length
    return length >= LINE_LIMIT ? TOO_LARGE : MORE
  }

  #understand(method: string): boolean {
    const { lines } = this
    this.keepAlive = this.#minorVersion === 1
    if (lines.has(Kind.disguise)) return false
    if (lines.has(Kind.connection) && !this.#understandConnection()) return false
    if (lines.has(Kind.keepAlive)) {
      const value = lines.value(lines.ofKind(Kind.keepAlive, 0), this.text)
      this.idleTimeout = Number(KEEP_ALIVE_TIMEOUT.exec(value)?.[1] ?? 0) * 1000
    }
    const length = lines.ofKind(Kind.contentLength, 0)
    const coding = lines.ofKind(Kind.transferEncoding, 0)
    let declared = UNTIL_CLOSE
    if (length >= 0) {
      if (coding >= 0 || lines.ofKind(Kind.contentLength, length + 1) >= 0) return false
      if (lines.hasTabBehind(length, this.text)) return false
      declared = parseLength(lines.value(length, this.text))
      if (declared < 0) return false
    } else if (coding >= 0) {
      if (this.#minorVersion === 0 || lines.ofKind(Kind.transferEncoding, coding + 1) >= 0) return false
      if (lines.value(coding, this.text).toLowerCase() !== 'chunked' || lines.hasTabBehind(coding, this.text))
        return false
      declared = CHUNKED
    }
    this.bodyLength = isBodyless(this.status, method) ? 0 : declared
    if (this.bodyLength === UNTIL_CLOSE) this.keepAlive = false
    return true
  }

  #understandConnection(): boolean {
    const { lines } = this
    let close = false
    for (let i = lines.ofKind(Kind.connection, 0); i >= 0; i = lines.ofKind(Kind.connection, i + 1)) {
      const value = lines.value(i, this.text)
      if (value === 'keep-alive') {
        this.keepAlive = true
        continue
      }
      const tokens = tokenList(value)
      if (tokens === undefined) return false
      for (const token of tokens) {
        if (token === 'close') close = true
        else if (token === 'keep-alive') this.keepAlive = true
        else (this.nominated ??= []).push(normalised(token))
      }
    }
    if (close) this.keepAlive = false
    return this.nominated === undefined || !this.nominated.includes('content-length')
  }
}

/** Replies to HEAD, and these statuses, end with their head, whatever it declares (RFC 9112 §6.3, rule 1). */
export function isBodyless(status: number, method: string): boolean {
  return status < 200 || status === 204 || status === 304 || method === 'HEAD'
}
