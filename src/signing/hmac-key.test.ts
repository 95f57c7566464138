import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HmacKey } from './hmac-key.js'

test('RFC 4231, case 2, and a key that is longer than a block', () => {
  expect(new HmacKey('Jefe').sign('what do ya want for nothing?')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  )
  const long = 'k'.repeat(131)
  expect(new HmacKey(long).sign('x')).toBe(createHmac('sha256', long).update('x').digest('hex'))
})

test('it signs as Node does, whatever the key and the octets, and whatever was signed before', () => {
  const octets = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) })
  const texts = fc.array(fc.tuple(octets, fc.integer({ min: 1, max: 400 })).map(([text, times]) => text.repeat(times)))
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), texts, (secret, signed) => {
      const key = new HmacKey(secret)
      for (const text of signed) {
        const expected = createHmac('sha256', secret).update(Buffer.from(text, 'latin1')).digest('hex')
        expect(key.sign(text)).toBe(expected)
      }
    }),
  )
})

test('it verifies its own signatures, and nothing that is like one', () => {
  const key = new HmacKey('Jefe')
  const good = key.sign('a text')
  expect(key.verifies('a text', good)).toBe(true)
  const others = [key.sign('another text'), good.toUpperCase(), good.slice(1), `${good}0`, '', ' '.repeat(64)]
  for (const bad of others) expect(key.verifies('a text', bad)).toBe(false)
  for (let i = 0; i < good.length; i++) {
    const changed = good.slice(0, i) + (good[i] === '0' ? '1' : '0') + good.slice(i + 1)
    expect(key.verifies('a text', changed)).toBe(false)
  }
})
