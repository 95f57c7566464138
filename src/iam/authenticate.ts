/**
 * Who makes a management call: an AK/SK signature, permanent or temporary, or a token (authentication.md §1.3, §2).
 * A signature that is there decides, even beside a valid token.
 */
import type { Vault } from '../config/vault.js'
import { claimsSignature, parseAuthorization } from '../signing/authorization-header.js'
import { isFresh } from '../signing/signing-date.js'
import type { SignedRequest } from '../signing/canonical-request.js'
import { HmacKey } from '../signing/hmac-key.js'
import { bodyHash, managementRules, needsBodyHash, signingDate, verifySignature } from '../signing/verify.js'
import { findAccessKey, findProject, findToken, type AccessKey, type Identity, type Token } from '../store/iam.js'
import type { Store } from '../store/store.js'
import { callerOf, type Caller } from './caller.js'
import { ExpiringCache } from './expiring-cache.js'
import { isTokenOf, tokenHash } from './token-hash.js'

export interface IncomingCall {
  readonly method: string
  /** Path and query as sent. */
  readonly url: string
  /** Names in lower case, values as sent, latin1: `IncomingMessage.headersDistinct`. */
  readonly headers: NodeJS.Dict<string[]>
  /** The body before anything was done to it; empty when there is none. */
  readonly rawBody: Uint8Array
}

export interface AuthenticationFailure {
  readonly ok: false
  /**
   * `missing`: neither token nor signature. `no-project`: a token for the account where one for a project is needed.
   * `other-project`: valid credentials, but not for the project of the path.
   */
  readonly reason: 'missing' | 'invalid' | 'expired' | 'no-project' | 'other-project'
}

export interface AuthenticationSuccess {
  readonly ok: true
  readonly caller: Caller
  /** When a token or temporary key ends, in milliseconds since the epoch; absent for permanent keys. */
  readonly expiresAt?: number
}

export type Authentication = AuthenticationSuccess | AuthenticationFailure

export interface Authenticator {
  /** @param projectId of the path; left out where the path names none. */
  (call: IncomingCall, projectId?: string): Promise<Authentication>
  /** A revoked token is refused here at once; other control processes see it within seconds. */
  forget(token: string): void
}

interface KnownKey {
  readonly key: AccessKey
  readonly secret: HmacKey
  readonly identity: Identity
}

/** Milliseconds that a disabled user or a revoked token may go on. */
const CACHED_FOR = 5_000
const CACHED_ENTRIES = 10_000

export function createAuthenticator({
  store,
  vault,
  clock = Date.now,
}: {
  readonly store: Store
  readonly vault: Vault
  readonly clock?: () => number
}): Authenticator {
  const tokens = new ExpiringCache<{ readonly token: Token; readonly identity: Identity }>(CACHED_FOR, CACHED_ENTRIES)
  const keys = new ExpiringCache<KnownKey>(CACHED_FOR, CACHED_ENTRIES)
  const owners = new ExpiringCache<true>(CACHED_FOR, CACHED_ENTRIES)

  const byToken = async (text: string, projectId: string | undefined, now: number): Promise<Authentication> => {
    const hash = tokenHash(text)
    const known = await tokens.get(hash, now, () => store.read((db) => findToken(db, hash)))
    if (known === undefined || !known.identity.enabled) return failure('invalid')
    const { token, identity } = known
    if (now >= token.expiresAt) return failure('expired')
    if (projectId === undefined) return success(identity, token.project?.id ?? '', token.expiresAt)
    if (token.project === undefined) return failure('no-project')
    return token.project.id === projectId ? success(identity, projectId, token.expiresAt) : failure('other-project')
  }

  const bySignature = async (
    value: string,
    request: SignedRequest,
    body: Uint8Array,
    projectId: string | undefined,
    now: number,
  ): Promise<Authentication> => {
    const authorization = parseAuthorization(value)
    const signedAt = signingDate(request)
    if (authorization === undefined || signedAt === undefined || !isFresh(signedAt, now)) return failure('invalid')
    const known = await keys.get(authorization.accessKey, now, () => loadKey(authorization.accessKey))
    if (known === undefined || !known.identity.enabled) return failure('invalid')
    const { key, secret, identity } = known
    const digest = body.length === 0 || needsBodyHash(request) ? bodyHash(body) : undefined
    if (verifySignature(request, authorization, secret, digest, managementRules) !== 'ok') return failure('invalid')

    // An unsigned header: golangsdk adds it after signing.
    const securityToken = request.header('x-security-token') ?? ''
    const isExpected =
      key.securityTokenHash === undefined ? securityToken === '' : isTokenOf(securityToken, key.securityTokenHash)
    if (!isExpected) return failure('invalid')
    if (key.expiresAt !== undefined && now >= key.expiresAt) return failure('expired')

    if (projectId === undefined) return success(identity, '', key.expiresAt)
    const named = request.header('x-project-id') ?? ''
    if (named !== '' && named !== projectId) return failure('other-project')
    const isOwner = await owns(identity.domainId, projectId, now)
    return isOwner ? success(identity, projectId, key.expiresAt) : failure('other-project')
  }

  const loadKey = async (accessKey: string): Promise<KnownKey | undefined> => {
    const found = await store.read((db) => findAccessKey(db, accessKey))
    if (found === undefined) return undefined
    const secret = vault.open(found.key.secretSealed, accessKeyContext(accessKey))
    return { ...found, secret: new HmacKey(secret) }
  }

  const owns = async (domainId: string, projectId: string, now: number): Promise<boolean> => {
    const owned = await owners.get(`${domainId}/${projectId}`, now, async () =>
      (await store.read((db) => findProject(db, { id: projectId }, domainId))) === undefined ? undefined : true,
    )
    return owned === true
  }

  const authenticate = async (call: IncomingCall, projectId?: string): Promise<Authentication> => {
    const request = signedRequest(call)
    const authorization = request.header('authorization') ?? ''
    const token = request.header('x-auth-token') ?? ''
    const now = clock()
    if (claimsSignature(authorization)) return bySignature(authorization, request, call.rawBody, projectId, now)
    if (token !== '') return byToken(token, projectId, now)
    return failure(authorization === '' ? 'missing' : 'invalid')
  }

  return Object.assign(authenticate, { forget: (token: string) => tokens.delete(tokenHash(token)) })
}

/** What a stored secret key is sealed for. */
export const accessKeyContext = (accessKey: string): string => `access-key:${accessKey}`

function signedRequest({ method, url, headers }: IncomingCall): SignedRequest {
  const split = url.indexOf('?')
  return {
    method,
    path: split < 0 ? url : url.slice(0, split),
    query: split < 0 ? '' : url.slice(split + 1),
    header: (name) => headers[name]?.[0],
    headers: (name) => headers[name] ?? [],
  }
}

const success = (identity: Identity, projectId: string, expiresAt: number | undefined): AuthenticationSuccess => ({
  ok: true,
  caller: callerOf(identity, projectId),
  ...(expiresAt === undefined ? {} : { expiresAt }),
})

const failure = (reason: AuthenticationFailure['reason']): AuthenticationFailure => ({ ok: false, reason })
