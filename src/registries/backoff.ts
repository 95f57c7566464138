import { setTimeout as sleep } from 'node:timers/promises'
import type { Pace } from './registry.js'

/** Waits between attempts: doubled from one to the next, half of each by chance, so that many do not come at once. */
export class Backoff {
  #failures = 0

  constructor(
    private readonly pace: Pace,
    private readonly random: () => number = Math.random,
  ) {}

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures
  }

  succeeded(): void {
    this.#failures = 0
  }

  /** Milliseconds to wait after one more failure. */
  failed(): number {
    const { firstDelay, longestDelay } = this.pace
    const whole = Math.min(firstDelay * 2 ** Math.min(this.#failures, 30), longestDelay)
    this.#failures++
    return (whole * (1 + this.random())) / 2
  }
}

/** Resolves after the time, or at once when the signal is given; it keeps no process alive. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal, ref: false }).catch(() => undefined)
}
