import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Match, placeholdersOf, RouteTree, type Matchable } from './tree.js'

function api(spec: string): Matchable {
  const [method = '', path = '', mode = 'NORMAL'] = spec.split(' ')
  return { apiId: spec, method, path, prefix: mode === 'SWA' }
}

function find(specs: readonly string[], request: string) {
  const tree = new RouteTree<Matchable>()
  for (const spec of specs) tree.insert(api(spec))
  const [method = '', path = ''] = request.split(' ')
  const match = new Match()
  const found = tree.find(path, method, match)
  return { found: found?.apiId, values: match.values, segments: match.segments, pathMatched: match.pathMatched }
}

describe('routing.md §5', () => {
  test.each([
    // Published APIs, the request, and the API that gets it.
    [['GET /a/b/c', 'GET /a/b SWA', 'GET /a SWA'], 'GET /a/b/c', 'GET /a/b/c'],
    [['GET /a/b/c', 'GET /a/b SWA', 'GET /a SWA'], 'GET /a/b/d', 'GET /a/b SWA'],
    [['GET /a/b/c', 'GET /a/b SWA', 'GET /a SWA'], 'GET /a/x', 'GET /a SWA'],
    [['GET /test/AA SWA'], 'GET /test/AACC', undefined],
    [['GET /test/AA SWA'], 'GET /test/AA', 'GET /test/AA SWA'],
    [['GET / SWA'], 'GET /anything/at/all', 'GET / SWA'],
    [['GET / SWA'], 'GET /', 'GET / SWA'],
    [['GET /prefix/ SWA'], 'GET /prefix/x', 'GET /prefix/ SWA'],
    [['GET /prefix/ SWA'], 'GET /prefix', 'GET /prefix/ SWA'],
    [['GET /prefix/ SWA', 'GET /prefix SWA'], 'GET /prefix/x', 'GET /prefix/ SWA'],
    [['GET /test'], 'GET /test/', undefined],
    [['GET /test/'], 'GET /test', undefined],
    [['GET /a/b'], 'GET /A/b', undefined],
    [['GET /a/{x}/c SWA', 'GET /a/b SWA'], 'GET /a/b/c/d', 'GET /a/{x}/c SWA'],
    [['GET /a/{x} SWA', 'GET /a/b SWA'], 'GET /a/b/c', 'GET /a/b SWA'],
    [['GET /{x}/c', 'GET /a/{y}'], 'GET /a/c', 'GET /a/{y}'],
    [['GET /a/b/d', 'GET /a/{x}/c'], 'GET /a/b/c', 'GET /a/{x}/c'],
    [['GET /{p+}', 'GET /{x}/b'], 'GET /a/b', 'GET /{x}/b'],
    [['GET /{x}'], 'GET /', undefined],
    [['GET /a/{p+}'], 'GET /a', undefined],
    [['GET /a/{p+}'], 'GET /a/', undefined],
    [['GET /a/{p+}', 'GET /a SWA'], 'GET /a/b/c', 'GET /a/{p+}'],
    [['ANY /a', 'GET /a'], 'GET /a', 'GET /a'],
    [['ANY /a', 'GET /a'], 'PUT /a', 'ANY /a'],
    [['GET /a'], 'HEAD /a', undefined],
    // The method counts after the path: the next best path that has it gets the request.
    [['GET /a/b', 'POST /a/{x}'], 'POST /a/b', 'POST /a/{x}'],
    [['GET /a/b', 'POST /a SWA'], 'POST /a/b', 'POST /a SWA'],
    [['GET /a/b SWA', 'POST /a SWA'], 'POST /a/b/c', 'POST /a SWA'],
    [['ANY /a/{x}', 'GET /{y}/b'], 'GET /a/b', 'ANY /a/{x}'],
  ] as const)('%j: %s is for %s', (specs, request, expected) => {
    expect(find(specs, request).found).toBe(expected)
  })

  test('placeholders hold their segments, and {x+} what is left', () => {
    expect(find(['GET /users/{id}/files/{path+}'], 'GET /users/7/files/a/b').values).toEqual(['7', 'a/b'])
    expect(placeholdersOf('/users/{id}/files/{path+}')).toEqual(['id', 'path'])
  })

  test('a way that turned out wrong leaves no values behind', () => {
    expect(find(['GET /{a}/x/{b}/y', 'GET /{c}/{d}/{e}/z'], 'GET /1/x/3/z').values).toEqual(['1', 'x', '3'])
  })

  test('a path without an API for the method is told from no path at all', () => {
    expect(find(['GET /a'], 'POST /a').pathMatched).toBe(true)
    expect(find(['GET /a'], 'POST /b').pathMatched).toBe(false)
  })

  test('what was removed is not found, and what is left is', () => {
    const tree = new RouteTree<Matchable>()
    const [one, other] = [api('GET /a/{x}'), api('GET /a/{y}')]
    tree.insert(other)
    tree.insert(one)
    expect(tree.find('/a/1', 'GET', new Match())).toBe(one)
    tree.remove(one)
    expect(tree.find('/a/1', 'GET', new Match())).toBe(other)
    tree.remove(other)
    const match = new Match()
    expect(tree.find('/a/1', 'GET', match)).toBeUndefined()
    expect([match.pathMatched, tree.size]).toEqual([false, 0])
  })
})

