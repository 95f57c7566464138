import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalHeaders, canonicalQuery, canonicalRawUri, canonicalUri } from './canonical-request.js'
import { received } from '../../test/received-request.js'

test.each([
  ['/', '/', '/'],
  ['/app1', '/app1/', '/app1/'],
  ['/app1/', '/app1/', '/app1/'],
  ['/a//b', '/a//b/', '/a//b/'],
  ['/a%20b', '/a%20b/', '/a%2520b/'],
  ['/a%2fb', '/a/b/', '/a%252fb/'],
  ['/%e7%bd%91', '/%E7%BD%91/', '/%25e7%25bd%2591/'],
  ['/Ã¤', '/%C3%A4/', '/%C3%A4/'],
  ['/-_.~', '/-_.~/', '/-_.~/'],
  ['/%7E%41', '/~A/', '/%257E%2541/'],
  ['/a+b;c=d', '/a%2Bb%3Bc%3Dd/', '/a%2Bb%3Bc%3Dd/'],
  ['/100%', '/100%25/', '/100%25/'],
  ['/%zz%4', '/%25zz%254/', '/%25zz%254/'],
])('path %s: %s, or as it came %s', (path, decoded, raw) => {
  expect(canonicalUri(path)).toBe(decoded)
  expect(canonicalRawUri(path)).toBe(raw)
})

test.each([
  ['', '', '', ''],
  ['b=2&a=1', 'a=1&b=2', 'a=1&b=2', 'a=1&b=2'],
  ['a=2&b=&a=1&a=10', 'a=1&a=10&a=2&b=', 'a=1&a=10&a=2&b=', 'a=2&a=1&a=10&b='],
  ['a&b=', 'a=&b=', 'a=&b=', 'a=&b='],
  ['&&a=1&', 'a=1', 'a=1', 'a=1'],
  ['a=b=c', 'a=b%3Dc', 'a=b%3Dc', 'a=b%3Dc'],
  ['=v', '=v', '=v', '=v'],
  ['q=a+b', 'q=a%20b', 'q=a%20b', 'q=a%20b'],
  ['q=a%2Bb', 'q=a%2Bb', 'q=a%2Bb', 'q=a%2Bb'],
  ['q=%e7%bd%91', 'q=%E7%BD%91', 'q=%E7%BD%91', 'q=%E7%BD%91'],
  ['q=100%', 'q=100%25', 'q=100%25', 'q=100%25'],
  ['b=1&B=2', 'B=2&b=1', 'B=2&b=1', 'B=2&b=1'],
  ['a1=1&a%C3%A4=2', 'a1=1&a%C3%A4=2', 'a%C3%A4=2&a1=1', 'a%C3%A4=2&a1=1'],
  ['t=~&t=%C3%A4', 't=~&t=%C3%A4', 't=%C3%A4&t=~', 't=~&t=%C3%A4'],
])('query %s: by meaning %s, by spelling %s, values as sent %s', (query, decoded, encoded, sent) => {
  expect(canonicalQuery(query, 'decoded')).toBe(decoded)
  expect(canonicalQuery(query, 'encoded')).toBe(encoded)
  expect(canonicalQuery(query, 'sent')).toBe(sent)
})

const octets = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) })

test('a canonical query has one form, whatever the order of the parameters', () => {
  fc.assert(
    fc.property(fc.array(octets.map((text) => text.replaceAll('&', '%26'))), fc.func(fc.nat()), (pieces, key) => {
      const shuffled = [...pieces].sort((a, b) => key(a) - key(b))
      expect(canonicalQuery(shuffled.join('&'), 'decoded')).toBe(canonicalQuery(pieces.join('&'), 'decoded'))
    }),
  )
})

test('a canonical form is its own canonical form, and has no character that could end its line', () => {
  fc.assert(
    fc.property(octets, (text) => {
      const uri = canonicalUri('/' + text)
      const query = canonicalQuery(text, 'decoded')
      expect(uri).toMatch(/^\/[\w%~./-]*$/)
      expect(query).toMatch(/^[\w%~.=&-]*$/)
      expect(canonicalUri(uri)).toBe(uri)
      expect(canonicalQuery(query, 'decoded')).toBe(query)
    }),
  )
})

test('a header that came twice is one line or two, as the plane has it', () => {
  const request = received({
    method: 'GET',
    path: '/',
    query: '',
    body: '',
    headers: [
      ['A', 'x'],
      ['B', '2'],
      ['b', '1'],
    ],
  })
  expect(canonicalHeaders(request, ['a', 'b'], 'joined')).toBe('a:x\nb:2,1\n')
  expect(canonicalHeaders(request, ['a', 'b'], 'lines')).toBe('a:x\nb:1\nb:2\n')
  expect(canonicalHeaders(request, ['a', 'c'], 'lines')).toBeUndefined()
})
