/** Parameters in cookies, and conditions on them: backends.md §1.1, §4.3. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anExchange } from '../../../test/exchange.js'
import { gateway } from '../../../test/gateway.js'
import { instancePart, mockBackend } from '../../../test/parts.js'
import { cookiesExcept, cookieValue } from './cookies.js'

test.each([
  ['a=1; b=2', 'b', '2'],
  ['a=1;b=2', 'b', '2'],
  ['ab=1; b=2', 'b', '2'],
  ['b=1; b=2', 'b', '1'],
  ['B=1', 'b', undefined],
  ['b', 'b', undefined],
  ['b=', 'b', ''],
  ['b=x=y; c=', 'b', 'x=y'],
  [' \tb=1 ; c=2', 'b', '1'],
  [';;; b=1', 'b', '1'],
  ['b=\xc3\xa0 ', 'b', '\xc3\xa0'],
  ['a=b=1', 'b', undefined],
  ['', 'b', undefined],
])('of %j the cookie %s is %s', (cookie, name, expected) => {
  expect(cookieValue(anExchange({ headers: { cookie } }).head, name)).toBe(expected)
})

test('whatever a caller sends, a cookie is found where splitting the header finds it, and is gone once it is taken out', () => {
  const piece = fc.string({ unit: fc.constantFrom('a', 'b', '=', ';', ' ', '\t', ',', '"', '\xa0'), maxLength: 12 })
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const cookie = pieces.join('; ')
      const { head } = anExchange({ headers: { cookie } })
      const pairs = cookie.split(';').map((pair) => pair.replace(/^[ \t]+/, ''))
      const first = pairs.find((pair) => pair.startsWith('a='))
      expect(cookieValue(head, 'a')).toBe(first?.slice(2).replace(/^[ \t]+|[ \t]+$/g, ''))
      const left = cookiesExcept(head, new Set(['a']))
      expect(cookieValue(anExchange({ headers: { cookie: left } }).head, 'a')).toBeUndefined()
    }),
  )
})

test('what is left without some cookies', () => {
  const { head } = anExchange({ headers: { cookie: 'a=1; b=2;c ; b=3; d=4=5' } })
  expect(cookiesExcept(head, new Set(['b']))).toBe('a=1; c; d=4=5')
  expect(cookiesExcept(head, new Set(['a', 'b', 'c', 'd']))).toBe('')
})

test('a cookie is read, validated and mapped; it goes on only where it may pass', async () => {
  await using gw = await gateway({
    api: {
      req_params: [
        { name: 'user', location: 'COOKIE', type: 'NUMBER', validate: true, required: true },
        { name: 'theme', location: 'COOKIE', pass_through: true, default_value: 'dark' },
      ],
      backend: { params: [{ name: 'X-User', location: 'HEADER', origin: 'REQUEST', value: 'user' }] },
    },
  })
  expect((await gw.get('/orders')).code).toBe('APIG.0106')
  expect((await gw.get('/orders', { headers: { cookie: 'user=alice' } })).code).toBe('APIG.0106')
  await gw.get('/orders', { headers: { cookie: 'sid=1; user=7; theme=light' } })
  await gw.get('/orders', { headers: { cookie: 'user=8' } })
  expect(gw.backend.requests.map(({ headers }) => [headers['x-user'], headers.cookie])).toEqual([
    ['7', 'sid=1; theme=light'],
    ['8', 'theme=dark'],
  ])
})

test('cookies that nobody declares go on as they came', async () => {
  await using gw = await gateway({ api: { req_params: [{ name: 'a', location: 'COOKIE', pass_through: true }] } })
  await gw.get('/orders', { headers: { cookie: 'a=1;;b' } })
  expect(gw.backend.only.headers.cookie).toBe('a=1;;b')
})

test('a condition on a cookie counts while the feature policy_cookie_param is on', async () => {
  const conditions = [{ origin: 'cookie', type: 'exact', name: 'version', value: 'beta' }] as const
  const api = {
    policies: [
      { name: 'p', effect_mode: 'ANY' as const, conditions, backend: mockBackend({ result_content: 'beta' }) },
    ],
    backend: mockBackend({ result_content: 'default' }),
  }
  await using gw = await gateway({ api })
  const answer = async (cookie: string) => (await gw.get('/orders', { headers: { cookie } })).body
  expect(await answer('version=beta')).toBe('default')
  const features = { policy_cookie_param: { enable: true, config: 'on' } }
  await gw.apply({ revision: 2, reset: false, put: [instancePart({ features })], remove: [] })
  expect(await answer('a=1; version=beta')).toBe('beta')
  expect(await answer('version=stable')).toBe('default')
  await gw.apply({
    revision: 3,
    reset: false,
    put: [instancePart({ features: { policy_cookie_param: { enable: true, config: 'off' } } })],
    remove: [],
  })
  expect(await answer('version=beta')).toBe('default')
})
