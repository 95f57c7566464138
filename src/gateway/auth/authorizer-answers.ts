/** What one custom authorizer has answered, for as long as it may be kept; one question for all who wait for the answer. */
import { hash } from 'node:crypto'
import type { AuthorizerAnswer } from './authorizer-reply.js'
import { Holdback } from './holdback.js'

const MOST_ANSWERS = 10_000
/** Characters of contexts, and what an entry costs besides. */
const MOST_CHARACTERS = 8 * 1024 * 1024
const OVERHEAD = 256

/**
 * | no answer | what happened |
 * | --- | --- |
 * | `unavailable` | the function failed, did not answer in time, or cannot be called now |
 * | `misconfigured` | there is no such function, or it answers what no authorizer does |
 */
export type NoAnswer = 'unavailable' | 'misconfigured'

interface Kept {
  readonly answer: AuthorizerAnswer
  /** Monotonic milliseconds. */
  readonly until: number
  readonly size: number
}

export class AuthorizerAnswers {
  /** Also of one whose answers are not kept. */
  readonly holdback = new Holdback()
  /** In the order of their last use. */
  readonly #kept = new Map<string, Kept>()
  readonly #asked = new Map<string, Promise<AuthorizerAnswer | NoAnswer>>()
  #size = 0

  /** @param ttl milliseconds */
  constructor(
    private readonly ttl: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * An answer that is kept, or that of a question.
   *
   * @param values what tells questions apart
   * @param ask where there was no answer, that is never kept. Never rejects.
   */
  of(
    values: readonly string[],
    ask: () => Promise<AuthorizerAnswer | NoAnswer>,
  ): AuthorizerAnswer | Promise<AuthorizerAnswer | NoAnswer> {
    // They are credentials: what is kept does not hold them.
    const key = hash('sha256', JSON.stringify(values), 'base64')
    const kept = this.#kept.get(key)
    if (kept !== undefined) {
      this.#kept.delete(key)
      if (kept.until > this.now()) {
        this.#kept.set(key, kept)
        return kept.answer
      }
      this.#size -= kept.size
    }
    const asked = this.#asked.get(key)
    if (asked !== undefined) return asked
    const answered = ask().then((answer) => {
      this.#asked.delete(key)
      if (typeof answer !== 'string') this.#keep(key, answer)
      return answer
    })
    this.#asked.set(key, answered)
    return answered
  }

  #keep(key: string, answer: AuthorizerAnswer): void {
    const size = Array.from(answer.context).reduce((sum, [name, value]) => sum + name.length + value.length, OVERHEAD)
    this.#kept.set(key, { answer, until: this.now() + this.ttl, size })
    this.#size += size
    for (const [oldest, { size: freed }] of this.#kept) {
      if (this.#kept.size <= MOST_ANSWERS && this.#size <= MOST_CHARACTERS) break
      this.#kept.delete(oldest)
      this.#size -= freed
    }
  }
}
