/** Checks of responses.md §8, by number; those on response sets come with the sets. */
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { anExchange } from '../../../test/exchange.js'
import { gateway } from '../../../test/gateway.js'
import { mockBackend } from '../../../test/parts.js'
import { LocalLimiter } from '../../limits/local.js'
import { catalogue, codeOf, type CatalogueRow } from './catalogue.js'
import { refuse } from './refuse.js'

test('responses.md 1: an unknown path: body, headers and id agree', async () => {
  await using gw = await gateway({ api: {} })
  const reply = await gw.get('/nothing')
  expect(reply.status).toBe(404)
  expect(reply.json()).toEqual({
    error_code: 'APIG.0101',
    error_msg: 'The API does not exist or has not been published in the environment.',
    request_id: reply.headers['x-request-id'],
  })
  expect(reply.headers).toMatchObject({ server: 'api-gateway', 'content-type': 'application/json' })
  expect(reply.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/)
})

test('responses.md 2: a path that has GET only', async () => {
  await using gw = await gateway({ api: {} })
  const reply = await gw.call('DELETE', '/orders')
  expect([reply.status, reply.json()]).toMatchObject([
    404,
    { error_code: 'APIG.0101', error_msg: expect.stringMatching(/^The API does not exist/) as unknown },
  ])
})

test('responses.md 6: debug mode on a mock', async () => {
  await using gw = await gateway({
    api: { backend: mockBackend() },
    options: { limiter: new LocalLimiter(() => 1_000_000) },
  })
  const { headers } = await gw.get('/orders', { headers: { 'X-Apig-Mode': 'debug' } })
  expect(headers['x-apig-latency']).toMatch(/^\d+$/)
  expect(headers).not.toHaveProperty('x-apig-upstream-latency')
  expect(headers['x-apig-ratelimit-api-allenv']).toBe('remain:199,limit:200,time:1 second')
})

test('responses.md 6: debug mode with a backend shows its latency, which is part of the whole', async () => {
  await using gw = await gateway({ api: {} })
  const { headers } = await gw.get('/orders', { headers: { 'X-Apig-Mode': 'debug' } })
  expect(headers['x-apig-upstream-latency']).toMatch(/^\d+$/)
  expect(Number(headers['x-apig-latency'])).toBeGreaterThanOrEqual(Number(headers['x-apig-upstream-latency']))
})

test.each([undefined, 'on', 'DEBUG'])('responses.md 7: no debug headers when X-Apig-Mode is %s', async (mode) => {
  await using gw = await gateway({ api: { backend: mockBackend() } })
  const { headers } = await gw.get('/orders', mode === undefined ? {} : { headers: { 'X-Apig-Mode': mode } })
  expect(Object.keys(headers).filter((name) => name.startsWith('x-apig-'))).toEqual([])
})

test('responses.md 8: the Server of a backend is replaced', async () => {
  await using gw = await gateway({ api: {} })
  gw.backend.answer = (response) => response.setHeader('Server', 'nginx').end('ok')
  const reply = await gw.get('/orders')
  expect([reply.headers.server, reply.body]).toEqual(['api-gateway', 'ok'])
})

test('responses.md 9: a body one byte over 12 MB', async () => {
  await using gw = await gateway({ api: { req_method: 'POST' } })
  const reply = await gw.post('/orders', Buffer.alloc(12 * 1024 * 1024 + 1))
  expect([reply.status, reply.code]).toEqual([413, 'APIG.0201'])
  expect(gw.backend.requests).toHaveLength(0)
})

test('responses.md 10: a URI or a header that is too large', async () => {
  await using gw = await gateway({ api: {} })
  const uri = await gw.get(`/${'a'.repeat(33_000)}`)
  expect([uri.status, uri.code]).toEqual([414, 'APIG.0201'])
  const header = await gw.get('/orders', { headers: { 'X-Large': 'a'.repeat(33 * 1024) } })
  expect([header.status, header.code]).toEqual([494, 'APIG.0201'])
})

test('responses.md 11: whatever a message holds, the body is JSON', () => {
  const reply = refuse(anExchange(), 'APIG.0303', 'app not found, appkey "\\\n\u2028{}')
  expect(JSON.parse(String(reply.body))).toEqual({
    error_code: 'APIG.0303',
    error_msg: 'Incorrect app authentication information: app not found, appkey "\\\n\u2028{}',
    request_id: '0123456789abcdef0123456789abcdef',
  })
})

test('responses.md 12: a backend that is not there, and one that is too slow', async () => {
  const closed = createServer()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const { port } = closed.address() as AddressInfo
  await new Promise((resolve) => closed.close(resolve))
  await using gw = await gateway({
    api: [
      { id: 'a1', req_uri: '/closed', backend: { url_domain: `127.0.0.1:${port}` } },
      { id: 'a2', req_uri: '/slow', backend: { timeout: 100 } },
    ],
  })
  gw.backend.answer = () => undefined
  const replies = [await gw.get('/closed'), await gw.get('/slow')]
  expect(replies.map(({ status, code }) => [status, code])).toEqual([
    [502, 'APIG.0202'],
    [504, 'APIG.0203'],
  ])
})

test('every row of the catalogue renders its own code, status and message', () => {
  for (const [name, row] of Object.entries<CatalogueRow>(catalogue)) {
    const exchange = anExchange()
    const reply = refuse(exchange, name as keyof typeof catalogue)
    expect(reply).toMatchObject({ status: row.status, errorCode: codeOf(name), errorType: row.type })
    expect([exchange.errorCode, exchange.errorType]).toEqual([codeOf(name), row.type])
    expect(JSON.parse(String(reply.body))).toMatchObject({ error_code: codeOf(name), error_msg: row.message })
    expect(codeOf(name)).toMatch(/^APIG\.\d{4}$/)
  }
})
