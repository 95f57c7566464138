/**
 * A key that tokens are verified with (RFC 7517, RFC 7518 §3.3 and §3.4).
 *
 * jose decides whether a key may be used by an algorithm (type, curve, `alg`, `use`, `key_ops`) and reads it, once for
 * each algorithm. The signatures themselves are `node:crypto`'s: WebCrypto, by which jose verifies, hands each one to a
 * thread and back, which costs several times what the arithmetic of most does.
 */
import { KeyObject, verify } from 'node:crypto'
import { createLocalJWKSet, type JWK } from 'jose'

interface Kind {
  readonly digest: string
  /** Name of a curve; undefined: RSA with PKCS #1 v1.5. */
  readonly curve?: string
  /** Bytes of a signature on that curve: two numbers, one behind the other. */
  readonly bytes?: number
}

const KINDS = {
  RS256: { digest: 'sha256' },
  RS384: { digest: 'sha384' },
  RS512: { digest: 'sha512' },
  ES256: { digest: 'sha256', curve: 'prime256v1', bytes: 64 },
  ES384: { digest: 'sha384', curve: 'secp384r1', bytes: 96 },
  ES512: { digest: 'sha512', curve: 'secp521r1', bytes: 132 },
} as const satisfies Record<string, Kind>

/** `none` and the symmetric ones are not among them. */
export type TokenAlgorithm = keyof typeof KINDS

export function isTokenAlgorithm(name: unknown): name is TokenAlgorithm {
  return typeof name === 'string' && Object.hasOwn(KINDS, name)
}

/** Bits of the shortest RSA key that counts (RFC 7518 §3.3). */
const SHORTEST_RSA = 2048
/**
 * Bits of the longest RSA key whose signatures are verified on the spot, in 20 to 70 µs. Of the curves that holds for
 * P-256 alone; the others take up to 1.5 ms, for which other requests should not wait.
 */
const LONGEST_QUICK_RSA = 4096

/**
 * Whether a signature is one of that text by this key.
 *
 * @param text octets, one per character
 * @returns a promise where it takes so long that a thread does it
 */
export type CheckSignature = (text: string, signature: Uint8Array) => boolean | Promise<boolean>

export class TokenKey {
  readonly #find: ReturnType<typeof createLocalJWKSet>
  readonly #checks = new Map<TokenAlgorithm, CheckSignature | undefined>()

  /** @param jwk without a name: those were compared by whoever chose this key */
  constructor(jwk: JWK) {
    this.#find = createLocalJWKSet({ keys: [jwk] })
  }

  /** `undefined`: signatures of this kind are none of this key's. A promise only until the answer is known. */
  by(algorithm: TokenAlgorithm): CheckSignature | undefined | Promise<CheckSignature | undefined> {
    return this.#checks.has(algorithm) ? this.#checks.get(algorithm) : this.#read(algorithm)
  }

  async #read(algorithm: TokenAlgorithm): Promise<CheckSignature | undefined> {
    let check: CheckSignature | undefined
    try {
      check = checkBy(KINDS[algorithm], KeyObject.from(await this.#find({ alg: algorithm })))
    } catch {
      // No such key, or not for this.
      check = undefined
    }
    this.#checks.set(algorithm, check)
    return check
  }
}

/** What jose has found is looked at again: a key of another kind never verifies, whoever let it through. */
function checkBy({ digest, curve, bytes }: Kind, key: KeyObject): CheckSignature | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (key.type !== 'public' || type !== (curve === undefined ? 'rsa' : 'ec')) return undefined
  if (bytes !== undefined) {
    if (details?.namedCurve !== curve) return undefined
    return checking(digest, { key, dsaEncoding: 'ieee-p1363' }, bytes, curve === 'prime256v1')
  }
  const bits = details?.modulusLength ?? 0
  return bits < SHORTEST_RSA ? undefined : checking(digest, { key }, Math.ceil(bits / 8), bits <= LONGEST_QUICK_RSA)
}

type KeyInput = Exclude<Parameters<typeof verify>[2], string | Uint8Array | KeyObject>

/** @param bytes of a signature: one of another length is none, and costs nothing */
function checking(digest: string, key: KeyInput, bytes: number, quick: boolean): CheckSignature {
  return (text, signature) => {
    if (signature.length !== bytes) return false
    const data = Buffer.from(text, 'latin1')
    if (quick) return verify(digest, data, key, signature)
    return new Promise((resolve) => {
      // What cannot be verified was not.
      verify(digest, data, key, signature, (error, isGood) => resolve(error === null && isGood))
    })
  }
}
