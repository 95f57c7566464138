/**
 * The header lines of one message, as offsets from its first byte: nothing is copied while they are read.
 *
 * Strict by RFC 9112 §5: CRLF ends a line, the name touches its colon, nothing is folded. The reader may be fed any
 * number of bytes at a time. It judges a line only when its LF has come, so how the bytes were cut never shows.
 */
import { hashName, isNamed, kindOf, mix } from './header-names.js'
import { COLON, CR, LF, NAME, SPACE, TAB, VALUE } from './octets.js'

export interface HeadLimits {
  /** Bytes of one line. */
  readonly line: number
  /** Bytes of all header lines. */
  readonly all: number
  readonly count: number
}

/** request-lifecycle.md phase 3. The number of lines is ours. */
export const headLimits: HeadLimits = { line: 32 * 1024, all: 128 * 1024, count: 256 }

/** More bytes are needed; or the header lines have been refused. */
export const MORE = -1
export const BAD = -2
export const TOO_LARGE = -3

const STRIDE = 6
const LINE_START = 0
const NAME_END = 1
const VALUE_START = 2
const VALUE_END = 3
const HASH = 4
const KIND = 5

/** Room for a dozen lines. */
const NO_MARKS: readonly number[] = Array.from({ length: STRIDE * 12 }, () => 0)

export class HeaderLines {
  count = 0
  /** Which kinds occurred, one bit each. */
  kinds = 0
  /** Offset of the first header line. */
  first = 0
  /** Offset of the empty line that ends the head. */
  last = 0
  /** Offset of the line that is being read. */
  #line = 0
  /** Offset up to which that line has been searched for its end. */
  #searched = 0
  /** Numbers of the heap: a typed array of this size costs a connection as much as reading two heads. */
  #marks = NO_MARKS.slice()

  /** Makes ready for a head whose header lines begin at `offset`. */
  begin(offset: number): void {
    this.count = 0
    this.kinds = 0
    this.first = offset
    this.#line = offset
    this.#searched = offset
  }

  /**
   * Reads lines of the message that starts at `base`, as far as `end`. Returns the position after the empty line, or
   * MORE, BAD or TOO_LARGE. After MORE the message may have moved: only offsets are kept.
   */
  read(bytes: Uint8Array, base: number, end: number, limits: HeadLimits): number {
    if (this.#searched > this.#line) {
      if (bytes.subarray(base + this.#searched, end).indexOf(LF) < 0) return this.#unfinished(end - base, limits)
      this.#searched = this.#line
    }
    let at = base + this.#line
    for (;;) {
      const start = at
      let hash = 0
      let normalised = 0
      while (at < end && (normalised = NAME[bytes[at] as number] as number) !== 0) {
        hash = mix(hash, normalised)
        at++
      }
      const nameEnd = at
      if (at === start && at < end && bytes[at] === CR) {
        if (at + 1 === end) return this.#pause(start - base, end - base, limits)
        if (bytes[at + 1] !== LF) return this.#judge(BAD, bytes, base, start, end, limits)
        this.last = start - base
        return this.last - this.first > limits.all ? TOO_LARGE : at + 2
      }
      if (at < end && (at === start || bytes[at] !== COLON)) return this.#judge(BAD, bytes, base, start, end, limits)
      at++
      while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++
      const valueStart = at
      while (at < end && VALUE[bytes[at] as number] === 1) at++
      if (at + 1 >= end) return this.#judge(MORE, bytes, base, start, end, limits)
      if (bytes[at] !== CR || bytes[at + 1] !== LF) return this.#judge(BAD, bytes, base, start, end, limits)
      let valueEnd = at
      while (valueEnd > valueStart && (bytes[valueEnd - 1] === SPACE || bytes[valueEnd - 1] === TAB)) valueEnd--
      at += 2
      if (at - start > limits.line || at - base - this.first > limits.all || this.count === limits.count) {
        return TOO_LARGE
      }
      const kind = kindOf(bytes, start, nameEnd, hash)
      this.#mark(start - base, nameEnd - base, valueStart - base, valueEnd - base, hash, kind)
    }
  }

  /** A verdict on a line counts only once its LF is there; until then it is unfinished, whatever it holds. */
  #judge(verdict: number, bytes: Uint8Array, base: number, start: number, end: number, limits: HeadLimits): number {
    const length = bytes.subarray(start, end).indexOf(LF) + 1
    if (length === 0) return this.#pause(start - base, end - base, limits)
    if (length > limits.line || start + length - base - this.first > limits.all) return TOO_LARGE
    // A line that ended, yet seemed to want more bytes, holds what no line may hold.
    return verdict === MORE ? BAD : verdict
  }

  #pause(line: number, length: number, limits: HeadLimits): number {
    this.#line = line
    return this.#unfinished(length, limits)
  }

