/** gRPC by real clients and servers (backends.md §8): all four kinds of calls, trailers, refusals. */
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type ChannelOptions,
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type MethodDefinition,
  type ServiceError,
} from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { certificate } from '../../../test/certificates.js'
import { gateway, type TestGateway } from '../../../test/gateway.js'
import { http2Client } from '../../../test/http2-client.js'
import {
  appPart,
  change,
  channelPart,
  groupDomain,
  groupPart,
  pluginPart,
  publicationPart,
  type ApiSpec,
} from '../../../test/parts.js'
import { certificatePart, secureOptions } from '../../../test/secure-call.js'

const bytes = { serialize: (value: Buffer) => value, deserialize: (value: Buffer) => value }
const serve = (name: string, requestStream: boolean, responseStream: boolean): MethodDefinition<Buffer, Buffer> => ({
  path: `/shop.Orders/${name}`,
  requestStream,
  responseStream,
  requestSerialize: bytes.serialize,
  requestDeserialize: bytes.deserialize,
  responseSerialize: bytes.serialize,
  responseDeserialize: bytes.deserialize,
})
const methods = {
  Get: serve('Get', false, false),
  Sum: serve('Sum', true, false),
  List: serve('List', false, true),
  Chat: serve('Chat', true, true),
}

const seen: Metadata[] = []
const unary: handleUnaryCall<Buffer, Buffer> = (call, answer) => {
  seen.push(call.metadata)
  if (call.request.toString() === 'head') {
    const head = new Metadata()
    head.set('x-head', 'from the service')
    head.set('x-gone', '1')
    call.sendMetadata(head)
  }
  const trailers = new Metadata()
  trailers.set('x-trailer', 'at the end')
  trailers.set('data-bin', Buffer.of(0, 255))
  if (call.request.toString() === 'fail')
    answer({ code: status.FAILED_PRECONDITION, details: 'not yet: 50 % ü', metadata: trailers })
  else if (call.request.toString() !== 'silent') answer(null, Buffer.from(`got ${call.request.toString()}`), trailers)
}
const sum: handleClientStreamingCall<Buffer, Buffer> = (call, answer) => {
  let total = 0
  call.on('data', (piece: Buffer) => (total += piece.length))
  call.on('end', () => answer(null, Buffer.from(String(total))))
}
const list: handleServerStreamingCall<Buffer, Buffer> = (call) => {
  const large = Buffer.alloc(100_000, 'x')
  for (let n = 0; n < Number(call.request.toString()); n++) call.write(large)
  call.end()
}
const chat: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
  call.on('data', (piece: Buffer) => {
    const answer = () => call.write(Buffer.from(`echo ${piece.toString()}`))
    if (piece.toString() === 'later') setTimeout(answer, 200)
    else answer()
  })
  call.on('end', () => call.end())
}

interface Shop extends AsyncDisposable {
  readonly gw: TestGateway
  readonly client: Client
  readonly host: string
}

interface ShopSpec {
  readonly api?: ApiSpec
  /** Of the backend, in milliseconds. */
  readonly timeout?: number
  /** For pieces of the body of a request that is not gRPC, in milliseconds. */
  readonly bodyTimeout?: number
  readonly tls?: boolean
  readonly listening?: boolean
  /** The server is a member of a channel; the other one refuses connections. */
  readonly channel?: boolean
  /** The loopback is taken for the Internet. */
  readonly abroad?: boolean
}

const root = certificate({ san: ['shop.example'] })

/** Resolves with the port. */
function listen(server: Server, tls: boolean): Promise<number> {
  const pair = certificate({ san: ['localhost'] })
  const secure = ServerCredentials.createSsl(null, [
    { private_key: Buffer.from(pair.keyPem), cert_chain: Buffer.from(pair.pem) },
  ])
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', tls ? secure : ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
}

