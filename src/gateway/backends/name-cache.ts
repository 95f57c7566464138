/**
 * Addresses of names, as the system's resolver gives them (hosts file, search domains and all), kept for a short time:
 * a resolver call takes one of the few threads of the process, and a new connection should not wait for it.
 */
import dns from 'node:dns'

export type Addresses = readonly dns.LookupAddress[]

/** Asks the resolver for all addresses of a name. */
export type Resolve = (name: string, answer: (error: Error | null, addresses: Addresses) => void) => void

export interface NameCacheOptions {
  readonly resolve: Resolve
  /** Monotonic time in milliseconds. */
  readonly now: () => number
  /** Milliseconds. The resolver does not tell how long an answer holds; what it asks keeps records for their own time. */
  readonly timeToLive: number
  /** Milliseconds for which a name that has no address is not asked for again. */
  readonly timeToFail: number
  /** Milliseconds for which the last answer goes on to serve when the resolver is out of reach (RFC 8767). */
  readonly timeToServe: number
  /** Most names that are kept. */
  readonly size: number
}

const defaults: NameCacheOptions = {
  resolve: (name, answer) => dns.lookup(name, { all: true, hints: dns.ADDRCONFIG, verbatim: true }, answer),
  now: () => performance.now(),
  timeToLive: 10_000,
  timeToFail: 1_000,
  timeToServe: 3_600_000,
  size: 10_000,
}

type Waiting = (error: Error | null, addresses: Addresses) => void

interface Entry {
  error: Error | null
  addresses: Addresses
  /** When the addresses were given. */
  knownAt: number
  /** Until when the entry is used without asking. */
  freshUntil: number
  /** Who waits for the resolver; `undefined` while it is not being asked. */
  waiting: Waiting[] | undefined
}

/** Codes by which a resolver says that it knows, and that there is nothing; any other error says that it does not. */
const nothing = new Set(['ENOTFOUND', 'EAI_NODATA', 'EAI_NONAME', 'ENODATA'])

export class NameCache {
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>()
  readonly #options: NameCacheOptions

  constructor(options: Partial<NameCacheOptions> = {}) {
    this.#options = { ...defaults, ...options }
  }

  /** Answers always later, never within the call. */
  addresses(name: string, answer: Waiting): void {
    const { now } = this.#options
    const entry = this.#entry(name)
    if (entry.waiting !== undefined) entry.waiting.push(answer)
    else if (now() < entry.freshUntil) process.nextTick(answer, entry.error, entry.addresses)
    else this.#ask(name, entry, answer)
  }

  get size(): number {
    return this.#entries.size
  }

  #entry(name: string): Entry {
    let entry = this.#entries.get(name)
    if (entry === undefined) {
      entry = { error: null, addresses: [], knownAt: 0, freshUntil: 0, waiting: undefined }
      const [oldest] = this.#entries.keys()
      if (this.#entries.size >= this.#options.size && oldest !== undefined) this.#entries.delete(oldest)
    } else {
      this.#entries.delete(name)
    }
    this.#entries.set(name, entry)
    return entry
  }

  #ask(name: string, entry: Entry, answer: Waiting): void {
    entry.waiting = [answer]
    this.#options.resolve(name, (error, addresses) => {
      this.#learn(entry, error, addresses)
      const waiting = entry.waiting ?? []
      entry.waiting = undefined
      for (const each of waiting) each(entry.error, entry.addresses)
    })
  }

  #learn(entry: Entry, error: Error | null, addresses: Addresses): void {
    const { now, timeToLive, timeToFail, timeToServe } = this.#options
    const time = now()
    if (error === null) {
      entry.error = null
      entry.addresses = addresses
      entry.knownAt = time
      entry.freshUntil = time + timeToLive
      return
    }
    entry.freshUntil = time + timeToFail
    const code = 'code' in error ? String(error.code) : ''
    if (entry.addresses.length > 0 && !nothing.has(code) && time - entry.knownAt < timeToServe) return
    entry.error = error
    entry.addresses = []
  }
}
