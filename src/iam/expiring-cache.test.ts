import { expect, test } from 'vitest'
import { ExpiringCache } from './expiring-cache.js'

const counter = () => {
  let loads = 0
  return { load: async () => ++loads }
}

test('what was found is kept for its time', async () => {
  const cache = new ExpiringCache<number>(100, 10)
  const { load } = counter()
  expect(await cache.get('a', 0, load)).toBe(1)
  expect(await cache.get('a', 99, load)).toBe(1)
  expect(await cache.get('a', 100, load)).toBe(2)
})

test('that nothing was found is not kept', async () => {
  const cache = new ExpiringCache<number>(100, 10)
  expect(await cache.get('a', 0, async () => undefined)).toBeUndefined()
  expect(await cache.get('a', 0, async () => 7)).toBe(7)
})

test('the oldest entry makes room', async () => {
  const cache = new ExpiringCache<number>(100, 2)
  const { load } = counter()
  for (const key of ['a', 'b', 'c']) await cache.get(key, 0, load)
  expect(await cache.get('c', 0, load)).toBe(3)
  expect(await cache.get('b', 0, load)).toBe(2)
  expect(await cache.get('a', 0, load)).toBe(4)
})

test('what is deleted while it is looked up does not come back', async () => {
  const cache = new ExpiringCache<number>(100, 10)
  const first = cache.get('a', 0, async () => {
    cache.delete('a')
    return 1
  })
  expect(await first).toBe(1)
  expect(await cache.get('a', 0, async () => 2)).toBe(2)
})
