/**
 * Collects lines and writes them in few large pieces. A sink that is slower than the traffic costs lines, never memory
 * and never a request's time; how many were lost is reported once it is over.
 */
import { writeSync } from 'node:fs'

export interface Sink {
  write(bytes: Buffer): Promise<void>
  writeSync(bytes: Buffer): void
  /** Lets go of what it writes to, and finds it anew by its name. Absent: it has none. */
  reopen?(): void
  close(): Promise<void>
}

/** Milliseconds that a line may wait. */
const DELAY = 500
/** Bytes that are written without waiting for more. */
const PIECE = 256 * 1024
/** Bytes that may wait while a write is under way. */
const MOST_PENDING = 8 * 1024 * 1024
/** Bytes of memory that is kept for the next piece: one that was waited for too long may be larger. */
const MOST_KEPT = 2 * PIECE

/** Lines as bytes. As text they would be trees of their pieces, which the garbage collector copies while they wait. */
class Piece {
  length = 0
  #bytes = Buffer.allocUnsafeSlow(16 * 1024)

  /** Behind what is there; memory doubles. */
  add(line: string): void {
    const length = this.length + line.length
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, this.#bytes.length * 2))
      this.#bytes.copy(grown, 0, 0, this.length)
      this.#bytes = grown
    }
    this.length += this.#bytes.write(line, this.length, 'latin1')
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.length)
  }

  get isLarge(): boolean {
    return this.#bytes.length > MOST_KEPT
  }
}

export class LineWriter {
  #pending = new Piece()
  /** For the lines after those that are pending; undefined while it is being written. */
  #spare: Piece | undefined
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
    this.#pending.add(line)
    if (this.#writing !== undefined) return
    if (this.#pending.length >= PIECE) this.#start()
    else this.#arm()
  }

  /** Lines that were not written. */
  get lost(): number {
    return this.#lostBefore + this.#lost
  }

  flushSync(): void {
    const { bytes, length } = this.#take()
    if (length > 0) this.sink.writeSync(bytes)
  }

  /** Writes what is there to where it was to go, and what comes from now on to what has the name then. */
  async reopen(): Promise<void> {
    if (this.#writing === undefined && this.#pending.length > 0) this.#start()
    await this.#writing
    try {
      // Closed, it has let go already.
      if (!this.#closed) this.sink.reopen?.()
    } catch (error) {
      this.onFault(new Error('The access log could not be opened anew.', { cause: error }))
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    while (this.#writing !== undefined || this.#pending.length > 0) {
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
      if (this.#pending.length > 0) this.#arm()
    })
  }

  #arm(): void {
    this.#timer ??= setTimeout(() => this.#start(), DELAY).unref()
  }

  /** Whole pieces: what comes meanwhile waits for more, since a write costs as much as telling of many requests. */
  async #writeAll(): Promise<void> {
    do {
      const piece = this.#take()
      try {
        await this.sink.write(piece.bytes)
      } catch (error) {
        this.#lostBefore += linesIn(piece.bytes)
        this.onFault(new Error('A piece of the access log could not be written.', { cause: error }))
      }
      if (!piece.isLarge) {
        piece.length = 0
        this.#spare = piece
      }
      if (this.#lost > 0) {
        this.onFault(new Error(`The access log fell behind and lost ${this.#lost} lines.`))
        this.#lostBefore += this.#lost
        this.#lost = 0
      }
    } while (this.#pending.length >= PIECE)
  }

  #take(): Piece {
    const piece = this.#pending
    this.#pending = this.#spare ?? new Piece()
    this.#spare = undefined
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
