/**
 * The signature of an app (authentication.md §2). The body is read only where the signature covers it, and only after
 * everything else about it was found good. Refusals: 401 APIG.0303.
 */
import { parseAuthorization, type Authorization } from '../../signing/authorization-header.js'
import { EMPTY_HASH } from '../../signing/canonical-request.js'
import { formatSigningDate, isFresh } from '../../signing/signing-date.js'
import { bodyHash, gatewayRules, needsBodyHash, signingDate, verifySignature } from '../../signing/verify.js'
import type { Exchange } from '../exchange.js'
import { refuse } from '../responses/refuse.js'
import type { Outcome } from '../step.js'
import type { Admit } from './app.js'
import type { Apps, KnownApp } from './apps.js'

export interface SignatureCheck {
  readonly apps: Apps
  /** Bytes of a body that is read to be hashed. */
  readonly bodyLimit: number
  readonly admit: Admit
}

/** @returns what judges a request whose credential claims to be a signature */
export function compileSignature({ apps, bodyLimit, admit }: SignatureCheck) {
  function verify(exchange: Exchange, authorization: Authorization, app: KnownApp, hash: string | undefined) {
    const verdict = verifySignature(exchange.head, authorization, app.secret, hash, gatewayRules)
    switch (verdict) {
      case 'ok':
        return admit(exchange, app, app.bySignature)
      case 'missing-header':
        return refuse(exchange, 'APIG.0303', 'a signed header is not in the request')
      case 'unsigned-date':
        return refuse(exchange, 'APIG.0303', 'X-Sdk-Date is not signed')
      case 'wrong-payload':
      case 'bad-signature':
        return refuse(exchange, 'APIG.0303', 'verify signature fail')
    }
  }

  async function verifyWithBody(exchange: Exchange, authorization: Authorization, app: KnownApp) {
    const collected = await exchange.connection.collectBody(exchange, bodyLimit)
    if (collected === 'too-large') return refuse(exchange, 'APIG.0201 413')
    if (collected === 'timeout') return refuse(exchange, 'APIG.0201 408')
    return verify(exchange, authorization, app, bodyHash(exchange.body ?? NO_BODY))
  }

  return function signature(exchange: Exchange, credential: string): Outcome {
    const { head } = exchange
    const authorization = parseAuthorization(credential)
    if (authorization === undefined) return refuse(exchange, 'APIG.0303', 'Authorization is malformed')
    const signedAt = signingDate(head)
    if (signedAt === undefined) return refuse(exchange, 'APIG.0303', 'X-Sdk-Date is missing or malformed')
    if (!isFresh(signedAt, exchange.receivedAt)) {
      const times = `signature time:${formatSigningDate(signedAt)},server time:${formatSigningDate(exchange.receivedAt)}`
      return refuse(exchange, 'APIG.0303', `signature expired, ${times}`)
    }
    const app = apps.withKey(authorization.accessKey)
    if (app === undefined) return refuse(exchange, 'APIG.0303', `app not found, appkey ${authorization.accessKey}`)
    if (head.contentLength === 0) return verify(exchange, authorization, app, EMPTY_HASH)
    return needsBodyHash(head)
      ? verifyWithBody(exchange, authorization, app)
      : verify(exchange, authorization, app, undefined)
  }
}

const NO_BODY = Buffer.alloc(0)
