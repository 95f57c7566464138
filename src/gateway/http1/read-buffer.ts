/**
 * Reading without allocation: all sockets of a process read into one buffer, and what was read is dealt with before
 * anybody reads again. Node's own way makes a new buffer and a stream event for each read. A socket in the middle of a
 * long body reads into buffers of a pool, so that what was read can be written as it is.
 */
import net from 'node:net'
import { POOLED_LEAST, PooledBuffer } from './pooled-buffer.js'

/** One read. A head or reply that is larger comes in several. */
const READ_SIZE = 64 * 1024

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

  constructor(public reader?: ByteReader) {}

  /** For `net.Socket`, which asks for a buffer at its start and after each read. */
  get onread(): net.OnReadOpts {
    return {
      // It takes bytes only for an answer: where the buffer stays the same, it need not be told. Its types do not say so.
      buffer: () => this.#next() as Buffer,
      callback: (end) => {
        this.#isBusy = end >= POOLED_LEAST
        this.reader?.receive(this.#own?.bytes ?? readBuffer, end, this.#own)
        return true
      },
    }
  }

  #next(): Buffer | undefined {
    const own = this.#own
    if (this.#isBusy && this.reader?.isStreaming === true) {
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

/** Node takes a handle here, as it does for sockets that a server accepts; its types do not say so. */
interface AdoptingOptions extends net.SocketConstructorOpts {
  readonly handle: object
  readonly highWaterMark: number
  readonly onread: net.OnReadOpts
}

/**
 * Makes a socket that reads into the shared buffer out of one that a server has accepted paused. Where Node does not
 * show the handle any more, the socket stays what it is and pays for its events.
 */
export function readInto(accepted: net.Socket, reader: (socket: net.Socket) => ByteReader): void {
  const handle: unknown = Reflect.get(accepted, '_handle')
  if (typeof handle !== 'object' || handle === null) {
    const receiver = reader(accepted)
    accepted.on('data', (bytes: Buffer) => receiver.receive(bytes, bytes.length))
    return
  }
  Reflect.set(accepted, '_handle', null)
  const intake = new Intake()
  const options: AdoptingOptions = { handle, allowHalfOpen: true, highWaterMark: READ_SIZE, onread: intake.onread }
  const socket = new net.Socket(options)
  // Takes the accepted socket off the server's count; its handle lives on in ours.
  accepted.destroy()
  intake.reader = reader(socket)
  socket.resume()
}

/**
 * Has a socket read into the shared buffer that stays what it is, since it has a state of its own: one of TLS. Node offers
 * `onread` only for sockets that it connects. What the option sets is set here by its names; where Node has other
 * names, the socket pays for its events. A kept GET over TLS costs 39 µs of CPU with it and 45 without.
 */
export function readFrom(socket: net.Socket, reader: ByteReader): void {
  const handle: unknown = Reflect.get(socket, '_handle')
  const adopt: unknown = typeof handle === 'object' && handle !== null && Reflect.get(handle, 'useUserBuffer')
  const symbols = Object.getOwnPropertySymbols(socket)
  const buffer = symbols.find(({ description }) => description === 'kBuffer')
  const callback = symbols.find(({ description }) => description === 'kBufferCb')
  if (buffer === undefined || callback === undefined || typeof adopt !== 'function') {
    socket.on('data', (bytes: Buffer) => reader.receive(bytes, bytes.length))
    return
  }
  Reflect.set(socket, buffer, readBuffer)
  Reflect.set(socket, callback, (end: number) => {
    reader.receive(readBuffer, end)
    return true
  })
  Reflect.apply(adopt, handle, [readBuffer])
  // What came with the end of the handshake has been read already. The reader may pause the socket because of it.
  const early = socket.read() as Buffer | null
  socket.resume()
  if (early !== null) reader.receive(early, early.length)
}
