/**
 * The agreement between whoever counts (this folder) and whoever asks (the gateway's policies).
 *
 * The window of second t is floor((t - offsetSeconds) / windowSeconds). A counter that is asked for in a later window
 * starts afresh, so nothing need ever be reset.
 */

/** Which windows there are. */
export interface WindowFrame {
  /** The window's length in seconds; an integer, 1 or more. */
  readonly windowSeconds: number
  /** Seconds by which windows begin later than those of the epoch: an integer below `windowSeconds`; absent: none. */
  readonly offsetSeconds?: number
}

/**
 * What is counted. Two counters with the same key and the same windows are the same counter; if its limit changes within
 * a window, what was counted so far still counts. One request names a counter at most once.
 */
export interface Counter extends WindowFrame {
  readonly key: string
  /** How many requests one window admits; an integer, 0 or more. */
  readonly limit: number
  /** What was counted in the current window survives a restart of the node (kept-counts.ts). */
  readonly durable?: boolean
  /** Each process counts for itself, and asks nobody. When that changes, what was counted so far still counts. */
  readonly local?: boolean
}

export type Verdict =
  | { readonly admitted: true }
  /** `counter` is the index, in the array that was asked for, of the first counter that is exhausted. */
  | { readonly admitted: false; readonly counter: number }

export interface Limiter {
  /**
   * Takes one from every counter, or nothing from any of them if one is exhausted. A promise only if the answer isn't
   * known in this process; it never rejects, and until it is settled the array and its counters must not change.
   */
  take(counters: readonly Counter[]): Verdict | Promise<Verdict>
  /** How many more requests this process knows the counter would admit in the current window; an estimate, never below 0. */
  remaining(counter: Counter): number
  /** What each process has counted for itself may have to count together from now on; absent where there is only one. */
  tellLocal?(): void
}

/** The one verdict of every admitted request; shared, so that admitting allocates nothing. */
export const ADMITTED: Verdict = Object.freeze({ admitted: true })

const DENIED: readonly Verdict[] = Array.from({ length: 16 }, (_, counter) =>
  Object.freeze({ admitted: false, counter }),
)

/** The verdict of a request refused by counter number `counter`. */
export function denied(counter: number): Verdict {
  return DENIED[counter] ?? { admitted: false, counter }
}
