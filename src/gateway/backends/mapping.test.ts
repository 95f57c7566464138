/** Checks of backends.md §11, by number, and the rules of §2 to §6 that they leave out. */
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { gateway } from '../../../test/gateway.js'
import { appPart, change, mockBackend, publicationPart, type ApiSpec } from '../../../test/parts.js'
import type { BackendParameter } from '../../snapshot/api-definition.js'

const to = (
  location: BackendParameter['location'],
  name: string,
  origin: BackendParameter['origin'],
  value: string,
): BackendParameter => ({ location, name, origin, value })

test.each([
  ['/test/', '/test2/', '/test/AA/CC?x=1', '/test2/AA/CC?x=1'],
  ['/test', '/test2', '/test/AA/CC?x=1', '/test2/AA/CC?x=1'],
  ['/test/', '/test2', '/test/AA', '/test2/AA'],
  ['/test', '/test2/', '/test/AA', '/test2/AA'],
  ['/test', '/test2', '/test', '/test2'],
  ['/test', '/test2', '/test/', '/test2/'],
  ['/', '/', '/a/b', '/a/b'],
  ['/', '/v1', '/', '/v1/'],
  ['/a', '/b', '/a/%2F%20x//y/?', '/b/%2F%20x//y/'],
])('backends.md 1: prefix %s to %s: %s becomes %s', async (req_uri, backendPath, target, expected) => {
  await using gw = await gateway({ api: { req_uri, match_mode: 'SWA', backend: { req_uri: backendPath } } })
  await gw.get(target)
  expect(gw.backend.only.target).toBe(expected)
})

test('backends.md 2: parameters change places, and are not left at the old ones', async () => {
  await using gw = await gateway({
    api: {
      req_uri: '/{test01}/abc',
      req_params: [
        { name: 'test01', location: 'PATH' },
        { name: 'test02', location: 'HEADER' },
        { name: 'test03', location: 'QUERY' },
      ],
      backend: {
        req_uri: '/v1.0/{test05}',
        params: [
          to('HEADER', 'test01', 'REQUEST', 'test01'),
          to('PATH', 'test05', 'REQUEST', 'test02'),
          to('HEADER', 'test03', 'REQUEST', 'test03'),
        ],
      },
    },
  })
  await gw.get('/v1.0/abc?test03=xyz', { headers: { test02: 'def' } })
  const { target, headers } = gw.backend.only
  expect([target, headers['test01'], headers['test03'], headers['test02']]).toEqual([
    '/v1.0/def',
    'v1.0',
    'xyz',
    undefined,
  ])
})

test('backends.md 3: inserted values are percent-encoded', async () => {
  await using gw = await gateway({
    api: { backend: { params: [to('QUERY', 'q', 'CONSTANT', '[api]'), to('QUERY', 'r', 'CONSTANT', 'é&+')] } },
  })
  await gw.get('/orders')
  expect(gw.backend.only.target).toBe('/orders?q=%5Bapi%5D&r=%C3%A9%26%2B')
})

test('backends.md 4: declared and not passed through: dropped; undeclared: passed on, in its order and encoding', async () => {
  const api: ApiSpec = {
    req_params: [
      { name: 'dropped', location: 'QUERY' },
      { name: 'kept', location: 'QUERY', pass_through: true },
      { name: 'X-Dropped', location: 'HEADER' },
      { name: 'X-Kept', location: 'HEADER', pass_through: true },
    ],
  }
  await using gw = await gateway({ api })
  await gw.get('/orders?b=%41&dropped=1&kept=2&a=+x&dropp%65d=3&b', {
    headers: { 'X-Dropped': '1', 'x-kept': '2', 'X-Other': '3' },
  })
  const { target, headers } = gw.backend.only
  expect(target).toBe('/orders?b=%41&kept=2&a=+x&b')
  expect([headers['x-dropped'], headers['x-kept'], headers['x-other']]).toEqual([undefined, '2', '3'])
})

test('a mapped or constant parameter replaces what the caller sent by that name', async () => {
  await using gw = await gateway({
    api: {
      backend: { params: [to('HEADER', 'X-Tenant', 'CONSTANT', 'one'), to('QUERY', 'tenant', 'CONSTANT', 'one')] },
    },
  })
  await gw.get('/orders?tenant=two&%74enant=three&a=1', { headers: { 'x-tenant': 'two' } })
  const { target, headers } = gw.backend.only
  expect([target, headers['x-tenant']]).toEqual(['/orders?a=1&tenant=one', 'one'])
})

