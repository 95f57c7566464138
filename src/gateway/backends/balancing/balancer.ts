/** How one of several members is chosen (backends.md §3.1). Each algorithm is a file of this folder. */

import type { Load } from '../../exchange.js'

/** A member as far as choosing needs to know it. */
export interface Candidate {
  /** Above 0. */
  readonly weight: number
  readonly load: Load
  /** 32 bits that differ from member to member and stay the same for an address. */
  readonly seed: number
}

/** What hashes look at: the caller's address, the path of the backend request. */
export interface Asked {
  readonly source: string
  /** Decoded, unless the instance leaves paths as they are. */
  readonly path: string
}

/**
 * Chooses among the members that it was made for.
 *
 * @param excluded members that were tried already
 * @returns `undefined` when no other is left
 */
export type Choose<M extends Candidate> = (asked: Asked, excluded: readonly Load[]) => M | undefined

/** @param members at least one; they never change, but for the calls that are under way */
export type Balancing = <M extends Candidate>(members: readonly M[]) => Choose<M>