/** A gRPC server, the gateway before it, and a client of the gateway that verifies its certificate. */
async function shop({
  api,
  timeout = 5_000,
  bodyTimeout = 8_000,
  tls = false,
  listening = true,
  channel = false,
  abroad = false,
}: ShopSpec = {}): Promise<Shop> {
  const server = new Server()
  server.addService(methods, { Get: unary, Sum: sum, List: list, Chat: chat })
  const port = await listen(server, tls)
  if (!listening) server.forceShutdown()
  const definition: ApiSpec = {
    req_protocol: 'GRPCS',
    req_method: 'POST',
    req_uri: '/shop.Orders',
    match_mode: 'SWA',
    backend: {
      req_protocol: tls ? 'GRPCS' : 'GRPC',
      req_method: 'POST',
      req_uri: '/',
      ...(channel ? { vpc_channel_id: 'channel1', retry_count: 1 } : { url_domain: `127.0.0.1:${port}` }),
      timeout,
    },
    ...api,
  }
  const gw = await gateway({
    parts: [
      groupPart({ domains: [groupDomain({ name: 'shop.example', certificateIds: ['c1'] })] }),
      certificatePart('c1', root),
      publicationPart(definition),
      channelPart({ id: 'channel1', members: [{ port }, { port: 1 }] }),
      appPart({ codes: ['code-of-app1'] }),
    ],
    options: secureOptions({ engine: { bodyTimeout, ...(abroad && { privateNetworks: [] }) } }),
  })
  const host = 'shop.example'
  const options: ChannelOptions = {
    'grpc.ssl_target_name_override': host,
    'grpc.default_authority': host,
    'grpc.enable_retries': 0,
  }
  const address = `127.0.0.1:${gw.gateway.secureAddresses[0]?.port ?? 0}`
  const client = new Client(address, credentials.createSsl(Buffer.from(root.pem)), options)
  return {
    gw,
    client,
    host,
    [Symbol.asyncDispose]: async () => {
      client.close()
      server.forceShutdown()
      await gw[Symbol.asyncDispose]()
    },
  }
}

interface Answer {
  readonly value?: string
  readonly error?: ServiceError
  readonly trailers: Metadata
}

function get({ client }: Shop, request: string, metadata: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const { path, requestSerialize, responseDeserialize } = methods.Get
  const sent = new Metadata()
  for (const [name, value] of Object.entries(metadata)) sent.set(name, value)
  return new Promise((resolve) => {
    let answer: Omit<Answer, 'trailers'> = {}
    const call = client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      Buffer.from(request),
      sent,
      (error, value) => (answer = error === null ? { value: value?.toString() ?? '' } : { error }),
    )
    call.on('status', ({ metadata: trailers }) => setImmediate(() => resolve({ ...answer, trailers })))
  })
}

test.each([false, true])(
  'backends.md 19: a unary call, with metadata and trailers; TLS to the backend: %s',
  async (tls) => {
    await using one = await shop({ tls })
    const { value, trailers } = await get(one, 'order 1', { 'x-sent': 'yes' })
    expect([value, trailers.get('x-trailer'), trailers.get('data-bin')]).toEqual([
      'got order 1',
      ['at the end'],
      [Buffer.of(0, 255)],
    ])
    const metadata = seen.at(-1)
    expect(metadata?.get('x-sent')).toEqual(['yes'])
    expect(metadata?.get('x-forwarded-proto')).toEqual(['https'])
    expect(metadata?.get('x-request-id')).toHaveLength(1)
  },
)

test.each([false, true])('calls through a channel reach the member that takes them; TLS: %s', async (tls) => {
  await using one = await shop({ tls, channel: true })
  const answers = [await get(one, '1'), await get(one, '2'), await get(one, '3')]
  expect(answers.map(({ value }) => value)).toEqual(['got 1', 'got 2', 'got 3'])
})

test.each([
  [true, 5 + 'got abc'.length, 5 + 'abc'.length],
  [false, 0, 0],
])('telemetry §4.4: messages count as traffic of a public address, where it is one: %s', async (abroad, into, out) => {
  await using one = await shop({ abroad })
  expect((await get(one, 'abc')).value).toBe('got abc')
  const told = () => one.gw.gateway.drainStatistics().map((delta) => [delta.publicBytesIn, delta.publicBytesOut])
  await expect.poll(told).toEqual([[into, out]])
})

test('a status of the service arrives as it is', async () => {
  await using one = await shop()
  const { error, trailers } = await get(one, 'fail')
  expect([error?.code, error?.details]).toEqual([status.FAILED_PRECONDITION, 'not yet: 50 % ü'])
  expect(trailers.get('x-trailer')).toEqual(['at the end'])
})

