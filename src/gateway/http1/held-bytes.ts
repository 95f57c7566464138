/** Bytes that have arrived and are waiting: the beginning of a head, or what follows the current request. */
export class HeldBytes {
  #buffer: Buffer | undefined = undefined
  length = 0

  /** Copies `bytes[start…end)` behind what is held. Room doubles, so that single bytes cost no more than many. */
  add(bytes: Buffer, start: number, end: number): void {
    const held = this.length
    const length = held + end - start
    if (this.#buffer !== undefined && held === 0 && start === 0 && bytes.buffer === this.#buffer.buffer) {
      // What has just been taken is put back: it is still in its place.
      this.length = length
      return
    }
    if (this.#buffer === undefined || length > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(held === 0 ? Math.max(length, 1024) : length * 2)
      this.#buffer?.copy(grown, 0, 0, held)
      this.#buffer = grown
    }
    bytes.copy(this.#buffer, held, start, end)
    this.length = length
  }

  /** All that is held, until something is added; nothing is held afterwards. */
  take(): Buffer {
    const taken = this.#buffer?.subarray(0, this.length) ?? Buffer.alloc(0)
    this.length = 0
    return taken
  }

  clear(): void {
    this.#buffer = undefined
    this.length = 0
  }
}
