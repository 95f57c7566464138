/** HTTP/2 towards callers: the same requests, steps and backends as over HTTP/1.1. */
import { randomBytes } from 'node:crypto'
import { connect } from 'node:http2'
import { expect, test } from 'vitest'
import { gateway, type GatewaySpec, type TestGateway } from '../../../test/gateway.js'
import { http2Client, type Http2Reply } from '../../../test/http2-client.js'
import { appPart, instancePart, mockBackend, pluginPart } from '../../../test/parts.js'
import { secureCall, secureOptions } from '../../../test/secure-call.js'

const port = ({ gateway }: TestGateway): number => gateway.secureAddresses[0]?.port ?? 0
const secure = (spec: GatewaySpec): Promise<TestGateway> =>
  gateway({ api: { req_method: 'ANY', req_uri: '/{p+}' }, ...spec, options: secureOptions(spec.options) })

test('a mock answers with the fields that every reply has', async () => {
  await using gw = await secure({ api: { backend: mockBackend() } })
  await using client = await http2Client(port(gw))
  const { status, headers, body } = await client.call('/orders')
  expect([status, body.toString()]).toEqual([200, '{"mock":true}'])
  expect(headers).toMatchObject({ server: 'api-gateway', 'content-length': '13' })
  expect(headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/)
  expect(headers['date']).toBeDefined()
})

test('a backend sees what it would see over HTTP/1.1, and its reply arrives', async () => {
  await using gw = await secure({})
  gw.backend.answer = (response) => {
    response.setHeader('Set-Cookie', ['a=1', 'b=2'])
    response.setHeader('X-Twice', ['1', '2'])
    response.setHeader('X-Latin', 'caf\u00e9')
    response.setHeader('Connection', 'close')
    response.writeHead(201).end('made')
  }
  await using client = await http2Client(port(gw))
  const sent = { ':method': 'PUT', 'x-a': ['1', '2'], cookie: ['c=1', 'd=2'], 'x-latin': 'caf\u00e9', te: 'trailers' }
  const { status, headers, body } = await client.call('/a/b?c=d', sent, 'content')
  expect([status, body.toString()]).toEqual([201, 'made'])
  expect(headers).toMatchObject({ 'set-cookie': ['a=1', 'b=2'], 'x-twice': '1, 2', 'x-latin': 'caf\u00e9' })
  expect(headers['connection']).toBeUndefined()
  const [received] = gw.backend.requests
  expect(received).toMatchObject({ method: 'PUT', target: '/a/b?c=d', body: 'content' })
  expect(received?.headers).toMatchObject({
    'x-a': '1, 2',
    cookie: 'c=1; d=2',
    'x-latin': 'caf\u00e9',
    'transfer-encoding': 'chunked',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'g1.apic.test',
  })
  expect(received?.headers).not.toHaveProperty('te')
})

test('a declared length goes on, and one that is not true ends the call', async () => {
  await using gw = await secure({})
  gw.backend.answer = (response, request) => response.end(request.body)
  await using client = await http2Client(port(gw))
  const post = { ':method': 'POST', 'content-length': '5' }
  expect((await client.call('/x', post, 'hello')).body.toString()).toBe('hello')
  expect(gw.backend.requests[0]?.headers).toMatchObject({ 'content-length': '5' })
  // With newer versions of Node the connection ends too.
  await expect(client.call('/x', post, 'hello you')).rejects.toThrow(/PROTOCOL_ERROR|Session closed/)
  await using other = await http2Client(port(gw))
  expect((await other.call('/x', post, 'again')).status).toBe(200)
})

test('HEAD, 204 and 304 have no body', async () => {
  await using gw = await secure({})
  await using client = await http2Client(port(gw))
  gw.backend.answer = (response) => response.setHeader('Content-Length', '9').end('123456789')
  const head = await client.call('/x', { ':method': 'HEAD' })
  expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, '9', 0])
  for (const status of [204, 304]) {
    gw.backend.answer = (response) => response.writeHead(status).end()
    const reply = await client.call('/x')
    expect([reply.status, reply.body.length]).toEqual([status, 0])
  }
})

