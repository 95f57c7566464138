/**
 * What control has published, in memory: the current parts and the last steps that led to them. Whoever streams
 * configuration reads from here and never from the database.
 */
import { randomUUID } from 'node:crypto'
import { partKey, type Part, type PartKey, type Update } from './parts.js'

/** How many updates, and how many parts and keys in them, are remembered for gateways that were away. */
const LOG_UPDATES = 1_000
const LOG_SIZE = 10_000

export interface PublisherOptions {
  /** Names a history of revisions: a gateway that knows another epoch is given everything anew. Default: a new one. */
  readonly epoch?: string
  readonly revision: number
  readonly parts: Iterable<Part>
}

export class Publisher {
  readonly epoch: string
  #revision: number
  /** Of the last update that was published; lending parts makes the revision run ahead of it. */
  #published: number
  readonly #parts = new Map<PartKey, Part>()
  readonly #log: Update[] = []
  /** Parts and keys in the log. */
  #logSize = 0
  /** The log holds every update after this revision. */
  #logStart: number
  readonly #listeners = new Set<(update: Update) => void>()
  readonly #lent = new Map<PartKey, Part>()

  constructor({ epoch = randomUUID(), revision, parts }: PublisherOptions) {
    this.epoch = epoch
    this.#revision = revision
    this.#published = revision
    this.#logStart = revision
    for (const part of parts) this.#parts.set(partKey(part), part)
  }

  get revision(): number {
    return this.#revision
  }

  /**
   * Makes an update the current state and tells the subscribers, before it returns. Revisions must grow; they may skip
   * numbers. Throws a RangeError for one that doesn't. Gateways are told a higher number once parts were lent.
   */
  publish(update: Update): void {
    if (update.revision <= this.#published)
      throw new RangeError(`revision ${update.revision} was published after revision ${this.#published}`)
    const revision = this.#revision + (update.revision - this.#published)
    this.#published = update.revision
    this.#step({ ...update, revision, put: update.reset ? [...update.put, ...this.#lent.values()] : update.put })
  }

  /** Makes a part known that is in no history, until the returned function is called. */
  lend(part: Part): () => void {
    const key = partKey(part)
    this.#lent.set(key, part)
    this.#step({ revision: this.#revision + 1, reset: false, put: [part], remove: [] })
    return () => {
      if (!this.#lent.delete(key)) return
      this.#step({ revision: this.#revision + 1, reset: false, put: [], remove: [key] })
    }
  }

  #step(update: Update): void {
    if (update.reset) this.#parts.clear()
    for (const key of update.remove) this.#parts.delete(key)
    for (const part of update.put) this.#parts.set(partKey(part), part)
    this.#revision = update.revision
    this.#remember(update)
    for (const listener of this.#listeners) listener(update)
  }

  /** Calls back after each update until the returned function is called. The callback must not throw. */
  subscribe(listener: (update: Update) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Every step after `revision`, oldest first; undefined when they aren't all remembered and a reset is needed. */
  since(epoch: string, revision: number): readonly Update[] | undefined {
    if (epoch !== this.epoch || revision > this.#revision) return undefined
    if (revision < this.#logStart) return undefined
    const first = this.#log.findIndex((update) => update.revision > revision)
    return first === -1 ? [] : this.#log.slice(first)
  }

  /** Everything, as it is now; the array isn't touched by later updates. */
  current(): { readonly revision: number; readonly parts: readonly Part[] } {
    return { revision: this.#revision, parts: [...this.#parts.values()] }
  }

  #remember(update: Update): void {
    this.#log.push(update)
    this.#logSize += sizeOf(update)
    let forgotten = 0
    while (this.#log.length - forgotten > LOG_UPDATES || this.#logSize > LOG_SIZE) {
      const oldest = this.#log[forgotten++]
      if (oldest === undefined) break
      this.#logSize -= sizeOf(oldest)
      this.#logStart = oldest.revision
    }
    if (forgotten > 0) this.#log.splice(0, forgotten)
  }
}

/** Parts and keys of an update: what it weighs in memory. */
function sizeOf(update: Update): number {
  return update.put.length + update.remove.length
}
