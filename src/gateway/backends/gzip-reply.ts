/** The body of a backend's reply on its way through zlib, no faster than the client reads. */
import { constants, createGzip, type Gzip } from 'node:zlib'
import type { Compression } from '../exchange.js'
import { type Piece, send } from '../http1/piece.js'

/** Who gets what comes out. */
export interface GzipOwner {
  /** False: `clientDrained` will be called. */
  compressed(piece: Buffer): boolean
  /** There is room again after `write` has answered false. */
  roomAgain(): void
  /** All of it came out. */
  compressedAll(): void
}

export class GzipReply {
  readonly #zlib: Gzip
  #live = true

  constructor(
    private readonly owner: GzipOwner,
    private readonly compression: Compression,
  ) {
    const { level, flushes } = compression
    // What has no declared end may be a stream that somebody waits for: each piece goes out with the write that brought it.
    this.#zlib = createGzip({ level, flush: flushes ? constants.Z_SYNC_FLUSH : constants.Z_NO_FLUSH })
    this.#zlib.on('data', (piece: Buffer) => {
      if (!this.#live) return
      compression.after += piece.length
      if (!owner.compressed(piece)) this.#zlib.pause()
    })
    this.#zlib.on('drain', () => {
      if (this.#live) owner.roomAgain()
    })
    this.#zlib.on('end', () => {
      if (this.#live) owner.compressedAll()
    })
  }

  /** @returns whether it keeps up; when not, `roomAgain` follows */
  write(piece: Piece): boolean {
    this.compression.before += piece.length
    return send(this.#zlib, piece)
  }

  end(): void {
    this.#zlib.end()
  }

  clientDrained(): void {
    this.#zlib.resume()
  }

  /** Nothing more comes of it. */
  destroy(): void {
    this.#live = false
    this.#zlib.destroy()
  }
}
