/** An OpenID provider: what its discovery document tells, and its token endpoint (OpenID Connect Core and Discovery 1.0). */
import { readJson } from '../../../contract/json-text.js'
import { member } from '../../features.js'
import { serviceAddress, type ServiceAddress } from '../../outbound/address.js'
import { Fetched } from '../../outbound/fetched.js'
import type { Outbound } from '../../outbound/outbound.js'
import type { KeyRing } from '../key-ring.js'
import type { Claims } from '../key-set.js'
import type { Keys } from '../keys.js'

/** Milliseconds. */
const TIMEOUT = 5_000
const DISCOVERY_TTL = 86_400_000
const KEYS_TTL = 7_200_000
/** Bytes of a document. */
const LARGEST = 64 * 1024

export interface ProviderOptions {
  readonly outbound: Outbound
  readonly ring: KeyRing
  readonly discovery: ServiceAddress
  readonly clientId: string
  readonly clientSecret: string
  /** What tokens are verified with; absent: what the provider's `jwks_uri` has. */
  readonly keys: Keys | undefined
  readonly remembers: boolean
  readonly trust: readonly string[]
}

/** What a provider says of itself. */
export interface Metadata {
  readonly issuer: string
  readonly authorization: string
  readonly token: ServiceAddress
  readonly userInfo: ServiceAddress | undefined
  readonly endSession: string | undefined
  readonly keys: Keys
}

export interface Tokens {
  readonly access: string
  readonly refresh: string | undefined
  readonly id: string | undefined
  /** Seconds; `undefined` when the provider does not say. */
  readonly expiresIn: number | undefined
}

export class Provider {
  readonly #metadata: Fetched<Metadata>
  readonly #authorization: string

  constructor(private readonly options: ProviderOptions) {
    const { outbound, discovery, trust, clientId, clientSecret } = options
    this.#metadata = new Fetched({
      fetch: () => outbound.read(discovery, { host: discovery.authority, timeout: TIMEOUT, mostBytes: LARGEST, trust }),
      parse: (text) => this.#read(readJson(text)),
      ttl: DISCOVERY_TTL,
    })
    // RFC 6749 §2.3.1: both are encoded as a form's fields.
    const pair = [clientId, clientSecret].map((text) => new URLSearchParams({ '': text }).toString().slice(1)).join(':')
    this.#authorization = `Basic ${Buffer.from(pair).toString('base64')}`
  }

  /** `undefined` when the discovery document is not to be had, or incomplete. */
  metadata(): Metadata | undefined | Promise<Metadata | undefined> {
    return this.#metadata.current()
  }

  /** @param form `undefined` when there are no tokens for it */
  async tokens({ token }: Metadata, form: Readonly<Record<string, string>>): Promise<Tokens | undefined> {
    const { authority, ...to } = token
    const reply = await this.options.outbound.call({
      ...to,
      method: 'POST',
      headers: [
        ...['Host', authority, 'Accept', 'application/json', 'Authorization', this.#authorization],
        ...['Content-Type', 'application/x-www-form-urlencoded'],
      ],
      body: Buffer.from(new URLSearchParams(form).toString()),
      timeout: TIMEOUT,
      mostBytes: LARGEST,
      trust: this.options.trust,
    })
    if (typeof reply === 'string' || reply.status !== 200) return undefined
    const answer = readJson(reply.body.toString('utf8'))
    const access = text(answer, 'access_token')
    const type = text(answer, 'token_type')
    if (access === undefined || type?.toLowerCase() !== 'bearer') return undefined
    const expiresIn = Number(member(answer, 'expires_in') ?? NaN)
    return {
      access,
      refresh: text(answer, 'refresh_token'),
      id: text(answer, 'id_token'),
      expiresIn: Number.isFinite(expiresIn) && expiresIn > 0 ? expiresIn : undefined,
    }
  }

  /** What the provider tells of a user; `undefined` when it tells nothing. */
  async userInfo({ userInfo }: Metadata, access: string): Promise<Claims | undefined> {
    if (userInfo === undefined || !/^[\x21-\x7e]+$/.test(access)) return undefined
    const { authority, ...to } = userInfo
    const reply = await this.options.outbound.call({
      ...to,
      method: 'GET',
      headers: ['Host', authority, 'Accept', 'application/json', 'Authorization', `Bearer ${access}`],
      timeout: TIMEOUT,
      mostBytes: LARGEST,
      trust: this.options.trust,
    })
    if (typeof reply === 'string' || reply.status !== 200) return undefined
    const claims = readJson(reply.body.toString('utf8'))
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? (claims as Claims) : undefined
  }

  #read(document: unknown): Metadata | undefined {
    const issuer = text(document, 'issuer')
    const authorization = text(document, 'authorization_endpoint')
    const token = address(document, 'token_endpoint')
    const { options } = this
    const jwks = options.keys === undefined ? address(document, 'jwks_uri') : undefined
    const keys =
      options.keys ??
      (jwks &&
        options.ring.fetched({
          address: jwks,
          host: jwks.authority,
          timeout: TIMEOUT,
          ttl: KEYS_TTL,
          trust: options.trust,
          remembers: options.remembers,
        }))
    if (issuer === undefined || !isWebAddress(authorization) || token === undefined || keys === undefined)
      return undefined
    const endSession = text(document, 'end_session_endpoint')
    return {
      issuer,
      authorization,
      token,
      userInfo: address(document, 'userinfo_endpoint'),
      endSession: isWebAddress(endSession) ? endSession : undefined,
      keys,
    }
  }
}

function text(document: unknown, name: string): string | undefined {
  const value = member(document, name)
  return typeof value === 'string' && value !== '' ? value : undefined
}

function address(document: unknown, name: string): ServiceAddress | undefined {
  const value = text(document, name)
  return isWebAddress(value) ? serviceAddress(value) : undefined
}

function isWebAddress(value: string | undefined): value is string {
  return value !== undefined && /^https?:\/\/[\x21-\x7e]+$/i.test(value) && URL.canParse(value)
}
