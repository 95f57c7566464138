import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchablePath, pathAfter } from './path.js'

test.each([
  ['/a/b', '/a/b'],
  ['/a%2Fb', '/a/b'],
  ['/%e4%bd%a0', '/\xe4\xbd\xa0'],
  ['/a%', undefined],
  ['/a%4', undefined],
  ['/a%zz', undefined],
  ['/a%4%34', undefined],
  ['/a/../b', undefined],
  ['/a/%2e%2E', undefined],
  ['/a%2f..%2fb', undefined],
  ['/./a', undefined],
  ['/a/.b/..c/d.', '/a/.b/..c/d.'],
  ['/a//b', '/a//b'],
  ['/%252e%252e/a', '/%2e%2e/a'],
])('%s is matched as %s', (sent, matched) => {
  expect(matchablePath(sent)).toBe(matched)
})

test.each([
  ['/test/AA/CC', 1, '/AA/CC'],
  ['/test', 1, ''],
  ['/test/', 1, '/'],
  ['/', 0, '/'],
  ['/x/y', 0, '/x/y'],
  ['/test%2Fa%20b', 1, '/a%20b'],
  ['/a%2fb%2Fc/d', 2, '/c/d'],
  ['/test//x', 1, '//x'],
])('%s after %i segments: %s', (path, segments, rest) => {
  expect(pathAfter(path, segments)).toBe(rest)
})

test('what follows a prefix is, decoded, what follows it in the decoded path', () => {
  const piece = fc.constantFrom('a', '%2F', '/', '%61', 'b')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.integer({ min: 0, max: 5 }), (pieces, segments) => {
      const path = '/' + pieces.join('')
      const rest = pathAfter(path, segments)
      const decoded = (matchablePath(path) ?? '').split('/').slice(segments + 1)
      expect(matchablePath(rest) ?? '').toBe(decoded.length === 0 ? '' : '/' + decoded.join('/'))
    }),
    { numRuns: 2000 },
  )
})
