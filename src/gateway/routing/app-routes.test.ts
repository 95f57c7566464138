/** Calls to an address of the gateway that find their API by the app: routing.md §3.4 and check 12, authentication.md §3.8. */
import { expect, test } from 'vitest'
import { gateway, type CallOptions, type TestGateway } from '../../../test/gateway.js'
import {
  appPart,
  change,
  groupDomain,
  groupPart,
  instancePart,
  mockBackend,
  publicationPart,
  type ApiSpec,
} from '../../../test/parts.js'
import type { InstancePart } from '../../snapshot/parts.js'

const on = { enable: true, config: 'on' }
const routing = (features: InstancePart['features'] = {}, part: Partial<InstancePart> = {}): InstancePart =>
  instancePart({ ...part, features: { app_route: on, app_secret: on, ...features } })

const answers = (text: string) => mockBackend({ result_content: text })
const api = (id: string, spec: ApiSpec = {}): ApiSpec => ({ id, auth_type: 'APP', backend: answers(id), ...spec })

const shown = (app = 'app1') => ({ 'X-HW-ID': `key-of-${app}`, 'X-HW-AppKey': `secret-of-${app}` })

/** Of a call to the gateway's address: what answered, or the error's code. */
async function at(gw: TestGateway, options: CallOptions = {}, target = '/orders') {
  const reply = await gw.get(target, { host: '127.0.0.1', headers: shown(), ...options })
  return reply.code ?? reply.body
}

test('routing.md 12: with app_route, X-HW-ID and X-HW-AppKey reach an API of a custom group by the address', async () => {
  await using gw = await gateway({
    api: api('a1'),
    parts: [instancePart({ features: { app_secret: on } }), appPart()],
  })
  expect(await at(gw)).toBe('APIG.0101')
  await gw.apply(change([routing()]))
  expect(await at(gw)).toBe('a1')
  expect(await at(gw, { host: 'localhost:8080' })).toBe('a1')
  expect(await at(gw, { host: '192.0.2.77' })).toBe('APIG.0101')
  expect(await at(gw, { headers: {} })).toBe('APIG.0101')
  expect(await at(gw, { headers: shown('nobody') })).toBe('APIG.0101')
  await gw.apply(change([instancePart({ features: { app_secret: on } })]))
  expect(await at(gw)).toBe('APIG.0101')
})

test('§3.4: the key only finds the API: the call must still be authenticated', async () => {
  await using gw = await gateway({ api: api('a1'), parts: [routing(), appPart(), appPart({ id: 'app2' })] })
  expect(await at(gw, { headers: { ...shown(), 'X-HW-AppKey': 'wrong' } })).toBe('APIG.0303')
  expect(await at(gw, { headers: { 'X-HW-ID': 'key-of-app1' } })).toBe('APIG.0303')
  const signed = (app: string) => gw.sign('GET', '/orders', { app, host: '127.0.0.1' })
  expect(await at(gw, { headers: { ...signed('app1'), 'X-HW-ID': 'key-of-app1' } })).toBe('a1')
  await gw.apply(change([appPart({ id: 'app2', authorizations: [] })]))
  expect(await at(gw, { headers: { ...signed('app2'), 'X-HW-ID': 'key-of-app1' } })).toBe('APIG.0304')
})

test('§3.4: X-HW-ID goes no further once it may have found the API, however the app was shown', async () => {
  await using gw = await gateway({ api: { auth_type: 'APP' }, parts: [instancePart(), appPart()] })
  const headers = { ...gw.sign('GET', '/orders', { host: 'g1.apic.test' }), 'X-HW-ID': 'key-of-app1' }
  const passed = async () => {
    expect((await gw.get('/orders', { headers })).status).toBe(200)
    return gw.backend.requests.at(-1)?.headers['x-hw-id']
  }
  expect(await passed()).toBe('key-of-app1')
  await gw.apply(change([routing()]))
  expect(await passed()).toBeUndefined()
})

