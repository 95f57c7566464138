/**
 * Smooth weighted round robin: in each turn everybody gains their weight, the richest is chosen and pays the sum of all
 * weights. Over a cycle shares are exact, and the heavy ones are spread over it, not called in a row.
 */
import type { Balancing, Candidate } from './balancer.js'

export const weightedRoundRobin: Balancing = (members) => {
  const turns = new Turns(members)
  return (_, excluded) =>
    excluded.length === 0 ? turns.next(everyone) : turns.next(({ load }) => !excluded.includes(load))
}

const LONGEST_START = 1_000
const everyone = (): boolean => true

/** The turns of some members, of which not all need to take part each time. */
export class Turns<M extends Candidate> {
  readonly #credit: number[]

  constructor(private readonly members: readonly M[]) {
    this.#credit = members.map(() => 0)
    // Processes that begin at the same moment, as they do after each change, shall not all begin with the same member.
    const cycle = members.reduce((sum, { weight }) => sum + weight, 0)
    for (let turn = Math.floor(Math.random() * Math.min(cycle, LONGEST_START)); turn > 0; turn--) this.next(everyone)
  }

  next(takesPart: (member: M) => boolean): M | undefined {
    const credit = this.#credit
    let chosen = -1
    let total = 0
    for (let i = 0; i < this.members.length; i++) {
      const member = this.members[i] as M
      if (!takesPart(member)) continue
      total += member.weight
      credit[i] = (credit[i] ?? 0) + member.weight
      if (chosen === -1 || (credit[i] ?? 0) > (credit[chosen] ?? 0)) chosen = i
    }
    if (chosen === -1) return undefined
    credit[chosen] = (credit[chosen] ?? 0) - total
    return this.members[chosen]
  }
}
