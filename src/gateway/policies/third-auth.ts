/**
 * Plug-in `third_auth` (authentication.md §6): a service of the user's own decides. Refusals: 401 APIG.0312 by its word,
 * 401 APIG.0313 without the identities that it is asked with, 403 APIG.0314 after too many failures, 500 APIG.0615 to
 * 0617 when it cannot be asked or understood.
 */
import type { PluginContent } from '../../snapshot/plugin-contents/index.js'
import { compileAuthorizerRequest } from '../auth/authorizer-request.js'
import { DEPTH_HEADER, depthOf, MOST_NESTED } from '../backends/forward-depth.js'
import type { BlockedSources } from '../auth/blocked-sources.js'
import { amend, headerLine, type Amendment } from '../backends/amendment.js'
import { Selection } from '../backends/channel.js'
import type { Channels } from '../backends/channels.js'
import { isHostValue, isWritableHeader } from '../backends/header-lines.js'
import { hostHeader, parseAddress } from '../backends/origins.js'
import type { Caller, Exchange, Load } from '../exchange.js'
import type { Outbound, OutboundFailure, OutboundReply } from '../outbound/outbound.js'
import type { Reply } from '../reply.js'
import { refuse } from '../responses/refuse.js'
import type { Step } from '../step.js'

type Content = PluginContent<'third_auth'>

export interface ThirdAuthContext {
  readonly outbound: Outbound
  readonly channels: Channels
  readonly blocked: BlockedSources
  /** Bytes of a request's body, by the instance. */
  readonly bodyLimit: number
  /** Feature `api_uri_no_escape`. */
  readonly pathsAsSent: boolean
  /** Whether any of the plug-in's rules matches a request. */
  readonly matchesRule: (exchange: Exchange) => boolean
}

const DEFAULT_TIMEOUT = 5_000
/** Bytes of an answer. */
const LARGEST_ANSWER = 1024 * 1024

const CALLER: Caller = { appId: '', appName: '', appKey: '', userId: '', accessModel: 'third_auth' }

/** Whom a request asks. */
interface Asked {
  readonly host: string
  readonly port: number
  /** Value of the Host header. */
  readonly authority: string
  readonly load?: Load
}

export function compileThirdAuth(content: Content, context: ThirdAuthContext): Step {
  const { outbound, blocked, bodyLimit, matchesRule } = context
  const { auth_request: called, custom_forbid_limit: forbidLimit } = content
  const makeRequest = compileAuthorizerRequest(content, context.pathsAsSent)
  const choose = compileChoice(content, context)
  const succeeds = compileSuccess(content)
  const told = compileTold(content)
  const skips = compileSkipping(content, matchesRule)
  const isRelaxed = content.auth_downgrade_enabled === true
  const carriesBody = content.carry_body?.enabled === true
  const largestBody = Math.min(content.carry_body?.max_body_size ?? bodyLimit, bodyLimit)
  const tls = called.protocol === 'HTTPS'
  const needsBody = called.method === 'POST' || called.method === 'PUT'

  function pass(exchange: Exchange, reply?: OutboundReply): Reply | undefined {
    amend(exchange, told(reply))
    return undefined
  }

  function settle(exchange: Exchange, answer: OutboundReply | OutboundFailure): Reply | undefined {
    if (answer === 'forbidden') return refuse(exchange, 'APIG.0616')
    if (answer === 'unreadable') return refuse(exchange, 'APIG.0617')
    if (typeof answer === 'string') return isRelaxed ? pass(exchange) : refuse(exchange, 'APIG.0616')
    if (succeeds(answer)) {
      exchange.caller ??= CALLER
      return pass(exchange, answer)
    }
    if (answer.status >= 500 && isRelaxed) return pass(exchange)
    // A service that is broken says nothing about who calls.
    if (forbidLimit != null && answer.status < 500) blocked.noteFailure(exchange.sourceAddress, forbidLimit)
    const refusal = refuse(exchange, 'APIG.0312')
    return content.return_resp_body_enabled === true ? inItsWords(answer, refusal) : refusal
  }

  async function ask(exchange: Exchange): Promise<Reply | undefined> {
    const request = makeRequest(exchange)
    if (request === undefined) return refuse(exchange, 'APIG.0313')
    if (carriesBody && exchange.head.contentLength !== 0) {
      const collected = await exchange.connection.collectBody(exchange, largestBody)
      if (collected === 'too-large') return refuse(exchange, 'APIG.0201 413')
      if (collected === 'timeout') return refuse(exchange, 'APIG.0201 408')
    }
    const asked = choose(exchange)
    if (asked === 'nobody') return isRelaxed ? pass(exchange) : refuse(exchange, 'APIG.0615')
    if (asked === undefined) return refuse(exchange, 'APIG.0615')
    const { host, port, authority, load } = asked
    const body = (carriesBody ? exchange.body : undefined) ?? (needsBody ? NOTHING : undefined)
    if (load !== undefined) load.active++
    const answer = await outbound.call({
      tls,
      host,
      port,
      method: called.method,
      target: request.target,
      headers: ['Host', authority, ...request.headers],
      body,
      timeout: called.timeout ?? DEFAULT_TIMEOUT,
      mostBytes: LARGEST_ANSWER,
      // As calls of backends: those of a user's own sign their certificates themselves, as a rule.
      trust: 'unverified',
    })
    if (load !== undefined) load.active--
    return settle(exchange, answer)
  }

  return function thirdAuth(exchange) {
    if (skips(exchange)) return pass(exchange)
    if (forbidLimit != null && blocked.has(exchange.sourceAddress)) return refuse(exchange, 'APIG.0314')
    if (depthOf(exchange.head.header(DEPTH_HEADER)) >= MOST_NESTED) return refuse(exchange, 'APIG.0612')
    return ask(exchange)
  }
}

