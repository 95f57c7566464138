/**
 * What the pipeline adds to a request, without the engine: microseconds of CPU per request for routing, steps, plan,
 * statistics and access log. `npx tsx bench/pipeline.ts`.
 */
import { backends } from '../test/backends.js'
import { anExchange } from '../test/exchange.js'
import {
  appPart,
  channelPart,
  groupDomain,
  groupPart,
  instancePart,
  mockBackend,
  publicationPart,
  reset,
  throttlePart,
} from '../test/parts.js'
import { Configuration } from '../src/gateway/configuration.js'
import { Pipeline } from '../src/gateway/pipeline.js'
import { InboundAddresses } from '../src/gateway/routing/host.js'
import { LocalLimiter } from '../src/limits/local.js'
import { signRequest } from '../src/signing/sign.js'
import type { OrchestrationRule } from '../src/snapshot/api-definition.js'
import type { AccessRule, BackendSignature, Part } from '../src/snapshot/parts.js'
import { AccessLog } from '../src/telemetry/access-log.js'
import { Statistics } from '../src/telemetry/statistics.js'
import type { Exchange } from '../src/gateway/exchange.js'

const limits = { instance: 1_000_000_000 }
const features = {
  ratelimit: { enable: true, config: JSON.stringify({ api_limits: limits.instance }) },
  app_secret: { enable: true, config: 'on' },
}
const many: Part[] = Array.from({ length: 10_000 }, (_, i) =>
  publicationPart({ id: `m${i}`, groupId: `g${i % 20}`, req_uri: `/m/${i}/{x}`, backend: mockBackend() }),
)
const groups = Array.from({ length: 20 }, (_, i) => groupPart({ id: `g${i}`, isDefault: i === 1 }))
const own = { status: 410, body: '{"p":"$context.reqPath","m":"$context.error.message"}', headers: [] }
const answering = groupPart({
  id: 'own',
  domains: [groupDomain({ name: 'own.test' })],
  responseSets: [{ id: 'r1', isDefault: true, overrides: { NOT_FOUND: own } }],
})

const channels = (['WRR', 'WLC', 'SH', 'URI'] as const).map((id) =>
  channelPart({ id, balancing: id, members: [5, 3, 1, 1].map((weight, i) => ({ port: 8080 + i, weight })) }),
)
const range: OrchestrationRule = {
  strategy: 'range',
  is_preprocessing: false,
  mapped_param: { name: 'zone', location: 'HEADER' },
  map: Array.from({ length: 10 }, (_, i) => ({ range: [`${i * 1000}`, `${i * 1000 + 999}`], value: `zone${i}` })),
}

const param = (location: 'HEADER' | 'QUERY', name: string) =>
  ({ location, name, origin: 'REQUEST', value: name }) as const
const apis = [
  publicationPart({ id: 'plain' }),
  publicationPart({ id: 'placeholder', req_uri: '/users/{id}/orders', backend: { req_uri: '/v1/{id}' } }),
  publicationPart({
    id: 'mapped',
    req_uri: '/mapped',
    req_params: [
      { name: 'a', location: 'QUERY', type: 'NUMBER', validate: true, min_num: 1, max_num: 9 },
      { name: 'x-b', location: 'HEADER', default_value: '1' },
    ],
    backend: { req_uri: '/v1/mapped', params: [param('HEADER', 'a'), param('QUERY', 'x-b')] },
  }),
  publicationPart({ id: 'throttled', req_uri: '/throttled', throttleId: 't1' }),
  ...['WRR', 'WLC', 'SH', 'URI'].map((id) =>
    publicationPart({ id, req_uri: `/${id}`, backend: { req_uri: '/orders', vpc_channel_id: id } }),
  ),
  publicationPart({
    id: 'orchestrated',
    req_uri: '/orchestrated',
    req_params: [{ name: 'a', location: 'HEADER', default_value: '4711', orchestrations: [range] }],
  }),
  publicationPart({ id: 'signed', req_uri: '/signed', auth_type: 'APP' }),
  publicationPart({ id: 'quota', req_uri: '/quota', auth_type: 'APP' }),
  { ...publicationPart({ id: 'listed', req_uri: '/listed' }), access: [networks(1_000)] },
  { ...publicationPart({ id: 'hmac', req_uri: '/hmac' }), signature: signatureKey('hmac') },
  { ...publicationPart({ id: 'basic', req_uri: '/basic' }), signature: signatureKey('basic') },
  { ...publicationPart({ id: 'aes', req_uri: '/aes' }), signature: signatureKey('aes') },
]

