/** What a key verifies, and what it never does: authentication.md §7. */
import { constants, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import type { JWK } from 'jose'
import { expect, test } from 'vitest'
import { KeySet } from './key-set.js'
import { isTokenAlgorithm, TokenKey } from './token-key.js'

const rsa = (bits: number) => generateKeyPairSync('rsa', { modulusLength: bits })
const curve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve })
const pairs = {
  RSA: rsa(2048),
  otherRsa: rsa(2048),
  ...{ 'P-256': curve('P-256'), 'P-384': curve('P-384'), 'P-521': curve('P-521'), other: curve('P-256') },
}
const ed25519 = generateKeyPairSync('ed25519')
const CLAIMS = { sub: 'alice' }

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwkOf = (key: KeyObject): object => key.export({ format: 'jwk' })

function setOf(key: KeyObject, members: object = {}): KeySet {
  const set = KeySet.parse(JSON.stringify({ keys: [{ ...jwkOf(key), ...members }] }))
  if (set === undefined) throw new Error('the set is one')
  return set
}

/** A token with the signature that `make` makes of its first two parts. */
function token(alg: string, make: (text: Buffer) => Buffer, claims: object = CLAIMS): string {
  const text = `${encoded({ alg })}.${encoded(claims)}`
  return `${text}.${make(Buffer.from(text)).toString('base64url')}`
}

const bits = (alg: string): string => `sha${alg.slice(2)}`
const signedBy = (alg: string, key: KeyObject) => (text: Buffer) =>
  alg.startsWith('RS') ? sign(bits(alg), text, key) : sign(bits(alg), text, { key, dsaEncoding: 'ieee-p1363' })

const algorithms = [
  ['RS256', 'RSA'],
  ['RS384', 'RSA'],
  ['RS512', 'RSA'],
  ['ES256', 'P-256'],
  ['ES384', 'P-384'],
  ['ES512', 'P-521'],
] as const

test.each(algorithms)('%s by a key of type %s: no other signature is good', async (alg, type) => {
  const { publicKey, privateKey } = pairs[type]
  const keys = setOf(publicKey)
  const good = token(alg, signedBy(alg, privateKey))
  expect(await keys.verify(good)).toMatchObject({ algorithm: alg, claims: CLAIMS })

  const text = good.slice(0, good.lastIndexOf('.'))
  const signature = Buffer.from(good.slice(text.length + 1), 'base64url')
  const flipped = Array.from({ length: 16 }, (_, i) => {
    const changed = Buffer.from(signature)
    const at = Math.floor((i * signature.length) / 16)
    changed[at] = (changed[at] ?? 0) ^ (1 << (i % 8))
    return changed
  })
  const half = signature.length / 2
  const bad = [
    ...flipped,
    ...[0, 1, half, signature.length - 1].map((length) => signature.subarray(0, length)),
    ...[Buffer.concat([signature, Buffer.of(0)]), Buffer.concat([Buffer.of(0), signature])],
    ...[0, 255].map((octet) => Buffer.alloc(signature.length, octet)),
    Buffer.concat([signature.subarray(half), signature.subarray(0, half)]),
  ]
  for (const one of bad) expect(await keys.verify(`${text}.${one.toString('base64url')}`)).toBe('invalid')
  // The same signature of other claims, and one by another key of that type.
  expect(await keys.verify(token(alg, () => signature, { sub: 'mallory' }))).toBe('invalid')
  const other = type === 'RSA' ? pairs.otherRsa : curve(type)
  expect(await keys.verify(token(alg, signedBy(alg, other.privateKey)))).toBe('invalid')
})

test.each(algorithms)('a signature by %s is none by another name of algorithm', async (alg, type) => {
  const { publicKey, privateKey } = pairs[type]
  const keys = setOf(publicKey)
  for (const [named] of algorithms.filter(([one]) => one !== alg))
    expect(await keys.verify(token(named, signedBy(alg, privateKey)))).toBe('invalid')
  // A key that says what it is for is for nothing else, though it could be.
  for (const [named] of algorithms) {
    const verdict = await setOf(publicKey, { alg: named }).verify(token(alg, signedBy(alg, privateKey)))
    expect(typeof verdict).toBe(named === alg ? 'object' : 'string')
  }
})

