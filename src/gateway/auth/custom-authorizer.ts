/**
 * Custom authorizers (authentication.md §5): a function decides whether a request passes, and tells what it knows of the
 * caller. In front (phase 20) 401 APIG.0305 where identities are missing or it denies; towards the backend (29) where it
 * denies; on both sides 500 where it cannot be asked or understood. One that is relaxed lets pass whom nobody could be
 * asked about: nothing is known of them then.
 */
import { compilePattern } from '../../contract/pattern.js'
import type { FunctionFailure, Functions } from '../../functions/functions.js'
import { functionAddress, type FunctionAddress } from '../../functions/urn.js'
import type { AuthorizerPart, PublicationPart } from '../../snapshot/parts.js'
import type { Caller, Exchange } from '../exchange.js'
import type { Features } from '../features.js'
import { asWords, eventHeaders, eventPath, firstValues, functionEvent } from '../functions/event.js'
import type { Reply } from '../reply.js'
import { refuse } from '../responses/refuse.js'
import type { Outcome, Step } from '../step.js'
import { AuthorizerAnswers, type NoAnswer } from './authorizer-answers.js'
import { LARGEST_REPLY, readAuthorizerReply, type AuthorizerAnswer } from './authorizer-reply.js'

export interface AuthorizerContext {
  readonly publication: PublicationPart
  /** Names of the placeholders of the route's path. */
  readonly placeholders: readonly string[]
  readonly features: Pick<Features, 'bodyLimit' | 'pathsAsSent' | 'typedContexts'>
  readonly functions: Functions
  /** By the part: what a former version of an authorizer has answered counts no longer. */
  readonly answers: WeakMap<AuthorizerPart, AuthorizerAnswers>
}

/** Milliseconds for an answer, unless an authorizer has its own. */
const TIMEOUT = 5_000
const CALLER: Caller = { appId: '', appName: '', appKey: '', userId: '', accessModel: 'authorizer' }
const NOTHING = Buffer.alloc(0)
const DROPS_NOTHING: ReadonlySet<string> = new Set()

/** @param part undefined where the gateway does not know it: nobody passes */
export function compileFrontendAuthorizer(part: AuthorizerPart | undefined, context: AuthorizerContext): Step {
  const ask = compileQuestion(part, context)
  const identitiesOf = part && compileIdentities(part)
  if (part === undefined || ask === undefined || identitiesOf === undefined) return misconfigured
  const isOnlyFactor = context.publication.definition.auth_type === 'AUTHORIZER'
  // Without identities all callers would get the answer of the first.
  const answers = part.ttl > 0 && part.identities.length > 0 ? answersOf(part, context) : undefined

  function settle(exchange: Exchange, answer: AuthorizerAnswer | NoAnswer): Reply | undefined {
    if (typeof answer === 'string') return unanswered(exchange, answer, part)
    exchange.frontendContext = answer.context
    if (!answer.isAllowed) return refuse(exchange, 'APIG.0305')
    if (isOnlyFactor) exchange.caller = CALLER
    else exchange.secondFactor = part?.id ?? ''
    return undefined
  }

  return function customAuthorizer(exchange): Outcome {
    const identities = identitiesOf(exchange)
    if (identities === undefined) return refuse(exchange, 'APIG.0305 identities')
    const answer =
      answers === undefined ? ask(exchange) : answers.of([typeKey(context), ...identities], () => ask(exchange))
    return answer instanceof Promise ? answer.then((one) => settle(exchange, one)) : settle(exchange, answer)
  }
}

/** @param part undefined where the gateway does not know it: nobody passes */
export function compileBackendAuthorizer(part: AuthorizerPart | undefined, context: AuthorizerContext): Step {
  const ask = compileQuestion(part, context)
  const identitiesOf = part && compileIdentities(part)
  if (part === undefined || ask === undefined || identitiesOf === undefined) return misconfigured
  const answers = part.ttl > 0 ? answersOf(part, context) : undefined

  function settle(exchange: Exchange, answer: AuthorizerAnswer | NoAnswer): Reply | undefined {
    if (typeof answer === 'string') return unanswered(exchange, answer, part)
    exchange.backendContext = answer.context
    return answer.isAllowed ? undefined : refuse(exchange, 'APIG.0305')
  }

  return function backendAuthorizer(exchange): Outcome {
    const identities = identitiesOf(exchange)
    if (identities === undefined) return refuse(exchange, 'APIG.0305 identities')
    const answer =
      answers === undefined ? ask(exchange) : answers.of([typeKey(context), ...identities], () => ask(exchange))
    return answer instanceof Promise ? answer.then((one) => settle(exchange, one)) : settle(exchange, answer)
  }
}

