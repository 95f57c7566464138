import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  encodePathTail,
  encodePathValue,
  encodeQueryValue,
  percentDecode,
  queryDecode,
  utf8Bytes,
} from './percent-encoding.js'

const byteString = fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('latin1'))

test('every octet comes back from a path and from a query', () => {
  fc.assert(
    fc.property(byteString, (value) => {
      expect(percentDecode(encodePathValue(value))).toBe(value)
      expect(queryDecode(encodeQueryValue(value))).toBe(value)
      expect(percentDecode(encodePathTail(value))).toBe(value)
    }),
  )
})

test('nothing that is encoded could end a request line, a path or a query piece', () => {
  fc.assert(
    fc.property(byteString, (value) => {
      expect(encodePathValue(value)).toMatch(/^[!$&'()*+,\-.0-9:;=@A-Z_a-z~%]*$/)
      expect(encodeQueryValue(value)).toMatch(/^[!$'()*,\-./0-9:;?@A-Z_a-z~%]*$/)
    }),
  )
})

// backends.md §4.4, octet by octet.
test('exactly the listed octets are encoded', () => {
  const encoded = (encode: (value: string) => string): string =>
    Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i))
      .filter((character) => encode(character) !== character)
      .join('')
  expect(encoded(encodePathValue)).toBe(' "#%/<>?[\\]^`{|}')
  expect(encoded(encodeQueryValue)).toBe(' "#%&+<=>[\\]^`{|}')
})

test('a decoder takes what is well-formed and refuses the rest', () => {
  expect(percentDecode('a%20b')).toBe('a b')
  expect(queryDecode('a+b%2B')).toBe('a b+')
  for (const text of ['%', '%1', '%1g', '%-1', '% 1', 'a%2', '%\u{131}1']) expect(percentDecode(text)).toBeUndefined()
})

test('text becomes its octets', () => {
  expect(utf8Bytes('a')).toBe('a')
  expect(utf8Bytes('你')).toBe('\xe4\xbd\xa0')
})
