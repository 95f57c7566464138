/** What is measured of each proxy, and what Sluice has to be told for it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signRequest } from '../src/signing/sign.js'
import { grpcCalls, hasH2load, webSocketMessages } from './drivers.js'
import { wrk, type Driver } from './load.js'
import type { Management } from './management.js'
import { APP, NETWORKS, ORIGIN } from './peers.js'
import { RELEASE, type Backends, defaultGroup, hasLua, publish, publishApi } from './subjects.js'

export interface Scenario {
  readonly name: string
  readonly title: string
  readonly path: string
  /** Those that have what the scenario needs; nginx without any policy is the reference everywhere. */
  readonly subjects: 'all' | readonly string[]
  readonly secure?: boolean
  /** The access log is JSON, as that of nginx + Lua; otherwise it is in Sluice's own form. */
  readonly jsonLog?: boolean
  readonly connections?: number
  readonly driver: Driver
  /** Arguments of curl for a request that has to be answered with 200; without, this is up to the driver. */
  readonly probe?: () => readonly string[]
  /** What makes those who check refuse the same request. */
  readonly stranger?: { readonly change: (probe: readonly string[]) => readonly string[]; readonly status: number }
}

const scripts = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
process.once('exit', () => rmSync(scripts, { recursive: true, force: true }))
const post = join(scripts, 'post.lua')
writeFileSync(post, 'wrk.method = "POST"\nwrk.body = string.rep("x", 10240)\n')

const nothing = (): string[] => []
const code = (): string[] => ['-H', `X-Apig-AppCode: ${APP.code}`]
const fromPage = (): string[] => [...code(), '-H', `Origin: ${ORIGIN}`]
const closing = (): string[] => ['-H', 'Connection: close']

/** A signature is good for 15 minutes: each measurement has its own. */
function signed(): string[] {
  const request = { method: 'GET', path: '/signed/1', headers: { Host: '127.0.0.1' } }
  const signature = signRequest(request, { accessKey: APP.key, secretKey: APP.secret })
  return ['-H', 'Host: 127.0.0.1', ...Object.entries(signature).flatMap(([name, value]) => ['-H', `${name}: ${value}`])]
}

/** One wrong character. */
const wrongCredential: Scenario['stranger'] = {
  change: (probe) =>
    probe.map((header) =>
      header.replace(
        /(AppCode: |Signature=)(.)/,
        (_, label: string, first: string) => `${label}${first === 'a' ? 'b' : 'a'}`,
      ),
    ),
  status: 401,
}
const elsewhere: Scenario['stranger'] = { change: (probe) => [...probe, '--interface', '127.0.0.2'], status: 403 }

function byWrk(headers: () => readonly string[]): Pick<Scenario, 'driver' | 'probe'> {
  return { driver: wrk(headers), probe: headers }
}

const LUA = ['nginx', 'sluice', 'nginx + Lua']

export const scenarios: readonly Scenario[] = [
  { name: 'plain', title: 'GET, 1 KB', path: '/orders/1', subjects: 'all', ...byWrk(nothing) },
  {
    ...{ name: 'code', title: 'TLS, AppCode, throttle, JSON log', path: '/code/1', subjects: LUA, secure: true },
    ...{ jsonLog: true, ...byWrk(code), stranger: wrongCredential },
  },
  {
    ...{ name: 'signed', title: 'Signature, throttle, JSON log', path: '/signed/1', subjects: LUA },
    ...{ jsonLog: true, ...byWrk(signed), stranger: wrongCredential },
  },
  {
    ...{ name: 'listed', title: 'TLS, AppCode, ACL, CORS, reply headers, JSON log', path: '/listed/1' },
    ...{ subjects: LUA, secure: true, jsonLog: true, ...byWrk(fromPage), stranger: wrongCredential },
  },
  {
    ...{ name: 'networks', title: 'ACL of 100 networks', path: '/networks/1', subjects: [...LUA, 'HAProxy'] },
    ...{ ...byWrk(nothing), stranger: elsewhere },
  },
  {
    ...{ name: 'cached', title: 'Reply from the cache; nginx asks the backend', path: '/cached/1' },
    ...{ subjects: ['nginx', 'sluice'], ...byWrk(nothing) },
  },
  {
    ...{ name: 'post', title: 'POST, 10 KB', path: '/post/1', subjects: 'all' },
    ...{ driver: wrk(() => ['-s', post]), probe: () => ['--data', 'x'] },
  },
  { name: 'large', title: 'Reply of 1 MB', path: '/large/1', subjects: 'all', connections: 8, ...byWrk(nothing) },
  {
    ...{ name: 'tls', title: 'TLS, GET, kept connections', path: '/orders/1', subjects: 'all', secure: true },
    ...byWrk(nothing),
  },
  {
    ...{ name: 'handshake', title: 'TLS, GET, a connection each', path: '/orders/1', subjects: 'all', secure: true },
    ...byWrk(closing),
  },
  { name: 'closing', title: 'GET, a connection each', path: '/orders/1', subjects: 'all', ...byWrk(closing) },
  {
    ...{ name: 'socket', title: 'WebSocket, message of 100 bytes and its echo', path: '/socket/1' },
    ...{ subjects: ['nginx', 'sluice', 'HAProxy', 'Caddy', '@fastify/http-proxy'], driver: webSocketMessages },
  },
  ...(hasH2load && hasLua
    ? [
        {
          ...{ name: 'grpc', title: 'gRPC, unary: HTTP/2 over TLS in, without TLS out', path: '/bench.Echo/Say' },
          ...{ subjects: ['nginx', 'sluice', 'HAProxy', 'Caddy'], secure: true, driver: grpcCalls },
        },
      ]
    : []),
]

