/** What is measured: a backend, nginx in front of it, Sluice in front of it; each started and stopped here. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { OTHER_CORE, PROXY_CORE } from './load.js'
import { managementOf } from './management.js'

export interface Subject {
  readonly name: string
  /** The process whose family is accounted for. */
  readonly pid: number
  readonly port: number
  readonly path: string
}

export interface Running extends Subject, AsyncDisposable {}

const BODY = 'x'.repeat(1024)

/** 1 KB from memory, connections kept. */
export function nginxBackend(): Promise<Running> {
  return nginx(
    'backend',
    OTHER_CORE,
    (port) => `
    server {
      listen 127.0.0.1:${port} backlog=1024;
      location / { default_type text/plain; return 200 "${BODY}"; }
    }`,
  )
}

/** What a plain reverse proxy needs: kept connections to the backend, the headers that ours adds, no log. */
export function nginxProxy(backend: number): Promise<Running> {
  return nginx(
    'nginx',
    PROXY_CORE,
    (port) => `
    upstream backend { server 127.0.0.1:${backend}; keepalive 256; keepalive_requests 1000000000; }
    server {
      listen 127.0.0.1:${port} backlog=1024;
      location / {
        proxy_pass http://backend;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header X-Request-Id $request_id;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-Host $http_host;
        proxy_set_header X-Forwarded-Port $server_port;
        add_header X-Request-Id $request_id;
      }
    }`,
  )
}

async function nginx(name: string, core: number, servers: (port: number) => string): Promise<Running> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const port = await freePort()
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  writeFileSync(
    join(directory, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${directory}/pid; error_log ${directory}/error.log;
    events { worker_connections 4096; }
    http {
      access_log off; tcp_nodelay on; keepalive_timeout 600s; keepalive_requests 1000000000;
      ${paths.map((path) => `${path}_temp_path ${directory}/${path};`).join(' ')}
      ${servers(port)}
    }`,
  )
  const process = spawnOn(core, 'nginx', ['-p', directory, '-e', `${directory}/error.log`, '-c', 'nginx.conf'], {})
  await answers(process, port, '/')
  return running({ name, pid: process.pid ?? 0, port, path: '/orders/1' }, process, directory)
}

/** `sluice start` with one gateway process, one published API, and everything on that is on by default. */
export async function sluice(backend: number): Promise<Running> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const [management, port] = [await freePort(), await freePort()]
  const main = join(import.meta.dirname, '../dist/cli/main.js')
  const process = spawnOn(PROXY_CORE, globalThis.process.execPath, [main, 'start'], {
    SLUICE_DATA_DIR: directory,
    SLUICE_MANAGEMENT_LISTEN: `127.0.0.1:${management}`,
    SLUICE_HTTP_LISTEN: `127.0.0.1:${port}`,
    SLUICE_HTTPS_LISTEN: '127.0.0.1:0',
    SLUICE_WORKERS: '1',
    SLUICE_LOG_FORMAT: 'json',
  })
  await answers(process, management, '/readyz')
  await publish(
    JSON.parse(readFileSync(join(directory, 'credentials.json'), 'utf8')) as Record<string, string>,
    backend,
  )
  await answers(process, port, '/orders/1')
  return running({ name: 'sluice', pid: process.pid ?? 0, port, path: '/orders/1' }, process, directory)
}

/** In the group that answers for the gateway's own address: debugging domains have a daily limit. */
async function publish(credentials: Readonly<Record<string, string>>, backend: number): Promise<void> {
  const call = managementOf(credentials)
  const { groups } = await call('GET', 'api-groups')
  const group = (groups as { id: string; name: string }[]).find(({ name }) => name === 'DEFAULT')
  if (group === undefined) throw new Error('the instance has no group DEFAULT')
  // Every API is limited by default; here the limit counts, and never strikes.
  await call('POST', 'features', { name: 'ratelimit', enable: true, config: '{"api_limits":1000000}' })
  const { id } = await call('POST', 'apis', {
    ...{ group_id: group.id, name: 'order', type: 1, req_protocol: 'BOTH', req_method: 'GET', req_uri: '/orders/{id}' },
    ...{ auth_type: 'NONE', backend_type: 'HTTP' },
    req_params: [{ name: 'id', type: 'STRING', location: 'PATH', required: 1 }],
    backend_params: [{ name: 'id', location: 'PATH', origin: 'REQUEST', value: 'id' }],
    backend_api: {
      ...{ url_domain: `127.0.0.1:${backend}`, req_protocol: 'HTTP', req_method: 'GET', req_uri: '/orders/{id}' },
      timeout: 5000,
    },
  })
  await call('POST', 'apis/action', { action: 'online', env_id: 'DEFAULT_ENVIRONMENT_RELEASE_ID', api_id: id })
}

function spawnOn(core: number, command: string, args: readonly string[], environment: NodeJS.ProcessEnv): ChildProcess {
  return spawn('taskset', ['-c', String(core), command, ...args], {
    env: { ...process.env, ...environment },
    // What a program logs is of interest when the benchmark fails: `SLUICE_BENCH_LOG=1`.
    stdio: ['ignore', process.env['SLUICE_BENCH_LOG'] === '1' ? 'inherit' : 'ignore', 'inherit'],
  })
}

function running(subject: Subject, process: ChildProcess, directory: string): Running {
  return {
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
}

async function freePort(): Promise<number> {
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
