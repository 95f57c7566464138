/** The PROXY header: what is believed of it, and that nothing else is taken for one. */
import { connect as connectHttp2 } from 'node:http2'
import { connect as connectTls } from 'node:tls'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gateway } from '../../../test/gateway.js'
import { testEngine } from '../../../test/raw-engine.js'
import { eventually, rawBackend, rawClient } from '../../../test/raw-peers.js'
import { AddressLimits } from './address-limits.js'
import { crc32c } from './crc32c.js'
import { readProxyHeader } from './proxy-protocol.js'

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')
const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n'
const V4 = Buffer.from([203, 0, 113, 7, 10, 0, 0, 1, 0x1f, 0x90, 0x01, 0xbb])

/** A header of version 2; `rest` is addresses and fields. */
function binary(command: number, family: number, rest: Buffer): Buffer {
  const length = Buffer.from([rest.length >> 8, rest.length & 0xff])
  return Buffer.concat([latin1(SIGNATURE), Buffer.from([command, family]), length, rest])
}

const field = (type: number, value: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 0xff]), value])

const v6 = (source: string): Buffer => Buffer.concat([Buffer.from(source, 'hex'), Buffer.alloc(16), Buffer.alloc(4)])

test.each([
  ['IPv4', 'PROXY TCP4 203.0.113.7 10.0.0.1 5000 80\r\n', '203.0.113.7'],
  ['IPv6', 'PROXY TCP6 2001:DB8:0:0::7 ::1 5000 80\r\n', '2001:db8::7'],
  ['IPv4 in IPv6', 'PROXY TCP6 ::ffff:203.0.113.7 ::1 5000 80\r\n', '203.0.113.7'],
  ['unknown', 'PROXY UNKNOWN\r\n', undefined],
  ['unknown, with more', 'PROXY UNKNOWN ffff:f...f:ffff 65535 65535\r\n', undefined],
  ['version 2, IPv4', binary(0x21, 0x11, V4), '203.0.113.7'],
  ['version 2, IPv6', binary(0x21, 0x21, v6('20010db8000000000000000000000007')), '2001:db8::7'],
  ['version 2, IPv4 in IPv6', binary(0x21, 0x21, v6('00000000000000000000ffffcb007107')), '203.0.113.7'],
  ['version 2, local', binary(0x20, 0x11, V4), undefined],
  ['version 2, local, no addresses', binary(0x20, 0x00, Buffer.alloc(0)), undefined],
  ['version 2, no family', binary(0x21, 0x00, Buffer.alloc(0)), undefined],
  ['version 2, Unix', binary(0x21, 0x31, Buffer.alloc(216)), undefined],
  ['version 2, fields', binary(0x21, 0x11, Buffer.concat([V4, Buffer.from([0xea, 0, 2, 1, 2])])), '203.0.113.7'],
])('%s', (_name, header, source) => {
  const bytes = typeof header === 'string' ? latin1(header) : header
  expect(readProxyHeader(Buffer.concat([bytes, latin1('GET /')]))).toMatchObject({ length: bytes.length, source })
  for (let cut = 0; cut < bytes.length; cut++) expect(readProxyHeader(bytes.subarray(0, cut))).toBe('more')
})

test.each([
  ['nothing of the kind', 'GET / HTTP/1.1\r\n'],
  ['a bare LF', 'PROXY TCP4 203.0.113.7 10.0.0.1 5000 80\n'],
  ['a name for an address', 'PROXY TCP4 localhost 10.0.0.1 5000 80\r\n'],
  ['an address of the other family', 'PROXY TCP4 ::1 ::1 5000 80\r\n'],
  ['a zone', 'PROXY TCP6 fe80::1%eth0 ::1 5000 80\r\n'],
  ['octal digits', 'PROXY TCP4 010.0.0.1 10.0.0.1 5000 80\r\n'],
  ['a port too high', 'PROXY TCP4 203.0.113.7 10.0.0.1 65536 80\r\n'],
  ['a port with a zero in front', 'PROXY TCP4 203.0.113.7 10.0.0.1 080 80\r\n'],
  ['two spaces', 'PROXY TCP4  203.0.113.7 10.0.0.1 5000 80\r\n'],
  ['one port', 'PROXY TCP4 203.0.113.7 10.0.0.1 5000\r\n'],
  ['UDP', 'PROXY UDP4 203.0.113.7 10.0.0.1 5000 80\r\n'],
  ['no end', `PROXY UNKNOWN ${'x'.repeat(100)}`],
  ['version 3', binary(0x31, 0x11, V4)],
  ['an unknown command', binary(0x22, 0x11, V4)],
  ['an unknown family', binary(0x21, 0x41, V4)],
  ['an unknown transport', binary(0x21, 0x13, V4)],
  ['too few addresses', binary(0x21, 0x11, V4.subarray(1))],
  ['too much', binary(0x21, 0x11, Buffer.alloc(5000))],
  ['a field that goes on after the end', binary(0x21, 0x11, Buffer.concat([V4, Buffer.from([1, 0, 9, 1])]))],
  ['half a field', binary(0x21, 0x11, Buffer.concat([V4, Buffer.from([1, 0])]))],
  ['a wrong checksum', binary(0x21, 0x11, Buffer.concat([V4, Buffer.from([3, 0, 4, 1, 2, 3, 4])]))],
])('refused: %s', (_name, header) => {
  expect(readProxyHeader(typeof header === 'string' ? latin1(header) : header)).toBe('bad')
})

