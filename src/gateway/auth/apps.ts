/** The apps of one instance, found by what a caller shows: a key or an AppCode. */
import { hash, timingSafeEqual } from 'node:crypto'
import { HmacKey } from '../../signing/hmac-key.js'
import type { AppPart } from '../../snapshot/parts.js'
import type { Caller } from '../exchange.js'
import { compileAddressCheck, type AddressCheck } from '../policies/access.js'
import type { AppModel } from './app-modes.js'
import { quotaCounter } from '../policies/app-quota.js'

export class KnownApp {
  /** Identities are made once: every request of an app shares them. */
  readonly bySignature: Caller
  readonly byAppCode: Caller
  #authorized: ReadonlySet<string> | undefined
  readonly #identity: Omit<Caller, 'accessModel'>
  readonly #asCaller = new Map<AppModel, Caller>()
  #secret: HmacKey | undefined
  #secretDigest: Buffer | undefined
  #checkAddress: AddressCheck | undefined

  constructor(readonly part: AppPart) {
    const quota = part.quota && quotaCounter(part.quota, part.id)
    const identity = { appId: part.id, appName: part.name, appKey: part.key, userId: part.projectId, quota }
    this.#identity = identity
    this.bySignature = { ...identity, accessModel: 'signature' }
    this.byAppCode = { ...identity, accessModel: 'app_code' }
  }

  /** Prepared once. */
  get secret(): HmacKey {
    return (this.#secret ??= new HmacKey(this.part.secret))
  }

  as(model: AppModel): Caller {
    let caller = this.#asCaller.get(model)
    if (caller === undefined) this.#asCaller.set(model, (caller = { ...this.#identity, accessModel: model }))
    return caller
  }

  /** In a time that tells nothing about the secret. */
  isSecret(text: string): boolean {
    return timingSafeEqual((this.#secretDigest ??= digest(this.part.secret)), digest(text))
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
  readonly #byAiApiKey = new Map<string, KnownApp>()

  get size(): number {
    return this.#byKey.size
  }

  put(part: AppPart): void {
    const app = new KnownApp(part)
    this.#byKey.set(part.key, app)
    for (const code of part.codes) this.#byCode.set(code, app)
    for (const key of part.aiApiKeys ?? []) this.#byAiApiKey.set(key, app)
  }

  remove(part: AppPart): void {
    if (this.#byKey.get(part.key)?.part.id === part.id) this.#byKey.delete(part.key)
    for (const code of part.codes) if (this.#byCode.get(code)?.part.id === part.id) this.#byCode.delete(code)
    for (const key of part.aiApiKeys ?? [])
      if (this.#byAiApiKey.get(key)?.part.id === part.id) this.#byAiApiKey.delete(key)
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

  withAiApiKey(key: string): KnownApp | undefined {
    return this.#byAiApiKey.get(key)
  }

  /** @param api `<api id>/<environment id>` */
  *thatMayCall(api: string): Generator<KnownApp> {
    for (const app of this.#byKey.values()) if (app.mayCall(api)) yield app
  }
}

/** Of any text the same length. One call and its text cost half of what a hash that digests into a buffer does. */
function digest(text: string): Buffer {
  return Buffer.from(hash('sha256', text, 'binary'), 'latin1')
}
