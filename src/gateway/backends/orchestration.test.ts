/** Orchestration rules: backends.md §10 and its checks in §11, by number. */
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { gateway } from '../../../test/gateway.js'
import { mockBackend } from '../../../test/parts.js'
import type { OrchestrationEntry, OrchestrationRule, RequestParameter } from '../../snapshot/api-definition.js'
import { catalogue } from '../responses/catalogue.js'
import { compileOrchestration, type OrchestrationFault } from './orchestration.js'

type Strategy = OrchestrationRule['strategy']

const rule = (strategy: Strategy, ...map: Partial<OrchestrationEntry>[]): OrchestrationRule => ({
  strategy,
  is_preprocessing: false,
  mapped_param: { name: 'zone', location: 'HEADER' },
  map: map.map((entry) => ({ value: '', ...entry })),
})
const preprocessing = (strategy: Strategy, ...map: Partial<OrchestrationEntry>[]): OrchestrationRule => {
  const { mapped_param: _, ...rest } = rule(strategy, ...map)
  return { ...rest, is_preprocessing: true }
}

const list = rule('list', { list: ['a', 'b'], value: '1' }, { list: ['c', 'abc'], value: '2' })
const none = rule('none_value', { value: 'none' })
const otherwise = rule('default', { value: 'other' })

/** What rules make of a value, or the fault. */
function made(value: string | undefined, ...orchestrations: OrchestrationRule[]): string | undefined {
  const parameter: RequestParameter = {
    name: 'p',
    location: 'QUERY',
    type: 'STRING',
    required: false,
    validate: false,
    pass_through: false,
    orchestrations,
  }
  const values = compileOrchestration([parameter])?.([value])
  return typeof values === 'string' ? values : values?.[1]
}

test('backends.md 15: absent, listed, other; without a default 400', async () => {
  const chain = (...orchestrations: OrchestrationRule[]) => ({
    req_params: [{ name: 'p', location: 'QUERY' as const, orchestrations }],
  })
  await using gw = await gateway({
    api: [
      { id: 'a1', ...chain(none, list, otherwise) },
      { id: 'a2', req_uri: '/strict', ...chain(list) },
    ],
  })
  const zone = async (target: string) => {
    const { status, code } = await gw.get(target, { headers: { zone: 'forged' } })
    return code === undefined ? gw.backend.requests.at(-1)?.headers['zone'] : [status, code]
  }
  expect(await zone('/orders')).toBe('none')
  expect(await zone('/orders?p=')).toBe('none')
  expect(await zone('/orders?p=b')).toBe('1')
  expect(await zone('/orders?p=x')).toBe('other')
  expect(await zone('/strict?p=a')).toBe('1')
  expect(await zone('/strict?p=x')).toEqual([400, 'APIG.0106'])
  expect(await zone('/strict')).toEqual([400, 'APIG.0106'])
  const typeOf = (fault: string | undefined) => catalogue[fault as OrchestrationFault].type
  expect(typeOf(made('x', list))).toBe('ORCHESTRATION_FAILURE')
  expect(typeOf(made(undefined, list))).toBe('ORCHESTRATION_PARAMETER_NOT_FOUND')
})

test('backends.md 16: the first three characters, then the list', () => {
  expect(made('abcdef', preprocessing('head_n', { length: 3 }), list)).toBe('2')
  expect(made('abcdef', list, otherwise)).toBe('other')
})

const ranges = rule(
  'range',
  { range: ['10', '20'], value: 'low' },
  { range: ['15', '9223372036854775807'], value: 'high' },
)

