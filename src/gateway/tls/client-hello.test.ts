import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { connect, type ConnectionOptions } from 'node:tls'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readClientHello } from './client-hello.js'

/** What a real client sends first. */
async function hello(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, ...options })
  client.on('error', () => undefined)
  const [socket] = (await once(server, 'connection')) as [Socket]
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  client.destroy()
  server.close()
  return bytes
}

const legacy = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const

test.each([
  [{ servername: 'a.example.com' }, { serverName: 'a.example.com', version: 0x0304, isFallback: false }],
  [{ servername: '' }, { serverName: '', version: 0x0304, isFallback: false }],
  [
    { servername: 'b.com', maxVersion: 'TLSv1.2' },
    { serverName: 'b.com', version: 0x0303, isFallback: false },
  ],
  [
    { servername: 'b.com', ...legacy },
    { serverName: 'b.com', version: 0x0302, isFallback: false },
  ],
] as const)('reads what a client with %o says', async (options, expected) => {
  expect(readClientHello(await hello(options))).toEqual(expected)
})

test('reads a hello that is cut anywhere, once it is whole', async () => {
  const bytes = await hello({ servername: 'a.example.com' })
  for (let end = 0; end < bytes.length; end++) expect(readClientHello(bytes.subarray(0, end))).toBeUndefined()
  expect(readClientHello(bytes)).toMatchObject({ serverName: 'a.example.com' })
})

test('reads a hello that is spread over records', async () => {
  const message = (await hello({ servername: 'a.example.com' })).subarray(5)
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += 40) {
    const piece = message.subarray(at, at + 40)
    records.push(Buffer.of(22, 3, 1, 0, piece.length), piece)
  }
  expect(readClientHello(Buffer.concat(records))).toMatchObject({ serverName: 'a.example.com', version: 0x0304 })
})

test('a client that has fallen back is known by its suite', async () => {
  const bytes = Buffer.from(await hello({ servername: 'a.com', ...legacy }))
  const suites = 5 + 4 + 2 + 32 + 1 + (bytes[5 + 4 + 2 + 32] ?? 0) + 2
  bytes.writeUInt16BE(0x5600, suites)
  expect(readClientHello(bytes)).toMatchObject({ isFallback: true })
})

test('whatever comes, there is an answer, and none is waited for forever', async () => {
  const real = await hello({ servername: 'a.example.com' })
  const mutated = fc.array(fc.tuple(fc.nat(real.length - 1), fc.nat(255)), { maxLength: 8 }).map((changes) => {
    const bytes = Buffer.from(real)
    for (const [at, octet] of changes) bytes[at] = octet
    return bytes
  })
  const anything = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes))
  fc.assert(
    fc.property(fc.oneof(mutated, anything), (bytes) => {
      const read = readClientHello(bytes)
      expect(read === undefined || read === 'none' || typeof read.serverName === 'string').toBe(true)
      const record = Buffer.of(22, 3, 1, 64, 0)
      const rest = Array.from({ length: 4 }, () => Buffer.concat([record, Buffer.alloc(0x4000, 1)]))
      if (bytes.length === 0 || bytes[0] !== 22) expect(readClientHello(Buffer.concat([bytes, ...rest]))).toBeDefined()
    }),
  )
})
