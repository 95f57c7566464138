/** What is measured: a backend, nginx in front of it, Sluice in front of it; each started and stopped here. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { OTHER_CORE, PROXY_CORE } from './load.js'
import { type Management, managementOf } from './management.js'

export const RELEASE = 'DEFAULT_ENVIRONMENT_RELEASE_ID'

export interface Subject {
  readonly name: string
  /** The process whose family is accounted for. */
  readonly pid: number
  readonly port: number
  readonly path: string
  /** Where it serves the same over TLS. */
  readonly securePort?: number
}

export interface Running extends Subject, AsyncDisposable {}

/** A certificate for 127.0.0.1 of the kind that Sluice makes by default: ECDSA on P-256. */
export function certificate(): { readonly cert: string; readonly key: string } {
  const directory = join(tmpdir(), `sluice-bench-certificate-${globalThis.process.pid}`)
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
  if (!existsSync(cert)) {
    mkdirSync(directory, { recursive: true })
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-subj', '/CN=bench', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
      ],
      { stdio: 'ignore' },
    )
    globalThis.process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  }
  return { cert, key }
}

const BODY = 'x'.repeat(1024)
/** A message of gRPC: not compressed, its length in four bytes, its content. */
const MESSAGE = `\\0\\0\\0\\0\\32${'y'.repeat(32)}`

const MODULES = '/usr/lib/nginx/modules'
export const hasLua = existsSync(`${MODULES}/ngx_http_lua_module.so`)
export const LUA_MODULES = `load_module ${MODULES}/ndk_http_module.so; load_module ${MODULES}/ngx_http_lua_module.so;`

/** What proxies are in front of; ports on the loopback interface. */
export interface Backends extends AsyncDisposable {
  readonly http: Running
  /** HTTP/2 without TLS. */
  readonly grpc: number
  readonly webSocket: number
}

export async function startBackends(): Promise<Backends> {
  const http = await nginxBackend()
  const webSocket = await freePort()
  const script = join(import.meta.dirname, 'echo-server.ts')
  const echo = spawnOn(OTHER_CORE, process.execPath, ['--import', 'tsx', script, String(webSocket)], {})
  const subject = { name: 'echo', pid: echo.pid ?? 0, port: webSocket, path: '/' }
  const running = await started(subject, echo, mkdtempSync(join(tmpdir(), 'sluice-bench-')))
  return {
    http,
    webSocket,
    grpc: http.securePort ?? 0,
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]()
      await http[Symbol.asyncDispose]()
    },
  }
}

/** 1 KB from memory, connections kept; any call of gRPC is answered on another port. */
export function nginxBackend(): Promise<Running> {
  // A call whose message has not been read is answered, and then reset, which fails some of them behind nginx.
  const answer = hasLua ? `content_by_lua_block { ngx.req.read_body() ngx.print("${MESSAGE}") }` : 'return 500;'
  return nginx(
    'backend',
    OTHER_CORE,
    (port, other) => `
    server {
      listen 127.0.0.1:${port} backlog=1024;
      client_max_body_size 2g;
      location / { default_type text/plain; return 200 "${BODY}"; }
      location /large/ { default_type text/plain; root .; try_files /large =404; }
      location /huge/ { default_type text/plain; root .; try_files /huge =404; }
    }
    server {
      listen 127.0.0.1:${other} http2 backlog=1024;
      location / { default_type application/grpc; add_trailer grpc-status 0; ${answer} }
    }`,
    hasLua ? LUA_MODULES : '',
  )
}

/** nginx: the headers that Sluice adds. */
export const GATEWAY_HEADERS = `
        proxy_set_header X-Request-Id $request_id;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-Host $http_host;
        proxy_set_header X-Forwarded-Port $server_port;
        add_header X-Request-Id $request_id;`