  #unfinished(length: number, limits: HeadLimits): number {
    this.#searched = length
    return length - this.#line > limits.line || length - this.first > limits.all + 2 ? TOO_LARGE : MORE
  }

  #mark(start: number, nameEnd: number, valueStart: number, valueEnd: number, hash: number, kind: number): void {
    const at = this.count++ * STRIDE
    const marks = this.#marks
    marks[at + LINE_START] = start
    marks[at + NAME_END] = nameEnd
    marks[at + VALUE_START] = valueStart
    marks[at + VALUE_END] = valueEnd
    marks[at + HASH] = hash
    marks[at + KIND] = kind
    this.kinds |= 1 << kind
  }

  has(kind: number): boolean {
    return (this.kinds & (1 << kind)) !== 0
  }

  lineStart(index: number): number {
    return index < this.count ? (this.#marks[index * STRIDE + LINE_START] as number) : this.last
  }

  nameEnd(index: number): number {
    return this.#marks[index * STRIDE + NAME_END] as number
  }

  hash(index: number): number {
    return this.#marks[index * STRIDE + HASH] as number
  }

  kind(index: number): number {
    return this.#marks[index * STRIDE + KIND] as number
  }

  name(index: number, text: string): string {
    return text.substring(this.lineStart(index), this.nameEnd(index))
  }

  valueStart(index: number): number {
    return this.#marks[index * STRIDE + VALUE_START] as number
  }

  valueEnd(index: number): number {
    return this.#marks[index * STRIDE + VALUE_END] as number
  }

  value(index: number, text: string): string {
    return text.substring(this.valueStart(index), this.valueEnd(index))
  }

  /**
   * Whether white space that a strict reader may refuse follows the value. The grammar allows a tab there, but llhttp
   * does not after a length; where readers differ about framing, the message is refused.
   */
  hasTabBehind(index: number, text: string): boolean {
    return text.substring(this.valueEnd(index), this.lineStart(index + 1)).includes('\t')
  }

  /** Index of the first line of a kind at or after `from`, or −1. */
  ofKind(kind: number, from: number): number {
    if (!this.has(kind)) return -1
    for (let i = from; i < this.count; i++) if (this.#marks[i * STRIDE + KIND] === kind) return i
    return -1
  }

  /** Index of the first line with a lower-case name, or −1. */
  named(name: string, text: string): number {
    return this.#find(hashName(name), name, text, 0)
  }

  /** Index of the next line with the name of the one that `named` or this found, or −1. */
  another(name: string, text: string, index: number): number {
    return this.#find(this.hash(index), name, text, index + 1)
  }

  #find(hash: number, name: string, text: string, from: number): number {
    for (let i = from; i < this.count; i++) {
      if (this.#marks[i * STRIDE + HASH] === hash && isNamed(text, this.lineStart(i), this.nameEnd(i), name)) return i
    }
    return -1
  }

  /** Drops tables that a message with uncommonly many lines has left, so that an idle connection stays small. */
  shrink(): void {
    if (this.#marks.length > STRIDE * 48) this.#marks = NO_MARKS.slice()
  }
}

/** Elements of a comma-separated list of tokens in lower case, or undefined when it is not one (RFC 9110 §5.6.1). */
export function tokenList(value: string): string[] | undefined {
  const tokens: string[] = []
  for (const element of value.split(',')) {
    const token = element.replace(/^[ \t]+|[ \t]+$/g, '').toLowerCase()
    // Empty elements are legal on receipt.
    if (token === '') continue
    for (let i = 0; i < token.length; i++) if ((NAME[token.charCodeAt(i)] ?? 0) === 0) return undefined
    tokens.push(token)
  }
  return tokens
}
