/**
 * auth_type `APP`: the caller is an app, shown by an AppCode or by a signature (authentication.md §2, §3).
 *
 * A mode that is present and fails is the end; none falls through to the next. The body is read only where a signature
 * covers it, and only after everything else about the signature was found good. Refusals: 401 APIG.0303, 403 APIG.0304
 * and, by the app's own list of addresses, 403 APIG.0405.
 */
import { claimsSignature, parseAuthorization, type Authorization } from '../../signing/authorization-header.js'
import { EMPTY_HASH } from '../../signing/canonical-request.js'
import { formatSigningDate, isFresh } from '../../signing/signing-date.js'
import { bodyHash, gatewayRules, needsBodyHash, signingDate, verifySignature } from '../../signing/verify.js'
import type { Caller, Exchange } from '../exchange.js'
import type { Reply } from '../reply.js'
import { refuse } from '../responses/refuse.js'
import type { Step } from '../step.js'
import type { Apps, KnownApp } from './apps.js'

export interface AppAuthentication {
  /** `<api id>/<environment id>` */
  readonly api: string
  /** Whether the API also takes AppCodes, which it does over TLS only. */
  readonly appCode: boolean
  /** Bytes of a body that is read to be hashed. */
  readonly bodyLimit: number
  readonly apps: Apps
}

export function compileAppAuth({ api, appCode, bodyLimit, apps }: AppAuthentication): Step {
  function admit(exchange: Exchange, app: KnownApp, caller: Caller): Reply | undefined {
    exchange.caller = caller
    return app.mayCall(api) ? app.checkAddress?.(exchange) : refuse(exchange, 'APIG.0304')
  }

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

  return function appAuthentication(exchange) {
    const { head } = exchange
    if (appCode && exchange.secure) {
      const code = head.header('x-apig-appcode')
      if (code !== undefined) {
        const app = apps.withCode(code)
        return app === undefined ? refuse(exchange, 'APIG.0303') : admit(exchange, app, app.byAppCode)
      }
    }
    const value = head.header('authorization')
    if (!value) return refuse(exchange, 'APIG.0303 missing', 'Access or Credential is empty in Authorization')
    if (!claimsSignature(value)) return refuse(exchange, 'APIG.0303')
    const authorization = parseAuthorization(value)
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
