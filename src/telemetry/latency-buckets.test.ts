import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countLatency, emptyBuckets, LATENCY_BOUNDS } from './latency-buckets.js'

test('a latency is counted once, where the first bound is that is not below it', () => {
  const latency = fc.oneof(fc.double({ min: 0, max: 1e9, noNaN: true }), fc.constantFrom(...LATENCY_BOUNDS))
  fc.assert(
    fc.property(latency, (ms) => {
      const buckets = emptyBuckets()
      countLatency(buckets, ms)
      const expected = [...LATENCY_BOUNDS, Infinity].findIndex((bound) => ms <= bound)
      expect(buckets).toEqual(emptyBuckets().map((_, index) => (index === expected ? 1 : 0)))
    }),
  )
})

test('bounds ascend, and counts of nothing are not shared', () => {
  expect([...LATENCY_BOUNDS].sort((a, b) => a - b)).toEqual(LATENCY_BOUNDS)
  countLatency(emptyBuckets(), 1)
  expect(emptyBuckets().every((count) => count === 0)).toBe(true)
})
