/**
 * Addresses whose requests failed to authenticate too often (authentication.md §6): failures are counted in windows of
 * five minutes, over all processes; each process learns that an address is blocked by the first failure past the limit.
 */
import type { Counter, Limiter } from '../../limits/limiter.js'

/** Seconds. */
const WINDOW = 300
const MOST_REMEMBERED = 10_000

export class BlockedSources {
  /** End of the window, in milliseconds since the epoch, by address. */
  readonly #until = new Map<string, number>()

  constructor(
    private readonly id: string,
    private readonly limiter: Limiter,
    private readonly now: () => number = Date.now,
  ) {}

  has(address: string): boolean {
    if (this.#until.size === 0) return false
    const until = this.#until.get(address)
    if (until === undefined) return false
    if (until > this.now()) return true
    this.#until.delete(address)
    return false
  }

  /** @param limit failures that one window forgives */
  noteFailure(address: string, limit: number): void {
    const counter: Counter = { key: `third_auth:${this.id}:${address}`, limit, windowSeconds: WINDOW }
    const verdict = this.limiter.take([counter])
    if (verdict instanceof Promise) void verdict.then(({ admitted }) => admitted || this.#block(address))
    else if (!verdict.admitted) this.#block(address)
  }

  #block(address: string): void {
    const [oldest] = this.#until.keys()
    if (this.#until.size >= MOST_REMEMBERED && oldest !== undefined) this.#until.delete(oldest)
    this.#until.set(address, (Math.floor(this.now() / 1000 / WINDOW) + 1) * WINDOW * 1000)
  }
}
