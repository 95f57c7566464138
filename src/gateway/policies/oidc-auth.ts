/**
 * Plug-in `oidc_auth` (authentication.md §8). A request passes with an access token of the provider or with the session
 * of its browser; a browser without one is sent to the provider. Refusals: 401 OIDC_AUTH_TOKEN_VERIFY_FAIL, 500
 * OIDC_AUTH_GET_DISCOVERY_ERROR and OIDC_AUTH_CODE_FLOW_FAIL, all APIG.0316.
 */
import type { Metadata } from '../auth/oidc/provider.js'
import type { RelyingParty, Session } from '../auth/oidc/relying-party.js'
import { amend, headerLine } from '../backends/amendment.js'
import type { Caller, Exchange } from '../exchange.js'
import { utf8Bytes } from '../percent-encoding.js'
import type { Reply } from '../reply.js'
import { refuse } from '../responses/refuse.js'
import type { Outcome, Step } from '../step.js'

const CALLER: Caller = { appId: '', appName: '', appKey: '', userId: '', accessModel: 'oidc_auth' }
/** What the backend is told of the user; never the caller's own. */
const TOLD: ReadonlySet<string> = new Set(['x-access-token', 'x-id-token', 'x-userinfo'])

/** @param redirectAddress where the provider sends browsers back to; `undefined` while there is no such API */
export function compileOidcAuth(
  party: RelyingParty,
  redirectAddress: (exchange: Exchange) => string | undefined,
): Step {
  function pass(exchange: Exchange, { access, id, user }: Omit<Session, 'expiresAt'>): Reply | undefined {
    exchange.caller ??= CALLER
    const add =
      headerLine('X-Access-Token', utf8Bytes(access)) +
      (id === undefined ? '' : headerLine('X-ID-Token', encoded(id))) +
      (user === undefined ? '' : headerLine('X-Userinfo', encoded(user)))
    amend(exchange, { drop: TOLD, add, dropsCookie: party.cookies.isOurs })
    return undefined
  }

  async function byToken(exchange: Exchange, metadata: Metadata, token: string): Promise<Reply | undefined> {
    const claims = await party.byToken(metadata, token)
    if (claims === undefined) return refuse(exchange, 'APIG.0316', 'the token does not count')
    return pass(exchange, { access: token, user: claims })
  }

  async function bySession(exchange: Exchange, metadata: Metadata): Promise<Reply | undefined> {
    const former = party.session(exchange)
    const session = former && (await party.renewed(metadata, former))
    const cookies = session && party.cookies.keepSession(exchange, party.sealed(session))
    if (session === undefined || cookies === undefined) return logIn(exchange, metadata)
    exchange.replyHeaders += cookies
    return pass(exchange, session)
  }

  function logIn(exchange: Exchange, metadata: Metadata): Reply {
    const { method } = exchange.head
    // Browsers come back with GET, and without the body: only what can be asked again is worth the way.
    if (method !== 'GET' && method !== 'HEAD') return refuse(exchange, 'APIG.0316', 'there is no token')
    const redirect = redirectAddress(exchange)
    if (redirect === undefined) return refuse(exchange, 'APIG.0316 flow', 'the redirect API is not published')
    const { to, headers } = party.begin(exchange, metadata, redirect)
    return movedTo(to, party.cookies.forgetSession(exchange) + headers)
  }

  return function oidcAuth(exchange) {
    const token = bearerOf(exchange)
    if (token === undefined) {
      const session = party.session(exchange)
      if (session !== undefined && session.expiresAt > Date.now()) return pass(exchange, session)
    }
    return withMetadata(exchange, party, (metadata) =>
      token === undefined ? bySession(exchange, metadata) : byToken(exchange, metadata, token),
    )
  }
}

/** The API that the provider sends browsers back to. @param parties whose logins may end there */
export function compileOidcRedirect(parties: readonly RelyingParty[]): Step {
  async function finish(exchange: Exchange, party: RelyingParty, metadata: Metadata): Promise<Reply> {
    const login = party.loginOf(exchange)
    const session = login && (await party.finish(exchange, metadata, login))
    const cookies = session && party.cookies.keepSession(exchange, party.sealed(session))
    if (login === undefined || cookies === undefined) return refuse(exchange, 'APIG.0316 flow', 'the login has failed')
    return movedTo(login.to, cookies)
  }

  return function oidcRedirect(exchange) {
    const party = parties.find((one) => one.loginOf(exchange) !== undefined)
    if (party === undefined) return refuse(exchange, 'APIG.0316 flow', 'there is no such login')
    return withMetadata(exchange, party, (metadata) => finish(exchange, party, metadata))
  }
}

/** The API that ends sessions. Where the provider cannot be asked, what is here ends all the same. */
export function compileOidcLogout(parties: readonly RelyingParty[]): Step {
  return async function oidcLogout(exchange) {
    let headers = ''
    let to: string | undefined
    for (const party of parties) {
      headers += party.cookies.forgetSession(exchange)
      to ??= party.logoutAddress((await party.metadata()) ?? {})
    }
    return to === undefined ? { status: 200, headers: NO_STORE + headers, body: '' } : movedTo(to, headers)
  }
}

function withMetadata(exchange: Exchange, party: RelyingParty, then: (metadata: Metadata) => Outcome): Outcome {
  const answer = (metadata: Metadata | undefined): Outcome =>
    metadata === undefined ? refuse(exchange, 'APIG.0316 discovery') : then(metadata)
  const known = party.metadata()
  return known instanceof Promise ? known.then(answer) : answer(known)
}

const NO_STORE = 'Cache-Control: no-store\r\n'

function movedTo(address: string, headers: string): Reply {
  return { status: 302, headers: `${headerLine('Location', utf8Bytes(address))}${NO_STORE}${headers}`, body: '' }
}

/** A token of the request's own; other credentials in `Authorization` are none of this plug-in. */
function bearerOf({ head }: Exchange): string | undefined {
  return /^bearer +(\S.*)$/i.exec(head.header('authorization') ?? '')?.[1]
}

const encoded = (claims: object): string => Buffer.from(JSON.stringify(claims)).toString('base64')
