/** Counts what was dropped, and tells about it at once and then at most once a minute. */

/** Milliseconds. */
const TOLD_EVERY = 60_000

export class Losses {
  #count = 0
  #reason = ''
  #total = 0
  #toldAt = -Infinity
  #timer: NodeJS.Timeout | undefined

  /** @param tell what was lost since it was last called, and why the last of it was */
  constructor(private readonly tell: (count: number, reason: string) => void) {}

  add(count: number, reason: string): void {
    this.#count += count
    this.#total += count
    this.#reason = reason
    const wait = this.#toldAt + TOLD_EVERY - performance.now()
    if (wait <= 0) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), wait).unref()
  }

  /** All that was ever dropped. */
  get total(): number {
    return this.#total
  }

  /** Tells now, if there is anything to tell. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#count === 0) return
    this.#toldAt = performance.now()
    const count = this.#count
    this.#count = 0
    this.tell(count, this.#reason)
  }
}
