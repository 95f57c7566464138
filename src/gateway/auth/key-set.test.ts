import fc from 'fast-check'
import { expect, test } from 'vitest'
import { issuer } from '../../../test/tokens.js'
import { FetchedKeys } from './keys.js'
import { KeySet } from './key-set.js'

const rsa = await issuer()
const set = KeySet.parse(rsa.jwks)
if (set === undefined) throw new Error('the set is one')
const keys = set

test('no text of a set is too much for it', () => {
  const odd = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .array(fc.dictionary(fc.constantFrom('kty', 'kid', 'n', 'e', 'crv', 'alg', 'x'), fc.jsonValue()))
      .map((list) => JSON.stringify({ keys: list })),
  )
  fc.assert(
    fc.property(odd, (text) => {
      const parsed = KeySet.parse(text)
      expect(parsed === undefined || parsed instanceof KeySet).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('no token is too much for it, and none that was not signed is good', async () => {
  const part = fc.oneof(
    fc.string(),
    fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
    fc
      .record({ alg: fc.constantFrom('RS256', 'ES256', 'none', 'HS256', 7, null), kid: fc.constantFrom('k1', 'k2', 3) })
      .map((header) => Buffer.from(JSON.stringify(header)).toString('base64url')),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 5 }), async (parts) => {
      expect(['invalid', 'unknown-key']).toContain(await keys.verify(parts.join('.')))
    }),
    { numRuns: 500 },
  )
})

test('a good token is good whichever of its bits is looked at, a changed one never', async () => {
  const token = await rsa.token({ exp: 1 })
  await fc.assert(
    fc.asyncProperty(fc.nat(token.length - 1), fc.nat(7), async (at, bit) => {
      const changed = Buffer.from(token, 'latin1')
      changed[at] = (changed[at] ?? 0) ^ (1 << bit)
      expect(['invalid', 'unknown-key']).toContain(await keys.verify(changed.toString('latin1')))
    }),
    { numRuns: 300 },
  )
})

test('what was verified is not verified again, until it would be too much to remember', async () => {
  const token = await rsa.token()
  const first = await keys.verify(token)
  expect(keys.verify(token)).toBe(first)
  const forgetful = KeySet.parse(rsa.jwks, false)
  const [once, again] = [await forgetful?.verify(token), forgetful?.verify(token)]
  expect(again).toEqual(once)
  expect(again).not.toBe(once)
})

test('a key that has been rotated in is found at once; the tokens of one that is gone are none', async () => {
  const next = await issuer('RS256', 'k2')
  let current = KeySet.parse(rsa.jwks)
  const rotated = KeySet.parse(next.jwks)
  const fetched = new FetchedKeys({ current: () => current, newerThan: () => (current = rotated) })
  expect(await fetched.verify(await rsa.token())).toMatchObject({ algorithm: 'RS256' })
  expect(await fetched.verify(await next.token())).toMatchObject({ algorithm: 'RS256' })
  expect(await fetched.verify(await rsa.token())).toBe('unknown-key')
})
