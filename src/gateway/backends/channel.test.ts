/** Load balance channels: backends.md §2, §3 and its checks in §11, by number. */
import { createServer as createSecureServer } from 'node:https'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { TLSSocket } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { certificate } from '../../../test/certificates.js'
import { gateway, type TestGateway } from '../../../test/gateway.js'
import { members } from '../../../test/members.js'
import { change, channelPart, instancePart, mockBackend } from '../../../test/parts.js'
import type { HttpBackend } from '../../snapshot/api-definition.js'
import type { ChannelPart } from '../../snapshot/parts.js'

const byChannel = (backend: Partial<HttpBackend> = {}) => {
  const { url_domain: _, ...rest } = { vpc_channel_id: 'c1', ...backend }
  return {
    type: 'HTTP',
    req_protocol: 'HTTP',
    req_method: 'ANY',
    req_uri: '/orders',
    timeout: 5000,
    retry_count: -1,
    params: [],
    ...rest,
  } as const
}

async function throughChannel(
  channel: ChannelPart,
  backend: Partial<HttpBackend> = {},
  req_method: 'GET' | 'ANY' = 'ANY',
): Promise<TestGateway> {
  return gateway({ api: { req_method, backend: byChannel(backend) }, parts: [channel] })
}

/** Answers of calls in a row. */
async function answers(gw: TestGateway, count: number, target = '/orders'): Promise<string[]> {
  const bodies: string[] = []
  for (let i = 0; i < count; i++) bodies.push((await gw.get(target)).body)
  return bodies
}

test('backends.md 9: weights 2 and 1, 300 calls: 200 and 100', async () => {
  await using behind = await members(2)
  const features = { ratelimit: { enable: true, config: '{"api_limits":10000}' } }
  await using gw = await gateway({
    api: { backend: byChannel() },
    parts: [instancePart({ features }), channelPart({ members: behind.parts({ weight: 2 }) })],
  })
  await answers(gw, 300)
  expect(behind.counts).toEqual([200, 100])
})

test('backends.md 8: a GET whose member resets is answered by the second one; a POST is 502', async () => {
  await using behind = await members(2)
  const [broken] = behind.backends
  if (broken !== undefined) broken.answer = (_, __, socket) => socket.destroy()
  await using gw = await throughChannel(channelPart({ members: behind.parts() }))
  expect(await answers(gw, 6)).toEqual(Array(6).fill('m2'))
  expect(behind.counts[0]).toBeGreaterThan(0)
  const statuses = [await gw.post('/orders', 'x'), await gw.post('/orders', 'x')].map(({ status, code }) => [
    status,
    code,
  ])
  expect(statuses.sort()).toEqual([
    [200, undefined],
    [502, 'APIG.0202'],
  ])
  expect(behind.backends[1]?.requests.at(-1)?.body).toBe('x')
})

test('each repetition goes to another member, with head and body; when none is left the last failure answers', async () => {
  await using behind = await members(3)
  for (const backend of behind.backends) backend.answer = (_, __, socket) => socket.destroy()
  await using gw = await throughChannel(channelPart({ members: behind.parts() }), { retry_count: 10 })

  const reply = await gw.post('/orders?a=1', 'body')

  expect([reply.status, reply.code]).toEqual([502, 'APIG.0202'])
  expect(behind.backends.map(({ only }) => [only.target, only.body])).toEqual(Array(3).fill(['/orders?a=1', 'body']))
})

test('a member that is too slow is passed over, and one that refuses', async () => {
  await using behind = await members(2)
  const [slow] = behind.backends
  if (slow !== undefined) slow.answer = () => undefined
  const closed = await closedPort()
  const parts = [...behind.parts(), { port: closed, id: 'm3' }]
  await using gw = await throughChannel(channelPart({ members: parts }), { timeout: 100, retry_count: 2 })
  expect(await answers(gw, 3)).toEqual(['m2', 'm2', 'm2'])
})

test('weight 0 gets nothing; disabled members are not there; a channel of nobody is 502 APIG.0610', async () => {
  await using behind = await members(2)
  await using gw = await throughChannel(channelPart({ members: behind.parts({ weight: 0 }) }))
  expect(await answers(gw, 4)).toEqual(Array(4).fill('m2'))
  await gw.apply(change([channelPart({ members: behind.parts({ weight: 0 }, { weight: 0 }) })]))
  expect(await gw.get('/orders')).toMatchObject({ status: 502, code: 'APIG.0610' })
  await gw.apply(change([channelPart({ members: [] })], [], 3))
  expect(await gw.get('/orders')).toMatchObject({ status: 502, code: 'APIG.0610' })
})

test('backups are called only while no other member can be', async () => {
  await using behind = await members(2)
  await using gw = await throughChannel(channelPart({ members: behind.parts({ backup: true }) }))
  expect(await answers(gw, 3)).toEqual(['m2', 'm2', 'm2'])
  await gw.apply(change([channelPart({ members: behind.parts({ backup: true }, { weight: 0 }) })]))
  expect(await answers(gw, 3)).toEqual(['m1', 'm1', 'm1'])
})

