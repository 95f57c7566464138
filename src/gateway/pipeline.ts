/**
 * What an exchange means, from the head of a request to the record of its reply: the phases of request-lifecycle.md §1
 * in their order (docs/life-of-a-request.md). The engine calls; see handler.ts.
 */
import type { Limiter, Verdict } from '../limits/limiter.js'
import type { RequestLogs } from '../telemetry/request-logs.js'
import { serveTokens } from './auth/token-endpoint.js'
import type { Configuration } from './configuration.js'
import type { Exchange } from './exchange.js'
import type { BackendHead, ExchangeHandler, Failure } from './handler.js'
import type { Reply } from './reply.js'
import { servePublicKey } from './policies/public-key-endpoint.js'
import { debugHeaders } from './responses/debug-headers.js'
import { isOwn, ReplyLines } from './responses/reply-lines.js'
import { refuse, refuseFailure } from './responses/refuse.js'
import type { HostBinding } from './routing/domains.js'
import { matchablePath, pathAfter } from './routing/path.js'
import type { PublishedApi } from './routing/published-api.js'
import { redirectToHttps } from './routing/redirect.js'
import { Match } from './routing/tree.js'
import { endReplyTap, endRequestTap, tapHead } from './taps.js'
import type { Outcome, Step } from './step.js'

/** Reserved on every host (routing.md §5). */
const HEALTH_CHECK = '/apic/health_check'
const HEALTHY: Reply = { status: 200, headers: 'Content-Type: application/json\r\n', body: '{"status":"ok"}' }

export class Pipeline implements ExchangeHandler {
  readonly #match = new Match()

  constructor(
    private readonly configuration: Configuration,
    private readonly limiter: Limiter,
    private readonly logs?: RequestLogs,
  ) {}

  begin(exchange: Exchange): Outcome {
    const { head } = exchange
    // 5: built-in endpoints.
    if (head.path === HEALTH_CHECK && head.method === 'GET') return HEALTHY
    const issuers = this.configuration.tokenIssuers(head.path)
    if (issuers !== undefined) return serveTokens(exchange, issuers)
    if (this.configuration.revision === -1) return refuse(exchange, 'APIG.0606')
    // 6: host to group; or, where there is no domain, the app that calls to its API.
    const found = this.configuration.routesByApp ? this.#apiOfApp(exchange) : undefined
    const binding = found?.binding ?? this.configuration.hostBinding(head.host, exchange.listenerPort, exchange.secure)
    if (binding === undefined) return refuse(exchange, 'APIG.0101')
    const { group } = binding
    exchange.groupId = group.id
    exchange.instanceId = group.instance.id
    exchange.customFields = group.instance.callers.customFields
    exchange.logStream = group.instance.callers.logStream
    exchange.bodyTimeout = group.instance.features.bodyTimeout ?? exchange.bodyTimeout
    group.instance.findSource?.(exchange)
    // 5, of the instance whose host it is: names of keys are those of one instance.
    const { publicKeyPrefix } = group.instance.callers
    const key = publicKeyPrefix && servePublicKey(exchange, publicKeyPrefix, group.instance.publicKeys)
    if (key) return key
    exchange.stage = head.header('x-stage') ?? exchange.stage
    if (exchange.secure || group.verifyingDomains !== undefined) {
      const refusal = this.#judgeTls(exchange, binding)
      if (refusal !== undefined) return refusal
    }
    // What went wrong before this point, a group does not answer in its own words (responses.md §2.2).
    exchange.responses = group.responses
    if (found !== undefined) return this.#enter(exchange, found.api, binding)
    // 8: day limit of debugging domains.
    if (!binding.debugging || group.debugDomain === undefined) return this.#route(exchange, binding)
    const verdict = this.limiter.take(group.debugDomain)
    return verdict instanceof Promise
      ? verdict.then((answer) => this.#afterDayLimit(exchange, binding, answer))
      : this.#afterDayLimit(exchange, binding, verdict)
  }

  /**
   * 7: rules of the domain. They are those of the Host, whatever server the client has named when it connected: a
   * certificate that was verified with the roots of another domain counts for nothing. A call to an address is no way
   * around them: where all domains of the group verify their callers, it needs what one of them would accept. Groups have
   * no words of their own for these refusals (responses.md §2.2).
   */
  #judgeTls(exchange: Exchange, binding: HostBinding): Reply | undefined {
    const { tls } = exchange.connection
    const { domain, debugging, group } = binding
    if (tls?.version === 'TLSv1.1' && domain?.minTls !== 'TLSv1.1') return refuse(exchange, 'APIG.0204', tls.version)
    const isAddress = domain === undefined && !debugging
    const verifying = isAddress ? group.verifyingDomains : domain?.verifyClient === true ? [domain] : undefined
    if (verifying === undefined) return undefined
    // Over HTTP a domain asks for nothing, where it has a port for it.
    if (!exchange.secure && (!isAddress || verifying.some(({ httpPort }) => httpPort !== NO_PORT))) return undefined
    const isVerified = verifying.some((one) => {
      const roots = this.configuration.trustedRoots({ group, debugging: false, domain: one })
      return roots !== undefined && tls?.verifiedBy === roots
    })
    return isVerified ? undefined : refuse(exchange, 'APIG.0205')
  }

