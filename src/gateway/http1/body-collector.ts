import type { ChunkSink } from './chunked.js'

/** Collects a body that a step wants to see whole. */
export class BodyCollector implements ChunkSink {
  readonly #pieces: Buffer[] = []

  constructor(
    readonly limit: number,
    readonly resolve: (result: 'ok' | 'too-large' | 'timeout') => void,
    readonly reject: (reason: Error) => void,
  ) {}

  chunk(): void {
    // Framing is not content.
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.#pieces.push(Buffer.from(bytes.subarray(start, end)))
  }

  chunkEnd(): void {
    // Framing is not content.
  }

  content(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}

/** An unread body up to this size is read and thrown away so that the connection can be used again. */
export const DISCARD_LIMIT = 64 * 1024

export const NO_BYTES = Buffer.alloc(0)

/** For a body that nobody wants. */
export const nowhere: ChunkSink = { chunk: () => undefined, data: () => undefined, chunkEnd: () => undefined }
