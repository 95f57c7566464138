/** Waits for the PROXY header of a connection, then hands over who the client is and the bytes that are its own. */
import type { Socket } from 'node:net'
import { Alarm } from '../http1/alarms.js'
import type { EngineConnection, EngineContext } from '../http1/context.js'
import type { PooledBuffer } from '../http1/pooled-buffer.js'
import type { ByteReader } from '../http1/read-buffer.js'
import { readProxyHeader, type ProxyHeader } from './proxy-protocol.js'

export class ProxyPreface extends Alarm implements ByteReader, EngineConnection {
  #bytes: Buffer = Buffer.alloc(0)
  #next: ByteReader | undefined = undefined

  /**
   * @param begin takes the connection over, given what the header says; the rest of what came follows to the reader
   *   that it returns. Nothing, when the connection is not wanted.
   */
  constructor(
    private readonly context: EngineContext,
    private readonly socket: Socket,
    private readonly begin: (header: ProxyHeader) => ByteReader | undefined,
    private readonly left: () => void,
  ) {
    super()
    context.connections.add(this)
    context.wheel.arm(this, performance.now() + context.options.headTimeout)
    // What matters about an error is the close that follows.
    socket.on('error', this.#ignore)
    socket.on('end', this.#gone)
    socket.on('close', this.#gone)
  }

  get isStreaming(): boolean {
    return this.#next?.isStreaming === true
  }

  receive(bytes: Buffer, end: number, source?: PooledBuffer): void {
    if (this.#next !== undefined) {
      this.#next.receive(bytes, end, source)
      return
    }
    this.#bytes = Buffer.concat([this.#bytes, bytes.subarray(0, end)])
    const header = readProxyHeader(this.#bytes)
    if (header === 'more') return
    if (header === 'bad') {
      this.socket.destroy()
      return
    }
    const rest = this.#bytes.subarray(header.length)
    this.#bytes = rest.subarray(0, 0)
    this.#leave()
    this.#next = this.begin(header)
    if (this.#next === undefined) this.socket.destroy()
    else if (rest.length > 0) this.#next.receive(rest, rest.length)
  }

  readonly #ignore = (): void => undefined

  readonly #gone = (): void => {
    this.#leave()
    this.socket.destroy()
    this.left()
  }

  #leave(): void {
    this.context.wheel.disarm(this)
    this.context.connections.delete(this)
    this.socket.off('end', this.#gone)
    this.socket.off('close', this.#gone)
  }

  /** Nothing was asked yet that could be answered. */
  drain(): void {
    this.socket.destroy()
  }

  destroy(): void {
    this.socket.destroy()
  }

  override ring(): void {
    this.socket.destroy()
  }
}
