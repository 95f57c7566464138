/**
 * Rendezvous hashing: each member draws a lot for the key, and the best lot wins. Shares follow the weights, and when a
 * member comes or goes only the keys that it wins or won move.
 */
import type { Load } from '../../exchange.js'
import type { Candidate } from './balancer.js'

/** @param weighted false: all weights count as 1 */
export function winner<M extends Candidate>(
  members: readonly M[],
  key: number,
  weighted: boolean,
  excluded: readonly Load[],
): M | undefined {
  let best: M | undefined
  let least = Infinity
  for (const member of members) {
    // An exponential variable with the weight for a rate: the least of several is each one's in proportion to its rate.
    const lot = -Math.log((mixed(key ^ member.seed) + 0.5) / 2 ** 32)
    const score = weighted ? lot / member.weight : lot
    if (score < least && !excluded.includes(member.load)) {
      least = score
      best = member
    }
  }
  return best
}

/** 32 bits of a text, well spread (FNV-1a, finished). */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return mixed(hash)
}

/** Spreads each bit over all others (the finalizer of MurmurHash3). */
function mixed(bits: number): number {
  let hash = bits
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
