/** Work that is done now and then, and at once when somebody asks; never twice at the same time. */
export class Recurring {
  #turn: Promise<void> | undefined
  readonly #timer: NodeJS.Timeout

  /**
   * @param work never rejects
   * @param interval milliseconds
   */
  constructor(
    private readonly work: () => Promise<void>,
    interval: number,
  ) {
    this.#timer = setInterval(() => void this.now(), interval)
    this.#timer.unref()
  }

  /** Resolves when the work is done: what is under way, or else what begins now. */
  now(): Promise<void> {
    this.#turn ??= this.work().finally(() => (this.#turn = undefined))
    return this.#turn
  }

  /** No more of it by itself. Resolves when nothing is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#turn
  }
}