/** Networks of which none holds the caller, and one that does. */
function networks(count: number): AccessRule {
  const values = Array.from({ length: count - 1 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`)
  return { type: 'PERMIT', entity: 'IP', values: [...values, '127.0.0.0/8'] }
}

function signatureKey(type: BackendSignature['type']): BackendSignature {
  return { type, key: '0123456789abcdef', secret: '0123456789abcdef' }
}

const headers = { host: '127.0.0.1', 'user-agent': 'bench/1.0 (Linux)', accept: '*/*' }
const signature = signRequest(
  { method: 'GET', path: '/signed', headers: { Host: '127.0.0.1' } },
  { accessKey: 'key-of-app1', secretKey: 'secret-of-app1' },
)
const signedHeaders = {
  ...headers,
  authorization: signature['Authorization'] ?? '',
  'x-sdk-date': signature['X-Sdk-Date'] ?? '',
}
const keyAndSecret = { ...headers, 'x-hw-id': 'key-of-app2', 'x-hw-appkey': 'secret-of-app2' }
const cases: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
  ['plain GET, no mapping', '/orders', headers],
  ['plain GET with a query', '/orders?a=1&b=2', headers],
  ['placeholder mapped to the path', '/users/4711/orders', headers],
  ['query and header mapped, validated', '/mapped?a=5&c=1', headers],
  ['throttled by API and address', '/throttled', headers],
  ['signed (SDK-HMAC-SHA256), no body', '/signed', signedHeaders],
  ['key and secret (app_secret), app quota', '/quota', keyAndSecret],
  ['address among 1,000 networks', '/listed', headers],
  ['signed for the backend, hmac', '/hmac', headers],
  ['signed for the backend, basic', '/basic', headers],
  ['signed for the backend, aes', '/aes', headers],
  ['channel of 4, weighted round robin', '/WRR', headers],
  ['channel of 4, least connections', '/WLC', headers],
  ['channel of 4, source hash', '/SH', headers],
  ['channel of 4, URI hash', '/URI', headers],
  ['parameter orchestrated by 10 ranges', '/orchestrated', headers],
  ['unknown path among 10,000 APIs', '/m/1/2/3', headers],
  ['the same, answered by a response set', '/m/1/2/3', { ...headers, host: 'own.test' }],
]

const RUNS = 200_000

async function measure(log: AccessLog | undefined): Promise<number[]> {
  const limiter = new LocalLimiter()
  const statistics = new Statistics()
  const configuration = new Configuration({
    limiter,
    ...backends(),
    server: { address: '192.0.2.1', name: 'bench' },
    statistics,
    debugDomainLimit: 'off',
    inbound: new InboundAddresses(),
  })
  const throttle = throttlePart({ apiLimit: limits.instance, ipLimit: limits.instance })
  const app = appPart({ authorizations: ['signed/release'] })
  const counted = appPart({
    id: 'app2',
    authorizations: ['quota/release'],
    quota: { id: 'q1', limit: limits.instance, windowSeconds: 86_400, startsAt: 17_000 },
  })
  configuration.apply(
    reset(instancePart({ features }), ...groups, ...channels, answering, ...many, ...apis, throttle, app, counted),
  )
  const pipeline = new Pipeline(configuration, limiter, log)
  const costs: number[] = []
  for (const [, target, sent] of cases) {
    const run = (): void => serve(pipeline, anExchange({ target, headers: sent }))
    const idle = (): void => void anExchange({ target, headers: sent })
    await cpu(20_000, run)
    await cpu(20_000, idle)
    costs.push((await cpu(RUNS, run)) - (await cpu(RUNS, idle)))
  }
  return costs
}

const BACKEND_HEAD = { eachHeader: () => undefined }

function serve(pipeline: Pipeline, exchange: Exchange): void {
  void pipeline.begin(exchange)
  exchange.status = 200
  exchange.upstreamAddress = '127.0.0.1:8080'
  exchange.upstreamStatus = 200
  exchange.upstreamStartedAt = exchange.startedAt + 0.1
  exchange.upstreamConnectedAt = exchange.upstreamStartedAt
  exchange.upstreamHeadAt = exchange.startedAt + 1
  pipeline.replying(exchange, BACKEND_HEAD)
  exchange.upstreamEndedAt = exchange.startedAt + 1
  exchange.upstreamTotal = 0.9
  exchange.finishedAt = exchange.startedAt + 1.2
  pipeline.done(exchange)
}

/** Microseconds of CPU per call. Pauses now and then, so that what was buffered is written and counts too. */
async function cpu(calls: number, work: () => void): Promise<number> {
  const before = process.cpuUsage()
  for (let i = 0; i < calls; i++) {
    work()
    if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / calls
}

const withoutLog = await measure(undefined)
const log = new AccessLog({ destination: '/dev/null' }, 'local-1', () => undefined)
const withLog = await measure(log)
console.log('µs of CPU per request                    without log   over plain   with log')
const [plain = 0] = withoutLog
cases.forEach(([name], index) => {
  const [without = 0, logged = 0] = [withoutLog[index], withLog[index]]
  const columns = [without, without - plain, logged].map((cost) => cost.toFixed(2))
  console.log(`${name.padEnd(40)} ${columns[0]?.padStart(11)} ${columns[1]?.padStart(12)} ${columns[2]?.padStart(10)}`)
})
