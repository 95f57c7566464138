import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { expect, test } from 'vitest'
import { bindLightly } from './light-binding.js'

test('what is bound runs in the context of its resource, with the receiver and the arguments that it is given', () => {
  const original = Object.getOwnPropertyDescriptor(AsyncResource.prototype, 'bind')
  bindLightly()
  try {
    const storage = new AsyncLocalStorage<string>()
    const resource = storage.run('inside', () => new AsyncResource('test'))
    function told(this: unknown, first: number, second: number): unknown[] {
      return [storage.getStore(), this, first, second]
    }
    const bound = resource.bind(told)
    expect(storage.run('outside', () => Reflect.apply(bound, 'receiver', [1, 2]))).toEqual(['inside', 'receiver', 1, 2])
    expect(bound.length).toBe(2)
    expect(Object.hasOwn(bound, 'asyncResource')).toBe(false)
    const fixed = AsyncResource.bind(told, 'test', 'fixed')
    expect(Reflect.apply(fixed, 'receiver', [1, 2])).toEqual([undefined, 'fixed', 1, 2])
    expect(() => resource.bind(1 as never)).toThrow(TypeError)
  } finally {
    if (original !== undefined) Object.defineProperty(AsyncResource.prototype, 'bind', original)
  }
})
