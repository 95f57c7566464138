/** Objects by key, each for as long as somebody else holds it. */
export class WeakValues<K, V extends object> {
  readonly #known = new Map<K, WeakRef<V>>()
  readonly #gone = new FinalizationRegistry<K>((key) => {
    // Another one may have taken its place.
    if (this.#known.get(key)?.deref() === undefined) this.#known.delete(key)
  })

  get size(): number {
    return this.#known.size
  }

  /** The object with this key, made when there is none. */
  of(key: K, make: () => V): V {
    const known = this.#known.get(key)?.deref()
    if (known !== undefined) return known
    const made = make()
    this.#known.set(key, new WeakRef(made))
    this.#gone.register(made, key)
    return made
  }
}
