/** Policy backends: backends.md §1 and its checks in §11, by number. */
import { expect, test } from 'vitest'
import { gateway } from '../../../test/gateway.js'
import { mockBackend } from '../../../test/parts.js'

const policies = (effect_mode: 'ALL' | 'ANY', ...values: [string, string][]) =>
  values.map(([source, a]) => ({
    name: `${source}-${a}`,
    effect_mode,
    conditions: [
      { origin: 'source', type: 'exact', value: source },
      { origin: 'param', type: 'exact', name: 'a', value: a },
    ] as const,
    backend: mockBackend({ result_content: `${source} ${a}` }),
  }))

test('6: the first policy whose conditions hold, else the default', async () => {
  await using gw = await gateway({
    api: {
      req_params: [{ name: 'a', location: 'QUERY' }],
      policies: policies('ANY', ['10.0.0.0/8', '7'], ['192.0.2.1,198.51.100.0/24', '1']),
      backend: mockBackend({ result_content: 'default' }),
    },
  })
  expect((await gw.get('/orders?a=1')).body).toBe('192.0.2.1,198.51.100.0/24 1')
  expect((await gw.get('/orders?a=7')).body).toBe('10.0.0.0/8 7')
  expect((await gw.get('/orders?a=2')).body).toBe('default')
  expect((await gw.get('/orders')).body).toBe('default')
})

test('7: ALL needs every condition', async () => {
  await using gw = await gateway({
    api: {
      req_params: [{ name: 'a', location: 'QUERY', default_value: '5' }],
      policies: policies('ALL', ['10.0.0.0/8', '1'], ['127.0.0.0/8', '5']),
      backend: mockBackend({ result_content: 'default' }),
    },
  })
  expect((await gw.get('/orders?a=1')).body).toBe('default')
  // A default value counts in conditions too.
  expect((await gw.get('/orders')).body).toBe('127.0.0.0/8 5')
})

test.each([
  ['enum', 'x,y', '/orders?a=y', true],
  ['enum', 'x,y', '/orders?a=x,y', false],
  ['pattern', '^ab+$', '/orders?a=abb', true],
  ['pattern', 'b', '/orders?a=abc', true],
  ['pattern', '(', '/orders?a=(', false],
  ['pattern', '^é$', '/orders?a=%C3%A9', true],
] as const)('a condition %s %s on %s: %s', async (type, value, target, matches) => {
  const conditions = [{ origin: 'param', type, name: 'a', value }] as const
  await using gw = await gateway({
    api: {
      req_params: [{ name: 'a', location: 'QUERY' }],
      policies: [{ name: 'p', effect_mode: 'ANY', conditions, backend: mockBackend({ result_content: 'policy' }) }],
      backend: mockBackend({ result_content: 'default' }),
    },
  })
  expect((await gw.get(target)).body).toBe(matches ? 'policy' : 'default')
})

test('conditions on path and method', async () => {
  const policy = (name: string, value: string, text: string) => ({
    name: text,
    effect_mode: 'ANY' as const,
    conditions: [{ origin: 'system', type: 'exact', name, value }] as const,
    backend: mockBackend({ result_content: text }),
  })
  await using gw = await gateway({
    api: {
      req_uri: '/',
      req_method: 'ANY',
      match_mode: 'SWA',
      policies: [policy('req_path', '/a b', 'path'), policy('reqMethod', 'PUT', 'method')],
      backend: mockBackend({ result_content: 'default' }),
    },
  })
  expect((await gw.get('/a%20b?x')).body).toBe('path')
  expect((await gw.call('PUT', '/')).body).toBe('method')
  expect((await gw.get('/a')).body).toBe('default')
})
