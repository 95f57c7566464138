/** What features switch, live: features.md §2, §4 and its checks in §8. */
import { connect } from 'node:http2'
import { expect, test } from 'vitest'
import { gateway, type TestGateway } from '../../test/gateway.js'
import { http2Client } from '../../test/http2-client.js'
import {
  change,
  groupPart,
  instancePart,
  mockBackend,
  pluginPart,
  publicationPart,
  type ApiSpec,
} from '../../test/parts.js'
import { rawClient } from '../../test/raw-peers.js'
import { secureCall, secureOptions } from '../../test/secure-call.js'
import { LocalLimiter } from '../limits/local.js'

function having(features: Readonly<Record<string, string | object>>) {
  const entries = Object.entries(features).map(([name, value]) => {
    const config = typeof value === 'string' ? value : JSON.stringify(value)
    return [name, { enable: true, config }] as const
  })
  return change([instancePart({ features: Object.fromEntries(entries) })])
}

const statuses = async (gw: TestGateway, calls: number) => {
  const seen = []
  for (let call = 0; call < calls; call++) seen.push((await gw.get('/orders')).status)
  return seen
}

test('features.md 1: of six calls in a second the sixth is refused where ratelimit says 5', async () => {
  const options = { limiter: new LocalLimiter(() => 1_000_000) }
  await using gw = await gateway({ api: { backend: mockBackend() }, options })
  expect(await statuses(gw, 3)).toEqual([200, 200, 200])
  await gw.apply(having({ ratelimit: { api_limits: 5 } }))
  // What was admitted before still counts.
  expect(await statuses(gw, 3)).toEqual([200, 200, 429])
})

test('features.md 2: bodies above request_body_size are refused', async () => {
  await using gw = await gateway({ api: { req_method: 'POST' } })
  const [whole, more] = [Buffer.alloc(1_048_576), Buffer.alloc(1_048_577)]
  expect((await gw.post('/orders', more)).status).toBe(200)
  await gw.apply(having({ request_body_size: '1048576' }))
  expect((await gw.post('/orders', whole)).status).toBe(200)
  const refused = await gw.post('/orders', more)
  expect([refused.status, refused.code]).toEqual([413, 'APIG.0201'])
})

test('features.md 5: the source is the element of X-Forwarded-For that xff_index names', async () => {
  const params = [{ location: 'HEADER', name: 'X-Source', origin: 'SYSTEM', value: '$context.sourceIp' }] as const
  await using gw = await gateway({ api: { backend: { params } } })
  const headers = { 'X-Forwarded-For': '10.0.0.1, 10.0.0.2,10.0.0.3' }
  const sourceBy = async (xff_index: number | undefined) => {
    await gw.apply(having(xff_index === undefined ? {} : { real_ip_from_xff: { enable: 'on', xff_index } }))
    await gw.get('/orders', { headers })
    return gw.backend.requests.at(-1)?.headers['x-source']
  }
  expect(await sourceBy(undefined)).toBe('127.0.0.1')
  expect(await sourceBy(1)).toBe('10.0.0.2')
  expect(await sourceBy(-2)).toBe('10.0.0.2')
  expect(await sourceBy(-1)).toBe('10.0.0.3')
  expect(await sourceBy(3)).toBe('127.0.0.1')
})

test('features.md 9: a Host of default_group_host_trustlist leads to the group DEFAULT', async () => {
  await using gw = await gateway({ api: { backend: mockBackend() }, parts: [groupPart({ isDefault: true })] })
  const status = async () => (await gw.get('/orders', { host: '123.2.2.2' })).status
  expect(await status()).toBe(404)
  await gw.apply(having({ default_group_host_trustlist: { enable: 'on', hosts: ['123.2.2.2'] } }))
  expect(await status()).toBe(200)
  await gw.apply(having({ default_group_host_trustlist: { enable: 'off', hosts: ['123.2.2.2'] } }))
  expect(await status()).toBe(404)
})

