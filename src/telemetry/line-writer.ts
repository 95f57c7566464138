/**
 * Collects lines and writes them in few large pieces. A sink that is slower than the traffic costs lines, never memory
 * and never a request's time; how many were lost is reported once it is over.
 */
import { writeSync } from 'node:fs'

export interface Sink {
  write(bytes: Buffer): Promise<void>
  writeSync(bytes: Buffer): void
  close(): Promise<void>
}

/** Milliseconds that a line may wait. */
const DELAY = 500
/** Characters that are written without waiting. */
const PIECE = 256 * 1024
/** Characters that may wait while a write is under way. */
const MOST_PENDING = 8 * 1024 * 1024

export class LineWriter {
  #pending = ''
  #lost = 0
  #lostBefore = 0
  #writing: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(
    private readonly sink: Sink,
    private readonly onFault: (fault: unknown) => void,
  ) {}

  /** @param line a byte string, with its line end */
  write(line: string): void {
    if (this.#closed || this.#pending.length + line.length > MOST_PENDING) {
      this.#lost++
      return
    }
    this.#pending += line
    if (this.#writing !== undefined) return
    if (this.#pending.length >= PIECE) this.#start()
    else this.#arm()
  }

  /** Lines that were not written. */
  get lost(): number {
    return this.#lostBefore + this.#lost
  }

  flushSync(): void {
    const piece = this.#take()
    if (piece.length > 0) this.sink.writeSync(piece)
  }

  async close(): Promise<void> {
    this.#closed = true
    while (this.#writing !== undefined || this.#pending !== '') {
      if (this.#writing === undefined) this.#start()
      await this.#writing
    }
    clearTimeout(this.#timer)
    await this.sink.close()
  }

  #start(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing = this.#writeAll().finally(() => {
      this.#writing = undefined
      // What came after the last look waits as any other line does.
      if (this.#pending !== '') this.#arm()
    })
  }

  #arm(): void {
    this.#timer ??= setTimeout(() => this.#start(), DELAY).unref()
  }

  async #writeAll(): Promise<void> {
    for (let piece = this.#take(); piece.length > 0; piece = this.#take()) {
      try {
        await this.sink.write(piece)
      } catch (error) {
        this.#lostBefore += linesIn(piece)
        this.onFault(new Error('A piece of the access log could not be written.', { cause: error }))
      }
      if (this.#lost > 0) {
        this.onFault(new Error(`The access log fell behind and lost ${this.#lost} lines.`))
        this.#lostBefore += this.#lost
        this.#lost = 0
      }
    }
  }

  #take(): Buffer {
    const piece = Buffer.from(this.#pending, 'latin1')
    this.#pending = ''
    return piece
  }
}

function linesIn(piece: Buffer): number {
  let lines = 0
  for (let end = piece.indexOf('\n'); end !== -1; end = piece.indexOf('\n', end + 1)) lines++
  return lines
}

export class StdoutSink implements Sink {
  write(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()))
    })
  }

  writeSync(bytes: Buffer): void {
    writeSync(process.stdout.fd, bytes)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
