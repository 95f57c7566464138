/** The plug-in `breaker`: policies.md §7. The circuit's clock is the test's. */
import { expect, test } from 'vitest'
import { gateway, type CallOptions, type GatewaySpec, type TestGateway } from '../../../test/gateway.js'
import { channelPart, pluginPart, publicationPart, change } from '../../../test/parts.js'
import { recordingBackend } from '../../../test/recording-backend.js'

const api = { pluginIds: ['breaker1'] }
const condition = {
  breaker_type: 'condition',
  breaker_mode: 'counter',
  unhealthy_condition: '["$context.statusCode","in","500,502,504"]',
  unhealthy_threshold: 3,
  time_window: 15,
  open_breaker_time: 15,
}
const breaker = (content: object = {}) => pluginPart('breaker', { breaker_condition: condition, ...content })
const mock = (text: string) => ({
  type: 'mock',
  mock_info: { status_code: 299, result_content: text, headers: [{ name: 'X-By', value: 'mock' }] },
  http_info: null,
})

class Clock {
  time = 1_000
  readonly options = { now: () => this.time }
}

const failing = (gw: TestGateway, status = 500): void => {
  gw.backend.answer = (response) => response.writeHead(status).end('from the backend')
}

async function calls(gw: TestGateway, count: number, options?: CallOptions, target = '/orders'): Promise<number[]> {
  const seen: number[] = []
  while (seen.length < count) seen.push((await gw.get(target, options)).status)
  return seen
}

test('policies.md 12: three time-outs, then 503 without the backend, until it is asked again', async () => {
  const clock = new Clock()
  await using gw = await gateway({
    api: { ...api, backend: { timeout: 250, retry_count: 0 } },
    parts: [breaker({ breaker_condition: { ...condition, breaker_type: 'timeout', unhealthy_condition: null } })],
    options: clock.options,
  })
  gw.backend.answer = () => undefined
  expect(await calls(gw, 3)).toEqual([504, 504, 504])
  const refused = await gw.get('/orders')
  expect([refused.status, refused.json()]).toEqual([
    503,
    {
      error_code: 'APIG.0202',
      error_msg: 'Backend unavailable: circuit breaker is open',
      request_id: refused.headers['x-request-id'],
    },
  ])
  expect(gw.backend.requests).toHaveLength(3)
  gw.backend.answer = (response) => response.end('well again')
  clock.time += 14_999
  expect(await calls(gw, 1)).toEqual([503])
  clock.time += 1
  expect(await calls(gw, 1)).toEqual([200])
  expect(gw.backend.requests).toHaveLength(4)
})

test('policies.md 13: a rule without a condition has the trigger of all and a backend of its own', async () => {
  await using gw = await gateway({
    api,
    parts: [
      breaker({
        downgrade_default: mock('by default'),
        downgrade_parameters: [{ type: 'path', name: 'reqPath', value: 'reqPath' }],
        downgrade_rules: [
          { rule_name: 'one', match_regex: '["reqPath","==","/orders"]', downgrade_backend: mock('of rule 1') },
          { rule_name: 'two', match_regex: '["reqPath","~~","."]', downgrade_backend: mock('of rule 2') },
        ],
      }),
    ],
  })
  failing(gw)
  expect(await calls(gw, 3)).toEqual([500, 500, 500])
  const reply = await gw.get('/orders')
  expect([reply.status, reply.body, reply.headers['x-by']]).toEqual([299, 'of rule 1', 'mock'])
})

test('request-lifecycle.md 9: open, with a mock and a signature key: the mock answers, and nobody signs', async () => {
  const clock = new Clock()
  await using gw = await gateway({ options: clock.options })
  const signature = { type: 'hmac', key: 'a-key-12', secret: 'a-secret-of-16-c' } as const
  const signed = (backend: object) => ({ ...publicationPart({ ...api, backend }), signature })
  await gw.apply(change([signed({ url_domain: gw.backend.address }), breaker({ downgrade_default: mock('instead') })]))
  failing(gw)
  expect(await calls(gw, 4)).toEqual([500, 500, 500, 299])
  expect(gw.backend.requests.map(({ headers }) => 'authorization' in headers)).toEqual([true, true, true])
})

test('percentage: judged when the window ends', async () => {
  const clock = new Clock()
  await using gw = await gateway({
    api,
    parts: [
      breaker({
        breaker_condition: {
          ...condition,
          ...{ breaker_mode: 'percentage', min_call_threshold: 4, unhealthy_percentage: 51 },
        },
      }),
    ],
    options: clock.options,
  })
  failing(gw)
  expect(await calls(gw, 4)).toEqual([500, 500, 500, 500])
  clock.time += 15_000
  expect(await calls(gw, 1)).toEqual([503])
  clock.time += 15_000
  expect(await calls(gw, 1)).toEqual([500])
})

test('conditions see the time of the backend, and a failure as 502 or 504; a client’s fault is none of them', async () => {
  const one = { ...condition, unhealthy_threshold: 1 }
  const slow = { ...one, unhealthy_condition: '["$context.backendResponseTime",">=",20]' }
  await using gw = await gateway({
    api: [
      { ...api, id: 'a1' },
      { id: 'a2', req_uri: '/down', pluginIds: ['breaker2'], backend: { url_domain: '127.0.0.1:1' } },
    ],
    parts: [breaker({ breaker_condition: slow }), pluginPart('breaker', { breaker_condition: one }, 'breaker2')],
  })
  failing(gw, 404)
  expect(await calls(gw, 1)).toEqual([404])
  gw.backend.answer = (response) => void setTimeout(() => response.end(), 30)
  let statuses: number[] = [200]
  while (statuses[0] === 404 || statuses[0] === 200) statuses = await calls(gw, 1)
  expect(statuses).toEqual([503])
  expect(await calls(gw, 2, undefined, '/down')).toEqual([502, 503])
})

