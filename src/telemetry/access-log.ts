/** The access log: one line per request, collected in memory and written at most a second later. */
import { FileSink } from './file-sink.js'
import { LineWriter, StdoutSink } from './line-writer.js'

export interface AccessLogOptions {
  /** `stdout`, or the path of a file. */
  readonly destination: string
  /** Bytes after which a file is rotated; absent: never. Ignored for `stdout`. */
  readonly rotateAt?: number
  /** Rotated files that are kept, `<path>.1` being the youngest. Default 5. */
  readonly keep?: number
}

export class AccessLog implements AsyncDisposable {
  readonly #writer: LineWriter

  /**
   * @param onFault what could not be written, and why
   * @throws when the file cannot be opened
   */
  constructor(options: AccessLogOptions, onFault: (fault: unknown) => void) {
    const sink =
      options.destination === 'stdout'
        ? new StdoutSink()
        : new FileSink(options.destination, options.rotateAt ?? Infinity, options.keep ?? 5)
    this.#writer = new LineWriter(sink, onFault)
  }

  /** @param line a byte string, with its line end */
  write(line: string): void {
    this.#writer.write(line)
  }

  /** Lines that were not written. */
  get lost(): number {
    return this.#writer.lost
  }

  /** Writes what is in memory, and opens the file of that name: another one may have been put in its place. */
  reopen(): Promise<void> {
    return this.#writer.reopen()
  }

  /** What is still in memory, at once: for the end of a process that cannot wait. */
  flushSync(): void {
    this.#writer.flushSync()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close()
  }
}
