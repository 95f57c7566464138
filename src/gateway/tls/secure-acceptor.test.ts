/** The way from an accepted socket to a secure one, between a real listener and real clients. */
import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import tls, { type TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { certificate } from '../../../test/certificates.js'
import { Wheel } from '../http1/alarms.js'
import { defaultOptions, type EngineContext } from '../http1/context.js'
import { readFrom } from '../http1/read-buffer.js'
import { SecureAcceptor } from './secure-acceptor.js'
import { acceptedUnder } from './secured-socket.js'

/** A listener that returns what a secure connection sends. */
async function listener(readBufferKnown = true) {
  const { pem, keyPem } = certificate({ san: ['a.test'] })
  const connections: EngineContext['connections'] = new Set()
  const context: EngineContext = {
    connections,
    options: defaultOptions,
    wheel: new Wheel(),
    fault: (error) => {
      throw error
    },
    draining: false,
    inFlight: 0,
    get handler(): never {
      throw new Error('nothing is asked')
    },
    newForwarding: () => {
      throw new Error('nothing is forwarded')
    },
  }
  const names: string[] = []
  const profileOf = (name: string) => {
    names.push(name)
    return { certificates: [], ciphers: ['HIGH'], http2: false, trustedRoots: undefined }
  }
  const left: Socket[] = []
  const secured: TLSSocket[] = []
  const defaultCertificates = [{ chain: pem, privateKey: keyPem }]
  const sockets: Socket[] = []
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    sockets.push(socket)
    // As if Node did not know of shared buffers.
    if (!readBufferKnown) {
      Reflect.defineProperty(Reflect.get(socket, '_handle') as object, 'useUserBuffer', { value: undefined })
    }
    const acceptor = new SecureAcceptor(context, { profileOf, defaultCertificates }, () => left.push(socket))
    const reader = acceptor.accept(socket, 443, (secure) => {
      secured.push(secure)
      secure.on('error', () => undefined)
      secure.pipe(secure)
    })
    readFrom(socket, reader)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const end = (): void => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  /** Rings whatever is due within the next minute. */
  const later = (): void => context.wheel.turn(performance.now() + 60_000)
  return { port, connections, names, left, sockets, secured, later, [Symbol.dispose]: end }
}

/** A client whose first bytes come in two pieces. */
async function slowClient(port: number): Promise<TLSSocket> {
  const relay = net.createServer({ noDelay: true }, (from) => {
    const to = net.connect({ port, noDelay: true })
    to.on('error', () => from.destroy())
    from.on('error', () => to.destroy())
    from.once('data', (hello: Buffer) => {
      from.pause()
      to.write(hello.subarray(0, 100))
      setTimeout(() => {
        to.write(hello.subarray(100))
        from.pipe(to)
      }, 20)
    })
    to.pipe(from)
    relay.close()
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  return client((relay.address() as AddressInfo).port)
}

/** What a client sends first. */
async function helloBytes(): Promise<Buffer> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = client((server.address() as AddressInfo).port)
  const [accepted] = (await once(server, 'connection')) as [Socket]
  const [hello] = (await once(accepted, 'data')) as [Buffer]
  socket.destroy()
  server.close()
  return hello
}

function client(port: number): TLSSocket {
  return tls.connect({ port, servername: 'a.test', rejectUnauthorized: false }).on('error', () => undefined)
}

test.each([
  ['a hello that comes at once', true, client],
  ['a hello in two pieces', true, slowClient],
  ['where Node does not offer the buffer, a hello that comes at once', false, client],
  ['where Node does not offer the buffer, a hello in two pieces', false, slowClient],
])('%s', async (_, readBufferKnown, connect) => {
  using one = await listener(readBufferKnown)
  const socket = await connect(one.port)
  socket.write('what is said')
  const [reply] = (await once(socket, 'data')) as [Buffer]
  expect([reply.toString(), one.names, one.connections.size, one.left]).toEqual(['what is said', ['a.test'], 0, []])
  // The time for the handshake passes, and the connection goes on.
  one.later()
  socket.write('more')
  const [more] = (await once(socket, 'data')) as [Buffer]
  expect(more.toString()).toBe('more')
  socket.destroy()
  await once(one.secured[0] as TLSSocket, 'close')
  expect(one.left).toEqual([])
})

test('a client that does not go on after its hello is closed when its time is over', async () => {
  using one = await listener()
  const socket = net.connect(one.port)
  socket.write(await helloBytes())
  await once(socket, 'data')
  expect([one.connections.size, one.left.length]).toEqual([1, 0])
  one.later()
  await once(socket, 'close')
  await expect.poll(() => [one.connections.size, one.left.length]).toEqual([0, 1])
  expect(one.secured).toEqual([])
})

test('a client that ends before its hello is whole is closed at once', async () => {
  using one = await listener()
  const socket = net.connect(one.port)
  socket.end('\x16\x03\x01\x02')
  await once(socket, 'close')
  await expect.poll(() => [one.connections.size, one.left.length]).toEqual([0, 1])
})

test('the accepted socket is found under the secure one, whether Node tells its name or not', async () => {
  using one = await listener()
  const clients = [client(one.port), client(one.port)]
  await Promise.all(clients.map((socket) => once(socket, 'secureConnect')))
  await expect.poll(() => one.secured.length).toBe(2)
  for (const secure of one.secured) {
    const found = acceptedUnder(secure, [])
    expect(found?.remotePort).toBe(secure.remotePort)
    Reflect.set(secure, '_parent', undefined)
    expect(acceptedUnder(secure, one.sockets)).toBe(found)
    expect(acceptedUnder(secure, [])).toBe(undefined)
  }
  for (const socket of clients) socket.destroy()
})