test('repeated values: all of them from query to query, the first elsewhere', async () => {
  await using gw = await gateway({
    api: {
      req_params: [{ name: 'a', location: 'QUERY' }],
      backend: { params: [to('QUERY', 'b', 'REQUEST', 'a'), to('HEADER', 'X-A', 'REQUEST', 'a')] },
    },
  })
  await gw.get('/orders?a=1&x=0&a=%202')
  const { target, headers } = gw.backend.only
  expect([target, headers['x-a']]).toEqual(['/orders?x=0&b=1&b=%202', '1'])
})

test('an optional parameter that was not sent is mapped to nothing', async () => {
  await using gw = await gateway({
    api: {
      req_params: [{ name: 'a', location: 'QUERY' }],
      backend: { params: [to('QUERY', 'b', 'REQUEST', 'a'), to('HEADER', 'X-A', 'REQUEST', 'a')] },
    },
  })
  await gw.get('/orders')
  expect(gw.backend.only.target).toBe('/orders')
  expect(gw.backend.only.headers).not.toHaveProperty('x-a')
})

test('system parameters', async () => {
  const names = [
    'sourceIp',
    'stage',
    'apiId',
    'apiName',
    'appId',
    'appName',
    'requestId',
    'handleTime',
    'providerAppId',
  ]
  await using gw = await gateway({
    api: {
      auth_type: 'APP',
      backend: {
        params: names.map((name, index) => to('HEADER', `X-${name}`, 'SYSTEM', index % 2 ? name : `$context.${name}`)),
      },
    },
    parts: [appPart({ name: 'Café' })],
  })
  const reply = await gw.signed('GET', '/orders')
  const { headers } = gw.backend.only
  expect(headers).toMatchObject({
    'x-sourceip': '127.0.0.1',
    'x-stage': 'RELEASE',
    'x-apiid': 'a1',
    'x-apiname': 'api_a1',
    'x-appid': 'app1',
    'x-appname': Buffer.from('Café').toString('latin1'),
    'x-requestid': reply.headers['x-request-id'],
  })
  expect(headers['x-handletime']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  expect(headers).not.toHaveProperty('x-providerappid')
})

test('what the gateway consumes does not reach a backend', async () => {
  await using gw = await gateway({ api: {} })
  await gw.get('/orders', {
    headers: { 'X-Stage': 'RELEASE', 'X-Apig-Mode': 'debug', 'X-Apig-AppCode': 'code', 'X-Other': '1' },
  })
  const { headers } = gw.backend.only
  for (const name of ['x-stage', 'x-apig-mode', 'x-apig-appcode']) expect(headers).not.toHaveProperty(name)
  expect(headers['x-other']).toBe('1')
})

test('the method of the backend, fixed or the caller’s', async () => {
  await using gw = await gateway({ api: { req_method: 'ANY', backend: { req_method: 'POST' } } })
  await gw.get('/orders')
  await gw.apply(change([publicationPart({ req_method: 'ANY', backend: { req_method: 'ANY' } })]))
  await gw.call('DELETE', '/orders')
  expect(gw.backend.requests.map(({ method }) => method)).toEqual(['POST', 'DELETE'])
})

test('a plan that is made once is used only for requests that it fits', async () => {
  const params = [to('HEADER', 'X-Id', 'SYSTEM', 'requestId')]
  await using gw = await gateway({
    api: [{ req_method: 'ANY' }, { id: 'a2', req_uri: '/traced', backend: { params } }],
  })
  await gw.get('/orders')
  await gw.get('/orders?a=1')
  await gw.get('/orders', { headers: { 'X-Apig-Forward-Depth': '3' } })
  await gw.call('DELETE', '/orders')
  await gw.get('/orders')
  const seen = gw.backend.requests.map(({ method, target, headers }) => [
    method,
    target,
    headers['x-apig-forward-depth'],
  ])
  expect(seen).toEqual([
    ['GET', '/orders', '1'],
    ['GET', '/orders?a=1', '1'],
    ['GET', '/orders', '4'],
    ['DELETE', '/orders', '1'],
    ['GET', '/orders', '1'],
  ])
  const ids = [await gw.get('/traced'), await gw.get('/traced')].map(({ headers }) => headers['x-request-id'])
  expect(gw.backend.requests.slice(-2).map(({ headers }) => headers['x-id'])).toEqual(ids)
})

test('Host: the backend address, or what is mapped to it', async () => {
  await using gw = await gateway({ api: {} })
  await gw.get('/orders')
  expect(gw.backend.only.headers.host).toBe(gw.backend.address)
  await gw.apply(change([publicationPart({ backend: { params: [to('HEADER', 'host', 'CONSTANT', 'shop.example')] } })]))
  await gw.get('/orders')
  expect(gw.backend.requests.at(-1)?.headers.host).toBe('shop.example')
})

test('Content-Type is set where the caller sent none', async () => {
  await using gw = await gateway({ api: { req_method: 'POST', content_type: 'application/xml' } })
  await gw.post('/orders', '<a/>')
  await gw.post('/orders', '{}', { headers: { 'Content-Type': 'application/json' } })
  const types = gw.backend.requests.map(({ headers }) => headers['content-type'])
  expect(types).toEqual(['application/xml', 'application/json'])
})

test.each(['a%0d%0aX-Evil: 1', 'a%0aX-Evil: 1', '%00', 'a%7f'])(
  'a value cannot end a header line: %s',
  async (value) => {
    await using gw = await gateway({
      api: {
        req_params: [{ name: 'a', location: 'QUERY' }],
        backend: { params: [to('HEADER', 'X-A', 'REQUEST', 'a')] },
      },
    })
    const reply = await gw.get(`/orders?a=${value.replaceAll(' ', '%20')}`)
    expect([reply.status, reply.code]).toEqual([400, 'APIG.0106'])
    expect(gw.backend.requests).toHaveLength(0)
  },
)

test.each(['shop.example%0d%0aX-Evil:1', 'a%20b', 'a/b', ''])(
  'a value cannot be a Host that is none: "%s"',
  async (value) => {
    await using gw = await gateway({
      api: {
        req_params: [{ name: 'h', location: 'QUERY' }],
        backend: { params: [to('HEADER', 'Host', 'REQUEST', 'h')] },
      },
    })
    expect((await gw.get(`/orders?h=${value}`)).code).toBe('APIG.0106')
    expect(gw.backend.requests).toHaveLength(0)
  },
)

test.each([
  ['..', '/files/{a}'],
  ['.', '/files/{a}/x'],
  ['.', '/files/.{a}'],
  // Backends may decode slashes before they resolve segments.
  ['../x', '/files/{a}'],
  ['x/..', '/files/{a}'],
  ['/x', '/files/..{a}'],
])('a value %s cannot walk out of %s', async (value, req_uri) => {
  await using gw = await gateway({
    api: {
      req_params: [{ name: 'a', location: 'QUERY' }],
      backend: { req_uri, params: [to('PATH', 'a', 'REQUEST', 'a')] },
    },
  })
  expect((await gw.get(`/orders?a=${encodeURIComponent(value)}`)).code).toBe('APIG.0106')
  expect(gw.backend.requests).toEqual([])
})

test.each(['Content-Length', 'transfer-encoding', 'Connection', 'X Y', 'X-A\r\nX-B'])(
  'a backend parameter cannot be written as the header %j',
  async (name) => {
    await using gw = await gateway({ api: { backend: { params: [to('HEADER', name, 'CONSTANT', '5')] } } })
    const reply = await gw.get('/orders')
    expect([reply.status, reply.code]).toEqual([500, 'APIG.0105'])
    expect(gw.backend.requests).toHaveLength(0)
  },
)

const FORBIDDEN_FORMS = [
  ...['169.254.169.254', '0.0.0.0:80', '[::ffff:169.254.169.254]:80', '[fe80::1]'],
  ...['[64:ff9b::169.254.169.254]', '[64:ff9b:1::a9fe:a9fe]', '[2002:a9fe:a9fe::1]', '[::169.254.169.254]'],
  ...['[2001:0:a9fe:a9fe::]', '[2001::5601:5601]'],
]

test.each(FORBIDDEN_FORMS)('a forbidden address is not called: %s', async (url_domain) => {
  await using gw = await gateway({ api: { backend: { url_domain } } })
  const reply = await gw.get('/orders')
  expect([reply.status, reply.code]).toEqual([403, 'APIG.0404'])
})

test('which addresses are forbidden is a setting, for names as for addresses', async () => {
  await using gw = await gateway({ api: {}, options: { forbiddenBackends: ['127.0.0.0/8', '::1'] } })
  expect((await gw.get('/orders')).code).toBe('APIG.0404')
  await gw.apply(
    change([publicationPart({ backend: { url_domain: gw.backend.address.replace('127.0.0.1', 'localhost') } })]),
  )
  expect((await gw.get('/orders')).code).toBe('APIG.0404')
  expect(gw.backend.requests).toHaveLength(0)
})

test('a gateway that calls itself comes to an end', async () => {
  await using gw = await gateway({ parts: [] })
  const self = `127.0.0.1:${gw.gateway.addresses[0]?.port ?? 0}`
  const params = [to('HEADER', 'Host', 'CONSTANT', 'g1.apic.test')]
  await gw.apply(change([publicationPart({ backend: { url_domain: self, params } })]))
  const reply = await gw.get('/orders')
  expect([reply.status, reply.code]).toEqual([500, 'APIG.0612'])
  expect((await gw.get('/orders', { headers: { 'X-Apig-Forward-Depth': '11' } })).code).toBe('APIG.0612')
  const calls = (await gw.log()).length
  expect(calls).toBe(13)
})

test.each<[string, ApiSpec['backend'], number, string]>([
  [
    'a function',
    { type: 'FUNCTION', function_urn: 'urn:f', invocation_type: 'sync', timeout: 5000, params: [] },
    500,
    'APIG.0103',
  ],
  ['a channel', { vpc_channel_id: 'c1' }, 500, 'APIG.0609'],
  ['an address that is none', { url_domain: 'http://x' }, 500, 'APIG.0105'],
])('%s answers %s %i %s', async (_, backend, status, code) => {
  await using gw = await gateway({ api: { backend: backend ?? {} } })
  const reply = await gw.get('/orders')
  expect([reply.status, reply.code]).toEqual([status, code])
})

test('backends.md 8: retry −1: a connection that is reset is tried again for GET, not for POST', async () => {
  let connections = 0
  const resetting = createServer((socket) => {
    connections++
    socket.on('error', () => undefined)
    socket.once('data', () => socket.resetAndDestroy())
  })
  await new Promise<void>((resolve) => resetting.listen(0, '127.0.0.1', resolve))
  const url_domain = `127.0.0.1:${(resetting.address() as AddressInfo).port}`
  await using gw = await gateway({ api: { req_method: 'ANY', backend: { url_domain } } })
  for (const [method, attempts] of [
    ['GET', 2],
    ['PUT', 2],
    ['POST', 1],
    ['PATCH', 1],
  ] as const) {
    connections = 0
    const reply = await gw.call(method, '/orders')
    expect([method, reply.status, reply.code, connections]).toEqual([method, 502, 'APIG.0202', attempts])
  }
  await gw.apply(change([publicationPart({ req_method: 'ANY', backend: { url_domain, retry_count: 3 } })]))
  connections = 0
  await gw.call('POST', '/orders')
  expect(connections).toBe(4)
  resetting.close()
})

test('backends.md 11: a backend that is too slow', async () => {
  await using gw = await gateway({ api: { backend: { timeout: 100, retry_count: 0 } } })
  gw.backend.answer = () => undefined
  const reply = await gw.get('/orders')
  expect([reply.status, reply.code]).toEqual([504, 'APIG.0203'])
})

test('backends.md 12: a mock, its status and headers', async () => {
  const headers = [
    { key: 'X-Mock', value: 'yes' },
    { key: 'content-type', value: 'text/plain' },
    { key: 'Content-Length', value: '1' },
    { key: 'X-Evil', value: 'a\r\nX-Evil-2: b' },
  ]
  await using gw = await gateway({
    api: { backend: mockBackend({ status_code: 201, result_content: 'héllo', headers }) },
  })
  const reply = await gw.get('/orders', { headers: { 'X-Apig-Mode': 'debug' } })
  expect([reply.status, reply.body]).toEqual([201, 'héllo'])
  expect(reply.headers).toMatchObject({ 'x-mock': 'yes', 'content-type': 'text/plain', 'content-length': '6' })
  for (const name of ['x-apig-upstream-latency', 'x-evil', 'x-evil-2']) expect(reply.headers).not.toHaveProperty(name)
})
