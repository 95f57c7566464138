/**
 * Who has said that it is asked too much is left alone for a while: a fifth of a second first, then twice as long each
 * time that it says so again, up to five seconds. When the time is over one question goes through, and only its answer
 * lets the others follow.
 */
const FIRST_PAUSE = 200
const LONGEST_PAUSE = 5_000

export class Holdback {
  #refusals = 0
  /** Monotonic milliseconds. */
  #until = 0
  #trying = false

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** @param question never rejects; `overloaded` without it while nobody is to be asked */
  async ask<T>(question: () => Promise<T | 'overloaded'>): Promise<T | 'overloaded'> {
    const isTrial = this.#refusals > 0
    if (isTrial && (this.#trying || this.now() < this.#until)) return 'overloaded'
    this.#trying = isTrial
    const answer = await question()
    if (isTrial) this.#trying = false
    // What was asked before the first refusal tells nothing new, whatever becomes of it.
    else if (this.#refusals > 0) return answer
    if (answer !== 'overloaded') this.#refusals = 0
    else this.#until = this.now() + Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(this.#refusals++, 10))
    return answer
  }
}
