/**
 * A stand-in for a server of Nacos: the HTTP API of 2.x (v1) or of 3.2 and later (v3), with or without authentication,
 * whose answers are as real ones.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface NacosInstance {
  readonly ip: string
  readonly port: number
  readonly weight?: number
  readonly healthy?: boolean
  readonly enabled?: boolean
  readonly ephemeral?: boolean
  readonly clusterName?: string
  readonly metadata?: Readonly<Record<string, string>>
}

export interface NacosOptions {
  readonly api?: 'v1' | 'v3'
  /** Who may ask; undefined: everyone, and nobody can log in. */
  readonly user?: { readonly name: string; readonly password: string } | undefined
  /** Seconds. */
  readonly tokenTtl?: number
}

export interface Nacos extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** Methods and paths with their queries, in their order. */
  readonly requests: readonly string[]
  /** Makes the instances of a service these. */
  register(service: string, instances: readonly NacosInstance[], where?: { group?: string; namespace?: string }): void
  /** Tokens that were given out are not known any more. */
  forgetTokens(): void
  /** What everything is answered with: a status, or nothing but a broken connection. */
  fail(how: number | 'broken' | undefined): void
  /** What lists are answered with in the place of what is registered, so many times. */
  say(text: string, times?: number): void
}

export async function nacos({ api = 'v1', user, tokenTtl = 18_000 }: NacosOptions = {}): Promise<Nacos> {
  const services = new Map<string, readonly NacosInstance[]>()
  const tokens = new Set<string>()
  const requests: string[] = []
  let failure: number | 'broken' | undefined
  let said = ''
  let sayings = 0
  const paths = {
    v1: { login: '/nacos/v1/auth/login', list: '/nacos/v1/ns/instance/list', clusters: 'clusters' },
    v3: { login: '/nacos/v3/auth/user/login', list: '/nacos/v3/client/ns/instance/list', clusters: 'clusterName' },
  }[api]

  const server = createServer((request, reply) => {
    void receive(request, reply)
  })
  async function receive(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://nacos')
    requests.push(`${request.method ?? ''} ${url.pathname}${url.search}`)
    const pieces: Buffer[] = []
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece)
    if (failure === 'broken') request.socket.destroy()
    else if (failure !== undefined) reply.writeHead(failure).end('caused: server is DOWN now')
    else if (url.pathname === paths.login && request.method === 'POST')
      logIn(new URLSearchParams(Buffer.concat(pieces).toString()), reply)
    else if (url.pathname === paths.list) list(url.searchParams, reply)
    else
      json(reply, 404, {
        timestamp: '2026-05-11T09:12:44.000+08:00',
        status: 404,
        error: 'Not Found',
        path: url.pathname,
      })
  }
  function logIn(form: URLSearchParams, reply: ServerResponse): void {
    if (user === undefined || form.get('username') !== user.name || form.get('password') !== user.password) {
      reply.writeHead(403, { 'Content-Type': 'text/html' }).end('unknown user!')
      return
    }
    const accessToken = `eyJhbGciOiJIUzI1NiJ9.${requests.length}`
    tokens.add(accessToken)
    json(reply, 200, { accessToken, tokenTtl, globalAdmin: false, username: user.name })
  }
  function list(query: URLSearchParams, reply: ServerResponse): void {
    if (user !== undefined && !tokens.has(query.get('accessToken') ?? '')) {
      json(reply, 403, {
        timestamp: '2026-05-11T09:12:44.000+08:00',
        status: 403,
        error: 'Forbidden',
        message: 'user not found!',
      })
      return
    }
    if (sayings > 0) {
      sayings--
      reply.writeHead(200, { 'Content-Type': 'application/json' }).end(said)
      return
    }
    const group = query.get('groupName') || 'DEFAULT_GROUP'
    const name = query.get('serviceName') ?? ''
    const cluster = query.get(paths.clusters) || undefined
    const known = services.get(keyOf(name, group, query.get('namespaceId') || 'public'))
    const hosts = (known ?? [])
      .map((instance) => whole(instance, `${group}@@${name}`))
      .filter(({ clusterName }) => cluster === undefined || clusterName === cluster)
    if (api === 'v1')
      json(reply, 200, {
        ...{ name: `${group}@@${name}`, groupName: group, clusters: cluster ?? '', cacheMillis: 10_000, hosts },
        ...{ lastRefTime: Date.now(), checksum: '', allIPs: false, reachProtectionThreshold: false, valid: true },
      })
    else if (known === undefined)
      json(reply, 404, { code: 21008, message: 'service not exist', data: `service not found: ${name}` })
    else json(reply, 200, { code: 0, message: 'success', data: hosts })
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    host: '127.0.0.1',
    port,
    requests,
    register: (service, instances, { group = 'DEFAULT_GROUP', namespace = 'public' } = {}) =>
      void services.set(keyOf(service, group, namespace), instances),
    forgetTokens: () => tokens.clear(),
    fail(how) {
      failure = how
    },
    say(text, times = Number.POSITIVE_INFINITY) {
      said = text
      sayings = times
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const keyOf = (...parts: readonly string[]): string => parts.join('\n')

function whole(instance: NacosInstance, serviceName: string) {
  const { ip, port, clusterName = 'DEFAULT' } = instance
  return {
    ...{ instanceId: `${ip}#${port}#${clusterName}#${serviceName}`, weight: 1, healthy: true, enabled: true },
    ...{ ephemeral: true, clusterName, serviceName, metadata: {} },
    ...instance,
    ...{ instanceHeartBeatInterval: 5_000, instanceHeartBeatTimeOut: 15_000, ipDeleteTimeout: 30_000 },
    instanceIdGenerator: 'simple',
  }
}

function json(reply: ServerResponse, status: number, body: unknown): void {
  reply.writeHead(status, { 'Content-Type': 'application/json;charset=UTF-8' }).end(JSON.stringify(body))
}
