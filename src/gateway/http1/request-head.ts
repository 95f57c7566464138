/**
 * Head of a request: request line, header lines, and what they say about the body (RFC 9112 §3, §5, §6).
 *
 * One object serves all requests of a connection in turn. It is valid from the moment `read` has returned a position
 * until the exchange is done; whoever needs a value for longer takes the value.
 */
import type { RequestHead } from '../exchange.js'
import { filterOf, Kind, normalised } from './header-names.js'
import { BAD, HeaderLines, MORE, headLimits, tokenList } from './header-lines.js'
import { CR, LF, NAME, SLASH, SPACE, TARGET } from './octets.js'
import { asksForWebSocket } from './upgrade.js'
import { absoluteForm, isHost, isPlainPath } from './request-target.js'

/** Bytes of a request target: request-lifecycle.md phase 3. */
const TARGET_LIMIT = 32 * 1024
/** No registered method is longer than 17 bytes. */
const METHOD_LIMIT = 32
/** Method, target, two spaces, version and CRLF. */
const LINE_LIMIT = METHOD_LIMIT + TARGET_LIMIT + 12

export const TARGET_TOO_LARGE = -4

const methods = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS']

export class Http1RequestHead implements RequestHead {
  method = ''
  target = ''
  path = ''
  query = ''
  minorVersion: 0 | 1 = 1
  host = ''
  contentLength = 0
  /** The client lets the connection be used again after this exchange. */
  keepAlive = true
  /** The client offers to go on by WebSocket. */
  upgrades = false
  /** The client waits for `100 Continue` before it sends the body. */
  expectsContinue = false
  /** The head as text, one character per byte: all offsets in `lines` are positions in it. */
  text = ''
  readonly lines = new HeaderLines()
  /** Header names that `Connection` declares to end here, normalised. */
  nominated: string[] | undefined = undefined
  /** Offsets in the request line; `#started` tells whether the header lines have been reached. */
  #methodEnd = 0
  #targetEnd = 0
  #started = false
  #searched = 0
  /** Bytes of the empty line that some clients send before a request (RFC 9112 §2.2). */
  #blank = 0

  /** @param http2 whether what is read was made of a request that came by HTTP/2 */
  constructor(
    readonly secure: boolean,
    readonly http2 = false,
  ) {}

  /** Whether the request line was read: from then on there is something to record. */
  get hasRequestLine(): boolean {
    return this.#started
  }

  /** Forgets the last request. */
  reset(): void {
    this.method = ''
    this.target = ''
    this.path = ''
    this.query = ''
    this.host = ''
    this.text = ''
    this.minorVersion = 1
    this.contentLength = 0
    this.keepAlive = true
    this.expectsContinue = false
    this.upgrades = false
    this.nominated = undefined
    this.#started = false
    this.#searched = 0
    this.#blank = 0
    this.lines.begin(0)
    this.lines.shrink()
  }

  /**
   * Reads the message that starts at `base`, as far as `end`. Returns the position of the body, or MORE, BAD,
   * TOO_LARGE or TARGET_TOO_LARGE. After MORE it may be called again with more bytes, also at another place.
   */
  read(bytes: Buffer, base: number, end: number): number {
    if (!this.#started) {
      const verdict = this.#readRequestLine(bytes, base, end)
      if (verdict !== 0) return verdict
    }
    const body = this.lines.read(bytes, base, end, headLimits)
    if (body === MORE) return MORE
    if (body < 0) {
      this.keepRequestLine(bytes, base)
      return body
    }
    this.text = bytes.toString('latin1', base, body)
    this.#slice(bytes, base)
    return this.#understand() ? body : BAD
  }

  /** Makes method and target readable though the head is incomplete or refused: its record names them. */
  keepRequestLine(bytes: Buffer, base: number): void {
    this.text = bytes.toString('latin1', base, base + this.lines.first)
    this.lines.begin(this.lines.first)
    this.#slice(bytes, base)
  }

