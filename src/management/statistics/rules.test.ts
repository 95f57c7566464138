import { expect, test } from 'vitest'
import { minutesOf, windowOf } from './rules.js'

test.each([
  ['1h', 60],
  ['60m', 60],
  ['30m', 30],
  ['1m', 1],
])('%s are %i minutes', (duration, minutes) => {
  expect(minutesOf(duration)).toBe(minutes)
})

test.each(['61m', '2h', '0m', '2d', '1', 'h', '-1m', '1.5h', '01m', '', '9'.repeat(400) + 'm'])(
  '%s is no duration',
  (duration) => {
    expect(() => minutesOf(duration)).toThrow(
      expect.objectContaining({
        code: 'APIG.2012',
        message: 'Invalid parameter value,parameterName:duration. Please refer to the support documentation',
      }),
    )
  },
)

test('the window ends with the running minute', () => {
  // The moment of the reference's example: its last minute, 1595576820, is running.
  expect(windowOf(1_595_576_879_999, 60)).toEqual({ from: 1_595_573_280, to: 1_595_576_820 })
  expect(windowOf(1_595_576_820_000, 1)).toEqual({ from: 1_595_576_820, to: 1_595_576_820 })
})
