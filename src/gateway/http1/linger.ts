import type { Socket } from 'node:net'
import { Alarm } from './alarms.js'
import type { EngineContext } from './context.js'

/**
 * The end of a connection on which nothing more is answered (RFC 9112 §9.6). Our side ends first; what the client
 * still sends is read for a while, because a close would make the kernel throw away what the client has not read yet.
 */
export class Linger extends Alarm {
  #unsent = 0

  constructor(
    readonly context: EngineContext,
    readonly socket: Socket,
  ) {
    super()
    socket.end()
    context.wheel.arm(this, performance.now() + context.options.lingerTimeout)
  }

  /** What the client has not taken yet gets more time than what it still sends, as long as it goes on taking. */
  override ring(): void {
    const unsent = this.socket.writableLength
    if (unsent === 0 || unsent === this.#unsent) {
      this.socket.destroy()
      return
    }
    this.#unsent = unsent
    this.context.wheel.arm(this, performance.now() + this.context.options.sendTimeout)
  }
}
