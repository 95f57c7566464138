/** Checks of request-lifecycle.md §5, by number: which phase answers first. */
import { expect, test } from 'vitest'
import { gateway } from '../../test/gateway.js'
import { appPart, change, instancePart, mockBackend, publicationPart, throttlePart } from '../../test/parts.js'
import { startGateway } from './worker.js'

const required = [{ name: 'a', location: 'QUERY', required: true }] as const

test('request-lifecycle.md 2: a wrong signature consumes nothing of a limit', async () => {
  await using gw = await gateway({
    api: { auth_type: 'APP', throttleId: 't1' },
    parts: [appPart(), throttlePart({ apiLimit: 1 })],
  })
  const wrong = { headers: { ...gw.sign('GET', '/other') } }
  expect((await gw.get('/orders', wrong)).status).toBe(401)
  expect((await gw.signed('GET', '/orders')).status).toBe(200)
  expect((await gw.get('/orders', wrong)).status).toBe(401)
  expect((await gw.signed('GET', '/orders')).status).toBe(429)
})

test('request-lifecycle.md 3: a limit that is reached answers before a parameter that is missing', async () => {
  await using gw = await gateway({
    api: { auth_type: 'APP', throttleId: 't1', req_params: required },
    parts: [appPart(), throttlePart({ apiLimit: 1 })],
  })
  expect((await gw.signed('GET', '/orders')).status).toBe(400)
  expect((await gw.signed('GET', '/orders')).status).toBe(429)
})

test('request-lifecycle.md 4: a parameter that is missing answers before the backend is called', async () => {
  await using gw = await gateway({ api: { req_params: required } })
  expect((await gw.get('/orders')).code).toBe('APIG.0106')
  expect(gw.backend.requests).toHaveLength(0)
})

test('request-lifecycle.md 7: a body that is too large, to a path that nobody has: 404', async () => {
  await using gw = await gateway({ api: { req_method: 'POST' } })
  const body = Buffer.alloc(12 * 1024 * 1024 + 1)
  expect((await gw.post('/nothing', body)).status).toBe(404)
  expect((await gw.post('/orders', body)).status).toBe(413)
})

test('the size of a body is the instance’s to choose, also when it is not declared', async () => {
  const features = { request_body_size: { enable: true, config: '1000' } }
  await using gw = await gateway({ api: { req_method: 'POST' }, parts: [instancePart({ features })] })
  const chunked = { headers: { 'Transfer-Encoding': 'chunked' } }
  for (const options of [{}, chunked]) {
    expect((await gw.post('/orders', 'x'.repeat(1000), options)).status).toBe(200)
    expect((await gw.post('/orders', 'x'.repeat(1001), options)).code).toBe('APIG.0201')
  }
})

test('a body that is too large answers before a signature that is wrong', async () => {
  await using gw = await gateway({ api: { req_method: 'POST', auth_type: 'APP' } })
  expect((await gw.post('/orders', Buffer.alloc(12 * 1024 * 1024 + 1))).status).toBe(413)
})

test('a gateway that knows nothing yet says so, and is healthy', async () => {
  await using empty = await startGateway({
    http: [{ host: '127.0.0.1', port: 0 }],
    accessLog: 'off',
    region: 'local-1',
    onFault: (fault) => {
      throw fault
    },
  })
  const at = `http://127.0.0.1:${empty.addresses[0]?.port ?? 0}`
  const reply = await fetch(`${at}/orders`)
  expect([reply.status, await reply.json()]).toMatchObject([500, { error_code: 'APIG.0606' }])
  expect((await fetch(`${at}/apic/health_check`)).status).toBe(200)
})

test('an update between two requests changes the second and not one that is under way', async () => {
  await using gw = await gateway({ api: { backend: { timeout: 5000 } } })
  let finish: () => void = () => undefined
  gw.backend.answer = (response) => {
    finish = () => response.end('old')
  }
  const first = gw.get('/orders')
  await expect.poll(() => gw.backend.requests.length).toBe(1)
  await gw.apply(change([publicationPart({ backend: mockBackend({ result_content: 'new' }) })]))
  expect((await gw.get('/orders')).body).toBe('new')
  finish()
  expect((await first).body).toBe('old')
})

test('what goes wrong inside answers 500 and is reported, and the gateway goes on', async () => {
  const limiter = {
    take: () => {
      throw new Error('broken')
    },
    remaining: () => 0,
  }
  await using gw = await gateway({ api: { id: 'a1' }, options: { limiter, debugDomainLimit: 'off' } })
  const reply = await gw.get('/orders')
  expect([reply.status, reply.code]).toEqual([500, 'APIG.0601'])
  expect(gw.faults.map(String)).toEqual(['Error: broken'])
  expect((await gw.get('/nothing')).status).toBe(404)
})
