/**
 * What goes out in one write: a head, the body bytes that are there, and the framing between them.
 *
 * Bytes come from a read buffer that the next read overwrites, so they are copied here, once. A small batch becomes
 * one string: Node writes strings below 16 KB from the stack, with no request object that owns memory (bench/README).
 */
import type { Socket } from 'node:net'
import type { ChunkSink } from './chunked.js'
import { SMALL_MESSAGE } from './response-head.js'

/** Framing that a batch puts around data: none, that of the incoming chunks, or a chunk around each piece. */
export type Framing = 'plain' | 'keep-chunks' | 'make-chunks'

export class Batch implements ChunkSink {
  #framing: Framing = 'plain'
  #text = ''
  #buffer: Buffer | undefined = undefined
  #length = 0

  /** Begins a batch with `prefix`, which is latin1 text, followed by at most `size` bytes off the wire. */
  begin(prefix: string, size: number, framing: Framing): void {
    this.#framing = framing
    if (prefix.length + size <= SMALL_MESSAGE) {
      this.#text = prefix
      return
    }
    // A chunk-size line that was split between two reads is written whole with the second: 32 bytes cover it.
    this.#buffer = Buffer.allocUnsafeSlow(prefix.length + size + 64)
    this.#length = this.#buffer.write(prefix, 0, 'latin1')
  }

  chunk(size: number): void {
    if (this.#framing === 'keep-chunks') this.#add(`${size.toString(16)}\r\n`)
  }

  data(bytes: Buffer, start: number, end: number): void {
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
  take(): string | Buffer | undefined {
    const { length } = this
    const taken = this.#buffer === undefined ? this.#text : this.#buffer.subarray(0, this.#length)
    this.#text = ''
    this.#buffer = undefined
    this.#length = 0
    return length === 0 ? undefined : taken
  }

  get length(): number {
    return this.#buffer === undefined ? this.#text.length : this.#length
  }
}

/** Hands one piece to a socket. Strings are latin1: one byte per character. */
export function send(socket: Socket, piece: string | Buffer): void {
  if (typeof piece === 'string') socket.write(piece, 'latin1')
  else socket.write(piece)
}
