/**
 * Something that is fetched from a service (authentication.md §7): by the first request that needs it, and again every
 * five minutes, ahead of time while requests come. What was fetched serves until its `ttl` is over, if nothing newer is
 * to be had.
 *
 * A service that fails or says nothing keeps few requests waiting: once it is known to be down, those that the former
 * value serves are answered at once, the others too except while it is tried again.
 */

/** Milliseconds, as are all here. */
const POLLED_EVERY = 300_000
/** Age at which a value is fetched while the former one still serves. */
const POLLED_AHEAD = 240_000
/** Between two fetches that requests ask for. */
const ASKED_EVERY = 10_000
const FIRST_RETRY = 1_000
const LAST_RETRY = 30_000
const MOST_WAITING = 100

export interface FetchedOptions<T> {
  /** `undefined` when there is nothing to be had. Never rejects. */
  readonly fetch: () => Promise<string | undefined>
  /** `undefined` for a text that is none. */
  readonly parse: (text: string) => T | undefined
  readonly ttl: number
  /** Monotonic. */
  readonly now?: () => number
}

export class Fetched<T extends object> {
  readonly #options: FetchedOptions<T>
  readonly #now: () => number
  #value: T | undefined
  #text: string | undefined
  #fetchedAt = -Infinity
  #startedAt = -Infinity
  #failures = 0
  #retryAt = -Infinity
  #fetching: Promise<void> | undefined
  #waiting = 0

  constructor(options: FetchedOptions<T>) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  /** A promise only where there is nothing that could be used instead. The same object for the same text. */
  current(): T | undefined | Promise<T | undefined> {
    const now = this.#now()
    const age = now - this.#fetchedAt
    if (age >= POLLED_AHEAD && now >= this.#retryAt) this.#start(now)
    const usable = this.#usable(now)
    // A value that is due for too long is waited for, unless its service is down.
    const waits = usable === undefined || (age >= POLLED_EVERY && this.#failures === 0)
    return waits && this.#mayWait ? this.#wait() : usable
  }

  /** Asks for one that is newer than another; the same one, or `undefined`, where there is none. */
  newerThan(former: T): T | undefined | Promise<T | undefined> {
    const now = this.#now()
    const usable = this.#usable(now)
    if (usable !== former) return usable
    if (now - this.#startedAt >= ASKED_EVERY && now >= this.#retryAt) this.#start(now)
    return this.#mayWait ? this.#wait() : usable
  }

  #usable(now: number): T | undefined {
    return now - this.#fetchedAt < this.#options.ttl ? this.#value : undefined
  }

  get #mayWait(): boolean {
    return this.#fetching !== undefined && this.#waiting < MOST_WAITING
  }

  async #wait(): Promise<T | undefined> {
    this.#waiting++
    try {
      await this.#fetching
    } finally {
      this.#waiting--
    }
    return this.#usable(this.#now())
  }

  #start(now: number): void {
    if (this.#fetching !== undefined) return
    this.#startedAt = now
    this.#fetching = this.#options.fetch().then((text) => {
      this.#fetching = undefined
      this.#learn(text)
    })
  }

  #learn(text: string | undefined): void {
    const now = this.#now()
    const isSame = text !== undefined && text === this.#text
    const value = text === undefined ? undefined : isSame ? this.#value : this.#options.parse(text)
    if (value === undefined) {
      this.#retryAt = now + Math.min(LAST_RETRY, FIRST_RETRY * 2 ** Math.min(this.#failures++, 10))
      return
    }
    this.#failures = 0
    this.#retryAt = -Infinity
    this.#fetchedAt = now
    this.#text = text
    this.#value = value
  }
}