test.each([
  [
    'of one number after the other in ASN.1',
    'ES256',
    (text: Buffer) => sign('sha256', text, pairs['P-256'].privateKey),
  ],
  ['by another curve', 'ES256', signedBy('ES256', pairs['P-384'].privateKey)],
])('ES256: a signature %s is none', async (_, alg, make) => {
  const keys = setOf(pairs['P-256'].publicKey)
  expect(await keys.verify(token(alg, signedBy('ES256', pairs['P-256'].privateKey)))).toBeTypeOf('object')
  expect(await keys.verify(token(alg, make))).toBe('invalid')
})

test.each(['PS256', 'PS384', 'PS512'])('%s is not among the algorithms, whatever the salt', async (alg) => {
  const { publicKey, privateKey: key } = pairs.RSA
  const { RSA_PSS_SALTLEN_DIGEST, RSA_PSS_SALTLEN_MAX_SIGN, RSA_PKCS1_PSS_PADDING: padding } = constants
  const keys = setOf(publicKey)
  for (const saltLength of [RSA_PSS_SALTLEN_DIGEST, RSA_PSS_SALTLEN_MAX_SIGN, 0]) {
    const make = (text: Buffer): Buffer => sign(bits(alg), text, { key, padding, saltLength })
    expect(await keys.verify(token(alg, make))).toBe('invalid')
    expect(await keys.verify(token(alg.replace('P', 'R'), make))).toBe('invalid')
  }
  // A key that may do nothing else does not verify the other padding.
  const pss = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const only = setOf(pss.publicKey, { alg })
  expect(await only.verify(token('RS256', signedBy('RS256', pss.privateKey)))).toBe('invalid')
})

test.each(['EdDSA', 'Ed25519'])('%s is not among the algorithms', async (alg) => {
  const keys = setOf(ed25519.publicKey)
  const make = (text: Buffer): Buffer => sign(null, text, ed25519.privateKey)
  for (const named of [alg, 'ES256', 'RS256']) expect(await keys.verify(token(named, make))).toBe('invalid')
})

test.each([
  ['of less than 2048 bits', rsa(2040).publicKey, {}],
  ['that encrypts', pairs.RSA.publicKey, { use: 'enc' }],
  ['that signs only', pairs.RSA.publicKey, { key_ops: ['sign'] }],
  ['of another type', pairs['P-256'].publicKey, {}],
  ['without its numbers', pairs.RSA.publicKey, { n: undefined }],
  ['whose numbers are none', pairs.RSA.publicKey, { n: '!', e: '' }],
])('a key %s verifies nothing', async (_, key, members) => {
  const one = new TokenKey({ kty: 'RSA', ...jwkOf(key), ...members } as JWK)
  expect(await one.by('RS256')).toBeUndefined()
  expect(one.by('RS256')).toBeUndefined()
})

test('names of algorithms are compared whole', () => {
  for (const name of ['none', 'HS256', 'rs256', 'RS256 ', 'toString', '__proto__', 7, undefined, ['RS256']])
    expect(isTokenAlgorithm(name)).toBe(false)
})

test('what is quickly verified is so at once, and others do not wait for what is not', async () => {
  const ready = setOf(pairs.RSA.publicKey)
  const ask = (sub: string) => ready.verify(token('RS256', signedBy('RS256', pairs.RSA.privateKey), { sub }))
  expect(ask('a')).toBeInstanceOf(Promise)
  await ask('b')
  expect(ask('c')).not.toBeInstanceOf(Promise)
  const slow = setOf(pairs['P-521'].publicKey)
  const askSlow = (sub: string) => slow.verify(token('ES512', signedBy('ES512', pairs['P-521'].privateKey), { sub }))
  await askSlow('a')
  expect(askSlow('b')).toBeInstanceOf(Promise)
})

test('a token of more than 16 KB is refused before anything is verified', async () => {
  const keys = setOf(pairs.RSA.publicKey)
  const make = signedBy('RS256', pairs.RSA.privateKey)
  expect(await keys.verify(token('RS256', make, { sub: 'x'.repeat(11_000) }))).toBeTypeOf('object')
  expect(keys.verify(token('RS256', make, { sub: 'x'.repeat(13_000) }))).toBe('invalid')
})
