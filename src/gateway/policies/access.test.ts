/** Access control: policies.md §3 and §10, authentication.md §9, request-lifecycle.md §5, routing.md §8. */
import { expect, test } from 'vitest'
import { gateway, type TestGateway } from '../../../test/gateway.js'
import { appPart, change, instancePart, publicationPart } from '../../../test/parts.js'
import type { AccessRule, PublicationPart } from '../../snapshot/parts.js'

function byAddress(type: AccessRule['type'], ...values: string[]): AccessRule {
  return { type, entity: 'IP', values }
}

function controlled(access: AccessRule, spec: Parameters<typeof publicationPart>[0] = {}): PublicationPart {
  return { ...publicationPart(spec), access: [access] }
}

const answer = async (gw: TestGateway, headers = {}) => {
  const { status, code } = await gw.get('/orders', { headers })
  return code === undefined ? status : `${status} ${code}`
}

test('policies.md 6: only a network that the caller is not in', async () => {
  await using gw = await gateway({ parts: [controlled(byAddress('PERMIT', '10.0.0.0/8'))] })
  expect(await answer(gw)).toBe('403 APIG.0402')
  expect(gw.backend.requests).toEqual([])
})

test.each<[AccessRule['type'], string, unknown]>([
  ['PERMIT', '127.0.0.1', 200],
  ['PERMIT', '126.0.0.0-127.0.0.1', 200],
  ['PERMIT', '127.0.0.2', '403 APIG.0402'],
  ['DENY', '127.0.0.0/8', '403 APIG.0402'],
  ['DENY', '127.0.0.2', 200],
])('policies §3: %s %s: %s', async (type, value, expected) => {
  await using gw = await gateway({ parts: [controlled(byAddress(type, '::1', value))] })
  expect(await answer(gw)).toBe(expected)
})

test('request-lifecycle.md 1: a refused address and a wrong signature: the address comes first', async () => {
  await using gw = await gateway({
    parts: [appPart(), controlled(byAddress('DENY', '127.0.0.1'), { auth_type: 'APP' })],
  })
  const reply = await gw.signed('GET', '/orders', { date: 0 })
  expect([reply.status, reply.code]).toEqual([403, 'APIG.0402'])
})

test('policies §3: accounts are asked of IAM APIs alone', async () => {
  const access: AccessRule[] = [{ type: 'PERMIT', entity: 'DOMAIN', values: ['nobody'] }]
  await using gw = await gateway({ parts: [{ ...publicationPart(), access }] })
  expect(await answer(gw)).toBe(200)
})

test('a list that is bound, changed and taken away counts at once', async () => {
  await using gw = await gateway({ api: {} })
  await gw.apply(change([controlled(byAddress('DENY', '127.0.0.1'))]))
  expect(await answer(gw)).toBe('403 APIG.0402')
  await gw.apply(change([controlled(byAddress('DENY', '127.0.0.2'))]))
  expect(await answer(gw)).toBe(200)
  await gw.apply(change([controlled(byAddress('PERMIT', '127.0.0.2')), publicationPart()]))
  expect(await answer(gw)).toBe(200)
})

test('authentication.md 15: the list of an app, after its authorization', async () => {
  await using gw = await gateway({
    api: [{ auth_type: 'APP' }, { auth_type: 'APP', environmentId: 'test' }],
    parts: [appPart({ access: byAddress('DENY', '127.0.0.1') })],
  })
  const called = async (headers = {}, date = Date.now()) => {
    const { status, code } = await gw.signed('GET', '/orders', { headers, date })
    return [status, code]
  }
  expect(await called()).toEqual([403, 'APIG.0405'])
  expect(await called({ 'X-Stage': 'TEST' })).toEqual([403, 'APIG.0304'])
  expect(await called({}, 0)).toEqual([401, 'APIG.0303'])
  await gw.apply(change([appPart({ access: byAddress('PERMIT', '127.0.0.1') })]))
  expect(await called()).toEqual([200, undefined])
  await gw.apply(change([appPart({ access: byAddress('PERMIT', '127.0.0.2') })]))
  expect(await called()).toEqual([403, 'APIG.0405'])
})

const source = (name: string, config: object) =>
  instancePart({ features: { [name]: { enable: true, config: JSON.stringify(config) } } })
const fromChain = (index: number) => source('real_ip_from_xff', { enable: 'on', xff_index: index })
const fromHeader = source('real_ip_header_getter', { enable: 'on', header_getter: 'header:X-Real' })

test.each<[number, string, unknown]>([
  [1, '10.0.0.1,10.0.0.2,10.0.0.3', 200],
  [-2, '10.0.0.1, 10.0.0.2, 10.0.0.3', 200],
  [0, '10.0.0.1,10.0.0.2,10.0.0.3', '403 APIG.0402'],
  [-1, '10.0.0.1,10.0.0.2', 200],
  [3, '10.0.0.2', '403 APIG.0402'],
  [0, 'unknown', '403 APIG.0401'],
])('routing.md 17: element %i of X-Forwarded-For %s', async (index, chain, expected) => {
  await using gw = await gateway({ parts: [fromChain(index), controlled(byAddress('PERMIT', '10.0.0.2'))] })
  expect(await answer(gw, { 'X-Forwarded-For': chain })).toBe(expected)
})

test('routing §7: the header wins, and is switched on and off without a restart', async () => {
  const features = { ...fromChain(0).features, ...fromHeader.features }
  await using gw = await gateway({ parts: [controlled(byAddress('PERMIT', '10.0.0.2', '127.0.0.1'))] })
  const headers = { 'X-Real': '10.0.0.9, 10.0.0.2', 'X-Forwarded-For': '10.0.0.2' }
  expect(await answer(gw, headers)).toBe(200)
  await gw.apply(change([instancePart({ features })]))
  expect(await answer(gw, headers)).toBe('403 APIG.0402')
  expect(await answer(gw, { ...headers, 'X-Real': '2001:db8::zz' })).toBe('403 APIG.0401')
  expect(await answer(gw, {})).toBe(200)
  await gw.apply(change([instancePart({ features: fromChain(0).features })]))
  expect(await answer(gw, headers)).toBe(200)
})

test('routing §7: without a check of addresses, what is none is the peer', async () => {
  await using gw = await gateway({ api: {}, parts: [fromHeader] })
  expect(await answer(gw, { 'X-Real': 'x' })).toBe(200)
  expect(await answer(gw, { 'X-Real': '10.0.0.9' })).toBe(200)
  expect(gw.backend.requests.map(({ headers }) => headers['x-real-ip'])).toEqual(['127.0.0.1', '10.0.0.9'])
  expect((await gw.log()).map((line) => line['remote_addr'])).toEqual(['127.0.0.1', '10.0.0.9'])
})