  /** `method SP target SP HTTP/1.x CRLF`, one space each. Returns 0 when it is read. */
  #readRequestLine(bytes: Buffer, base: number, end: number): number {
    let at = base + this.#blank
    if (at === base && bytes[base] === CR) {
      if (end - base < 2) return MORE
      if (bytes[base + 1] !== LF) return BAD
      this.#blank = 2
      at += 2
      this.#searched = 2
    }
    if (at === end) return MORE
    const start = at
    if (NAME[bytes[at] as number] === 0) return BAD
    if (this.#searched > this.#blank) {
      const lf = bytes.subarray(base + this.#searched, end).indexOf(LF)
      if (lf < 0) return this.#unfinished(end - base)
    }
    while (at < end && NAME[bytes[at] as number] !== 0) at++
    const methodEnd = at
    if (at < end && bytes[at] === SPACE) at++
    else return this.#judge(bytes, base, start, end)
    const targetStart = at
    while (at < end && TARGET[bytes[at] as number] === 1) at++
    const targetEnd = at
    // " HTTP/1.1\r\n" is 11 bytes.
    if (end - at < 11 || targetEnd === targetStart) return this.#judge(bytes, base, start, end)
    const minor = (bytes[at + 8] as number) - 0x30
    if (
      bytes[at] !== SPACE ||
      bytes[at + 1] !== 0x48 ||
      bytes[at + 2] !== 0x54 ||
      bytes[at + 3] !== 0x54 ||
      bytes[at + 4] !== 0x50 ||
      bytes[at + 5] !== SLASH ||
      bytes[at + 6] !== 0x31 ||
      bytes[at + 7] !== 0x2e ||
      (minor !== 0 && minor !== 1) ||
      bytes[at + 9] !== CR ||
      bytes[at + 10] !== LF
    ) {
      return this.#judge(bytes, base, start, end)
    }
    if (targetEnd - targetStart > TARGET_LIMIT || at + 11 - start > LINE_LIMIT) return TARGET_TOO_LARGE
    if (methodEnd - start > METHOD_LIMIT) return BAD
    this.minorVersion = minor
    this.#methodEnd = methodEnd - base
    this.#targetEnd = targetEnd - base
    this.#started = true
    this.lines.begin(at + 11 - base)
    return 0
  }

