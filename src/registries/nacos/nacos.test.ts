import fc from 'fast-check'
import { lookup } from 'node:dns'
import { expect, test } from 'vitest'
import { nacos, type Nacos } from '../../../test/nacos.js'
import { listener } from '../../../test/registries.js'
import { RegistryError, type AddressGuard } from '../registry.js'
import { dialects, isNotFound, tokenOf } from './answers.js'
import { followNacos } from './follow-nacos.js'
import { NacosClient, type NacosTarget } from './nacos-client.js'

const PACE = { firstDelay: 5, longestDelay: 40, interval: 10 }
const OPEN: AddressGuard = { isForbidden: () => false, lookup }
const READER = { name: 'reader', password: 'p&ss=word' }

function targetAt(servers: readonly Pick<Nacos, 'host' | 'port'>[], overrides: Partial<NacosTarget> = {}): NacosTarget {
  return {
    kind: 'nacos',
    servers: servers.map(({ host, port }) => ({ host, port })),
    ...{ namespace: '', group: 'DEFAULT_GROUP', cluster: 'DEFAULT', service: 'orders' },
    ...{ user: READER.name, password: READER.password },
    ...overrides,
  }
}

function followed(servers: readonly Nacos[], overrides: Partial<NacosTarget> = {}) {
  const told = listener()
  const following = followNacos(targetAt(servers, overrides), OPEN, told, PACE)
  return { ...told.view, [Symbol.asyncDispose]: () => following.stop() }
}

const logins = (server: Nacos) => server.requests.filter((request) => request.startsWith('POST')).length

test.each(['v1', 'v3'] as const)('instances that are healthy and enabled, as they change, by API %s', async (api) => {
  await using server = await nacos({ api, user: READER })
  server.register('orders', [
    { ip: '10.0.0.1', port: 8080, weight: 3, metadata: { version: 'v1' } },
    { ip: '10.0.0.2', port: 8080, healthy: false },
    { ip: '10.0.0.3', port: 8080, enabled: false },
    { ip: 'orders.internal', port: 8081, ephemeral: false },
    { ip: '10.0.0.4', port: 8080, clusterName: 'ELSEWHERE' },
    { ip: '10.0.0.256', port: 8080 },
    { ip: 'a b', port: 8080 },
  ])
  server.register('orders', [{ ip: '10.1.0.1', port: 80 }], { group: 'other' })
  server.register('orders', [{ ip: '10.2.0.1', port: 80 }], { namespace: 'test' })
  await using told = followed([server])
  await told.hosts('10.0.0.1 orders.internal')
  expect(told.instances()).toEqual([
    { name: '10.0.0.1:8080', host: '10.0.0.1', port: 8080, weight: 3, labels: { version: 'v1' } },
    { name: 'orders.internal:8081', host: 'orders.internal', port: 8081, weight: 1, labels: {} },
  ])
  expect(logins(server)).toBe(api === 'v1' ? 1 : 2)

  server.register('orders', [{ ip: '10.0.0.2', port: 8080 }])
  await told.hosts('10.0.0.2')
  await using elsewhere = followed([server], { group: 'other', cluster: '' })
  await elsewhere.hosts('10.1.0.1')
  await using named = followed([server], { namespace: 'test' })
  await named.hosts('10.2.0.1')
  expect(told.failures()).toEqual([])
})

test('what is told is told once; that there is nothing has to be said three times in a row', async () => {
  await using server = await nacos()
  server.register('orders', [{ ip: '10.0.0.1', port: 80 }])
  await using told = followed([server])
  await told.hosts('10.0.0.1')
  const lists = server.requests.length
  await expect.poll(() => server.requests.length).toBeGreaterThan(lists + 6)
  expect(told.calls()).toBe(1)

  // As after a restart of Nacos, whose instances have yet to say that they are there.
  server.say('{"hosts":[]}', 2)
  const before = server.requests.length
  await expect.poll(() => server.requests.length).toBeGreaterThan(before + 8)
  expect(told.calls()).toBe(1)
  server.register('orders', [])
  await told.hosts('')
})

test('weights are whole numbers here, and keep their shares', async () => {
  await using server = await nacos()
  const weighed = async (...weights: readonly number[]) => {
    server.register(
      'orders',
      weights.map((weight, index) => ({ ip: `10.0.0.${index}`, port: 80, weight })),
    )
    const instances = await new NacosClient(targetAt([server]), OPEN).instances(new AbortController().signal)
    return instances.map(({ weight }) => weight)
  }
  expect(await weighed(1, 2, 10_000)).toEqual([1, 2, 10_000])
  expect(await weighed(0.5, 1, 0)).toEqual([50, 100, 0])
  expect(await weighed(0.001, 500.5)).toEqual([1, 10_000])
})

