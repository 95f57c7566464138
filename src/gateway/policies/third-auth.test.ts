/** Plug-in `third_auth`: authentication.md §6 and check 17 of §9. */
import { expect, test } from 'vitest'
import { gateway, type CallOptions, type TestGateway } from '../../../test/gateway.js'
import { channelPart, instancePart, pluginPart, type ApiSpec } from '../../../test/parts.js'
import { service, type Service } from '../../../test/tokens.js'
import type { Part } from '../../snapshot/parts.js'

const ask = (address: string, request: object = {}, more: object = {}) => ({
  auth_request: { method: 'GET', protocol: 'HTTP', url_domain: address, path: '/auth', timeout: 5000, ...request },
  simple_auth_mode_enabled: true,
  ...more,
})

const stage = (content: object, api: ApiSpec = {}, parts: readonly Part[] = []) =>
  gateway({ api: { pluginIds: ['third_auth1'], ...api }, parts: [pluginPart('third_auth', content), ...parts] })

const status =
  (code: number): Service['answer'] =>
  (response) =>
    response.writeHead(code).end()

async function answer(gw: TestGateway, options: CallOptions = {}, target = '/orders') {
  const { status, code } = await gw.get(target, options)
  return code === undefined ? status : `${status} ${code}`
}

/** Nobody listens there. */
const NOWHERE = '127.0.0.1:1'

test('authentication.md 17: by the status; relaxed, a service that is down lets requests pass', async () => {
  await using authorizer = await service(status(204))
  await using gw = await stage(ask(authorizer.address))
  expect(await answer(gw)).toBe(200)
  authorizer.answer = status(403)
  expect(await answer(gw)).toBe('401 APIG.0312')
  authorizer.answer = status(302)
  expect(await answer(gw)).toBe('401 APIG.0312')
  await using relaxed = await stage(ask(NOWHERE, {}, { auth_downgrade_enabled: true }))
  expect(await answer(relaxed)).toBe(200)
  await using strict = await stage(ask(NOWHERE))
  expect(await answer(strict)).toBe('500 APIG.0616')
})

test('relaxed: 5xx and silence let requests pass, a refusal does not', async () => {
  await using authorizer = await service(status(503))
  await using gw = await stage(ask(authorizer.address, { timeout: 100 }, { auth_downgrade_enabled: true }))
  expect(await answer(gw)).toBe(200)
  authorizer.answer = () => undefined
  expect(await answer(gw)).toBe(200)
  authorizer.answer = status(401)
  expect(await answer(gw)).toBe('401 APIG.0312')
})

test('all headers and the query are sent, the method and the path are those of the plug-in', async () => {
  await using authorizer = await service(status(200))
  await using gw = await stage(ask(authorizer.address, { method: 'POST', path: '/auth?by=gateway' }))
  const headers = { Authorization: 'token', 'X-A': ['1', '2'], Connection: 'X-Hop', 'X-Hop': '1' }
  expect(await answer(gw, { headers }, '/orders?a=%20b&c')).toBe(200)
  const [seen] = authorizer.requests
  expect([seen?.method, seen?.url]).toEqual(['POST', '/auth?by=gateway&a=%20b&c'])
  expect(seen?.headers).toMatchObject({ host: authorizer.address, authorization: 'token', 'x-a': '1, 2' })
  // The backend gets what came.
  expect(gw.backend.only.headers['authorization']).toBe('token')
})

test('only the identities are sent, and all of them must be there', async () => {
  await using authorizer = await service(status(200))
  const identities = { headers: [{ name: 'X-Token' }], queries: [{ name: 'user' }] }
  await using gw = await stage(ask(authorizer.address, {}, { identities }))
  const headers = { 'x-token': 't', 'X-Other': '1' }
  expect(await answer(gw, { headers }, '/orders?user=a&other=1')).toBe(200)
  const [seen] = authorizer.requests
  expect(seen?.url).toBe('/auth?user=a')
  expect(seen?.headers).toHaveProperty('x-token')
  expect(seen?.headers).not.toHaveProperty('x-other')
  expect(await answer(gw, { headers }, '/orders?User=a')).toBe('401 APIG.0313')
  expect(await answer(gw, {}, '/orders?user=a')).toBe('401 APIG.0313')
  expect(authorizer.requests).toHaveLength(1)
})

