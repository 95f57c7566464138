/**
 * The last step of every route: reads and validates the declared parameters (phase 23), makes others of them (24),
 * chooses among the default backend and the policy backends (26), and makes the backend's request or the mock's reply
 * (30), for which a channel chooses its member (32).
 */
import type { Backend } from '../../snapshot/api-definition.js'
import type { RefusalName } from '../responses/catalogue.js'
import { refuse } from '../responses/refuse.js'
import type { Step } from '../step.js'
import { BackendFault } from './backend-fault.js'
import { compileChannel } from './channel-sender.js'
import { compileConditions } from './conditions.js'
import { compileGrpc, isGrpc } from './grpc.js'
import { compileHttp } from './mapping.js'
import { compileMock } from './mock.js'
import { compileOrchestration } from './orchestration.js'
import { compileParameters, ParameterFault, type Values } from './parameters.js'
import { queryPieces, type QueryPiece } from './query.js'
import type { BackendContext, Sender } from './sender.js'

const NO_VALUES: Values = []
const NO_PIECES: readonly QueryPiece[] = []

export function compileBackends(context: BackendContext): Step {
  const { backend, policies, req_params } = context.publication.definition
  const byDefault = compileBackend(backend, context)
  if (policies.length === 0 && req_params.length === 0 && !byDefault.readsQuery) {
    return function send(exchange) {
      return byDefault.send(exchange, NO_VALUES, NO_PIECES)
    }
  }
  const conditional = policies.map((policy) => ({
    matches: compileConditions(policy, req_params, context.features),
    sender: compileBackend(policy.backend, context),
  }))
  const readParameters = compileParameters(req_params, context.placeholders)
  const orchestrate = compileOrchestration(req_params)
  const readsQuery =
    byDefault.readsQuery ||
    conditional.some(({ sender }) => sender.readsQuery) ||
    req_params.some(({ location }) => location === 'QUERY')

  return function validateChooseAndSend(exchange) {
    const pieces = readsQuery ? queryPieces(exchange.head.query) : NO_PIECES
    const read = readParameters(exchange, pieces)
    if (read instanceof ParameterFault) return refuse(exchange, 'APIG.0106', read.detail)
    const values = orchestrate === undefined ? read : orchestrate(read)
    if (typeof values === 'string') return refuse(exchange, values)
    for (const { matches, sender } of conditional) {
      if (matches(exchange, values)) return sender.send(exchange, values, pieces)
    }
    return byDefault.send(exchange, values, pieces)
  }
}

function compileBackend(backend: Backend, context: BackendContext): Sender {
  switch (backend.type) {
    case 'MOCK':
      return compileMock(backend)
    case 'FUNCTION':
      return refusing('APIG.0103')
    case 'HTTP':
      try {
        if (backend.vpc_channel_id) return compileChannel(backend, context)
        return isGrpc(backend) ? compileGrpc(backend, context) : compileHttp(backend, context)
      } catch (error) {
        if (error instanceof BackendFault) return refusing('APIG.0105')
        throw error
      }
  }
}

function refusing(name: RefusalName): Sender {
  return { readsQuery: false, send: (exchange) => refuse(exchange, name) }
}
