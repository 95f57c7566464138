/** policies.md §1 and its checks in §10, by number. Windows are days, or the clock stands still. */
import { expect, test } from 'vitest'
import { gateway, type TestGateway } from '../../../test/gateway.js'
import { appPart, change, instancePart, mockBackend, publicationPart, throttlePart } from '../../../test/parts.js'
import { LocalLimiter } from '../../limits/local.js'
import { LeasedLimiter } from '../../limits/leased.js'
import type { Counter, Limiter, Verdict } from '../../limits/limiter.js'

const backend = mockBackend()
const frozen = () => ({ limiter: new LocalLimiter(() => 1_000_000) })

async function statuses(calls: readonly (() => ReturnType<TestGateway['get']>)[]): Promise<number[]> {
  const seen: number[] = []
  for (const call of calls) seen.push((await call()).status)
  return seen
}

function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value)
}

test.each([
  ['api', [200, 200, 429, 200]],
  ['shared', [200, 200, 429, 429]],
] as const)('policies.md 1: scope %s: A, A, A, B', async (scope, expected) => {
  await using gw = await gateway({
    api: [
      { id: 'a', req_uri: '/a', backend, throttleId: 't1' },
      { id: 'b', req_uri: '/b', backend, throttleId: 't1' },
    ],
    parts: [throttlePart({ scope, apiLimit: 2 })],
  })
  const [a, b] = [() => gw.get('/a'), () => gw.get('/b')]
  expect(await statuses([a, a, a, b])).toEqual(expected)
})

test('policies.md 1: each environment counts for itself', async () => {
  await using gw = await gateway({
    api: [
      { backend, throttleId: 't1' },
      { backend, throttleId: 't1', environmentId: 'test' },
    ],
    parts: [throttlePart({ apiLimit: 1 })],
  })
  const inTest = () => gw.get('/orders', { headers: { 'X-Stage': 'TEST' } })
  expect(await statuses([() => gw.get('/orders'), () => gw.get('/orders'), inTest, inTest])).toEqual([
    200, 429, 200, 429,
  ])
})

test.each([
  ['the policy', 't1', 2],
  ['the default limit', undefined, 200],
])('§1.2: by the feature throttle_strategy a process counts %s for itself, live', async (_, throttleId, limit) => {
  const strategy = (name: string) =>
    change([
      instancePart({
        features: { throttle_strategy: { enable: true, config: JSON.stringify({ enable: 'on', strategy: name }) } },
      }),
    ])
  // Nobody answers what the process asks about counters.
  const asked: unknown[] = []
  const limiter = new LeasedLimiter({ send: (message) => asked.push(message), now: () => 1_000_000 })
  await using gw = await gateway({
    api: { backend, ...(throttleId !== undefined && { throttleId }) },
    parts: [throttlePart({ apiLimit: 2 })],
    options: { limiter, debugDomainLimit: 'off' },
  })
  await gw.apply(strategy('local'))
  const seen = await statuses(times(limit + 1, () => gw.get('/orders')))
  expect(seen).toEqual([...times(limit, 200), 429])
  expect(asked).toEqual([])
  // What it has counted for itself counts with what others have, and is told before anybody asks.
  await gw.apply(strategy('cluster'))
  expect(asked).toMatchObject([{ type: 'used', tokens: limit }])
  const waiting = gw.get('/orders')
  await expect.poll(() => asked.length).toBe(2)
  for (let tick = 0; tick < 4; tick++) limiter.tick()
  expect((await waiting).status).toBe(200)
})

test('policies.md 2: a special limit of an app replaces that of all apps', async () => {
  await using gw = await gateway({
    api: { auth_type: 'APP', backend, throttleId: 't1' },
    parts: [
      appPart(),
      appPart({ id: 'app2' }),
      throttlePart({ appLimit: 3, specials: [{ type: 'APP', objectId: 'app1', limit: 4 }] }),
    ],
  })
  const calls = (app: string) => times(5, () => gw.signed('GET', '/orders', { app }))
  expect(await statuses(calls('app1'))).toEqual([200, 200, 200, 200, 429])
  expect(await statuses(calls('app2'))).toEqual([200, 200, 200, 429, 429])
})

test('§1.3: tenants with special limits, above and below that of all', async () => {
  const specials = [
    { type: 'USER', objectId: 'A', limit: 2 },
    { type: 'USER', objectId: 'B', limit: 4 },
  ] as const
  await using gw = await gateway({
    api: { auth_type: 'APP', backend, throttleId: 't1' },
    parts: [
      appPart({ id: 'a1', projectId: 'A' }),
      appPart({ id: 'a2', projectId: 'A' }),
      appPart({ id: 'b1', projectId: 'B' }),
      appPart({ id: 'c1', projectId: 'C' }),
      throttlePart({ apiLimit: 100, userLimit: 3, specials }),
    ],
  })
  const admitted = async (...apps: string[]): Promise<number> => {
    const calls = times(6, apps)
      .flat()
      .map((app) => () => gw.signed('GET', '/orders', { app }))
    return (await statuses(calls)).filter((status) => status === 200).length
  }
  // Apps of one tenant share its limit.
  expect([await admitted('a1', 'a2'), await admitted('b1'), await admitted('c1')]).toEqual([2, 4, 3])
})

