/**
 * Chunked transfer coding, strict by RFC 9112 §7.1: hexadecimal size without sign or space, CRLF everywhere, bounded
 * extensions and trailers. Extensions and trailers are checked and left out: nobody downstream can be misled by them.
 *
 * The decoder keeps its place between any two bytes. It does not copy; it tells the sink which bytes are data.
 */
import { BACKSLASH, COLON, CR, EQUALS, HEX, LF, NAME, QUOTE, SEMICOLON, VALUE } from './octets.js'

export interface ChunkSink {
  /** A chunk of `size` bytes begins. */
  chunk(size: number): void
  /** `bytes[start…end)` are the next data of the current chunk. They are valid during the call only. */
  data(bytes: Buffer, start: number, end: number): void
  /** The current chunk is complete. */
  chunkEnd(): void
}

/** 13 hexadecimal digits stay below 2^53. */
const SIZE_DIGITS = 13
/** Bytes of all extensions of a body together, so that they cannot outweigh it. */
const EXTENSION_LIMIT = 16 * 1024
const TRAILER_LIMIT = 16 * 1024

const enum State {
  sizeFirst,
  size,
  extensionFirst,
  extensionName,
  extensionValueFirst,
  extensionValue,
  quoted,
  quotedPair,
  quotedEnd,
  sizeLf,
  data,
  dataCr,
  dataLf,
  trailerFirst,
  trailerName,
  trailerValue,
  trailerLf,
  endLf,
  done,
}

export class ChunkedDecoder {
  /** Bytes of data so far. */
  size = 0
  #state = State.sizeFirst
  /** What is missing of the current chunk, or the size that is being read. */
  #left = 0
  #digits = 0
  #extension = 0
  #trailer = 0

  get done(): boolean {
    return this.#state === State.done
  }

  reset(): void {
    this.#state = State.sizeFirst
    this.size = 0
    this.#left = 0
    this.#digits = 0
    this.#extension = 0
    this.#trailer = 0
  }

  /** Reads `bytes[start…end)`. Returns where it stopped: `end`, or earlier when the body is done; −1: malformed. */
  read(bytes: Buffer, start: number, end: number, sink: ChunkSink): number {
    let at = start
    while (at < end && this.#state !== State.done) {
      if (this.#state === State.data) {
        const stop = Math.min(end, at + this.#left)
        sink.data(bytes, at, stop)
        this.#left -= stop - at
        this.size += stop - at
        at = stop
        if (this.#left === 0) this.#state = State.dataCr
      } else if (!this.#step(bytes[at] as number, sink)) {
        return -1
      } else {
        at++
      }
    }
    return at
  }

  /** One byte outside of data. False: it may not be here. The states are shared out over three methods. */
  #step(byte: number, sink: ChunkSink): boolean {
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check
    switch (this.#state) {
      case State.sizeFirst:
      case State.size: {
        const digit = HEX[byte] as number
        if (digit < 16) {
          this.#left = this.#left * 16 + digit
          this.#state = State.size
          return ++this.#digits <= SIZE_DIGITS
        }
        if (this.#state === State.sizeFirst) return false
        if (byte === CR) this.#state = State.sizeLf
        else if (byte === SEMICOLON) this.#state = State.extensionFirst
        else return false
        return true
      }
      case State.sizeLf:
        if (byte !== LF) return false
        if (this.#left === 0) {
          this.#state = State.trailerFirst
        } else {
          sink.chunk(this.#left)
          this.#state = State.data
        }
        return true
      case State.dataCr:
        this.#state = State.dataLf
        return byte === CR
      case State.dataLf:
        if (byte !== LF) return false
        sink.chunkEnd()
        this.#digits = 0
        this.#state = State.sizeFirst
        return true
      case State.trailerFirst:
      case State.trailerName:
      case State.trailerValue:
      case State.trailerLf:
      case State.endLf:
        return ++this.#trailer <= TRAILER_LIMIT && this.#stepTrailer(byte)
      default:
        return ++this.#extension <= EXTENSION_LIMIT && this.#stepExtension(byte)
    }
  }

  /** `;name`, `;name=token` or `;name="text"`. The white space that the grammar calls bad is refused. */
  #stepExtension(byte: number): boolean {
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check
    switch (this.#state) {
      case State.extensionFirst:
        this.#state = State.extensionName
        return NAME[byte] !== 0
      case State.extensionValueFirst:
        this.#state = byte === QUOTE ? State.quoted : State.extensionValue
        return byte === QUOTE || NAME[byte] !== 0
      case State.quoted:
        if (byte === QUOTE) this.#state = State.quotedEnd
        else if (byte === BACKSLASH) this.#state = State.quotedPair
        return VALUE[byte] === 1
      case State.quotedPair:
        this.#state = State.quoted
        return VALUE[byte] === 1
      default:
        if (byte === CR) this.#state = State.sizeLf
        else if (byte === SEMICOLON) this.#state = State.extensionFirst
        else if (byte === EQUALS && this.#state === State.extensionName) this.#state = State.extensionValueFirst
        else return NAME[byte] !== 0 && this.#state !== State.quotedEnd
        return true
    }
  }

  #stepTrailer(byte: number): boolean {
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check
    switch (this.#state) {
      case State.trailerFirst:
        if (byte === CR) this.#state = State.endLf
        else if (NAME[byte] !== 0) this.#state = State.trailerName
        else return false
        return true
      case State.trailerName:
        if (byte === COLON) this.#state = State.trailerValue
        else if (NAME[byte] === 0) return false
        return true
      case State.trailerValue:
        if (byte === CR) this.#state = State.trailerLf
        else if (VALUE[byte] === 0) return false
        return true
      case State.trailerLf:
        this.#state = State.trailerFirst
        return byte === LF
      default:
        this.#state = State.done
        return byte === LF
    }
  }
}
