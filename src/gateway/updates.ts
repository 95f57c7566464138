/**
 * Brings updates into the configuration, in their order and each as a whole. An ordinary one counts from the next request
 * on. Of a reset that holds much, what differs is found out first, a little at a time: requests go on being served by
 * what was known before, and updates that come meanwhile wait their turn.
 */
import { differenceTo } from '../snapshot/difference.js'
import type { Update } from '../snapshot/parts.js'
import type { Configuration } from './configuration.js'

/** Parts of a reset that are put at once: a few milliseconds of work. */
const AT_ONCE = 500

export class Updates {
  #waiting: Promise<void> | undefined

  /** @param applied is called after each update. */
  constructor(
    private readonly configuration: Configuration,
    private readonly applied: () => void,
  ) {}

  /** A promise where the update has to wait; it is rejected when the update cannot be applied. */
  apply(update: Update): void | Promise<void> {
    const waiting = this.#waiting
    if (waiting === undefined && !(update.reset && update.put.length > AT_ONCE)) {
      this.#put(update)
      return
    }
    // Whether the one before could be applied is told to whom brought it.
    const turn = (waiting ?? Promise.resolve()).catch(() => undefined).then(() => this.#putInTurn(update))
    this.#waiting = turn
    const done = (): void => {
      if (this.#waiting === turn) this.#waiting = undefined
    }
    turn.then(done, done)
    return turn
  }

  async #putInTurn(update: Update): Promise<void> {
    this.#put(update.reset ? await differenceTo(update, this.configuration.parts) : update)
  }

  #put(update: Update): void {
    this.configuration.apply(update)
    this.applied()
  }
}
