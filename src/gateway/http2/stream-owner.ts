/**
 * Who hears of a stream's events. Listeners are the same functions for all streams, and a stream that has closed knows
 * nobody any more: Node keeps it for a while, and whatever it led to would outlive young collections with it.
 */
const OWNER = Symbol('owner')

export interface OwnedStream<Owner> {
  [OWNER]?: Owner | undefined
}

export function setOwner<Owner>(stream: OwnedStream<Owner>, owner: Owner): void {
  stream[OWNER] = owner
}

/** A listener that passes what it is told to the owner of the stream that tells it. */
export function listener<Owner, Told extends readonly unknown[]>(
  hear: (owner: Owner, ...told: Told) => void,
): (this: OwnedStream<Owner>, ...told: Told) => void {
  return function (...told) {
    const owner = this[OWNER]
    if (owner !== undefined) hear(owner, ...told)
  }
}

/** The one for `close`, after which there is nothing to tell. */
export function closeListener<Owner>(hear: (owner: Owner) => void): (this: OwnedStream<Owner>) => void {
  return function () {
    const owner = this[OWNER]
    this[OWNER] = undefined
    if (owner !== undefined) hear(owner)
  }
}
