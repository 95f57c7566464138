import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { AddressSet } from '../address-set.js'
import { GuardedHttp2 } from './guarded-http2.js'

/** Takes connections and says nothing, not even that it has heard their end. */
async function silentServer() {
  const sockets: net.Socket[] = []
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket.on('error', () => undefined).resume())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const end = (): void => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { port: (server.address() as AddressInfo).port, sockets, [Symbol.dispose]: end }
}

function opened(client: GuardedHttp2, port: number) {
  const rest = { method: 'POST', target: '/', headers: [], tls: false }
  const stream = client.open({ host: '127.0.0.1', port, ...rest })
  if (stream === 'forbidden') throw new Error('the address is forbidden')
  return stream.on('error', () => undefined)
}

test('a connection to a server that hangs is let go of once nothing is sent on it', async () => {
  using server = await silentServer()
  const client = new GuardedHttp2(new AddressSet([]), 50)
  const stream = opened(client, server.port)
  stream.end('x')
  await expect.poll(() => server.sockets.length).toBe(1)
  const [socket] = server.sockets
  // What still takes notice of the server would take what it says now.
  const isClosed = () => {
    if (stream.destroyed) socket?.write('x')
    return socket?.destroyed
  }
  await new Promise((resolve) => setTimeout(resolve, 100))
  stream.destroy()
  await expect.poll(isClosed).toBe(true)
})

test('when it is closed, connections on which something is under way are too', async () => {
  using server = await silentServer()
  const client = new GuardedHttp2(new AddressSet([]), 20)
  const streams = [opened(client, server.port)]
  await expect.poll(() => server.sockets.length).toBe(1)
  // The first connection has been silent for too long: another one is made beside it.
  await expect
    .poll(() => {
      streams.push(opened(client, server.port))
      return server.sockets.length
    })
    .toBeGreaterThan(1)
  client.close()
  await expect.poll(() => streams.every(({ destroyed }) => destroyed)).toBe(true)
  await expect.poll(() => server.sockets.every(({ readableEnded }) => readableEnded)).toBe(true)
})
