import { expect, test } from 'vitest'
import { hashPassword, STANDARD_COST, unmatchableDigest, verifyPassword } from './password.js'

const cheap = { N: 2 ** 8, r: 8, p: 1 }

test('a password is verified against its digest, and no two digests are alike', async () => {
  const [one, two] = [await hashPassword('secret ä', cheap), await hashPassword('secret ä', cheap)]
  expect(one).not.toBe(two)
  expect(await verifyPassword('secret ä', one)).toBe(true)
  expect(await verifyPassword('secret a', one)).toBe(false)
  expect(await verifyPassword('', one)).toBe(false)
})

test('an accent typed as one or as two characters is the same password', async () => {
  expect(await verifyPassword('a\u0308', await hashPassword('\u00e4', cheap))).toBe(true)
})

test('the digest says how it was made: memory-hard, 32 MiB', async () => {
  const stored = await hashPassword('secret')
  expect(stored).toMatch(/^scrypt\$32768\$8\$3\$[\w-]{22}\$[\w-]{43}$/)
  expect(128 * STANDARD_COST.N * STANDARD_COST.r).toBe(32 * 1024 * 1024)
  expect(await verifyPassword('secret', stored)).toBe(true)
})

test('nothing matches the digest of nobody', async () => {
  expect(await verifyPassword('', unmatchableDigest(cheap))).toBe(false)
})

test('a damaged digest is an error, not a wrong password', async () => {
  await expect(verifyPassword('x', 'plain')).rejects.toThrow('damaged')
})
