/** WebSocket over TLS: the tunnel's end on this side is a secure connection. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { gateway } from '../../../test/gateway.js'
import { secureOptions } from '../../../test/secure-call.js'

test('messages pass both ways, small and large, and the close arrives', async () => {
  const http = createServer()
  const server = new WebSocketServer({ server: http })
  server.on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const address = `127.0.0.1:${(http.address() as AddressInfo).port}`
  const api = { req_uri: '/socket', backend: { url_domain: address, req_uri: '/socket' } }
  await using gw = await gateway({ api, options: secureOptions() })

  const port = gw.gateway.secureAddresses[0]?.port ?? 0
  const client = new WebSocket(`wss://127.0.0.1:${port}/socket`, {
    rejectUnauthorized: false,
    headers: { Host: 'g1.apic.test' },
  })
  const heard: number[] = []
  const closed = new Promise<number>((resolve, reject) => {
    client.on('error', reject)
    client.on('close', resolve)
  })
  client.on('open', () => client.send('x'))
  client.on('message', (data: Buffer) => {
    heard.push(data.length)
    if (heard.length === 1) client.send(Buffer.alloc(3_000_000))
    else client.close(4000)
  })
  expect(await closed).toBe(4000)
  expect(heard).toEqual([1, 3_000_000])
  server.close()
  await new Promise((resolve) => http.close(resolve))
})
