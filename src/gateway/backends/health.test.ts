/** Active checks of members: backends.md §3.3 and its check 10 in §11. */
import { createServer, type Server as HttpServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { certificate } from '../../../test/certificates.js'
import { gateway } from '../../../test/gateway.js'
import { members } from '../../../test/members.js'
import { change, channelPart } from '../../../test/parts.js'
import type { HealthCheck } from '../../snapshot/parts.js'
import { AddressSet } from '../address-set.js'
import { HealthChecks, isExpected, type Owner } from './health.js'

const check = (differences: Partial<HealthCheck> = {}): HealthCheck => ({
  protocol: 'http',
  port: 0,
  path: '/up',
  method: 'GET',
  codes: '200',
  healthyAfter: 1,
  unhealthyAfter: 2,
  interval: 10,
  timeout: 1000,
  clientCertificate: false,
  ...differences,
})

const member = (port: number, differences: Partial<HealthCheck> = {}, host = '127.0.0.1') => ({
  id: `${host}:${port}`,
  host,
  port,
  weight: 1,
  backup: false,
  check: check(differences),
})

const owner: Owner = { id: 'i1', features: { backendIdentity: undefined } }

function checks(...forbidden: string[]): HealthChecks {
  const all = new HealthChecks(new AddressSet(forbidden))
  onTestFinished(() => all.close())
  return all
}

async function listening(server: Server | HttpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    if ('closeAllConnections' in server) server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** A server whose replies have the statuses that are given, one after the other, and then the last one again. */
async function answering(...statuses: number[]): Promise<{ port: number; seen: string[] }> {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    response.statusCode = (statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 0
    response.end()
  })
  return { port: await listening(server), seen }
}

test('a member begins healthy, and changes after as many results in a row as the thresholds say', async () => {
  const { port, seen } = await answering(500, 200, 500, 500, 500, 200, 500, 200, 200)
  const flips: [boolean, number][] = []
  const watch = checks().watch('c1', member(port, { unhealthyAfter: 3, healthyAfter: 2, path: '/up?ä' }), owner, () =>
    flips.push([watch?.isHealthy ?? false, seen.length]),
  )
  expect(watch?.isHealthy).toBe(true)
  await expect.poll(() => flips.length).toBe(2)
  expect(flips).toEqual([
    [false, 5],
    [true, 9],
  ])
  expect(seen[0]).toBe('GET /up?%C3%A4')
})

test.each([
  ['a status that is not expected', {}, 503, false],
  ['one that is', { codes: '200,500-599' }, 503, true],
  ['HEAD', { method: 'HEAD' }, 200, true],
] as const)('by HTTP: %s', async (_, differences, status, healthy) => {
  const { port, seen } = await answering(status)
  const watch = checks().watch('c1', member(port, { ...differences, unhealthyAfter: 1 }), owner, () => undefined)
  await expect.poll(() => seen.length).toBeGreaterThan(2)
  expect(watch?.isHealthy).toBe(healthy)
})

test('by HTTPS, whatever the certificate; and on a port of its own', async () => {
  const { pem: cert, keyPem: key } = certificate()
  const port = await listening(createSecureServer({ cert, key }, (_, response) => response.end()))
  const all = checks()
  const watch = all.watch('c1', member(1, { protocol: 'https', port, unhealthyAfter: 1 }), owner, () => undefined)
  await expect
    .poll(() => all.states())
    .toEqual([{ channelId: 'c1', memberId: '127.0.0.1:1', address: '127.0.0.1:1', healthy: true }])
  expect(watch?.isHealthy).toBe(true)
})

test('a check that asks for it shows the certificate of the instance, and verifies by its roots', async () => {
  const root = certificate({ subject: [['CN', 'root']], san: [], ca: true })
  const client = certificate({ subject: [['CN', 'the gateway']], issuer: root })
  const server = certificate({ issuer: root, san: ['localhost'] })
  const shown: string[] = []
  const options = { cert: server.pem, key: server.keyPem, ca: root.pem, requestCert: true, rejectUnauthorized: true }
  const port = await listening(
    createSecureServer(options, (request, response) => {
      shown.push(request.url ?? '')
      response.end()
    }),
  )
  const identity = (ca: string) => ({ digest: ca, certificate: client.pem, key: client.keyPem, ca })
  const all = checks()
  const watch = (id: string, clientCertificate: boolean, ca: string) => {
    const differences = { protocol: 'https', clientCertificate, path: `/${id}`, unhealthyAfter: 1 } as const
    return all.watch(
      'c1',
      { ...member(port, differences, 'localhost'), id },
      { id, features: { backendIdentity: identity(ca) } },
      () => undefined,
    )
  }
  const watched = [
    watch('trusted', true, root.pem),
    watch('nothing-shown', false, root.pem),
    watch('untrusted', true, client.pem),
  ]
  await expect.poll(() => all.states().length).toBe(3)
  expect(watched.map((one) => one?.isHealthy)).toEqual([true, false, false])
  expect(new Set(shown)).toEqual(new Set(['/trusted']))
})

test('by TCP: who accepts is healthy; who does not answer in time, or at all, is not', async () => {
  const accepting = await listening(createTcpServer((socket) => socket.on('error', () => undefined)))
  const silent = await listening(createTcpServer((socket) => socket.on('error', () => undefined)))
  const all = checks('203.0.113.0/24')
  const watched = [
    all.watch('c1', member(accepting, { protocol: 'tcp', unhealthyAfter: 1 }), owner, () => undefined),
    all.watch('c1', member(silent, { unhealthyAfter: 1, timeout: 30 }), owner, () => undefined),
    all.watch('c1', member(9, { protocol: 'tcp', unhealthyAfter: 1 }, '203.0.113.1'), owner, () => undefined),
  ]
  await expect.poll(() => all.states().length).toBe(3)
  expect(watched.map((watch) => watch?.isHealthy)).toEqual([true, false, false])
})

test('an address is checked once for all who watch it, and not at all when nobody does', async () => {
  const { port, seen } = await answering(200)
  const all = checks()
  const first = all.watch('c1', { ...member(port, { interval: 400 }), id: 'a' }, owner, () => undefined)
  const second = all.watch('c1', { ...member(port, { interval: 400 }), id: 'b' }, owner, () => undefined)
  await expect.poll(() => all.states().map(({ memberId }) => memberId)).toEqual(['a', 'b'])
  expect(seen).toHaveLength(1)
  first?.stop()
  expect(all.states().map(({ memberId }) => memberId)).toEqual(['b'])
  second?.stop()
  expect(all.states()).toEqual([])
})

test('a member without a check is not watched', () => {
  const { check: _, ...unchecked } = member(80)
  expect(checks().watch('c1', unchecked, owner, () => undefined)).toBeUndefined()
  expect(checks().watch('c1', member(0), owner, () => undefined)).toBeUndefined()
})

test.each([
  [200, '', true],
  [204, '', false],
  [204, '200,201-204', true],
  [205, '200,201-204', false],
])('status %i for codes %j: %s', (status, codes, expected) => expect(isExpected(status, codes)).toBe(expected))

test('backends.md 10: both normal members fail their checks: the backup gets the calls; it fails too: 502 APIG.0610', async () => {
  await using behind = await members(3)
  const sick = new Set<number>()
  behind.backends.forEach((backend, index) => {
    backend.answer = (response, { target }) => {
      response.statusCode = target === '/up' && sick.has(index) ? 500 : 200
      response.end(`m${index + 1}`)
    }
  })
  const parts = behind.parts({ check: check() }, { check: check() }, { check: check(), backup: true })
  const backend = {
    type: 'HTTP',
    vpc_channel_id: 'c1',
    req_protocol: 'HTTP',
    req_method: 'ANY',
    req_uri: '/orders',
    timeout: 5000,
    retry_count: -1,
    params: [],
  } as const
  await using gw = await gateway({ api: { backend }, parts: [channelPart({ members: parts })] })
  const answer = async () => {
    const { body, code } = await gw.get('/orders')
    return code ?? body
  }
  expect(new Set([await answer(), await answer()])).toEqual(new Set(['m1', 'm2']))
  sick.add(0)
  await expect.poll(async () => [await answer(), await answer()]).toEqual(['m2', 'm2'])
  sick.add(1)
  await expect.poll(answer).toBe('m3')
  sick.add(2)
  await expect.poll(answer).toBe('APIG.0610')
  sick.clear()
  await expect.poll(async () => new Set([await answer(), await answer()])).toEqual(new Set(['m1', 'm2']))
})

test('a channel that goes is not checked any more; one that changes goes on with what is known', async () => {
  await using behind = await members(1)
  const [backend] = behind.backends
  if (backend === undefined) throw new Error('no backend')
  backend.answer = (response) => response.writeHead(500).end()
  const parts = behind.parts({ check: check({ unhealthyAfter: 1, interval: 60_000 }) })
  await using gw = await gateway({ parts: [channelPart({ members: parts })] })
  const found = [{ channelId: 'c1', memberId: 'm1', address: backend.address, healthy: false }]
  await expect.poll(() => gw.gateway.memberStates()).toEqual(found)
  await gw.apply(change([channelPart({ members: parts.map((part) => ({ ...part, weight: 7 })) })]))
  expect(gw.gateway.memberStates()).toEqual(found)
  await gw.apply(change([], ['channel:c1'], 3))
  expect(gw.gateway.memberStates()).toEqual([])
  expect(backend.requests).toHaveLength(1)
})
