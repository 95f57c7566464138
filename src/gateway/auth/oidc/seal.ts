/**
 * What a gateway gives browsers to bring back, so that they can neither read nor change it: JSON under AES-256-GCM. The
 * key comes from the plug-in's own secret: every process opens what another one has sealed, and nothing is kept.
 */
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto'
import { readJson } from '../../../contract/json-text.js'

const ALGORITHM = 'aes-256-gcm'
const NONCE = 12
const TAG = 16

export class Seal {
  readonly #key: KeyObject

  constructor(
    secret: string,
    /** What is sealed for one plug-in opens for no other. */
    private readonly pluginId: string,
  ) {
    this.#key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, pluginId, 'sluice oidc_auth', 32)))
  }

  /** @param purpose what is sealed for one opens for no other */
  close(purpose: string, value: object): string {
    const nonce = randomBytes(NONCE)
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce)
    cipher.setAAD(this.#context(purpose))
    const sealed = [cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]
    return Buffer.concat([nonce, ...sealed, cipher.getAuthTag()]).toString('base64url')
  }

  /** `undefined` for everything that `close` has not made. */
  open(purpose: string, text: string): unknown {
    const bytes = Buffer.from(text, 'base64url')
    if (bytes.length < NONCE + TAG) return undefined
    const decipher = createDecipheriv(ALGORITHM, this.#key, bytes.subarray(0, NONCE), { authTagLength: TAG })
    decipher.setAAD(this.#context(purpose))
    decipher.setAuthTag(bytes.subarray(-TAG))
    try {
      const opened = [decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()]
      return readJson(Buffer.concat(opened).toString('utf8'))
    } catch {
      return undefined
    }
  }

  #context(purpose: string): Buffer {
    return Buffer.from(`${this.pluginId} ${purpose}`, 'utf8')
  }
}
