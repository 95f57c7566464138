import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { anExchange } from '../../../test/exchange.js'
import { freePort } from '../../../test/free-port.js'
import { gateway, type TestGateway } from '../../../test/gateway.js'
import { pluginPart, throttlePart } from '../../../test/parts.js'
import { recordingBackend } from '../../../test/recording-backend.js'
import { AddressSet } from '../address-set.js'
import { compileProxyMirror, Mirrors } from './proxy-mirror.js'

type Content = Readonly<Record<string, unknown>>

function mirrored(content: Content, losses: string[] = []): Promise<TestGateway> {
  return gateway({
    api: { req_method: 'ANY', req_uri: '/orders', pluginIds: ['m1'], throttleId: 't1' },
    parts: [pluginPart('proxy_mirror', { protocol: 'HTTP', ...content }, 'm1'), throttlePart({ apiLimit: 1_000_000 })],
    options: { onLoss: (warning) => losses.push(warning) },
  })
}

test('a mirror gets what the backend gets, and what it answers goes nowhere', async () => {
  await using mirror = await recordingBackend()
  mirror.answer = (response) => response.writeHead(500, { 'X-Mirror': '1' }).end('not for the client')
  await using sluice = await mirrored({ host: mirror.address })
  const headers = { 'X-A': 'b', Cookie: 'c=d', 'X-Forwarded-For': '203.0.113.1' }
  const reply = await sluice.post('/orders?a=1', 'a body', { headers })
  expect(reply).toMatchObject({ status: 200, body: '{}' })
  expect(reply.headers).not.toHaveProperty('x-mirror')
  await expect.poll(() => mirror.requests.length).toBe(1)
  const { headers: copied, ...copy } = mirror.only
  const { headers: original } = sluice.backend.only
  expect(copy).toMatchObject({ method: 'POST', target: '/orders?a=1', body: 'a body' })
  for (const name of ['x-a', 'cookie', 'x-forwarded-for', 'x-real-ip', 'x-request-id', 'x-forwarded-proto'])
    expect([name, copied[name]]).toEqual([name, original[name]])
  expect(copied.host).toBe(mirror.address)
})

test.for([
  [{ path: '/copy' }, '/copy?a=1'],
  [{ path: '/copy?b=2' }, '/copy?b=2&a=1'],
  [{ path: '/copy/', path_concat_mode: 'prefix' }, '/copy/orders?a=1'],
  [{ path_concat_mode: 'prefix' }, '/orders?a=1'],
] as const)('%o: the copy goes to %s', async ([content, target]) => {
  await using mirror = await recordingBackend()
  await using sluice = await mirrored({ host: mirror.address, ...content })
  await sluice.get('/orders?a=1')
  await expect.poll(() => mirror.requests.map((request) => request.target)).toEqual([target])
})

test('without mirror_request_body_enabled the copy has no body', async () => {
  await using mirror = await recordingBackend()
  await using sluice = await mirrored({ host: mirror.address, mirror_request_body_enabled: false })
  await sluice.post('/orders', 'a body')
  await expect.poll(() => mirror.requests.map(({ body }) => body)).toEqual([''])
})

test('of a sample about as many are copied as it says', async () => {
  await using mirror = await recordingBackend()
  await using sluice = await mirrored({ host: mirror.address, sample_ratio: 0.5 })
  for (let index = 0; index < 150; index++) await sluice.get('/orders')
  await expect.poll(() => mirror.requests.length).toBeGreaterThan(30)
  expect(mirror.requests.length).toBeLessThan(120)
})

test('policies.md 15: a dead mirror, a silent one and a forbidden one are nothing to the client', async () => {
  const held = createServer(() => undefined)
  await new Promise<void>((resolve) => held.listen(0, '127.0.0.1', resolve))
  const { port } = held.address() as { port: number }
  const hosts = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${port}`, '169.254.169.254', 'no-such-host.invalid']
  for (const host of hosts) {
    const losses: string[] = []
    await using sluice = await mirrored({ host, timeout: 50 }, losses)
    for (let index = 0; index < 5; index++) {
      expect((await sluice.post('/orders', 'x')).status).toBe(200)
      expect((await sluice.get('/orders')).status).toBe(200)
    }
    await expect.poll(() => losses.length, { timeout: 10_000 }).toBeGreaterThan(0)
    expect(sluice.backend.requests.length).toBe(10)
    expect(sluice.faults).toEqual([])
  }
  held.close()
})

test('copies under way are bounded, and the rest of the requests goes without', async () => {
  await using mirror = await recordingBackend()
  mirror.answer = () => undefined
  const losses: string[] = []
  await using sluice = await mirrored({ host: mirror.address, timeout: 30_000 }, losses)
  for (let round = 0; round < 3; round++) await Promise.all(Array.from({ length: 100 }, () => sluice.get('/orders')))
  expect(losses).toEqual([expect.stringContaining('too many are under way')])
  expect(mirror.requests.length).toBeLessThanOrEqual(256)
})

test('copies whose requests have not ended take no place of others', async () => {
  await using mirror = await recordingBackend()
  const mirrors = new Mirrors(new AddressSet([]), () => undefined)
  const content = { protocol: 'HTTP', host: mirror.address } as const
  const step = compileProxyMirror({ id: 'm1', content }, { mirrors })
  const copy = (body?: Buffer) => {
    const exchange = anExchange({ target: '/orders' })
    const origin = { host: '127.0.0.1', port: 80, tls: false }
    exchange.plan = {
      ...{ origin, method: 'POST', target: '/orders', host: 'a', drop: new Set<string>(), add: '' },
      ...{ timeout: 1_000, retries: 0 },
    }
    exchange.body = body
    void step?.(exchange)
    return exchange
  }
  const waiting = Array.from({ length: 300 }, () => copy(Buffer.from('x')))
  copy()
  await expect.poll(() => mirror.requests.length).toBe(1)
  for (const { requestTap } of waiting.slice(0, 2)) {
    requestTap?.data(Buffer.from('x'), 0, 1)
    requestTap?.end(true)
  }
  await expect.poll(() => mirror.requests.map(({ body }) => body)).toEqual(['', 'x', 'x'])
  expect(mirrors.dropped).toBe(0)
  mirrors.close()
})