test('request_custom_config: how long a body may be silent, over both versions of HTTP', async () => {
  const api = { req_method: 'POST', backend: {} } as const
  await using gw = await gateway({ api, options: secureOptions({ engine: { bodyTimeout: 60_000 } }) })
  await gw.apply(having({ request_custom_config: { http2_enable: true, request_body_timeout: 1 } }))
  await using raw = await rawClient(gw.gateway.addresses[0]?.port ?? 0)
  await using http2 = await http2Client(gw.gateway.secureAddresses[0]?.port ?? 0)
  raw.send('POST /orders HTTP/1.1\r\nHost: g1.apic.test\r\nContent-Length: 10\r\n\r\nabc')
  const stream = http2.session.request({ ':path': '/orders', ':authority': 'g1.apic.test', ':method': 'POST' })
  const status = new Promise((resolve) => stream.on('response', (headers) => resolve(headers[':status'])))
  stream.write('abc')
  expect(await raw.until((_, closed) => closed)).toContain('HTTP/1.1 408 ')
  expect(await status).toBe(408)
  stream.close()
  expect(gw.backend.requests).toEqual([])
})

test('request_custom_config: HTTP/2 is offered while it is on', async () => {
  await using gw = await gateway({ api: { backend: mockBackend() }, options: secureOptions() })
  const port = gw.gateway.secureAddresses[0]?.port ?? 0
  const protocol = () =>
    new Promise((resolve) => {
      const session = connect(`https://127.0.0.1:${port}`, { servername: 'g1.apic.test', rejectUnauthorized: false })
      session.on('connect', () => {
        resolve('h2')
        session.destroy()
      })
      session.on('error', () => resolve('none'))
    })
  expect(await protocol()).toBe('h2')
  await gw.apply(having({ request_custom_config: { http2_enable: false } }))
  expect(await protocol()).toBe('none')
  expect((await secureCall(port, '/orders', { tls: { ALPNProtocols: ['h2', 'http/1.1'] } })).status).toBe(200)
  await gw.apply(having({ request_custom_config: { http2_enable: true } }))
  expect(await protocol()).toBe('h2')
})

const asSent = having({ api_uri_no_escape: 'on' })
const decoded = having({ api_uri_no_escape: 'off' })

/** Where a value of the path goes: to the path, the query and a header of the backend. */
const copies = {
  req_params: [{ name: 'x', location: 'PATH' }],
  backend: {
    req_uri: '/at/{x}',
    params: [
      { location: 'PATH', name: 'x', origin: 'REQUEST', value: 'x' },
      { location: 'QUERY', name: 'q', origin: 'REQUEST', value: 'x' },
      { location: 'HEADER', name: 'X-Value', origin: 'REQUEST', value: 'x' },
    ],
  },
} as const satisfies ApiSpec

const received = (gw: TestGateway) => {
  const last = gw.backend.requests.at(-1)
  return [last?.target, last?.headers['x-value']]
}

test('routing.md 15: with api_uri_no_escape an escaped slash is part of a segment, and goes on as it came', async () => {
  await using gw = await gateway({ api: { req_uri: '/{x}', ...copies } })
  expect((await gw.get('/a%2Fb')).status).toBe(404)
  expect((await gw.get('/a%20b')).status).toBe(200)
  expect(received(gw)).toEqual(['/at/a%20b?q=a%20b', 'a b'])
  await gw.apply(asSent)
  expect((await gw.get('/a%2Fb')).status).toBe(200)
  expect(received(gw)).toEqual(['/at/a%2Fb?q=a%252Fb', 'a%2Fb'])
  await gw.apply(change([publicationPart({ req_uri: '/{x}/{y}', backend: mockBackend() })]))
  expect((await gw.get('/a%2Fb')).status).toBe(404)
  expect((await gw.get('/a/b')).status).toBe(200)
  await gw.apply(decoded)
  expect((await gw.get('/a%2Fb')).status).toBe(200)
})