  /** The line is not a request line, or not yet: which one, its LF decides, so that the cutting of bytes never shows. */
  #judge(bytes: Buffer, base: number, start: number, end: number): number {
    const length = bytes.subarray(start, end).indexOf(LF) + 1
    if (length === 0) return this.#unfinished(end - base)
    return length > LINE_LIMIT ? TARGET_TOO_LARGE : BAD
  }

  #unfinished(length: number): number {
    this.#searched = length
    return length - this.#blank >= LINE_LIMIT ? TARGET_TOO_LARGE : MORE
  }

  #slice(bytes: Buffer, base: number): void {
    this.method = methodOf(bytes, base + this.#blank, base + this.#methodEnd)
    this.target = this.text.substring(this.#methodEnd + 1, this.#targetEnd)
    const mark = this.target.indexOf('?')
    this.path = mark < 0 ? this.target : this.target.substring(0, mark)
    this.query = mark < 0 ? '' : this.target.substring(mark + 1)
  }

  /** What the head means. False: it is refused. */
  #understand(): boolean {
    const { lines } = this
    if (this.method === 'CONNECT' || lines.has(Kind.disguise)) return false
    if (!this.#understandHost() || !this.#understandLength()) return false
    if (!isPlainPath(this.path)) return false
    this.keepAlive = this.minorVersion === 1
    if (lines.has(Kind.connection) && !this.#understandConnection()) return false
    if (lines.has(Kind.expect)) {
      const expect = lines.value(lines.ofKind(Kind.expect, 0), this.text)
      this.expectsContinue = this.minorVersion === 1 && expect.toLowerCase() === '100-continue'
    }
    return true
  }

  /** RFC 9112 §3.2: exactly one valid Host in HTTP/1.1; an absolute target has to say the same. */
  #understandHost(): boolean {
    const { lines } = this
    const index = lines.ofKind(Kind.host, 0)
    if (index < 0) {
      if (this.minorVersion === 1) return false
    } else {
      this.host = lines.value(index, this.text)
      if (!isHost(this.host) || lines.ofKind(Kind.host, index + 1) >= 0) return false
    }
    if (this.target.charCodeAt(0) === SLASH) return true
    const absolute = absoluteForm(this.target, this.secure)
    if (absolute === undefined) return false
    if (index >= 0 && absolute.host.toLowerCase() !== this.host.toLowerCase()) return false
    this.host = absolute.host
    this.target = absolute.origin
    const mark = this.target.indexOf('?')
    this.path = mark < 0 ? this.target : this.target.substring(0, mark)
    return true
  }

  /** RFC 9112 §6: one plain Content-Length, or `chunked` alone, or neither. */
  #understandLength(): boolean {
    const { lines } = this
    const length = lines.ofKind(Kind.contentLength, 0)
    const coding = lines.ofKind(Kind.transferEncoding, 0)
    if (length >= 0) {
      if (coding >= 0 || lines.ofKind(Kind.contentLength, length + 1) >= 0) return false
      if (lines.hasTabBehind(length, this.text)) return false
      this.contentLength = parseLength(lines.value(length, this.text))
      return this.contentLength >= 0
    }
    if (coding >= 0) {
      if (this.minorVersion === 0 || lines.ofKind(Kind.transferEncoding, coding + 1) >= 0) return false
      if (lines.value(coding, this.text).toLowerCase() !== 'chunked' || lines.hasTabBehind(coding, this.text))
        return false
      this.contentLength = -1
    }
    return true
  }

  #understandConnection(): boolean {
    const { lines, text } = this
    let close = false
    for (let i = lines.ofKind(Kind.connection, 0); i >= 0; i = lines.ofKind(Kind.connection, i + 1)) {
      const value = lines.value(i, text)
      // What nearly every client sends that sends the header at all.
      if (value === 'keep-alive' || value === 'Keep-Alive') {
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
    this.upgrades = this.nominated !== undefined && asksForWebSocket(this)
    // To take these away would change what the message is.
    return this.nominated === undefined || !this.nominated.some((name) => name === 'content-length' || name === 'host')
  }

  header(name: string): string | undefined {
    const index = this.lines.named(name, this.text)
    return index < 0 ? undefined : this.lines.value(index, this.text)
  }

  headers(name: string): string[] {
    const { lines, text } = this
    const first = lines.named(name, text)
    if (first < 0) return []
    // Made with what it holds: one that is made empty gets room for far more.
    const values = [lines.value(first, text)]
    for (let i = lines.another(name, text, first); i >= 0; i = lines.another(name, text, i))
      values.push(lines.value(i, text))
    return values
  }

  hasAny(names: ReadonlySet<string>): boolean {
    const { lines, text } = this
    const filter = filterOf(names)
    for (let i = 0; i < lines.count; i++) {
      if (filter.has(lines.hash(i), text, lines.lineStart(i), lines.nameEnd(i))) return true
    }
    return false
  }

  eachHeader(visit: (name: string, value: string) => void): void {
    const { lines, text } = this
    for (let i = 0; i < lines.count; i++) visit(lines.name(i, text).toLowerCase(), lines.value(i, text))
  }
}

/** Decimal digits, at most 15 of them, so that every length is an exact number; else −1. */
export function parseLength(text: string): number {
  if (text.length === 0 || text.length > 15) return -1
  let length = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return -1
    length = length * 10 + digit
  }
  return length
}

function methodOf(bytes: Buffer, start: number, end: number): string {
  for (const method of methods) {
    if (method.length === end - start && method.charCodeAt(0) === bytes[start] && matches(bytes, start, method)) {
      return method
    }
  }
  return bytes.toString('latin1', start, end)
}

function matches(bytes: Buffer, start: number, text: string): boolean {
  for (let i = 1; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false
  return true
}
