/**
 * Identities of IAM callers, asked of control and remembered for a moment. Few questions are under way at a time, one of
 * a kind: what is more is as if control were away, so that no caller can make a gateway flood it.
 */
import { hash } from 'node:crypto'
import { HmacKey } from '../../signing/hmac-key.js'
import type {
  ForbiddenIdentity,
  IdentityAnswer,
  IdentityQuestion,
  IdentitySource,
  KnownIdentity,
} from '../../snapshot/identities.js'
import type { Caller } from '../exchange.js'

/** Milliseconds that a revoked token or a disabled user may go on here. */
const REMEMBERED_FOR = 5_000
const MOST_REMEMBERED = 10_000
const MOST_UNDER_WAY = 64

export class IamIdentity {
  readonly byToken: Caller
  /** As `byToken`, where the token goes on to backends. */
  readonly byTokenThatGoesOn: Caller
  readonly bySignature: Caller
  readonly secret: HmacKey | undefined
  readonly expiresAt: number

  constructor({ domainId, domainName, projectId, secret, expiresAt = Infinity }: KnownIdentity) {
    const caller = {
      appId: '',
      appName: '',
      appKey: '',
      // Throttling by user counts accounts (policies.md §1.4).
      userId: domainId,
      accountName: domainName,
      projectId,
    }
    this.byToken = { ...caller, accessModel: 'iam_token' }
    this.byTokenThatGoesOn = { ...this.byToken, keepsCredential: true }
    this.bySignature = { ...caller, accessModel: 'iam_signature' }
    this.secret = secretKey(secret)
    this.expiresAt = expiresAt
  }
}

/** A user who is switched off: known, and told so once the credential has been found good. */
export class ForbiddenUser {
  readonly secret: HmacKey | undefined

  constructor({ secret }: ForbiddenIdentity) {
    this.secret = secretKey(secret)
  }
}

export type Found = IamIdentity | ForbiddenUser | Extract<IdentityAnswer, string>

export class Identities {
  readonly #known = new Map<string, { readonly found: Found; readonly until: number }>()
  readonly #underWay = new Map<string, Promise<Found>>()

  /** @param source absent: nobody can be asked */
  constructor(
    private readonly source: IdentitySource | undefined,
    private readonly now: () => number = Date.now,
  ) {}

  find(question: IdentityQuestion): Found | Promise<Found> {
    const key = keyOf(question)
    const known = this.#known.get(key)
    const now = this.now()
    if (known !== undefined && known.until > now) return ended(known.found, now)
    const asked = this.#underWay.get(key)
    if (asked !== undefined) return asked
    if (this.source === undefined || this.#underWay.size >= MOST_UNDER_WAY) return 'unavailable'
    const answer = this.source
      .identify(question)
      .then((told) => this.#remember(key, foundBy(told)))
      .finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, answer)
    return answer
  }

  #remember(key: string, found: Found): Found {
    this.#known.delete(key)
    if (found === 'unavailable' || found === 'refused') return found
    const [oldest] = this.#known.keys()
    if (this.#known.size >= MOST_REMEMBERED && oldest !== undefined) this.#known.delete(oldest)
    const now = this.now()
    this.#known.set(key, { found, until: now + REMEMBERED_FOR })
    return ended(found, now)
  }
}

function foundBy(told: IdentityAnswer): Found {
  if (typeof told === 'string') return told
  return 'reason' in told ? new ForbiddenUser(told) : new IamIdentity(told)
}

const secretKey = (secret: string | undefined): HmacKey | undefined =>
  secret === undefined ? undefined : new HmacKey(secret)

function ended(found: Found, now: number): Found {
  return found instanceof IamIdentity && found.expiresAt <= now ? 'expired' : found
}

/** Digests, so that what is remembered is small and no credential. */
function keyOf(question: IdentityQuestion): string {
  return 'token' in question
    ? hash('sha256', `t${question.token}`, 'base64')
    : hash('sha256', `k${question.accessKey}\n${question.securityToken}`, 'base64')
}
