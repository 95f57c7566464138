import { expect, test } from 'vitest'
import { backends } from '../../../test/backends.js'
import { gateway } from '../../../test/gateway.js'
import { change, groupDomain, groupPart, instancePart, publicationPart, reset } from '../../../test/parts.js'
import { LocalLimiter } from '../../limits/local.js'
import type { Part } from '../../snapshot/parts.js'
import { Statistics } from '../../telemetry/statistics.js'
import { Configuration } from '../configuration.js'
import { InboundAddresses } from './host.js'

function configuration(...parts: Part[]): Configuration {
  const known = new Configuration({
    limiter: new LocalLimiter(),
    ...backends(),
    server: { address: '192.0.2.1', name: 'gateway-1' },
    statistics: new Statistics(),
    debugDomainLimit: 'off',
    inbound: new InboundAddresses(['gateway.example']),
  })
  known.apply(reset(...parts))
  return known
}

const groupOf = (known: Configuration, host: string, port = 8000, secure = false): string | undefined =>
  known.hostBinding(host, port, secure)?.group.id

const bound = (id: string, ...names: string[]): Part =>
  groupPart({ id, domains: names.map((name) => groupDomain({ name })) })

// routing.md §8.9
test('routing.md 9: a domain leads to its group, the exact name before the wildcard', async () => {
  await using gw = await gateway({
    parts: [
      bound('g1', '*.a.com'),
      bound('g2', 'x.a.com'),
      publicationPart({ id: 'a1', groupId: 'g1', backend: { req_uri: '/one' } }),
      publicationPart({ id: 'a2', groupId: 'g2', backend: { req_uri: '/two' } }),
    ],
  })
  for (const host of ['x.a.com', 'y.a.com', 'X.A.com.:8000'])
    expect((await gw.get('/orders', { host })).status).toBe(200)
  expect(gw.backend.requests.map(({ target }) => target)).toEqual(['/two', '/one', '/two'])
  for (const host of ['a.com', 'x.y.a.com', '.a.com', 'b.com']) {
    const reply = await gw.get('/orders', { host })
    expect([host, reply.status, reply.code]).toEqual([host, 404, 'APIG.0101'])
  }
})

test('a domain comes, moves and goes with its group', () => {
  const known = configuration(instancePart(), bound('g1', 'a.com', '*.a.com'), bound('g2', 'b.com'))
  expect(['a.com', 'x.a.com', 'b.com'].map((host) => groupOf(known, host))).toEqual(['g1', 'g1', 'g2'])

  known.apply(change([bound('g1', 'c.com'), bound('g2', 'b.com', 'a.com')]))
  expect(['a.com', 'x.a.com', 'b.com', 'c.com'].map((host) => groupOf(known, host))).toEqual([
    'g2',
    undefined,
    'g2',
    'g1',
  ])

  known.apply(change([], ['group:g2']))
  expect(['a.com', 'b.com', 'c.com'].map((host) => groupOf(known, host))).toEqual([undefined, undefined, 'g1'])
})

test('a wildcard domain as a Host of its own is covered by itself alone', () => {
  const known = configuration(instancePart(), bound('g1', '*.a.com'))
  expect(groupOf(known, '*.a.com')).toBe('g1')
  expect(groupOf(known, '*.b.com')).toBeUndefined()
})

// routing.md §1.1
test('a domain is reached by its ports; 80 and 443 are those of the gateway, whatever their numbers', () => {
  const known = configuration(
    instancePart({
      ingressPorts: [
        { port: 1024, protocol: 'HTTP' },
        { port: 1025, protocol: 'HTTPS' },
      ],
    }),
    groupPart({ id: 'g1', domains: [groupDomain({ name: 'a.com' }), groupDomain({ name: 'b.com', httpPort: -1 })] }),
    groupPart({ id: 'g2', domains: [groupDomain({ name: 'a.com', httpPort: 1024, httpsPort: 1025 })] }),
    groupPart({ id: 'g3', domains: [groupDomain({ name: 'c.com', httpPort: 1024, httpsPort: -1 })] }),
  )
  const of = (host: string) => [
    groupOf(known, host, 8000),
    groupOf(known, host, 8443, true),
    groupOf(known, host, 1024),
    groupOf(known, host, 1025, true),
  ]
  expect(of('a.com')).toEqual(['g1', 'g1', 'g2', 'g2'])
  expect(of('b.com')).toEqual([undefined, 'g1', undefined, undefined])
  expect(of('c.com')).toEqual([undefined, undefined, 'g3', undefined])
  // A port that is closed again is nobody's.
  known.apply(change([instancePart()]))
  expect(of('c.com')).toEqual([undefined, undefined, undefined, undefined])
})

test('where two instances have a name, the older one answers, and the other when that is gone', () => {
  const parts = [
    instancePart({ id: 'young', createdAt: 2 }),
    instancePart({ id: 'old', createdAt: 1 }),
    groupPart({ id: 'g1', instanceId: 'young', domains: [groupDomain({ name: 'a.com' })] }),
    groupPart({ id: 'g2', instanceId: 'old', domains: [groupDomain({ name: 'a.com' })] }),
  ]
  for (const order of [parts, parts.toReversed()]) {
    const known = configuration(...order)
    expect(groupOf(known, 'a.com')).toBe('g2')
    known.apply(change([], ['group:g2', 'instance:old']))
    expect(groupOf(known, 'a.com')).toBe('g1')
  }
})

test('a domain that is an address of the gateway, or a debugging domain of another group, takes nobody away', () => {
  const known = configuration(
    instancePart(),
    groupPart({ id: 'g0', isDefault: true }),
    groupPart({ id: 'g1' }),
    bound('g2', '*.apic.test'),
  )
  expect(groupOf(known, 'gateway.example')).toBe('g0')
  expect(groupOf(known, 'g1.apic.test')).toBe('g1')
})
