/**
 * A connection after `101 Switching Protocols`: bytes go both ways as they come, and nobody looks at them
 * (RFC 9110 §7.8; backends.md §2). It is over when the backend has ended its side, when either side is lost, or when
 * nothing has passed for too long.
 */
import { Alarm, type Wheel } from '../http1/alarms.js'
import { Batch } from '../http1/batch.js'
import type { Piece } from '../http1/piece.js'
import type { PooledBuffer } from '../http1/pooled-buffer.js'
import type { BackendConnection, BackendUser } from './backend-connection.js'

/** The client's side of a tunnel, as seen from the tunnel. */
export interface TunnelClient {
  /** Sends what the backend has sent. False: `clientDrained` will follow. */
  write(piece: Piece): boolean
  /** The backend does not keep up. */
  pauseBody(): void
  resumeBody(): void
}

/** The tunnel, as seen from the client's connection. */
export interface TunnelEntrance {
  /**
   * The client has sent `bytes[at…end)`. They are valid during the call only.
   *
   * @param source what they are in, if it can be handed on
   */
  send(bytes: Buffer, at: number, end: number, source?: PooledBuffer): void
  /** The client has ended its side; what the backend still sends reaches it. */
  clientEnded(): void
}

/** Milliseconds without a byte in either direction, and from one side's end to the other's. */
export interface TunnelTimes {
  readonly idle: number
  readonly linger: number
}

export class Tunnel extends Alarm implements BackendUser, TunnelEntrance {
  readonly upgrading = false
  #limit: number
  #clientSlow = false
  /** What was read is made into what is written here, in either direction; empty in between. */
  readonly #batch = new Batch()

  /** @param over called once: `ended` when all that the backend sent was handed over, `lost` when some may be missing */
  constructor(
    private readonly client: TunnelClient,
    private readonly backend: BackendConnection,
    private readonly wheel: Wheel,
    private readonly times: TunnelTimes,
    private readonly over: (how: 'ended' | 'lost') => void,
  ) {
    super()
    this.#limit = times.idle
    this.#progress()
  }

  #progress(): void {
    this.wheel.arm(this, performance.now() + this.#limit)
  }

  /** One write for one read: nothing would be gained by waiting. */
  #piece(bytes: Buffer, at: number, end: number, source: PooledBuffer | undefined): Piece {
    const batch = this.#batch
    batch.begin('', end - at, 'plain', source)
    batch.data(bytes, at, end)
    return batch.take() ?? ''
  }

  send(bytes: Buffer, at: number, end: number, source?: PooledBuffer): void {
    this.#progress()
    if (!this.backend.write(this.#piece(bytes, at, end, source))) this.client.pauseBody()
  }

  clientEnded(): void {
    this.#limit = this.times.linger
    this.#progress()
    this.backend.end()
  }

  clientDrained(): void {
    if (!this.#clientSlow) return
    this.#clientSlow = false
    this.#progress()
    this.backend.resume()
  }

  body(bytes: Buffer, at: number, end: number): number {
    this.#progress()
    if (!this.client.write(this.#piece(bytes, at, end, this.backend.source))) {
      this.#clientSlow = true
      this.backend.pause()
    }
    return end
  }

  drained(): void {
    this.#progress()
    this.client.resumeBody()
  }

  ended(): void {
    this.over('ended')
  }

  lost(): void {
    this.over('lost')
  }

  override ring(): void {
    this.over('ended')
  }

  /** The client has gone, or the tunnel is over. */
  close(): void {
    this.wheel.disarm(this)
    this.backend.release(false)
  }

  connected(): void {
    throw new Error('a tunnel is made on a connection that is there')
  }

  interim(): void {
    throw new Error('there are no replies in a tunnel')
  }

  replied(): number {
    throw new Error('there are no replies in a tunnel')
  }

  upgraded(): number {
    throw new Error('there are no replies in a tunnel')
  }
}