test.each([
  [{}, '/auth/a/b%20c'],
  [{ api_uri_no_escape: { enable: true, config: 'on' } }, '/auth/a%2Fb%20c'],
])('the path follows that of the plug-in, decoded unless a feature says otherwise', async (features, expected) => {
  await using authorizer = await service(status(200))
  const content = ask(authorizer.address, {}, { carry_path_enabled: true })
  await using gw = await stage(content, { req_uri: '/', match_mode: 'SWA' }, [instancePart({ features })])
  expect(await answer(gw, {}, '/a%2Fb%20c')).toBe(200)
  expect(authorizer.requests[0]?.url).toBe(expected)
})

test('a body goes to both, up to a size', async () => {
  const bodies: string[] = []
  await using authorizer = await service((response, request) => {
    let body = ''
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece))
    request.on('end', () => {
      bodies.push(body)
      response.end()
    })
  })
  const content = ask(authorizer.address, { method: 'PUT' }, { carry_body: { enabled: true, max_body_size: 5 } })
  await using gw = await stage(content, { req_method: 'POST' })
  expect((await gw.post('/orders', 'hello')).status).toBe(200)
  expect([bodies, gw.backend.only.body]).toEqual([['hello'], 'hello'])
  expect((await gw.post('/orders', 'hello!')).status).toBe(413)
  expect((await gw.post('/orders', '')).status).toBe(200)
  expect(bodies).toEqual(['hello', ''])
})

test('success by a header of the answer; what else it says goes to the backend', async () => {
  await using authorizer = await service((response, { headers }) =>
    response
      .writeHead(headers['x-token'] === 'good' ? 403 : 200, {
        'X-Verdict': headers['x-token'] === 'good' ? 'yes' : 'no',
        'X-User': ['alice', 'bob'],
      })
      .end(),
  )
  const more = {
    simple_auth_mode_enabled: false,
    match_auth: { key: 'x-verdict', value: 'yes' },
    carry_resp_headers: ['x-user', 'X-Role'],
  }
  await using gw = await stage(ask(authorizer.address, {}, more))
  expect(await answer(gw, { headers: { 'X-Token': 'bad' } })).toBe('401 APIG.0312')
  expect(await answer(gw, { headers: { 'X-Token': 'good', 'X-User': 'mallory', 'X-Role': 'admin' } })).toBe(200)
  expect(gw.backend.only.headers['x-user']).toBe('alice, bob')
  expect(gw.backend.only.headers).not.toHaveProperty('x-role')
})

test('the answer of the authorizer is that of the gateway', async () => {
  await using authorizer = await service((response) =>
    response.writeHead(418, { 'X-Why': 'tea', 'Content-Type': 'text/plain', 'X-Request-Id': 'its' }).end('no coffee'),
  )
  await using gw = await stage(ask(authorizer.address, {}, { return_resp_body_enabled: true }))
  const reply = await gw.get('/orders')
  expect([reply.status, reply.body, reply.headers['x-why']]).toEqual([418, 'no coffee', 'tea'])
  expect(reply.headers['x-request-id']).not.toBe('its')
  const [line] = await gw.log()
  expect([line?.['apig_err_code'], line?.['access_model1']]).toEqual(['APIG.0312', '-'])
})

test('an address that fails too often is turned away, whatever it brings; others are not', async () => {
  await using authorizer = await service((response, { headers }) =>
    response.writeHead(headers['x-token'] === 'good' ? 200 : 401).end(),
  )
  await using gw = await stage(ask(authorizer.address, {}, { custom_forbid_limit: 2 }))
  for (const expected of ['401 APIG.0312', '401 APIG.0312', '401 APIG.0312', '403 APIG.0314'])
    expect(await answer(gw, { from: '127.0.0.9' })).toBe(expected)
  const good = { headers: { 'X-Token': 'good' } }
  expect(await answer(gw, { ...good, from: '127.0.0.9' })).toBe('403 APIG.0314')
  expect(authorizer.requests).toHaveLength(3)
  expect(await answer(gw, { ...good, from: '127.0.0.8' })).toBe(200)
})

