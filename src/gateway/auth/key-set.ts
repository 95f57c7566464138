/**
 * Keys that tokens are verified with, and the tokens that they have verified (RFC 7515, RFC 7517; authentication.md §7).
 *
 * What a token says of itself chooses among the keys, never how one is used: a key verifies by the algorithms of its
 * type, and only by those that are listed here. `none` and the symmetric ones are not among them.
 */
import { hash } from 'node:crypto'
import { compactVerify, createLocalJWKSet, decodeProtectedHeader, type CompactVerifyGetKey, type JWK } from 'jose'
import { readJson } from '../../contract/json-text.js'
import { member } from '../features.js'

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512']
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

type FindKey = CompactVerifyGetKey

export class KeySet {
  readonly #byName = new Map<string, FindKey>()
  readonly #only: FindKey | undefined
  /** By digest, so that nobody finds credentials here; in the order of their use. */
  readonly #known = new Map<string, VerifiedToken>()
  #remembered = 0

  private constructor(
    keys: readonly JWK[],
    private readonly remembers: boolean,
  ) {
    for (const { kid, ...key } of keys) {
      const only = createLocalJWKSet({ keys: [key] })
      // Names were compared by now; by what a key may be used is not.
      const find: FindKey = (header, token) => only({ alg: header.alg }, token)
      if (kid !== undefined) this.#byName.set(kid, find)
      if (keys.length === 1) this.#only = find
    }
  }

  /** `undefined` when it is no set of keys, or two of them have one name. */
  /** @param remembers whether verdicts are */
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

  /** A promise only for a token that has not been seen before. */
  verify(token: string): TokenVerdict | Promise<TokenVerdict> {
    if (token.length > LONGEST_TOKEN) return 'invalid'
    const digest = hash('sha256', token, 'base64')
    const known = this.#known.get(digest)
    if (known !== undefined) {
      this.#known.delete(digest)
      this.#known.set(digest, known)
      return known
    }
    const key = this.#keyFor(token)
    return typeof key === 'string' ? key : this.#verify(token, digest, key)
  }

  #keyFor(token: string): FindKey | 'invalid' | 'unknown-key' {
    try {
      const { alg, kid, crit } = decodeProtectedHeader(token)
      // Nothing that a token could call critical is understood here.
      if (alg === undefined || !ALGORITHMS.includes(alg) || crit !== undefined) return 'invalid'
      if (kid === undefined) return this.#only ?? 'invalid'
      if (typeof kid !== 'string') return 'invalid'
      // A key without a name, alone in its set, answers to every name.
      return this.#byName.get(kid) ?? (this.#byName.size === 0 ? this.#only : undefined) ?? 'unknown-key'
    } catch {
      return 'invalid'
    }
  }

  async #verify(token: string, digest: string, key: FindKey): Promise<TokenVerdict> {
    const [, payload = '', signature = ''] = token.split('.')
    // Bits that belong to no octet could differ without the signature noticing.
    if (Buffer.from(signature, 'base64url').toString('base64url') !== signature) return 'invalid'
    let text: string
    let algorithm: string
    try {
      const verified = await compactVerify(token, key, { algorithms: ALGORITHMS })
      algorithm = verified.protectedHeader.alg
      text = new TextDecoder('utf-8', { fatal: true }).decode(verified.payload)
    } catch {
      // Whatever goes wrong with a key or a token: nothing was verified.
      return 'invalid'
    }
    const claims = readClaims(text)
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

function readKey(value: unknown): JWK | undefined {
  const [kty, kid] = [member(value, 'kty'), member(value, 'kid')]
  if (typeof kty !== 'string' || kty === '' || (kid !== undefined && typeof kid !== 'string')) return undefined
  const members = PUBLIC.map((name) => [name, member(value, name)] as const).filter(([, one]) => one !== undefined)
  return { ...(Object.fromEntries(members) as object), kty, ...(kid !== undefined && { kid }) }
}

function readClaims(text: string): Claims | undefined {
  const value = readJson(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : undefined
}

function isTime(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && Number.isFinite(value))
}
