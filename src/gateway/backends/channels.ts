/** The channels of a process, by id. */
import type { ChannelPart } from '../../snapshot/parts.js'
import { WeakValues } from '../weak-values.js'
import { Channel } from './channel.js'
import type { HealthChecks, Owner } from './health.js'
import type { Origins } from './origins.js'

export class Channels {
  /** Those that are there: their members are checked whether anybody calls them or not. */
  readonly #present = new Map<string, Channel>()
  /** With those that routes still refer to. */
  readonly #all = new WeakValues<string, Channel>()

  constructor(
    private readonly origins: Origins,
    private readonly checks: HealthChecks,
  ) {}

  of(id: string): Channel {
    return this.#all.of(id, () => new Channel(this.origins, this.checks))
  }

  put(part: ChannelPart, owner: Owner): void {
    const channel = this.of(part.id)
    this.#present.set(part.id, channel)
    channel.put(part, owner)
  }

  remove(id: string): void {
    this.#present.get(id)?.remove()
    this.#present.delete(id)
  }
}