test.each([
  ['allow', 200, '401 APIG.0312'],
  ['deny', '401 APIG.0312', 200],
] as const)('rules of type %s: who matches one', async (rule_type, matching, other) => {
  await using authorizer = await service(status(403))
  const rules = {
    rule_enabled: true,
    rule_type,
    parameters: [
      { type: 'path', name: 'reqPath' },
      { type: 'header', name: 'kind', value: 'X-Kind' },
    ],
    rules: [
      { rule_name: 'one', match_regex: '["AND",["reqPath","~~","^/or"],["kind","in","a,b"]]' },
      { rule_name: 'two', match_regex: '["kind","==","c"]' },
    ],
    carry_resp_headers: ['X-User'],
  }
  await using gw = await stage(ask(authorizer.address, {}, rules))
  for (const kind of ['a', 'b', 'c'])
    expect(await answer(gw, { headers: { 'X-Kind': kind, 'X-User': 'mallory' } })).toBe(matching)
  expect(await answer(gw, { headers: { 'X-Kind': 'd', 'X-User': 'mallory' } })).toBe(other)
  for (const { headers } of gw.backend.requests) expect(headers).not.toHaveProperty('x-user')
})

test('a rule with a pattern that cannot be searched for lets nobody pass', async () => {
  const rules = [{ rule_name: 'one', match_regex: '["reqPath","~~","(?=x)"]' }]
  await using gw = await stage(ask(NOWHERE, {}, { rule_enabled: true, rule_type: 'deny', rules }))
  expect(await answer(gw)).toBe('500 APIG.0104')
})

test('a service that is broken does not count against those who call', async () => {
  await using authorizer = await service(status(500))
  await using gw = await stage(ask(authorizer.address, {}, { custom_forbid_limit: 0 }))
  expect([await answer(gw), await answer(gw)]).toEqual(['401 APIG.0312', '401 APIG.0312'])
})

test('an authorizer behind a channel', async () => {
  await using authorizer = await service(status(200))
  const port = Number(authorizer.address.split(':')[1])
  const request = { vpc_channel_enabled: true, url_domain: '', vpc_channel_info: { vpc_id: 'c1' } }
  await using gw = await stage(ask('', request), {}, [channelPart({ members: [{ port }] })])
  expect(await answer(gw)).toBe(200)
  expect(authorizer.requests[0]?.headers.host).toBe('g1.apic.test')
  void gw.apply({ revision: 2, reset: false, put: [channelPart({ members: [] })], remove: [] })
  expect(await answer(gw)).toBe('500 APIG.0615')
  void gw.apply({ revision: 3, reset: false, put: [], remove: ['channel:c1'] })
  expect(await answer(gw)).toBe('500 APIG.0615')
})

test.each<[string, Service['answer'], string]>([
  ['says nothing', () => undefined, '500 APIG.0616'],
  ['hangs up', (response) => response.destroy(), '500 APIG.0616'],
  ['answers with garbage', ({ socket }) => socket?.end('garbage\r\n\r\n'), '500 APIG.0617'],
  [
    'answers without end',
    (response) => void setInterval(() => response.write('x'.repeat(300_000)), 5).unref(),
    '500 APIG.0617',
  ],
  [
    'ends in the middle',
    (response) => response.writeHead(200, { 'Content-Length': 9 }).write('x', () => response.destroy()),
    '500 APIG.0617',
  ],
])('a service that %s', async (_, respond, expected) => {
  await using authorizer = await service(respond)
  await using gw = await stage(ask(authorizer.address, { timeout: 400 }))
  expect(await answer(gw)).toBe(expected)
  expect(gw.backend.requests).toEqual([])
})

test.each(['169.254.169.254', '2852039166', '[::ffff:169.254.169.254]', '0.0.0.0'])(
  'the service is never at %s',
  async (address) => {
    await using gw = await stage(ask(address, { timeout: 2000 }, { auth_downgrade_enabled: true }))
    expect(await answer(gw)).toBe('500 APIG.0616')
  },
)

test('an authorizer that leads back to the API that it guards is asked only so often', async () => {
  await using gw = await stage(ask('127.0.0.1:1'))
  const [address] = gw.gateway.addresses
  // Its name is that of the group, so that it is found.
  void gw.apply({
    revision: 3,
    reset: false,
    put: [
      pluginPart(
        'third_auth',
        ask('', { path: '/orders', url_domain: '', vpc_channel_enabled: true, vpc_channel_info: { vpc_id: 'c1' } }),
      ),
      channelPart({ members: [{ port: address?.port ?? 0 }] }),
    ],
    remove: [],
  })
  expect(await answer(gw)).toBe('401 APIG.0312')
})

test('the access log tells by what a caller was known', async () => {
  await using authorizer = await service(status(200))
  await using gw = await stage(ask(authorizer.address))
  await answer(gw)
  expect((await gw.log()).map((line) => line['access_model1'])).toEqual(['third_auth'])
})