test('a change of the channel counts from the next request on; a channel that goes is 500 APIG.0609, until it comes back', async () => {
  await using behind = await members(2)
  const [first, second] = behind.parts()
  await using gw = await throughChannel(channelPart({ members: [first ?? {}] }))
  expect(await answers(gw, 2)).toEqual(['m1', 'm1'])
  await gw.apply(change([channelPart({ members: [{ ...second, id: 'm2' }] })]))
  expect(await answers(gw, 2)).toEqual(['m2', 'm2'])
  await gw.apply(change([], ['channel:c1'], 3))
  expect(await gw.get('/orders')).toMatchObject({ status: 500, code: 'APIG.0609' })
  await gw.apply(change([channelPart({ members: [first ?? {}] })], [], 4))
  expect(await answers(gw, 2)).toEqual(['m1', 'm1'])
})

test('a member without any port is 500 APIG.0611; one at a forbidden address 403 APIG.0404', async () => {
  await using gw = await throughChannel(channelPart({ members: [{ port: 0 }] }))
  expect(await gw.get('/orders')).toMatchObject({ status: 500, code: 'APIG.0611' })
  await gw.apply(change([channelPart({ members: [{ host: '169.254.169.254', port: 80 }] })]))
  expect(await gw.get('/orders')).toMatchObject({ status: 403, code: 'APIG.0404' })
})

test.each([
  [{}, 'g1.apic.test'],
  [{ vpc_channel_proxy_host: 'shop.example:81' }, 'shop.example:81'],
  [
    {
      vpc_channel_proxy_host: 'shop.example',
      params: [{ name: 'Host', location: 'HEADER', origin: 'CONSTANT', value: 'own.example' }],
    },
    'own.example',
  ],
] as const)('the Host header: %j', async (backend, host) => {
  await using behind = await members(1)
  await using gw = await throughChannel(channelPart({ members: behind.parts() }), backend)
  await gw.get('/orders')
  expect(behind.backends[0]?.only.headers.host).toBe(host)
})

test('source hash: a caller stays with its member', async () => {
  await using behind = await members(3)
  await using gw = await throughChannel(channelPart({ balancing: 'SH', members: behind.parts() }))
  const seen = new Set<string>()
  for (let i = 1; i <= 20; i++) {
    const call = () => gw.get('/orders', { from: `127.0.0.${i}` })
    const [first, second] = [await call(), await call()]
    expect(first.body).toBe(second.body)
    seen.add(first.body)
  }
  expect(seen.size).toBe(3)
})

test('URI hash: a path stays with its member, however it is written and whoever asks', async () => {
  await using behind = await members(3)
  await using gw = await gateway({
    api: { req_uri: '/', match_mode: 'SWA', backend: byChannel({ req_uri: '/v1' }) },
    parts: [channelPart({ balancing: 'URI', members: behind.parts({ weight: 100 }) })],
  })
  const seen = new Set<string>()
  for (let i = 1; i <= 20; i++) {
    const first = await gw.get(`/item${i}?a`)
    const second = await gw.get(`/%69tem${i}?b`, { from: '127.0.0.9' })
    expect(first.body).toBe(second.body)
    seen.add(first.body)
  }
  expect(seen.size).toBe(3)
})

const groups = [
  { id: 'blue', name: 'Blue' },
  { id: 'green', name: 'Grün' },
]
const calls = [
  { id: 'blue', req_protocol: 'HTTP', req_method: 'PUT', req_uri: '/blue/{x}' },
  { id: 'green', req_protocol: 'HTTP', req_method: 'ANY', req_uri: '/green' },
] as const
const names = ['member_group_id', 'member_group_name'].map(
  (name) => ({ name, location: 'QUERY', origin: 'SYSTEM', value: `$context.${name}` }) as const,
)

test('member groups: chosen over all that are listed by weight, called as the group says', async () => {
  await using behind = await members(3)
  const parts = behind.parts({ groupId: 'blue', weight: 3 }, { groupId: 'green' }, {})
  await using gw = await gateway({
    api: { req_uri: '/orders/{x}', backend: byChannel({ member_groups: calls, params: names }) },
    parts: [channelPart({ groups, members: parts })],
  })

  await answers(gw, 8, '/orders/a%20b?q')

  expect(behind.counts).toEqual([6, 2, 0])
  const blue = behind.backends[0]?.requests[0]
  expect([blue?.method, blue?.target]).toEqual(['PUT', '/blue/a%20b?q&member_group_id=blue&member_group_name=Blue'])
  const green = behind.backends[1]?.requests[0]
  expect([green?.method, green?.target]).toEqual(['GET', '/green?q&member_group_id=green&member_group_name=Gr%C3%BCn'])
})

