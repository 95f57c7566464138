/** The checks of routing.md §8, by number; those on TLS, ports and other features come with them. */
import { expect, test } from 'vitest'
import { gateway } from '../../../test/gateway.js'
import { change, groupPart, instancePart, mockBackend, publicationPart } from '../../../test/parts.js'
import { rawClient } from '../../../test/raw-peers.js'

test('routing.md 1: a prefix ends at a segment boundary', async () => {
  await using gw = await gateway({ api: { req_uri: '/test/AA', match_mode: 'SWA' } })
  expect((await gw.get('/test/AACC')).code).toBe('APIG.0101')
  expect((await gw.get('/test/AA/CC')).status).toBe(200)
})

test('routing.md 2: a literal path wins over a placeholder', async () => {
  await using gw = await gateway({
    api: [
      { id: 'a1', req_uri: '/users/{id}', backend: { req_uri: '/by-id' } },
      { id: 'a2', req_uri: '/users/me', backend: { req_uri: '/me' } },
    ],
  })
  await gw.get('/users/me')
  await gw.get('/users/you')
  expect(gw.backend.requests.map(({ target }) => target)).toEqual(['/me', '/by-id'])
})

test('routing.md 3: {p+} takes the rest, and there must be one', async () => {
  const params = [{ name: 'p', location: 'PATH', origin: 'REQUEST', value: 'p' }] as const
  await using gw = await gateway({
    api: {
      req_uri: '/users/{p+}',
      backend: { req_uri: '/files/{p}', params },
      req_params: [{ name: 'p', location: 'PATH' }],
    },
  })
  await gw.get('/users/a/b')
  expect(gw.backend.only.target).toBe('/files/a/b')
  expect((await gw.get('/users')).status).toBe(404)
  expect((await gw.get('/users/')).status).toBe(404)
})

test('routing.md 4, 5: the longer prefix wins over the shorter, the whole path over any prefix', async () => {
  const api = (id: string, req_uri: string, match_mode: 'SWA' | 'NORMAL') => ({
    id,
    req_uri,
    match_mode,
    backend: { req_uri: `/${id}` },
  })
  await using gw = await gateway({
    api: [api('short', '/test/AA', 'SWA'), api('long', '/test/AA/BB', 'SWA'), api('whole', '/test/AA/BB', 'NORMAL')],
  })
  await gw.get('/test/AA/BB/c')
  await gw.get('/test/AA/BB')
  await gw.get('/test/AA/c')
  expect(gw.backend.requests.map(({ target }) => target)).toEqual(['/long/c', '/whole', '/short/c'])
})

test('routing.md 6: a path without the method', async () => {
  await using gw = await gateway({ api: { req_uri: '/orders' } })
  const reply = await gw.post('/orders', 'x')
  expect(reply.status).toBe(404)
  expect(reply.json()).toEqual({
    error_code: 'APIG.0101',
    error_msg: 'The API does not exist.',
    request_id: reply.headers['x-request-id'],
  })
})

test('routing.md 7: an environment in which the API is not published', async () => {
  await using gw = await gateway({ api: { req_uri: '/orders' } })
  for (const stage of ['TEST', 'NOWHERE', 'release']) {
    const reply = await gw.get('/orders', { headers: { 'X-Stage': stage } })
    expect(reply.json()).toMatchObject({
      error_code: 'APIG.0101',
      error_msg: 'The API does not exist or has not been published in the environment.',
    })
  }
  expect((await gw.get('/orders', { headers: { 'X-Stage': 'RELEASE' } })).status).toBe(200)
  await gw.apply(change([publicationPart({ environmentId: 'test', backend: { req_uri: '/in-test' } })]))
  await gw.get('/orders?X-Stage=TEST', { headers: { 'x-stage': 'TEST' } })
  expect(gw.backend.requests.at(-1)?.target).toBe('/in-test?X-Stage=TEST')
})

