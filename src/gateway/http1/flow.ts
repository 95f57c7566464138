import type { Socket } from 'node:net'

/** Whether a socket is read from. Asking Node twice for the same costs more than knowing it. */
export class Flow {
  stopped = false

  constructor(private readonly socket: Socket) {}

  stop(): void {
    if (this.stopped) return
    this.stopped = true
    this.socket.pause()
  }

  go(): void {
    if (!this.stopped) return
    this.stopped = false
    this.socket.resume()
  }
}
