/**
 * Plug-in `breaker` (policies.md §7): while a backend fails too often it is left alone, and another one, or 503
 * APIG.0202, answers instead of it. Which trigger and which backend, the first rule says that matches the request; what
 * a rule does not say is as without rules.
 */
import type { Backend, HttpBackend } from '../../snapshot/api-definition.js'
import { amend, headerLine, type Amendment } from '../backends/amendment.js'
import { compileBackend } from '../backends/compile-backends.js'
import { isWritableHeader } from '../backends/header-lines.js'
import type { BackendContext, Sender } from '../backends/sender.js'
import type { BoundPlugin } from '../bound-plugins.js'
import type { Circuit, CircuitPolicy, Circuits } from '../circuits.js'
import type { Exchange } from '../exchange.js'
import type { Failure } from '../handler.js'
import { utf8Bytes } from '../percent-encoding.js'
import type { Reply } from '../reply.js'
import { refuse } from '../responses/refuse.js'
import type { RouteObserver } from '../routing/route.js'
import { compileRule, ruleVariables, type RuleMatch } from '../rule-expression.js'
import type { Step } from '../step.js'

export interface Breaker {
  /** 27: answers, or makes the plan, while the circuit is open. */
  readonly step: Step
  /** 35: what became of calls to the backend. */
  readonly observer: RouteObserver
  /** Whether it changes plans by amendments. */
  readonly amends: boolean
}

type Content = BoundPlugin<'breaker'>['content']
type Condition = Content['breaker_condition']
type Downgrade = NonNullable<Content['downgrade_default']>

/** A circuit, and what is an unhealthy call for it. */
export interface Trigger {
  readonly circuit: Circuit
  /** @param status of the backend; 502 or 504 where it did not answer */
  isUnhealthy(exchange: Exchange, status: number, time: number, hasFailed: boolean): boolean
}

/** What answers instead of the backend; `undefined`: the backend itself, changed. */
type Instead = (exchange: Exchange) => Reply | undefined

interface Way {
  readonly matches: RuleMatch
  readonly trigger: Trigger
  readonly instead: Instead
}

/** @throws {PluginDefect} */
export function compileBreaker(
  plugin: BoundPlugin<'breaker'> | undefined,
  context: BackendContext,
  circuits: Circuits,
): Breaker | undefined {
  if (plugin === undefined) return undefined
  const { content } = plugin
  const { publication, stage, server, features } = context
  const subject = content.scope === 'share' ? '' : `${publication.apiId}/${publication.environmentId}`
  const triggerOf = (condition: Condition, name: string): Trigger => ({
    circuit: circuits.of(plugin.id, subject, name, policyOf(condition)),
    isUnhealthy: compileUnhealthy(condition),
  })
  const byDefault = triggerOf(content.breaker_condition, '')
  const insteadByDefault = compileDowngrade(content.downgrade_default ?? undefined, context)
  const surroundings = { publication, stage, server, pathsAsSent: features.pathsAsSent }
  const variable = ruleVariables(content.downgrade_parameters ?? [], surroundings)
  const rules = (content.downgrade_rules ?? []).map(
    ({ match_regex, breaker_condition: condition, downgrade_backend: backend }, index): Way => ({
      matches: compileRule(match_regex, variable),
      trigger: condition ? triggerOf(condition, `rule ${index}`) : byDefault,
      instead: backend ? compileDowngrade(backend, context) : insteadByDefault,
    }),
  )
  const otherwise: Way = { matches: () => true, trigger: byDefault, instead: insteadByDefault }
  const { now } = circuits

  function count(exchange: Exchange, status: number, hasFailed: boolean): void {
    const { trigger } = exchange
    if (trigger === undefined) return
    exchange.trigger = undefined
    const end = hasFailed ? performance.now() : exchange.upstreamHeadAt
    const time = Math.max(0, Math.round(end - exchange.upstreamStartedAt))
    trigger.circuit.record(trigger.isUnhealthy(exchange, status, time, hasFailed), now())
  }

  return {
    step: function breaker(exchange) {
      const { trigger, instead } = rules.find(({ matches }) => matches(exchange)) ?? otherwise
      if (trigger.circuit.isOpen(now())) return instead(exchange)
      exchange.trigger = trigger
      return undefined
    },
    observer: {
      answered: (exchange) => count(exchange, exchange.upstreamStatus, false),
      failed(exchange, failure) {
        const status = FAILED.get(failure)
        if (status !== undefined) count(exchange, status, true)
      },
    },
    amends: [content.downgrade_default, ...(content.downgrade_rules ?? []).map((rule) => rule.downgrade_backend)].some(
      (backend) => backend?.type === 'passthrough',
    ),
  }
}

/** Failures of the backend, with the status that stands for them. What a client does wrong is no call of the backend. */
const FAILED: ReadonlyMap<Failure, number> = new Map([
  ['backend-timeout', 504],
  ['backend-unavailable', 502],
  ['backend-unresolved', 502],
])

