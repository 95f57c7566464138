/** What a reset changes: mostly nothing, for it comes when control was restarted, or lost sight of a gateway for long. */
import { isDeepStrictEqual } from 'node:util'
import { partKey, type Part, type PartKey, type Update } from './parts.js'

/** Milliseconds of work at a time; others get their turn in between. */
const SLICE = 4
/** Parts between two looks at the clock. */
const STRIDE = 64

/**
 * The update that leads from what is known to what the reset holds. Parts that are equal are not in it, so that what was
 * made of them stays. `known` must not change before the promise is fulfilled.
 */
export async function differenceTo(reset: Update, known: ReadonlyMap<PartKey, Part>): Promise<Update> {
  const put: Part[] = []
  const kept = new Set<PartKey>()
  const turns = new Turns()
  for (const part of reset.put) {
    if (turns.over()) await turns.next()
    const key = partKey(part)
    kept.add(key)
    if (!isDeepStrictEqual(known.get(key), part)) put.push(part)
  }
  const remove: PartKey[] = []
  for (const key of known.keys()) {
    if (turns.over()) await turns.next()
    if (!kept.has(key)) remove.push(key)
  }
  return { revision: reset.revision, reset: false, put, remove }
}

class Turns {
  #end = performance.now() + SLICE
  #count = 0

  over(): boolean {
    return ++this.#count % STRIDE === 0 && performance.now() > this.#end
  }

  async next(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.#end = performance.now() + SLICE
  }
}
