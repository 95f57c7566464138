/** What passed between the gateway and backends at public addresses: telemetry.md §4.4. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { gateway, type GatewaySpec, type TestGateway } from '../../../test/gateway.js'
import type { ApiSpec } from '../../../test/parts.js'

/** As if the loopback were the Internet. */
const ABROAD: NonNullable<GatewaySpec['options']> = { engine: { privateNetworks: [] } }

/** Knows what has passed on all its connections. */
async function countingBackend(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const sockets = new Set<Socket>()
  const server = createServer(answer)
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const sum = (of: (socket: Socket) => number) => [...sockets].reduce((total, socket) => total + of(socket), 0)
  return {
    server,
    sockets,
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Bytes from the gateway's point of view. */
    passed: () => ({ in: sum(({ bytesWritten }) => bytesWritten), out: sum(({ bytesRead }) => bytesRead) }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const at = (
  url_domain: string,
  backend: { readonly retry_count?: number; readonly timeout?: number } = {},
): ApiSpec => ({
  ...{ req_method: 'ANY', req_uri: '/orders' },
  backend: { url_domain, req_uri: '/orders', ...backend },
})

/** Adds up what was told since the last time. */
function counted({ gateway: told }: TestGateway) {
  const total = { in: 0, out: 0 }
  return () => {
    for (const { publicBytesIn, publicBytesOut } of told.drainStatistics()) {
      total.in += publicBytesIn
      total.out += publicBytesOut
    }
    return total
  }
}

test('heads and bodies of both directions count, on kept connections as on new ones', async () => {
  await using backend = await countingBackend((request, response) => {
    request.resume()
    request.on('end', () => response.end('x'.repeat(100_000)))
  })
  await using gw = await gateway({ api: at(backend.address), options: ABROAD })
  const total = counted(gw)
  for (let call = 1; call <= 3; call++) {
    expect((await gw.post('/orders', 'y'.repeat(50_000))).status).toBe(200)
    await expect.poll(total).toEqual(backend.passed())
    expect(backend.passed().in).toBeGreaterThan(call * 100_000)
    expect(backend.passed().out).toBeGreaterThan(call * 50_000)
  }
  expect(backend.sockets.size).toBe(1)
})

test('attempts that failed count, and what a caller did not wait for', async () => {
  let calls = 0
  await using backend = await countingBackend((_request, response) => {
    if (++calls === 1) response.destroy()
    // More would come, but nobody waits for it.
    else response.write('x'.repeat(1_000))
  })
  await using gw = await gateway({ api: at(backend.address, { retry_count: 1, timeout: 400 }), options: ABROAD })
  const total = counted(gw)
  await gw.get('/orders').catch(() => undefined)
  expect(calls).toBe(2)
  await expect.poll(total).toEqual(backend.passed())
  expect(backend.passed().in).toBeGreaterThan(1_000)
})

test('messages of a WebSocket count', async () => {
  await using backend = await countingBackend((_request, response) => response.end())
  const echo = new WebSocketServer({ server: backend.server })
  echo.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
  await using gw = await gateway({ api: at(backend.address), options: ABROAD })
  const total = counted(gw)
  const address = `ws://127.0.0.1:${gw.gateway.addresses[0]?.port ?? 0}/orders`
  const socket = new WebSocket(address, { headers: { Host: 'g1.apic.test' } })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const answered = new Promise((resolve) => socket.once('message', resolve))
  socket.send('x'.repeat(10_000))
  await answered
  socket.close()
  await expect.poll(() => total().in).toBeGreaterThan(10_000)
  await expect.poll(total).toEqual(backend.passed())
})

test('private addresses are not counted', async () => {
  await using backend = await countingBackend((_request, response) => response.end('x'))
  await using gw = await gateway({ api: at(backend.address) })
  expect((await gw.get('/orders')).status).toBe(200)
  expect(gw.gateway.drainStatistics()).toMatchObject([{ count: 1, publicBytesIn: 0, publicBytesOut: 0 }])
})
