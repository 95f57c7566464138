/** The access log: one line per request, collected in memory and written at most a second later. */
import type { AccessRecord } from './access-record.js'
import { accessJson, accessLine } from './access-line.js'
import { bareValue } from './field-text.js'
import { FileSink } from './file-sink.js'
import { LineWriter, StdoutSink } from './line-writer.js'

export interface AccessLogOptions {
  /** `stdout`, or the path of a file. */
  readonly destination: string
  /** `text`: the 54 fields of telemetry.md §2.2; `json`: the same record as an object. Default `text`. */
  readonly format?: 'text' | 'json'
  /** Bytes after which a file is rotated; absent: never. Ignored for `stdout`. */
  readonly rotateAt?: number
  /** Rotated files that are kept, `<path>.1` being the youngest. Default 5. */
  readonly keep?: number
}

export class AccessLog implements AsyncDisposable {
  readonly #writer: LineWriter
  readonly #region: string
  readonly #format: (record: AccessRecord, region: string) => string

  /**
   * @param region logged as `region_id`
   * @param onFault what could not be written, and why
   * @throws when the file cannot be opened
   */
  constructor(options: AccessLogOptions, region: string, onFault: (fault: unknown) => void) {
    const sink =
      options.destination === 'stdout'
        ? new StdoutSink()
        : new FileSink(options.destination, options.rotateAt ?? Infinity, options.keep ?? 5)
    this.#region = bareValue(region)
    this.#writer = new LineWriter(sink, onFault)
    this.#format = options.format === 'json' ? accessJson : accessLine
  }

  record(record: AccessRecord): void {
    this.#writer.write(this.#format(record, this.#region))
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
