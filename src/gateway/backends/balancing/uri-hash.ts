/** Hash of the backend request's path: a resource stays with its member. All weights count as 1 (backends.md §3.1). */
import type { Balancing } from './balancer.js'
import { hashOf, winner } from './rendezvous.js'

export const uriHash: Balancing = (members) => {
  return ({ path }, excluded) => winner(members, hashOf(path), false, excluded)
}
