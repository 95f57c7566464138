/**
 * The worker's side of leased limits: requests take tokens that this worker holds, in a few Map look-ups. Only when it
 * has none does a request wait for the node; what the node refuses is remembered until the window ends.
 */
import type { Ask, Grant, Recall, Refusal, ToNode, ToWorker } from './lease-messages.js'
import { ADMITTED, denied, type Counter, type Limiter, type Verdict, type WindowFrame } from './limiter.js'
import { frameOf, Windows } from './windows.js'

interface Lease {
  tokens: number
  /** What the node had left at its last grant, and before the first one the limit: an estimate. */
  left: number
  /** Limit under which tokens and refusal were given. */
  limit: number
  exhausted: boolean
  /** All tokens of the window are here: the node knows nothing of them. */
  local: boolean
  /** All tokens of the window that came here, less those that went back: what is not among `tokens` was used. */
  had: number
  /** How many of those that were used here the node knows of; it gave them, or was told. */
  known: number
  /** The ask on its way that will bring tokens. */
  ask: Asking | undefined
}

interface Asking {
  readonly ask: Ask
  readonly leases: readonly Lease[]
  /** In the order of their arrival; the first one is whose counters are asked for. */
  readonly requests: Waiting[]
}

interface Waiting {
  readonly counters: readonly Counter[]
  readonly settle: (verdict: Verdict) => void
}

export interface LeasedOptions {
  /** Carries a message to the node; messages arrive in the order in which they were sent. */
  readonly send: (message: ToNode) => void
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  /** Called when the node has been silent for so long that requests are admitted without being counted. */
  readonly onSilence?: () => void
}

/**
 * Ticks without a word from the node after which waiting requests are admitted uncounted: a gateway that can't count goes
 * on serving. It happens only if the supervisor hangs, for when it dies its workers end.
 */
const PATIENCE = 4

