/**
 * Keeps what was looked up for a moment, so that a client that makes many calls costs one look-up. A change made
 * elsewhere is seen when the moment is over.
 */
export class ExpiringCache<V> {
  readonly #entries = new Map<string, { readonly value: V; readonly until: number }>()
  #deletions = 0

  /**
   * @param lifetime milliseconds.
   * @param capacity entries; the oldest goes first.
   */
  constructor(
    private readonly lifetime: number,
    private readonly capacity: number,
  ) {}

  /** What `load` finds is kept; that it found nothing is not. */
  async get(key: string, now: number, load: () => Promise<V | undefined>): Promise<V | undefined> {
    const entry = this.#entries.get(key)
    if (entry !== undefined && now < entry.until) return entry.value
    const deletions = this.#deletions
    const value = await load()
    this.#entries.delete(key)
    // What was deleted while it was looked up must not come back.
    if (value === undefined || deletions !== this.#deletions) return value
    if (this.#entries.size >= this.capacity) {
      const [oldest] = this.#entries.keys()
      if (oldest !== undefined) this.#entries.delete(oldest)
    }
    this.#entries.set(key, { value, until: now + this.lifetime })
    return value
  }

  delete(key: string): void {
    this.#deletions++
    this.#entries.delete(key)
  }
}