test('backends.md 19: messages stream from the client, from the server, and both ways in turns', async () => {
  await using one = await shop()
  const { client } = one
  const { Sum, List, Chat } = methods
  const total = await new Promise<string>((resolve, reject) => {
    const call = client.makeClientStreamRequest(Sum.path, bytes.serialize, bytes.deserialize, (error, value) =>
      error === null ? resolve(value?.toString() ?? '') : reject(error),
    )
    for (let n = 0; n < 50; n++) call.write(Buffer.alloc(100_000))
    call.end()
  })
  expect(total).toBe('5000000')

  let received = 0
  const listing = client.makeServerStreamRequest(List.path, bytes.serialize, bytes.deserialize, Buffer.from('50'))
  for await (const piece of listing) received += (piece as Buffer).length
  expect(received).toBe(5_000_000)

  const chatting = client.makeBidiStreamRequest(Chat.path, bytes.serialize, bytes.deserialize)
  const heard: string[] = []
  await new Promise<void>((resolve, reject) => {
    chatting.on('error', reject)
    chatting.on('end', resolve)
    chatting.on('data', (piece: Buffer) => {
      // Nothing is sent before the last answer has come: neither side is held back by the gateway.
      if (heard.push(piece.toString()) < 3) chatting.write(Buffer.from(String(heard.length + 1)))
      else chatting.end()
    })
    chatting.write(Buffer.from('1'))
  })
  expect(heard).toEqual(['echo 1', 'echo 2', 'echo 3'])
})

test('a client may be silent for longer than one that sends the body of a request', async () => {
  await using one = await shop({ bodyTimeout: 25 })
  const { Chat } = methods
  const call = one.client.makeBidiStreamRequest(Chat.path, bytes.serialize, bytes.deserialize)
  const heard = new Promise<string>((resolve, reject) => {
    call.on('data', (piece: Buffer) => resolve(piece.toString()))
    call.on('error', reject)
  })
  call.write(Buffer.from('later'))
  expect(await heard).toBe('echo later')
  call.end()
})

test('a call that the client cancels is cancelled at the backend, and recorded with 499', async () => {
  await using one = await shop()
  const { Chat } = methods
  const call = one.client.makeBidiStreamRequest(Chat.path, bytes.serialize, bytes.deserialize)
  const cancelled = new Promise<ServiceError>((resolve) => call.on('error', resolve))
  call.on('data', () => call.cancel())
  call.write(Buffer.from('1'))
  expect((await cancelled).code).toBe(status.CANCELLED)
  const lines = await one.gw.log()
  expect(lines).toMatchObject([{ status: '499', upstream_scheme: 'grpc' }])
})

test('refusals of the gateway have a status of gRPC and say what they are', async () => {
  await using closed = await shop({ api: { auth_type: 'APP', app_code_auth_type: 'HEADER' } })
  const refused = await get(closed, 'x')
  expect(refused.error?.code).toBe(status.UNAUTHENTICATED)
  expect(refused.error?.details).toMatch(/^Incorrect app authentication information/)
  expect((await get(closed, 'x', { 'x-apig-appcode': 'code-of-app1' })).value).toBe('got x')

  await using gone = await shop({ listening: false })
  const unavailable = await get(gone, 'x')
  expect([unavailable.error?.code, unavailable.error?.details]).toEqual([status.UNAVAILABLE, 'Backend unavailable'])

  await using slow = await shop({ timeout: 100 })
  const late = await get(slow, 'silent')
  expect([late.error?.code, late.error?.details]).toEqual([status.DEADLINE_EXCEEDED, 'Backend timeout'])

  await using other = await shop({ api: { req_uri: '/shop.Customers' } })
  const unknown = await get(other, 'x')
  expect(unknown.error?.code).toBe(status.UNIMPLEMENTED)
})

test('a service, one method of it, or everything', async () => {
  await using method = await shop({ api: { req_uri: '/shop.Orders/Get', match_mode: 'NORMAL' } })
  expect((await get(method, 'x')).value).toBe('got x')
  await using everything = await shop({ api: { req_uri: '/', match_mode: 'SWA' } })
  expect((await get(everything, 'x')).value).toBe('got x')
  await using another = await shop({ api: { req_uri: '/shop.Orders/Put', match_mode: 'NORMAL' } })
  expect((await get(another, 'x')).error?.code).toBe(status.UNIMPLEMENTED)
})

test('a gRPC API answers gRPC over HTTP/2 only', async () => {
  await using one = await shop()
  const port = one.gw.gateway.secureAddresses[0]?.port ?? 0
  await using client = await http2Client(port, 'shop.example')
  const { headers } = await client.call('/shop.Orders/Get', { ':method': 'POST', 'content-type': 'application/json' })
  expect(headers).toMatchObject({
    ':status': 400,
    'content-type': 'application/grpc',
    'grpc-status': '13',
    'grpc-message': 'The following protocol is supported: GRPCS',
  })
  const plain = await one.gw.post('/shop.Orders/Get', '', { headers: { 'Content-Type': 'application/grpc' } })
  expect([plain.status, plain.code]).toEqual([400, 'APIG.0607'])
})

