/**
 * Connections to backends, kept per address. The last one used is the first one used again: what is idle longest is
 * most likely to have been closed by the backend, and gets the time to be found out.
 */
import net from 'node:net'
import { AddressRanges } from '../address-ranges.js'
import type { AddressSet } from '../address-set.js'
import type { Origin } from '../exchange.js'
import type { ExchangeHandler } from '../handler.js'
import type { Wheel } from '../http1/alarms.js'
import type { EngineOptions } from '../http1/context.js'
import { BackendConnection } from './backend-connection.js'
import { forbiddenAddresses } from './forbidden-addresses.js'
import { guardedLookup } from './guarded-lookup.js'

/** An exchange that waits for a connection because its backend has as many as it may have. */
export interface Waiting {
  /** Called once, with a connection to use. */
  admit(connection: BackendConnection): void
}

export class OriginPool {
  /** Idle connections, the last used at the end. */
  readonly #idle: BackendConnection[] = []
  readonly #waiting = new Set<Waiting>()
  readonly #lookup: net.LookupFunction
  /** Whether the address itself may not be called; names are judged when they are resolved. */
  readonly forbidden: boolean
  #open = 0

  constructor(
    readonly origin: Origin,
    readonly pools: BackendPools,
  ) {
    this.#lookup = guardedLookup(pools.forbidden)
    this.forbidden = net.isIP(origin.host) !== 0 && pools.forbidden.has(origin.host)
  }

  /** A connection for one exchange; undefined when there can be none now. `fresh`: not one that was used before. */
  take(fresh: boolean): BackendConnection | undefined {
    if (!fresh) {
      const idle = this.#idle.pop()
      if (idle !== undefined) {
        this.pools.wheel.disarm(idle)
        return idle
      }
    }
    if (this.#open >= this.pools.options.maxPerOrigin) return undefined
    this.#open++
    return new BackendConnection(this, this.origin, this.#lookup)
  }

  /** Waits for the next connection. False: too many wait already. */
  wait(waiting: Waiting): boolean {
    if (this.#waiting.size >= this.pools.options.maxWaiting) return false
    this.#waiting.add(waiting)
    return true
  }

  stopWaiting(waiting: Waiting): void {
    this.#waiting.delete(waiting)
  }

  /** Takes back a connection that may serve another exchange. `promised`: how long the backend keeps it, or 0. */
  keep(connection: BackendConnection, promised: number): void {
    if (this.#waiting.size > 0) {
      const [next] = this.#waiting
      if (next !== undefined) {
        this.#waiting.delete(next)
        next.admit(connection)
        return
      }
    }
    const { options, wheel } = this.pools
    // A second less than the backend promises, so that it never closes just as the next request leaves.
    const idle = promised === 0 ? options.backendIdleTimeout : Math.min(options.backendIdleTimeout, promised - 1000)
    if (idle <= 0 || this.#idle.length >= options.maxIdlePerOrigin) {
      connection.destroy()
      return
    }
    this.#idle.push(connection)
    wheel.arm(connection, performance.now() + idle)
  }

  /** A connection is about to close: nobody may take it any more. */
  unkeep(connection: BackendConnection): void {
    this.pools.wheel.disarm(connection)
    const index = this.#idle.lastIndexOf(connection)
    if (index >= 0) this.#idle.splice(index, 1)
  }

  /** A connection has closed: its place is free. */
  forget(connection: BackendConnection): void {
    this.unkeep(connection)
    this.#open--
    const [next] = this.#waiting
    if (next === undefined) {
      if (this.#open === 0) this.pools.drop(this)
      return
    }
    const successor = this.take(true)
    if (successor === undefined) return
    this.#waiting.delete(next)
    next.admit(successor)
  }

  /** Closes what is idle; connections in use close when their exchange is done, for nobody keeps them. */
  close(): void {
    for (const connection of this.#idle.splice(0)) connection.destroy()
  }
}

export class BackendPools {
  readonly forbidden: AddressSet
  readonly privateAddresses: AddressRanges
  readonly #pools = new Map<Origin, OriginPool>()

  constructor(
    readonly options: EngineOptions,
    readonly wheel: Wheel,
    readonly handler: ExchangeHandler,
  ) {
    this.forbidden = forbiddenAddresses(options.forbiddenBackends)
    this.privateAddresses = new AddressRanges(options.privateNetworks)
  }

  of(origin: Origin): OriginPool {
    let pool = this.#pools.get(origin)
    if (pool === undefined) this.#pools.set(origin, (pool = new OriginPool(origin, this)))
    return pool
  }

  /** An address without connections is forgotten: routes come and go, memory must not follow. */
  drop(pool: OriginPool): void {
    this.#pools.delete(pool.origin)
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.close()
  }
}
