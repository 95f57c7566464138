/** The plug-in `rate_limit`: policies.md §2. Windows are days, or the clock stands still. */
import { expect, test } from 'vitest'
import { gateway, type TestGateway } from '../../../test/gateway.js'
import { appPart, mockBackend, pluginPart, throttlePart } from '../../../test/parts.js'
import { LocalLimiter } from '../../limits/local.js'

const backend = mockBackend()
const pluginIds = ['rate_limit1']
const bound = { backend, pluginIds }
const limits = (content: object) =>
  pluginPart('rate_limit', { default_time_unit: 'day', default_interval: 1, api_limit: -1, ...content })

async function statuses(count: number, call: () => ReturnType<TestGateway['get']>): Promise<number[]> {
  const seen: number[] = []
  while (seen.length < count) seen.push((await call()).status)
  return seen
}

test('policies.md 4: beside a throttling policy only the plug-in counts', async () => {
  await using gw = await gateway({
    api: { ...bound, throttleId: 't1' },
    parts: [throttlePart({ apiLimit: 1 }), limits({ api_limit: 3 })],
  })
  expect(await statuses(4, () => gw.get('/orders'))).toEqual([200, 200, 200, 429])
})

test('policies.md 5: a rule limits the requests that it matches, and no others', async () => {
  const match_regex = '["AND",["method","~=","POST"],["method","~=","PATCH"]]'
  await using gw = await gateway({
    api: { ...bound, req_method: 'ANY' },
    parts: [
      limits({
        parameters: [{ type: 'method', name: 'method', value: '' }],
        rules: [{ rule_name: 'reading', match_regex, limit: 1 }],
      }),
    ],
  })
  expect(await statuses(2, () => gw.get('/orders'))).toEqual([200, 429])
  expect(await statuses(2, () => gw.post('/orders', ''))).toEqual([200, 200])
})

test.each([
  ['basic', [200, 429], [200, 429]],
  ['share', [200, 429], [429, 429]],
] as const)('scope %s', async (scope, first, second) => {
  await using gw = await gateway({
    api: [
      { ...bound, id: 'a', req_uri: '/a' },
      { ...bound, id: 'b', req_uri: '/b' },
    ],
    parts: [limits({ scope, api_limit: 1 })],
  })
  expect(await statuses(2, () => gw.get('/a'))).toEqual(first)
  expect(await statuses(2, () => gw.get('/b'))).toEqual(second)
})

test.each(['counter', 'haht', 'local'])('algorithm %s: apps, with special limits, and users', async (algorithm) => {
  await using gw = await gateway({
    api: { ...bound, auth_type: 'APP' },
    parts: [
      appPart({ id: 'app1', projectId: 'p1' }),
      appPart({ id: 'app2', projectId: 'p2' }),
      appPart({ id: 'app3', projectId: 'p2' }),
      limits({
        algorithm,
        api_limit: 100,
        app_limit: 2,
        user_limit: 3,
        specials: [{ type: 'app', policies: [{ key: 'app1', limit: 1 }] }],
      }),
    ],
  })
  const calls = (app: string) => statuses(3, () => gw.signed('GET', '/orders', { app }))
  expect(await calls('app1')).toEqual([200, 429, 429])
  expect(await calls('app2')).toEqual([200, 200, 429])
  // Of its user one call is left.
  expect(await calls('app3')).toEqual([200, 429, 429])
})

test('a limit by address, and -1 that limits no API', async () => {
  await using gw = await gateway({ api: bound, parts: [limits({ ip_limit: 1 })] })
  expect(await statuses(2, () => gw.get('/orders', { from: '127.0.0.2' }))).toEqual([200, 429])
  expect(await statuses(2, () => gw.get('/orders', { from: '127.0.0.3' }))).toEqual([200, 429])
})

test('every rule that matches must admit, and a refused request takes nothing from the others', async () => {
  const rule = (rule_name: string, match_regex: string, limit: number) => ({ rule_name, match_regex, limit })
  await using gw = await gateway({
    api: bound,
    parts: [
      limits({
        api_limit: 3,
        parameters: [{ type: 'header', name: 'kind', value: 'X-Kind' }],
        // Their names need not differ.
        rules: [rule('r', '["kind","==","a"]', 1), rule('r', '["kind","~~","."]', 2)],
      }),
    ],
  })
  const kind = (value: string) => () => gw.get('/orders', { headers: { 'X-Kind': value } })
  expect(await statuses(3, kind('a'))).toEqual([200, 429, 429])
  expect(await statuses(2, kind('b'))).toEqual([200, 429])
  expect(await statuses(2, () => gw.get('/orders'))).toEqual([200, 429])
})

test('a rule has a window of its own, and the refusal says so', async () => {
  await using gw = await gateway({
    api: bound,
    parts: [
      limits({
        api_limit: 10,
        rules: [{ rule_name: 'all', match_regex: '["x","==",""]', limit: 1, interval: 2, time_unit: 'minute' }],
      }),
    ],
    options: { limiter: new LocalLimiter(() => 1_000_000) },
  })
  await gw.get('/orders')
  const reply = await gw.get('/orders', { headers: { 'X-Apig-Mode': 'debug' } })
  expect(reply.json()).toMatchObject({
    error_code: 'APIG.0308',
    error_msg: 'The throttling threshold has been reached: policy rule over ratelimit,limit:1,time:2 minute',
  })
  expect(reply.headers).toMatchObject({ 'x-apig-ratelimit-api': 'remain:9,limit:10,time:1 day' })
})

test('a rule whose pattern cannot be searched for lets nothing pass', async () => {
  const rules = [{ rule_name: 'all', match_regex: '["x","~~","(?=a)"]', limit: 1 }]
  await using gw = await gateway({ api: bound, parts: [limits({ rules })] })
  const { status, code } = await gw.get('/orders')
  expect([status, code]).toEqual([500, 'APIG.0104'])
})
