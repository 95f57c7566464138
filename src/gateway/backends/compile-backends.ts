/**
 * The last step of every route: reads and validates the declared parameters (phase 23), makes others of them (24),
 * chooses among the default backend and the policy backends (26), and makes the backend's request or the mock's reply
 * (30), for which a channel chooses its member (32).
 */
import type { Backend } from '../../snapshot/api-definition.js'
import type { RefusalName } from '../responses/catalogue.js'
import { refuse } from '../responses/refuse.js'
import type { Exchange } from '../exchange.js'
import type { Reply } from '../reply.js'
import type { Outcome, Step } from '../step.js'
import { compileFunction } from '../functions/function-backend.js'
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

/**
 * @param before what is asked between the parameters and the backend (27, 28): it may answer instead, or set
 *   `exchange.plan` and so choose where the request goes, and the rest of them isn't asked
 * @param authorizerOf what is asked before a backend with an authorizer is called (29), by the id of that
 */
export function compileBackends(
  context: BackendContext,
  before: readonly Step[],
  authorizerOf: (id: string) => Step,
): Step {
  const { backend, policies, req_params } = context.publication.definition
  const compiled = (one: Backend): { readonly sender: Sender; readonly first: readonly Step[] } => {
    const first = one.authorizer_id === undefined ? before : [...before, authorizerOf(one.authorizer_id)]
    return { sender: compileBackend(one, context), first }
  }
  const otherwise = compiled(backend)
  const { sender: byDefault, first } = otherwise
  if (policies.length === 0 && req_params.length === 0 && !byDefault.readsQuery) {
    if (first.length > 0)
      return function askAndSend(exchange) {
        return ask(first, 0, exchange, () => byDefault.send(exchange, NO_VALUES, NO_PIECES))
      }
    return function send(exchange) {
      return byDefault.send(exchange, NO_VALUES, NO_PIECES)
    }
  }
  const conditional = policies.map((policy) => ({
    matches: compileConditions(policy, req_params, context.features),
    ...compiled(policy.backend),
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
    const { sender, first } = conditional.find(({ matches }) => matches(exchange, values)) ?? otherwise
    if (first.length > 0) return ask(first, 0, exchange, () => sender.send(exchange, values, pieces))
    return sender.send(exchange, values, pieces)
  }
}

/** Runs what comes before the backend, and then the backend, unless one of them has answered or made a plan. */
function ask(steps: readonly Step[], from: number, exchange: Exchange, send: () => Reply | undefined): Outcome {
  for (let i = from; i < steps.length; i++) {
    const outcome = steps[i]?.(exchange)
    if (outcome instanceof Promise)
      return outcome.then(
        (reply) => reply ?? (exchange.plan === undefined ? ask(steps, i + 1, exchange, send) : undefined),
      )
    if (outcome !== undefined) return outcome
    // Somebody else is asked: nothing of this concerns the cache.
    if (exchange.plan !== undefined) return undefined
  }
  return send()
}

export function compileBackend(backend: Backend, context: BackendContext): Sender {
  switch (backend.type) {
    case 'MOCK':
      return compileMock(backend)
    case 'FUNCTION':
    case 'HTTP':
      try {
        if (backend.type === 'FUNCTION') return compileFunction(backend, context)
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
