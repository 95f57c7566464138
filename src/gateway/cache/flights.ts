/**
 * Requests for the same reply that come while one of them is on its way to the backend wait for what it brings. When it
 * brings nothing, the next of them goes; when what it brings cannot be kept, all of them go, and for some time those
 * that follow do not wait.
 */
import type { Exchange } from '../exchange.js'
import type { Reply } from '../reply.js'

/** How a fetch ended: its reply is kept; it cannot be kept; there was none. */
export type Landing = 'kept' | 'not to be kept' | 'failed'

interface Waiter {
  readonly exchange: Exchange
  /** Makes the exchange the next that goes. */
  readonly lead: () => void
  readonly retry: () => Reply | undefined
  readonly resolve: (reply: Reply | undefined) => void
  readonly alarm: NodeJS.Timeout
}

/** Milliseconds that a request waits for another before it goes itself: a slow client must not hold others up. */
const PATIENCE = 5_000
/** Milliseconds for which it is remembered that replies cannot be kept. */
const REMEMBERED = 10_000
const MOST_REMEMBERED = 10_000

export class Flights {
  readonly #waiters = new Map<string, Set<Waiter>>()
  readonly #passes = new Map<string, number>()

  /** Somebody is on the way, and waiting for it makes sense. */
  isUnderWay(key: string): boolean {
    return this.#waiters.has(key)
  }

  /** Whether what comes for the key could not be kept when it was last fetched. */
  passes(key: string): boolean {
    const until = this.#passes.get(key)
    if (until === undefined) return false
    if (until > Date.now()) return true
    this.#passes.delete(key)
    return false
  }

  /** One goes; what becomes of it is told with `land`. */
  begin(key: string): void {
    this.#waiters.set(key, new Set())
  }

  /**
   * @param retry asks again for what is kept
   * @param lead called when the exchange has to go as the next one, which `begin` need not be called for
   * @returns what is kept, or `undefined`: the exchange goes itself
   */
  wait(key: string, exchange: Exchange, retry: () => Reply | undefined, lead: () => void): Promise<Reply | undefined> {
    const waiters = this.#waiters.get(key)
    if (waiters === undefined) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const alarm = setTimeout(() => {
        waiters.delete(waiter)
        resolve(undefined)
      }, PATIENCE)
      const waiter: Waiter = { exchange, lead, retry, resolve, alarm }
      waiters.add(waiter)
    })
  }

  land(key: string, landing: Landing): void {
    const waiters = this.#waiters.get(key)
    if (waiters === undefined) return
    if (landing === 'not to be kept') this.#remember(key)
    if (landing === 'failed') {
      for (const waiter of waiters) {
        waiters.delete(waiter)
        clearTimeout(waiter.alarm)
        if (isOver(waiter)) continue
        waiter.lead()
        waiter.resolve(undefined)
        return
      }
    }
    this.#waiters.delete(key)
    for (const waiter of waiters) {
      clearTimeout(waiter.alarm)
      if (!isOver(waiter)) waiter.resolve(waiter.retry())
    }
  }

  #remember(key: string): void {
    if (this.#passes.size >= MOST_REMEMBERED) this.#passes.clear()
    this.#passes.set(key, Date.now() + REMEMBERED)
  }
}

/** Its client has gone meanwhile. */
const isOver = ({ exchange }: Waiter): boolean => exchange.finishedAt !== 0
