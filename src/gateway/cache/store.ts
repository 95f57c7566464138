/** Replies that are kept, in bounded memory: what was not asked for longest goes first. */
import type { Reply } from '../reply.js'

export interface StoredReply {
  readonly status: number
  /** Ready header lines, each ended by CRLF. */
  readonly headers: string
  readonly body: Buffer | string
  /** `Date` line of the backend. */
  readonly date: string
  readonly etag: string | undefined
  /** Milliseconds since the epoch, as `storedAt`. */
  readonly lastModified: number | undefined
  readonly storedAt: number
  /** Seconds: how old it was when it came, and how old it may become. */
  readonly age: number
  readonly lifetime: number
  /** Which headers of the request it depends on, and what they were (RFC 9111 §4.1). */
  readonly vary: readonly (readonly [name: string, value: string])[]
  /** As it was shown last, and how old it was then: most who ask do so in the same second as others. */
  shown: { readonly age: number; readonly reply: Reply } | undefined
}

/** Of one key, for requests that differ in what the replies depend on. */
const MOST_VARIANTS = 16
/** What a reply costs besides its texts, and an entry besides its replies. */
const OVERHEAD = 512

/** What tells variants apart. */
interface Varying {
  /** Values of all lines with a lower-case name. */
  headers(name: string): readonly string[]
}

/** In a ring, in the order of their last use. */
class Entry {
  older: Entry = this
  newer: Entry = this

  constructor(
    readonly key: string,
    readonly variants: readonly StoredReply[],
    readonly size: number,
  ) {}

  /** Takes it out of its ring. */
  leave(): void {
    this.older.newer = this.newer
    this.newer.older = this.older
  }

  /** Makes it the youngest of the ring of `anchor`. */
  join(anchor: Entry): void {
    this.newer = anchor
    this.older = anchor.older
    anchor.older.newer = this
    anchor.older = this
  }
}

export class ReplyStore {
  readonly #entries = new Map<string, Entry>()
  /** Between the youngest, which is older than it, and the oldest. */
  readonly #anchor = new Entry('', [], 0)
  #size = 0

  constructor(private readonly mostBytes: number) {}

  /** Bytes that are in use. */
  get size(): number {
    return this.#size
  }

  find(key: string, request: Varying): StoredReply | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry.newer !== this.#anchor) {
      entry.leave()
      entry.join(this.#anchor)
    }
    for (const variant of entry.variants) if (fits(variant, request)) return variant
    return undefined
  }

  /** It takes the place of one for the same requests. */
  put(key: string, reply: StoredReply): void {
    const others = this.#entries.get(key)?.variants.filter((one) => !isSame(one, reply)) ?? []
    const variants = [reply, ...others.slice(0, MOST_VARIANTS - 1)]
    const size = variants.reduce((sum, one) => sum + sizeOf(one), key.length + OVERHEAD)
    this.#drop(key)
    if (size > this.mostBytes) return
    const entry = new Entry(key, variants, size)
    this.#entries.set(key, entry)
    entry.join(this.#anchor)
    this.#size += size
    while (this.#size > this.mostBytes) this.#drop(this.#anchor.newer.key)
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#size -= entry.size
    this.#entries.delete(key)
    entry.leave()
  }
}

/** All lines of a header, as they are compared. */
export const joinedHeader = (request: Varying, name: string): string => request.headers(name).join(', ')

function fits({ vary }: StoredReply, request: Varying): boolean {
  for (const [name, value] of vary) if (joinedHeader(request, name) !== value) return false
  return true
}

function isSame({ vary: a }: StoredReply, { vary: b }: StoredReply): boolean {
  return a.length === b.length && a.every(([name, value]) => b.some((other) => other[0] === name && other[1] === value))
}

function sizeOf({ headers, body, vary }: StoredReply): number {
  return (
    // The lines are there twice: in what was shown last they are those of one moment.
    OVERHEAD +
    2 * headers.length +
    body.length +
    vary.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  )
}
