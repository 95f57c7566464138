/**
 * Builds the request to an HTTP backend: path, query and headers from what was declared, mapped, or just sent
 * (backends.md §2, §4). What can be known beforehand is: a route that maps nothing adds its target to a plan that is
 * otherwise made, and where the target doesn't change either, the whole plan is.
 */
import type { BackendParameter, HttpBackend, MappedParameter, RequestParameter } from '../../snapshot/api-definition.js'
import type { Exchange, ForwardPlan, Load, Origin, PlanAgain } from '../exchange.js'
import type { Reply } from '../reply.js'
import { refuse } from '../responses/refuse.js'
import { BackendFault } from './backend-fault.js'
import { isHeaderValue, isHostValue, isWritableHeader } from './header-lines.js'
import { compileHeaders, droppedHeaders } from './map-headers.js'
import { compilePath } from './map-path.js'
import { compileQuery } from './map-query.js'
import { DEPTH_HEADER, depthLine, depthOf, MOST_NESTED } from './forward-depth.js'
import { madeParameters } from './orchestration.js'
import { hostHeader, identityFor, parseAddress } from './origins.js'
import { ParameterFault, type Values } from './parameters.js'
import type { QueryPiece } from './query.js'
import type { BackendContext, Sender } from './sender.js'
import { compileSource, type Source } from './source.js'

const FIRST_DEPTH = depthLine(1)

/** Where a request goes. */
export interface Destination {
  readonly origin: Origin
  /** ANY is the caller's. */
  readonly method: HttpBackend['req_method']
  /** Value of the Host header, unless a parameter is mapped to it. */
  readonly host: string
  readonly load: Load | undefined
  readonly again: PlanAgain | undefined
}

/** A backend's request, but for its path and where it goes. */
export interface CompiledRequest {
  readonly readsQuery: boolean
  /** Whether all requests of callers who sign nothing, ask for nothing and come here first get the same query and headers. */
  readonly isConstant: boolean
  /** Sets the plan of an exchange, or refuses. */
  plan(
    exchange: Exchange,
    values: Values,
    pieces: readonly QueryPiece[],
    path: string | ParameterFault,
    to: Destination,
  ): Reply | undefined
}

/** @throws BackendFault when no request could be made from this configuration. */
export function compileRequest(backend: HttpBackend, context: BackendContext): CompiledRequest {
  const { definition } = context.publication
  const made = madeSources(definition.req_params)
  const allHeaders = [...mappedTo('HEADER', backend, context), ...made.HEADER]
  const hostSource = allHeaders.find(({ name }) => name.toLowerCase() === 'host')
  const headers = allHeaders.filter((source) => source !== hostSource)
  headers.forEach(refuseUnwritable)

  const query = compileQuery([...mappedTo('QUERY', backend, context), ...made.QUERY], definition.req_params)
  const lines = compileHeaders(headers, definition.req_params)
  const drop = droppedHeaders(headers, definition.req_params, context.callers.consumed)
  const contentType = contentTypeLine(definition.content_type)
  const { timeout, retry_count } = backend

  return {
    readsQuery: query !== undefined,
    isConstant: query === undefined && typeof lines === 'string' && contentType === '' && hostSource === undefined,
    plan(exchange, values, pieces, path, { origin, method: methodAt, host, load, again }) {
      const { head } = exchange
      const depth = depthOf(head.header(DEPTH_HEADER))
      if (depth > MOST_NESTED) return refuse(exchange, 'APIG.0612')
      if (path instanceof ParameterFault) return refuse(exchange, 'APIG.0106', path.detail)
      const added = typeof lines === 'string' ? lines : lines(exchange, values)
      if (added instanceof ParameterFault) return refuse(exchange, 'APIG.0106', added.detail)
      const mappedHost = hostSource?.read(exchange, values)
      if (mappedHost !== undefined && !isHostValue(mappedHost))
        return refuse(exchange, 'APIG.0106', 'the value for Host is none')

      const sentQuery = query === undefined ? head.query : query(exchange, values, pieces)
      const typed = contentType !== '' && head.header('content-type') === undefined ? contentType : ''
      const method = methodAt === 'ANY' ? head.method : methodAt
      exchange.plan = {
        origin,
        method,
        target: sentQuery === '' ? path : `${path}?${sentQuery}`,
        host: mappedHost ?? host,
        drop: drop(exchange.caller),
        add: (depth === 0 ? FIRST_DEPTH : depthLine(depth + 1)) + added + typed,
        timeout,
        retries: retriesFor(retry_count, method),
        load,
        again,
      }
      return undefined
    },
  }
}

/** A backend at one address. @throws BackendFault when no request could be made from this configuration. */
export function compileHttp(backend: HttpBackend, context: BackendContext): Sender {
  const tls = backend.req_protocol === 'HTTPS'
  const defaultPort = tls ? 443 : 80
  const address = parseAddress(backend.url_domain ?? '', defaultPort)
  if (address === undefined) throw new BackendFault(`The backend address ${backend.url_domain ?? ''} is none.`)
  if (context.forbidden.has(address.host))
    return { readsQuery: false, send: (exchange) => refuse(exchange, 'APIG.0404') }

  const request = compileRequest(backend, context)
  const path = compilePath(backend.req_uri, mappedTo('PATH', backend, context), context)
  const to: Destination = {
    origin: context.origins.of(address.host, address.port, tls, { identity: identityFor(backend, context.features) }),
    method: backend.req_method,
    host: hostHeader(address, defaultPort),
    load: undefined,
    again: undefined,
  }
  const changes = typeof path !== 'string' || !request.isConstant
  let ready: ForwardPlan | undefined

  function forward(exchange: Exchange, values: Values, pieces: readonly QueryPiece[]): Reply | undefined {
    const { head } = exchange
    if (changes || exchange.caller !== undefined || head.query !== '' || head.header(DEPTH_HEADER) !== undefined)
      return request.plan(exchange, values, pieces, typeof path === 'string' ? path : path(exchange, values), to)
    if (ready?.method === (to.method === 'ANY' ? head.method : to.method)) {
      exchange.plan = ready
      return undefined
    }
    const reply = request.plan(exchange, values, pieces, path, to)
    ready = exchange.plan
    return reply
  }
  return { readsQuery: request.readsQuery, send: forward }
}

export function mappedTo(
  location: BackendParameter['location'],
  { params }: HttpBackend,
  context: BackendContext,
): readonly Source[] {
  return params.filter((parameter) => parameter.location === location).map((one) => compileSource(one, context))
}

/** What orchestration makes goes to the backend at the place that its rules name (backends.md §10). */
function madeSources(declared: readonly RequestParameter[]): Readonly<Record<MappedParameter['location'], Source[]>> {
  const sources: Record<MappedParameter['location'], Source[]> = { HEADER: [], QUERY: [] }
  madeParameters(declared).forEach(({ name, location }, index) => {
    const at = declared.length + index
    sources[location].push({ name, parameter: -1, read: (_, values) => values[at] })
  })
  return sources
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
