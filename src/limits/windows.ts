/**
 * What is remembered about counters, for the current window only. Windows of one length end together, so the past is
 * forgotten by dropping one map: memory is bounded by the counters of one window, and nothing is ever scanned.
 */
interface Generation<Entry> {
  window: number
  entries: Map<string, Entry>
}

export class Windows<Entry> {
  readonly #byLength = new Map<number, Generation<Entry>>()
  readonly #make: () => Entry
  readonly #onDrop: () => void

  /** `onDrop` is called after a window has ended and its entries are gone. */
  constructor(make: () => Entry, onDrop: () => void = () => undefined) {
    this.#make = make
    this.#onDrop = onDrop
  }

  /** The entry of a counter in the window of `now` (milliseconds since the epoch); made if there is none. */
  entry(key: string, windowSeconds: number, now: number): Entry {
    const generation = this.#byLength.get(windowSeconds) ?? this.#begin(windowSeconds, now)
    const window = Math.floor(now / (windowSeconds * 1000))
    if (window !== generation.window && isLater(generation.window, window)) {
      this.#turn(generation, window)
      this.#sweep(now)
    }
    const found = generation.entries.get(key)
    if (found !== undefined) return found
    const made = this.#make()
    generation.entries.set(key, made)
    return made
  }

  /** The entry of a counter, if there is one and if `window` is the window that is being counted. */
  peek(key: string, windowSeconds: number, window: number): Entry | undefined {
    const generation = this.#byLength.get(windowSeconds)
    return generation?.window === window ? generation.entries.get(key) : undefined
  }

  /** The window that is being counted, without looking at the clock; −1 if there is none. */
  window(windowSeconds: number): number {
    return this.#byLength.get(windowSeconds)?.window ?? -1
  }

  /** Goes on to a window that someone with a better clock says has begun. */
  advance(windowSeconds: number, window: number): void {
    const generation = this.#byLength.get(windowSeconds)
    if (generation === undefined) this.#byLength.set(windowSeconds, { window, entries: new Map() })
    else if (window > generation.window) this.#turn(generation, window)
  }

  *entries(): Generator<{ key: string; windowSeconds: number; window: number; entry: Entry }> {
    for (const [windowSeconds, { window, entries }] of this.#byLength)
      for (const [key, entry] of entries) yield { key, windowSeconds, window, entry }
  }

  #begin(windowSeconds: number, now: number): Generation<Entry> {
    const generation = { window: Math.floor(now / (windowSeconds * 1000)), entries: new Map<string, Entry>() }
    this.#byLength.set(windowSeconds, generation)
    return generation
  }

  #turn(generation: Generation<Entry>, window: number): void {
    generation.window = window
    generation.entries = new Map()
    this.#onDrop()
  }

  /** Lengths that nobody asks for any more (their policies are gone) must not keep their last window for ever. */
  #sweep(now: number): void {
    for (const [windowSeconds, { window }] of this.#byLength)
      if (Math.floor(now / (windowSeconds * 1000)) > window) {
        this.#byLength.delete(windowSeconds)
        this.#onDrop()
      }
  }
}

/**
 * A clock that is set back by a moment across a window's start must not count that window twice, so one window back is
 * still the current one. A clock that is set back further was wrong before: its windows start afresh.
 */
function isLater(counted: number, window: number): boolean {
  return window !== counted - 1
}
