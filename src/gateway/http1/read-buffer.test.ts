/** Sockets of TLS that read into the shared buffer, between a real server and real clients. */
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import tls, { type TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { certificate } from '../../../test/certificates.js'
import { readBuffer, readFrom } from './read-buffer.js'

/** A connection, at the server's end of which `received` gathers what is read. */
async function connection(hello = '', { readBufferKnown = true, pauses = false } = {}) {
  const { pem, keyPem } = certificate({ san: ['a.test'] })
  const server = tls.createServer({ cert: pem, key: keyPem, allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = tls.connect({ port: (server.address() as AddressInfo).port, rejectUnauthorized: false })
  client.write(hello)
  const [socket] = (await once(server, 'secureConnection')) as [TLSSocket]
  // As if it had come with the end of the handshake.
  await expect.poll(() => socket.readableLength).toBe(hello.length)
  if (!readBufferKnown) Reflect.set(socket, '_handle', Object.create(Reflect.get(socket, '_handle') as object, NOTHING))
  const received = { text: '', shared: true }
  readFrom(socket, {
    receive(bytes, end) {
      received.text += bytes.toString('latin1', 0, end)
      received.shared &&= bytes === readBuffer
      if (pauses) socket.pause()
    },
  })
  const end = (): void => {
    client.destroy()
    server.close()
  }
  return { client, socket, received, [Symbol.dispose]: end }
}

/** As if Node did not know of shared buffers. */
const NOTHING = { useUserBuffer: { value: undefined } }

test('what comes is in the shared buffer, in its order, from the first byte to the end', async () => {
  using one = await connection()
  const text = Array.from({ length: 100_000 }, (_, i) => `${i} `).join('')
  one.client.end(text)
  await once(one.socket, 'end')
  expect(one.received).toEqual({ text, shared: true })
})

test('what came with the end of the handshake is not lost', async () => {
  using one = await connection('GET ')
  one.client.write('/')
  await expect.poll(() => one.received.text).toBe('GET /')
})

test('a socket that is paused reads no more, and goes on where it stopped', async () => {
  using one = await connection()
  one.client.write('a')
  await expect.poll(() => one.received.text).toBe('a')
  one.socket.pause()
  const much = 'b'.repeat(20_000_000)
  one.client.end(much)
  // What is on its way fills what the kernel has room for, and nothing behind it.
  await expect.poll(() => one.client.writableLength).toBeGreaterThan(0)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(one.received.text.length).toBeLessThan(100_000)
  one.socket.resume()
  await once(one.socket, 'end')
  expect(one.received.text).toBe('a' + much)
})

test('a socket that is paused by what came with the end of the handshake reads no more', async () => {
  using one = await connection('GET ', { pauses: true })
  one.client.write('/')
  await expect.poll(() => one.received.text).toBe('GET ')
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(one.received.text).toBe('GET ')
  one.socket.resume()
  await expect.poll(() => one.received.text).toBe('GET /')
})

test('where Node does not offer the buffer, nothing is missing', async () => {
  using one = await connection('GET ', { readBufferKnown: false })
  one.client.write('/')
  await expect.poll(() => one.received.text).toBe('GET /')
  expect(one.received.shared).toBe(false)
})

test('where Node does not offer the buffer, an accepted socket that was paused is read nevertheless', async () => {
  const received: string[] = []
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    Reflect.defineProperty(Reflect.get(socket, '_handle') as object, 'useUserBuffer', { value: undefined })
    readFrom(socket, { receive: (bytes, end) => received.push(bytes.toString('latin1', 0, end)) })
    socket.on('end', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = net.connect((server.address() as AddressInfo).port).end('GET /')
  await once(client, 'close')
  expect(received.join('')).toBe('GET /')
  server.close()
})
