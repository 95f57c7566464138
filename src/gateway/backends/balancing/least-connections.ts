/**
 * Weighted least connections: the member with the fewest calls under way for its weight. Those that are equal take turns
 * by weight, so that calls which come one after the other are shared too.
 */
import type { Balancing } from './balancer.js'
import { Turns } from './weighted-round-robin.js'

export const leastConnections: Balancing = (members) => {
  const turns = new Turns(members)
  return (_, excluded) => {
    let active = Infinity
    let weight = 1
    for (const member of members) {
      // Compared without dividing: quotients that are equal must be found equal.
      if (member.load.active * weight < active * member.weight && !excluded.includes(member.load)) {
        active = member.load.active
        weight = member.weight
      }
    }
    if (active === Infinity) return undefined
    return turns.next(({ load, weight: own }) => load.active * weight === active * own && !excluded.includes(load))
  }
}