describe('strategies', () => {
  test.each<[string, string, string | undefined, ...OrchestrationRule[]]>([
    ['inside a range, its ends too', '10', 'low', ranges],
    ['the first range that holds it', '20', 'low', ranges],
    ['above it', '21', 'high', ranges],
    ['zeros in front', '00015', 'low', ranges],
    ['the largest number', '9223372036854775807', 'high', ranges],
    ['beyond', '9223372036854775808', 'APIG.0106 unmatched', ranges],
    ['far beyond', '9'.repeat(10_000), 'APIG.0106 unmatched', ranges],
    ['zeros without end', `${'0'.repeat(10_000)}15`, 'low', ranges],
    ['below', '9', 'APIG.0106 unmatched', ranges],
    [
      'numbers that differ beyond 2^53',
      '9007199254740993',
      'b',
      rule(
        'range',
        { range: ['9007199254740992', '9007199254740992'], value: 'a' },
        { range: ['9007199254740993', '9007199254740993'], value: 'b' },
      ),
    ],
    ['no number', '1.5', 'other', ranges, otherwise],
    ['a negative number', '-15', 'other', ranges, otherwise],
    ['no number at all', '15a', 'other', ranges, otherwise],
    ['hash', 'alice', String(crc32('alice')), rule('hash')],
    ['hash of UTF-8', '\xc3\xa4', String(crc32('ä')), rule('hash')],
    ['hash in a range', 'alice', 'yes', rule('hash_range', { range: ['0', '4294967295'], value: 'yes' })],
    ['hash outside', 'alice', 'other', rule('hash_range', { range: ['0', '1'], value: 'yes' }), otherwise],
    ['head', 'abcdef', 'ab', rule('head_n', { length: 2 })],
    ['head of less', 'a', 'a', rule('head_n', { length: 2 })],
    ['head counts characters', '\xc3\xa4\xc3\xb6\xf0\x9f\x98\x80', '\xc3\xa4\xc3\xb6', rule('head_n', { length: 2 })],
    ['tail', 'abcdef', 'ef', rule('tail_n', { length: 2 })],
    ['tail of less', 'a', 'a', rule('tail_n', { length: 2 })],
    ['tail counts characters', '\xc3\xb6\xf0\x9f\x98\x80', '\xf0\x9f\x98\x80', rule('tail_n', { length: 1 })],
    [
      'hash first, then a range of it',
      'alice',
      'yes',
      preprocessing('hash'),
      rule('range', { range: ['0', '4294967295'], value: 'yes' }),
    ],
    [
      'a preprocessing rule that does not match changes nothing',
      'c',
      '2',
      preprocessing('list', { list: ['x'], value: 'a' }),
      list,
    ],
    ['one that does changes what is looked up', 'x', '1', preprocessing('list', { list: ['x'], value: 'a' }), list],
    ['the first rule that matches counts', 'a', '1', list, rule('list', { list: ['a'], value: '9' })],
    ['names of objects are no entries', '__proto__', 'APIG.0106 unmatched', list],
  ])('%s: %s', (_, value, expected, ...rules) => expect(made(value, ...rules)).toBe(expected))
})

test('what was made goes where its rule says and replaces what the caller sent there, and conditions compare it', async () => {
  const query = { ...list, mapped_param: { name: 'zone', location: 'QUERY' } } as const
  const header = { ...otherwise, mapped_param: { name: 'X-Zone', location: 'HEADER' } } as const
  const condition = (location: 'QUERY' | 'HEADER', name: string, value: string) =>
    ({ origin: 'orchestration', type: 'exact', name, location, value }) as const
  await using gw = await gateway({
    api: {
      req_params: [{ name: 'p', location: 'HEADER', default_value: 'a', orchestrations: [query, header] }],
      policies: [
        {
          name: 'two',
          effect_mode: 'ANY',
          conditions: [condition('QUERY', 'zone', '2')],
          backend: mockBackend({ result_content: 'two' }),
        },
        {
          name: 'none',
          effect_mode: 'ANY',
          conditions: [condition('HEADER', 'zone', '1')],
          backend: mockBackend({ result_content: 'never' }),
        },
      ],
    },
  })
  await gw.get('/orders?zone=forged&x=1')
  await gw.get('/orders?zone=forged', { headers: { p: 'x', 'x-zone': 'forged' } })
  expect(gw.backend.requests.map(({ target, headers }) => [target, headers['x-zone']])).toEqual([
    ['/orders?x=1&zone=1', undefined],
    ['/orders', 'other'],
  ])
  expect((await gw.get('/orders', { headers: { p: 'c' } })).body).toBe('two')
})
