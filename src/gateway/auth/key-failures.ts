/** Access keys with which somebody signs wrongly again and again (authentication.md §4): locked for five minutes. */

/** Failures in a row, after which the next attempt is not judged any more. */
const MOST_FAILURES = 5
/** Milliseconds. */
const LOCKED_FOR = 5 * 60_000
const MOST_KEYS = 10_000

interface Failures {
  count: number
  last: number
}

export class KeyFailures {
  readonly #failures = new Map<string, Failures>()

  /** @param now milliseconds since the epoch */
  locked(accessKey: string, now: number): boolean {
    const failures = this.#failures.get(accessKey)
    if (failures === undefined || failures.count <= MOST_FAILURES) return false
    if (now - failures.last < LOCKED_FOR) return true
    this.#failures.delete(accessKey)
    return false
  }

  /** To be called for keys that exist only: the others cannot fill the memory. */
  note(accessKey: string, now: number): void {
    const failures = this.#failures.get(accessKey) ?? { count: 0, last: now }
    failures.count++
    failures.last = now
    this.#failures.delete(accessKey)
    this.#failures.set(accessKey, failures)
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > MOST_KEYS && oldest !== undefined) this.#failures.delete(oldest)
  }

  forget(accessKey: string): void {
    if (this.#failures.size > 0) this.#failures.delete(accessKey)
  }
}
