/**
 * 100,000 published APIs beside 10: what a request costs, and what they take of memory, in a whole Sluice and in proxies
 * that are told the same routes: 1,000 hosts, 100 prefixes of a path each.
 */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startControl } from './control.js'
import { crowd, names } from './crowd.js'
import { PROXY_CORE, wrk, type Driver } from './load.js'
import { memoryOf } from './memory.js'
import type { Management } from './management.js'
import { GATEWAY_HEADERS, type Running, type SluiceOptions } from './subjects.js'
import { freePort, nginx, sluice, spawnOn, started } from './subjects.js'

/** APIs that are called, however many there are. */
const CALLED = 10
export const SIZES = [10, 100_000] as const

export interface Routed {
  readonly running: Running
  readonly routes: number
  readonly driver: Driver
  /** Megabytes, after the first requests: of all processes, and of the one that serves. */
  readonly memory: () => { readonly all: number; readonly serving: number }
}

const groupsOf = (routes: number): number => Math.max(10, routes / 100)
const hostOf = (routes: number, index: number): string => `${names.group(index % groupsOf(routes))}.apic.localhost`

/** One after the other; each as a function, so that whoever starts them can end those that have started. */
export function routed(backend: number, withHaproxy: boolean): readonly (() => Promise<Routed>)[] {
  const kinds = [nginxOf, sluiceOf, ...(withHaproxy ? [haproxyOf] : [])]
  return kinds.flatMap((start) =>
    SIZES.map((routes) => async () => {
      const running = await start(backend, routes)
      const serving = running.name.startsWith('sluice') ? 'gateway-process' : ''
      return {
        running,
        routes,
        driver: driverOf(routes),
        memory: () => ({
          all: memoryOf(running.pid) / 1024,
          serving: memoryOf(running.pid, 'VmRSS', serving) / 1024,
        }),
      }
    }),
  )
}

function driverOf(routes: number): Driver {
  const lines = Array.from({ length: CALLED }, (_, i) => {
    const index = (i * routes) / CALLED
    return `wrk.format("GET", "/crowd/${index}/1", { Host = "${hostOf(routes, index)}" })`
  })
  const file = join(mkdtempSync(join(tmpdir(), 'sluice-bench-')), 'routes.lua')
  writeFileSync(
    file,
    `local all, n = nil, 0
    function init() all = { ${lines.join(', ')} } end
    function request() n = n + 1; return all[n % ${CALLED} + 1] end`,
  )
  return wrk(() => ['-s', file])
}

const sluiceOf = (backend: number, routes: number): Promise<Running> => sluiceWith(backend, routes, {})

/** A Sluice with so many published APIs. */
export async function sluiceWith(
  backend: number,
  routes: number,
  { environment = {}, prepare }: Pick<SluiceOptions, 'environment'> & { prepare?: (call: Management) => Promise<void> },
): Promise<Running> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const url = `sqlite:${join(directory, 'sluice.db')}`
  const control = await startControl(directory, url)
  const { call } = control
  const { id: group_id } = await call('POST', 'api-groups', { name: 'model' })
  const { id } = await call('POST', 'apis', {
    ...{ group_id, name: 'model', type: 1, req_protocol: 'BOTH', req_method: 'GET', req_uri: '/model/{id}' },
    ...{ auth_type: 'NONE', backend_type: 'HTTP' },
    req_params: [{ name: 'id', type: 'STRING', location: 'PATH', required: 1 }],
    backend_params: [{ name: 'id', location: 'PATH', origin: 'REQUEST', value: 'id' }],
    backend_api: {
      ...{ url_domain: `127.0.0.1:${backend}`, req_protocol: 'HTTP', req_method: 'GET', req_uri: '/orders/{id}' },
      timeout: 5000,
    },
  })
  await control[Symbol.asyncDispose]()
  await crowd(url, control.instanceId, { apiId: String(id) }, { apis: routes, groups: groupsOf(routes) })
  const settings = { SLUICE_DATABASE_URL: url, SLUICE_DEBUG_DOMAIN_LIMIT: 'off', ...environment }
  return { ...(await sluice(backend, prepare, { directory, environment: settings })), name: `sluice, ${routes} APIs` }
}

async function nginxOf(backend: number, routes: number): Promise<Running> {
  const groups = groupsOf(routes)
  const servers = (port: number): string =>
    Array.from({ length: groups }, (_, group) => {
      const locations: string[] = []
      for (let index = group; index < routes; index += groups) {
        locations.push(`location /crowd/${index}/ { proxy_pass http://backend/orders/; }`)
      }
      return `server { listen 127.0.0.1:${port} backlog=1024; server_name ${hostOf(routes, group)}; ${locations.join('\n')} }`
    })
      // Options of a socket are told once.
      .map((server, at) => (at === 0 ? server : server.replace(' backlog=1024', '')))
      .join('\n')
  const running = await nginx(
    `nginx, ${routes} locations`,
    PROXY_CORE,
    (port) => `
    server_names_hash_max_size 8192; server_names_hash_bucket_size 128;
    upstream backend { server 127.0.0.1:${backend}; keepalive 256; keepalive_requests 1000000000; }
    proxy_http_version 1.1; proxy_set_header Connection "";
    ${GATEWAY_HEADERS}
    server { listen 127.0.0.1:${port} default_server; location / { return 200 ready; } }
    ${servers(port)}`,
  )
  return running
}

async function haproxyOf(backend: number, routes: number): Promise<Running> {
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const map = Array.from({ length: routes }, (_, index) => `${hostOf(routes, index)}/crowd/${index}/ out\n`)
  writeFileSync(join(directory, 'routes.map'), map.join(''))
  writeFileSync(
    join(directory, 'haproxy.cfg'),
    `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 60s
  http-reuse always
frontend in
  bind 127.0.0.1:${port}
  option forwardfor
  unique-id-format %{+X}o\\ %ci:%cp_%fi:%fp_%Ts_%rt
  unique-id-header X-Request-Id
  http-request return status 200 content-type text/plain string ready if { path / }
  use_backend %[base,map_beg(${directory}/routes.map,none)]
backend out
  http-request set-path /orders/1
  server one 127.0.0.1:${backend}
`,
  )
  const process = spawnOn(PROXY_CORE, 'haproxy', ['-db', '-f', join(directory, 'haproxy.cfg')], {})
  const subject = { name: `HAProxy, map of ${routes}`, pid: process.pid ?? 0, port, path: '/' }
  return started(subject, process, directory)
}