/** Publishes an API for each scenario, with its policies. */
export async function prepare(call: Management, { http, grpc, webSocket }: Backends): Promise<void> {
  const backend = http.port
  const auth_opt = { app_code_auth_type: 'HEADER' }
  const published = {
    code: await publishApi(call, backend, 'code', { auth_type: 'APP', auth_opt }),
    signed: await publishApi(call, backend, 'signed', { auth_type: 'APP' }),
    listed: await publishApi(call, backend, 'listed', { auth_type: 'APP', auth_opt }),
  }
  const networks = await publishApi(call, backend, 'networks', {})
  const cached = await publishApi(call, backend, 'cached', {})
  const kept = { cache_key: { parameters: ['id'] }, cache_http_status_and_ttl: [{ http_status: [200], ttl: 3600 }] }
  await attach(call, 'proxy_cache', kept, cached.api)
  await publishApi(call, backend, 'post', { req_method: 'POST' })
  await publishApi(call, backend, 'large', {})
  await publishApi(call, webSocket, 'socket', {})
  await publishCalls(call, grpc)
  const app = await call('POST', 'apps', { name: 'bench', app_key: APP.key, app_secret: APP.secret })
  await call('POST', `apps/${String(app['id'])}/app-codes`, { app_code: APP.code })
  const api_ids = Object.values(published).map(({ api }) => api)
  await call('POST', 'app-auths', { app_ids: [app['id']], api_ids, env_id: RELEASE })
  const limits = { api_call_limits: 100_000_000, ip_call_limits: 100_000_000, time_interval: 1, time_unit: 'MINUTE' }
  const throttle = await call('POST', 'throttles', { name: 'bench', type: 1, ...limits })
  await call('POST', 'throttle-bindings', {
    strategy_id: throttle['id'],
    publish_ids: [published.code.publication, published.signed.publication],
  })
  await admit(call, 'bench', ['127.0.0.0/8'], published.listed.publication)
  await admit(call, 'networks', NETWORKS, networks.publication)
  const response_headers = ['X-Bench', 'X-Frame-Options'].map((name) => ({ name, value: 'DENY', action: 'override' }))
  await attach(call, 'set_resp_headers', { response_headers }, published.listed.api)
  await attach(call, 'cors', { allow_origin: ORIGIN, allow_methods: 'GET', allow_headers: '*' }, published.listed.api)
}

/** Whatever method of the service is called. */
async function publishCalls(call: Management, backend: number): Promise<void> {
  const { id } = await call('POST', 'apis', {
    ...{ group_id: await defaultGroup(call), name: 'calls', type: 1, auth_type: 'NONE', match_mode: 'SWA' },
    ...{ req_protocol: 'GRPCS', req_method: 'POST', req_uri: '/bench.Echo', backend_type: 'GRPC' },
    backend_api: {
      ...{ url_domain: `127.0.0.1:${backend}`, req_protocol: 'GRPC', req_method: 'POST', req_uri: '/', timeout: 5000 },
    },
  })
  await publish(call, String(id))
}

async function admit(call: Management, name: string, networks: readonly string[], publication: string): Promise<void> {
  const entry = { acl_type: 'PERMIT', entity_type: 'IP', acl_value: networks.join() }
  const acl = await call('POST', 'acls', { acl_name: name, ...entry })
  await call('POST', 'acl-bindings', { acl_id: acl['id'], publish_ids: [publication] })
}

async function attach(call: Management, type: string, content: object, api: string): Promise<void> {
  const plugin = await call('POST', 'plugins', {
    ...{ plugin_name: `bench_${type}`, plugin_type: type, plugin_scope: 'global' },
    plugin_content: JSON.stringify(content),
  })
  await call('POST', `plugins/${String(plugin['plugin_id'])}/attach`, { env_id: RELEASE, api_ids: [api] })
}
