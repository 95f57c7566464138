/** The apps of one instance, found by what a caller shows: a key or an AppCode. */
import { createSecretKey, type KeyObject } from 'node:crypto'
import type { AppPart } from '../../snapshot/parts.js'
import type { Caller } from '../exchange.js'
import { compileAddressCheck, type AddressCheck } from '../policies/access.js'
import { quotaCounter } from '../policies/app-quota.js'

export class KnownApp {
  /** Identities are made once: every request of an app shares them. */
  readonly bySignature: Caller
  readonly byAppCode: Caller
  #authorized: ReadonlySet<string> | undefined
  #secret: KeyObject | undefined
  #checkAddress: AddressCheck | undefined

  constructor(readonly part: AppPart) {
    const quota = part.quota && quotaCounter(part.quota, part.id)
    const identity = { appId: part.id, appName: part.name, appKey: part.key, userId: part.projectId, quota }
    this.bySignature = { ...identity, accessModel: 'signature' }
    this.byAppCode = { ...identity, accessModel: 'app_code' }
  }

  /** HMAC key, prepared once. */
  get secret(): KeyObject {
    return (this.#secret ??= createSecretKey(Buffer.from(this.part.secret, 'utf8')))
  }

  /** From where the app may call; undefined: from anywhere. */
  get checkAddress(): AddressCheck | undefined {
    const { access } = this.part
    return access && (this.#checkAddress ??= compileAddressCheck(access, 'APIG.0405'))
  }

  /** @param api `<api id>/<environment id>` */
  mayCall(api: string): boolean {
    return (this.#authorized ??= new Set(this.part.authorizations)).has(api)
  }
}

export class Apps {
  readonly #byKey = new Map<string, KnownApp>()
  readonly #byCode = new Map<string, KnownApp>()

  get size(): number {
    return this.#byKey.size
  }

  put(part: AppPart): void {
    const app = new KnownApp(part)
    this.#byKey.set(part.key, app)
    for (const code of part.codes) this.#byCode.set(code, app)
  }

  remove(part: AppPart): void {
    if (this.#byKey.get(part.key)?.part.id === part.id) this.#byKey.delete(part.key)
    for (const code of part.codes) if (this.#byCode.get(code)?.part.id === part.id) this.#byCode.delete(code)
  }

  withKey(key: string): KnownApp | undefined {
    return this.#byKey.get(key)
  }

  /**
   * A hash look-up, seeded afresh in every process: how long it takes tells nothing about how much of a code is right.
   */
  withCode(code: string): KnownApp | undefined {
    return this.#byCode.get(code)
  }
}