  #afterDayLimit(exchange: Exchange, binding: HostBinding, verdict: Verdict): Outcome {
    return verdict.admitted ? this.#route(exchange, binding) : refuse(exchange, 'APIG.0308')
  }

  #apiOfApp(exchange: Exchange): ReturnType<Configuration['apiOfApp']> {
    const { head, listenerPort: port, secure } = exchange
    const appKey = head.header('x-hw-id')
    const path = appKey && matchablePath(head.path)
    if (!path) return undefined
    const stage = head.header('x-stage') ?? exchange.stage
    const { host, method, path: pathAsSent } = head
    const call = { host, port, secure, appKey, stage, path, pathAsSent, method }
    return this.configuration.apiOfApp(call, this.#match)
  }

  /** 9: environment, path, method. */
  #route(exchange: Exchange, binding: HostBinding): Outcome {
    const { head } = exchange
    const match = this.#match
    const decoded = matchablePath(head.path)
    if (decoded === undefined) return refuse(exchange, 'APIG.0201')
    const { group } = binding
    const published = group.published(exchange.stage)
    if (published === undefined) return refuse(exchange, 'APIG.0101')
    const api = published.find(group.pathsAsSent ? head.path : decoded, head.method, match)
    if (api === undefined) return refuse(exchange, match.pathMatched ? 'APIG.0101 method' : 'APIG.0101')
    return this.#enter(exchange, api, binding)
  }

  /** 10: redirect; then the steps of the route. The last look-up has found the API. */
  #enter(exchange: Exchange, api: PublishedApi, { group, domain }: HostBinding): Outcome {
    const { head } = exchange
    const match = this.#match
    exchange.pathValues = match.values
    if (api.prefix) exchange.pathRest = pathAfter(head.path, match.segments, group.pathsAsSent)
    const { route } = api
    exchange.route = route
    if (domain !== undefined && domain.redirectToHttps && !exchange.secure) {
      const redirect = redirectToHttps(exchange, domain, route, group.instance.features, this.configuration.httpsPort)
      if (redirect !== undefined) return redirect
    }
    return run(route.steps, exchange)
  }

  failed(exchange: Exchange, failure: Failure): Reply {
    // 35: statistics of the breaker.
    for (const observer of exchange.route?.observers ?? NOBODY) observer.failed?.(exchange, failure)
    return refuseFailure(exchange, failure)
  }

  replying(exchange: Exchange, reply: Reply | BackendHead): void {
    const { route, replyTap } = exchange
    if (route !== undefined) {
      // 35: statistics of the breaker.
      if (!isOwn(reply)) for (const observer of route.observers) observer.answered?.(exchange)
      // 36: what is kept of a reply is what it was before anyone changes it.
      if (replyTap !== undefined) tapHead(replyTap, exchange, reply)
      // 37: headers.
      if (route.replySteps.length > 0) {
        const lines = new ReplyLines(exchange, reply)
        for (const step of route.replySteps) step(lines, exchange)
      }
    }
    if (exchange.head.header('x-apig-mode') === 'debug') exchange.replyHeaders += debugHeaders(exchange)
  }

  done(exchange: Exchange): void {
    const { route } = exchange
    if (route !== undefined) {
      if (exchange.requestTap !== undefined) endRequestTap(exchange, false)
      if (exchange.replyTap !== undefined) endReplyTap(exchange, false)
      // 39: the record.
      for (const observer of route.observers) observer.done?.(exchange)
      route.statistics.record(exchange)
    } else this.configuration.recordUnmatched(exchange)
    this.logs?.record(exchange, exchange.logStream)
  }
}

/** Of a domain that is not reached by this protocol. */
const NO_PORT = -1

const NOBODY: readonly never[] = []

function run(steps: readonly Step[], exchange: Exchange): Outcome {
  let next = 0
  for (const step of steps) {
    next++
    const outcome = step(exchange)
    if (outcome === undefined) continue
    return outcome instanceof Promise ? resume(outcome, steps.slice(next), exchange) : outcome
  }
  return undefined
}

async function resume(
  waiting: Promise<Reply | undefined>,
  rest: readonly Step[],
  exchange: Exchange,
): Promise<Reply | undefined> {
  return (await waiting) ?? run(rest, exchange)
}
