/**
 * Body of one message as it comes off the wire: by length, chunked, or until the sender closes (RFC 9112 §6.3).
 */
import { ChunkedDecoder, type ChunkSink } from './chunked.js'
import { SMALL_MESSAGE } from './piece.js'

/** Instead of a length: the body is chunked, or goes on until the sender closes. */
export const CHUNKED = -1
export const UNTIL_CLOSE = -2

export class BodyReader {
  /** Whether the last byte has been read. For UNTIL_CLOSE it is whoever sees the end that sets it. */
  done = true
  /** Bytes of content read so far, without the framing. */
  size = 0
  #length = 0
  readonly #decoder = new ChunkedDecoder()

  /** Makes ready for a body of `length` bytes, CHUNKED or UNTIL_CLOSE. */
  reset(length: number): void {
    this.#length = length
    this.size = 0
    this.done = length === 0
    if (length === CHUNKED) this.#decoder.reset()
  }

  get chunked(): boolean {
    return this.#length === CHUNKED
  }

  /** More is to come than one string should hold, and all of it is content. */
  get isLong(): boolean {
    return !this.chunked && this.remaining > SMALL_MESSAGE
  }

  /** Declared bytes that have not come yet; infinite when nothing was declared. */
  get remaining(): number {
    if (this.done) return 0
    return this.#length < 0 ? Infinity : this.#length - this.size
  }

  /** Reads `bytes[start…end)`. Returns the position after the last byte of the body that is there; −1: malformed. */
  read(bytes: Buffer, start: number, end: number, sink: ChunkSink): number {
    if (this.#length === CHUNKED) return this.#readChunked(bytes, start, end, sink)
    const stop = this.#length === UNTIL_CLOSE ? end : Math.min(end, start + this.#length - this.size)
    if (stop > start) sink.data(bytes, start, stop)
    this.size += stop - start
    if (this.size === this.#length) this.done = true
    return stop
  }

  #readChunked(bytes: Buffer, start: number, end: number, sink: ChunkSink): number {
    const stop = this.#decoder.read(bytes, start, end, sink)
    this.size = this.#decoder.size
    this.done = this.#decoder.done
    return stop
  }
}
