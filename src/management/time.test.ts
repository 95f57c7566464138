import { expect, test } from 'vitest'
import { plainTime, readTime, writtenTime } from './time.js'

const moment = Date.UTC(2020, 6, 31, 20, 42, 51, 314)

test('one moment, as it is written by a change, read later, and printed without a zone', () => {
  expect(writtenTime(moment)).toBe('2020-07-31T20:42:51.314Z')
  expect(readTime(moment)).toBe('2020-07-31T20:42:51Z')
  expect(plainTime(moment)).toBe('2020-07-31 20:42:51')
})
