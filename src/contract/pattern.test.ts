import { expect, test } from 'vitest'
import { compilePattern } from './pattern.js'

test.each([
  ['b', 'abc', true],
  ['^b', 'abc', false],
  ['^/v\\d+/(?:users|orders)\\b', '/v12/orders/1', true],
  ['(?i)^ÄPFEL$', 'äpfel', true],
  ['(?<=id=)\\d', 'id=1', true],
  ['.', '', false],
])('%s in %j: %s', (source, text, expected) => expect(compilePattern(source)?.(text)).toBe(expected))

test.each(['(', 'a{2000}', '(?=a)', '(a)\\1', '[z-a]'])('%s is no pattern', (source) => {
  expect(compilePattern(source)).toBeUndefined()
})

test.each([
  ['(a+)+$', 'a'.repeat(32_000) + 'b'],
  ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(32_000)],
  ['(x+x+)+y', 'x'.repeat(32_000)],
  ['(.*a.{20}){1,20}[0-9]', 'ab'.repeat(16_000)],
  ['(.{0,30}a){0,30}[0-9]$', 'ab'.repeat(16_000)],
  ['(?<=(?:a+)+)b', 'a'.repeat(32_000) + 'c'],
])('%s on a long text ends soon', (source, text) => {
  const matches = compilePattern(source)
  const before = process.cpuUsage()
  expect(matches?.(text)).toBe(false)
  const { user } = process.cpuUsage(before)
  // Backtracking would take years. Half a second is slow already, and is for a machine that does much else.
  expect(user).toBeLessThan(500_000)
})
