/** Fields 31 to 33 of the access log, from what a PROXY header says. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { proxyFields } from './proxy-fields.js'

const field = (type: number, value: Buffer | string): Buffer => {
  const bytes = Buffer.from(value as string, 'latin1')
  return Buffer.concat([Buffer.from([type, bytes.length >> 8, bytes.length & 0xff]), bytes])
}
const told = (fields: readonly Buffer[], vniType?: number): string =>
  proxyFields({ length: 0, source: '203.0.113.7', fields: Buffer.concat(fields) }, vniType)

test.each([
  ['nothing', [], '- - 203.0.113.7'],
  ['an endpoint of AWS', [field(0xea, '\x01vpce-08d2bf15fac5001c9')], '- vpce-08d2bf15fac5001c9 203.0.113.7'],
  ['another field of AWS', [field(0xea, '\x02vpce-1')], '- - 203.0.113.7'],
  ['an endpoint of Azure', [field(0xee, '\x01\x01\x02\x00\x00')], '- 513 203.0.113.7'],
  ['half of one', [field(0xee, '\x01\x01')], '- - 203.0.113.7'],
  ['a connection of GCP', [field(0xe0, '\x00\x00\x00\x00\x00\x00\x10\x00')], '- 4096 203.0.113.7'],
  ['a virtual network as text', [field(0xe1, '4711')], '4711 - 203.0.113.7'],
  ['a virtual network as a number', [field(0xe1, '\x00\x12\x67')], '4711 - 203.0.113.7'],
  ['the first of two', [field(0xe1, '1'), field(0xe1, '2')], '1 - 203.0.113.7'],
  ['an empty field', [field(0xe1, ''), field(0xea, '')], '- - 203.0.113.7'],
  ['what would break a line', [field(0xea, '\x01a b\n')], '- 1629512202 203.0.113.7'],
  ['long bytes', [field(0xe1, Buffer.alloc(9, 0xff))], 'ffffffffffffffffff - 203.0.113.7'],
])('%s', (_name, fields, expected) => {
  expect(told(fields, 0xe1)).toBe(expected)
})

test('no virtual network where no type is set, no address where none was told', () => {
  expect(told([field(0xe1, '4711')])).toBe('- - 203.0.113.7')
  expect(proxyFields({ length: 16, source: undefined }, 0xe1)).toBe('- - -')
})

test('whatever fields say, three fields of a line come of it, and never a long one', () => {
  const fields = fc.array(
    fc
      .tuple(fc.constantFrom(0xe0, 0xe1, 0xea, 0xee, 4), fc.uint8Array({ maxLength: 300 }))
      .map(([type, value]) => field(type, Buffer.from(value))),
    { maxLength: 4 },
  )
  fc.assert(
    fc.property(fields, (all) => {
      expect(told(all, 0xe1)).toMatch(/^(?:[\w.:/-]{1,128} ){2}203\.0\.113\.7$/)
    }),
  )
})
