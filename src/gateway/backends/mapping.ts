/**
 * Builds the request to an HTTP backend: path, query and headers from what was declared, mapped, or just sent
 * (backends.md §2, §4). What can be known beforehand is: a route that maps nothing adds its target to a plan that is
 * otherwise made, and where the target doesn't change either, the whole plan is.
 */
import type { BackendParameter, HttpBackend } from '../../snapshot/api-definition.js'
import type { Exchange, ForwardPlan } from '../exchange.js'
import type { Reply } from '../reply.js'
import { refuse } from '../responses/refuse.js'
import { BackendFault } from './backend-fault.js'
import { isHeaderValue, isHostValue, isWritableHeader } from './header-lines.js'
import { compileHeaders, droppedHeaders } from './map-headers.js'
import { compilePath } from './map-path.js'
import { compileQuery } from './map-query.js'
import { hostHeader, parseAddress } from './origins.js'
import { ParameterFault, type Values } from './parameters.js'
import type { QueryPiece } from './query.js'
import type { BackendContext, Sender } from './sender.js'
import { compileSource, type Source } from './source.js'

const DEPTH = 'x-apig-forward-depth'
/** Calls of the gateway by itself that may be nested (backends.md §2). */
const MOST_NESTED = 10
const FIRST_DEPTH = 'X-Apig-Forward-Depth: 1\r\n'

/** @throws BackendFault when no request could be made from this configuration. */
export function compileHttp(backend: HttpBackend, context: BackendContext): Sender {
  const { definition } = context.publication
  const tls = backend.req_protocol === 'HTTPS'
  const defaultPort = tls ? 443 : 80
  const address = parseAddress(backend.url_domain ?? '', defaultPort)
  if (address === undefined) throw new BackendFault(`The backend address ${backend.url_domain ?? ''} is none.`)
  if (context.forbidden.has(address.host))
    return { readsQuery: false, send: (exchange) => refuse(exchange, 'APIG.0404') }

  const sources = (location: BackendParameter['location']): Source[] =>
    backend.params.filter((parameter) => parameter.location === location).map((p) => compileSource(p, context))
  const allHeaders = sources('HEADER')
  const hostSource = allHeaders.find(({ name }) => name.toLowerCase() === 'host')
  const headers = allHeaders.filter((source) => source !== hostSource)
  headers.forEach(refuseUnwritable)

  const path = compilePath(backend.req_uri, sources('PATH'), context)
  const query = compileQuery(sources('QUERY'), definition.req_params)
  const lines = compileHeaders(headers, definition.req_params)
  const drop = droppedHeaders(headers, definition.req_params)
  const addressHost = hostHeader(address, defaultPort)
  const contentType = contentTypeLine(definition.content_type)
  const origin = context.origins.of(address.host, address.port, tls)
  const methodAt = backend.req_method === 'ANY' ? undefined : backend.req_method
  const { timeout, retry_count } = backend

  function planFor(exchange: Exchange, target: string, host: string, add: string): ForwardPlan {
    const method = methodAt ?? exchange.head.method
    return {
      origin,
      method,
      target,
      host,
      drop: exchange.caller?.accessModel === 'signature' ? drop.signed : drop.unsigned,
      add,
      timeout,
      retries: retriesFor(retry_count, method),
    }
  }

  const changes = typeof path !== 'string' || query !== undefined || typeof lines !== 'string' || contentType !== ''
  let ready: ForwardPlan | undefined

  function forward(exchange: Exchange, values: Values, pieces: readonly QueryPiece[]): Reply | undefined {
    const { head } = exchange
    const sentDepth = head.header(DEPTH)
    if (
      ready !== undefined &&
      sentDepth === undefined &&
      head.query === '' &&
      (methodAt ?? head.method) === ready.method
    ) {
      exchange.plan = ready
      return undefined
    }
    const depth = sentDepth === undefined ? 0 : depthOf(sentDepth)
    if (depth > MOST_NESTED) return refuse(exchange, 'APIG.0612')

    const made = typeof path === 'string' ? path : path(exchange, values)
    if (made instanceof ParameterFault) return refuse(exchange, 'APIG.0106', made.detail)
    const added = typeof lines === 'string' ? lines : lines(exchange, values)
    if (added instanceof ParameterFault) return refuse(exchange, 'APIG.0106', added.detail)
    const host = hostSource?.read(exchange, values) ?? addressHost
    if (host !== addressHost && !isHostValue(host)) return refuse(exchange, 'APIG.0106', 'the value for Host is none')

    const sentQuery = query === undefined ? head.query : query(exchange, values, pieces)
    const target = sentQuery === '' ? made : `${made}?${sentQuery}`
    const typed = contentType !== '' && head.header('content-type') === undefined ? contentType : ''
    const plan = planFor(
      exchange,
      target,
      host,
      (depth === 0 ? FIRST_DEPTH : `X-Apig-Forward-Depth: ${depth + 1}\r\n`) + added + typed,
    )
    if (!changes && hostSource === undefined && exchange.caller === undefined && depth === 0 && sentQuery === '') {
      ready = plan
    }
    exchange.plan = plan
    return undefined
  }
  return { readsQuery: query !== undefined, send: forward }
}

/** How many gateways a request came through; what isn't a number was not written by one. */
function depthOf(header: string): number {
  return /^\d+$/.test(header) ? Number(header) : 0
}

const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'OPTIONS', 'DELETE'])

/** −1 repeats idempotent methods once and others never; any other number is taken as it is. */
function retriesFor(count: number, method: string): number {
  return count === -1 ? Number(IDEMPOTENT.has(method)) : count
}

/** The line for requests without a Content-Type of their own (backends.md §5). */
function contentTypeLine(type: string | undefined): string {
  return type && isHeaderValue(type) ? `Content-Type: ${type}\r\n` : ''
}

function refuseUnwritable({ name, constant }: Source): void {
  if (!isWritableHeader(name)) throw new BackendFault(`The header ${name} cannot be mapped.`)
  if (constant !== undefined && !isHeaderValue(constant))
    throw new BackendFault(`The value of ${name} is no header value.`)
}