test('api_uri_no_escape: paths of APIs are compared as clients write them', async () => {
  const apis = ['/plain', '/ärger', '/a b/{x}'].map((req_uri, index) => ({
    ...{ id: `a${index}`, req_uri, backend: mockBackend({ result_content: req_uri }) },
  }))
  await using gw = await gateway({ api: apis })
  const found = async (target: string) => {
    const { status, body } = await gw.get(target)
    return status === 200 ? body : status
  }
  const targets = ['/plain', '/pl%61in', '/%C3%A4rger', '/a%20b/c']
  expect(await Promise.all(targets.map(found))).toEqual(['/plain', '/plain', '/ärger', '/a b/{x}'])
  await gw.apply(asSent)
  expect(await Promise.all(targets.map(found))).toEqual(['/plain', 404, '/ärger', '/a b/{x}'])
  // What is published and taken offline meanwhile is found, or not, as well.
  await gw.apply(
    change([publicationPart({ id: 'a9', req_uri: '/é', backend: mockBackend() })], ['publication:a1/release']),
  )
  expect(await Promise.all(['/%C3%A9', '/%C3%A4rger'].map(found))).toEqual(['{"mock":true}', 404])
  await gw.apply(decoded)
  expect(await Promise.all(['/pl%61in', '/%c3%a9', '/%C3%A4rger'].map(found))).toEqual(['/plain', '{"mock":true}', 404])
})

test('api_uri_no_escape: what follows a prefix follows it where slashes are', async () => {
  await using gw = await gateway({ api: { req_uri: '/{x}', match_mode: 'SWA', backend: { req_uri: '/at' } } })
  await gw.get('/a%2Fb/c%2Fd')
  await gw.apply(asSent)
  await gw.get('/a%2Fb/c%2Fd')
  expect(gw.backend.requests.map(({ target }) => target)).toEqual(['/at/b/c%2Fd', '/at/c%2Fd'])
})

test.each(['/x/..', '/x%2F..%2Fy', '/%2e%2E', '/x%2F%2e', '/%zz'])(
  'api_uri_no_escape: a path that a backend could read otherwise is refused all the same: %s',
  async (target) => {
    await using gw = await gateway({ api: { req_uri: '/{x+}', ...copies } })
    await gw.apply(asSent)
    const reply = await gw.get(target)
    expect([reply.status, reply.code]).toEqual([400, 'APIG.0201'])
    expect(gw.backend.requests).toEqual([])
  },
)

test('api_uri_no_escape: nor do literal text and a value together make a dot segment', async () => {
  await using gw = await gateway({
    api: { req_uri: '/{x}', ...copies, backend: { ...copies.backend, req_uri: '/at/.{x}' } },
  })
  await gw.apply(asSent)
  expect((await gw.get('/%2e')).status).toBe(400)
  expect((await gw.get('/%2ea')).status).toBe(200)
  expect((await gw.get('/%2Fa')).status).toBe(400)
})

test('api_uri_no_escape: rules of plug-ins compare the path as it is read', async () => {
  const rule = { rule_name: 'slash', match_regex: '["reqPath","==","/a/b"]', limit: 1 }
  const parameters = [{ type: 'path', name: 'reqPath', value: 'reqPath' }]
  const content = { default_interval: 1, default_time_unit: 'day', api_limit: -1, parameters, rules: [rule] }
  await using gw = await gateway({
    api: { req_uri: '/{p+}', backend: mockBackend(), pluginIds: ['rate_limit1'] },
    parts: [pluginPart('rate_limit', content)],
  })
  const status = async () => (await gw.get('/a%2Fb')).status
  expect([await status(), await status()]).toEqual([200, 429])
  await gw.apply(asSent)
  expect(await status()).toBe(200)
})
