/** Waits for the first message of a client that has just connected, and puts it back where TLS will read it. */
import type { Socket } from 'node:net'
import { Alarm, type Wheel } from '../http1/alarms.js'
import { readClientHello, type ClientHello } from './client-hello.js'

export class HelloReader extends Alarm {
  #bytes: Buffer = Buffer.alloc(0)

  /**
   * @param timeout milliseconds, after which the connection is closed
   * @param done called once, unless the connection ends before
   */
  constructor(
    private readonly socket: Socket,
    private readonly wheel: Wheel,
    timeout: number,
    private readonly done: (hello: ClientHello | 'none') => void,
  ) {
    super()
    socket.on('readable', this.#read)
    socket.on('close', this.#stop)
    wheel.arm(this, performance.now() + timeout)
  }

  readonly #read = (): void => {
    const piece = this.socket.read() as Buffer | null
    // `null` comes at the end of what the client sends, and before the socket closes.
    if (piece === null) {
      if (this.socket.readableEnded) this.socket.destroy()
      return
    }
    this.#bytes = this.#bytes.length === 0 ? piece : Buffer.concat([this.#bytes, piece])
    const hello = readClientHello(this.#bytes)
    if (hello === undefined) return
    this.#stop()
    this.socket.unshift(this.#bytes)
    this.done(hello)
  }

  readonly #stop = (): void => {
    this.wheel.disarm(this)
    this.socket.off('readable', this.#read)
    this.socket.off('close', this.#stop)
  }

  override ring(): void {
    this.socket.destroy()
  }
}