const NOTHING = Buffer.alloc(0)

/** `nobody`: there is a channel, and none of its members can be called; `undefined`: there is none. */
type Choice = (exchange: Exchange) => Asked | 'nobody' | undefined

function compileChoice({ auth_request: called }: Content, { channels }: ThirdAuthContext): Choice {
  const { vpc_channel_enabled: enabled, vpc_channel_info: info, url_domain: domain } = called
  const defaultPort = called.protocol === 'HTTPS' ? 443 : 80
  if (enabled !== true && enabled !== 1) {
    const address = parseAddress(domain ?? '', defaultPort)
    const asked = address && { ...address, authority: hostHeader(address, defaultPort) }
    return () => asked
  }
  const selection = new Selection(channels.of(info?.vpc_id ?? ''))
  const proxyHost = info?.vpc_proxy_host
  return ({ sourceAddress, head }) => {
    const member = selection.choose({ source: sourceAddress, path: head.path })
    if (typeof member === 'string') return member === 'APIG.0610' ? 'nobody' : undefined
    const { part, port, load } = member
    const authority = proxyHost && isHostValue(proxyHost) ? proxyHost : head.host || member.host
    return { host: part.host, port, authority, load }
  }
}

function compileSuccess(content: Content): (answer: OutboundReply) => boolean {
  if (content.simple_auth_mode_enabled === true) return ({ status }) => status >= 200 && status < 300
  const name = content.match_auth?.key?.toLowerCase() ?? ''
  const expected = content.match_auth?.value ?? ''
  return ({ rawHeaders }) =>
    rawHeaders.some((one, index) => index % 2 === 0 && one.toLowerCase() === name && rawHeaders[index + 1] === expected)
}

/** Whether a request need not be asked about: the rules are a list of those that need not, or of those that must. */
function compileSkipping(
  { rule_enabled: enabled, rule_type: type }: Content,
  matchesRule: ThirdAuthContext['matchesRule'],
): (exchange: Exchange) => boolean {
  if (enabled !== true) return () => false
  return type === 'deny' ? (exchange) => !matchesRule(exchange) : matchesRule
}

/** Headers of the answer that the backend gets. They are never the caller's own, also where nobody was asked. */
function compileTold(content: Content): (answer: OutboundReply | undefined) => Amendment {
  const carried = [...(content.carry_resp_headers ?? []), ...(content.carry_resp_header ?? [])]
  const drop = new Set(carried.filter(isWritableHeader).map((name) => name.toLowerCase()))
  return (answer) => {
    let add = ''
    if (drop.size > 0) {
      answer?.rawHeaders.forEach((name, index, all) => {
        if (index % 2 === 0 && drop.has(name.toLowerCase())) add += headerLine(name, all[index + 1] ?? '')
      })
    }
    return { drop, add }
  }
}

const OURS: ReadonlySet<string> = new Set(['date', 'server', 'x-request-id'])

/** The authorizer's answer as that of the gateway; the record tells of the refusal. */
function inItsWords({ status, rawHeaders, body }: OutboundReply, refusal: Reply): Reply {
  let headers = ''
  rawHeaders.forEach((name, index) => {
    if (index % 2 !== 0 || OURS.has(name.toLowerCase()) || !isWritableHeader(name)) return
    headers += headerLine(name, rawHeaders[index + 1] ?? '')
  })
  return { ...refusal, status, headers, body }
}
