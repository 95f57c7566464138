import fc from 'fast-check'
import { expect, test } from 'vitest'
import { claimsSignature, formatAuthorization, parseAuthorization } from './authorization-header.js'

const signature = '0123456789abcdef'.repeat(4)
const value = `SDK-HMAC-SHA256 Access=key_1, SignedHeaders=host;x-sdk-date, Signature=${signature}`
const parsed = { accessKey: 'key_1', signedHeaders: 'host;x-sdk-date', names: ['host', 'x-sdk-date'], signature }

test.each([
  ['as the clients write it', value],
  ['many blanks', value.replaceAll(' ', ' \t  ')],
  ['no blanks after the commas', value.replaceAll(', ', ',')],
  ['blanks before the commas', value.replaceAll(', ', ' , ')],
  ['Credential for Access', value.replace('Access', 'Credential')],
])('%s: parsed', (_, text) => {
  expect(parseAuthorization(text)).toEqual(parsed)
})

test.each([
  ['nothing', ''],
  ['the scheme alone', 'SDK-HMAC-SHA256'],
  ['another scheme', value.replace('SDK-', 'V11-')],
  ['a longer scheme', value.replace('SHA256 ', 'SHA2567 ')],
  ['no blank after the scheme', value.replace('SHA256 ', 'SHA256')],
  ['other case of a keyword', value.replace('Access', 'access')],
  ['no key', value.replace('key_1', '')],
  ['a key with a slash', value.replace('key_1', 'key/1')],
  ['a key of 201 characters', value.replace('key_1', 'k'.repeat(201))],
  ['no headers', value.replace('host;x-sdk-date', '')],
  ['an empty name', value.replace('host;', 'host;;')],
  ['a name in upper case', value.replace('host', 'Host')],
  ['a header twice', value.replace('host;', 'host;host;')],
  ['101 names', value.replace('host;', Array.from({ length: 100 }, (_, i) => `h${i};`).join(''))],
  ['a name with a line feed', value.replace('host', 'ho\nst')],
  ['a signature in upper case', value.replace('abcdef', 'ABCDEF')],
  ['a short signature', value.slice(0, -1)],
  ['a long signature', value + '0'],
  ['something after the signature', value + ', x=1'],
  ['a line feed after the signature', value + '\n'],
  ['parts in another order', `SDK-HMAC-SHA256 SignedHeaders=host, Access=key_1, Signature=${signature}`],
  ['a part missing', `SDK-HMAC-SHA256 Access=key_1, Signature=${signature}`],
])('%s: refused', (_, text) => {
  expect(parseAuthorization(text)).toBeUndefined()
})

test('a value that claims to be a signature is told from other schemes', () => {
  expect(claimsSignature('SDK-HMAC-SHA256 broken')).toBe(true)
  expect(claimsSignature('Basic dTpw')).toBe(false)
  expect(claimsSignature('SDK-HMAC-SM3 Access=a')).toBe(false)
})

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/)

test('what is written can be read back', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[A-Za-z0-9_-]{1,200}$/),
      fc.uniqueArray(name, { minLength: 1, maxLength: 30 }),
      fc.stringMatching(/^[0-9a-f]{64}$/),
      (accessKey, names, signature) => {
        const written = { accessKey, signedHeaders: names.join(';'), signature }
        expect(parseAuthorization(formatAuthorization(written))).toEqual({ ...written, names })
      },
    ),
  )
})

test('whatever comes in, the parser answers, and all that it lets through is well-formed', () => {
  const pieces = fc.constantFrom(
    'SDK-HMAC-SHA256',
    ' ',
    '\t',
    ',',
    ', ',
    ';',
    '=',
    'Access=',
    'Credential=',
    'SignedHeaders=',
    'Signature=',
    'key',
    'host',
    'x-sdk-date',
    signature,
    '\0',
    'ä',
    '"',
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 14 }).map((list) => list.join('')),
    fc
      .tuple(fc.nat(value.length), fc.string({ unit: 'binary', maxLength: 3 }), fc.nat(3))
      .map(([at, inserted, dropped]) => value.slice(0, at) + inserted + value.slice(at + dropped)),
  )
  fc.assert(
    fc.property(text, (text) => {
      const result = parseAuthorization(text)
      if (result === undefined) return
      expect(text.startsWith('SDK-HMAC-SHA256')).toBe(true)
      expect(result.accessKey).toMatch(/^[\w-]+$/)
      expect(result.signature).toMatch(/^[0-9a-f]{64}$/)
      expect(result.names.join(';')).toBe(result.signedHeaders)
      expect(result.names.every((name) => name !== '' && name === name.toLowerCase())).toBe(true)
      expect(new Set(result.names).size).toBe(result.names.length)
    }),
    { numRuns: 5_000 },
  )
})

test('a long hostile value costs no more than its length', () => {
  const started = performance.now()
  for (const filler of [' ', '\t', ';', 'a;', 'a', ', ', '-'])
    parseAuthorization(`SDK-HMAC-SHA256 Access=k, SignedHeaders=${filler.repeat(500_000)}`)
  expect(performance.now() - started).toBeLessThan(1_000)
})
