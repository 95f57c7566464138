/**
 * Access logs of instances (telemetry.md §2.1): the feature `lts` of an instance names a group and a stream, and its
 * requests are told there too: `<directory>/<instance>/<group>/<stream>.log`, in lines as the operator's own log has them.
 * Instances are of different tenants, who choose their names without knowing of each other.
 */
import { hash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AccessLog, type AccessLogOptions } from './access-log.js'

export interface LogStreamOptions extends Omit<AccessLogOptions, 'destination'> {
  /** What streams are files below. */
  readonly directory: string
}

/** Where an instance wants its requests to be told: a path below the directory of streams. */
export type LogStream = string

export class LogStreams {
  /** `undefined` for one that cannot be written. */
  readonly #open = new Map<LogStream, AccessLog | undefined>()
  readonly #closing = new Map<AccessLog, Promise<void>>()
  /** Lines of streams that are not open any more, or could not be opened. */
  #lostBefore = 0

  constructor(
    private readonly options: LogStreamOptions,
    private readonly onFault: (fault: unknown) => void,
  ) {}

  /** @param line as `AccessLog.write` takes it */
  write(stream: LogStream, line: string): void {
    if (!this.#open.has(stream)) this.#open.set(stream, this.#opened(stream))
    const log = this.#open.get(stream)
    if (log === undefined) this.#lostBefore++
    else log.write(line)
  }

  /** Lines that were not written. */
  get lost(): number {
    let lost = this.#lostBefore
    for (const log of this.#open.values()) lost += log?.lost ?? 0
    for (const log of this.#closing.keys()) lost += log.lost
    return lost
  }

  /** Closes all others. One that could not be opened is tried again. */
  retain(wanted: ReadonlySet<LogStream>): void {
    for (const [stream, log] of this.#open) {
      if (log !== undefined && wanted.has(stream)) continue
      this.#open.delete(stream)
      if (log !== undefined) this.#close(log)
    }
  }

  /** As that of each log. */
  async reopen(): Promise<void> {
    for (const log of this.#open.values()) await log?.reopen()
  }

  /** What is still in memory, at once: for the end of a process that cannot wait. */
  flushSync(): void {
    for (const log of this.#open.values()) log?.flushSync()
  }

  async close(): Promise<void> {
    this.retain(new Set())
    await Promise.all(this.#closing.values())
  }

  #opened(stream: LogStream): AccessLog | undefined {
    const { directory, ...options } = this.options
    const destination = join(directory, stream)
    try {
      mkdirSync(dirname(destination), { recursive: true, mode: 0o750 })
      return new AccessLog({ ...options, destination }, this.onFault)
    } catch (error) {
      this.onFault(new Error(`The log stream ${destination} cannot be written.`, { cause: error }))
      return undefined
    }
  }

  #close(log: AccessLog): void {
    const closing = log[Symbol.asyncDispose]()
      .catch(this.onFault)
      .finally(() => {
        this.#closing.delete(log)
        this.#lostBefore += log.lost
      })
    this.#closing.set(log, closing)
  }
}

/** @param group as the user named it, as is `stream`; neither leads out of the directory of streams */
export function logStream(instanceId: string, group: string, stream: string): LogStream {
  return join(fileName(instanceId), fileName(group), `${fileName(stream)}.log`)
}

/** No longer than file systems admit. */
const MOST_BYTES = 200

/** What is too long is told from others that begin alike by its digest. */
function fileName(name: string): string {
  const octets = Array.from(Buffer.from(name, 'utf8').toString('latin1'), (octet) =>
    /[\w-]/.test(octet) ? octet : '%' + octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0'),
  )
  const written = octets.join('')
  if (written.length <= MOST_BYTES) return written
  const digest = hash('sha256', name, 'hex')
  return `${written.slice(0, MOST_BYTES - digest.length - 1)}-${digest}`
}
