/**
 * Plug-in `jwt_auth` (authentication.md §7): a request brings a token that one of the provider's keys has signed, which
 * counts now, and whose claims are not on a list. Refusal: 401 APIG.0319, JWT_AUTH_FAILURE.
 */
import type { PluginContent } from '../../snapshot/plugin-contents/index.js'
import type { Keys, KeysVerdict } from '../auth/keys.js'
import type { KeyRing } from '../auth/key-ring.js'
import type { Claims, VerifiedToken } from '../auth/key-set.js'
import { compileTokenPlace, type TokenPlace } from '../auth/token-place.js'
import { PluginDefect } from '../bound-plugins.js'
import { amend, headerLine, type Amendment } from '../backends/amendment.js'
import { isHostValue, isWritableHeader } from '../backends/header-lines.js'
import type { Caller, Exchange } from '../exchange.js'
import { member } from '../features.js'
import { serviceAddress } from '../outbound/address.js'
import { utf8Bytes } from '../percent-encoding.js'
import type { Reply } from '../reply.js'
import { refuse } from '../responses/refuse.js'
import type { Step } from '../step.js'

type Content = PluginContent<'jwt_auth'>

export interface JwtContext {
  readonly keys: KeyRing
  /** Roots that the instance brings, in PEM. */
  readonly trust: readonly string[]
}

const DEFAULT_TIMEOUT = 5_000
const DEFAULT_TTL = 7_200

/** Who is known by a token alone. */
const CALLER: Caller = { appId: '', appName: '', appKey: '', userId: '', accessModel: 'jwt_auth' }

/** @throws {PluginDefect} */
export function compileJwtAuth(content: Content, { keys: ring, trust }: JwtContext): Step {
  const place = placeOf(content)
  const keys = keysOf(content, ring, trust)
  const skipsMissing = content.missing_token_skip_auth_enabled === true
  const judge = compileClaims(content)
  const amendment = compileTold(content, place)

  function settle(exchange: Exchange, verdict: KeysVerdict): Reply | undefined {
    if (typeof verdict === 'string') return refuse(exchange, 'APIG.0319', details[verdict])
    const fault = judge(verdict, Date.now())
    if (fault !== undefined) return refuse(exchange, 'APIG.0319', fault)
    exchange.caller ??= CALLER
    amend(exchange, amendment(verdict))
    return undefined
  }

  return function jwtAuth(exchange) {
    const token = place.read(exchange.head)
    if (token === undefined) {
      if (!skipsMissing) return refuse(exchange, 'APIG.0319', 'the token is missing')
      amend(exchange, amendment(undefined))
      return undefined
    }
    if (token === 'ambiguous') return refuse(exchange, 'APIG.0319', 'there is more than one token')
    const verdict = keys.verify(token.text)
    return verdict instanceof Promise ? verdict.then((one) => settle(exchange, one)) : settle(exchange, verdict)
  }
}

/** Nothing of a token is told: what it holds may be a secret. */
const details = {
  invalid: 'the token is invalid',
  'unknown-key': 'the token is signed with an unknown key',
  unavailable: 'the keys are not available',
} as const satisfies Record<Exclude<KeysVerdict, VerifiedToken>, string>

function placeOf({ token_location: location, token_name: name, token_prefix: prefix }: Content): TokenPlace {
  switch (location) {
    case 'query':
      return compileTokenPlace({ location, name: name || 'access_token' })
    case 'cookie':
      return compileTokenPlace({ location, name: name ?? '' })
    case 'header':
    case null:
    case undefined:
      return compileTokenPlace({ location: 'header', name: name || 'Authorization', prefix: prefix ?? 'Bearer' })
  }
}

function keysOf({ jwks_service: service, jwks }: Content, ring: KeyRing, trust: readonly string[]): Keys {
  if (!service?.uri) {
    const keys = ring.fixed(jwks ?? '')
    if (keys === undefined) throw new PluginDefect('there are no keys to verify with')
    return keys
  }
  const address = serviceAddress(service.uri)
  if (address === undefined) throw new PluginDefect('the keys are at no address')
  const { custom_host: host, timeout, ttl } = service
  return ring.fetched({
    address,
    host: host && isHostValue(host) ? host : address.authority,
    timeout: timeout ?? DEFAULT_TIMEOUT,
    ttl: (ttl ?? DEFAULT_TTL) * 1000,
    trust,
    remembers: true,
  })
}

/** Judges a token that is signed well: what speaks against it, or `undefined`. */
function compileClaims(content: Content): (token: VerifiedToken, now: number) => string | undefined {
  const tolerance = Number(content.token_expiration_tolerance ?? 0)
  const ignoresExpiry = content.ignore_expiration_validation_enabled === true
  const blacklist = content.blacklist ?? []
  return ({ claims, expiresAt, notBefore }, now) => {
    const seconds = now / 1000
    if (!ignoresExpiry && expiresAt !== undefined && seconds >= expiresAt + tolerance) return 'the token is expired'
    if (notBefore !== undefined && seconds < notBefore) return 'the token does not count yet'
    const listed = blacklist.some(({ claim, value }) => value != null && claimText(claims, claim) === value)
    return listed ? 'the token is on the blacklist' : undefined
  }
}

/** What the backend is told. A header that speaks of the token is never the caller's own. */
function compileTold(content: Content, place: TokenPlace): (token: VerifiedToken | undefined) => Amendment {
  const told = (content.claims_to_headers ?? []).filter(({ header }) => isWritableHeader(header))
  const payloadHeader = payloadHeaderOf(content.carry_payload)
  const replaced = told.filter(({ is_override }) => is_override !== false).map(({ header }) => header)
  const spent = content.token_pass_through_enabled === true ? {} : place.spent
  const drop = new Set(
    [...replaced, ...(payloadHeader === undefined ? [] : [payloadHeader]), ...(spent.headers ?? [])].map((name) =>
      name.toLowerCase(),
    ),
  )
  const { query, dropsCookie } = spent
  return (token) => {
    let add = ''
    if (token !== undefined) {
      for (const { claim, header } of told) {
        const text = claimText(token.claims, claim)
        if (text !== undefined) add += headerLine(header, utf8Bytes(text))
      }
      if (payloadHeader !== undefined) add += headerLine(payloadHeader, token.payload)
    }
    return { drop, add, query, dropsCookie }
  }
}

/** `{enabled, header}` */
function payloadHeaderOf(carried: unknown): string | undefined {
  const header = member(carried, 'header')
  return member(carried, 'enabled') === true && typeof header === 'string' && isWritableHeader(header)
    ? header
    : undefined
}

/** Texts as they are, anything else as JSON; `undefined` for a claim that is not there. */
function claimText(claims: Claims, name: string): string | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined
  return typeof value === 'string' || value === undefined ? value : JSON.stringify(value)
}
