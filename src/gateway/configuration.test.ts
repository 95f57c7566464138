import { expect, test } from 'vitest'
import { backends } from '../../test/backends.js'
import {
  appPart,
  change,
  groupPart,
  instancePart,
  mockBackend,
  pluginPart,
  publicationPart,
  reset,
  throttlePart,
} from '../../test/parts.js'
import { LocalLimiter } from '../limits/local.js'
import { Statistics } from '../telemetry/statistics.js'
import { Configuration } from './configuration.js'
import { InboundAddresses } from './routing/host.js'
import { Match } from './routing/tree.js'

function configuration(): Configuration {
  return new Configuration({
    limiter: new LocalLimiter(),
    ...backends(),
    server: { address: '192.0.2.1', name: 'gateway-1' },
    statistics: new Statistics(),
    debugDomainLimit: 'off',
    inbound: new InboundAddresses(['gateway.example']),
  })
}

function find(known: Configuration, host: string, path: string, stage = 'RELEASE', method = 'GET') {
  return known.hostBinding(host)?.group.published(stage)?.find(path, method, new Match())
}

test('a debugging domain leads to its group, with any port, in any case, with a dot at its end', () => {
  const known = configuration()
  known.apply(reset(instancePart(), groupPart(), publicationPart()))
  for (const host of ['g1.apic.test', 'g1.apic.test:8000', 'G1.Apic.Test', 'g1.apic.test.', 'g1.apic.test.:80']) {
    expect(find(known, host, '/orders')?.apiId).toBe('a1')
  }
  for (const host of ['apic.test', 'x.g1.apic.test', 'g1.apic.test.example', '']) {
    expect(known.hostBinding(host)).toBeUndefined()
  }
})

// routing.md §8.10
test('a debugging domain that is switched off is unknown, and known again when switched on', () => {
  const known = configuration()
  known.apply(reset(instancePart(), groupPart({ subDomainEnabled: false }), publicationPart()))
  expect(known.hostBinding('g1.apic.test')).toBeUndefined()
  known.apply(change([groupPart()]))
  expect(find(known, 'g1.apic.test', '/orders')?.apiId).toBe('a1')
  known.apply(change([groupPart({ subDomains: ['other.test'] })]))
  expect(known.hostBinding('g1.apic.test')).toBeUndefined()
  expect(find(known, 'other.test', '/orders')?.apiId).toBe('a1')
})

// routing.md §8.11
test('an address of the gateway leads to DEFAULT only, one of the trust list too, any other nowhere', () => {
  const known = configuration()
  const features = { default_group_host_trustlist: { enable: true, config: '{"enable":"on","hosts":["203.0.113.9"]}' } }
  known.apply(
    reset(
      instancePart({ features }),
      groupPart(),
      groupPart({ id: 'g0', isDefault: true }),
      publicationPart(),
      publicationPart({ id: 'a0', groupId: 'g0', req_uri: '/default' }),
    ),
  )
  for (const host of [
    '127.0.0.1:8000',
    '[::1]:8000',
    '[::1]',
    'localhost',
    'LOCALHOST:1',
    '203.0.113.9',
    'gateway.example',
  ]) {
    expect(find(known, host, '/default')?.apiId).toBe('a0')
    expect(find(known, host, '/orders')).toBeUndefined()
  }
  expect(known.hostBinding('203.0.113.10')).toBeUndefined()
  known.apply(change([instancePart()]))
  expect(known.hostBinding('203.0.113.9')).toBeUndefined()
})

test('with several instances an address leads to the DEFAULT group of the oldest, and to the next when that goes', () => {
  const known = configuration()
  known.apply(
    reset(
      instancePart({ id: 'i0', createdAt: 3 }),
      instancePart({ id: 'i2', createdAt: 2 }),
      instancePart({ id: 'i1', createdAt: 1 }),
      groupPart({ id: 'g0', instanceId: 'i0', isDefault: true }),
      groupPart({ id: 'g2', instanceId: 'i2', isDefault: true }),
      groupPart({ id: 'g1', isDefault: true }),
    ),
  )
  expect(known.hostBinding('127.0.0.1')?.group.id).toBe('g1')
  known.apply(change([], ['instance:i1', 'group:g1']))
  expect(known.hostBinding('127.0.0.1')?.group.id).toBe('g2')
})

test('an environment shows what is published in it', () => {
  const known = configuration()
  known.apply(
    reset(instancePart(), groupPart(), publicationPart(), publicationPart({ id: 'a2', environmentId: 'test' })),
  )
  expect(find(known, 'g1.apic.test', '/orders', 'TEST')?.apiId).toBe('a2')
  for (const stage of ['test', 'NONE', '']) expect(find(known, 'g1.apic.test', '/orders', stage)).toBeUndefined()
})

test('publishing, publishing anew and taking offline are seen by the next request', () => {
  const known = configuration()
  known.apply(reset(instancePart(), groupPart()))
  expect(find(known, 'g1.apic.test', '/orders')).toBeUndefined()
  known.apply(change([publicationPart()]))
  expect(find(known, 'g1.apic.test', '/orders')?.apiId).toBe('a1')
  known.apply(change([publicationPart({ req_uri: '/moved' })]))
  expect(find(known, 'g1.apic.test', '/orders')).toBeUndefined()
  expect(find(known, 'g1.apic.test', '/moved')?.apiId).toBe('a1')
  known.apply(change([], ['publication:a1/release'], 5))
  expect(find(known, 'g1.apic.test', '/moved')).toBeUndefined()
  expect(known.revision).toBe(5)
})

