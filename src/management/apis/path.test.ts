import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backendPathIsValid, frontendPathIsValid, pathKey, placeholders } from './path.js'

test.each([
  ['/', 'NORMAL'],
  ['/a/{id}/b', 'NORMAL'],
  ['/a/{id}', 'SWA'],
  ['/files/{rest+}', 'NORMAL'],
  ["/a-b_c.d~!$&'()*+,;=:@/%7E", 'NORMAL'],
] as const)('%s is a front-end path (%s)', (path, mode) => {
  expect(() => frontendPathIsValid(path, mode)).not.toThrow()
})

test.each<[string, 'SWA' | 'NORMAL', string]>([
  ['', 'NORMAL', 'empty'],
  ['a', 'NORMAL', 'no slash in front'],
  ['/a?b=1', 'NORMAL', 'a query'],
  ['/a#b', 'NORMAL', 'a fragment'],
  ['/a b', 'NORMAL', 'a blank'],
  ['/ä', 'NORMAL', 'not ASCII'],
  ['/%zz', 'NORMAL', 'no percent-encoding'],
  ['/prefix-{id}', 'NORMAL', 'not a whole segment'],
  ['/{id}/{id}', 'NORMAL', 'the same name twice'],
  ['/{1d}', 'NORMAL', 'not a name'],
  ['/{}', 'NORMAL', 'no name'],
  ['/{id', 'NORMAL', 'an open brace'],
  ['/{a/b}', 'NORMAL', 'a brace over two segments'],
  ['/{rest+}/a', 'NORMAL', 'a rest that is not last'],
  ['/{rest+}', 'SWA', 'a rest in a prefix'],
])('%s is no front-end path (%s): %s', (path, mode) => {
  expect(() => frontendPathIsValid(path, mode)).toThrow(
    'Invalid parameter value,parameterName:req_uri. Please refer to the support documentation',
  )
})

test.each(['/', '/a/prefix-{id}', '/#base#/x', '#base#/x', '/{a}{b}'])('%s is a back-end path', (path) => {
  expect(() => backendPathIsValid(path)).not.toThrow()
})

test.each(['', 'a', '/a?b', '/{rest+}', '/{1}', '/#a', '/#ab#'])('%s is no back-end path', (path) => {
  expect(() => backendPathIsValid(path)).toThrow('req_uri')
})

test('the plus of a placeholder is not part of its name', () => {
  expect(placeholders('/a/{id}/{rest+}')).toEqual(['id', 'rest'])
})

test.each([
  ['/a/{x}', '/a/{y}'],
  ['/a/{x+}', '/a/{y+}'],
  ['/%61', '/a'],
  ['/aa%2Faa', '/aa/aa'],
  ['/%e4%b8%ad', '/%E4%B8%AD'],
  ['/%7bx%7d', '/%7Bx%7D'],
])('a caller cannot tell %s from %s', (one, other) => {
  expect(pathKey(one)).toBe(pathKey(other))
})

test.each([
  ['/a/{x}', '/a/x'],
  ['/a/{x}', '/a/{x+}'],
  ['/a', '/a/'],
  ['/a', '/A'],
  ['/%7Bx%7D', '/{x}'],
  ['/%2541', '/A'],
])('a caller can tell %s from %s', (one, other) => {
  expect(pathKey(one)).not.toBe(pathKey(other))
})

test('any text is judged, and any path that is accepted has a key', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('/', '{', '}', '+', '%', '2', 'F', 'a', 'ä', '#', '?') }), (path) => {
      let accepted = true
      try {
        frontendPathIsValid(path, 'NORMAL')
      } catch {
        accepted = false
      }
      expect(accepted).toBe(accepted && path.startsWith('/') && !/[?#ä]/.test(path))
      expect(typeof pathKey(path)).toBe('string')
    }),
  )
})
