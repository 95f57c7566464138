/**
 * Requests as the library below the Terraform provider makes and takes them (clients.md §2, authentication.md §2.4): it
 * signs without `host`, adds headers once it has signed, ends its JSON with a line feed, takes only the statuses that it
 * knows, and decodes what it takes.
 */
import { operations, type OperationId } from '../../src/contract/generated/operations.js'
import { checkReply } from '../../src/contract/reply-check.js'
import { signRequest, type SigningKey } from '../../src/signing/sign.js'
import { Document, isObject } from './document.js'

export class UnexpectedStatus extends Error {
  constructor(
    readonly status: number,
    readonly document: Document,
    request: string,
  ) {
    super(`${request}: ${status} ${JSON.stringify(document.value)}`)
  }

  get code(): string {
    return this.document.text('error_code')
  }
}

export interface Options {
  readonly query?: Readonly<Record<string, string | number>>
  readonly body?: unknown
  /** Statuses that are taken; by default those that the library takes for the method. */
  readonly only?: readonly number[]
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

const taken: Readonly<Record<Method, readonly number[]>> = {
  GET: [200],
  POST: [200, 201, 202],
  PUT: [200, 201, 202],
  DELETE: [200, 202, 204],
}

export interface Endpoint {
  readonly url: string
  readonly projectId: string
  readonly domainId: string
  readonly key: SigningKey
}

export type Golangsdk = ReturnType<typeof golangsdk>

/** Paths are below the project: `instances/{id}/apps`. */
export function golangsdk(endpoint: Endpoint) {
  const root = `/v2/${endpoint.projectId}/apigw/`

  async function request(method: Method, path: string, options: Options = {}): Promise<Document> {
    const { status, text, type } = await send(endpoint, method, root + path, options)
    const body: unknown = type.startsWith('application/json') ? JSON.parse(text) : undefined
    const id = operationOf(method, root + path)
    const problems = id === undefined ? [] : checkReply(id, status, body)
    if (problems.length > 0) throw new Error(`${method} ${path} ${status}: ${problems.join('; ')}`)
    const document = new Document(isObject(body) ? body : {})
    if (!(options.only ?? taken[method]).includes(status))
      throw new UnexpectedStatus(status, document, `${method} ${path}`)
    if (status === 204 && text !== '') throw new Error(`${method} ${path}: a 204 with a body`)
    if (status !== 204 && !isObject(body)) throw new Error(`${method} ${path}: EOF`)
    return document
  }

  return {
    domainId: endpoint.domainId,
    get: (path: string, options?: Options) => request('GET', path, options),
    post: (path: string, body: unknown, options?: Options) => request('POST', path, { ...options, body }),
    put: (path: string, body: unknown, options?: Options) => request('PUT', path, { ...options, body }),
    delete: (path: string, options?: Options) => request('DELETE', path, options),

    /** The loop that the provider's own lists have: `limit` at a time, until a page is not full. */
    async list(path: string, name: string, query: Options['query'] = {}, limit = 100): Promise<Document[]> {
      const found: Document[] = []
      for (;;) {
        const page = (await request('GET', path, { query: { ...query, limit, offset: found.length } })).list(name)
        found.push(...page)
        if (page.length < limit) return found
      }
    },

    /** The library's pager: no limit of its own, on with the offset until a page is empty, a thousand pages at most. */
    async pages(path: string, name: string, query: Options['query'] = {}): Promise<Document[][]> {
      const pages: Document[][] = []
      let offset = 0
      while (pages.length < 1000) {
        const page = (await request('GET', path, { query: { ...query, offset } })).list(name)
        if (page.length === 0) return pages
        pages.push(page)
        offset += page.length
      }
      throw new Error(`${path} has no end`)
    },

    async all(path: string, name: string, query: Options['query'] = {}): Promise<Document[]> {
      return (await this.pages(path, name, query)).flat()
    },
  }
}

async function send({ url, projectId, domainId, key }: Endpoint, method: Method, path: string, options: Options) {
  const query = Object.entries(options.query ?? {})
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .sort()
    .join('&')
  const body = options.body === undefined ? undefined : new TextEncoder().encode(`${JSON.stringify(options.body)}\n`)
  const headers = {
    Accept: 'application/json',
    'User-Agent': 'terraform-provider-huaweicloud/1.80.0 (linux; amd64)  golangsdk/2.0.0',
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
  }
  const signature = signRequest({ method, path, query, headers, ...(body === undefined ? {} : { body }) }, key)
  const reply = await fetch(`${url}${path}${query === '' ? '' : `?${query}`}`, {
    method,
    headers: { ...headers, ...signature, 'X-Project-Id': projectId, 'X-Domain-Id': domainId },
    ...(body === undefined ? {} : { body }),
  })
  return { status: reply.status, text: await reply.text(), type: reply.headers.get('content-type') ?? '' }
}

const routes = (Object.keys(operations) as OperationId[]).map((id) => ({
  id,
  method: operations[id].method,
  pattern: new RegExp(`^${operations[id].path.replace(/\{\w+\}/g, '[^/]+')}$`),
  literals: operations[id].path.replace(/\{\w+\}/g, '').length,
}))

/** The most literal of those that fit; undefined for what only Terraform calls (`extra-elbs`). */
function operationOf(method: Method, path: string): OperationId | undefined {
  return routes
    .filter((route) => route.method === method && route.pattern.test(path))
    .toSorted((a, b) => b.literals - a.literals)[0]?.id
}
