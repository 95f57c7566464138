/**
 * The brute-force limit of password logins: so many failures per user and source address in a sliding window, then
 * every further attempt is refused unseen until the oldest failure has left the window. Another address is not
 * affected, so nobody can lock a user out from elsewhere.
 */

const MOST_FAILURES = 10
/** Milliseconds. */
const WINDOW = 10 * 60 * 1000
/** Attempts under way at once; the digests are made one after another, and a queue without an end helps nobody. */
const MOST_PENDING = 100
/** Bounds the memory that an attacker with many names can take; the longest untouched entry goes first. */
const MOST_ENTRIES = 50_000

export type Admission = { readonly ok: true } | { readonly ok: false; readonly retryAfterSeconds: number }

interface Entry {
  /** Moments of the failures, oldest first. */
  failures: number[]
  pending: number
}

export class LoginAttempts {
  readonly #entries = new Map<string, Entry>()
  #pending = 0

  /** Asks before the password is looked at. An admitted attempt must be ended with `end`. */
  begin(key: string, now: number): Admission {
    const entry = this.#entries.get(key) ?? { failures: [], pending: 0 }
    entry.failures = entry.failures.filter((moment) => now - moment < WINDOW)
    const [oldest] = entry.failures
    // Attempts under way count as failures: a burst must not get more guesses than a patient attacker.
    if (oldest !== undefined && entry.failures.length + entry.pending >= MOST_FAILURES)
      return { ok: false, retryAfterSeconds: Math.max(1, Math.ceil((oldest + WINDOW - now) / 1000)) }
    if (this.#pending >= MOST_PENDING || entry.pending >= MOST_FAILURES) return { ok: false, retryAfterSeconds: 1 }
    entry.pending++
    this.#pending++
    this.#touch(key, entry)
    return { ok: true }
  }

  end(key: string, outcome: 'right' | 'wrong' | 'unknown', now: number): void {
    this.#pending--
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    entry.pending--
    if (outcome === 'right') entry.failures = []
    if (outcome === 'wrong') entry.failures.push(now)
    if (entry.failures.length === 0 && entry.pending === 0) this.#entries.delete(key)
  }

  #touch(key: string, entry: Entry): void {
    this.#entries.delete(key)
    if (this.#entries.size >= MOST_ENTRIES) {
      const [untouched] = this.#entries.keys()
      if (untouched !== undefined) this.#entries.delete(untouched)
    }
    this.#entries.set(key, entry)
  }
}
