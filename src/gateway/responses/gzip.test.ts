import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { connect } from 'node:net'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gateway, type TestGateway } from '../../../test/gateway.js'
import { instancePart, mockBackend } from '../../../test/parts.js'
import { http2Client } from '../../../test/http2-client.js'
import { secureOptions } from '../../../test/secure-call.js'
import { acceptsGzip } from './gzip.js'

const on = (level = 6) =>
  instancePart({ features: { gzip: { enable: true, config: `{"enable":"on","comp_level":${level}}` } } })
const big = JSON.stringify({ text: 'sluice '.repeat(300) })

interface Received {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: Buffer
}

/** The body as it came. */
function fetch(sluice: TestGateway, headers: Record<string, string>, method = 'GET', path = '/orders') {
  return new Promise<Received>((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port: sluice.gateway.addresses[0]?.port,
        method,
        path,
        headers: { host: 'g1.apic.test', ...headers },
      },
      (reply) => {
        const pieces: Buffer[] = []
        reply.on('data', (piece: Buffer) => pieces.push(piece))
        reply.on('error', reject)
        reply.on('end', () =>
          resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(pieces) }),
        )
      },
    )
    call.on('error', reject)
    call.end()
  })
}

const gzip = { 'accept-encoding': 'br, gzip' }

