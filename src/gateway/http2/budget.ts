/** How often something may happen: so many times at once, and so many a second in the long run. */
export class Budget {
  #left: number
  #at = performance.now()

  constructor(private readonly rate: { readonly burst: number; readonly perSecond: number }) {
    this.#left = rate.burst
  }

  /** False: it has happened too often. */
  spend(now = performance.now()): boolean {
    const { burst, perSecond } = this.rate
    this.#left = Math.min(burst, this.#left + ((now - this.#at) / 1000) * perSecond)
    this.#at = now
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
