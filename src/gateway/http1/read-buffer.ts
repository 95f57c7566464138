/**
 * Reading without allocation: all sockets of a process read into one buffer, and what was read is dealt with before
 * anybody reads again. Node's own way makes a new buffer and a stream event for each read.
 */
import net from 'node:net'

/** One read. A head or reply that is larger comes in several. */
const READ_SIZE = 64 * 1024

export const readBuffer = Buffer.allocUnsafeSlow(READ_SIZE)

export interface ByteReader {
  /** `bytes[0…end)` have been read; they are overwritten by the next read of any socket. */
  receive(bytes: Buffer, end: number): void
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
  const reading: { receiver?: ByteReader } = {}
  const options: AdoptingOptions = {
    handle,
    allowHalfOpen: true,
    highWaterMark: READ_SIZE,
    onread: {
      buffer: readBuffer,
      callback: (end) => {
        reading.receiver?.receive(readBuffer, end)
        return true
      },
    },
  }
  const socket = new net.Socket(options)
  // Takes the accepted socket off the server's count; its handle lives on in ours.
  accepted.destroy()
  reading.receiver = reader(socket)
  socket.resume()
}