test('plug-ins change the head of replies as for any request, and leave messages and trailers alone', async () => {
  await using gate = await shop({ api: { pluginIds: ['p1'] } })
  const content = {
    response_headers: [
      { name: 'X-Shop', action: 'add', value: 'open' },
      { name: 'X-Head', action: 'append', value: 'more' },
      { name: 'X-Gone', action: 'delete' },
    ],
  }
  await gate.gw.apply(change([pluginPart('set_resp_headers', content, 'p1')]))
  const { path, requestSerialize, responseDeserialize } = methods.Get
  const head = new Promise<Metadata>((resolve) => {
    const message = Buffer.from('head')
    gate.client
      .makeUnaryRequest(path, requestSerialize, responseDeserialize, message, new Metadata(), () => undefined)
      .on('metadata', resolve)
  })
  expect((await head).get('x-shop')).toEqual(['open'])
  expect((await head).get('x-head')).toEqual(['from the service,more'])
  expect((await head).get('x-gone')).toEqual([])
  const { value, trailers } = await get(gate, 'book')
  expect([value, trailers.get('x-trailer')]).toEqual(['got book', ['at the end']])
  const refused = await get(gate, 'fail')
  expect(refused.error?.code).toBe(status.FAILED_PRECONDITION)
  expect(gate.gw.faults).toEqual([])
})

interface MirroredCall {
  readonly method: string
  readonly messages: readonly string[]
  readonly metadata: Metadata
}

/** A service that writes down what it is called with, and fails each call. */
async function mirrorService(tls: boolean) {
  const calls: MirroredCall[] = []
  const server = new Server()
  const fails: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
    const messages: string[] = []
    call.on('data', (message: Buffer) => messages.push(message.toString()))
    call.on('end', () => {
      calls.push({ method: call.getPath(), messages, metadata: call.metadata })
      call.emit('error', { code: status.INTERNAL, details: 'nobody should see this' })
    })
  }
  const each = Object.entries(methods).map(([name, method]) => [
    name,
    { ...method, requestStream: true, responseStream: true },
  ])
  const service = Object.fromEntries(each) as Record<string, MethodDefinition<Buffer, Buffer>>
  server.addService(service, Object.fromEntries(Object.keys(methods).map((name) => [name, fails])))
  const port = await listen(server, tls)
  return { calls, host: `127.0.0.1:${port}`, [Symbol.dispose]: () => server.forceShutdown() }
}

test.each(['grpc', 'GRPCS'])(
  'a mirror by %s gets each call once the client has said all, whatever it answers',
  async (protocol) => {
    using mirror = await mirrorService(protocol === 'GRPCS')
    await using one = await shop({ api: { pluginIds: ['m1'] } })
    await one.gw.apply(
      change([pluginPart('proxy_mirror', { protocol, host: mirror.host, path: '/not/for/grpc' }, 'm1')]),
    )

    expect((await get(one, 'order 1', { 'x-sent': 'yes' })).value).toBe('got order 1')
    await expect.poll(() => mirror.calls.length).toBe(1)
    const [call] = mirror.calls
    expect(call).toMatchObject({ method: '/shop.Orders/Get', messages: ['order 1'] })
    expect(call?.metadata.get('x-sent')).toEqual(['yes'])
    expect(call?.metadata.get('x-forwarded-proto')).toEqual(['https'])
    expect(call?.metadata.get('x-request-id')).toEqual(seen.at(-1)?.get('x-request-id'))

    const { path, requestSerialize, responseDeserialize } = methods.Chat
    const chatting = one.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize)
    await new Promise<void>((resolve, reject) => {
      chatting.on('error', reject)
      chatting.on('end', resolve)
      chatting.on('data', (piece: Buffer) => {
        if (piece.toString() === 'echo 1') chatting.write(Buffer.from('2'))
        else chatting.end()
      })
      chatting.write(Buffer.from('1'))
    })
    await expect
      .poll(() => mirror.calls.slice(1))
      .toMatchObject([{ method: '/shop.Orders/Chat', messages: ['1', '2'] }])
    expect(one.gw.faults).toEqual([])
  },
)

test('a mirror by gRPC that is not there, or may not be called, harms nobody', async () => {
  await using one = await shop({ api: { pluginIds: ['m1'] } })
  for (const host of ['127.0.0.1:1', '169.254.169.254', 'nowhere.invalid']) {
    await one.gw.apply(change([pluginPart('proxy_mirror', { protocol: 'grpc', host }, 'm1')]))
    expect((await get(one, host)).value).toBe(`got ${host}`)
  }
  for (const fault of one.gw.faults) expect(fault).toContain('copies for mirrors were not sent')
})
