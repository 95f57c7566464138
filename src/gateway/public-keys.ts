/**
 * Signature keys of type `public_key` that sign requests in one instance (policies.md §4), and the public halves that
 * backends verify them with.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import type { BackendSignature } from '../snapshot/parts.js'

interface KnownKey {
  /** Bindings of the key. */
  uses: number
  /** The public half in PEM; empty when there is none. Made when it is first asked for. */
  pem?: string
}

export class PublicKeys {
  /** By name, then by secret: nothing keeps two signature keys from having one name. */
  readonly #known = new Map<string, Map<string, KnownKey>>()

  /** To be called for each publication that the key is bound to, and `remove` when it no longer is. */
  add({ type, key, secret }: BackendSignature): void {
    if (type !== 'public_key') return
    const named = this.#known.get(key) ?? new Map<string, KnownKey>()
    const known = named.get(secret) ?? { uses: 0 }
    known.uses++
    this.#known.set(key, named.set(secret, known))
  }

  remove({ type, key, secret }: BackendSignature): void {
    const named = type === 'public_key' ? this.#known.get(key) : undefined
    const known = named?.get(secret)
    if (named === undefined || known === undefined) return
    known.uses--
    if (known.uses === 0) named.delete(secret)
    if (named.size === 0) this.#known.delete(key)
  }

  /** Public keys in PEM, one after the other; `undefined` when nothing is signed under this name. */
  pemOf(name: string): string | undefined {
    let text = ''
    for (const [secret, known] of this.#known.get(name) ?? []) text += known.pem ??= publicHalf(secret)
    return text === '' ? undefined : text
  }
}

function publicHalf(secret: string): string {
  const key = readRsaKey(secret)
  return key === undefined ? '' : createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString()
}

/** @param text a private key in PEM, or what stands between its first and its last line; `undefined` when it is none */
export function readRsaKey(text: string): KeyObject | undefined {
  const key = readPrivateKey(text)
  return key?.asymmetricKeyType === 'rsa' ? key : undefined
}

function readPrivateKey(text: string): KeyObject | undefined {
  try {
    if (text.includes('-----BEGIN')) return createPrivateKey(text)
    const der = Buffer.from(text, 'base64')
    try {
      return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    } catch {
      return createPrivateKey({ key: der, format: 'der', type: 'pkcs1' })
    }
  } catch {
    return undefined
  }
}