test('40 MB stream in both directions, and many calls at once share the connection', async () => {
  await using gw = await secure({
    parts: [instancePart({ features: { request_body_size: { enable: true, config: String(64 * 1024 * 1024) } } })],
  })
  gw.backend.answer = (response, request) => response.end(request.body)
  await using client = await http2Client(port(gw))
  const large = randomBytes(20 * 1024 * 1024).toString('hex')
  const { body } = await client.call('/large', { ':method': 'POST' }, large)
  expect(body.toString() === large).toBe(true)
  const replies = await Promise.all(
    Array.from({ length: 100 }, (_, n) => client.call(`/${n}`, { ':method': 'POST' }, `body ${n}`)),
  )
  expect(replies.map((reply) => reply.body.toString())).toEqual(Array.from({ length: 100 }, (_, n) => `body ${n}`))
})

test('bodies that are too large are refused, whether announced or not', async () => {
  await using gw = await secure({
    parts: [instancePart({ features: { request_body_size: { enable: true, config: '1048576' } } })],
  })
  await using client = await http2Client(port(gw))
  const body = Buffer.alloc(1048577)
  const post = { ':method': 'POST' }
  expect((await client.call('/x', { ...post, 'content-length': body.length }, body)).code).toBe('APIG.0201')
  const counted = await client.call('/x', post, body)
  expect([counted.status, counted.code]).toEqual([413, 'APIG.0201'])
})

test('a signed body is read and checked', async () => {
  await using gw = await secure({ api: { auth_type: 'APP', req_method: 'POST' }, parts: [appPart()] })
  await using client = await http2Client(port(gw))
  const { Host: _host, ...headers } = gw.sign('POST', '/orders', { body: '{"a":1}' })
  expect((await client.call('/orders', { ':method': 'POST', ...headers }, '{"a":1}')).status).toBe(200)
  expect(gw.backend.requests[0]?.body).toBe('{"a":1}')
  const changed = await client.call('/orders', { ':method': 'POST', ...headers }, '{"a":2}')
  expect([changed.status, changed.code]).toEqual([401, 'APIG.0303'])
})

test('what HTTP/1.1 refuses is refused', async () => {
  await using gw = await secure({})
  await using client = await http2Client(port(gw))
  const answer = async (path: string, headers = {}) => {
    const reply = await client.call(path, headers).catch((error: unknown) => error)
    return reply instanceof Error ? 'reset' : [(reply as Http2Reply).status, (reply as Http2Reply).code]
  }
  const bad = [400, 'APIG.0201']
  expect(await answer('/a/../b')).toEqual(bad)
  expect(await answer('/a/%2e%2e/b')).toEqual(bad)
  expect(await answer('/a\\b')).toEqual(bad)
  expect(await answer('*', { ':method': 'OPTIONS' })).toEqual(bad)
  expect(await answer('/x', { ':authority': 'a,b' })).toEqual(bad)
  expect(await answer('/x', { ':authority': 'a b' })).toBe('reset')
  expect(await answer('/x', { ':scheme': 'http' })).toEqual(bad)
  expect(await answer('/x', { host: 'other.com' })).toEqual(bad)
  expect(await answer('/x', { content_length: '5' })).toEqual(bad)
  expect(await answer(`/${'x'.repeat(33 * 1024)}`)).toEqual([414, 'APIG.0201'])
  expect(await answer('/x', { 'x-large': 'x'.repeat(33 * 1024) })).toEqual([494, 'APIG.0201'])
  expect((await client.call('/x')).status).toBe(200)
  expect(gw.backend.requests).toHaveLength(1)
})

test('a backend that fails, and one that is too slow', async () => {
  await using gw = await secure({ api: { req_uri: '/{p+}', backend: { timeout: 100 } } })
  await using client = await http2Client(port(gw))
  gw.backend.answer = (response) => response.destroy()
  expect((await client.call('/x')).code).toBe('APIG.0202')
  gw.backend.answer = () => undefined
  expect((await client.call('/x')).code).toBe('APIG.0203')
  // Cut in the middle: the stream ends with an error, so that nobody takes it for the whole.
  for (const headers of [{ 'Content-Length': '10' }, {}]) {
    gw.backend.answer = (response) => {
      response.writeHead(200, headers)
      response.write('12345', () => response.destroy())
    }
    await expect(client.call('/x')).rejects.toThrow(/INTERNAL_ERROR/)
  }
  gw.backend.answer = (response) => response.end('whole')
  expect((await client.call('/x')).body.toString()).toBe('whole')
})

