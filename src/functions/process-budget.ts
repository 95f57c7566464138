/** How many processes of functions a gateway process may have, and who gets the next one. */

export interface ProcessOwner {
  /** Ends one that has nothing to do. False: there is none. */
  endIdle(): boolean
  /** There may be one now. */
  mayStart(): void
}

export class ProcessBudget {
  #used = 0
  /** In the order in which they asked. */
  readonly #waiting = new Set<ProcessOwner>()
  /** In the order of their last start. */
  readonly #owners = new Set<ProcessOwner>()

  constructor(private readonly most: number) {}

  /** False: `mayStart` will follow when it makes sense to ask again. */
  take(owner: ProcessOwner): boolean {
    if (this.#used >= this.most && !this.#endOther(owner)) {
      this.#waiting.add(owner)
      return false
    }
    this.#waiting.delete(owner)
    this.#owners.delete(owner)
    this.#owners.add(owner)
    this.#used++
    return true
  }

  /** A process has ended. */
  release(): void {
    this.#used--
    this.next()
  }

  /** A process has ended, or has nothing to do: somebody else may use its place. */
  next(): void {
    const [owner] = this.#waiting
    if (owner === undefined) return
    this.#waiting.delete(owner)
    owner.mayStart()
  }

  #endOther(owner: ProcessOwner): boolean {
    for (const other of this.#owners) if (other !== owner && other.endIdle()) return this.#used < this.most
    return false
  }
}