test('an API that takes the path of another in one update has it afterwards', () => {
  const known = configuration()
  known.apply(reset(instancePart(), groupPart(), publicationPart({ id: 'a1' })))
  known.apply(change([publicationPart({ id: 'a2' })], ['publication:a1/release']))
  expect(find(known, 'g1.apic.test', '/orders')?.apiId).toBe('a2')
})

test('a reset voids what it does not hold', () => {
  const known = configuration()
  known.apply(
    reset(instancePart(), groupPart(), groupPart({ id: 'g2' }), publicationPart(), appPart({ codes: ['code'] })),
  )
  known.apply(reset(instancePart(), groupPart(), publicationPart({ id: 'a2', req_uri: '/new' })))
  expect(find(known, 'g1.apic.test', '/orders')).toBeUndefined()
  expect(find(known, 'g1.apic.test', '/new')?.apiId).toBe('a2')
  expect(known.hostBinding('g2.apic.test')).toBeUndefined()
  expect(known.hostBinding('g1.apic.test')?.group.instance.apps.withKey('key-of-app1')).toBeUndefined()
})

test('parts may come in any order', () => {
  const known = configuration()
  known.apply(reset(publicationPart({ throttleId: 't1' }), appPart(), throttlePart(), groupPart(), instancePart()))
  expect(find(known, 'g1.apic.test', '/orders')?.route.stage).toBe('RELEASE')
})

test('a route is compiled once, and again after a change of what it depends on and of nothing else', () => {
  const known = configuration()
  known.apply(
    reset(
      instancePart(),
      groupPart(),
      throttlePart(),
      throttlePart({ id: 't2' }),
      pluginPart('cors', { allow_origin: '*', allow_methods: 'GET' }, 'p1'),
      publicationPart({ throttleId: 't1', pluginIds: ['p1'] }),
      publicationPart({ id: 'a2', req_uri: '/other' }),
    ),
  )
  const route = () => find(known, 'g1.apic.test', '/orders')?.route
  const first = route()
  expect(route()).toBe(first)
  known.apply(
    change([throttlePart({ id: 't2', apiLimit: 5 }), publicationPart({ id: 'a2', req_uri: '/x' }), appPart()]),
  )
  expect(route()).toBe(first)

  known.apply(change([throttlePart({ apiLimit: 5 })]))
  const second = route()
  expect(second).not.toBe(first)
  known.apply(change([], ['throttle:t1']))
  const third = route()
  expect(third).not.toBe(second)
  known.apply(change([throttlePart()]))
  expect(route()).not.toBe(third)
  const fourth = route()
  known.apply(change([instancePart()]))
  expect(route()).not.toBe(fourth)
  const fifth = route()
  known.apply(change([pluginPart('cors', {}, 'p2')]))
  expect(route()).toBe(fifth)
  known.apply(change([pluginPart('cors', { allow_origin: '*', allow_methods: 'PUT' }, 'p1')]))
  expect(route()).not.toBe(fifth)
})

test('an app is found by its key and its codes, and not by those that it has lost', () => {
  const known = configuration()
  known.apply(reset(instancePart(), groupPart(), appPart({ codes: ['one', 'two'] })))
  const apps = known.hostBinding('g1.apic.test')?.group.instance.apps
  expect(apps?.withKey('key-of-app1')?.part.id).toBe('app1')
  expect(apps?.withCode('two')?.mayCall('a1/release')).toBe(true)
  known.apply(change([appPart({ key: 'new-key', codes: ['one'], authorizations: [] })]))
  expect([apps?.withKey('key-of-app1'), apps?.withCode('two')]).toEqual([undefined, undefined])
  expect(apps?.withKey('new-key')?.mayCall('a1/release')).toBe(false)
  known.apply(change([], ['app:app1']))
  expect([apps?.withKey('new-key'), apps?.withCode('one')]).toEqual([undefined, undefined])
})

test('publishing one API among ten thousand takes no longer than among ten', () => {
  const known = configuration()
  const many = Array.from({ length: 10_000 }, (_, i) =>
    publicationPart({ id: `m${i}`, groupId: `g${i % 20}`, req_uri: `/api/${i}`, backend: mockBackend() }),
  )
  const groups = Array.from({ length: 20 }, (_, i) => groupPart({ id: `g${i}` }))
  known.apply(reset(instancePart(), ...groups, ...many))
  const took = Array.from({ length: 100 }, (_, i) => {
    const started = performance.now()
    known.apply(change([publicationPart({ id: 'one', req_uri: `/one/${i}` })]))
    return performance.now() - started
  })
  // Each would take several milliseconds if it touched the others.
  expect(Math.min(...took)).toBeLessThan(1)
  expect(find(known, 'g1.apic.test', '/one/99')?.apiId).toBe('one')
})
