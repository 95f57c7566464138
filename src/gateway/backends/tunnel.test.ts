/** WebSocket through the gateway, with a real client and a real server, and with raw bytes where those are too polite. */
import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { gateway, type TestGateway } from '../../../test/gateway.js'
import { testEngine } from '../../../test/raw-engine.js'
import { eventually, rawBackend, rawClient } from '../../../test/raw-peers.js'

interface SocketBackend extends AsyncDisposable {
  readonly address: string
  readonly sockets: WebSocket[]
}

/** Answers each message with the same, and keeps what has connected. */
async function socketBackend(): Promise<SocketBackend> {
  const http = createServer()
  const server = new WebSocketServer({ server: http, maxPayload: 0 })
  const sockets: WebSocket[] = []
  server.on('connection', (socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.on('message', (data, binary) => socket.send(data, { binary }))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(http.address() as AddressInfo).port}`,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.terminate()
      server.close()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

const api = (address: string) => ({ api: { req_uri: '/socket', backend: { url_domain: address, req_uri: '/socket' } } })

function port({ gateway: { addresses } }: TestGateway): number {
  return addresses[0]?.port ?? 0
}

async function connect(to: number, path = '/socket'): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${to}${path}`, { headers: { Host: 'g1.apic.test' }, maxPayload: 0 })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  return socket
}

const closing = (socket: WebSocket) =>
  new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
  )

async function echo(socket: WebSocket, message: string | Buffer): Promise<Buffer> {
  const answer = new Promise<Buffer>((resolve) => socket.once('message', (data) => resolve(data as Buffer)))
  socket.send(message)
  return await answer
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

test('backends.md 18: messages of every size go both ways and are echoed; the close code arrives; the record is written at the end, with 101', async () => {
  await using backend = await socketBackend()
  await using sluice = await gateway(api(backend.address))
  const socket = await connect(port(sluice))
  expect((await echo(socket, 'hello')).toString()).toBe('hello')
  expect((await echo(socket, '')).toString()).toBe('')
  // Larger than all buffers on the way, so that both directions have to wait for the other side.
  const large = randomBytes(24 * 1024 * 1024)
  expect(digest(await echo(socket, large))).toBe(digest(large))
  const closed = closing(socket)
  const there = closing(backend.sockets[0] as WebSocket)
  socket.close(4001, 'enough')
  expect(await closed).toEqual({ code: 4001, reason: 'enough' })
  expect(await there).toEqual({ code: 4001, reason: 'enough' })
  const [record] = await sluice.log()
  expect(record).toMatchObject({ status: '101', request_method: 'GET', upstream_status: '101' })
  expect(Number(record?.['bytes_sent'])).toBeGreaterThan(large.length)
  expect(sluice.faults).toEqual([])
})

test('the server closes: its code reaches the client', async () => {
  await using backend = await socketBackend()
  await using sluice = await gateway(api(backend.address))
  const socket = await connect(port(sluice))
  const closed = closing(socket)
  backend.sockets[0]?.close(1012, 'restart')
  expect(await closed).toEqual({ code: 1012, reason: 'restart' })
})

test('the client vanishes: the server learns of it', async () => {
  await using backend = await socketBackend()
  await using sluice = await gateway(api(backend.address))
  const socket = await connect(port(sluice))
  const closed = closing(backend.sockets[0] as WebSocket)
  socket.terminate()
  expect((await closed).code).toBe(1006)
  const [record] = await sluice.log()
  expect(record).toMatchObject({ status: '101' })
})

test('the server vanishes: the client learns of it', async () => {
  await using backend = await socketBackend()
  await using sluice = await gateway(api(backend.address))
  const socket = await connect(port(sluice))
  const closed = closing(socket)
  socket.on('error', () => undefined)
  backend.sockets[0]?.terminate()
  expect((await closed).code).toBe(1006)
})

test('policies come first: who may not call gets a reply, and the backend sees nothing', async () => {
  await using backend = await socketBackend()
  await using sluice = await gateway({
    api: { req_uri: '/socket', auth_type: 'APP', backend: { url_domain: backend.address } },
  })
  await expect(connect(port(sluice))).rejects.toThrow('Unexpected server response: 401')
  expect(backend.sockets).toEqual([])
})

test('drain: tunnels go on until its end, and are recorded then', async () => {
  await using backend = await socketBackend()
  await using sluice = await gateway(api(backend.address))
  const socket = await connect(port(sluice))
  const closed = closing(socket)
  socket.on('error', () => undefined)
  const drained = sluice.gateway.drain(300)
  expect((await echo(socket, 'still there')).toString()).toBe('still there')
  await drained
  expect((await closed).code).toBe(1006)
  expect(await sluice.log()).toMatchObject([{ status: '101' }])
})

const UPGRADE =
  'GET /chat HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

test('bytes that came with the heads are kept, in both directions', async () => {
  let sent = ''
  await using backend = await rawBackend((_request, _index, socket) => {
    socket.removeAllListeners('data')
    socket.on('data', (bytes) => (sent += bytes.toString('latin1')))
    return { bytes: `${SWITCH}early` }
  })
  await using engine = await testEngine(backend.port)
  await using client = await rawClient(engine.port)
  client.send(`${UPGRADE}GET /second HTTP/1.1\r\n\r\n`)
  const received = await client.until((text) => text.endsWith('early'))
  expect(received).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/)
  expect(received).toMatch(/Connection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly$/)
  // It is the tunnel's, not a request.
  await eventually(() => sent === 'GET /second HTTP/1.1\r\n\r\n')
  expect(engine.engine.inFlight).toBe(0)
})

