/**
 * `node:http2` binds every request that it sends to an `AsyncResource`. What Node's own method binds has a deprecated
 * property besides, `asyncResource`, and its two accessors are functions with prototypes made for them: they survive
 * young collections, and a relayed call costs a quarter more CPU for what nobody reads. Here functions are bound without it.
 */
import { AsyncResource } from 'node:async_hooks'

type Bound = (this: unknown, ...args: readonly unknown[]) => unknown

function bind(this: AsyncResource, fn: Bound, thisArg?: unknown): Bound {
  if (typeof fn !== 'function') throw new TypeError('only functions can be bound')
  const run = (self: unknown, args: readonly unknown[]): unknown => this.runInAsyncScope(fn, self, ...args)
  const bound: Bound =
    thisArg === undefined
      ? function (...args) {
          return run(this, args)
        }
      : (...args) => run(thisArg, args)
  return Object.defineProperty(bound, 'length', { value: fn.length, configurable: true })
}

/** For the whole process, once. */
export function bindLightly(): void {
  Object.defineProperty(AsyncResource.prototype, 'bind', { value: bind, writable: true, configurable: true })
}
