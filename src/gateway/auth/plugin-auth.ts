/** Authentication by plug-ins: phase 19 of request-lifecycle.md §1. */
import type { PublicationPart } from '../../snapshot/parts.js'
import type { PluginContent } from '../../snapshot/plugin-contents/index.js'
import type { ServerIdentity } from '../backends/system-parameters.js'
import { boundPlugins, type BoundPlugins } from '../bound-plugins.js'
import type { Channels } from '../backends/channels.js'
import type { Exchange } from '../exchange.js'
import type { Features } from '../features.js'
import { compileJwtAuth } from '../policies/jwt-auth.js'
import { compileOidcAuth, compileOidcLogout, compileOidcRedirect } from '../policies/oidc-auth.js'
import { compileThirdAuth } from '../policies/third-auth.js'
import { compileRule, ruleVariables, type RuleMatch, type RuleSurroundings } from '../rule-expression.js'
import type { Step } from '../step.js'
import type { OidcRoles } from './oidc/named-apis.js'
import type { RelyingParty } from './oidc/relying-party.js'
import type { PluginServices } from './plugin-services.js'

/** What a route's place in the configuration adds: APIs that plug-ins name, and ports that addresses need. */
export interface LoginPlaces {
  /** The parts that plug-ins give the API itself. */
  readonly roles: OidcRoles
  /** Another API, as it is published in the same environment. */
  readonly publication: (apiId: string) => PublicationPart | undefined
  /** On which the gateway listens for HTTPS. */
  readonly httpsPort: () => number
}

export interface PluginAuthContext {
  readonly publication: PublicationPart
  readonly stage: string
  readonly server: ServerIdentity
  readonly services: PluginServices
  readonly channels: Channels
  readonly features: Features
  readonly logins: LoginPlaces
}

export interface PluginAuth {
  /** In their order. */
  readonly steps: readonly Step[]
  /** Names of headers and query parameters, in lower case, whose values no log tells. */
  readonly secrets?: ReadonlySet<string>
}

/** What the provider tells by way of the browser. */
const LOGIN_SECRETS: ReadonlySet<string> = new Set(['code', 'state', 'id_token'])

/** @throws {PluginDefect} */
export function compilePluginAuth(plugins: BoundPlugins, context: PluginAuthContext): PluginAuth {
  const { publication, stage, server, services, channels, features, logins } = context
  const { jwt_auth: jwt, oidc_auth: oidc, third_auth: third } = plugins
  const { bodyLimit, pathsAsSent, backendIdentity } = features
  const trust = backendIdentity?.ca === undefined ? [] : [backendIdentity.ca]
  const partiesOf = (parts: OidcRoles['redirect']): RelyingParty[] =>
    parts
      .map((part) => boundPlugins([part]).oidc_auth)
      .filter((one) => one !== undefined)
      .map((one) => services.relyingParty(one, trust))
  const { redirect, logout } = logins.roles
  if (redirect.length > 0) return { steps: [compileOidcRedirect(partiesOf(redirect))], secrets: LOGIN_SECRETS }
  if (logout.length > 0) return { steps: [compileOidcLogout(partiesOf(logout))] }

  const { definition } = publication
  // A preflight carries no credentials.
  if (definition.req_method === 'OPTIONS' && definition.cors) return { steps: [] }
  const steps: Step[] = []
  if (jwt !== undefined) steps.push(compileJwtAuth(jwt.content, { keys: services.keys, trust }))
  if (oidc !== undefined) {
    const address = redirectAddress(oidc.content.redirect_api_id, logins)
    steps.push(compileOidcAuth(services.relyingParty(oidc, trust), address))
  }
  if (third !== undefined) {
    const blocked = services.blockedBy(third.id)
    const { outbound } = services
    steps.push(
      compileThirdAuth(third.content, {
        outbound,
        channels,
        blocked,
        bodyLimit,
        pathsAsSent,
        matchesRule: anyRule(third.content, { publication, stage, server, pathsAsSent }),
      }),
    )
  }
  const tokenName = jwt?.content.token_name
  return { steps, ...(tokenName && { secrets: new Set([tokenName.toLowerCase()]) }) }
}

/** @throws {PluginDefect} */
function anyRule({ parameters, rules }: PluginContent<'third_auth'>, surroundings: RuleSurroundings): RuleMatch {
  const variable = ruleVariables(parameters ?? [], surroundings)
  const matches = (rules ?? []).map(({ match_regex: text }) => compileRule(text, variable))
  return (exchange) => matches.some((one) => one(exchange))
}

/** Where the provider sends a browser back to: the redirect API, at the name by which the gateway was called. */
function redirectAddress(
  apiId: string,
  { publication, httpsPort }: LoginPlaces,
): (exchange: Exchange) => string | undefined {
  return ({ head, secure }) => {
    const definition = publication(apiId)?.definition
    if (definition === undefined) return undefined
    const toHttps = !secure && (definition.req_protocol === 'HTTPS' || definition.req_protocol === 'GRPCS')
    const [, name = head.host, port] = /^(.*?)(?::(\d+))?$/.exec(head.host) ?? []
    // A caller who names a port has reached the gateway itself; one who doesn't may be behind something that maps ports.
    const authority = !toHttps ? head.host : port === undefined || port === '80' ? name : `${name}:${httpsPort()}`
    return `${secure || toHttps ? 'https' : 'http'}://${authority}${definition.req_uri}`
  }
}
