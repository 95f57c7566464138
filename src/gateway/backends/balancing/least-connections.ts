/**
 * Weighted least connections: who carries more for its weight than another one would with this call is passed over, and
 * the others take turns by weight. With equal weights these are the members with the fewest calls under way. The least
 * quotient alone would favour light members, which are idle more often: of 10,000 calls to weights 5, 3, 1 and 1, 32 at
 * a time, the light ones got 12 % each instead of 10 % (test/measure/balancing.test.ts).
 */
import type { Balancing } from './balancer.js'
import { Turns } from './weighted-round-robin.js'

export const leastConnections: Balancing = (members) => {
  const turns = new Turns(members)
  return (_, excluded) => {
    // The least of (active + 1) / weight, compared without dividing: quotients that are equal must be found equal.
    let calls = Infinity
    let share = 1
    for (const { load, weight } of members) {
      if ((load.active + 1) * share < calls * weight && !excluded.includes(load)) {
        calls = load.active + 1
        share = weight
      }
    }
    return turns.next(({ load, weight }) => load.active * share < calls * weight && !excluded.includes(load))
  }
}
