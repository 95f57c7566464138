/**
 * auth_type `APP`: the caller is an app, shown by an AppCode, a signature, or in one of the ways that features of the
 * instance allow (authentication.md §2, §3), asked for in that order. A way that is present and fails is the end; none
 * falls through to the next. Refusals: 401 APIG.0303, 403 APIG.0304 and, by the app's own list of addresses, 403
 * APIG.0405.
 */
import { claimsSignature } from '../../signing/authorization-header.js'
import type { CallerFeatures } from '../caller-features.js'
import type { Caller, Exchange } from '../exchange.js'
import type { Reply } from '../reply.js'
import { refuse } from '../responses/refuse.js'
import type { Step } from '../step.js'
import { compileModes, Shown } from './app-modes.js'
import { compileSignature } from './app-signature.js'
import type { Apps, KnownApp } from './apps.js'

export interface AppAuthentication {
  /** `<api id>/<environment id>` */
  readonly api: string
  /** Whether the API also takes AppCodes, which it does over TLS only. */
  readonly appCode: boolean
  /** Bytes of a body that is read to be hashed. */
  readonly bodyLimit: number
  readonly apps: Apps
  readonly callers: CallerFeatures
}

/** Lets a caller in whom its credential has shown to be an app, if the app may call this API from there. */
export type Admit = (exchange: Exchange, app: KnownApp, caller: Caller) => Reply | undefined

export function compileAppAuth({ api, appCode, bodyLimit, apps, callers }: AppAuthentication): Step {
  const admit: Admit = (exchange, app, caller) => {
    exchange.caller = caller
    return app.mayCall(api) ? app.checkAddress?.(exchange) : refuse(exchange, 'APIG.0304')
  }
  const signature = compileSignature({ apps, bodyLimit, admit })
  const modes = compileModes({ api, apps, modes: callers.modes })
  const { credentialHeader } = callers.modes

  return function appAuthentication(exchange) {
    const { head } = exchange
    if (appCode && exchange.secure) {
      const code = head.header('x-apig-appcode')
      if (code !== undefined) {
        const app = apps.withCode(code)
        return app === undefined ? refuse(exchange, 'APIG.0303') : admit(exchange, app, app.byAppCode)
      }
    }
    const credential = head.header(credentialHeader)
    if (credential !== undefined && claimsSignature(credential)) return signature(exchange, credential)
    const shown = modes?.(exchange, credential)
    if (shown instanceof Shown) return admit(exchange, shown.app, shown.app.as(shown.model))
    if (shown !== undefined) return refuse(exchange, shown)
    return credential
      ? refuse(exchange, 'APIG.0303')
      : refuse(exchange, 'APIG.0303 missing', 'Access or Credential is empty in Authorization')
  }
}
