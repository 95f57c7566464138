/**
 * What the pipeline adds to a request, without the engine: microseconds of CPU per request for routing, steps, plan,
 * statistics and access log. `npx tsx bench/pipeline.ts`.
 */
import { backends } from '../test/backends.js'
import { anExchange } from '../test/exchange.js'
import { appPart, groupPart, instancePart, mockBackend, publicationPart, reset, throttlePart } from '../test/parts.js'
import { Configuration } from '../src/gateway/configuration.js'
import { Pipeline } from '../src/gateway/pipeline.js'
import { InboundAddresses } from '../src/gateway/routing/host.js'
import { LocalLimiter } from '../src/limits/local.js'
import { signRequest } from '../src/signing/sign.js'
import type { Part } from '../src/snapshot/parts.js'
import { AccessLog } from '../src/telemetry/access-log.js'
import { Statistics } from '../src/telemetry/statistics.js'
import type { Exchange } from '../src/gateway/exchange.js'

const limits = { instance: 1_000_000_000 }
const features = { ratelimit: { enable: true, config: JSON.stringify({ api_limits: limits.instance }) } }
const many: Part[] = Array.from({ length: 10_000 }, (_, i) =>
  publicationPart({ id: `m${i}`, groupId: `g${i % 20}`, req_uri: `/m/${i}/{x}`, backend: mockBackend() }),
)
const groups = Array.from({ length: 20 }, (_, i) => groupPart({ id: `g${i}`, isDefault: i === 1 }))

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
  publicationPart({ id: 'signed', req_uri: '/signed', auth_type: 'APP' }),
]

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
const cases: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
  ['plain GET, no mapping', '/orders', headers],
  ['plain GET with a query', '/orders?a=1&b=2', headers],
  ['placeholder mapped to the path', '/users/4711/orders', headers],
  ['query and header mapped, validated', '/mapped?a=5&c=1', headers],
  ['throttled by API and address', '/throttled', headers],
  ['signed (SDK-HMAC-SHA256), no body', '/signed', signedHeaders],
  ['unknown path among 10,000 APIs', '/m/1/2/3', headers],
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
  configuration.apply(reset(instancePart({ features }), ...groups, ...many, ...apis, throttle, app))
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

function serve(pipeline: Pipeline, exchange: Exchange): void {
  void pipeline.begin(exchange)
  exchange.status = 200
  exchange.upstreamAddress = '127.0.0.1:8080'
  exchange.upstreamStatus = 200
  exchange.upstreamStartedAt = exchange.startedAt + 0.1
  exchange.upstreamConnectedAt = exchange.upstreamStartedAt
  exchange.upstreamHeadAt = exchange.startedAt + 1
  pipeline.replying(exchange)
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
console.log('µs of CPU per request                    without log   with log')
cases.forEach(([name], index) => {
  const [without = 0, logged = 0] = [withoutLog[index], withLog[index]]
  console.log(`${name.padEnd(40)} ${without.toFixed(2).padStart(11)} ${logged.toFixed(2).padStart(10)}`)
})
