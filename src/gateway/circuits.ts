/**
 * Circuit breakers' counts (policies.md §7): windows that begin with their first call, and the time for which a circuit
 * is open once there were too many unhealthy calls. Then it is closed, and counts anew: nothing is in between.
 *
 * Each process of a node counts for itself, as it does with the health of members: that a backend fails shows
 * everywhere that it is called, and a process that has not seen it fail has no reason to refuse.
 */

export interface CircuitPolicy {
  /** What opens it: so many unhealthy calls, at once; or their share of so many calls at least, when the window ends. */
  readonly opens: { readonly unhealthy: number } | { readonly calls: number; readonly percentage: number }
  /** Milliseconds. */
  readonly window: number
  /** Milliseconds. */
  readonly openFor: number
}

/** All times are in milliseconds of one clock that never goes back. */
export class Circuit {
  #windowEnd = -Infinity
  #calls = 0
  #unhealthy = 0
  #openUntil = -Infinity

  constructor(readonly policy: CircuitPolicy) {}

  isOpen(now: number): boolean {
    this.#endWindow(now)
    return now < this.#openUntil
  }

  /** Counts a call that has ended. What ends while the circuit is open began before, and counts for nothing. */
  record(isUnhealthy: boolean, now: number): void {
    if (this.isOpen(now)) return
    if (this.#calls === 0) this.#windowEnd = now + this.policy.window
    this.#calls++
    if (isUnhealthy) this.#unhealthy++
    const { opens } = this.policy
    if ('unhealthy' in opens && this.#unhealthy >= opens.unhealthy) this.#open(now)
  }

  #endWindow(now: number): void {
    if (this.#calls === 0 || now < this.#windowEnd) return
    const { opens } = this.policy
    const isOver =
      'percentage' in opens && this.#calls >= opens.calls && this.#unhealthy * 100 >= opens.percentage * this.#calls
    // It opens when the window ends, whenever somebody asks.
    if (isOver) this.#open(this.#windowEnd)
    else this.#calls = this.#unhealthy = 0
  }

  #open(at: number): void {
    this.#openUntil = at + this.policy.openFor
    this.#calls = this.#unhealthy = 0
  }
}

/** Circuits of a process. They outlive the routes that use them, which are compiled anew when something changes. */
export class Circuits {
  readonly #known = new Map<string, Map<string, Map<string, Circuit>>>()

  /** @param now milliseconds of a clock that never goes back */
  constructor(readonly now: () => number = () => performance.now()) {}

  /**
   * @param subject what it counts for
   * @param name of the condition, unique within the plug-in. A circuit whose policy has changed begins anew.
   */
  of(pluginId: string, subject: string, name: string, policy: CircuitPolicy): Circuit {
    const ofPlugin = inMap(this.#known, pluginId, () => new Map<string, Map<string, Circuit>>())
    const ofSubject = inMap(ofPlugin, subject, () => new Map<string, Circuit>())
    const known = ofSubject.get(name)
    if (known !== undefined && JSON.stringify(known.policy) === JSON.stringify(policy)) return known
    const circuit = new Circuit(policy)
    ofSubject.set(name, circuit)
    return circuit
  }

  /** Each once for every plug-in and subject: open where any of its conditions has opened it. */
  states(): { readonly pluginId: string; readonly subject: string; readonly isOpen: boolean }[] {
    const now = this.now()
    return Array.from(this.#known, ([pluginId, subjects]) =>
      Array.from(subjects, ([subject, circuits]) => ({
        ...{ pluginId, subject },
        isOpen: [...circuits.values()].some((circuit) => circuit.isOpen(now)),
      })),
    ).flat()
  }

  /** Forgets those of a plug-in, or of one subject. */
  remove(pluginId: string, subject?: string): void {
    if (subject === undefined) this.#known.delete(pluginId)
    else this.#known.get(pluginId)?.delete(subject)
  }
}

function inMap<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