export class LeasedLimiter implements Limiter {
  readonly #windows = new Windows<Lease>(() => ({
    tokens: 0,
    left: 0,
    limit: -1,
    exhausted: false,
    local: false,
    had: 0,
    known: 0,
    ask: undefined,
  }))
  readonly #send: (message: ToNode) => void
  readonly #now: () => number
  readonly #onSilence: () => void
  readonly #asks = new Map<number, Asking>()
  readonly #found: Lease[] = []
  #lastId = 0
  #silentTicks = 0

  constructor({ send, now = Date.now, onSilence = () => undefined }: LeasedOptions) {
    this.#send = send
    this.#now = now
    this.#onSilence = onSilence
  }

  /** Whether `tick` has something to do. */
  get waits(): boolean {
    return this.#asks.size > 0
  }

  take(counters: readonly Counter[]): Verdict | Promise<Verdict> {
    const verdict = this.#tryTake(counters)
    if (verdict !== undefined) return verdict
    if (this.#silentTicks >= PATIENCE) return ADMITTED
    return new Promise((settle) => this.#wait({ counters, settle }))
  }

  remaining(counter: Counter): number {
    const lease = this.#lease(counter, this.#now())
    return lease.exhausted ? 0 : Math.max(0, lease.tokens + lease.left)
  }

  receive(message: ToWorker): void {
    this.#silentTicks = 0
    if (message.type === 'recall') this.#giveBack(message)
    else if (message.type === 'grant') this.#granted(message)
    else this.#refused(message)
  }

  /** To be called about every 250 ms while `waits`. Counts calls, not time: a worker that stalled must read its mail first. */
  tick(): void {
    if (this.#asks.size === 0 || ++this.#silentTicks < PATIENCE) return
    if (this.#silentTicks === PATIENCE) this.#onSilence()
    for (const { requests } of this.#asks.values()) for (const { settle } of requests.splice(0)) settle(ADMITTED)
  }

  /** Gives every unused token back, before this worker ends. */
  close(): void {
    for (const { key, frame, window, entry } of this.#windows.entries())
      if (!entry.local) this.#return(entry, { key, ...frame }, window)
  }

  /** The verdict, if it is known here. */
  #tryTake(counters: readonly Counter[]): Verdict | undefined {
    const now = this.#now()
    let index = 0
    let lacking = false
    for (const counter of counters) {
      const lease = this.#lease(counter, now)
      if (lease.tokens === 0) {
        if (lease.exhausted || lease.local || counter.limit < 1) return denied(index)
        lacking = true
      }
      this.#found[index++] = lease
    }
    if (lacking) return undefined
    while (index > 0) {
      const lease = this.#found[--index]
      if (lease !== undefined) lease.tokens--
    }
    return ADMITTED
  }

  #lease(counter: Counter, now: number): Lease {
    const lease = this.#windows.entry(counter.key, counter, now)
    const local = counter.local === true
    if (lease.limit !== counter.limit || lease.local !== local) this.#allot(lease, counter, local)
    return lease
  }

  /**
   * What was counted in this window goes on counting, under a new limit or by somebody else: each process for itself
   * begins with what it has admitted, and all together with what they all have.
   */
  #allot(lease: Lease, counter: Counter, local: boolean): void {
    if (!lease.local) this.#limitChanged(lease, counter)
    else if (!local) {
      this.#tell(lease, counter, this.#windows.window(counter))
      forgetTokens(lease)
      lease.local = false
      this.#limitChanged(lease, counter)
    }
    if (!local) return
    const used = lease.had - lease.tokens
    if (!lease.local) lease.known = used
    lease.local = true
    lease.tokens = Math.max(0, counter.limit - used)
    lease.had = used + lease.tokens
    lease.left = counter.limit - lease.had
    lease.limit = counter.limit
  }

  /**
   * To be called when who counts may have changed. Tells what was counted here alone; and gives back what is unused of
   * what the node gave, for others may have used as much without asking.
   */
  tellLocal(): void {
    for (const { key, frame, window, entry } of this.#windows.entries())
      if (entry.local) this.#tell(entry, { key, ...frame }, window)
      else this.#return(entry, { key, ...frame }, window)
  }

  #tell(lease: Lease, { key, ...frame }: Pick<Counter, 'key'> & WindowFrame, window: number): void {
    const used = lease.had - lease.tokens
    if (used > lease.known) this.#send({ type: 'used', key, ...frameOf(frame), window, tokens: used - lease.known })
    lease.known = used
  }

  /** Tokens of another limit go back: under the new one the node may not have them to give. */
  #limitChanged(lease: Lease, counter: Counter): void {
    this.#return(lease, counter, this.#windows.window(counter))
    lease.left = counter.limit
    lease.exhausted = false
    lease.limit = counter.limit
  }

  #return(lease: Lease, { key, ...frame }: Pick<Counter, 'key'> & WindowFrame, window: number): void {
    if (lease.tokens === 0) return
    this.#send({ type: 'return', key, ...frameOf(frame), window, tokens: lease.tokens, recalled: false })
    forgetTokens(lease)
  }

  /** Joins the ask that will bring the token that is lacking, or sends one for all the counters of the request. */
  #wait(request: Waiting): void {
    const now = this.#now()
    const counters = request.counters.filter(({ local }) => local !== true)
    const leases = counters.map((counter) => this.#lease(counter, now))
    const lacking = leases.filter(({ tokens }) => tokens === 0)
    const [first] = lacking
    if (first?.ask !== undefined && lacking.every(({ ask }) => ask !== undefined)) {
      first.ask.requests.push(request)
      first.ask.ask.want++
      return
    }
    const ask: Ask = {
      type: 'ask',
      id: ++this.#lastId,
      want: 1,
      counters: counters.map((counter, index) => {
        const { key, limit, durable } = counter
        const lacking = leases[index]?.tokens === 0
        return { key, limit, ...frameOf(counter), ...(durable === true && { durable }), lacking }
      }),
    }
    const asking: Asking = { ask, leases, requests: [request] }
    for (const lease of leases) lease.ask ??= asking
    this.#asks.set(ask.id, asking)
    this.#send(ask)
  }

  #granted({ id, counters }: Grant): void {
    const asking = this.#answered(id)
    if (asking === undefined) return
    for (const [index, { window, tokens, left }] of counters.entries()) {
      const asked = asking.ask.counters[index]
      if (asked === undefined) continue
      this.#windows.advance(asked, window)
      const lease = this.#lease(asked, this.#now())
      // Tokens of a window that has ended meanwhile are worth nothing; the requests ask again.
      if (this.#windows.window(asked) !== window) continue
      lease.tokens += tokens
      lease.had += tokens
      lease.left = left
    }
    this.#retry(asking)
  }

  #refused({ id, exhausted }: Refusal): void {
    const asking = this.#answered(id)
    if (asking === undefined) return
    for (const { index, window } of exhausted) {
      const asked = asking.ask.counters[index]
      if (asked === undefined) continue
      this.#windows.advance(asked, window)
      const lease = this.#lease(asked, this.#now())
      if (this.#windows.window(asked) === window) lease.exhausted = true
    }
    this.#retry(asking)
  }

  #answered(id: number): Asking | undefined {
    const asking = this.#asks.get(id)
    this.#asks.delete(id)
    for (const lease of asking?.leases ?? []) if (lease.ask === asking) lease.ask = undefined
    return asking
  }

  #retry({ requests }: Asking): void {
    for (const request of requests) {
      const verdict = this.#tryTake(request.counters)
      if (verdict === undefined) this.#wait(request)
      else request.settle(verdict)
    }
  }

  #giveBack(recall: Recall): void {
    const { key, window } = recall
    const known = this.#windows.peek(key, recall, window)
    const lease = known?.local === true ? undefined : known
    this.#send({ type: 'return', key, ...frameOf(recall), window, tokens: lease?.tokens ?? 0, recalled: true })
    if (lease !== undefined) forgetTokens(lease)
  }
}

function forgetTokens(lease: Lease): void {
  lease.had -= lease.tokens
  lease.tokens = 0
}