test.each([
  ['a body that fits', 'body'],
  ['a large one', 'x'.repeat(100_000)],
])('member groups: a repetition that goes to another group is made as that group says; %s', async (_, sent) => {
  await using behind = await members(2)
  for (const backend of behind.backends) backend.answer = (_, __, socket) => socket.destroy()
  const [one, two] = behind.parts({ groupId: 'blue' }, { groupId: 'green' })
  await using gw = await gateway({
    api: {
      req_method: 'POST',
      req_uri: '/orders/{x}',
      backend: byChannel({ member_groups: calls, params: names, retry_count: 1 }),
    },
    parts: [channelPart({ groups, members: [one ?? {}, two ?? {}] })],
  })
  await gw.post('/orders/1', sent)
  expect(behind.backends.map(({ only }) => [only.method, only.target, only.body])).toEqual([
    ['PUT', '/blue/1?member_group_id=blue&member_group_name=Blue', sent],
    ['POST', '/green?member_group_id=green&member_group_name=Gr%C3%BCn', sent],
  ])
})

test('a single way for all groups says which group it was, and says it anew for a repetition', async () => {
  await using behind = await members(2)
  const [broken] = behind.backends
  if (broken !== undefined) broken.answer = (_, __, socket) => socket.destroy()
  const parts = behind.parts({ groupId: 'blue' }, { groupId: 'green' })
  await using gw = await throughChannel(channelPart({ groups, members: parts }), { params: names })
  expect(await answers(gw, 4)).toEqual(Array(4).fill('m2'))
  expect(behind.backends[1]?.requests.map(({ target }) => target)).toEqual(
    Array(4).fill('/orders?member_group_id=green&member_group_name=Gr%C3%BCn'),
  )
})

test('groups that are not there: the others serve; without any it is 404 APIG.0108', async () => {
  await using behind = await members(1)
  await using gw = await gateway({
    api: { req_uri: '/orders/{x}', backend: byChannel({ member_groups: calls }) },
    parts: [channelPart({ groups: groups.slice(1), members: behind.parts({ groupId: 'green' }) })],
  })
  expect(await answers(gw, 2, '/orders/1')).toEqual(['m1', 'm1'])
  await gw.apply(change([channelPart({ groups: [], members: behind.parts() })]))
  expect(await gw.get('/orders/1')).toMatchObject({ status: 404, code: 'APIG.0108' })
})

test('a policy backend goes through its channel', async () => {
  await using behind = await members(1)
  await using gw = await gateway({
    api: {
      policies: [
        {
          name: 'p',
          effect_mode: 'ANY',
          conditions: [{ origin: 'source', type: 'exact', value: '127.0.0.2' }],
          backend: byChannel(),
        },
      ],
      backend: mockBackend({ result_content: 'default' }),
    },
    parts: [channelPart({ members: behind.parts() })],
  })
  expect((await gw.get('/orders', { from: '127.0.0.2' })).body).toBe('m1')
  expect((await gw.get('/orders')).body).toBe('default')
})

test('least connections: who is busy gets no more than the others', async () => {
  await using behind = await members(2)
  const [busy] = behind.backends
  const held: (() => void)[] = []
  if (busy !== undefined) busy.answer = (response) => void held.push(() => response.end('m1'))
  await using gw = await throughChannel(channelPart({ balancing: 'WLC', members: behind.parts() }))
  const first = Promise.all([gw.get('/orders'), gw.get('/orders')])
  await expect.poll(() => held.length).toBe(1)
  await expect.poll(() => behind.counts[1]).toBe(1)
  expect(await answers(gw, 5)).toEqual(Array(5).fill('m2'))
  for (const answer of held) answer()
  expect((await first).map(({ body }) => body).sort()).toEqual(['m1', 'm2'])
  expect(behind.counts).toEqual([1, 6])
})

test('a member is called by TLS, and shown the certificate of the instance where the API says so', async () => {
  const root = certificate({ subject: [['CN', 'root']], san: [], ca: true })
  const own = certificate({ subject: [['CN', 'the gateway']], issuer: root })
  const pair = certificate({ issuer: root, san: ['localhost'] })
  const server = createSecureServer(
    { cert: pair.pem, key: pair.keyPem, ca: root.pem, requestCert: true, rejectUnauthorized: false },
    ({ socket }, response) => {
      const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.subject : 'no TLS'
      response.end(shown ?? 'nothing')
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const config = JSON.stringify({ enable: 'on', content: own.pem, key: own.keyPem, ca: root.pem })
  const parts = [
    instancePart({ features: { backend_client_certificate: { enable: true, config } } }),
    channelPart({ members: [{ host: 'Localhost', port: (server.address() as AddressInfo).port }] }),
  ]
  const backend = (client_ssl: boolean) => byChannel({ req_protocol: 'HTTPS', client_ssl })
  await using gw = await gateway({
    api: [{ backend: backend(true) }, { id: 'a2', req_uri: '/open', backend: backend(false) }],
    parts,
  })
  expect((await gw.get('/orders')).body).toBe('CN=the gateway')
  expect((await gw.get('/open')).body).toBe('nothing')
})

test('groups of which some are called by gRPC and others are not make no backend', async () => {
  const mixed = [...calls, { id: 'red', req_protocol: 'GRPC', req_method: 'POST', req_uri: '/' } as const]
  await using gw = await throughChannel(channelPart({ members: [] }), { member_groups: mixed })
  expect(await gw.get('/orders')).toMatchObject({ status: 500, code: 'APIG.0105' })
})

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
