import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { octetsHash } from './octets-hash.js'

test('characters are octets, whatever they would be in UTF-8', () => {
  const octets = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) })
  fc.assert(
    fc.property(fc.oneof(octets, fc.string()), (text) => {
      fc.pre(!/[^\x00-\xff]/.test(text))
      const expected = createHash('sha256').update(Buffer.from(text, 'latin1')).digest('hex')
      expect(octetsHash(text)).toBe(expected)
    }),
  )
  // One octet that is two in UTF-8.
  expect(octetsHash('\xe9')).not.toBe(createHash('sha256').update('é').digest('hex'))
})
