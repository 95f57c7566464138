/** What is handed to a socket at once: latin1 text (one byte per character), or bytes, which may be lent. */
import type { Writable } from 'node:stream'
import { Loan } from './pooled-buffer.js'

/** Bytes up to which a message is handled, and written, as one string: what Node writes without a heap copy. */
export const SMALL_MESSAGE = 16 * 1024 - 1

/** While more bytes than this wait to be taken at one end, nothing is read at the other. */
export const UNSENT_LIMIT = 256 * 1024

export type Piece = string | Buffer | Loan

/** Writes a piece. What is lent is returned when it has been written, or never will be. */
export function send(stream: Writable, piece: Piece): boolean {
  if (typeof piece === 'string') return stream.write(piece, 'latin1')
  return piece instanceof Loan ? stream.write(piece.bytes, piece.returned) : stream.write(piece)
}

export function withoutFirst(piece: Piece, count: number): Piece {
  if (typeof piece === 'string') return piece.slice(count)
  return piece instanceof Loan ? piece.from(count) : piece.subarray(count)
}

export function bytesOf(piece: Buffer | Loan): Buffer {
  return piece instanceof Loan ? piece.bytes : piece
}