test('a checksum that is right', () => {
  expect(crc32c(latin1('123456789'))).toBe(0xe3069283)
  const header = binary(0x21, 0x11, Buffer.concat([V4, Buffer.from([3, 0, 4, 0, 0, 0, 0])]))
  header.writeUInt32BE(crc32c(header), header.length - 4)
  expect(readProxyHeader(header)).toMatchObject({ length: header.length, source: '203.0.113.7' })
})

test('any bytes: refused, incomplete, or a header that is no longer than they are; and cutting never shows', () => {
  const likely = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc
      .tuple(fc.constantFrom(SIGNATURE, 'PROXY ', 'PROXY TCP4 '), fc.uint8Array({ maxLength: 260 }))
      .map(([a, b]) => Buffer.concat([latin1(a), b])),
    fc
      .tuple(fc.constantFrom(0x20, 0x21), fc.constantFrom(0, 0x11, 0x21, 0x31), fc.uint8Array({ maxLength: 260 }))
      .map(([command, family, rest]) => binary(command, family, Buffer.from(rest))),
  )
  fc.assert(
    fc.property(likely, (random) => {
      const bytes = Buffer.from(random)
      const whole = readProxyHeader(bytes)
      for (let cut = 0; cut < bytes.length; cut++) {
        const part = readProxyHeader(bytes.subarray(0, cut))
        if (part === 'bad') expect(whole).toBe('bad')
        else if (part !== 'more') expect(part).toEqual(whole)
      }
      if (typeof whole === 'object') expect(whole.length).toBeLessThanOrEqual(bytes.length)
    }),
    { numRuns: 500 },
  )
})

const GET = 'GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n'

test('the address in the header is the client, for policies and for the backend', async () => {
  await using backend = await rawBackend()
  await using engine = await testEngine(backend.port, { options: { proxyProtocol: true } })
  await using client = await rawClient(engine.port)
  const bytes = `PROXY TCP4 203.0.113.7 10.0.0.1 5000 80\r\n${GET}`
  for (const byte of bytes) {
    client.send(byte)
    await new Promise(setImmediate)
  }
  await client.until((text) => text.endsWith('ok'))
  client.send(GET)
  await client.until((text) => text.split('\r\n\r\nok').length === 3)
  await eventually(() => engine.records.length === 2)
  expect(engine.records).toMatchObject([{ peerAddress: '203.0.113.7' }, { peerAddress: '203.0.113.7' }])
  for (const { headers } of backend.requests) {
    expect(headers).toContainEqual(['x-forwarded-for', '203.0.113.7'])
    expect(headers).toContainEqual(['x-real-ip', '203.0.113.7'])
  }
})

test('without the option the header is what it looks like: no request', async () => {
  await using engine = await testEngine(0)
  await using client = await rawClient(engine.port)
  client.send(`PROXY TCP4 203.0.113.7 10.0.0.1 5000 80\r\n${GET}`)
  expect(await client.until((_, closed) => closed)).toMatch(/^HTTP\/1\.1 400 /)
})

test.each([
  ['no header', GET],
  ['half a header, in time', 'PROXY TCP4 203.'],
])('%s: closed without a word', async (_name, bytes) => {
  await using engine = await testEngine(0, { options: { proxyProtocol: true, headTimeout: 100 } })
  await using client = await rawClient(engine.port)
  client.send(bytes)
  expect(await client.until((_, closed) => closed)).toBe('')
  await eventually(() => engine.engine.connections === 0)
})

test('a listener of its own kind beside the others', async () => {
  await using backend = await rawBackend()
  await using engine = await testEngine(backend.port)
  const listener = await engine.engine.listen('127.0.0.1', 0, { proxyProtocol: true })
  await using client = await rawClient(listener.port)
  client.send(`PROXY TCP4 203.0.113.7 10.0.0.1 5000 80\r\n${GET}`)
  await client.until((text) => text.endsWith('ok'))
  await using plain = await rawClient(engine.port)
  plain.send(GET)
  await plain.until((text) => text.endsWith('ok'))
  await eventually(() => engine.records.length === 2)
  expect(engine.records.map(({ peerAddress }) => peerAddress)).toEqual(['203.0.113.7', '127.0.0.1'])
})

