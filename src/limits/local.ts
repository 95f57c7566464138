import { ADMITTED, denied, type Counter, type Limiter, type Verdict } from './limiter.js'
import { Windows } from './windows.js'

interface Count {
  used: number
}

/** Counts in this process alone: exact, synchronous, and without an allocation once a window's counters exist. */
export class LocalLimiter implements Limiter {
  readonly #windows = new Windows<Count>(() => ({ used: 0 }))
  readonly #now: () => number
  /** Entries of the request at hand, so that it looks each counter up once. */
  readonly #found: Count[] = []

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  take(counters: readonly Counter[]): Verdict {
    const now = this.#now()
    let index = 0
    for (const counter of counters) {
      const count = this.#windows.entry(counter.key, counter, now)
      if (count.used >= counter.limit) return denied(index)
      this.#found[index++] = count
    }
    while (index > 0) {
      const count = this.#found[--index]
      if (count !== undefined) count.used++
    }
    return ADMITTED
  }

  remaining(counter: Counter): number {
    return Math.max(0, counter.limit - this.#windows.entry(counter.key, counter, this.#now()).used)
  }
}
