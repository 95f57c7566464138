/** Generators of HTTP/1.1 requests and replies: mostly right, and wrong in the ways that matter. */
import fc from 'fast-check'

/** Bytes as latin1 text. */
type Bytes = fc.Arbitrary<string>

const often = <T>(value: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: other })

const lineEnd = often('\r\n', fc.constantFrom('\n', '\r', '\r\r\n', '\n\r', '\r\n ', '\r\n\t', ''))
const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/)
const oddByte = fc.constantFrom(
  '\0',
  '\x07',
  '\t',
  '\x0b',
  ' ',
  '\x7f',
  '\x80',
  '\xff',
  '"',
  '(',
  ',',
  ';',
  ':',
  '\\',
  '\r',
  '\n',
)
const text = fc.stringMatching(/^[\x21-\x7e]{0,20}$/)

const size = fc.nat(40)
const lengthValue: Bytes = fc.oneof(
  { weight: 6, arbitrary: size.map(String) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '+5',
      '-1',
      '0x5',
      ' 5',
      '5 ',
      '5,5',
      '5, 5',
      '',
      '05',
      '1e1',
      '99999999999999999999',
      '5\t',
    ),
  },
)
const codingValue: Bytes = often(
  'chunked',
  fc.constantFrom(
    'Chunked',
    'chunked ',
    'identity',
    'gzip, chunked',
    'chunked, identity',
    'chunked,',
    '"chunked"',
    'xchunked',
    '\x0bchunked',
    'chunked;q=1',
    '',
  ),
)
const separator: Bytes = often(': ', fc.constantFrom(':', ' : ', ':\t', ': \t ', '', ' ', '\t:'))

function header(name: Bytes, value: Bytes): Bytes {
  return fc.tuple(name, separator, value, lineEnd).map((parts) => parts.join(''))
}

const cased = (name: string): Bytes =>
  often(name, fc.constantFrom(name.toLowerCase(), name.toUpperCase(), name.replace('-', '_')))

const anyHeader: Bytes = fc.oneof(
  {
    weight: 4,
    arbitrary: header(
      often('X-A', token),
      fc.oneof(
        text,
        fc.tuple(text, oddByte, text).map((p) => p.join('')),
      ),
    ),
  },
  { weight: 2, arbitrary: header(cased('Content-Length'), lengthValue) },
  { weight: 2, arbitrary: header(cased('Transfer-Encoding'), codingValue) },
  {
    weight: 1,
    arbitrary: header(cased('Connection'), fc.constantFrom('keep-alive', 'x-a', 'te, X-B', '', ',', 'a b')),
  },
  { weight: 1, arbitrary: header(cased('Host'), fc.constantFrom('a.example', 'b.example:80', '', 'a b', 'a,b')) },
)

const method = often('GET', fc.constantFrom('POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'get', ''))
const target: Bytes = often(
  '/',
  fc.oneof(
    fc.webPath().map((path) => `/${path}`),
    fc.tuple(fc.constant('/'), oddByte, text).map((p) => p.join('')),
    fc.constantFrom('*', 'http://a.example/x', '/a/../b', '/%2e', '/#', ''),
  ),
)
const version = often(
  'HTTP/1.1',
  fc.constantFrom('HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'http/1.1', 'HTTP/1.1 ', 'HTTP/11', ''),
)
const space = often(' ', fc.constantFrom('  ', '\t', ''))

const requestLine: Bytes = fc.tuple(method, space, target, space, version, lineEnd).map((parts) => parts.join(''))
const statusLine: Bytes = fc
  .tuple(
    version,
    space,
    often('200', fc.constantFrom('204', '304', '100', '101', '099', '20', '2000', '999')),
    often(' OK', fc.constantFrom('', ' ', ' \xff', '  x', '\tOK', ' \0')),
    lineEnd,
  )
  .map((parts) => parts.join(''))

const chunk: Bytes = fc
  .tuple(
    fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom('a', '0', '\r', '\n', ';') }),
    often('', fc.constantFrom(';a', ';a=b', ';a="b\\"c"', ';', ' ', '; a', ';a="', '\t')),
    lineEnd,
    lineEnd,
    often(0, fc.integer({ min: -1, max: 1 })),
  )
  .map(
    ([data, extension, first, second, lie]) =>
      `${(data.length + lie).toString(16)}${extension}${first}${data}${second}`,
  )

const chunkedBody: Bytes = fc
  .tuple(
    fc.array(chunk, { maxLength: 3 }),
    often('0', fc.constantFrom('000', '0;a', '0x0', '', 'G')),
    lineEnd,
    often('', fc.constantFrom('X: y\r\n', 'X y\r\n', ' a\r\n')),
    lineEnd,
  )
  .map(([chunks, last, end, trailers, empty]) => chunks.join('') + last + end + trailers + empty)

const body: Bytes = fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 3, arbitrary: chunkedBody }, text)

const plainHeaders = fc.array(anyHeader, { maxLength: 4 }).map((lines) => lines.join(''))

/** Requests whose body is what their head says, unless something is wrong. */
const framed: Bytes = fc
  .tuple(
    plainHeaders,
    fc.oneof(
      chunkedBody.map((bytes) => `Transfer-Encoding: chunked\r\n\r\n${bytes}`),
      text.map((bytes) => `Content-Length: ${bytes.length}\r\n\r\n${bytes}`),
    ),
  )
  .map(([headers, rest]) => headers + rest)

const loose: Bytes = fc.tuple(plainHeaders, lineEnd, body).map((parts) => parts.join(''))

const rest: Bytes = fc.oneof(framed, loose)

/** Damages now and then one byte. */
function damaged(bytes: Bytes): Bytes {
  return fc.tuple(bytes, often(-1, fc.nat(200)), oddByte).map(([message, at, byte]) => {
    return at < 0 || at >= message.length ? message : message.slice(0, at) + byte + message.slice(at + 1)
  })
}

const host = often('Host: a.example\r\n', fc.constant(''))

export const anyRequest: Bytes = damaged(fc.tuple(requestLine, host, rest).map((parts) => parts.join('')))
export const anyReply: Bytes = damaged(fc.tuple(statusLine, rest).map((parts) => parts.join('')))
