/** An API server of Kubernetes, asked by a service account: objects by GET, changes by a GET that goes on. */
import { existsSync, readFileSync } from 'node:fs'
import type http from 'node:http'
import { isIP } from 'node:net'
import { begin, parseJson, readText, retryAfter } from '../http.js'
import { RegistryError } from '../registry.js'
import { jsonLines } from './json-lines.js'
import { statusOf } from './objects.js'

export interface ClusterAccess {
  /** `https://host:port`, perhaps with a path before `/api`; `http://` for a proxy on this machine. */
  readonly url: string
  /** Holds the bearer token; read for each request, as tokens of service accounts are replaced. */
  readonly tokenFile?: string | undefined
  /** PEM of the authorities that the server's certificate is verified with; default: those of Node. */
  readonly caFile?: string | undefined
}

export type Query = Readonly<Record<string, string>>

/** Bytes: a page of 500 large pods has few megabytes; an object has less than 1.5 MB in etcd. */
const LARGEST_PAGE = 64 * 1024 * 1024
const LARGEST_OBJECT = 4 * 1024 * 1024
const LARGEST_REFUSAL = 64 * 1024

export class ApiClient {
  constructor(private readonly access: ClusterAccess) {}

  /** @throws {RegistryError} with the status of a refusal */
  async get(path: string, query: Query, signal: AbortSignal): Promise<unknown> {
    const response = await this.#ask(path, query, signal)
    return parseJson(await readText(response, LARGEST_PAGE))
  }

  /** The changes, once the server has begun to answer. @throws {RegistryError} with the status of a refusal */
  async watch(path: string, query: Query, signal: AbortSignal): Promise<AsyncGenerator> {
    return jsonLines(await this.#ask(path, { ...query, watch: '1' }, signal), LARGEST_OBJECT)
  }

  async #ask(path: string, query: Query, signal: AbortSignal): Promise<http.IncomingMessage> {
    const { url, tokenFile, caFile } = this.access
    const base = new URL(url)
    const host = base.hostname.replace(/^\[(.*)\]$/, '$1')
    const tls = base.protocol === 'https:'
    const response = await begin({
      tls,
      host,
      ...(base.port !== '' && { port: base.port }),
      path: `${base.pathname.replace(/\/+$/, '')}${path}?${new URLSearchParams(query).toString()}`,
      headers: {
        Accept: 'application/json',
        'User-Agent': 'sluice',
        ...(tokenFile !== undefined && { Authorization: `Bearer ${contentOf(tokenFile, 'token')}` }),
      },
      ...(tls && isIP(host) === 0 && { servername: host }),
      ...(tls && caFile !== undefined && { ca: contentOf(caFile, 'certificate') }),
      signal,
    })
    if (response.statusCode === 200) return response
    throw await refusalOf(response)
  }
}

async function refusalOf(response: http.IncomingMessage): Promise<RegistryError> {
  const status = response.statusCode ?? 0
  const text = await readText(response, LARGEST_REFUSAL).catch(() => '')
  const said = text.startsWith('{') ? statusOf(safely(text)).message : undefined
  const message = `the API server answers ${status}${said === undefined ? '' : `: ${said}`}`
  return new RegistryError(message, { status, retryAfter: retryAfter(response) })
}

function safely(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

function contentOf(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new RegistryError(`the ${what} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Where Kubernetes puts what a pod's service account needs. */
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** The cluster in which this process runs, or none. */
export function clusterAround(
  environment: Readonly<Record<string, string | undefined>>,
  account: string = ACCOUNT,
): ClusterAccess | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment
  if (!host || !port || !existsSync(`${account}/token`)) return undefined
  return {
    url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    tokenFile: `${account}/token`,
    caFile: `${account}/ca.crt`,
  }
}
