/** What calls functions, wherever they run. */
import type { FunctionAddress } from './urn.js'

export interface FunctionCall {
  readonly address: FunctionAddress
  /** JSON text. */
  readonly event: string
  readonly requestId: string
  /** Milliseconds for all of it, waiting included; what is queued may wait, and run as long as its function may. */
  readonly timeout: number
  /** Bytes of UTF-8 that the answer may have. */
  readonly mostBytes: number
}

/**
 * | failure | what happened |
 * | --- | --- |
 * | `unknown` | there is no such function, version or alias |
 * | `failed` | its code cannot be run, threw, ended itself, or needed more memory than it may |
 * | `timeout` | it did not answer in time |
 * | `too-large` | the answer is longer than the caller can take |
 * | `overloaded` | too many calls of it are waiting |
 * | `unreachable` | where functions run cannot be called |
 */
export type FunctionFailure = 'unknown' | 'failed' | 'timeout' | 'too-large' | 'overloaded' | 'unreachable'

/** What the function returned: text as it is, anything else as JSON. */
export type FunctionAnswer = { readonly text: string } | FunctionFailure

export interface Functions {
  /** Never rejects. */
  invoke(call: FunctionCall): Promise<FunctionAnswer>
  /** The function will run, and nobody learns of its answer. Never rejects. */
  enqueue(call: FunctionCall): Promise<'accepted' | FunctionFailure>
  /** Waits until nothing is under way, `graceMs` at most. */
  close(graceMs: number): Promise<void>
}

/** Asks one after the other, until one knows the function. */
export function firstKnowing(all: readonly Functions[]): Functions {
  async function ask<T>(call: (one: Functions) => Promise<T | FunctionFailure>): Promise<T | FunctionFailure> {
    let answer: T | FunctionFailure = 'unknown'
    for (const one of all) {
      answer = await call(one)
      if (answer !== 'unknown') break
    }
    return answer
  }
  return {
    invoke: (call) => ask((one) => one.invoke(call)),
    enqueue: (call) => ask((one) => one.enqueue(call)),
    close: async (graceMs) => {
      await Promise.all(all.map((one) => one.close(graceMs)))
    },
  }
}
