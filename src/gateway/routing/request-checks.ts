/** Checks that an API makes before it asks who calls (request-lifecycle.md §1, phases 11 and 12). */
import type { ApiDefinition } from '../../snapshot/api-definition.js'
import { isGrpcType } from '../http2/grpc-status.js'
import { refuse } from '../responses/refuse.js'
import type { Step } from '../step.js'

/** 400 APIG.0607 for a scheme that the API doesn't serve; `undefined` when it serves every one. */
export function protocolCheck({ req_protocol: protocol }: ApiDefinition): Step | undefined {
  switch (protocol) {
    case 'BOTH':
      return undefined
    case 'HTTP':
      return (exchange) => (exchange.secure ? refuse(exchange, 'APIG.0607', protocol) : undefined)
    case 'HTTPS':
      return (exchange) => (exchange.secure ? undefined : refuse(exchange, 'APIG.0607', protocol))
    // gRPC is HTTP/2 over TLS, and nothing else (routing.md §6).
    case 'GRPCS':
      return function grpcOnly(exchange) {
        const { head } = exchange
        return head.http2 === true && isGrpcType(head.header('content-type'))
          ? undefined
          : refuse(exchange, 'APIG.0607', protocol)
      }
  }
}

/** 413 APIG.0201 for a body that is announced as too large; one of unknown size is counted as it comes. */
export function bodySizeCheck(limit: number): Step {
  return function bodySize(exchange) {
    exchange.bodyLimit = limit
    return exchange.head.contentLength > limit ? refuse(exchange, 'APIG.0201 413') : undefined
  }
}
