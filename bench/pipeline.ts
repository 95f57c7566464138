/**
 * What the pipeline adds to a request, without the engine: microseconds of CPU per request for routing, steps, plan,
 * statistics and access log, and what each policy adds to that. `npm run bench -- policies`; with `--only <words>` the
 * rows whose names have the words, and what they are compared with.
 */
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { parseArgs } from 'node:util'
import { backends } from '../test/backends.js'
import { openIdProvider } from '../test/open-id-provider.js'
import { inSeconds, issuer } from '../test/tokens.js'
import { anExchange } from '../test/exchange.js'
import {
  appPart,
  channelPart,
  groupDomain,
  groupPart,
  instancePart,
  authorizerPart,
  mockBackend,
  pluginPart,
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
import { RequestLogs } from '../src/telemetry/request-logs.js'
import { Statistics } from '../src/telemetry/statistics.js'
import type { Exchange } from '../src/gateway/exchange.js'
import { Mirrors } from '../src/gateway/policies/proxy-mirror.js'
import type { Reply } from '../src/gateway/reply.js'
import { endReplyTap, endRequestTap } from '../src/gateway/taps.js'
import type { Functions } from '../src/functions/functions.js'
import { KafkaSink, type SinkTarget } from '../src/telemetry/kafka/sink.js'
import { KafkaSinks } from '../src/telemetry/kafka/sinks.js'
import { range as rangeOf } from './summary.js'

const limits = { instance: 1_000_000_000 }
const features = {
  ratelimit: { enable: true, config: JSON.stringify({ api_limits: limits.instance }) },
  app_secret: { enable: true, config: 'on' },
}
/** Of an instance of its own: others do not look for keys at every request. */
const withKeys = {
  ...features,
  public_key: { enable: true, config: JSON.stringify({ public_key_uri_prefix: '/keys/' }) },
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

const byCode = { auth_type: 'APP', app_code_auth_type: 'HEADER' } as const
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
  publicationPart({ id: 'code', req_uri: '/code', ...byCode }),
  publicationPart({ id: 'four', req_uri: '/four', ...byCode, throttleId: 't4' }),
  { ...publicationPart({ id: 'listed', req_uri: '/listed' }), access: [networks(1_000)] },
  { ...publicationPart({ id: 'hmac', req_uri: '/hmac' }), signature: signatureKey('hmac') },
  { ...publicationPart({ id: 'basic', req_uri: '/basic' }), signature: signatureKey('basic') },
  { ...publicationPart({ id: 'aes', req_uri: '/aes' }), signature: signatureKey('aes') },
  {
    ...publicationPart({ id: 'rsa', req_uri: '/rsa', groupId: 'keys', instanceId: 'keys' }),
    signature: { ...signatureKey('public_key'), secret: rsaKey() },
  },
  publicationPart({
    ...{ id: 'conditions', req_uri: '/conditions', req_params: [{ name: 'a', location: 'QUERY' }] },
    policies: ['8', '7', '5'].map((value) => ({
      ...{ name: `p${value}`, effect_mode: 'ALL' },
      conditions: [
        { origin: 'source', type: 'exact', value: '127.0.0.0/8' },
        { origin: 'param', type: 'exact', name: 'a', value },
      ],
      backend: { ...publicationPart().definition.backend },
    })),
  }),
  publicationPart({ id: 'authorized', req_uri: '/authorized', auth_type: 'AUTHORIZER', authorizer_id: 'auth1' }),
  publicationPart({
    ...{ id: 'function', req_uri: '/function' },
    backend: {
      ...{ type: 'FUNCTION', function_urn: 'urn:fss:local-1:p1:function:default:hello', invocation_type: 'sync' },
      ...{ timeout: 5000, params: [] },
    },
  }),
  ...[
    ...['cors', 'set_resp_headers', 'breaker', 'proxy_cache', 'kafka_log', 'proxy_mirror', 'jwt_auth', 'oidc_auth'],
    ...['by_api', 'by_ip', 'by_rule'],
  ].map((id) => publicationPart({ id, req_uri: `/${id}`, pluginIds: [id] })),
  publicationPart({ id: 'by_app', req_uri: '/by_app', ...byCode, pluginIds: ['by_app'] }),
  publicationPart({ id: 'by_user', req_uri: '/by_user', ...byCode, pluginIds: ['by_user'] }),
  ...['back', 'logout'].map((id) => publicationPart({ id, req_uri: `/${id}`, backend: mockBackend() })),
]

const tokens = await issuer()
await using provider = await openIdProvider()

/** Counts what it is told to count, and never strikes. */
const counting = (id: string, content: object): Part =>
  pluginPart('rate_limit', { default_time_unit: 'day', default_interval: 1, api_limit: -1, ...content }, id)
const most = limits.instance
const plugins: Part[] = [
  pluginPart('cors', { allow_origin: 'https://shop.example', allow_methods: 'GET', allow_headers: '*' }, 'cors'),
  pluginPart(
    'set_resp_headers',
    { response_headers: ['X-One', 'X-Two'].map((name) => ({ name, value: '1', action: 'override' })) },
    'set_resp_headers',
  ),
  pluginPart(
    'breaker',
    {
      breaker_condition: {
        ...{ breaker_type: 'condition', breaker_mode: 'counter', unhealthy_threshold: 3, time_window: 15 },
        ...{ unhealthy_condition: '["$context.statusCode","in","500,502,504"]', open_breaker_time: 15 },
      },
    },
    'breaker',
  ),
  pluginPart(
    'proxy_cache',
    { cache_key: { parameters: ['a'] }, cache_http_status_and_ttl: [{ http_status: [200], ttl: 3600 }] },
    'proxy_cache',
  ),
  pluginPart('kafka_log', { broker_list: ['127.0.0.1:9'], topic: 'bench' }, 'kafka_log'),
  pluginPart('proxy_mirror', { protocol: 'HTTP', host: '127.0.0.1:9' }, 'proxy_mirror'),
  pluginPart('jwt_auth', { jwks: tokens.jwks }, 'jwt_auth'),
  pluginPart(
    'oidc_auth',
    {
      ...{ client_id: 'client 1', client_secret: 's&cret', redirect_api_id: 'back', logout_api_id: 'logout' },
      discovery: `${provider.issuer}/.well-known/openid-configuration`,
      redirect_after_logout_uri: 'https://example.com/bye',
    },
    'oidc_auth',
  ),
  counting('by_api', { api_limit: most }),
  counting('by_ip', { ip_limit: most }),
  counting('by_app', { app_limit: most }),
  counting('by_user', { user_limit: most }),
  counting('by_rule', {
    parameters: [{ type: 'method', name: 'method', value: '' }],
    rules: [{ rule_name: 'reading', match_regex: '["method","==","GET"]', limit: most }],
  }),
]

/** Networks of which none holds the caller, and one that does. */
function networks(count: number): AccessRule {
  const values = Array.from({ length: count - 1 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`)
  return { type: 'PERMIT', entity: 'IP', values: [...values, '127.0.0.0/8'] }
}

function signatureKey(type: BackendSignature['type']): BackendSignature {
  return { type, key: '0123456789abcdef', secret: '0123456789abcdef' }
}

function rsaKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
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
const CODE = 'c'.repeat(64)
const withCode = { ...headers, 'x-apig-appcode': CODE }
const bearer = async (claims: object): Promise<Record<string, string>> => ({
  ...headers,
  authorization: `Bearer ${await tokens.token({ exp: inSeconds(3600), ...claims })}`,
})

interface Case {
  readonly name: string
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly secure?: boolean
  /** Of the gateway's own reply; without, the request goes on to a backend. */
  readonly status?: number
  /** The case that it is compared with, if not the first. */
  readonly over?: string
  /** Microseconds over that. */
  readonly atMost?: number
  /** In a round, where one takes so long that fewer tell as much. */
  readonly calls?: number
}

const PLAIN = 'plain GET, no mapping'
const BY_CODE = 'AppCode'
const code = { headers: withCode, secure: true }
const rateLimited = (name: string, id: string): Case => ({ name: `rate_limit by ${name}`, target: `/${id}` })

const all: readonly Case[] = [
  { name: PLAIN, target: '/orders' },
  { name: 'plain GET with a query', target: '/orders?a=1&b=2' },
  { name: 'placeholder mapped to the path', target: '/users/4711/orders' },
  { name: 'query and header mapped, validated', target: '/mapped?a=5&c=1' },
  { name: 'parameter orchestrated by 10 ranges', target: '/orchestrated' },
  { name: 'third of 3 policy backends, by source and parameter', target: '/conditions?a=5' },
  { name: 'signature (SDK-HMAC-SHA256), no body', target: '/signed', headers: signedHeaders, atMost: 8 },
  { name: BY_CODE, target: '/code', ...code, atMost: 1 },
  { name: 'key and secret (app_secret), app quota', target: '/quota', headers: keyAndSecret },
  { name: 'jwt_auth, RS256, a token that was seen before', target: '/jwt_auth', headers: await bearer({}) },
  { name: 'oidc_auth, a session', target: '/oidc_auth' },
  { name: 'custom authorizer, its answer kept', target: '/authorized', headers: { ...headers, token: 'abc' } },
  { name: 'ACL of 1,000 networks', target: '/listed', atMost: 1 },
  { name: 'throttled by API and address', target: '/throttled' },
  { name: 'throttled by API, user, app and address', target: '/four', ...code, over: BY_CODE, atMost: 2 },
  rateLimited('API', 'by_api'),
  rateLimited('address', 'by_ip'),
  { ...rateLimited('app', 'by_app'), ...code, over: BY_CODE },
  { ...rateLimited('user', 'by_user'), ...code, over: BY_CODE },
  rateLimited('a rule', 'by_rule'),
  { name: 'cors', target: '/cors', headers: { ...headers, origin: 'https://shop.example' }, atMost: 1 },
  { name: 'set_resp_headers, two', target: '/set_resp_headers' },
  { name: 'breaker, closed', target: '/breaker' },
  { name: 'proxy_cache, hit', target: '/proxy_cache', status: 200 },
  { name: 'kafka_log, handed to the sender', target: '/kafka_log' },
  { name: 'proxy_mirror, the copy made', target: '/proxy_mirror' },
  { name: 'function, without its own time', target: '/function', status: 200 },
  { name: 'signed for the backend, hmac', target: '/hmac' },
  { name: 'signed for the backend, basic', target: '/basic' },
  { name: 'signed for the backend, aes', target: '/aes' },
  {
    name: 'signed for the backend, public_key',
    target: '/rsa',
    headers: { ...headers, host: 'keys.apic.test' },
    calls: 500,
  },
  { name: 'channel of 4, weighted round robin', target: '/WRR' },
  { name: 'channel of 4, least connections', target: '/WLC' },
  { name: 'channel of 4, source hash', target: '/SH' },
  { name: 'channel of 4, URI hash', target: '/URI' },
  { name: 'unknown path among 10,000 APIs', target: '/m/1/2/3', status: 404 },
  {
    ...{ name: 'the same, answered by a response set', target: '/m/1/2/3', status: 410 },
    headers: { ...headers, host: 'own.test' },
  },
]

const NEW_TOKEN = 'jwt_auth, RS256, a new token each time'
const { only = '' } = parseArgs({ options: { only: { type: 'string' } } }).values
const wanted = all.filter(({ name }) => name.includes(only))
const cases = all.filter((one) => wanted.some(({ name, over = PLAIN }) => one.name === name || one.name === over))

const ROUNDS = 5
const CALLS = 10_000
/** Tokens that a pipeline has not seen. */
const NEW_TOKENS = 1_000
/** Rounds in which the code gets warm. */
const WARMING = 3
/** Those that are asked with before the same are verified, so that a neighbour on the machine disturbs both. */
const TURN = 100

/** Takes every record at once. */
class InstantKafka extends KafkaSinks {
  readonly #sink = (target: SinkTarget): KafkaSink =>
    new KafkaSink(target, {
      isForbidden: () => Promise.resolve(false),
      onLoss: (records, reason) => console.error(`${records} records were lost: ${reason}`),
      connect: () => ({ send: () => Promise.resolve(), close: () => undefined }),
    })

  override of(_pluginId: string, target: SinkTarget): KafkaSink {
    return this.#sink(target)
  }
}

/** Sends nothing. */
class SilentMirrors extends Mirrors {
  override send(...[, , done]: Parameters<Mirrors['send']>): void {
    done()
  }
}

const ALLOWED = { statusCode: 200, body: JSON.stringify({ status: 'allow', context: { who: 'alice' } }) }
const functions: Functions = {
  invoke: () => Promise.resolve({ text: JSON.stringify(ALLOWED) }),
  enqueue: () => Promise.resolve('accepted'),
  close: () => Promise.resolve(),
}

function pipelineWith(log?: RequestLogs): Pipeline {
  const limiter = new LocalLimiter()
  const noLoss = (): void => undefined
  const { forbidden, ...others } = backends()
  const configuration = new Configuration({
    ...others,
    ...{ limiter, forbidden, functions, statistics: new Statistics(), debugDomainLimit: 'off' },
    kafka: new InstantKafka(() => Promise.resolve(false), noLoss),
    mirrors: new SilentMirrors(forbidden, noLoss),
    server: { address: '192.0.2.1', name: 'bench' },
    inbound: new InboundAddresses(),
  })
  const throttle = throttlePart({ apiLimit: most, ipLimit: most })
  const four = throttlePart({ id: 't4', apiLimit: most, userLimit: most, appLimit: most, ipLimit: most })
  const authorizations = ['signed', 'code', 'four', 'by_app', 'by_user'].map((id) => `${id}/release`)
  const app = appPart({ authorizations, codes: [CODE] })
  const counted = appPart({
    id: 'app2',
    authorizations: ['quota/release'],
    quota: { id: 'q1', limit: most, windowSeconds: 86_400, startsAt: 17_000 },
  })
  const authorizer = authorizerPart({ ttl: 3600, identities: [{ location: 'HEADER', name: 'token' }] })
  const instance = instancePart({ features })
  const keys = [instancePart({ id: 'keys', features: withKeys }), groupPart({ id: 'keys', instanceId: 'keys' })]
  const parts = [instance, ...keys, ...groups, ...channels, answering, ...many, ...apis, ...plugins, throttle, four]
  configuration.apply(reset(...parts, app, counted, authorizer))
  return new Pipeline(configuration, limiter, log)
}

const BACKEND_HEAD = { eachHeader: () => undefined }
const BODY = Buffer.from('{"a":1}')

/** The whole of an exchange; what it was answered by the gateway itself, if it was. */
function serve(pipeline: Pipeline, exchange: Exchange): Reply | undefined | Promise<Reply | undefined> {
  const outcome = pipeline.begin(exchange)
  return outcome instanceof Promise
    ? outcome.then((reply) => finish(pipeline, exchange, reply))
    : finish(pipeline, exchange, outcome)
}

function finish(pipeline: Pipeline, exchange: Exchange, reply: Reply | undefined): Reply | undefined {
  if (reply === undefined) {
    if (exchange.requestTap !== undefined) endRequestTap(exchange, true)
    exchange.status = 200
    exchange.upstreamAddress = '127.0.0.1:8080'
    exchange.upstreamStatus = 200
    exchange.upstreamStartedAt = exchange.startedAt + 0.1
    exchange.upstreamConnectedAt = exchange.upstreamStartedAt
    exchange.upstreamHeadAt = exchange.startedAt + 1
    pipeline.replying(exchange, BACKEND_HEAD)
    exchange.replyTap?.data(BODY, 0, BODY.length)
    if (exchange.replyTap !== undefined) endReplyTap(exchange, true)
    exchange.upstreamEndedAt = exchange.startedAt + 1
    exchange.upstreamTotal = 0.9
  } else {
    exchange.status = reply.status
    pipeline.replying(exchange, reply)
  }
  exchange.finishedAt = exchange.startedAt + 1.2
  pipeline.done(exchange)
  return reply
}

/** Microseconds of CPU per call. Pauses now and then, so that what was buffered is written and counts too. */
async function cpu(calls: number, work: (call: number) => unknown): Promise<number> {
  const before = process.cpuUsage()
  for (let i = 0; i < calls; i++) {
    const done = work(i)
    if (done instanceof Promise) await done
    if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / calls
}

/** The cookies of a browser that has logged in. */
async function session(pipeline: Pipeline): Promise<string> {
  const cookies = new Map<string, string>()
  const get = async (target: string): Promise<string> => {
    const cookie = Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; ')
    const exchange = anExchange({ target, headers: { ...headers, ...(cookie === '' ? {} : { cookie }) } })
    const reply = await serve(pipeline, exchange)
    const lines = (reply?.headers ?? '') + exchange.replyHeaders
    for (const [, name = '', value = ''] of lines.matchAll(/^set-cookie: ([^=]+)=([^;\r]*)/gim))
      cookies.set(name, value)
    return /^location: (.*)$/im.exec(lines)?.[1]?.trim() ?? ''
  }
  const back = new URL(provider.logIn(await get('/oidc_auth')))
  await get(`${back.pathname}${back.search}`)
  return Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; ')
}

/** By case, by round. */
async function measure(log?: RequestLogs): Promise<number[][]> {
  const pipeline = pipelineWith(log)
  const cookie = await session(pipeline)
  const specs = cases.map(({ target, headers: sent = headers, secure = false, calls = CALLS }) => ({
    ...{ target, secure, calls },
    headers: target === '/oidc_auth' ? { ...sent, cookie } : sent,
  }))
  const answered = async (index: number): Promise<void> => {
    const { name, status } = cases[index] as Case
    const reply = await serve(pipeline, anExchange(specs[index]))
    if (reply?.status !== status) throw new Error(`${name}: ${reply?.status ?? 'goes on'} ${String(reply?.body)}`)
  }
  for (const [index, spec] of specs.entries()) {
    // The first may have had to ask somebody, and the cache has nothing yet.
    await serve(pipeline, anExchange(spec))
    await answered(index)
    await cpu(spec.calls / 2, () => serve(pipeline, anExchange(spec)))
  }
  const costs: number[][] = cases.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, spec] of specs.entries()) {
      const { calls } = spec
      const idle = await cpu(calls, () => void anExchange(spec))
      costs[index]?.push((await cpu(calls, () => serve(pipeline, anExchange(spec)))) - idle)
      // Also at the end: no limit was reached meanwhile.
      await answered(index)
    }
  }
  return costs
}

interface NewTokens {
  /** Microseconds for each request, and for the bare verification of the same tokens. */
  readonly request: number
  readonly verification: number
}

/** Tokens that were not seen before, by round: each has a pipeline of its own, which has seen none. */
async function newTokens(): Promise<NewTokens[]> {
  const sent = await Promise.all(Array.from({ length: NEW_TOKENS }, (_, jti) => bearer({ jti: String(jti) })))
  const exchangeOf = (call: number): Exchange => anExchange({ target: '/jwt_auth', headers: sent[call] ?? {} })
  const key = createPublicKey({ key: tokens.jwk as Record<string, string>, format: 'jwk' })
  const check = (call: number): boolean => {
    const [head = '', payload = '', signed = ''] = (sent[call]?.['authorization'] ?? '').slice(7).split('.')
    return verify('RSA-SHA256', Buffer.from(`${head}.${payload}`), key, Buffer.from(signed, 'base64url'))
  }
  const costs: NewTokens[] = []
  for (let round = 0; round < WARMING + ROUNDS; round++) {
    const pipeline = pipelineWith()
    let [request, verification] = [0, 0]
    for (let start = 0; start < NEW_TOKENS; start += TURN) {
      const idle = await cpu(TURN, (call) => void exchangeOf(start + call))
      const asked = await cpu(TURN, (call) => serve(pipeline, exchangeOf(start + call)))
      const checked = await cpu(TURN, (call) => check(start + call))
      request += ((asked - idle) * TURN) / NEW_TOKENS
      verification += (checked * TURN) / NEW_TOKENS
    }
    if (round >= WARMING) costs.push({ request, verification })
  }
  return costs
}

const withoutLog = await measure()
const nowhere = { accessLog: { destination: '/dev/null' }, region: 'local-1' }
const [withText, withJson] = [
  await measure(new RequestLogs(nowhere, () => undefined)),
  await measure(new RequestLogs({ ...nowhere, accessLogFormat: 'json' }, () => undefined)),
]
const median = (values: readonly number[]): number => rangeOf(values).median
const row = (cells: readonly string[]): void => console.log(`| ${cells.join(' | ')} |`)
row(['case', 'µs', 'over plain', 'at most', '', 'with access log', 'as JSON'])
row(Array.from({ length: 7 }, () => '---'))
cases.forEach(({ name, over = PLAIN, atMost }, index) => {
  const costs = withoutLog[index] ?? []
  const base = withoutLog[cases.findIndex((each) => each.name === over)] ?? []
  const more = median(costs.map((cost, round) => cost - (base[round] ?? NaN)))
  const judged = atMost === undefined ? '' : more <= atMost ? 'met' : '**missed**'
  const beyond = `${more.toFixed(2)}${over === PLAIN ? '' : ` (over ${over})`}`
  const logged = [withText, withJson].map((each) => median(each[index] ?? []).toFixed(2))
  row([name, median(costs).toFixed(2), beyond, String(atMost ?? ''), judged, ...logged])
})
if (NEW_TOKEN.includes(only)) {
  const costs = await newTokens()
  const [request, verification] = [
    median(costs.map((one) => one.request)),
    median(costs.map((one) => one.verification)),
  ]
  const share = `${verification.toFixed(1)} of them by OpenSSL's verification alone`
  const dominated = verification >= request / 2 ? 'met' : '**missed**'
  row([NEW_TOKEN, request.toFixed(1), share, 'twice that', dominated, '', ''])
}
process.exit()
