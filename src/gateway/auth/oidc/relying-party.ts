/**
 * A client of an OpenID provider (authentication.md §8): who a caller is by a token that it brings or by the session of
 * its browser; the way of a browser to the provider and back (authorization code with PKCE, RFC 7636); and its end. Made
 * once for a plug-in, whatever APIs it is attached to.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { PluginContent } from '../../../snapshot/plugin-contents/index.js'
import { queryPieces } from '../../backends/query.js'
import { PluginDefect } from '../../bound-plugins.js'
import type { Exchange } from '../../exchange.js'
import { member } from '../../features.js'
import { serviceAddress } from '../../outbound/address.js'
import type { Outbound } from '../../outbound/outbound.js'
import { queryDecode } from '../../percent-encoding.js'
import type { KeyRing } from '../key-ring.js'
import type { Claims, VerifiedToken } from '../key-set.js'
import { OidcCookies } from './cookies.js'
import { Provider, type Metadata, type Tokens } from './provider.js'
import { Seal } from './seal.js'

type Content = PluginContent<'oidc_auth'>

export interface RelyingPartyOptions {
  readonly id: string
  readonly content: Content
  readonly outbound: Outbound
  readonly ring: KeyRing
  /** Roots that the instance brings, in PEM. */
  readonly trust: readonly string[]
}

/** Who a caller is. */
export interface Session {
  readonly access: string
  readonly refresh?: string | undefined
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** Claims of the ID token. */
  readonly id?: Claims | undefined
  readonly user?: Claims | undefined
}

/** A login on its way to the provider and back; only what has been sealed here is one. */
interface Login {
  /** Digest of what ties it to its browser. */
  readonly browser: string
  readonly nonce: string
  readonly verifier: string
  readonly redirect: string
  /** Where the browser wanted to go. */
  readonly to: string
  /** Milliseconds since the epoch. */
  readonly until: number
}

/** Bytes of an access token that a request brings. */
const LONGEST_TOKEN = 5 * 1024
/** Milliseconds that a user has to log in. */
const LOGIN_TIME = 600_000
/** Milliseconds for which requests that still bring the former session find the one that has replaced it. */
const RENEWED_FOR = 30_000
const MOST_RENEWED = 1_000
/** Characters of an address that a login leads back to; from a longer one it leads to the root. */
const LONGEST_ADDRESS = 2_048

export class RelyingParty {
  readonly cookies: OidcCookies
  readonly #provider: Provider
  readonly #seal: Seal
  readonly #renewals = new Map<string, Promise<Session | undefined>>()

  /** @throws {PluginDefect} */
  constructor(private readonly options: RelyingPartyOptions) {
    const { id, content, outbound, ring, trust } = options
    const { client_id: clientId, client_secret: clientSecret, public_key: publicKey } = content
    const discovery = serviceAddress(content.discovery)
    const remembers = content.jwt_cache_enabled !== false
    const keys = publicKey ? ring.single(publicKey, remembers) : undefined
    if (discovery === undefined || (publicKey && keys === undefined))
      throw new PluginDefect(`plug-in ${id} has no keys`)
    this.#provider = new Provider({ outbound, ring, discovery, clientId, clientSecret, keys, remembers, trust })
    this.#seal = new Seal(clientSecret, id)
    this.cookies = new OidcCookies(id)
  }

  get content(): Content {
    return this.options.content
  }

  metadata(): Metadata | undefined | Promise<Metadata | undefined> {
    return this.#provider.metadata()
  }

  /** Claims of an access token that a request brings; `undefined` when it does not count. */
  async byToken(metadata: Metadata, token: string): Promise<Claims | undefined> {
    if (token.length > LONGEST_TOKEN) return undefined
    const verdict = await metadata.keys.verify(token)
    return typeof verdict !== 'string' && isCurrent(verdict, metadata) ? verdict.claims : undefined
  }

