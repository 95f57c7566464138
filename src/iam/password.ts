/**
 * Passwords are kept as scrypt digests: every guess costs time and 32 MiB of memory. The parameters are part of the
 * stored text, so that they can be raised without making old passwords invalid.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

export interface ScryptCost {
  /** Power of two; memory is `128 · N · r` bytes. */
  readonly N: number
  readonly r: number
  readonly p: number
}

/** One of the settings that OWASP's password storage cheat sheet recommends. */
export const STANDARD_COST: ScryptCost = { N: 2 ** 15, r: 8, p: 3 }

const DIGEST_BYTES = 32
const SALT_BYTES = 16

/** @returns `scrypt$N$r$p$salt$digest`, the last two in base64url. */
export async function hashPassword(password: string, cost: ScryptCost = STANDARD_COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  return format(cost, salt, await derive(password, salt, cost))
}

/** Takes the same time whether the password is right or wrong. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const match = /^scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([\w-]{22})\$([\w-]{43})$/.exec(stored)
  if (match === null) throw new Error('a stored password digest is damaged')
  const [, N, r, p, salt = '', digest = ''] = match
  const cost = { N: Number(N), r: Number(r), p: Number(p) }
  const derived = await derive(password, Buffer.from(salt, 'base64url'), cost)
  return timingSafeEqual(derived, Buffer.from(digest, 'base64url'))
}

/** A digest that no password has: checking against it makes an unknown user cost as much as a known one. */
export const unmatchableDigest = (cost: ScryptCost = STANDARD_COST): string =>
  format(cost, randomBytes(SALT_BYTES), randomBytes(DIGEST_BYTES))

const format = ({ N, r, p }: ScryptCost, salt: Buffer, digest: Buffer): string =>
  `scrypt$${N}$${r}$${p}$${salt.toString('base64url')}$${digest.toString('base64url')}`

function derive(password: string, salt: Buffer, cost: ScryptCost): Promise<Buffer> {
  return oneAfterAnother(
    () =>
      new Promise((resolve, reject) => {
        // The same password may arrive composed or decomposed, depending on the keyboard.
        const options = { ...cost, maxmem: 128 * cost.N * cost.r * 2 }
        scrypt(password.normalize('NFC'), salt, DIGEST_BYTES, options, (error, key) =>
          error === null ? resolve(key) : reject(error),
        )
      }),
  )
}

/**
 * One digest at a time: each takes a thread of the pool that file access and name look-ups share, and a flood of
 * logins must leave them the others.
 */
let last: Promise<unknown> = Promise.resolve()
function oneAfterAnother<T>(work: () => Promise<T>): Promise<T> {
  const result = last.then(work)
  last = result.catch(() => undefined)
  return result
}