test.each([['plain'], ['TLS'], ['HTTP/2']])(
  'the log tells what the header says of network and endpoint: %s',
  async (over) => {
    const vni = field(0xe1, Buffer.from([0, 0x12, 0x67]))
    const endpoint = field(0xea, Buffer.concat([Buffer.from([1]), latin1('vpce-0a1b2c')]))
    const header = binary(0x21, 0x11, Buffer.concat([V4, field(0x04, Buffer.alloc(3)), vni, endpoint]))
    await using sluice = await gateway({
      api: { req_uri: '/items' },
      options: {
        https: [{ host: '127.0.0.1', port: 0 }],
        engine: { proxyProtocol: true, proxyVniType: 0xe1 },
      },
    })
    const [plain, secure] = [sluice.gateway.addresses[0]?.port ?? 0, sluice.gateway.secureAddresses[0]?.port ?? 0]
    await using client = await rawClient(over === 'plain' ? plain : secure)
    client.send(header.toString('latin1'))
    const request = 'GET /items HTTP/1.1\r\nHost: g1.apic.test\r\n\r\n'
    if (over === 'plain') {
      client.send(request)
      await client.until((text) => text.startsWith('HTTP/1.1 200 '))
    } else {
      const protocol = over === 'TLS' ? 'http/1.1' : 'h2'
      const options = { socket: client.socket, rejectUnauthorized: false, servername: 'g1.apic.test' }
      const socket = connectTls({ ...options, ALPNProtocols: [protocol] })
      if (protocol === 'h2') {
        const session = connectHttp2('https://g1.apic.test', { createConnection: () => socket })
        const stream = session.request({ ':path': '/items' }).resume()
        await new Promise((resolve) => stream.on('close', resolve))
        session.close()
      } else {
        const reply = new Promise((resolve) => socket.once('data', resolve))
        socket.write(request)
        await reply
      }
      socket.destroy()
    }
    expect(await sluice.log()).toMatchObject([
      {
        remote_addr: '203.0.113.7',
        proxy_protocol_vni: '4711',
        proxy_protocol_vpce_id: 'vpce-0a1b2c',
        proxy_protocol_addr: '203.0.113.7',
        status: '200',
      },
    ])
  },
)

test('in front of TLS', async () => {
  await using sluice = await gateway({
    api: { req_uri: '/items' },
    options: { https: [{ host: '127.0.0.1', port: 0 }], engine: { proxyProtocol: true } },
  })
  const port = sluice.gateway.secureAddresses[0]?.port ?? 0
  await using client = await rawClient(port)
  client.send('PROXY TCP4 203.0.113.7 10.0.0.1 5000 443\r\n')
  const secure = connectTls({ socket: client.socket, rejectUnauthorized: false, servername: 'g1.apic.test' })
  const reply = new Promise<string>((resolve) => secure.once('data', (bytes: Buffer) => resolve(bytes.toString())))
  secure.write('GET /items HTTP/1.1\r\nHost: g1.apic.test\r\n\r\n')
  expect(await reply).toMatch(/^HTTP\/1\.1 200 /)
  secure.destroy()
  expect(sluice.backend.only.headers['x-real-ip']).toBe('203.0.113.7')
})

test('connections of one address beyond its limit are closed; those of others are served; places become free', async () => {
  await using backend = await rawBackend()
  await using engine = await testEngine(backend.port, { options: { proxyProtocol: true, maxConnectionsPerAddress: 2 } })
  const connect = async (address: string) => {
    const client = await rawClient(engine.port)
    client.send(`PROXY TCP4 ${address} 10.0.0.1 5000 80\r\n${GET}`)
    await client.until((text, closed) => closed || text.endsWith('ok'))
    return client
  }
  await using first = await connect('203.0.113.7')
  await using second = await connect('203.0.113.7')
  await using third = await connect('203.0.113.7')
  await using other = await connect('203.0.113.8')
  expect([first, second, third, other].map(({ closed }) => closed)).toEqual([false, false, true, false])
  first.socket.destroy()
  await eventually(() => engine.engine.connections === 2)
  await using fourth = await connect('203.0.113.7')
  expect(fourth.closed).toBe(false)
})

test('the limit of an address without the PROXY protocol', async () => {
  await using engine = await testEngine(0, { options: { maxConnectionsPerAddress: 1 } })
  await using _first = await rawClient(engine.port)
  await eventually(() => engine.engine.connections === 1)
  await using second = await rawClient(engine.port)
  expect(await second.until((_, closed) => closed)).toBe('')
})

test('addresses of one IPv6 network are one; nothing is kept of who has left', () => {
  const limits = new AddressLimits(2)
  expect(
    ['2001:db8::1', '2001:db8:0:0:7::2', '2001:db8::3', '2001:db8:0:1::1'].map((one) => limits.enter(one)),
  ).toEqual([...[true, true, false], true])
  expect(['::1', '1.2.3.4', '1.2.3.5'].map((one) => limits.enter(one))).toEqual([true, true, true])
  for (const one of ['2001:db8::9', '2001:db8::8', '2001:db8:0:1::1', '::1', '1.2.3.4', '1.2.3.5']) limits.leave(one)
  expect(limits.size).toBe(0)
})