  /** The session that a request brings, over or not. */
  session(exchange: Exchange): Session | undefined {
    const sealed = this.cookies.session(exchange.head)
    return sealed === undefined ? undefined : readSession(this.#seal.open('session', sealed))
  }

  sealed(session: Session): string {
    return this.#seal.close('session', session)
  }

  /** The session that follows one that is over; `undefined` when the user has to log in again. */
  renewed(metadata: Metadata, session: Session): Promise<Session | undefined> {
    const { refresh } = session
    if (refresh === undefined || this.content.slient_renew_access_token_enabled === false)
      return Promise.resolve(undefined)
    const key = digest(refresh)
    const known = this.#renewals.get(key)
    if (known !== undefined) return known
    const renewal = this.#renew(metadata, session, refresh)
    if (this.#renewals.size >= MOST_RENEWED) return renewal
    this.#renewals.set(key, renewal)
    setTimeout(() => this.#renewals.delete(key), RENEWED_FOR).unref()
    return renewal
  }

  async #renew(metadata: Metadata, former: Session, refresh: string): Promise<Session | undefined> {
    const tokens = await this.#provider.tokens(metadata, { grant_type: 'refresh_token', refresh_token: refresh })
    if (tokens === undefined) return undefined
    return { ...former, ...this.#lifeOf(tokens), access: tokens.access, refresh: tokens.refresh ?? refresh }
  }

  #lifeOf({ expiresIn }: Tokens): Pick<Session, 'expiresAt'> {
    const seconds = expiresIn ?? this.content.access_token_expires_in ?? 3_600
    return { expiresAt: Date.now() + seconds * 1000 }
  }

  /**
   * Where a browser goes to log in, and header lines that tie the login to it.
   *
   * @param redirect where the provider sends it back to
   */
  begin(exchange: Exchange, metadata: Metadata, redirect: string): { readonly to: string; readonly headers: string } {
    const { client_id: clientId, scope } = this.content
    const { head } = exchange
    const known = this.cookies.browser(head)
    const browser = known ?? randomBytes(32).toString('base64url')
    const verifier = randomBytes(32).toString('base64url')
    const origin = `${exchange.secure ? 'https' : 'http'}://${head.host}`
    const login: Login = {
      browser: digest(browser),
      nonce: randomBytes(16).toString('base64url'),
      verifier,
      redirect,
      to: `${origin}${head.target.length <= LONGEST_ADDRESS ? head.target : '/'}`,
      until: Date.now() + LOGIN_TIME,
    }
    const url = new URL(metadata.authorization)
    const parameters = {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirect,
      scope: scope || 'openid email profile',
      state: this.#seal.close('login', login),
      nonce: login.nonce,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    }
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    return { to: url.href, headers: known === undefined ? this.cookies.keepBrowser(exchange, browser) : '' }
  }

  /** The login that a browser comes back from: one that it has begun itself, not too long ago. */
  loginOf(exchange: Exchange): Login | undefined {
    const state = parameterOf(exchange, 'state')
    const login = state === undefined ? undefined : readLogin(this.#seal.open('login', state))
    const browser = this.cookies.browser(exchange.head)
    if (login === undefined || browser === undefined || login.until < Date.now()) return undefined
    return timingSafeEqual(Buffer.from(digest(browser)), Buffer.from(login.browser)) ? login : undefined
  }

  /** The session of a user who has logged in; `undefined` when the provider, or what it says, does not agree. */
  async finish(exchange: Exchange, metadata: Metadata, login: Login): Promise<Session | undefined> {
    const code = parameterOf(exchange, 'code')
    const issuer = parameterOf(exchange, 'iss')
    if (code === undefined || (issuer !== undefined && issuer !== metadata.issuer)) return undefined
    const { redirect, verifier, nonce } = login
    const tokens = await this.#provider.tokens(metadata, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirect,
      code_verifier: verifier,
    })
    if (tokens?.id === undefined) return undefined
    const id = await this.#idToken(metadata, tokens.id, nonce)
    if (id === undefined) return undefined
    const user = await this.#provider.userInfo(metadata, tokens.access)
    return {
      access: tokens.access,
      refresh: tokens.refresh,
      ...this.#lifeOf(tokens),
      id,
      // What is said of another user is none of this session (OpenID Connect Core §5.3.2).
      user: user?.['sub'] === id['sub'] ? user : undefined,
    }
  }

  /** OpenID Connect Core §3.1.3.7. */
  async #idToken(metadata: Metadata, token: string, nonce: string): Promise<Claims | undefined> {
    const verdict = await metadata.keys.verify(token)
    if (typeof verdict === 'string' || verdict.expiresAt === undefined || !isCurrent(verdict, metadata))
      return undefined
    const { claims } = verdict
    const { client_id: clientId } = this.content
    const audiences: readonly unknown[] = Array.isArray(claims['aud']) ? claims['aud'] : [claims['aud']]
    const isForUs = audiences.includes(clientId) && (claims['azp'] === undefined || claims['azp'] === clientId)
    return isForUs && claims['nonce'] === nonce && typeof claims['sub'] === 'string' ? claims : undefined
  }

  /** Where a browser goes that logs out; `undefined`: nowhere. */
  logoutAddress({ endSession }: Metadata | { readonly endSession?: undefined }): string | undefined {
    const { client_id: clientId, redirect_after_logout_uri: after } = this.content
    if (endSession === undefined) return after || undefined
    const url = new URL(endSession)
    url.searchParams.set('client_id', clientId)
    if (after) url.searchParams.set('post_logout_redirect_uri', after)
    return url.href
  }
}

/** Tokens are signed by the algorithms RS256, RS384 and RS512, by the provider itself, and count now. */
function isCurrent({ algorithm, claims, expiresAt = Infinity, notBefore = -Infinity }: VerifiedToken, by: Metadata) {
  const seconds = Date.now() / 1000
  return algorithm.startsWith('RS') && claims['iss'] === by.issuer && seconds < expiresAt && seconds >= notBefore
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** A parameter of the query that is there once. */
function parameterOf({ head }: Exchange, name: string): string | undefined {
  const [piece, second] = queryPieces(head.query).filter((one) => one.name === name)
  return piece === undefined || second !== undefined || piece.value === '' ? undefined : queryDecode(piece.value)
}

/** What was sealed had this shape; a later version may have sealed something else. */
function readSession(value: unknown): Session | undefined {
  const isSession = typeof member(value, 'access') === 'string' && typeof member(value, 'expiresAt') === 'number'
  return isSession ? (value as Session) : undefined
}

function readLogin(value: unknown): Login | undefined {
  const texts = ['browser', 'nonce', 'verifier', 'redirect', 'to']
  const isLogin = texts.every((name) => typeof member(value, name) === 'string')
  return isLogin && typeof member(value, 'until') === 'number' ? (value as Login) : undefined
}
