/**
 * Keys that tokens are verified with, and the tokens that they have verified (RFC 7515, RFC 7517; authentication.md §7).
 *
 * What a token says of itself chooses among the keys, never how one is used: a key verifies by the algorithms of its
 * type, and only by those that are listed (`token-key.ts`). `none` and the symmetric ones are not among them.
 */
import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { decodeProtectedHeader, type JWK } from 'jose'
import { readJson } from '../../contract/json-text.js'
import { member } from '../features.js'
import { isTokenAlgorithm, TokenKey, type CheckSignature, type TokenAlgorithm } from './token-key.js'

/** Members of a key that count; what is private stays outside. */
const PUBLIC = ['kty', 'n', 'e', 'crv', 'x', 'y', 'alg', 'use', 'key_ops']
/** Bytes of a set in its text. */
export const LARGEST_KEY_SET = 50 * 1024
/** Characters of a token. */
const LONGEST_TOKEN = 16 * 1024
/** Characters of all tokens whose verdict is remembered. */
const MOST_REMEMBERED = 16 * 1024 * 1024

export type Claims = Readonly<Record<string, unknown>>

/** A token whose signature is good. Whether it counts now is for others to say. */
export interface VerifiedToken {
  readonly algorithm: string
  readonly claims: Claims
  /** The payload as it stood in the token: Base64URL of the claims. */
  readonly payload: string
  /** Seconds since the epoch. */
  readonly expiresAt: number | undefined
  readonly notBefore: number | undefined
}

/** `unknown-key`: it names one that is not here. */
export type TokenVerdict = VerifiedToken | 'invalid' | 'unknown-key'

/** Header, claims and signature, each Base64URL. */
const FORM = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/

export class KeySet {
  readonly #byName = new Map<string, TokenKey>()
  readonly #only: TokenKey | undefined
  /** By digest, so that nobody finds credentials here; in the order of their use. */
  readonly #known = new Map<string, VerifiedToken>()
  #remembered = 0

  private constructor(
    keys: readonly JWK[],
    private readonly remembers: boolean,
  ) {
    for (const { kid, ...key } of keys) {
      const one = new TokenKey(key)
      if (kid !== undefined) this.#byName.set(kid, one)
      if (keys.length === 1) this.#only = one
    }
  }

  /**
   * `undefined` when it is no set of keys, or two of them have one name.
   *
   * @param remembers whether verdicts are
   */
  static parse(text: string, remembers = true): KeySet | undefined {
    if (Buffer.byteLength(text) > LARGEST_KEY_SET) return undefined
    const keys = member(readJson(text), 'keys')
    if (!Array.isArray(keys) || keys.length === 0) return undefined
    const read = keys.map(readKey)
    const names = read.map((key) => key?.kid)
    if (names.length > 1 && new Set(names.filter((name) => name !== undefined)).size < names.length) return undefined
    return read.includes(undefined)
      ? undefined
      : new KeySet(
          read.filter((key) => key !== undefined),
          remembers,
        )
  }

  /** A promise only for the first token of a key, and for those whose signatures take long to verify. */
  verify(token: string): TokenVerdict | Promise<TokenVerdict> {
    if (token.length > LONGEST_TOKEN) return 'invalid'
    const digest = hash('sha256', token, 'base64')
    const known = this.#known.get(digest)
    if (known !== undefined) {
      this.#known.delete(digest)
      this.#known.set(digest, known)
      return known
    }
    const [, header = '', payload = '', signature = ''] = FORM.exec(token) ?? []
    if (header === '') return 'invalid'
    const { algorithm, kid } = readHeader(token) ?? {}
    if (algorithm === undefined) return 'invalid'
    const key = this.#named(kid)
    if (typeof key === 'string') return key
    const sent: SentToken = { digest, algorithm, text: `${header}.${payload}`, payload, signature }
    const check = key.by(algorithm)
    return check instanceof Promise ? check.then((ready) => this.#check(sent, ready)) : this.#check(sent, check)
  }

  #named(kid: string | undefined): TokenKey | 'invalid' | 'unknown-key' {
    if (kid === undefined) return this.#only ?? 'invalid'
    // A key without a name, alone in its set, answers to every name.
    return this.#byName.get(kid) ?? (this.#byName.size === 0 ? this.#only : undefined) ?? 'unknown-key'
  }

  #check(sent: SentToken, check: CheckSignature | undefined): TokenVerdict | Promise<TokenVerdict> {
    const signature = decoded(sent.signature)
    if (check === undefined || signature === undefined) return 'invalid'
    const isGood = check(sent.text, signature)
    return typeof isGood === 'boolean' ? this.#judge(sent, isGood) : isGood.then((good) => this.#judge(sent, good))
  }

  #judge({ digest, algorithm, payload }: SentToken, isGood: boolean): TokenVerdict {
    if (!isGood) return 'invalid'
    const claims = readClaims(payload)
    if (claims === undefined) return 'invalid'
    const { exp: expiresAt, nbf: notBefore } = claims
    if (!isTime(expiresAt) || !isTime(notBefore)) return 'invalid'
    const known: VerifiedToken = { algorithm, claims, payload, expiresAt, notBefore }
    this.#remember(digest, known)
    return known
  }

  #remember(digest: string, known: VerifiedToken): void {
    if (!this.remembers || this.#known.has(digest)) return
    this.#known.set(digest, known)
    this.#remembered += known.payload.length
    for (const [oldest, { payload }] of this.#known) {
      if (this.#remembered <= MOST_REMEMBERED) return
      this.#known.delete(oldest)
      this.#remembered -= payload.length
    }
  }
}

interface SentToken {
  readonly digest: string
  readonly algorithm: TokenAlgorithm
  /** What is signed. */
  readonly text: string
  /** Base64URL, as is `signature`. */
  readonly payload: string
  readonly signature: string
}

/** `undefined` where it is no header, or not one that can be obeyed. */
function readHeader(token: string) {
  try {
    const { alg: algorithm, kid, crit }: Readonly<Record<string, unknown>> = decodeProtectedHeader(token)
    // Nothing that a token could call critical is understood here.
    if (!isTokenAlgorithm(algorithm) || crit !== undefined) return undefined
    return kid === undefined || typeof kid === 'string' ? { algorithm, kid } : undefined
  } catch {
    return undefined
  }
}

/** Octets of Base64URL; `undefined` where there are bits that belong to none: they could differ unnoticed. */
function decoded(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

function readKey(value: unknown): JWK | undefined {
  const [kty, kid] = [member(value, 'kty'), member(value, 'kid')]
  if (typeof kty !== 'string' || kty === '' || (kid !== undefined && typeof kid !== 'string')) return undefined
  const members = PUBLIC.map((name) => [name, member(value, name)] as const).filter(([, one]) => one !== undefined)
  return { ...(Object.fromEntries(members) as object), kty, ...(kid !== undefined && { kid }) }
}

function readClaims(payload: string): Claims | undefined {
  const bytes = decoded(payload)
  const value = bytes !== undefined && isUtf8(bytes) ? readJson(bytes.toString('utf8')) : undefined
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : undefined
}

function isTime(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && Number.isFinite(value))
}
