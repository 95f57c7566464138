import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Counter } from './limiter.js'
import { LocalLimiter } from './local.js'

const perMinute = (key: string, limit: number): Counter => ({ key, limit, windowSeconds: 60 })

test('a window admits its limit and not one more; the next window starts afresh', () => {
  let now = 59_999
  const limiter = new LocalLimiter(() => now)
  const counter = perMinute('api', 3)
  const verdicts = Array.from({ length: 4 }, () => limiter.take([counter]).admitted)
  expect(verdicts).toEqual([true, true, true, false])
  now = 60_000
  expect(limiter.remaining(counter)).toBe(3)
  expect(limiter.take([counter])).toEqual({ admitted: true })
  expect(limiter.remaining(counter)).toBe(2)
})

test('a refused request consumes nothing, and hears which counter was the first to be exhausted', () => {
  const limiter = new LocalLimiter(() => 0)
  const [ip, app, api] = [perMinute('ip', 5), perMinute('app', 1), perMinute('api', 1)]
  limiter.take([app, api])
  expect(limiter.take([ip, app, api])).toEqual({ admitted: false, counter: 1 })
  expect(limiter.remaining(ip)).toBe(5)
})

test('a limit that changes within a window applies to what was already counted', () => {
  const limiter = new LocalLimiter(() => 0)
  for (let call = 0; call < 3; call++) limiter.take([perMinute('api', 3)])
  expect(limiter.take([perMinute('api', 4)])).toEqual({ admitted: true })
  expect(limiter.take([perMinute('api', 2)])).toEqual({ admitted: false, counter: 0 })
  expect(limiter.remaining(perMinute('api', 2))).toBe(0)
})

test('a limit of 0 admits nothing', () => {
  expect(new LocalLimiter(() => 0).take([perMinute('api', 0)]).admitted).toBe(false)
})

test('a clock that is set back across the start of a window does not make the window start again', () => {
  let now = 60_000
  const limiter = new LocalLimiter(() => now)
  const counter = perMinute('api', 1)
  limiter.take([counter])
  now = 59_000
  expect(limiter.take([counter]).admitted).toBe(false)
  now = 61_000
  expect(limiter.take([counter]).admitted).toBe(false)
})

test('agrees with a counter that remembers every call', () => {
  const call = fc.record({
    wait: fc.nat(1_500),
    counters: fc.subarray([0, 1, 2], { minLength: 1 }),
  })
  const shapes: readonly Counter[] = [
    { key: 'a', limit: 2, windowSeconds: 1 },
    { key: 'b', limit: 3, windowSeconds: 2 },
    { key: 'c', limit: 5, windowSeconds: 2 },
  ]
  fc.assert(
    fc.property(fc.array(call, { maxLength: 40 }), (calls) => {
      let now = 0
      const limiter = new LocalLimiter(() => now)
      const admitted: { readonly counter: Counter; readonly window: number }[] = []
      for (const { wait, counters } of calls) {
        now += wait
        const asked = shapes.filter((_, index) => counters.includes(index))
        const windowOf = ({ windowSeconds }: Counter) => Math.floor(now / 1000 / windowSeconds)
        const used = (counter: Counter) =>
          admitted.filter((entry) => entry.counter === counter && entry.window === windowOf(counter)).length
        const first = asked.findIndex((counter) => used(counter) >= counter.limit)
        expect(limiter.take(asked)).toEqual(first === -1 ? { admitted: true } : { admitted: false, counter: first })
        if (first === -1) admitted.push(...asked.map((counter) => ({ counter, window: windowOf(counter) })))
      }
    }),
  )
})