/** What a plain reverse proxy needs: kept connections to the backend, the headers that ours adds, no log. */
export function nginxProxy(http: number, others?: Pick<Backends, 'grpc' | 'webSocket'>): Promise<Running> {
  const more =
    others === undefined
      ? ''
      : `
      location /socket/ {
        proxy_pass http://127.0.0.1:${others.webSocket};
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        ${GATEWAY_HEADERS}
      }
      location /bench.Echo/ { grpc_pass grpc://calls; ${GATEWAY_HEADERS.replaceAll('proxy_set', 'grpc_set')} }`
  return nginx(
    'nginx',
    PROXY_CORE,
    (port, secure) => `
    upstream backend { server 127.0.0.1:${http}; keepalive 256; keepalive_requests 1000000000; }
    upstream calls { server 127.0.0.1:${others?.grpc ?? http}; keepalive 256; keepalive_requests 1000000000; }
    server {
      listen 127.0.0.1:${port} backlog=1024;
      ${listenSecurely(secure)}
      location / {
        proxy_pass http://backend;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        ${GATEWAY_HEADERS}
      }
      ${more}
    }`,
  )
}

export function listenSecurely(port: number): string {
  const { cert, key } = certificate()
  return `listen 127.0.0.1:${port} ssl http2 backlog=1024; ssl_certificate ${cert}; ssl_certificate_key ${key};
      ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:tls:10m;`
}

export async function nginx(
  name: string,
  core: number,
  servers: (port: number, secure: number) => string,
  modules = '',
): Promise<Running> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const [port, securePort] = [await freePort(), await freePort()]
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  // Started by root, its worker is somebody else, and reads the large reply here.
  chmodSync(directory, 0o755)
  writeFileSync(join(directory, 'large'), 'x'.repeat(1024 ** 2))
  // Without a byte on the disk.
  writeFileSync(join(directory, 'huge'), '')
  truncateSync(join(directory, 'huge'), 1024 ** 3)
  writeFileSync(
    join(directory, 'nginx.conf'),
    `${modules} daemon off; worker_processes 1; pid ${directory}/pid; error_log ${directory}/error.log;
    worker_rlimit_nofile 20000; events { worker_connections 16384; }
    http {
      access_log off; tcp_nodelay on; keepalive_timeout 600s; keepalive_requests 1000000000;
      ${paths.map((path) => `${path}_temp_path ${directory}/${path};`).join(' ')}
      ${servers(port, securePort)}
    }`,
  )
  const process = spawnOn(core, 'nginx', ['-p', directory, '-e', `${directory}/error.log`, '-c', 'nginx.conf'], {})
  return started({ name, pid: process.pid ?? 0, port, securePort, path: '/orders/1' }, process, directory)
}

export interface SluiceOptions {
  /** Of the data; it may hold some already. */
  readonly directory?: string
  readonly environment?: NodeJS.ProcessEnv
}

/** The access log in the form that nginx + Lua has, too. */
export const JSON_LOG = { SLUICE_ACCESS_LOG_FORMAT: 'json' } as const

/**
 * `sluice start` with one gateway process, one published API, and everything on that is on by default. `prepare` may
 * publish more.
 */
export async function sluice(
  backend: number,
  prepare: (call: Management) => Promise<void> = async () => undefined,
  { directory = mkdtempSync(join(tmpdir(), 'sluice-bench-')), environment = {} }: SluiceOptions = {},
): Promise<Running> {
  const [management, port, securePort] = [await freePort(), await freePort(), await freePort()]
  const main = join(import.meta.dirname, '../dist/cli/main.js')
  const process = spawnOn(PROXY_CORE, globalThis.process.execPath, [main, 'start'], {
    SLUICE_DATA_DIR: directory,
    SLUICE_MANAGEMENT_LISTEN: `127.0.0.1:${management}`,
    SLUICE_HTTP_LISTEN: `127.0.0.1:${port}`,
    SLUICE_HTTPS_LISTEN: `127.0.0.1:${securePort}`,
    SLUICE_WORKERS: '1',
    SLUICE_LOG_FORMAT: 'json',
    ...environment,
  })
  return started(
    { name: 'sluice', pid: process.pid ?? 0, port, securePort, path: '/orders/1' },
    process,
    directory,
    async () => {
      await answers(process, management, '/readyz')
      const credentials = JSON.parse(readFileSync(join(directory, 'credentials.json'), 'utf8')) as Record<
        string,
        string
      >
      // A directory that is used again has told where it was first.
      const call = managementOf({ ...credentials, endpoint: `http://127.0.0.1:${management}` })
      // Every API is limited by default; here the limit counts, and never strikes.
      await call('POST', 'features', { name: 'ratelimit', enable: true, config: '{"api_limits":1000000}' })
      await publishApi(call, backend, 'orders', {})
      await prepare(call)
      await answers(process, port, '/orders/1')
    },
  )
}