describe('the tree and a list that is searched from end to end agree', () => {
  const segment = fc.constantFrom('a', 'b', '{x}')
  const path = fc
    .tuple(fc.array(segment, { maxLength: 3 }), fc.constantFrom('', '', '/', '/{rest+}'))
    .map(([segments, end]) => segments.map((one) => `/${one}`).join('') + end || '/')
  const published = fc
    .record({ path, method: fc.constantFrom('GET', 'POST', 'ANY'), prefix: fc.boolean() })
    .map(({ path, method, prefix }) => {
      const whole = prefix ? path.replace('{rest+}', 'a') : path
      return { path: whole, method, prefix, apiId: `${method} ${whole} ${prefix ? 'SWA' : 'NORMAL'}` }
    })
  const requested = fc
    .tuple(fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 4 }), fc.constantFrom('', '/'))
    .map(([segments, end]) => segments.map((one) => `/${one}`).join('') + end || '/')

  test('for any set of APIs and any request', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(published, { selector: (one) => one.apiId, maxLength: 8 }),
        requested,
        fc.constantFrom('GET', 'POST', 'PUT'),
        (apis, path, method) => {
          const tree = new RouteTree<Matchable>()
          for (const one of apis) tree.insert(one)
          const match = new Match()
          const found = tree.find(path, method, match)
          const expected = reference(apis, path, method)
          expect([found?.apiId, match.pathMatched]).toEqual([expected.found?.apiId, expected.pathMatched])
        },
      ),
      { numRuns: 3000 },
    )
  })

  test('also after some of them were removed', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(published, { selector: (one) => one.apiId, maxLength: 8 }),
        fc.integer({ min: 0, max: 8 }),
        requested,
        (apis, count, path) => {
          const tree = new RouteTree<Matchable>()
          for (const one of apis) tree.insert(one)
          for (const one of apis.slice(0, count)) tree.remove(one)
          const found = tree.find(path, 'GET', new Match())
          expect(found?.apiId).toBe(reference(apis.slice(count), path, 'GET').found?.apiId)
        },
      ),
      { numRuns: 1000 },
    )
  })
})

/** routing.md §5, word by word: all APIs whose path matches, best path first; the first path that has the method. */
function reference(apis: readonly Matchable[], path: string, method: string) {
  const matching = apis.filter((one) => pattern(one).test(path))
  const ranked = [...new Set(matching.map(rank))].sort()
  for (const best of ranked) {
    const same = matching.filter((one) => rank(one) === best).sort((a, b) => (a.apiId < b.apiId ? -1 : 1))
    const found = same.find((one) => one.method === method) ?? same.find((one) => one.method === 'ANY')
    if (found !== undefined) return { found, pathMatched: true }
  }
  return { found: undefined, pathMatched: matching.length > 0 }
}

function pattern({ path, prefix }: Matchable): RegExp {
  const body = path.replace(/\{\w+\+\}/g, '.+').replace(/\{\w+\}/g, '[^/]+')
  if (!prefix) return new RegExp(`^${body}$`)
  return new RegExp(`^${body.replace(/\/$/, '')}(?:/.*)?$`)
}

/** Sorts as the specification prefers: whole paths, then longer prefixes; literal before `{x}` before `{x+}`. */
function rank({ path, prefix }: Matchable): string {
  const classes = path.split('/').map((one) => (one.endsWith('+}') ? '2' : one.endsWith('}') ? '1' : `0${one}`))
  const length = 2 * path.split('/').length - (path.endsWith('/') ? 1 : 0)
  return `${prefix ? `1 ${String(99 - length)}` : '0'} ${classes.join('/')}`
}
