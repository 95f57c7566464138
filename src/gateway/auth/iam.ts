/**
 * auth_type `IAM`: the caller is an account of the cloud, shown by a token or by a signature with an access key
 * (authentication.md §4). Refusals: 401 APIG.0301; 401 APIG.0307 for a token that has expired, 400 APIG.0602 for a temporary
 * key; 403 APIG.0802 for a user who is switched off; 503 APIG.0613 while nobody can tell, 500 APIG.0608 where control does
 * not trust the gateway.
 */
import { claimsSignature, parseAuthorization, type Authorization } from '../../signing/authorization-header.js'
import { EMPTY_HASH } from '../../signing/canonical-request.js'
import { isFresh } from '../../signing/signing-date.js'
import { bodyHash, gatewayRules, needsBodyHash, signingDate, verifySignature } from '../../signing/verify.js'
import type { CallerFeatures } from '../caller-features.js'
import type { Exchange } from '../exchange.js'
import type { Reply } from '../reply.js'
import { refuse } from '../responses/refuse.js'
import type { Outcome, Step } from '../step.js'
import { ForbiddenUser, type Found, type IamIdentity, type Identities } from './identities.js'
import type { KeyFailures } from './key-failures.js'

/** What all IAM APIs of a gateway share. */
export interface IamCallers {
  readonly identities: Identities
  readonly failures: KeyFailures
}

export interface IamAuthentication extends IamCallers {
  /** Bytes of a body that is read to be hashed. */
  readonly bodyLimit: number
  /** Of the features, `x_hw_security_token` (that header counts as `X-Security-Token` does) and `backend_token_allow`. */
  readonly callers: Pick<CallerFeatures, 'hwSecurityToken' | 'tokenAllow'>
}

export function compileIam({ identities, failures, bodyLimit, callers }: IamAuthentication): Step {
  const { hwSecurityToken, tokenAllow } = callers

  function afterToken(exchange: Exchange, found: Found): Reply | undefined {
    if (found instanceof ForbiddenUser) return refuse(exchange, 'APIG.0802')
    if (typeof found === 'string') return refuseFor(exchange, found, 'decrypt token fail', 'APIG.0307')
    exchange.caller = tokenAllow?.(found) === true ? found.byTokenThatGoesOn : found.byToken
    return undefined
  }

  function verify(exchange: Exchange, found: IamIdentity | ForbiddenUser, authorization: Authorization, hash?: string) {
    const { accessKey } = authorization
    const { secret } = found
    const verdict =
      secret === undefined ? 'bad-signature' : verifySignature(exchange.head, authorization, secret, hash, gatewayRules)
    if (verdict !== 'ok') {
      failures.note(accessKey, exchange.receivedAt)
      return refuse(exchange, 'APIG.0301', 'verify aksk signature fail')
    }
    failures.forget(accessKey)
    if (found instanceof ForbiddenUser) return refuse(exchange, 'APIG.0802')
    exchange.caller = found.bySignature
    return undefined
  }

  async function verifyWithBody(
    exchange: Exchange,
    identity: IamIdentity | ForbiddenUser,
    authorization: Authorization,
  ) {
    const collected = await exchange.connection.collectBody(exchange, bodyLimit)
    if (collected === 'too-large') return refuse(exchange, 'APIG.0201 413')
    if (collected === 'timeout') return refuse(exchange, 'APIG.0201 408')
    return verify(exchange, identity, authorization, exchange.body && bodyHash(exchange.body))
  }

  function afterKey(exchange: Exchange, found: Found, authorization: Authorization): Outcome {
    const { accessKey } = authorization
    if (typeof found === 'string')
      return refuseFor(exchange, found, `Get secretKey failed,ak:${accessKey},err:ak not exist`, 'APIG.0602')
    if (exchange.head.contentLength === 0) return verify(exchange, found, authorization, EMPTY_HASH)
    return needsBodyHash(exchange.head)
      ? verifyWithBody(exchange, found, authorization)
      : verify(exchange, found, authorization)
  }

  function bySignature(exchange: Exchange, value: string): Outcome {
    const { head, receivedAt } = exchange
    const authorization = parseAuthorization(value)
    const signedAt = signingDate(head)
    if (authorization === undefined || signedAt === undefined || !isFresh(signedAt, receivedAt))
      return refuse(exchange, 'APIG.0301')
    const { accessKey } = authorization
    if (failures.locked(accessKey, receivedAt))
      return refuse(exchange, 'APIG.0301', 'AK access failed to reach the limit,forbidden.')
    const securityToken =
      head.header('x-security-token') ?? (hwSecurityToken ? head.header('x-hw-security-token') : undefined) ?? ''
    const found = identities.find({ accessKey, securityToken })
    return found instanceof Promise
      ? found.then((one) => afterKey(exchange, one, authorization))
      : afterKey(exchange, found, authorization)
  }

  return function iamAuthentication(exchange) {
    const { head } = exchange
    const token = head.header('x-auth-token')
    if (token) {
      const found = identities.find({ token })
      return found instanceof Promise ? found.then((one) => afterToken(exchange, one)) : afterToken(exchange, found)
    }
    const authorization = head.header('authorization')
    if (authorization && claimsSignature(authorization)) return bySignature(exchange, authorization)
    return refuse(exchange, authorization ? 'APIG.0301' : 'APIG.0301 missing')
  }
}

function refuseFor(
  exchange: Exchange,
  found: Extract<Found, string>,
  detail: string,
  expired: 'APIG.0307' | 'APIG.0602',
): Reply {
  switch (found) {
    case 'unknown':
      return refuse(exchange, 'APIG.0301', detail)
    case 'expired':
      return refuse(exchange, expired)
    case 'unavailable':
      return refuse(exchange, 'APIG.0613')
    case 'refused':
      return refuse(exchange, 'APIG.0608')
  }
}