/** That which answers for the gateway's own address: debugging domains have a daily limit. */
export async function defaultGroup(call: Management): Promise<string> {
  const { groups } = await call('GET', 'api-groups')
  const group = (groups as { id: string; name: string }[]).find((each) => each.name === 'DEFAULT')
  if (group === undefined) throw new Error('the instance has no group DEFAULT')
  return group.id
}

/** In RELEASE; the id of the publication. */
export async function publish(call: Management, api: string): Promise<string> {
  const { publish_id } = await call('POST', 'apis/action', { action: 'online', env_id: RELEASE, api_id: api })
  return String(publish_id)
}

/** `/{name}/{id}` of the backend, published in RELEASE: the ids of the API and of its publication. */
export async function publishApi(
  call: Management,
  backend: number,
  name: string,
  overrides: { readonly req_method?: string; readonly auth_type?: string; readonly auth_opt?: object },
): Promise<{ api: string; publication: string }> {
  const { id } = await call('POST', 'apis', {
    ...{
      group_id: await defaultGroup(call),
      name,
      type: 1,
      req_protocol: 'BOTH',
      req_method: 'GET',
      req_uri: `/${name}/{id}`,
    },
    ...{ auth_type: 'NONE', backend_type: 'HTTP' },
    req_params: [{ name: 'id', type: 'STRING', location: 'PATH', required: 1 }],
    backend_params: [{ name: 'id', location: 'PATH', origin: 'REQUEST', value: 'id' }],
    backend_api: {
      ...{ url_domain: `127.0.0.1:${backend}`, req_protocol: 'HTTP', req_uri: `/${name}/{id}`, timeout: 5000 },
      req_method: overrides.req_method ?? 'GET',
    },
    ...overrides,
  })
  return { api: String(id), publication: await publish(call, String(id)) }
}

export function spawnOn(
  core: number,
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  quiet = false,
): ChildProcess {
  return spawn('taskset', ['-c', String(core), command, ...args], {
    env: { ...process.env, ...environment },
    // What a program logs is of interest when the benchmark fails: `SLUICE_BENCH_LOG=1`.
    stdio: ['ignore', process.env['SLUICE_BENCH_LOG'] === '1' ? 'inherit' : 'ignore', quiet ? 'ignore' : 'inherit'],
  })
}

/** The subject, once it is ready; one that does not get ready is ended, and its directory removed. */
export async function started(
  subject: Subject,
  process: ChildProcess,
  directory: string,
  ready = (): Promise<void> => answers(process, subject.port, '/'),
): Promise<Running> {
  const running: Running = {
    ...subject,
    async [Symbol.asyncDispose]() {
      if (process.exitCode === null && process.signalCode === null) {
        const ended = once(process, 'exit')
        process.kill('SIGTERM')
        await ended
      }
      rmSync(directory, { recursive: true, force: true })
    },
  }
  try {
    await ready()
  } catch (error) {
    await running[Symbol.asyncDispose]()
    throw error
  }
  return running
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Waits for a 200. A process that ends instead says why on its standard error. */
async function answers(process: ChildProcess, port: number, path: string): Promise<void> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const status = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) }).then(
      async (reply) => (await reply.arrayBuffer(), reply.status),
      () => 0,
    )
    if (status === 200) return
    if (process.exitCode !== null || process.signalCode !== null) throw new Error(`${process.spawnfile} has ended`)
    if (Date.now() > deadline) throw new Error(`http://127.0.0.1:${port}${path} answers ${status} after 30 s`)
    await delay(20)
  }
}