test('a token is asked for again when it ends, or is not known any more', async () => {
  await using server = await nacos({ user: READER, tokenTtl: 100 })
  server.register('orders', [{ ip: '10.0.0.1', port: 80 }])
  let now = 0
  const client = new NacosClient(targetAt([server]), OPEN, () => now)
  const ask = () => client.instances(new AbortController().signal)
  await ask()
  await ask()
  expect(logins(server)).toBe(1)
  now = 91_000
  await ask()
  expect(logins(server)).toBe(2)
  server.forgetTokens()
  expect(await ask()).toHaveLength(1)
  expect(logins(server)).toBe(3)
})

test('a wrong password is told of where it matters, and never shown', async () => {
  await using guarded = await nacos({ user: READER })
  await using told = followed([guarded], { password: 'a wrong secret' })
  await expect.poll(() => told.failures().at(-1)).toBe('the login is refused (403)')
  expect(told.failures().join()).not.toContain('secret')
  await using open = await nacos()
  open.register('orders', [{ ip: '10.0.0.1', port: 80 }])
  await using told2 = followed([open], { password: 'a wrong secret' })
  await told2.hosts('10.0.0.1')
})

test('of several servers any will do; what is known stays while all are away', async () => {
  await using first = await nacos()
  await using second = await nacos()
  for (const server of [first, second]) server.register('orders', [{ ip: '10.0.0.1', port: 80 }])
  await using told = followed([first, second])
  await told.hosts('10.0.0.1')
  first.fail('broken')
  second.register('orders', [{ ip: '10.0.0.2', port: 80 }])
  await told.hosts('10.0.0.2')
  second.fail(503)
  await expect.poll(() => told.failures().length).toBeGreaterThan(1)
  expect(told.instances()).toHaveLength(1)
  first.fail(undefined)
  await told.hosts('10.0.0.1')
})

test('addresses that must not be called are not', async () => {
  await using server = await nacos()
  const guard: AddressGuard = { isForbidden: (address) => address === '127.0.0.1', lookup }
  const client = new NacosClient(targetAt([server]), guard)
  await expect(client.instances(new AbortController().signal)).rejects.toThrow('must not be called')
  const named: AddressGuard = {
    isForbidden: () => false,
    lookup: (_, __, callback) => callback(new Error('orders resolves to an address that must not be called'), []),
  }
  const byName = new NacosClient(targetAt([{ host: 'localhost', port: server.port }]), named)
  await expect(byName.instances(new AbortController().signal)).rejects.toThrow('must not be called')
  expect(server.requests).toEqual([])
})

test.each([
  ['no JSON', 'ok', 'the answer is not JSON'],
  ['another shape', '{"hosts":{"ip":1}}', 'the answer is not of Nacos'],
  [
    'too much',
    JSON.stringify({ hosts: Array.from({ length: 10_001 }, () => ({ ip: '10.0.0.1', port: 80, healthy: true })) }),
    'more than 10000 instances',
  ],
  ['an instance without a port', '{"hosts":[{"ip":"10.0.0.1","healthy":true,"enabled":true}]}', 'hosts.0.port'],
])('%s is told of', async (_, text, reason) => {
  await using server = await nacos()
  server.say(text)
  await using told = followed([server])
  await expect.poll(() => told.failures().at(-1)).toContain(reason)
  expect(told.instances()).toBeUndefined()
})

test('what is not Nacos at all is told of', async () => {
  await using server = await nacos()
  server.fail(404)
  await using told = followed([server])
  await expect.poll(() => told.failures().at(-1)).toBe('there is no API of Nacos')
})

test('answers of any shape are read, or refused as what they are', () => {
  const host = fc.record(
    {
      ip: fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.domain()),
      port: fc.oneof(fc.nat(65_535), fc.jsonValue()),
      weight: fc.oneof(fc.double(), fc.jsonValue()),
      healthy: fc.oneof(fc.boolean(), fc.jsonValue()),
      enabled: fc.boolean(),
      metadata: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.jsonValue()),
    },
    { requiredKeys: ['ip', 'port', 'healthy'] },
  )
  const hosts = fc.array(host, { maxLength: 4 })
  const answer = fc.oneof(
    fc.jsonValue(),
    fc.record({ hosts }),
    fc.record({ code: fc.oneof(fc.constant(0), fc.integer()), data: hosts }),
  )
  fc.assert(
    fc.property(answer, (value) => {
      isNotFound(value)
      for (const read of [tokenOf, ...dialects.map(({ instances }) => instances)])
        try {
          const result = read(value)
          if (!Array.isArray(result)) continue
          for (const { host: name, weight = 0 } of result) {
            expect(name).toMatch(/^[A-Za-z0-9_.:-]+(?:%\w+)?$/)
            expect(Number.isInteger(weight) && weight >= 0 && weight <= 10_000).toBe(true)
          }
        } catch (error) {
          expect(error).toBeInstanceOf(RegistryError)
        }
    }),
    { numRuns: 400 },
  )
})
