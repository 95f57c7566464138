/** Forwarding: repetition, time-outs, pooling and streaming, over real sockets. */
import { createHash } from 'node:crypto'
import { type IncomingMessage, createServer, request } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { testEngine } from '../../../test/raw-engine.js'
import { certificate } from '../../../test/certificates.js'
import { OK, eventually, rawBackend, rawClient } from '../../../test/raw-peers.js'

const GET = 'GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n'
const POST = 'POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 2\r\n\r\nhi'

async function listening(server: net.Server): Promise<AsyncDisposable & { readonly port: number }> {
  const open = new Set<net.Socket>()
  server.on('connection', (socket: net.Socket) => {
    socket.on('error', () => undefined)
    open.add(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as net.AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const statusOf = (reply: string): number => Number(reply.slice(9, 12))
const complete = (text: string): boolean => text.includes('\r\n\r\n') && (text.endsWith('ok') || text.endsWith('}'))

test('exchanges of one address share kept connections', async () => {
  await using backend = await rawBackend()
  await using gateway = await testEngine(backend.port)
  for (let i = 0; i < 5; i++) {
    await using client = await rawClient(gateway.port)
    client.send(GET)
    await client.until(complete)
  }
  expect(backend.requests).toHaveLength(5)
  expect(backend.accepted).toBe(1)
  expect(gateway.records.map((exchange) => exchange.upstreamConnectedAt === exchange.upstreamStartedAt)).toEqual([
    false,
    true,
    true,
    true,
    true,
  ])
})

test('a connection that the backend closed while it was idle is not used again', async () => {
  await using backend = await rawBackend()
  await using gateway = await testEngine(backend.port)
  await using client = await rawClient(gateway.port)
  client.send(GET)
  await client.until(complete)
  for (const socket of backend.open) socket.end()
  await eventually(() => backend.open.size === 0)
  client.send(POST)
  const received = await client.until((text) => text.split('HTTP/1.1 200').length === 3 && complete(text))
  expect(received).not.toContain('HTTP/1.1 502')
  expect(backend.accepted).toBe(2)
})

test.each([
  ['GET', GET, 200],
  ['POST', POST, 502],
])('%s on a kept connection that dies under it, without retries: %3$i', async (_method, request, status) => {
  await using backend = await rawBackend((_request, index, socket) => {
    if (index !== 1) return { bytes: OK }
    socket.destroy()
    return undefined
  })
  await using gateway = await testEngine(backend.port)
  await using client = await rawClient(gateway.port)
  client.send(GET)
  await client.until(complete)
  const first = client.received.length
  client.send(request)
  const received = await client.until((text) => text.length > first && complete(text))
  expect(statusOf(received.slice(first))).toBe(status)
  expect(backend.requests).toHaveLength(status === 200 ? 3 : 2)
})

test.each([
  [0, 1, 502],
  [1, 2, 502],
  [3, 3, 200],
])('%i retries, the backend closes twice: %i attempts, %i', async (retries, attempts, status) => {
  await using backend = await rawBackend((_, index) => (index < 2 ? { bytes: '', close: true } : { bytes: OK }))
  await using gateway = await testEngine(backend.port, { plan: { retries } })
  await using client = await rawClient(gateway.port)
  client.send(POST)
  const received = await client.until(complete)
  expect(statusOf(received)).toBe(status)
  expect(backend.requests.map(({ body }) => body)).toEqual(new Array(attempts).fill('hi'))
  expect(gateway.records[0]).toMatchObject({ status, upstreamStatus: status === 200 ? 200 : 0 })
})

test.each([
  ['that says so', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
  ['that speaks HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['that will close before it can be used', 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok'],
  ['that sends more than its reply', `${OK}HTTP/1.1 200 OK\r\n`],
  ['that hides a second reply in the first', 'HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok'],
])('the connection of a backend %s is not used again', async (_why, bytes) => {
  await using backend = await rawBackend((_, index) => ({ bytes: index === 0 ? bytes : OK }))
  await using gateway = await testEngine(backend.port)
  await using client = await rawClient(gateway.port)
  client.send(GET)
  await client.until((text) => text.includes('\r\n\r\n'))
  await eventually(() => gateway.records.length === 1)
  client.send(POST)
  await client.until((text) => text.split('HTTP/1.1 20').length === 3 && complete(text))
  expect(backend.accepted).toBe(2)
})

test('once a byte of a reply has come, nothing is repeated', async () => {
  await using backend = await rawBackend(() => ({ bytes: 'H', close: true }))
  await using gateway = await testEngine(backend.port, { plan: { retries: 3 } })
  await using client = await rawClient(gateway.port)
  client.send(GET)
  expect(statusOf(await client.until(complete))).toBe(502)
  expect(backend.requests).toHaveLength(1)
})

test('a status is an answer, not a failure: 503 comes through and is not repeated', async () => {
  await using backend = await rawBackend(() => ({ bytes: 'HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nok' }))
  await using gateway = await testEngine(backend.port, { plan: { retries: 3 } })
  await using client = await rawClient(gateway.port)
  client.send(GET)
  expect(await client.until(complete)).toContain('HTTP/1.1 503 Busy\r\n')
  expect(backend.requests).toHaveLength(1)
})

test('a backend that does not answer in its time: 504 APIG.0203', async () => {
  await using backend = await rawBackend(() => undefined)
  await using gateway = await testEngine(backend.port, { plan: { timeout: 100 } })
  await using client = await rawClient(gateway.port)
  client.send(GET)
  const received = await client.until(complete)
  expect(received).toContain('HTTP/1.1 504 Gateway Timeout\r\n')
  expect(received).toContain('"error_code":"APIG.0203"')
  const [exchange] = gateway.records
  expect(exchange?.upstreamTotal).toBeGreaterThanOrEqual(100)
  expect(exchange?.upstreamTotal).toBeLessThan(1000)
  await eventually(() => backend.open.size === 0)
})

test('a time-out may be repeated', async () => {
  await using backend = await rawBackend((_, index) => (index === 0 ? undefined : { bytes: OK }))
  await using gateway = await testEngine(backend.port, { plan: { timeout: 100, retries: 1 } })
  await using client = await rawClient(gateway.port)
  client.send(GET)
  expect(statusOf(await client.until(complete))).toBe(200)
  expect(backend.requests).toHaveLength(2)
})

test('a backend that stops within its reply: the client sees a broken reply, not a short one', async () => {
  await using backend = await rawBackend(() => ({ bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc' }))
  await using gateway = await testEngine(backend.port, { plan: { timeout: 100 } })
  await using client = await rawClient(gateway.port)
  client.send(GET)
  const received = await client.until((_, closed) => closed)
  expect(received.endsWith('abc')).toBe(true)
  expect(gateway.records[0]).toMatchObject({ status: 200, upstreamStatus: 200 })
})

test('nothing listens: 502 APIG.0202', async () => {
  await using backend = await rawBackend()
  const { port } = backend
  await backend[Symbol.asyncDispose]()
  await using gateway = await testEngine(port)
  await using client = await rawClient(gateway.port)
  client.send(GET)
  expect(await client.until(complete)).toContain('"error_code":"APIG.0202"')
})

test('a name with several addresses, of which one listens', async () => {
  await using backend = await rawBackend()
  const origin = { host: 'localhost', port: backend.port, tls: false }
  await using gateway = await testEngine(0, { plan: { origin } })
  await using client = await rawClient(gateway.port)
  client.send(GET)
  expect(statusOf(await client.until(complete))).toBe(200)
})

test('a backend that speaks TLS, with a certificate that nobody has signed (backends.md §2)', async () => {
  const { pem, keyPem } = certificate()
  await using server = await listening(
    createTlsServer({ key: keyPem, cert: pem }, (_request, response) => response.end('ok')),
  )
  const origin = { host: '127.0.0.1', port: server.port, tls: true }
  await using gateway = await testEngine(0, { plan: { origin } })
  await using client = await rawClient(gateway.port)
  client.send(GET + POST)
  const received = await client.until((text) => text.split('HTTP/1.1 200').length === 3 && complete(text))
  expect(received).not.toContain('HTTP/1.1 502')
  await eventually(() => gateway.records.length === 2)
  expect(gateway.records[1]?.upstreamAddress).toBe(`127.0.0.1:${server.port}`)
})

test('a backend that does not speak TLS where it should: 502', async () => {
  await using backend = await rawBackend()
  const origin = { host: '127.0.0.1', port: backend.port, tls: true }
  await using gateway = await testEngine(0, { plan: { origin, timeout: 1000 } })
  await using client = await rawClient(gateway.port)
  client.send(GET)
  expect(statusOf(await client.until(complete))).toBeGreaterThanOrEqual(502)
})

test('a name without an address: 500 APIG.0605', async () => {
  const origin = { host: 'nowhere.invalid', port: 80, tls: false }
  await using gateway = await testEngine(0, { plan: { origin } })
  await using client = await rawClient(gateway.port)
  client.send(GET)
  expect(await client.until(complete)).toContain('"error_code":"APIG.0605"')
})

test.each([['127.0.0.1'], ['localhost']])('an address that must not be called, as %s: 403 APIG.0404', async (host) => {
  await using backend = await rawBackend()
  const origin = { host, port: backend.port, tls: false }
  const forbiddenBackends = ['127.0.0.0/8', '::1']
  await using gateway = await testEngine(0, { plan: { origin }, options: { forbiddenBackends } })
  await using client = await rawClient(gateway.port)
  client.send(GET)
  expect(await client.until(complete)).toContain('"error_code":"APIG.0404"')
  expect(backend.accepted).toBe(0)
})

test('a client that goes away takes its backend request with it: 499', async () => {
  await using backend = await rawBackend(() => undefined)
  await using gateway = await testEngine(backend.port)
  const client = await rawClient(gateway.port)
  client.send(GET)
  await eventually(() => backend.requests.length === 1)
  client.socket.destroy()
  await eventually(() => backend.open.size === 0 && gateway.records.length === 1)
  expect(gateway.records[0]).toMatchObject({ status: 499, upstreamStatus: 0, bytesOut: 0 })
  expect(gateway.engine.inFlight).toBe(0)
})

test('exchanges beyond the connections of an address wait their turn', async () => {
  const held: net.Socket[] = []
  await using backend = await rawBackend((_request, _index, socket) => {
    held.push(socket)
    return undefined
  })
  await using gateway = await testEngine(backend.port, { options: { maxPerOrigin: 2 } })
  const clients = await Promise.all([1, 2, 3, 4, 5].map(() => rawClient(gateway.port)))
  for (const client of clients) client.send(POST)
  await eventually(() => held.length === 2)
  for (let answered = 0; answered < 5; answered++) {
    await eventually(() => held.length > 0)
    held.shift()?.write(OK)
  }
  for (const client of clients) expect(statusOf(await client.until(complete))).toBe(200)
  expect(backend.accepted).toBe(2)
  for (const client of clients) client.socket.destroy()
})

test('a line that is too long is refused: 503', async () => {
  await using backend = await rawBackend(() => undefined)
  await using gateway = await testEngine(backend.port, { options: { maxPerOrigin: 1, maxWaiting: 1 } })
  const clients = await Promise.all([1, 2].map(() => rawClient(gateway.port)))
  for (const client of clients) client.send(GET)
  await eventually(() => gateway.engine.inFlight === 2)
  await using client = await rawClient(gateway.port)
  client.send(GET)
  expect(statusOf(await client.until(complete))).toBe(503)
  for (const other of clients) other.socket.destroy()
})

test('a backend that answers before it has the body: the answer comes through, both connections end', async () => {
  await using server = await listening(net.createServer((socket) => socket.once('data', () => socket.write(OK))))
  await using gateway = await testEngine(server.port)
  await using client = await rawClient(gateway.port)
  client.send('POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 1000\r\n\r\nabc')
  const received = await client.until((_, closed) => closed || client.socket.readableEnded)
  expect(statusOf(received)).toBe(200)
  expect(received).toContain('Connection: close\r\n')
})

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const MEGABYTE = 1024 * 1024
const SIZE = 256 * MEGABYTE

test.each([['Content-Length'], ['Transfer-Encoding']])(
  '256 MB both ways by %s: a reader that stops, stops the writer, and little is stored between them',
  async (framing) => {
    await using backend = await listening(createServer((request, response) => void request.pipe(response)))
    await using gateway = await testEngine(backend.port, {
      options: { bodyLimit: 2 * SIZE },
      plan: { timeout: 60_000 },
    })
    collectGarbage()
    const before = process.memoryUsage().arrayBuffers
    const call = request({
      port: gateway.port,
      host: '127.0.0.1',
      method: 'POST',
      headers: framing === 'Content-Length' ? { 'content-length': SIZE } : { 'transfer-encoding': 'chunked' },
    })
    const received = createHash('sha256')
    let size = 0
    let stopped: IncomingMessage | undefined
    const done = new Promise<void>((resolve, reject) => {
      call.on('error', reject)
      call.on('response', (response) => {
        response.on('error', reject)
        response.on('data', (bytes: Buffer) => {
          received.update(bytes)
          size += bytes.length
          if (stopped !== undefined || size < 16 * MEGABYTE) return
          stopped = response
          response.pause()
        })
        response.on('end', resolve)
      })
    })

    const sent = createHash('sha256')
    const piece = Buffer.alloc(256 * 1024, 'sluice')
    let written = 0
    const writing = (async () => {
      for (; written < SIZE; written += piece.length) {
        piece.writeUInt32LE(written, 0)
        sent.update(piece)
        if (!call.write(Buffer.from(piece))) await new Promise((resolve) => call.once('drain', resolve))
      }
      call.end()
    })()
    await eventually(() => stopped !== undefined)
    // That nothing moves any more has no event of its own.
    let last = -1
    while (last !== written) {
      last = written
      await delay(200)
    }
    // Kernels keep up to 36 MB of each of the four directions; the rest would be ours.
    expect(written).toBeLessThan(SIZE)
    await eventually(() => {
      collectGarbage()
      return process.memoryUsage().arrayBuffers - before < 16 * MEGABYTE
    })
    stopped?.resume()
    await writing
    await done
    expect(size).toBe(SIZE)
    expect(received.digest('hex')).toBe(sent.digest('hex'))
  },
  60_000,
)

test('a body of more than 1 MB is not repeated once bytes were sent', async () => {
  await using backend = await rawBackend(() => ({ bytes: '', close: true }))
  await using gateway = await testEngine(backend.port, { plan: { retries: 3 } })
  await using client = await rawClient(gateway.port)
  const size = MEGABYTE + 1
  client.send(`PUT / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`)
  expect(statusOf(await client.until(complete))).toBe(502)
  expect(backend.requests).toHaveLength(1)
})
