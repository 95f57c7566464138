/**
 * Buffers that are used again, for all that is too large for a string. Making one for each read costs more than what is
 * done with it: V8 knows how much memory lies outside of its heap, and collects garbage ever more often for its sake.
 */

/** Fewer calls to the kernel are worth more than what fits the processor's cache: 32 or 64 KB cost a tenth more. */
export const POOLED_SIZE = 128 * 1024
/** What is smaller takes no pooled buffer, or many of them would be spent on little. */
export const POOLED_LEAST = 24 * 1024
/** Buffers that are kept while nobody needs them. */
const KEPT = 32

const free: PooledBuffer[] = []

export class PooledBuffer {
  readonly bytes = Buffer.allocUnsafeSlow(POOLED_SIZE)
  #held = true
  #lent = false

  private constructor() {
    // Made by `take` only.
  }

  /** A buffer for one holder. One that is never released is lost to the pool, and no harm done. */
  static take(): PooledBuffer {
    const buffer = free.pop() ?? new PooledBuffer()
    buffer.#held = true
    buffer.#lent = false
    return buffer
  }

  /** Whether there is a loan, which releases the buffer when it is returned: nothing may be written into it. */
  get lent(): boolean {
    return this.#lent
  }

  /** A buffer that two would hold would mix what they send: it is released once, by whoever has it last. */
  readonly release = (): void => {
    if (!this.#held) return
    this.#held = false
    if (free.length < KEPT) free.push(this)
  }

  /** Hands `bytes[start…end)` on to whoever writes them. */
  lend(start: number, end: number): Loan {
    this.#lent = true
    return new Loan(this.bytes.subarray(start, end), this.release)
  }
}

/** Bytes of a pooled buffer, on their way. */
export class Loan {
  constructor(
    readonly bytes: Buffer,
    /** To be called when nobody reads `bytes` any more. */
    readonly returned: () => void,
  ) {}

  get length(): number {
    return this.bytes.length
  }

  /** The same without the first `count` bytes, in the place of this loan. */
  from(count: number): Loan {
    return new Loan(this.bytes.subarray(count), this.returned)
  }
}
