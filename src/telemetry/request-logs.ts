/** Where requests are told: in the operator's log, and in those of instances. A line is made once for both. */
import type { AccessRecord } from './access-record.js'
import { accessLine } from './access-line.js'
import { jsonLines } from './access-json.js'
import { AccessLog, type AccessLogOptions } from './access-log.js'
import { bareValue } from './field-text.js'
import { LogStreams, type LogStream, type LogStreamOptions } from './log-streams.js'

export interface RequestLogOptions {
  /** `off` writes none. */
  readonly accessLog: AccessLogOptions | 'off'
  /** Where instances have logs of their own. Default: nowhere, whatever their feature `lts` says. */
  readonly logStreams?: LogStreamOptions
  /** `text`: the 54 fields of telemetry.md §2.2; `json`: the same record as an object. Default `text`. */
  readonly accessLogFormat?: 'text' | 'json'
  /** Logged as `region_id`. */
  readonly region: string
}

export class RequestLogs {
  readonly streams: LogStreams | undefined
  readonly #own: AccessLog | undefined
  readonly #line: (record: AccessRecord) => string

  /**
   * @param onFault what could not be written, and why
   * @throws when the operator's log cannot be opened
   */
  constructor(options: RequestLogOptions, onFault: (fault: unknown) => void) {
    const { accessLog, logStreams, accessLogFormat, region } = options
    this.streams = logStreams && new LogStreams(logStreams, onFault)
    this.#own = accessLog === 'off' ? undefined : new AccessLog(accessLog, onFault)
    this.#line = accessLogFormat === 'json' ? jsonLines(region) : textLines(region)
  }

  /** @param stream of the instance, if it has one */
  record(record: AccessRecord, stream: LogStream | undefined): void {
    const own = this.#own
    const streams = stream === undefined ? undefined : this.streams
    if (own === undefined && streams === undefined) return
    const line = this.#line(record)
    own?.write(line)
    if (stream !== undefined) streams?.write(stream, line)
  }

  /** Lines that were not written; undefined: nothing is to be written anywhere. */
  get lost(): number | undefined {
    if (this.#own === undefined && this.streams === undefined) return undefined
    return (this.#own?.lost ?? 0) + (this.streams?.lost ?? 0)
  }

  /** As that of each log. */
  async reopen(): Promise<void> {
    await Promise.all([this.#own?.reopen(), this.streams?.reopen()])
  }

  /** What is still in memory, at once: for the end of a process that cannot wait. */
  flushSync(): void {
    this.#own?.flushSync()
    this.streams?.flushSync()
  }

  async close(): Promise<void> {
    await Promise.all([this.#own?.[Symbol.asyncDispose](), this.streams?.close()])
  }
}

function textLines(region: string): (record: AccessRecord) => string {
  const field = bareValue(region)
  return (record) => accessLine(record, field)
}
