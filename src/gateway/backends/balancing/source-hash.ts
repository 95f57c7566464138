/** Hash of the caller's address: a caller stays with its member as long as that can be called. */
import type { Balancing } from './balancer.js'
import { hashOf, winner } from './rendezvous.js'

export const sourceHash: Balancing = (members) => {
  return ({ source }, excluded) => winner(members, hashOf(source), true, excluded)
}
