/**
 * The node's side of leased limits: it owns every counter and hands its tokens out in batches. A pure state machine over
 * messages; whoever hosts it (the supervisor) carries them and calls `tick`.
 *
 * Exactness. A token is given to one worker at a time and never made twice, so a window admits at most its limit. When
 * the node has none left but workers may hold unused ones, it calls those back before it says no, so a window also
 * admits no less. The exception is a worker that dies or hangs: what it held may have been used, so it is lost until the
 * window ends. Batches are therefore no larger than what a worker uses up in about 100 ms.
 */
import type { Ask, AskedCounter, Return, ToNode, ToWorker, Used } from './lease-messages.js'
import type { KeptCount } from './kept-counts.js'
import { frameOf, windowAt, Windows } from './windows.js'

interface Holder {
  readonly worker: number
  /** The most that the worker can still hold: all that it was given since it last returned what it had. */
  tokens: number
  /** Of these, what a return that is on its way speaks for; 0 when nothing is called back. */
  recalled: number
  /** Batch that the worker gets next. */
  batch: number
  grantedAt: number
}

interface NodeCounter {
  limit: number
  durable: boolean
  /** Tokens handed out in this window and not returned. */
  given: number
  holders: Holder[]
  waiting: Set<Pending> | undefined
}

/** An ask that waits for tokens to come back. */
interface Pending {
  readonly worker: number
  readonly ask: Ask
  ticks: number
}

const SMALLEST_BATCH = 16
const LARGEST_BATCH = 65_536
/** A batch that lasts less than this many milliseconds is followed by a larger one, one that lasts ten times that by a smaller. */
const SHORT_LIVED = 100
const GROWTH = 4
/** Ticks after which a worker that doesn't return its tokens is taken to have used them. */
const PATIENCE = 3

export class LimitNode {
  readonly #workers = new Set<number>()
  readonly #windows: Windows<NodeCounter>
  readonly #pending = new Set<Pending>()
  readonly #send: (worker: number, message: ToWorker) => void
  #windowEnded = false
  #durableChanges = 0

  constructor(send: (worker: number, message: ToWorker) => void) {
    this.#send = send
    this.#windows = new Windows(
      () => ({ limit: 0, durable: false, given: 0, holders: [], waiting: undefined }),
      () => (this.#windowEnded = true),
    )
  }

  /** Whether `tick` has something to do. */
  get waits(): boolean {
    return this.#pending.size > 0
  }

  /** Grows with every change of a durable counter. */
  get durableChanges(): number {
    return this.#durableChanges
  }

