/** Issues, shows and revokes tokens (authentication.md §1). */
import { deleteExpired, deleteToken, findProject, findToken, findUser, insertToken } from '../store/iam.js'
import type { Identity, Project, Reference, Token, UserReference } from '../store/iam.js'
import type { Database, Store } from '../store/store.js'
import { FORBIDDEN, IamFault, WRONG_CREDENTIALS } from './iam-fault.js'
import type { Caller } from './caller.js'
import type { LoginAttempts } from './login-attempts.js'
import { unmatchableDigest, verifyPassword } from './password.js'
import { newToken } from './random-text.js'
import { tokenHash } from './token-hash.js'
import type { Scope, TokenRequest } from './token-request.js'

/** Milliseconds. */
const TOKEN_LIFETIME = 24 * 60 * 60 * 1000
/** Milliseconds that an ended token is remembered, so that its user is told "expired" instead of "unknown". */
const REMEMBERED_FOR = 7 * TOKEN_LIFETIME

export interface TokenDependencies {
  readonly store: Store
  readonly clock: () => number
  readonly attempts: LoginAttempts
}

export interface KnownToken {
  readonly identity: Identity
  readonly token: Token
}

/**
 * @param source network that the request came from.
 * @throws {IamFault} 401 for wrong credentials and for a scope that is not the user's, 429 past the limit of failures.
 */
export async function issueToken(
  dependencies: TokenDependencies,
  { proof, scope }: TokenRequest,
  source: string,
): Promise<KnownToken & { readonly text: string }> {
  const { store, clock } = dependencies
  const parent = proof.method === 'token' ? await validToken(dependencies, proof.token) : undefined
  const identity =
    proof.method === 'password'
      ? await checkPassword(dependencies, proof.user, proof.password, source)
      : parent?.identity
  if (identity === undefined) throw new IamFault(401, WRONG_CREDENTIALS)

  const text = newToken()
  const now = clock()
  const token = await store.write([], async ({ db }) => {
    const project = await projectOf(db, identity, scope)
    const issued: Token = {
      project,
      methods: [...new Set([...(parent?.token.methods ?? []), proof.method])],
      issuedAt: now,
      expiresAt: parent?.token.expiresAt ?? now + TOKEN_LIFETIME,
    }
    await deleteExpired(db, now - REMEMBERED_FOR)
    await insertToken(db, {
      token_hash: tokenHash(text),
      user_id: identity.userId,
      project_id: project?.id ?? null,
      domain_id: identity.domainId,
      methods: JSON.stringify(issued.methods),
      issued_at: issued.issuedAt,
      expires_at: issued.expiresAt,
    })
    return issued
  })
  return { text, identity, token }
}

async function validToken({ store, clock }: TokenDependencies, text: string): Promise<KnownToken> {
  const found = await store.read((db) => findToken(db, tokenHash(text)))
  if (found === undefined || !found.identity.enabled || clock() >= found.token.expiresAt)
    throw new IamFault(401, 'The token is invalid or has expired.')
  return found
}

async function checkPassword(
  { store, clock, attempts }: TokenDependencies,
  reference: UserReference,
  password: string,
  source: string,
): Promise<Identity | undefined> {
  const user = await store.read((db) => findUser(db, reference))
  const key = `${source} ${user?.identity.userId ?? JSON.stringify(reference)}`
  const admission = attempts.begin(key, clock())
  if (!admission.ok)
    throw new IamFault(429, 'Too many failed logins. Try again later.', {
      'retry-after': String(admission.retryAfterSeconds),
    })
  let outcome: 'right' | 'wrong' | 'unknown' = 'unknown'
  try {
    // An unknown or disabled user costs the same time as a wrong password.
    const isRight = await verifyPassword(password, user?.passwordHash ?? unmatchableDigest())
    outcome = isRight && user?.identity.enabled === true ? 'right' : 'wrong'
  } finally {
    attempts.end(key, outcome, clock())
  }
  return outcome === 'right' ? user?.identity : undefined
}

async function projectOf(db: Database, identity: Identity, scope: Scope): Promise<Project | undefined> {
  if (scope.kind === 'own-domain') return undefined
  if (scope.domain !== undefined && !isDomainOf(identity, scope.domain))
    throw new IamFault(401, 'The user has no access to the domain.')
  if (scope.kind === 'domain') return undefined
  const project = await findProject(db, scope.project, identity.domainId)
  if (project === undefined) throw new IamFault(401, 'The user has no access to the project.')
  return project
}

const isDomainOf = (identity: Identity, domain: Reference): boolean =>
  'id' in domain ? domain.id === identity.domainId : domain.name === identity.domainName

/**
 * The token that `X-Subject-Token` names, as far as it is the caller's to see.
 *
 * @throws {IamFault} 404 when it is unknown or over, 403 when it belongs to somebody else.
 */
export async function subjectToken(
  { store, clock }: TokenDependencies,
  caller: Caller,
  text: string,
): Promise<KnownToken> {
  const found = await store.read((db) => findToken(db, tokenHash(text)))
  if (found === undefined || found.identity.domainId !== caller.domainId || clock() >= found.token.expiresAt)
    throw new IamFault(404, 'Could not find token.')
  if (found.identity.userId !== caller.userId && caller.role !== 'full') throw new IamFault(403, FORBIDDEN)
  return found
}

export async function revokeToken({ store }: TokenDependencies, text: string): Promise<void> {
  await store.write([], ({ db }) => deleteToken(db, tokenHash(text)))
}
