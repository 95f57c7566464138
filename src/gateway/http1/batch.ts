/**
 * What goes out in one write: a head, the body bytes that are there, and the framing between them.
 *
 * Bytes come from a read buffer that the next read overwrites, so they are copied here, once; those of a long body are
 * read into a buffer that is handed on instead. A small batch becomes one string: Node writes strings below 16 KB from
 * the stack, with no request object that owns memory (bench/README).
 */
import type { ChunkSink } from './chunked.js'
import { type Piece, SMALL_MESSAGE } from './piece.js'
import { type Loan, POOLED_LEAST, POOLED_SIZE, PooledBuffer } from './pooled-buffer.js'

/** Framing that a batch puts around data: none, that of the incoming chunks, or a chunk around each piece. */
export type Framing = 'plain' | 'keep-chunks' | 'make-chunks'

export class Batch implements ChunkSink {
  /** False: pieces are kept for longer than it takes to write them, so nothing that they are in may be used again. */
  lends = true
  #framing: Framing = 'plain'
  #text = ''
  #buffer: Buffer | undefined = undefined
  #pooled: PooledBuffer | undefined = undefined
  #length = 0
  #source: PooledBuffer | undefined = undefined
  #loan: Loan | undefined = undefined

  /**
   * Begins a batch with `prefix`, which is latin1 text, followed by at most `size` bytes off the wire.
   *
   * @param source what the bytes are in, if it can be handed on
   */
  begin(prefix: string, size: number, framing: Framing, source?: PooledBuffer): void {
    this.#framing = framing
    if (prefix.length + size <= SMALL_MESSAGE) {
      this.#text = prefix
      return
    }
    const lends = this.lends && prefix.length + size >= POOLED_LEAST
    // What is lent already is copied: whoever has it first would release it under the other.
    if (source?.lent === false && lends && prefix === '' && framing === 'plain') {
      this.#source = source
      return
    }
    // A chunk-size line that was split between two reads is written whole with the second: 32 bytes cover it.
    const room = prefix.length + size + 64
    if (lends && room <= POOLED_SIZE) this.#pooled = PooledBuffer.take()
    this.#buffer = this.#pooled?.bytes ?? Buffer.allocUnsafeSlow(room)
    this.#length = this.#buffer.write(prefix, 0, 'latin1')
  }

  chunk(size: number): void {
    if (this.#framing === 'keep-chunks') this.#add(`${size.toString(16)}\r\n`)
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (this.#source !== undefined) {
      this.#loan = this.#source.lend(start, end)
      return
    }
    if (this.#framing === 'make-chunks') this.#add(`${(end - start).toString(16)}\r\n`)
    if (this.#buffer === undefined) this.#text += bytes.toString('latin1', start, end)
    else this.#length += bytes.copy(this.#buffer, this.#length, start, end)
    if (this.#framing === 'make-chunks') this.#add('\r\n')
  }

  chunkEnd(): void {
    if (this.#framing === 'keep-chunks') this.#add('\r\n')
  }

  /** The body is complete: its framing is closed. */
  end(): void {
    if (this.#framing !== 'plain') this.#add('0\r\n\r\n')
  }

  #add(text: string): void {
    if (this.#buffer === undefined) this.#text += text
    else this.#length += this.#buffer.write(text, this.#length, 'latin1')
  }

  /** What has been gathered, or undefined when that is nothing; the batch is empty afterwards. */
  take(): Piece | undefined {
    const taken = this.#taken()
    this.#text = ''
    this.#buffer = undefined
    this.#pooled = undefined
    this.#length = 0
    this.#source = undefined
    this.#loan = undefined
    return taken.length === 0 ? undefined : taken
  }

  #taken(): Piece {
    if (this.#loan !== undefined) return this.#loan
    if (this.#pooled !== undefined) return this.#pooled.lend(0, this.#length)
    return this.#buffer?.subarray(0, this.#length) ?? this.#text
  }
}
