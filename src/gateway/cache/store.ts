/** Replies that are kept, in bounded memory: what was not asked for longest goes first. */

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
}

/** Of one key, for requests that differ in what the replies depend on. */
const MOST_VARIANTS = 16
/** What an entry costs besides its texts. */
const OVERHEAD = 512

interface Entry {
  readonly variants: readonly StoredReply[]
  readonly size: number
}

export class ReplyStore {
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>()
  #size = 0

  constructor(private readonly mostBytes: number) {}

  /** Bytes that are in use. */
  get size(): number {
    return this.#size
  }

  /** @param header value of a header of the request, by lower-case name; all of its lines joined */
  find(key: string, header: (name: string) => string): StoredReply | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.variants.find(({ vary }) => vary.every(([name, value]) => header(name) === value))
  }

  /** It takes the place of one for the same requests. */
  put(key: string, reply: StoredReply): void {
    const others = this.#entries.get(key)?.variants.filter((one) => !isSame(one, reply)) ?? []
    const variants = [reply, ...others.slice(0, MOST_VARIANTS - 1)]
    const size = variants.reduce((sum, one) => sum + sizeOf(one), key.length + OVERHEAD)
    this.#drop(key)
    if (size > this.mostBytes) return
    this.#entries.set(key, { variants, size })
    this.#size += size
    for (const oldest of this.#entries.keys()) {
      if (this.#size <= this.mostBytes) break
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    this.#size -= this.#entries.get(key)?.size ?? 0
    this.#entries.delete(key)
  }
}

function isSame({ vary: a }: StoredReply, { vary: b }: StoredReply): boolean {
  return a.length === b.length && a.every(([name, value]) => b.some((other) => other[0] === name && other[1] === value))
}

function sizeOf({ headers, body, vary }: StoredReply): number {
  return (
    OVERHEAD + headers.length + body.length + vary.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  )
}
