/**
 * A connection until its handshake is over: waits for the first message of the client, and puts it back where TLS will
 * read it. One deadline stands for all of it.
 */
import { type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { Alarm } from '../http1/alarms.js'
import type { EngineConnection, EngineContext } from '../http1/context.js'
import type { ByteReader } from '../http1/read-buffer.js'
import { readClientHello, type ClientHello } from './client-hello.js'

export class Handshake extends Alarm implements ByteReader, EngineConnection {
  #bytes: Buffer | undefined = undefined
  #awaitsHello = true
  #isOver = false

  /**
   * @param helloRead called once, unless the connection ends before: TLS may take the socket over
   * @param ended the connection has closed before the handshake was over
   */
  constructor(
    private readonly context: EngineContext,
    private readonly socket: Socket,
    private readonly helloRead: (hello: ClientHello | 'none') => void,
    ended: () => void,
  ) {
    super()
    context.connections.add(this)
    context.wheel.arm(this, performance.now() + context.options.handshakeTimeout)
    // What matters about an error is the close that follows.
    socket.on('error', () => undefined)
    socket.on('end', () => {
      if (this.#awaitsHello) socket.destroy()
    })
    socket.on('close', () => {
      this.#awaitsHello = false
      if (this.over()) ended()
    })
  }

  receive(bytes: Buffer, end: number): void {
    // A socket that tells of what it reads by events tells of what is put back as well.
    if (!this.#awaitsHello) return
    const piece = bytes.subarray(0, end)
    const all = this.#bytes === undefined ? Buffer.from(piece) : Buffer.concat([this.#bytes, piece])
    this.#bytes = all
    const hello = readClientHello(all)
    if (hello === undefined) return
    this.#bytes = undefined
    this.#awaitsHello = false
    // For the stream alone: what the kernel is told would be taken back at once.
    Readable.prototype.pause.call(this.socket)
    this.socket.unshift(all)
    this.helloRead(hello)
  }

  /** Whoever comes next answers for the connection. False: it was over already. */
  over(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.context.wheel.disarm(this)
    return this.context.connections.delete(this)
  }

  /** A draining engine lets a handshake end: the request behind it is answered. */
  drain(): void {
    // Nothing is to be done.
  }

  destroy(): void {
    this.socket.destroy()
  }

  override ring(): void {
    this.socket.destroy()
  }
}
