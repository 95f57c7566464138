/**
 * A gateway's end of the configuration stream: it stays connected, resumes where it was, and hands on whole updates.
 * When control is away it tries again; the gateway meanwhile serves what it knows.
 */
import { request, type IncomingMessage } from 'node:http'
import { FrameReader, type StreamedUpdate } from './frames.js'
import { SNAPSHOT_PATH } from './paths.js'

/** What a gateway has: everything up to `revision` in the history named `epoch`. */
export interface Position {
  readonly epoch: string
  /** −1: nothing. */
  readonly revision: number
}

export interface StreamLog {
  info(details: object, message: string): void
  warn(details: object, message: string): void
}

export interface StreamClientOptions {
  /** For instance `http://127.0.0.1:9000`; undefined as long as it isn't known. */
  readonly controlUrl: string | undefined
  /** The cluster token. */
  readonly token: string
  readonly position: Position
  /**
   * Applies an update as a whole before it returns, or before the promise is fulfilled; nothing is read until then. When
   * it throws, the update counts as not received, and everything is asked for anew.
   */
  readonly onUpdate: (streamed: StreamedUpdate) => void | Promise<void>
  readonly log: StreamLog
}

/** Milliseconds without a sign of life after which a connection is given up: three heartbeats. */
const SILENCE = 15_000
/** Milliseconds after which a connection counts as good even if it brought no update. */
const PROBATION = 1_000
const FIRST_DELAY = 50
const LONGEST_DELAY = 5_000
const NOTHING: Position = { epoch: '', revision: -1 }

export class StreamClient {
  #controlUrl: string | undefined
  #position: Position
  #delay = FIRST_DELAY
  #closed = false
  #abort: AbortController | undefined
  #retry: NodeJS.Timeout | undefined
  /** The last failure that was logged: one that repeats is said once. */
  #complaint = ''

  constructor(private readonly options: StreamClientOptions) {
    this.#controlUrl = options.controlUrl
    this.#position = options.position
    this.#connect()
  }

  get position(): Position {
    return this.#position
  }

  /** Control is (again) at this address: connects at once. */
  controlIsAt(url: string): void {
    const moved = url !== this.#controlUrl
    this.#controlUrl = url
    if (this.#abort !== undefined && !moved) return
    this.#abort?.abort()
    this.#abort = undefined
    this.#delay = FIRST_DELAY
    this.#connect()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
    this.#abort?.abort()
  }

  #connect(): void {
    clearTimeout(this.#retry)
    if (this.#closed || this.#controlUrl === undefined) return
    const abort = new AbortController()
    this.#abort = abort
    this.#follow(this.#controlUrl, abort.signal).then(
      () => this.#lost(abort, 'the stream ended'),
      (error: unknown) => this.#lost(abort, error instanceof Error ? error.message : String(error)),
    )
  }

  async #follow(controlUrl: string, signal: AbortSignal): Promise<void> {
    const { epoch, revision } = this.#position
    const url = new URL(SNAPSHOT_PATH, controlUrl)
    url.search = new URLSearchParams({ epoch, since: String(revision) }).toString()
    const response = await get(url, this.options.token, signal)
    if (response.statusCode !== 200) {
      response.destroy()
      throw new Error(`control answered ${response.statusCode ?? 0}`)
    }
    const reader = new FrameReader()
    const connectedAt = performance.now()
    for await (const bytes of response as AsyncIterable<Buffer>) {
      let good = performance.now() - connectedAt > PROBATION
      for (const streamed of reader.read(bytes)) {
        await this.#apply(streamed, signal)
        good = true
      }
      if (good) this.#recovered()
    }
  }

  async #apply(streamed: StreamedUpdate, signal: AbortSignal): Promise<void> {
    try {
      await this.options.onUpdate(streamed)
    } catch (error) {
      this.#position = NOTHING
      throw new Error('the configuration could not be applied', { cause: error })
    }
    // Another connection has taken over, and asked from where this one had been.
    if (signal.aborted) throw new Error('the connection was given up')
    this.#position = { epoch: streamed.epoch, revision: streamed.update.revision }
  }

  #recovered(): void {
    this.#delay = FIRST_DELAY
    if (this.#complaint !== '') this.options.log.info({ ...this.#position }, 'control is back')
    this.#complaint = ''
  }

  #lost(abort: AbortController, reason: string): void {
    // A newer connection has taken its place, or none is wanted any more.
    if (this.#abort !== abort || this.#closed) return
    this.#abort = undefined
    if (reason !== this.#complaint)
      this.options.log.warn({ control: this.#controlUrl, reason }, 'no configuration stream: serving what is known')
    this.#complaint = reason
    // Spread, so that many gateways don't come back in the same instant.
    this.#retry = setTimeout(() => this.#connect(), this.#delay * (0.75 + Math.random() / 2))
    this.#delay = Math.min(LONGEST_DELAY, this.#delay * 2)
  }
}

function get(url: URL, token: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` }
    const outgoing = request(url, { headers, signal, agent: false, timeout: SILENCE })
    outgoing.on('response', resolve)
    outgoing.on('timeout', () => outgoing.destroy(new Error(`nothing came for ${SILENCE / 1000} s`)))
    outgoing.on('error', reject)
    outgoing.end()
  })
}