test('routing.md 8: an API for HTTPS only, over HTTP', async () => {
  await using gw = await gateway({ api: { req_protocol: 'HTTPS' } })
  const reply = await gw.get('/orders')
  expect([reply.status, reply.json()]).toMatchObject([
    400,
    { error_code: 'APIG.0607', error_msg: 'The following protocol is supported: HTTPS' },
  ])
  expect(gw.backend.requests).toHaveLength(0)
})

test('routing.md 10: debugging domain off: 404; the call after the last of the day: 429, counting calls that found nothing', async () => {
  await using gw = await gateway({ api: {}, options: { debugDomainLimit: 3 } })
  const statuses = []
  for (const target of ['/orders', '/nothing', '/orders', '/orders']) statuses.push((await gw.get(target)).status)
  expect(statuses).toEqual([200, 404, 200, 429])
  expect((await gw.get('/orders')).code).toBe('APIG.0308')
  await gw.apply(change([groupPart({ subDomainEnabled: false })]))
  expect((await gw.get('/orders')).code).toBe('APIG.0101')
})

test('routing.md 10: by default the limit is a thousand', async () => {
  await using gw = await gateway()
  const calls = Array.from({ length: 1000 }, (_, i) => i)
  for (let i = 0; i < calls.length; i += 50) {
    const replies = await Promise.all(calls.slice(i, i + 50).map(() => gw.get('/nothing')))
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([404]))
  }
  expect((await gw.get('/nothing')).status).toBe(429)
})

test('routing.md 11: an address leads to DEFAULT only, also one of the trust list', async () => {
  const features = { default_group_host_trustlist: { enable: true, config: '{"enable":"on","hosts":["203.0.113.9"]}' } }
  await using gw = await gateway({
    api: [{}, { id: 'a0', groupId: 'g0', req_uri: '/default' }],
    parts: [instancePart({ features }), groupPart({ id: 'g0', isDefault: true })],
  })
  for (const host of ['127.0.0.1', '[::1]:80', 'localhost', '203.0.113.9']) {
    expect((await gw.get('/default', { host })).status).toBe(200)
    expect((await gw.get('/orders', { host })).status).toBe(404)
  }
  expect((await gw.get('/default', { host: '203.0.113.10' })).status).toBe(404)
})

test('routing.md 15: an escaped slash separates segments', async () => {
  await using gw = await gateway({ api: { req_uri: '/{x}/{y}', backend: { req_uri: '/two' } } })
  expect((await gw.get('/a%2Fb')).status).toBe(200)
  await gw.apply(change([publicationPart({ req_uri: '/{x}' })]))
  expect((await gw.get('/a%2Fb')).status).toBe(404)
})

test.each(['/orders/%zz', '/orders/..', '/orders/%2e%2e/admin', '/orders/.%2fx'])(
  'a path that a backend could read otherwise is refused: %s',
  async (target) => {
    await using gw = await gateway({ api: { req_uri: '/orders', match_mode: 'SWA' } })
    const reply = await gw.get(target)
    expect([reply.status, reply.code]).toEqual([400, 'APIG.0201'])
    expect(gw.backend.requests).toHaveLength(0)
  },
)

test.each(['shop.example', 'g1.apic.test'])('routing.md 16: a second Host is refused: %s', async (second) => {
  await using gw = await gateway({ api: { backend: mockBackend() } })
  await using client = await rawClient(gw.gateway.addresses[0]?.port ?? 0)
  client.send(`GET /orders HTTP/1.1\r\nHost: g1.apic.test\r\nHost: ${second}\r\n\r\n`)
  const reply = await client.until((_, closed) => closed)
  expect(reply).toMatch(/^HTTP\/1\.1 400 /)
  expect(reply).toContain('"error_code":"APIG.0201"')
})

test('the health check answers on every host, before anything is known', async () => {
  await using gw = await gateway()
  const reply = await gw.get('/apic/health_check', { host: 'any.example' })
  expect([reply.status, reply.json()]).toEqual([200, { status: 'ok' }])
})
