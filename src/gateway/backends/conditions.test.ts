/** Policy backends: backends.md §1 and its checks in §11, by number. */
import { expect, test } from 'vitest'
import { anExchange } from '../../../test/exchange.js'
import { gateway } from '../../../test/gateway.js'
import { instancePart, mockBackend } from '../../../test/parts.js'
import { defaultFeatures } from '../features.js'
import { compileConditions } from './conditions.js'

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

test('backends.md 6: the first policy whose conditions hold, else the default', async () => {
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

test('backends.md 7: ALL needs every condition', async () => {
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

test('a path that is compared is decoded, unless the feature api_uri_no_escape leaves it as it was sent', async () => {
  const conditions = [{ origin: 'system', type: 'exact', name: 'req_path', value: '/a b' }] as const
  await using gw = await gateway({
    api: {
      req_uri: '/{x}',
      policies: [{ name: 'p', effect_mode: 'ANY', conditions, backend: mockBackend({ result_content: 'decoded' }) }],
      backend: mockBackend({ result_content: 'as sent' }),
    },
  })
  expect((await gw.get('/a%20b')).body).toBe('decoded')
  const features = { api_uri_no_escape: { enable: true, config: 'on' } }
  await gw.apply({ revision: 2, reset: false, put: [instancePart({ features })], remove: [] })
  expect((await gw.get('/a%20b')).body).toBe('as sent')
})

test.each([
  ['10.0.0.0/8, 192.0.2.7', '192.0.2.7', true],
  ['10.0.0.0/8', '::ffff:10.1.2.3', true],
  ['10.0.0.5-10.0.1.5', '10.0.0.255', true],
  ['2001:db8::/32', '2001:db8::1', true],
  ['10.0.0.0/8', '11.0.0.0', false],
  ['0.0.0.0/0', 'unknown', false],
  // A list with an entry that is none matches nobody.
  ['10.0.0.1,10.0.0.9-10.0.0.2', '10.0.0.1', false],
  ['10.0.0.1,x', '10.0.0.1', false],
  ['', '10.0.0.1', false],
])('a source among %s: %s: %s', (value, from, expected) => {
  const conditions = [{ origin: 'source', type: 'exact', value }] as const
  const policy = { name: 'p', effect_mode: 'ALL', conditions, backend: mockBackend() } as const
  expect(compileConditions(policy, [], defaultFeatures)(anExchange({ from }), [])).toBe(expected)
})

test.each([
  ['$context.authorizer.frontend.role', 'admin', true],
  ['$context.authorizer.frontend.role', 'user', false],
  ['$context.authorizer.frontend.other', 'admin', false],
])('what a frontend authorizer said: %s is %s: %s', (name, value, expected) => {
  const conditions = [{ origin: 'frontend_authorizer', type: 'exact', name, value }] as const
  const policy = { name: 'p', effect_mode: 'ALL', conditions, backend: mockBackend() } as const
  const matches = compileConditions(policy, [], defaultFeatures)
  const exchange = anExchange()
  expect(matches(exchange, [])).toBe(false)
  exchange.frontendContext = new Map([['role', 'admin']])
  expect(matches(exchange, [])).toBe(expected)
})

test('a pattern that would make another engine hang costs a caller nothing', async () => {
  const conditions = [{ origin: 'param', type: 'pattern', name: 'a', value: '^(([a-z])+.)+[A-Z]([a-z])+$' }] as const
  await using gw = await gateway({
    api: {
      req_params: [{ name: 'a', location: 'HEADER' }],
      policies: [{ name: 'p', effect_mode: 'ANY', conditions, backend: mockBackend({ result_content: 'policy' }) }],
      backend: mockBackend({ result_content: 'default' }),
    },
  })
  const before = process.cpuUsage()
  expect((await gw.get('/orders', { headers: { a: 'a'.repeat(8_000) } })).body).toBe('default')
  expect(process.cpuUsage(before).user).toBeLessThan(500_000)
})