test('a client that gives a call up is recorded with 499, and the backend’s request ends', async () => {
  await using gw = await secure({})
  await using client = await http2Client(port(gw))
  const gone = new Promise<void>((resolve) => {
    gw.backend.answer = (response) => {
      response.on('close', () => resolve())
      stream.close(8)
    }
  })
  const stream = client.session.request({ ':path': '/x', ':authority': 'g1.apic.test' })
  stream.on('error', () => undefined)
  await gone
  const [line] = await gw.log()
  expect(line).toMatchObject({ status: '499', server_protocol: 'HTTP/2.0' })
})

test('100 Continue comes before the body is sent', async () => {
  await using gw = await secure({})
  gw.backend.answer = (response, request) => response.end(request.body)
  await using client = await http2Client(port(gw))
  const stream = client.session.request({
    ':path': '/x',
    ':authority': 'g1.apic.test',
    ':method': 'POST',
    expect: '100-continue',
  })
  await new Promise((resolve) => stream.once('continue', () => resolve(stream.end('now'))))
  let body = ''
  for await (const piece of stream) body += String(piece)
  expect(body).toBe('now')
})

test('an instance that has HTTP/2 switched off is offered HTTP/1.1 only', async () => {
  const config = JSON.stringify({ http2_enable: false })
  const parts = [instancePart({ features: { request_custom_config: { enable: true, config } } })]
  await using gw = await secure({ api: { backend: mockBackend() }, parts })
  const session = connect(`https://127.0.0.1:${port(gw)}`, { servername: 'g1.apic.test', rejectUnauthorized: false })
  await expect(new Promise((_, reject) => session.on('error', reject))).rejects.toThrow()
  const call = { tls: { ALPNProtocols: ['h2', 'http/1.1'] } }
  expect((await secureCall(port(gw), '/orders', call)).status).toBe(200)
})

test('a draining gateway ends what is under way, and says goodbye', async () => {
  await using gw = await secure({})
  const client = await http2Client(port(gw))
  const arrived = new Promise<() => void>((resolve) => {
    gw.backend.answer = (response) => resolve(() => response.end('late'))
  })
  const reply = client.call('/x')
  const release = await arrived
  const goodbye = new Promise((resolve) => client.session.on('goaway', resolve))
  const drained = gw.gateway.drain(5_000)
  await goodbye
  release()
  expect((await reply).body.toString()).toBe('late')
  await drained
})

test('plug-ins answer preflights, change headers and keep replies as over HTTP/1.1', async () => {
  const header = { name: 'X-Cache', action: 'override', value: '$context.cacheStatus', value_type: 'system_parameter' }
  await using gw = await secure({
    api: { pluginIds: ['cors1', 'proxy_cache1', 'set_resp_headers1'] },
    parts: [
      pluginPart('cors', { allow_origin: '*', allow_methods: 'GET' }),
      pluginPart('set_resp_headers', { response_headers: [header, { name: 'X-Gone', action: 'delete' }] }),
      pluginPart('proxy_cache', {
        cache_key: { parameters: ['a'] },
        cache_http_status_and_ttl: [{ http_status: [200], ttl: 60 }],
      }),
    ],
  })
  gw.backend.answer = (response) => {
    response.setHeader('X-Gone', '1')
    response.setHeader('Date', 'Tue, 24 Nov 2026 12:00:00 GMT')
    response.end('once')
  }
  await using client = await http2Client(port(gw))
  const preflight = await client.call('/orders', { ':method': 'OPTIONS' })
  expect([preflight.status, preflight.headers['access-control-allow-methods']]).toEqual([200, 'GET'])
  for (const cached of ['MISS', 'HIT', 'HIT']) {
    const { headers, body } = await client.call('/orders')
    expect([headers['x-cache'], headers['x-gone'], body.toString()]).toEqual([cached, undefined, 'once'])
    expect(headers).toMatchObject({ 'access-control-allow-origin': '*', date: 'Tue, 24 Nov 2026 12:00:00 GMT' })
  }
  expect(gw.backend.requests).toHaveLength(1)
  expect(gw.faults).toEqual([])
})