test.each([
  ['200', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 200],
  ['403', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno', 403],
])('a backend that answers %s has answered a request like any other: what follows is the next one', async (...row) => {
  const [, bytes, status] = row
  await using backend = await rawBackend(() => ({ bytes }))
  await using engine = await testEngine(backend.port)
  await using client = await rawClient(engine.port)
  client.send(`${UPGRADE}GET /second HTTP/1.1\r\nHost: shop.example\r\n\r\n`)
  await client.until((text) => text.split('HTTP/1.1 ').length === 3 && /(ok|no)$/.test(text))
  await eventually(() => engine.records.length === 2)
  expect(engine.records.map((record) => record.status)).toEqual([status, status])
  expect(backend.requests.map(({ startLine }) => startLine)).toEqual(['GET /chat HTTP/1.1', 'GET /second HTTP/1.1'])
})

test.each([
  ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'],
  ['none', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ['no connection option', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'],
])('a 101 that names %s is no reply', async (_name, bytes) => {
  await using backend = await rawBackend(() => ({ bytes }))
  await using engine = await testEngine(backend.port)
  await using client = await rawClient(engine.port)
  client.send(UPGRADE)
  expect(await client.until((text) => text.includes('}'))).toMatch(/^HTTP\/1\.1 502 /)
})

test('a tunnel without a byte ends after its time, and one with bytes does not', async () => {
  await using backend = await rawBackend(() => ({ bytes: SWITCH }))
  await using engine = await testEngine(backend.port, {
    options: { tunnelIdleTimeout: 200, lingerTimeout: 50 },
    // It ended when the reply came.
    plan: { timeout: 500 },
  })
  await using client = await rawClient(engine.port)
  client.send(UPGRADE)
  await client.until((text) => text.endsWith('\r\n\r\n'))
  const start = performance.now()
  let sent = start
  const drip = setInterval(() => {
    client.send('.')
    sent = performance.now()
  }, 40)
  // On a machine that stands still for so long that nothing is sent, it ends sooner.
  await eventually(() => client.closed || performance.now() - start > 700)
  clearInterval(drip)
  await client.until((_, closed) => closed)
  expect(performance.now() - sent).toBeGreaterThan(150)
  await eventually(() => engine.records.length === 1 && backend.open.size === 0)
  expect(engine.records).toMatchObject([{ status: 101 }])
})

test('the client ends its side: what the backend still sends reaches it', async () => {
  await using backend = await rawBackend((_request, _index, socket) => {
    socket.removeAllListeners('data')
    socket.allowHalfOpen = true
    socket.resume()
    socket.on('end', () => socket.end('last words'))
    return { bytes: SWITCH }
  })
  await using engine = await testEngine(backend.port)
  await using client = await rawClient(engine.port)
  client.send(UPGRADE)
  await client.until((text) => text.endsWith('\r\n\r\n'))
  client.socket.allowHalfOpen = true
  client.socket.end()
  expect(await client.until((_, closed) => closed)).toMatch(/last words$/)
})

test('server-sent events arrive one by one, as they are sent', async () => {
  let say = (_: string): void => undefined
  await using backend = await rawBackend((_request, _index, socket) => {
    say = (event) => void socket.write(`${event.length.toString(16)}\r\n${event}\r\n`)
    return {
      bytes: 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n',
    }
  })
  await using engine = await testEngine(backend.port)
  await using client = await rawClient(engine.port)
  client.send('GET /events HTTP/1.1\r\nHost: shop.example\r\nAccept: text/event-stream\r\n\r\n')
  await client.until((text) => text.endsWith('\r\n\r\n'))
  for (const event of ['data: one\n\n', 'data: two\n\n', 'data: three\n\n']) {
    say(event)
    await client.until((text) => text.endsWith(`${event.length.toString(16)}\r\n${event}\r\n`))
  }
  expect(engine.records).toEqual([])
})