test('§3.4: only what the app may call, only APIs of auth_type APP, in the environment that is asked for', async () => {
  const apis = [
    api('a1', { groupId: 'g1', req_uri: '/x/{id}' }),
    api('a2', { groupId: 'g2', req_uri: '/x/me' }),
    api('a3', { groupId: 'g2', req_uri: '/open', auth_type: 'NONE' }),
    api('a4', { groupId: 'g2', req_uri: '/there', environmentId: 'test' }),
  ]
  const authorizations = ['a1/release', 'a3/release', 'a4/test']
  await using gw = await gateway({
    api: apis,
    parts: [routing(), groupPart({ id: 'g2' }), appPart({ authorizations })],
  })
  expect(await at(gw, {}, '/x/me')).toBe('a1')
  expect(await at(gw, {}, '/open')).toBe('APIG.0101')
  expect(await at(gw, {}, '/there')).toBe('APIG.0101')
  const headers = { ...shown(), 'X-Stage': 'TEST' }
  expect(await at(gw, { headers }, '/there')).toBe('a4')
  expect(await at(gw, { headers: { ...headers, 'X-Stage': 'NONE' } }, '/there')).toBe('APIG.0101')
  expect((await gw.call('POST', '/x/1', { host: '127.0.0.1', headers: shown() })).code).toBe('APIG.0101')
})

test('§3.4: what is published, taken offline, authorized and moved counts at once', async () => {
  await using gw = await gateway({ parts: [routing(), appPart({ authorizations: ['a1/release'] })] })
  expect(await at(gw)).toBe('APIG.0101')
  await gw.apply(change([publicationPart(api('a1')), publicationPart(api('a2', { req_uri: '/other' }))]))
  expect([await at(gw), await at(gw, {}, '/other')]).toEqual(['a1', 'APIG.0101'])
  await gw.apply(change([appPart({ authorizations: ['a1/release', 'a2/release'] })]))
  expect([await at(gw), await at(gw, {}, '/other')]).toEqual(['a1', 'a2'])
  await gw.apply(change([publicationPart(api('a1', { req_uri: '/moved' }))]))
  expect([await at(gw), await at(gw, {}, '/moved')]).toEqual(['APIG.0101', 'a1'])
  await gw.apply(change([publicationPart(api('a1', { req_uri: '/moved', auth_type: 'NONE' }))]))
  expect(await at(gw, {}, '/moved')).toBe('APIG.0101')
  await gw.apply(change([], ['publication:a2/release']))
  expect(await at(gw, {}, '/other')).toBe('APIG.0101')
  await gw.apply(change([publicationPart(api('a2'))], ['app:app1']))
  expect(await at(gw)).toBe('APIG.0101')
})

test('§3.4: of several APIs at one address the first id answers, in whatever order they came to be there', async () => {
  const named = (id: string, name: string) => api(id, { groupId: `group-of-${id}`, req_uri: `/v1/{${name}}` })
  const [a1, a2, a3] = [named('a1', 'one'), named('a2', 'two'), named('a3', 'three')]
  const whole = api('a0', { req_uri: '/v1', match_mode: 'SWA' })
  const orders = [
    [a1, a2, a3],
    [a3, a2, a1],
    [a2, a3, a1],
  ]
  for (const published of orders)
    for (const isAuthorizedFirst of [true, false]) {
      const ids = published.map(({ id }) => `${id}/release`)
      await using gw = await gateway({ parts: [routing(), appPart({ authorizations: isAuthorizedFirst ? ids : [] })] })
      // The tree of the app is there before what it finds, or after it.
      expect(await at(gw, {}, '/v1/x')).toBe('APIG.0101')
      for (const one of published) await gw.apply(change([publicationPart(one)]))
      await gw.apply(change([appPart({ authorizations: [...ids, 'a0/release'] })]))
      expect(await at(gw, {}, '/v1/x')).toBe('a1')
      // The rules of paths come first: a whole path before a prefix.
      await gw.apply(change([publicationPart(whole)]))
      expect([await at(gw, {}, '/v1/x'), await at(gw, {}, '/v1/x/y')]).toEqual(['a1', 'a0'])
      await gw.apply(change([], ['publication:a1/release']))
      expect(await at(gw, {}, '/v1/x')).toBe('a2')
      await gw.apply(change([publicationPart(a1)]))
      expect(await at(gw, {}, '/v1/x')).toBe('a1')
    }
})

