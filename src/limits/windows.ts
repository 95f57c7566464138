/**
 * What is remembered about counters, for the current window only. Windows of one length and offset end together, so the
 * past is forgotten by dropping one map: memory is bounded by the counters of one window, and nothing is ever scanned.
 */
import type { WindowFrame } from './limiter.js'

interface Generation<Entry> {
  readonly frame: WindowFrame
  window: number
  entries: Map<string, Entry>
}

export class Windows<Entry> {
  /** Those without an offset, which are nearly all. */
  readonly #byLength = new Map<number, Generation<Entry>>()
  readonly #byOffset = new Map<number, Map<number, Generation<Entry>>>()
  readonly #make: () => Entry
  readonly #onDrop: () => void

  /** `onDrop` is called after a window has ended and its entries are gone. */
  constructor(make: () => Entry, onDrop: () => void = () => undefined) {
    this.#make = make
    this.#onDrop = onDrop
  }

  /** The entry of a counter in the window of `now` (milliseconds since the epoch); made if there is none. */
  entry(key: string, frame: WindowFrame, now: number): Entry {
    const window = windowAt(frame, now)
    const generation = this.#find(frame) ?? this.#begin(frame, window)
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
  peek(key: string, frame: WindowFrame, window: number): Entry | undefined {
    const generation = this.#find(frame)
    return generation?.window === window ? generation.entries.get(key) : undefined
  }

  /** The window that is being counted, without looking at the clock; −1 if there is none. */
  window(frame: WindowFrame): number {
    return this.#find(frame)?.window ?? -1
  }

  /** Goes on to a window that someone with a better clock says has begun. */
  advance(frame: WindowFrame, window: number): void {
    const generation = this.#find(frame)
    if (generation === undefined) this.#begin(frame, window)
    else if (window > generation.window) this.#turn(generation, window)
  }

  *entries(): Generator<{ key: string; frame: WindowFrame; window: number; entry: Entry }> {
    for (const { frame, window, entries } of this.#generations())
      for (const [key, entry] of entries) yield { key, frame, window, entry }
  }

  *#generations(): Generator<Generation<Entry>> {
    yield* this.#byLength.values()
    for (const generations of this.#byOffset.values()) yield* generations.values()
  }

  #find({ windowSeconds, offsetSeconds = 0 }: WindowFrame): Generation<Entry> | undefined {
    if (offsetSeconds === 0) return this.#byLength.get(windowSeconds)
    return this.#byOffset.get(offsetSeconds)?.get(windowSeconds)
  }

  #begin({ windowSeconds, offsetSeconds = 0 }: WindowFrame, window: number): Generation<Entry> {
    const generation = { frame: frameOf({ windowSeconds, offsetSeconds }), window, entries: new Map<string, Entry>() }
    if (offsetSeconds === 0) this.#byLength.set(windowSeconds, generation)
    else {
      const generations = this.#byOffset.get(offsetSeconds) ?? new Map<number, Generation<Entry>>()
      this.#byOffset.set(offsetSeconds, generations.set(windowSeconds, generation))
    }
    return generation
  }

  #turn(generation: Generation<Entry>, window: number): void {
    generation.window = window
    generation.entries = new Map()
    this.#onDrop()
  }

  /** Frames that nobody asks for any more (their policies are gone) must not keep their last window for ever. */
  #sweep(now: number): void {
    for (const { frame, window } of this.#generations())
      if (windowAt(frame, now) > window) {
        this.#forget(frame)
        this.#onDrop()
      }
  }

  #forget({ windowSeconds, offsetSeconds = 0 }: WindowFrame): void {
    if (offsetSeconds === 0) {
      this.#byLength.delete(windowSeconds)
      return
    }
    const generations = this.#byOffset.get(offsetSeconds)
    generations?.delete(windowSeconds)
    if (generations?.size === 0) this.#byOffset.delete(offsetSeconds)
  }
}

/** The frame alone, as messages name it: without an offset of nothing. */
export function frameOf({ windowSeconds, offsetSeconds = 0 }: WindowFrame): WindowFrame {
  return offsetSeconds === 0 ? { windowSeconds } : { windowSeconds, offsetSeconds }
}

/** @param now milliseconds since the epoch */
export function windowAt({ windowSeconds, offsetSeconds = 0 }: WindowFrame, now: number): number {
  return Math.floor((now - offsetSeconds * 1000) / (windowSeconds * 1000))
}

/**
 * A clock that is set back by a moment across a window's start must not count that window twice, so one window back is
 * still the current one. A clock that is set back further was wrong before: its windows start afresh.
 */
function isLater(counted: number, window: number): boolean {
  return window !== counted - 1
}