test.each([
  ['basic', 500],
  ['share', 503],
])('scope %s', async (scope, other) => {
  await using gw = await gateway({
    api: [
      { ...api, id: 'a', req_uri: '/a' },
      { ...api, id: 'b', req_uri: '/b' },
    ],
    parts: [breaker({ scope })],
  })
  failing(gw)
  expect(await calls(gw, 4, undefined, '/a')).toEqual([500, 500, 500, 503])
  expect(await calls(gw, 1, undefined, '/b')).toEqual([other])
})

test('a rule with a condition counts for itself, and without a backend is answered as by default', async () => {
  await using gw = await gateway({
    api,
    parts: [
      breaker({
        downgrade_parameters: [{ type: 'header', name: 'kind', value: 'X-Kind' }],
        downgrade_rules: [
          {
            rule_name: 'one',
            match_regex: '["kind","==","a"]',
            breaker_condition: { ...condition, unhealthy_threshold: 1 },
          },
        ],
      }),
    ],
  })
  failing(gw)
  const ofKindA = { headers: { 'X-Kind': 'a' } }
  expect(await calls(gw, 2, ofKindA)).toEqual([500, 503])
  expect(await calls(gw, 4)).toEqual([500, 500, 500, 503])
})

test('another backend answers: at an address or of a channel, with the query and the headers of the caller', async () => {
  await using other = await recordingBackend()
  const [host = '', port = ''] = other.address.split(':')
  const target = { scheme: 'HTTP', method: 'POST', path: '/instead', timeout: 5_000 }
  const backends = [
    { type: 'http', http_info: { ...target, address: other.address, isVpc: false, vpc_channel_id: '' } },
    {
      type: 'http-vpc',
      http_vpc_info: { ...target, vpc_channel_id: 'c1', isVpc: true, vpc_channel_proxy_host: 'x.test' },
    },
  ]
  for (const downgrade_default of backends) {
    await using gw = await gateway({
      // What it maps is for its own backend; a prefix's rest too.
      api: { ...api, match_mode: 'SWA', req_params: [{ name: 'q', location: 'QUERY' }] },
      parts: [breaker({ downgrade_default }), channelPart({ members: [{ host, port: Number(port) }] })],
    })
    failing(gw)
    await calls(gw, 3)
    const { status } = await gw.get('/orders/7?q=1', { headers: { 'X-A': '2' } })
    const seen = other.requests.pop()
    expect([status, seen?.method, seen?.target, seen?.headers['x-a']]).toEqual([200, 'POST', '/instead?q=1', '2'])
    // Its replies count for nothing.
    other.answer = (response) => response.writeHead(500).end()
    expect(await calls(gw, 4)).toEqual([500, 500, 500, 500])
    expect(gw.backend.requests).toHaveLength(3)
    other.answer = (response) => response.end()
  }
})

test('passed through, the backend is told so', async () => {
  const infos = [
    { name: 'X-Open', value: 'yes' },
    { key: 'X-Kind', value: 'new' },
    { name: 'Content-Length', value: '7' },
  ]
  await using gw = await gateway({
    api,
    parts: [breaker({ downgrade_default: { type: 'passthrough', passthrough_infos: infos } })],
  })
  failing(gw)
  await calls(gw, 3)
  expect(await calls(gw, 1, { headers: { 'X-Kind': 'old' } })).toEqual([500])
  const [before, , , after] = gw.backend.requests.map(({ headers }) => [headers['x-open'], headers['x-kind']])
  expect([before, after]).toEqual([
    [undefined, undefined],
    ['yes', 'new'],
  ])
})

test('what answers instead of the backend is not kept by the cache', async () => {
  await using other = await recordingBackend()
  other.answer = (response) => response.setHeader('Cache-Control', 'max-age=60').end('instead')
  const clock = new Clock()
  const info = { scheme: 'HTTP', method: 'GET', path: '/instead', address: other.address }
  const spec: GatewaySpec = {
    api: { pluginIds: ['breaker1', 'proxy_cache1'] },
    parts: [
      breaker({ downgrade_default: { type: 'http', http_info: info } }),
      pluginPart('proxy_cache', {
        cache_key: { system_params: [], parameters: ['a'], headers: [] },
        cache_http_status_and_ttl: [{ http_status: [200], ttl: 60 }],
        client_cache_control: { mode: 'off', datas: [] },
        cacheable_headers: [],
      }),
    ],
    options: clock.options,
  }
  await using gw = await gateway(spec)
  failing(gw)
  await calls(gw, 3)
  expect((await gw.get('/orders')).body).toBe('instead')
  gw.backend.answer = (response) => response.end('well again')
  clock.time += 15_000
  expect((await gw.get('/orders')).body).toBe('well again')
})

test('a circuit outlives changes of its API; a plug-in that was detached has forgotten it', async () => {
  await using gw = await gateway({ api, parts: [breaker()] })
  failing(gw)
  expect(await calls(gw, 4)).toEqual([500, 500, 500, 503])
  await gw.apply(change([publicationPart({ ...api, name: 'renamed' }), breaker({ downgrade_default: mock('now') })]))
  expect(await calls(gw, 1)).toEqual([299])
  await gw.apply(change([publicationPart()], ['plugin:breaker1']))
  await gw.apply(change([publicationPart(api), breaker()]))
  expect(await calls(gw, 1)).toEqual([500])
})
