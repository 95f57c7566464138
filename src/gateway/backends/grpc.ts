/** Makes calls to a gRPC backend: the path is the method that is called, and goes on as it came (backends.md §8). */
import type { HttpBackend } from '../../snapshot/api-definition.js'
import type { Exchange } from '../exchange.js'
import { refuse } from '../responses/refuse.js'
import { BackendFault } from './backend-fault.js'
import { compileRequest, type Destination } from './mapping.js'
import { hostHeader, identityFor, parseAddress } from './origins.js'
import type { BackendContext, Sender } from './sender.js'

/** @throws BackendFault when no call could be made from this configuration */
export function compileGrpc(backend: HttpBackend, context: BackendContext): Sender {
  const tls = backend.req_protocol === 'GRPCS'
  const defaultPort = tls ? 443 : 80
  const address = parseAddress(backend.url_domain ?? '', defaultPort)
  if (address === undefined) throw new BackendFault(`The backend address ${backend.url_domain ?? ''} is none.`)
  if (context.forbidden.has(address.host))
    return { readsQuery: false, send: (exchange) => refuse(exchange, 'APIG.0404') }

  const identity = identityFor(backend, context.features)
  const to: Destination = {
    origin: context.origins.of(address.host, address.port, tls, { http2: true, identity }),
    method: 'POST',
    host: hostHeader(address, defaultPort),
    load: undefined,
    again: undefined,
  }
  const request = compileRequest(backend, context)
  const path = grpcPath(backend)
  return {
    readsQuery: request.readsQuery,
    send: (exchange, values, pieces) => request.plan(exchange, values, pieces, path(exchange), to),
  }
}

export const isGrpc = ({ req_protocol }: Pick<HttpBackend, 'req_protocol'>): boolean =>
  req_protocol === 'GRPC' || req_protocol === 'GRPCS'

/** The method that is called, behind the path of the backend. */
export function grpcPath({ req_uri }: Pick<HttpBackend, 'req_uri'>): (exchange: Exchange) => string {
  const base = req_uri.replace(/\/+$/, '')
  return ({ head }) => base + head.path
}