  /** What was handed out of durable counters: what is on its way, or unused in the hands of a worker, counts as used. */
  durableCounts(): KeptCount[] {
    const counts: KeptCount[] = []
    for (const { key, frame, window, entry } of this.#windows.entries())
      if (entry.durable && entry.given > 0) counts.push({ key, ...frame, window, used: entry.given })
    return counts
  }

  /** Goes on with what an earlier node has counted, as far as its windows have not ended. To be called before any ask. */
  restore(counts: readonly KeptCount[], now: number): void {
    for (const count of counts) {
      if (windowAt(count, now) !== count.window) continue
      const counter = this.#windows.entry(count.key, count, now)
      counter.durable = true
      counter.given = count.used
    }
  }

  workerCame(worker: number): void {
    this.#workers.add(worker)
  }

  /** A worker is gone with what it held. `now` in milliseconds since the epoch, as everywhere here. */
  workerLeft(worker: number, now: number): void {
    this.#workers.delete(worker)
    this.#retryAll(now)
  }

  receive(worker: number, message: ToNode, now: number): void {
    if (!this.#workers.has(worker)) return
    if (message.type === 'ask') this.#decide({ worker, ask: message, ticks: 0 }, now)
    else if (message.type === 'used') this.#add(message, now)
    else this.#takeBack(worker, message, now)
    if (this.#windowEnded) this.#retryAll(now)
  }

  /** To be called about every 100 ms while `waits`. Counts calls, not time: a node that stalled must read its mail first. */
  tick(now: number): void {
    for (const pending of this.#pending) if (++pending.ticks >= PATIENCE) this.#giveUpOn(pending, now)
    this.#retryAll(now)
  }

  #decide(pending: Pending, now: number): void {
    const { ask, worker } = pending
    const counters = ask.counters.map((asked) => this.#counter(asked, now))
    const short = counters.filter((counter) => counter.limit - counter.given < 1)
    if (short.length === 0) {
      this.#grant(worker, ask, counters, now)
      return
    }
    const exhausted = short.filter((counter) => !this.#someoneHolds(counter))
    if (exhausted.length > 0) {
      this.#refuse(worker, ask, counters, exhausted)
      return
    }
    for (const counter of short) this.#recall(counter, ask, counters)
    const blocker = short[0]
    if (blocker !== undefined) (blocker.waiting ??= new Set()).add(pending)
    this.#pending.add(pending)
  }

  #counter(asked: AskedCounter, now: number): NodeCounter {
    const counter = this.#windows.entry(asked.key, asked, now)
    counter.limit = asked.limit
    counter.durable = asked.durable === true
    return counter
  }

  #someoneHolds(counter: NodeCounter): boolean {
    if (counter.holders.some(({ worker }) => !this.#workers.has(worker)))
      counter.holders = counter.holders.filter(({ worker }) => this.#workers.has(worker))
    return counter.holders.some(({ tokens }) => tokens > 0)
  }

  #recall(counter: NodeCounter, ask: Ask, counters: readonly NodeCounter[]): void {
    const asked = ask.counters[counters.indexOf(counter)]
    if (asked === undefined) return
    const window = this.#windows.window(asked)
    for (const holder of counter.holders) {
      if (holder.recalled > 0 || holder.tokens === 0) continue
      holder.recalled = holder.tokens
      this.#send(holder.worker, { type: 'recall', key: asked.key, ...frameOf(asked), window })
    }
  }

  #grant(worker: number, ask: Ask, counters: readonly NodeCounter[], now: number): void {
    const granted = ask.counters.map((asked, index) => {
      const counter = counters[index]
      if (counter === undefined) throw new RangeError('a grant must answer every counter of its ask')
      const holder = this.#holder(counter, worker)
      const tokens = asked.lacking ? this.#batch(counter, holder, ask.want, now) : 1
      counter.given += tokens
      if (counter.durable) this.#durableChanges++
      holder.tokens += tokens
      return { window: this.#windows.window(asked), tokens, left: counter.limit - counter.given }
    })
    this.#send(worker, { type: 'grant', id: ask.id, counters: granted })
  }

  #holder(counter: NodeCounter, worker: number): Holder {
    const known = counter.holders.find((holder) => holder.worker === worker)
    if (known !== undefined) return known
    const holder = { worker, tokens: 0, recalled: 0, batch: SMALLEST_BATCH, grantedAt: -Infinity }
    counter.holders.push(holder)
    return holder
  }

  /** What a worker gets: what it needs, but at most half of an equal share of what is left, and at least 1. */
  #batch(counter: NodeCounter, holder: Holder, want: number, now: number): number {
    const lasted = now - holder.grantedAt
    if (lasted < SHORT_LIVED) holder.batch = Math.min(LARGEST_BATCH, holder.batch * GROWTH)
    else if (lasted > 10 * SHORT_LIVED) holder.batch = Math.max(SMALLEST_BATCH, holder.batch / GROWTH)
    holder.grantedAt = now
    const left = counter.limit - counter.given
    const share = this.#workers.size === 1 ? left : Math.floor(left / (2 * this.#workers.size))
    return Math.max(1, Math.min(share, Math.max(holder.batch, want)))
  }

  #refuse(worker: number, ask: Ask, counters: readonly NodeCounter[], exhausted: readonly NodeCounter[]): void {
    const indexes = exhausted.map((counter) => counters.indexOf(counter))
    this.#send(worker, {
      type: 'refusal',
      id: ask.id,
      exhausted: indexes.flatMap((index) => {
        const asked = ask.counters[index]
        return asked === undefined ? [] : [{ index, window: this.#windows.window(asked) }]
      }),
    })
  }

  #takeBack(worker: number, returned: Return, now: number): void {
    const { key, window, tokens, recalled } = returned
    const counter = this.#windows.peek(key, returned, window)
    // Tokens of a window that has ended are worth nothing.
    if (counter === undefined) return
    counter.given -= tokens
    if (counter.durable) this.#durableChanges++
    const holder = counter.holders.find((known) => known.worker === worker)
    if (recalled && holder !== undefined) {
      holder.tokens -= holder.recalled
      holder.recalled = 0
    }
    this.#retry(counter, now)
  }

  #add(used: Used, now: number): void {
    const { key, window, tokens } = used
    const isNow = windowAt(used, now) === window
    const counter = isNow ? this.#windows.entry(key, used, now) : this.#windows.peek(key, used, window)
    if (counter !== undefined) counter.given += tokens
  }

  #retry(counter: NodeCounter, now: number): void {
    const { waiting } = counter
    counter.waiting = undefined
    for (const pending of waiting ?? []) if (this.#pending.delete(pending)) this.#decide(pending, now)
  }

  #retryAll(now: number): void {
    this.#windowEnded = false
    const waiting = [...this.#pending]
    this.#pending.clear()
    for (const pending of waiting) if (this.#workers.has(pending.worker)) this.#decide(pending, now)
  }

  /** Whoever hasn't returned what it holds of these counters is taken to have used it. */
  #giveUpOn({ ask }: Pending, now: number): void {
    for (const asked of ask.counters)
      for (const holder of this.#counter(asked, now).holders) {
        holder.tokens -= holder.recalled
        holder.recalled = 0
      }
  }
}