test('§3.4: tried before the group DEFAULT, which answers whom no app leads elsewhere', async () => {
  const apis = [
    api('a1'),
    api('open', { groupId: 'g0', auth_type: 'NONE' }),
    api('rest', { groupId: 'g0', req_uri: '/r' }),
  ]
  const parts = [
    routing(),
    groupPart({ id: 'g0', isDefault: true }),
    appPart(),
    appPart({ id: 'app2', authorizations: ['rest/release'] }),
  ]
  await using gw = await gateway({ api: apis, parts })
  expect(await at(gw)).toBe('a1')
  expect(await at(gw, { headers: {} })).toBe('open')
  expect(await at(gw, { headers: shown('app2') })).toBe('open')
  expect(await at(gw, { headers: shown('app2') }, '/r')).toBe('rest')
})

test('§3.4: a domain wins, also where it is a name of the gateway', async () => {
  const apis = [api('a1', { groupId: 'g2' }), api('of-domain', { auth_type: 'NONE' })]
  await using gw = await gateway({
    api: apis,
    parts: [
      routing(),
      groupPart({ domains: [groupDomain({ name: 'gw.example' })] }),
      groupPart({ id: 'g2' }),
      appPart(),
    ],
    options: { inboundAddresses: ['gw.example', '198.51.100.4'] },
  })
  expect(await at(gw, { host: 'gw.example' })).toBe('of-domain')
  expect(await at(gw, { host: '198.51.100.4' })).toBe('a1')
  expect(await at(gw, { host: 'g1.apic.test' })).toBe('of-domain')
})

test('§3.3, §3.4: of several instances, those with the feature; an address of the trust list, of its own only', async () => {
  const hosts = (...hosts: string[]) => ({
    default_group_host_trustlist: { enable: true, config: JSON.stringify({ enable: 'on', hosts }) },
  })
  const apis = [api('a1'), api('a2', { groupId: 'g2', instanceId: 'i2' })]
  const parts = (second: InstancePart) => [
    routing(hosts('203.0.113.1')),
    second,
    groupPart({ id: 'g2', instanceId: 'i2' }),
    appPart(),
    appPart({ id: 'app2', instanceId: 'i2', authorizations: ['a2/release'] }),
  ]
  const second = (features: InstancePart['features']) => ({ ...routing(features, { id: 'i2', createdAt: 2 }) })
  await using gw = await gateway({ api: apis, parts: parts(second(hosts('203.0.113.2'))) })
  const seen = async (host: string) => [await at(gw, { host }), await at(gw, { host, headers: shown('app2') })]
  expect(await seen('127.0.0.1')).toEqual(['a1', 'a2'])
  expect(await seen('203.0.113.1')).toEqual(['a1', 'APIG.0101'])
  expect(await seen('203.0.113.2')).toEqual(['APIG.0101', 'a2'])
  await gw.apply(change([second({ app_route: { enable: false, config: 'on' } })]))
  expect(await seen('127.0.0.1')).toEqual(['a1', 'APIG.0101'])
})

test('§3.4, features §4: paths as api_uri_no_escape has them', async () => {
  const apis = [api('a1', { req_uri: '/{x}' }), api('a2', { req_uri: '/{x}/{y}', groupId: 'g2' })]
  const app = appPart({ authorizations: ['a1/release', 'a2/release'] })
  await using gw = await gateway({ api: apis, parts: [routing(), groupPart({ id: 'g2' }), app] })
  expect(await at(gw, {}, '/a%2Fb')).toBe('a2')
  await gw.apply(change([routing({ api_uri_no_escape: on })]))
  expect(await at(gw, {}, '/a%2Fb')).toBe('a1')
  expect(await at(gw, {}, '/a/%2e%2e')).toBe('APIG.0201')
})

test('§3.4: prefixes, placeholders and the record are those of the API', async () => {
  const params = [{ name: 'id', location: 'PATH', origin: 'REQUEST', value: 'id' }] as const
  await using gw = await gateway({
    api: {
      auth_type: 'APP',
      req_uri: '/v1/{id}',
      match_mode: 'SWA',
      req_params: [{ name: 'id', location: 'PATH' }],
      backend: { req_uri: '/to/{id}', params },
    },
    parts: [routing(), appPart()],
  })
  expect((await gw.get('/v1/7/a/b', { host: '127.0.0.1', headers: shown() })).status).toBe(200)
  expect(gw.backend.only.target).toBe('/to/7/a/b')
  const [line] = await gw.log()
  expect(line).toMatchObject({ api_id: 'a1', app_id: 'app1', access_model1: 'app_secret', host: '127.0.0.1' })
})
