/** Declared request parameters: backends.md §5 and its checks in §11, by number. */
import { expect, test } from 'vitest'
import { gateway } from '../../../test/gateway.js'
import type { ApiSpec } from '../../../test/parts.js'

test.each<[string, NonNullable<ApiSpec['req_params']>[number], string, string]>([
  ['backends.md 5: required, missing', { name: 'a', location: 'QUERY', required: true }, '', 'a is missing'],
  ['backends.md 5: required, empty', { name: 'a', location: 'QUERY', required: true }, 'a=', ''],
  [
    'backends.md 5: a number that is none',
    { name: 'a', location: 'QUERY', type: 'NUMBER', validate: true },
    'a=abc',
    'a is not a number',
  ],
  ['backends.md 5: a number that nobody validates', { name: 'a', location: 'QUERY', type: 'NUMBER' }, 'a=abc', ''],
  ['a decimal number', { name: 'a', location: 'QUERY', type: 'NUMBER', validate: true }, 'a=-1.50', ''],
  ['a number like 1e3', { name: 'a', location: 'QUERY', type: 'NUMBER', validate: true }, 'a=1e3', 'a is not a number'],
  [
    'below',
    { name: 'a', location: 'QUERY', type: 'NUMBER', validate: true, min_num: 2, max_num: 9 },
    'a=1',
    'a is less than 2',
  ],
  [
    'above',
    { name: 'a', location: 'QUERY', type: 'NUMBER', validate: true, min_num: 2, max_num: 9 },
    'a=10',
    'a is greater than 9',
  ],
  [
    'bounds that are all 0',
    { name: 'a', location: 'QUERY', type: 'NUMBER', validate: true, min_num: 0, max_num: 0, min_size: 0, max_size: 0 },
    'a=10',
    '',
  ],
  [
    'too short',
    { name: 'a', location: 'QUERY', validate: true, min_size: 2, max_size: 3 },
    'a=x',
    'a is shorter than 2',
  ],
  [
    'too long',
    { name: 'a', location: 'QUERY', validate: true, min_size: 2, max_size: 3 },
    'a=wxyz',
    'a is longer than 3',
  ],
  [
    'three characters of two octets',
    { name: 'a', location: 'QUERY', validate: true, max_size: 3 },
    'a=%C3%A9%C3%A9%C3%A9',
    '',
  ],
  ['listed', { name: 'a', location: 'QUERY', validate: true, enumerations: 'x,y' }, 'a=y', ''],
  [
    'not listed',
    { name: 'a', location: 'QUERY', validate: true, enumerations: 'x,y' },
    'a=z',
    'a is not one of the values that are allowed',
  ],
  ['malformed', { name: 'a', location: 'QUERY' }, 'a=%zz', 'a is not correctly percent-encoded'],
  [
    'a default is validated too',
    { name: 'a', location: 'QUERY', validate: true, enumerations: 'x', default_value: 'y' },
    '',
    'a is not one of the values that are allowed',
  ],
])('%s', async (_, parameter, query, fault) => {
  await using gw = await gateway({ api: { req_params: [parameter] } })
  const reply = await gw.get(`/orders?${query}`)
  if (fault === '') expect(reply.status).toBe(200)
  else {
    expect([reply.status, reply.json()]).toEqual([
      400,
      {
        error_code: 'APIG.0106',
        error_msg: `Orchestration error: ${fault}`,
        request_id: reply.headers['x-request-id'],
      },
    ])
    expect(gw.backend.requests).toHaveLength(0)
  }
})

test('a default counts as if it had been sent, wherever the parameter goes', async () => {
  const params = [{ location: 'HEADER', name: 'X-Size', origin: 'REQUEST', value: 'size' }] as const
  await using gw = await gateway({
    api: {
      req_params: [
        { name: 'size', location: 'QUERY', default_value: '10' },
        { name: 'page', location: 'QUERY', default_value: '1', pass_through: true },
        { name: 'X-Kind', location: 'HEADER', default_value: 'all', pass_through: true },
      ],
      backend: { params },
    },
  })
  await gw.get('/orders?other=1')
  await gw.get('/orders?size=20&page=3', { headers: { 'X-Kind': 'one' } })
  const seen = gw.backend.requests.map(({ target, headers }) => [target, headers['x-size'], headers['x-kind']])
  expect(seen).toEqual([
    ['/orders?other=1&page=1', '10', 'all'],
    ['/orders?page=3', '20', 'one'],
  ])
})
