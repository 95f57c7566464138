import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { retryAfter } from './http.js'

test.each([
  ['7', 7_000],
  ['600', 600_000],
  ['99999', 600_000],
  ['100000', undefined],
  ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
  ['-1', undefined],
  [undefined, undefined],
])('who says Retry-After: %s is left alone for %s ms', (value, expected) => {
  const response = new IncomingMessage(new Socket())
  if (value !== undefined) response.headers['retry-after'] = value
  expect(retryAfter(response)).toBe(expected)
})
