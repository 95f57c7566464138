/**
 * What workers and their node say to each other about counters. Each channel keeps the order of what is sent on it.
 *
 * The node alone decides which window it is: a worker's tokens are good for the window that their grant names.
 */
import type { Counter, WindowFrame } from './limiter.js'

export type ToNode = Ask | Return | Used
export type ToWorker = Grant | Refusal | Recall

/** One request lacks tokens: its counters, all of them, so that the node can admit it as a whole or not at all. */
export interface Ask {
  readonly type: 'ask'
  readonly id: number
  /** How many requests are waiting for the tokens, this one included. */
  want: number
  readonly counters: readonly AskedCounter[]
}

export interface AskedCounter extends Counter {
  /** The worker has no token of it; of the others it gets one, in case its own are called back meanwhile. */
  readonly lacking: boolean
}

/** Tokens go back: called back by the node, or no longer wanted. Those that aren't named were used. */
export interface Return extends WindowFrame {
  readonly type: 'return'
  readonly key: string
  readonly window: number
  readonly tokens: number
  readonly recalled: boolean
}

/** What a worker has admitted by itself, while the counter was one of each process: it counts with the rest from now on. */
export interface Used extends WindowFrame {
  readonly type: 'used'
  readonly key: string
  readonly window: number
  readonly tokens: number
}

/** At least one token of every counter of the ask, in its order. */
export interface Grant {
  readonly type: 'grant'
  readonly id: number
  readonly counters: readonly GrantedCounter[]
}

interface GrantedCounter {
  readonly window: number
  readonly tokens: number
  /** What the node still has after this grant. */
  readonly left: number
}

/** Nothing was taken. The counters at these indexes have no token left, here or with any worker, until the window ends. */
export interface Refusal {
  readonly type: 'refusal'
  readonly id: number
  readonly exhausted: readonly { readonly index: number; readonly window: number }[]
}

/** The worker is to return all unused tokens of a counter at once. */
export interface Recall extends WindowFrame {
  readonly type: 'recall'
  readonly key: string
  readonly window: number
}
