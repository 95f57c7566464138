/** Tells control what a gateway process has found out about members: when it changes, and now and then all the same. */
import { randomUUID } from 'node:crypto'
import type { MemberState } from '../telemetry/member-states.js'
import { post } from './control-post.js'
import type { MemberReport } from './member-report.js'
import { MEMBERS_PATH } from './paths.js'
import { Recurring } from './recurring.js'

export interface MemberSenderOptions {
  readonly controlUrl: string | undefined
  /** The cluster token. */
  readonly token: string
  readonly collect: () => readonly MemberState[]
  /** Milliseconds between looks at what has changed. Default 1,000. */
  readonly interval?: number
}

/** Milliseconds after which control is told again what it knows: longer than this and it forgets (`member-health.ts`). */
const RENEWAL = 20_000

export class MemberSender {
  #controlUrl: string | undefined
  readonly #sender = randomUUID()
  /** What control has accepted, and when, on the monotonic clock. */
  #known = '[]'
  #knownAt = 0
  readonly #sending: Recurring

  constructor(private readonly options: MemberSenderOptions) {
    this.#controlUrl = options.controlUrl
    this.#sending = new Recurring(() => this.#tell(options.collect()), options.interval ?? 1_000)
  }

  /** Whoever is there now may not know what another one was told. */
  controlIsAt(url: string): void {
    this.#controlUrl = url
    this.#known = ''
  }

  flush(): Promise<void> {
    return this.#sending.now()
  }

  /** Takes back what it has told: nothing is checked here any more. */
  async close(): Promise<void> {
    await this.#sending.stop()
    await this.#tell([])
  }

  async #tell(states: readonly MemberState[]): Promise<void> {
    const text = JSON.stringify(states)
    const isOld = states.length > 0 && performance.now() - this.#knownAt > RENEWAL
    if (this.#controlUrl === undefined || (text === this.#known && !isOld)) return
    const report: MemberReport = { sender: this.#sender, states }
    const url = new URL(MEMBERS_PATH, this.#controlUrl)
    if ((await post(url, this.options.token, JSON.stringify(report))) !== 204) return
    this.#known = text
    this.#knownAt = performance.now()
  }
}
