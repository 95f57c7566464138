import { createHash, timingSafeEqual } from 'node:crypto'

/** How tokens are stored: they are long and random, so one fast digest is enough. */
export const tokenHash = (token: string): string => createHash('sha256').update(token).digest('hex')

/** Constant time: both sides are digests of the same length. */
export function isTokenOf(token: string, hash: string): boolean {
  const given = Buffer.from(tokenHash(token))
  const expected = Buffer.from(hash)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