function policyOf(condition: Condition): CircuitPolicy {
  const { breaker_mode: mode, unhealthy_threshold: unhealthy, min_call_threshold: calls } = condition
  return {
    // Management has checked that what belongs to the mode is there.
    opens:
      mode === 'counter'
        ? { unhealthy: unhealthy ?? 1 }
        : { calls: calls ?? 1, percentage: condition.unhealthy_percentage ?? 100 },
    window: condition.time_window * 1000,
    openFor: condition.open_breaker_time * 1000,
  }
}

/** @throws {PluginDefect} */
function compileUnhealthy({ breaker_type: type, unhealthy_condition: text }: Condition): Trigger['isUnhealthy'] {
  if (type === 'timeout' || !text) return (_exchange, _status, _time, hasFailed) => hasFailed
  const seen = { status: 0, time: 0 }
  const matches = compileRule(text, (name) => {
    switch (name.replace(/^\$context\./, '')) {
      case 'statusCode':
        return () => String(seen.status)
      case 'backendResponseTime':
        return () => String(seen.time)
      default:
        return () => ''
    }
  })
  return (exchange, status, time) => {
    seen.status = status
    seen.time = time
    return matches(exchange)
  }
}

const open: Instead = (exchange) => refuse(exchange, 'APIG.0202 open')

function compileDowngrade(downgrade: Downgrade | undefined, context: BackendContext): Instead {
  if (downgrade === undefined) return open
  if (downgrade.type === 'passthrough') return compilePassthrough(downgrade)
  // A stream of gRPC can be answered by nobody else.
  if (context.publication.definition.req_protocol === 'GRPCS') return open
  const sender = compileDowngradeBackend(backendOf(downgrade), context)
  return (exchange) => sender.send(exchange, [], [])
}

/** The request goes there as it came: what the API declares and maps is for its own backend. */
function compileDowngradeBackend(backend: Backend, context: BackendContext): Sender {
  const { publication } = context
  const definition = { ...publication.definition, req_params: [], match_mode: 'NORMAL' as const }
  return compileBackend(backend, { ...context, publication: { ...publication, definition } })
}

/** Milliseconds. */
const TIMEOUT = 5_000

function backendOf(downgrade: Exclude<Downgrade, { type: 'passthrough' }>): Backend {
  switch (downgrade.type) {
    case 'mock': {
      const { status_code, result_content, headers } = downgrade.mock_info
      return {
        type: 'MOCK',
        status_code: status_code ?? 200,
        result_content: result_content ?? '',
        headers: (headers ?? []).map(({ key, name, value }) => ({ key: key || name || '', value: value ?? '' })),
        params: [],
      }
    }
    case 'http':
      return { ...httpOf(downgrade.http_info), url_domain: downgrade.http_info.address }
    case 'http-vpc': {
      const { vpc_channel_id, vpc_channel_proxy_host: host } = downgrade.http_vpc_info
      return { ...httpOf(downgrade.http_vpc_info), vpc_channel_id, ...(host && { vpc_channel_proxy_host: host }) }
    }
    case 'function': {
      const { function_urn, version, alias_urn, invocation_type, timeout } = downgrade.func_info
      return {
        type: 'FUNCTION',
        function_urn,
        ...(version && { version }),
        ...(alias_urn && { alias_urn }),
        invocation_type: invocation_type === 'async' ? 'async' : 'sync',
        timeout: timeout ?? TIMEOUT,
        params: [],
      }
    }
  }
}

function httpOf(target: {
  readonly scheme: string
  readonly method: string
  readonly path: string
  readonly timeout?: number | null | undefined
}): HttpBackend {
  return {
    type: 'HTTP',
    req_protocol: target.scheme.toUpperCase() as HttpBackend['req_protocol'],
    req_method: target.method.toUpperCase() as HttpBackend['req_method'],
    req_uri: target.path,
    timeout: target.timeout ?? TIMEOUT,
    retry_count: -1,
    params: [],
  }
}

/** The backend is told that it is called nevertheless. */
function compilePassthrough({ passthrough_infos }: Extract<Downgrade, { type: 'passthrough' }>): Instead {
  const headers = (passthrough_infos ?? []).map(({ key, name, value }) => ({
    name: key || name || '',
    value: typeof value === 'string' || typeof value === 'number' ? utf8Bytes(String(value)) : '',
  }))
  const writable = headers.filter(({ name }) => isWritableHeader(name) && name.toLowerCase() !== 'host')
  const amendment: Amendment = {
    drop: new Set(writable.map(({ name }) => name.toLowerCase())),
    add: writable.map(({ name, value }) => headerLine(name, value)).join(''),
  }
  return (exchange) => {
    amend(exchange, amendment)
    return undefined
  }
}