/** A function that is missing or answers nonsense is not one that is down: it lets nobody pass. */
function unanswered(exchange: Exchange, answer: NoAnswer, part: AuthorizerPart | undefined): Reply | undefined {
  const passes = answer === 'unavailable' && part?.isRelaxed === true
  return passes ? undefined : refuse(exchange, 'APIG.0305 configuration')
}

const misconfigured: Step = (exchange) => refuse(exchange, 'APIG.0305 configuration')

/** What may stand in a context differs by a feature, which may change while answers are kept. */
const typeKey = ({ features }: AuthorizerContext): string => String(features.typedContexts)

function answersOf(part: AuthorizerPart, { answers }: AuthorizerContext): AuthorizerAnswers {
  const known = answers.get(part) ?? new AuthorizerAnswers(part.ttl * 1_000)
  answers.set(part, known)
  return known
}

/** Values of all identities, as the authorizer sees them; `undefined` where one is missing or not as it has to be. */
function compileIdentities({ identities }: AuthorizerPart): ((exchange: Exchange) => string[] | undefined) | undefined {
  const compiled = identities.map(({ name, location, validation }) => {
    const header = name.toLowerCase()
    // Alone first: a pattern that closes a bracket which it has not opened would be another one inside ours.
    const isPattern = validation === undefined || compilePattern(validation) !== undefined
    const matches = validation === undefined || !isPattern ? undefined : compilePattern(`\\A(?:${validation})\\z`)
    const isBroken = validation !== undefined && matches === undefined
    const read = (exchange: Exchange, query: ReadonlyMap<string, string>): string | undefined =>
      location === 'QUERY' ? query.get(name) : asWords(exchange.head.headers(header).join(','))
    return { read, matches, isBroken }
  })
  // Nobody could pass a validation that cannot be done.
  if (compiled.some(({ isBroken }) => isBroken)) return undefined
  const readsQuery = identities.some(({ location }) => location === 'QUERY')
  return (exchange) => {
    const query = readsQuery ? firstValues(exchange.head.query) : NO_QUERY
    const values: string[] = []
    for (const { read, matches } of compiled) {
      const value = read(exchange, query)
      if (value === undefined || value === '' || matches?.(value) === false) return undefined
      values.push(value)
    }
    return values
  }
}

const NO_QUERY: ReadonlyMap<string, string> = new Map()

type Ask = (exchange: Exchange) => Promise<AuthorizerAnswer | NoAnswer>

/** Failures that may be gone the next time. */
const passing: ReadonlySet<FunctionFailure> = new Set(['failed', 'timeout', 'overloaded', 'unreachable'])
/** Those after which it is asked again at once. */
const repeatable: ReadonlySet<FunctionFailure> = new Set(['failed', 'timeout', 'unreachable'])

function compileQuestion(part: AuthorizerPart | undefined, context: AuthorizerContext): Ask | undefined {
  const address = part && functionAddress(part.urn, part.version, part.alias)
  if (part === undefined || address === undefined) return undefined
  const { functions, features } = context
  const { holdback } = answersOf(part, context)
  const { timeout = TIMEOUT, retries = 0 } = part

  async function readBody(exchange: Exchange): Promise<boolean> {
    if (exchange.body !== undefined || exchange.head.contentLength === 0) return true
    return (await exchange.connection.collectBody(exchange, features.bodyLimit)) === 'ok'
  }

  return async function ask(exchange) {
    if (part.needBody && !(await readBody(exchange))) return 'misconfigured'
    const event = eventOf(exchange, part, context)
    const { requestId } = exchange
    const call = { address: address satisfies FunctionAddress, event, requestId, timeout, mostBytes: LARGEST_REPLY }
    let answer = await holdback.ask(() => functions.invoke(call))
    for (let left = retries; left > 0 && typeof answer === 'string' && repeatable.has(answer); left--)
      answer = await holdback.ask(() => functions.invoke(call))
    if (typeof answer === 'string') return passing.has(answer) ? 'unavailable' : 'misconfigured'
    return readAuthorizerReply(answer.text, features.typedContexts) ?? 'misconfigured'
  }
}

function eventOf(exchange: Exchange, part: AuthorizerPart, context: AuthorizerContext): string {
  const { publication, placeholders, features } = context
  const { head, body, pathValues, requestId, stage } = exchange
  return functionEvent({
    headers: eventHeaders(exchange, DROPS_NOTHING),
    query: head.query,
    pathParameters: new Map(placeholders.map((name, index) => [name, pathValues[index] ?? ''])),
    path: eventPath(exchange, features.pathsAsSent),
    method: head.method,
    apiId: publication.apiId,
    stage,
    requestId,
    body: part.needBody ? (body ?? NOTHING) : undefined,
    asText: publication.definition.function_body_as_text === true,
    userData: part.userData,
  })
}
