import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatSigningDate, isFresh, parseSigningDate } from './signing-date.js'

test('a moment survives being written and read', () => {
  const seconds = fc.integer({ min: 0, max: 253_402_300_799 })
  fc.assert(fc.property(seconds, (s) => parseSigningDate(formatSigningDate(s * 1000)) === s * 1000))
})

test('a text is of its own second', () => {
  const times = [0, 999, 1000, 999, 1_999, 2_000, 0]
  expect(times.map((time) => formatSigningDate(time).slice(-3, -1))).toEqual(['00', '00', '01', '00', '01', '02', '00'])
})

test.each(['20240229T235959Z', '20000229T000000Z'])('%s exists', (text) => {
  expect(formatSigningDate(parseSigningDate(text) ?? NaN)).toBe(text)
})

test.each([
  '',
  '20260131',
  '2026-01-31T10:15:00Z',
  '20260131t101500Z',
  '20260131T101500z',
  '20260131T101500+',
  ' 20260131T101500Z',
  '20260131T101500Z ',
  '20261301T000000Z',
  '20260001T000000Z',
  '20260100T000000Z',
  '20260132T000000Z',
  '20260229T000000Z',
  '21000229T000000Z',
  '20260431T000000Z',
  '20260131T240000Z',
  '20260131T006000Z',
  '20260131T000060Z',
  '2026013１T10150Z',
  '-0260131T101500Z',
  '2026 131T101500Z',
])('%j is no date', (text) => {
  expect(parseSigningDate(text)).toBeUndefined()
})

test.each([
  [0, true],
  [15 * 60_000, true],
  [-15 * 60_000, true],
  [15 * 60_000 + 1, false],
  [-15 * 60_000 - 1, false],
])('%i ms away: %s', (distance, fresh) => {
  expect(isFresh(1_000_000_000_000, 1_000_000_000_000 + distance)).toBe(fresh)
})