test('features.md 7: gzip compresses 2 KB of JSON for who accepts it, live, and not 500 bytes', async () => {
  await using sluice = await gateway({ api: {} })
  let body = big
  sluice.backend.answer = (response) =>
    response.setHeader('Content-Type', 'application/json').setHeader('Content-Length', body.length).end(body)
  expect((await fetch(sluice, gzip)).headers['content-encoding']).toBeUndefined()

  await sluice.apply({ revision: 2, reset: false, put: [on()], remove: [] })
  const reply = await fetch(sluice, gzip)
  expect(reply.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' })
  expect(reply.headers['content-length']).toBeUndefined()
  expect(gunzipSync(reply.body).toString()).toBe(big)
  const plain = await fetch(sluice, {})
  expect([plain.headers['content-encoding'], plain.headers.vary]).toEqual([undefined, 'Accept-Encoding'])
  expect(plain.body.toString()).toBe(big)

  body = 'x'.repeat(500)
  const small = await fetch(sluice, gzip)
  expect([small.headers['content-encoding'], small.body.toString()]).toEqual([undefined, body])
  const [before, compressed] = await sluice.log()
  expect(before?.gzip_ratio).toBe('-')
  expect(Number(compressed?.gzip_ratio)).toBeCloseTo(big.length / reply.body.length, 1)
})

test('gzip leaves alone what is compressed, partial, bodyless, of another type, or not to be changed', async () => {
  await using sluice = await gateway({ api: { req_method: 'ANY', backend: { req_method: 'ANY' } }, parts: [on()] })
  const encodingOf = async (status: number, lines: Record<string, string>, method = 'GET') => {
    sluice.backend.answer = (response) => {
      response.writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': big.length, ...lines })
      response.end(method === 'HEAD' || status === 304 ? undefined : big)
    }
    const { headers } = await fetch(sluice, gzip, method)
    return headers['content-encoding']
  }
  expect(await encodingOf(200, {})).toBe('gzip')
  expect(await encodingOf(404, {})).toBe('gzip')
  expect(await encodingOf(200, { 'Content-Encoding': 'br' })).toBe('br')
  expect(await encodingOf(206, { 'Content-Range': `bytes 0-9/20` })).toBeUndefined()
  expect(await encodingOf(304, {})).toBeUndefined()
  expect(await encodingOf(200, {}, 'HEAD')).toBeUndefined()
  expect(await encodingOf(200, { 'Content-Type': 'image/png' })).toBeUndefined()
  expect(await encodingOf(200, { 'Content-Type': 'text/event-stream' })).toBeUndefined()
  expect(await encodingOf(200, { 'Cache-Control': 'private, no-transform' })).toBeUndefined()
})

test('gzip weakens a strong tag, and drops what speaks of other bytes', async () => {
  await using sluice = await gateway({ api: {}, parts: [on(9)] })
  sluice.backend.answer = (response) =>
    response
      .writeHead(200, {
        'Content-Type': 'text/css; charset=utf-8',
        ETag: '"1"',
        'Accept-Ranges': 'bytes',
        Vary: 'Origin',
      })
      .end(big)
  const { headers, body } = await fetch(sluice, gzip)
  expect(headers).toMatchObject({ etag: 'W/"1"', vary: 'Origin, Accept-Encoding', 'content-encoding': 'gzip' })
  expect(headers['accept-ranges']).toBeUndefined()
  expect(gunzipSync(body).toString()).toBe(big)
})

test('gzip compresses what the gateway itself answers', async () => {
  await using sluice = await gateway({
    api: {
      backend: mockBackend({ result_content: big, headers: [{ key: 'Content-Type', value: 'application/json' }] }),
    },
    parts: [on()],
  })
  const { headers, body } = await fetch(sluice, gzip)
  expect([headers['content-encoding'], headers['content-length']]).toEqual(['gzip', String(body.length)])
  expect(gunzipSync(body).toString()).toBe(big)
})

test('gzip hands on the pieces of a stream as they come, and megabytes whole', async () => {
  await using sluice = await gateway({ api: {}, parts: [on(1)] })
  let finish = (): void => undefined
  sluice.backend.answer = (response) => {
    response.setHeader('Content-Type', 'text/plain').write('first')
    finish = () => response.end(big.repeat(2_000))
  }
  const body = await new Promise<Buffer>((resolve, reject) => {
    const pieces: Buffer[] = []
    request(
      {
        host: '127.0.0.1',
        port: sluice.gateway.addresses[0]?.port,
        path: '/orders',
        headers: { host: 'g1.apic.test', ...gzip },
      },
      (reply) => {
        // Nothing more comes before the first piece has arrived.
        reply.once('data', () => finish())
        reply.on('data', (piece: Buffer) => pieces.push(piece))
        reply.on('end', () => resolve(Buffer.concat(pieces)))
        reply.on('error', reject)
      },
    ).end()
  })
  expect(gunzipSync(body).toString() === `first${big.repeat(2_000)}`).toBe(true)
})

test('gzip is no faster than a client that reads slowly', async () => {
  await using sluice = await gateway({ api: {}, parts: [on(1)] })
  const content = randomBytes(16 * 1024 * 1024)
  sluice.backend.answer = (response) =>
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': content.length }).end(content)
  const socket = connect(sluice.gateway.addresses[0]?.port ?? 0, '127.0.0.1')
  // An HTTP/1.0 client: the body is not in chunks, and ends with the connection.
  socket.write('GET /orders HTTP/1.0\r\nHost: g1.apic.test\r\nAccept-Encoding: gzip\r\n\r\n')
  const pieces: Buffer[] = []
  for await (const piece of socket) {
    pieces.push(piece as Buffer)
    if (pieces.length % 50 === 1) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const reply = Buffer.concat(pieces)
  const end = reply.indexOf('\r\n\r\n') + 4
  expect(reply.subarray(0, end).toString()).not.toMatch(/transfer-encoding|content-length/i)
  expect(gunzipSync(reply.subarray(end)).equals(content)).toBe(true)
})

test('gzip is the same over HTTP/2, for backends and for mocks', async () => {
  await using sluice = await gateway({
    api: [
      {},
      {
        id: 'a2',
        req_uri: '/mock',
        backend: mockBackend({ result_content: big, headers: [{ key: 'Content-Type', value: 'text/plain' }] }),
      },
    ],
    parts: [on()],
    options: secureOptions(),
  })
  sluice.backend.answer = (response) => response.setHeader('Content-Type', 'application/json').end(big)
  await using client = await http2Client(sluice.gateway.secureAddresses[0]?.port ?? 0)
  for (const path of ['/orders', '/mock']) {
    const { headers, body } = await client.call(path, gzip)
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' })
    expect(gunzipSync(body).toString()).toBe(big)
  }
})

test('a reply that the backend does not finish is cut when it is compressed too', async () => {
  await using sluice = await gateway({ api: {}, parts: [on()] })
  sluice.backend.answer = (response, _, socket) => {
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': 1_000_000 }).write(big)
    setTimeout(() => socket.destroy(), 20)
  }
  await expect(fetch(sluice, gzip)).rejects.toThrow(/aborted|hang up|ECONNRESET/)
})

test.for([
  ['gzip', true],
  ['GZIP;q=0.5', true],
  ['gzip;q=0', false],
  ['gzip; q=0.000, *', false],
  ['*', true],
  ['*;q=0', false],
  ['br', false],
  ['', false],
] as const)('Accept-Encoding %j', ([value, accepted]) => {
  expect(acceptsGzip({ headers: () => [value] })).toBe(accepted)
})

test('any Accept-Encoding has an answer, and other codings do not change it', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.boolean(), (others, accepted) => {
      const line = others.map((other) => other.replace(/gzip|\*/gi, '')).join(',')
      expect(acceptsGzip({ headers: () => [line, accepted ? 'gzip' : 'gzip;q=0'] })).toBe(accepted)
    }),
  )
})
