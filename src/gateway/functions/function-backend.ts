/**
 * Backend FUNCTION (backends.md §7): the request is made as for any other backend, with its mappings, and becomes an
 * event; what the function answers becomes the reply.
 */
import type { FunctionAnswer, FunctionFailure } from '../../functions/functions.js'
import { formatAddress, functionAddress } from '../../functions/urn.js'
import type { FunctionBackend, HttpBackend } from '../../snapshot/api-definition.js'
import { compileRequest, mappedTo, type Destination } from '../backends/mapping.js'
import type { BackendContext, Sender } from '../backends/sender.js'
import type { Exchange } from '../exchange.js'
import type { Failure } from '../handler.js'
import { utf8Bytes } from '../percent-encoding.js'
import type { Reply } from '../reply.js'
import type { RefusalName } from '../responses/catalogue.js'
import { refuse } from '../responses/refuse.js'
import type { Step } from '../step.js'
import { eventHeaders, eventPath, functionEvent } from './event.js'
import { asReply, readFunctionReply } from './function-reply.js'

/** Bytes of an answer. */
const LARGEST_ANSWER = 64 * 1024 * 1024

const NO_REPLY = 'invalid function response'

/** What failed, in words of the catalogue, and what is told of it. */
const refusals: Readonly<Record<FunctionFailure, readonly [RefusalName, string?]>> = {
  unknown: ['APIG.0103'],
  timeout: ['APIG.0203'],
  failed: ['APIG.0202', 'the function failed'],
  'too-large': ['APIG.0202', NO_REPLY],
  overloaded: ['APIG.0202', 'too many calls of the function'],
  unreachable: ['APIG.0202'],
}

/** @throws BackendFault when no request could be made from this configuration. */
export function compileFunction(backend: FunctionBackend, context: BackendContext): Sender {
  const address = functionAddress(backend.function_urn, backend.version, backend.alias_urn)
  // A function that takes gRPC is a server, and none that is called by events.
  if (address === undefined || context.publication.definition.req_protocol === 'GRPCS')
    return { readsQuery: false, send: (exchange) => refuse(exchange, 'APIG.0103') }
  const { publication, placeholders, features, functions } = context
  const { definition, apiId } = publication
  const asHttp: HttpBackend = {
    ...{ type: 'HTTP', req_protocol: 'HTTPS', req_method: 'ANY', req_uri: '/', retry_count: 0 },
    ...{ timeout: backend.timeout, params: backend.params },
  }
  const request = compileRequest(asHttp, context)
  const inPath = mappedTo('PATH', asHttp, context).map((source) => ({ ...source, name: utf8Bytes(source.name) }))
  const asText = definition.function_body_as_text === true
  // Addresses that nothing is sent to: what records tell of a call is that it was made over HTTPS.
  const to: Destination = {
    origin: { host: '', port: 443, tls: true },
    ...{ method: 'ANY', host: '', load: undefined, again: undefined },
  }
  const urn = formatAddress(address)

  const call = async (exchange: Exchange, pathParameters: ReadonlyMap<string, string>): Promise<Reply> => {
    const { plan, head, connection, requestId, bodyLimit } = exchange
    if (plan === undefined) throw new Error('a function is called without a plan')
    if (exchange.body === undefined && head.contentLength !== 0) {
      const collected = await connection.collectBody(exchange, bodyLimit)
      if (collected === 'too-large') return refuse(exchange, 'APIG.0201 413')
      if (collected === 'timeout') return refuse(exchange, 'APIG.0201 408')
    }
    const question = plan.target.indexOf('?')
    const event = functionEvent({
      headers: eventHeaders(exchange, plan.drop, plan.add),
      query: question === -1 ? '' : plan.target.slice(question + 1),
      pathParameters,
      path: eventPath(exchange, features.pathsAsSent),
      method: head.method,
      apiId,
      stage: exchange.stage,
      requestId,
      body: exchange.body ?? NOTHING,
      asText,
    })
    const asked = { address, event, requestId, timeout: plan.timeout }
    exchange.functionUrn = urn
    const started = performance.now()
    exchange.upstreamStartedAt = started
    const answer: FunctionAnswer | 'accepted' =
      backend.invocation_type === 'async'
        ? await functions.enqueue({ ...asked, mostBytes: LARGEST_ANSWER })
        : await functions.invoke({ ...asked, mostBytes: LARGEST_ANSWER })
    const ended = performance.now()
    exchange.upstreamEndedAt = ended
    exchange.upstreamTotal = ended - started
    return replyTo(exchange, answer, ended)
  }

  return {
    readsQuery: request.readsQuery,
    send(exchange, values, pieces) {
      const reply = request.plan(exchange, values, pieces, eventPath(exchange, true), to)
      if (reply !== undefined) return reply
      const parameters = new Map<string, string>()
      placeholders.forEach((name, index) => parameters.set(name, exchange.pathValues[index] ?? ''))
      for (const { name, read } of inPath) parameters.set(name, read(exchange, values) ?? '')
      exchange.callFunction = () => call(exchange, parameters)
      return undefined
    },
  }
}

const NOTHING = Buffer.alloc(0)

function replyTo(exchange: Exchange, answer: FunctionAnswer | 'accepted', now: number): Reply {
  if (answer === 'accepted') return answered(exchange, { status: 202, headers: '', body: '' }, now)
  if (typeof answer === 'string') {
    const [name, detail] = refusals[answer]
    hasFailed(exchange, answer === 'timeout' ? 'backend-timeout' : 'backend-unavailable')
    return refuse(exchange, name, detail)
  }
  const read = readFunctionReply(answer.text)
  const reply = read && asReply(read)
  if (reply !== undefined) return answered(exchange, reply, now)
  hasFailed(exchange, 'backend-unavailable')
  return refuse(exchange, 'APIG.0202', NO_REPLY)
}

/** What tells of backends tells of it as the reply of one. */
function answered(exchange: Exchange, reply: Reply, now: number): Reply {
  exchange.upstreamStatus = reply.status
  exchange.upstreamHeadAt = now
  for (const observer of exchange.route?.observers ?? []) observer.answered?.(exchange)
  return reply
}

function hasFailed(exchange: Exchange, failure: Failure): void {
  for (const observer of exchange.route?.observers ?? []) observer.failed?.(exchange, failure)
}

/** 34 for functions: after everything that changes the request has been done to its plan. */
export const callFunction: Step = (exchange) => exchange.callFunction?.()
