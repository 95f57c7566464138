/**
 * Reading without allocation: all sockets of a process read into one buffer, and what was read is dealt with before
 * anybody reads again. Node's own way makes a new buffer and a stream event for each read. A socket in the middle of a
 * long body reads into buffers of a pool, so that what was read can be written as it is.
 */
import type net from 'node:net'
import { POOLED_LEAST, PooledBuffer } from './pooled-buffer.js'

/** One read. A head or reply that is larger comes in several. */
export const READ_SIZE = 64 * 1024

export const readBuffer = Buffer.allocUnsafeSlow(READ_SIZE)

export interface ByteReader {
  /**
   * `bytes[0…end)` have been read; they are overwritten by the next read of any socket.
   *
   * @param source what they are in, if it can be handed on
   */
  receive(bytes: Buffer, end: number, source?: PooledBuffer): void
  /** Whether what is read next is of a long body, and could be handed on. */
  readonly isStreaming?: boolean
}

/** The reading end of one socket. */
export class Intake {
  #own: PooledBuffer | undefined = undefined
  /** There was much to read, so there is more to come. */
  #isBusy = false
  #started = false

  constructor(private readonly reader: ByteReader) {}

  /** For `net.Socket`, which asks for a buffer at its start and after each read. */
  get onread(): { readonly buffer: () => Buffer; readonly callback: (end: number) => boolean } {
    return {
      // It takes bytes only for an answer: where the buffer stays the same, it need not be told. Its types do not say so.
      buffer: () => this.#next() as Buffer,
      callback: (end) => {
        this.#isBusy = end >= POOLED_LEAST
        this.reader.receive(this.#own?.bytes ?? readBuffer, end, this.#own)
        return true
      },
    }
  }

  #next(): Buffer | undefined {
    const own = this.#own
    if (this.#isBusy && this.reader.isStreaming === true) {
      if (own?.lent === false) return undefined
      this.#own = PooledBuffer.take()
      return this.#own.bytes
    }
    if (own === undefined && this.#started) return undefined
    this.#started = true
    if (own?.lent === false) own.release()
    this.#own = undefined
    return readBuffer
  }
}

/**
 * Has a socket that somebody else made read into the shared buffer: one that a server accepted, or one of TLS. Node offers
 * `onread` only for sockets that it connects; what the option sets is set here by its names. Where Node has other names,
 * the socket pays for its events. A kept GET over TLS costs 39 µs of CPU with it and 45 without.
 */
export function readFrom(socket: net.Socket, reader: ByteReader): void {
  const handle: unknown = Reflect.get(socket, '_handle')
  const adopt: unknown = typeof handle === 'object' && handle !== null && Reflect.get(handle, 'useUserBuffer')
  const names = onreadNames(socket)
  if (names === undefined || typeof adopt !== 'function') {
    socket.on('data', (bytes: Buffer) => reader.receive(bytes, bytes.length))
    // A server may have paused it.
    socket.resume()
    return
  }
  const { buffer, callback } = new Intake(reader).onread
  const first = buffer()
  Reflect.set(socket, names.buffer, first)
  Reflect.set(socket, names.generator, buffer)
  Reflect.set(socket, names.callback, callback)
  Reflect.apply(adopt, handle, [first])
  // What came with the end of a handshake has been read already. The reader may pause the socket because of it.
  const early = socket.read() as Buffer | null
  socket.resume()
  if (early !== null) reader.receive(early, early.length)
}

interface OnreadNames {
  readonly buffer: symbol
  readonly generator: symbol
  readonly callback: symbol
}

/** They are the same for all sockets, and looked for at the first. */
let known: OnreadNames | undefined

function onreadNames(socket: net.Socket): OnreadNames | undefined {
  if (known !== undefined) return known
  const named = new Map(Object.getOwnPropertySymbols(socket).map((symbol) => [symbol.description, symbol]))
  const [buffer, generator, callback] = ['kBuffer', 'kBufferGen', 'kBufferCb'].map((name) => named.get(name))
  if (buffer && generator && callback) known = { buffer, generator, callback }
  return known
}