test('§1.3: a special counts where there is no limit of all', async () => {
  await using gw = await gateway({
    api: { auth_type: 'APP', backend, throttleId: 't1' },
    parts: [
      appPart(),
      appPart({ id: 'app2' }),
      throttlePart({ specials: [{ type: 'APP', objectId: 'app1', limit: 1 }] }),
    ],
  })
  const call = (app: string) => () => gw.signed('GET', '/orders', { app })
  expect(await statuses([call('app1'), call('app1'), call('app2'), call('app2')])).toEqual([200, 429, 200, 200])
})

test('a limit by address counts each address', async () => {
  await using gw = await gateway({ api: { backend, throttleId: 't1' }, parts: [throttlePart({ ipLimit: 1 })] })
  const from = (address: string) => () => gw.get('/orders', { from: address })
  const calls = [from('127.0.0.2'), from('127.0.0.2'), from('127.0.0.3')]
  expect(await statuses(calls)).toEqual([200, 429, 200])
})

test('a limit by user is none for a caller who is not known', async () => {
  await using gw = await gateway({
    api: { backend, throttleId: 't1' },
    parts: [throttlePart({ userLimit: 1, appLimit: 1 })],
  })
  expect(await statuses(times(3, () => gw.get('/orders')))).toEqual([200, 200, 200])
})

test('§1.2: a request that one limit refuses consumes nothing of the others', async () => {
  await using gw = await gateway({
    api: { backend, throttleId: 't1' },
    parts: [throttlePart({ apiLimit: 3, ipLimit: 1 })],
  })
  const from = (address: string) => () => gw.get('/orders', { from: address })
  const [two, three, four, five] = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'].map(from)
  if (!two || !three || !four || !five) throw new Error('There are four addresses.')
  expect(await statuses([two, two, two, two, three, four, five])).toEqual([200, 429, 429, 429, 200, 200, 429])
})

test('the refusal names the limit, its window and its dimension', async () => {
  await using gw = await gateway({
    api: { backend, throttleId: 't1' },
    parts: [throttlePart({ ipLimit: 1, interval: 2, unit: 'HOUR' })],
    options: frozen(),
  })
  await gw.get('/orders')
  const reply = await gw.get('/orders')
  expect([reply.status, reply.json()]).toEqual([
    429,
    {
      error_code: 'APIG.0308',
      error_msg: 'The throttling threshold has been reached: policy ip over ratelimit,limit:1,time:2 hour',
      request_id: reply.headers['x-request-id'],
    },
  ])
})

test('policies.md 3: without a policy the feature ratelimit counts, over all environments', async () => {
  const features = { ratelimit: { enable: true, config: '{"api_limits":5}' } }
  await using gw = await gateway({
    api: [{ backend }, { backend, environmentId: 'test' }],
    parts: [instancePart({ features })],
    options: frozen(),
  })
  const inTest = () => gw.get('/orders', { headers: { 'X-Stage': 'TEST' } })
  const inRelease = () => gw.get('/orders', { headers: { 'X-Apig-Mode': 'debug' } })
  expect(await statuses([...times(3, inRelease), ...times(2, inTest)])).toEqual(times(5, 200))
  const sixth = await inRelease()
  expect(sixth.status).toBe(429)
  expect(sixth.headers['x-apig-ratelimit-api-allenv']).toBe('remain:0,limit:5,time:1 second')
})

test('binding, changing and removing a policy counts at once', async () => {
  await using gw = await gateway({ api: { backend }, options: frozen() })
  const call = () => gw.get('/orders')
  await gw.apply(change([publicationPart({ backend, throttleId: 't1' }), throttlePart({ apiLimit: 1 })]))
  expect(await statuses([call, call])).toEqual([200, 429])
  await gw.apply(change([throttlePart({ apiLimit: 3 })]))
  expect((await call()).status).toBe(200)
  await gw.apply(change([publicationPart({ backend })], ['throttle:t1']))
  expect(await statuses(times(3, call))).toEqual([200, 200, 200])
})

test('debug headers show every limit that applies, after this call', async () => {
  await using gw = await gateway({
    api: { auth_type: 'APP', backend, throttleId: 't1' },
    parts: [
      appPart(),
      throttlePart({ apiLimit: 10, userLimit: 9, appLimit: 8, ipLimit: 7, interval: 1, unit: 'MINUTE' }),
    ],
    options: frozen(),
  })
  await gw.signed('GET', '/orders')
  const reply = await gw.signed('GET', '/orders', { headers: { 'X-Apig-Mode': 'debug' } })
  expect(reply.headers).toMatchObject({
    'x-apig-ratelimit-api': 'remain:8,limit:10,time:1 minute',
    'x-apig-ratelimit-user': 'remain:7,limit:9,time:1 minute',
    'x-apig-ratelimit-app': 'remain:6,limit:8,time:1 minute',
    'x-apig-ratelimit-ip': 'remain:5,limit:7,time:1 minute',
    'x-apig-ratelimit-api-allenv': 'remain:200,limit:200,time:1 second',
  })
})

test('a limiter that has to ask elsewhere is waited for', async () => {
  class AskingLimiter implements Limiter {
    readonly #local = new LocalLimiter(() => 1_000_000)
    async take(counters: readonly Counter[]): Promise<Verdict> {
      await new Promise((resolve) => setImmediate(resolve))
      return this.#local.take(counters)
    }
    remaining(counter: Counter): number {
      return this.#local.remaining(counter)
    }
  }
  await using gw = await gateway({
    api: { throttleId: 't1' },
    parts: [throttlePart({ apiLimit: 2 })],
    options: { limiter: new AskingLimiter() },
  })
  expect(await statuses(times(3, () => gw.get('/orders')))).toEqual([200, 200, 429])
  expect(gw.backend.requests).toHaveLength(2)
})
