import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ageOf, replyControl, requestControl } from './cache-control.js'

const NOW = Date.parse('Tue, 24 Nov 2026 12:00:00 GMT')
const read = (headers: Record<string, readonly string[]>) => replyControl((name) => headers[name] ?? [], NOW)
const control = (...lines: string[]) => read({ 'cache-control': lines })

test.each<[string[], boolean, number | undefined]>([
  [[], false, undefined],
  [['max-age=60'], false, 60],
  [['MAX-AGE="60" , public'], false, 60],
  [['max-age=60', 's-maxage=5'], false, 5],
  [['max-age=60, max-age=5'], false, 5],
  [['max-age=soon'], false, 0],
  [['max-age'], false, 0],
  [['max-age=-1'], false, 0],
  [['max-age=99999999999999999999'], false, 2_147_483_648],
  [['no-store'], true, undefined],
  [['public', 'no-cache="Set-Cookie"'], true, undefined],
  [['private, max-age=60'], true, 60],
  [['immutable, stale-while-revalidate=5'], false, undefined],
  [[', ,max-age=1,,'], false, 1],
  [['max-age=60; public'], true, undefined],
  [['"max-age=60'], true, undefined],
])('%j', (lines, forbidden, lifetime) => {
  expect(control(...lines)).toMatchObject({ forbidden, lifetime })
})

test.each<[string, string | undefined, number]>([
  ['Tue, 24 Nov 2026 12:01:00 GMT', undefined, 60],
  ['Tue, 24 Nov 2026 12:01:00 GMT', 'Tue, 24 Nov 2026 12:00:50 GMT', 10],
  ['Tue, 24 Nov 2026 11:00:00 GMT', undefined, 0],
  ['0', undefined, 0],
  ['tomorrow', undefined, 0],
])('Expires: %s, sent at %s', (expires, date, lifetime) => {
  expect(read({ expires: [expires], date: date === undefined ? [] : [date] }).lifetime).toBe(lifetime)
})

test('max-age counts before Expires', () => {
  expect(read({ 'cache-control': ['max-age=7'], expires: ['0'] }).lifetime).toBe(7)
})

test('requests', () => {
  expect(requestControl(['no-cache, max-age=5', 'min-fresh=3'], undefined)).toEqual({
    noStore: false,
    noCache: true,
    onlyIfCached: false,
    maxAge: 5,
    minFresh: 3,
  })
  expect(requestControl([], 'no-cache').noCache).toBe(true)
  expect(requestControl(['max-age=5'], 'no-cache').noCache).toBe(false)
})

test('whatever comes is read in linear time, and no time is negative or longer than it may be', () => {
  const piece = fc.constantFrom('max-age', 's-maxage', '=', '"', '\\', ',', ' ', '9', '-', 'no-store', 'x', '\t')
  const text = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(fc.array(text, { maxLength: 3 }), (lines) => {
      const { lifetime = 0 } = control(...lines)
      expect(lifetime).toBeGreaterThanOrEqual(0)
      expect(lifetime).toBeLessThanOrEqual(2_147_483_648)
      const { maxAge = 0, minFresh = 0 } = requestControl(lines, lines[0])
      expect(
        Math.min(
          maxAge,
          minFresh,
          ageOf(() => lines),
        ),
      ).toBeGreaterThanOrEqual(0)
    }),
  )
  const started = performance.now()
  control(`"${'\\"'.repeat(50_000)}`)
  control(' ,'.repeat(50_000) + '"')
  expect(performance.now() - started).toBeLessThan(1_000)
})
