import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { received, verdictOf, type Received } from '../../test/received-request.js'
import { parseAuthorization } from './authorization-header.js'
import { HmacKey } from './hmac-key.js'
import { signRequest } from './sign.js'
import { bodyHash, gatewayRules, managementRules, needsBodyHash, signingDate, verifySignature } from './verify.js'

const key = { accessKey: 'app-key', secretKey: 'app-secret ä' }
const now = Date.UTC(2026, 0, 31, 10, 15)

function signed(changes: Partial<Omit<Received, 'headers'>> & { headers?: Record<string, string> } = {}): Received {
  const message = { method: 'POST', path: '/orders', query: 'b=2&a=1', body: '{"a":1}', ...changes }
  const headers = { Host: 'shop.test', ...changes.headers }
  const added = signRequest({ ...message, headers, body: Buffer.from(message.body, 'latin1') }, key, now)
  return { ...message, headers: Object.entries({ ...headers, ...added }) }
}

const replaceHeader = (message: Received, name: string, value: (old: string) => string): Received => ({
  ...message,
  headers: message.headers.map(([n, old]) => [n, n === name ? value(old) : old] as const),
})
const addHeader = (message: Received, name: string, value: string): Received => ({
  ...message,
  headers: [...message.headers, [name, value]],
})

const planes = [
  ['management', managementRules],
  ['gateway', gatewayRules],
] as const

describe.each(planes)('on the %s plane', (_, rules) => {
  const verdict = (message: Received) => verdictOf(message, key.secretKey, rules)

  test('a signed request passes; a key prepared once works like the text', () => {
    const message = signed()
    expect(verdict(message)).toBe('ok')
    const request = received(message)
    const authorization = parseAuthorization(request.header('authorization') ?? '')
    if (authorization === undefined) throw new Error('our own header must parse')
    const prepared = new HmacKey(key.secretKey)
    const body = bodyHash(Buffer.from(message.body))
    expect(verifySignature(request, authorization, prepared, body, rules)).toBe('ok')
  })

  test.each<[string, Received]>([
    ['method', { ...signed(), method: 'PUT' }],
    ['path', { ...signed(), path: '/orders2' }],
    ['query value', { ...signed(), query: 'b=2&a=2' }],
    ['query, one more', { ...signed(), query: 'b=2&a=1&c=' }],
    ['body', { ...signed(), body: '{"a":2}' }],
    ['body removed', { ...signed(), body: '' }],
    ['signed header', replaceHeader(signed(), 'Host', () => 'shop.test.')],
    ['date', replaceHeader(signed(), 'X-Sdk-Date', () => '20260131T101501Z')],
    ['list of signed headers', replaceHeader(signed(), 'Authorization', (v) => v.replace('host;', ''))],
    ['last digit', replaceHeader(signed(), 'Authorization', (v) => v.slice(0, -1) + (v.endsWith('0') ? '1' : '0'))],
    ['inner blanks of a header', replaceHeader(signed({ headers: { A: 'a  b' } }), 'A', () => 'a b')],
    ['a second value for a signed header', addHeader(signed(), 'Host', 'evil.test')],
  ])('%s changed after signing: refused', (_, message) => {
    expect(verdict(message)).toBe('bad-signature')
  })

  test.each<[string, Received]>([
    ['trailing slash added', { ...signed(), path: '/orders/' }],
    ['parameters in another order', { ...signed(), query: 'a=1&b=2' }],
    ['header that is not signed', addHeader(signed(), 'X-Project-Id', 'p')],
    ['UTF-8 in a header', signed({ headers: { 'X-Name': '网关 ä' } })],
  ])('%s: still the same signature', (_, message) => {
    const wire = replaceHeader(message, 'X-Name', (value) => Buffer.from(value).toString('latin1'))
    expect(verdict(wire)).toBe('ok')
  })

  test('a header of the list that is not there is told from a wrong signature', () => {
    const message = signed({ headers: { 'X-Stage': 'TEST' } })
    expect(verdict({ ...message, headers: message.headers.filter(([n]) => n !== 'X-Stage') })).toBe('missing-header')
  })

  test('the date must be signed', () => {
    const message = replaceHeader(signed(), 'Authorization', (value) => value.replace(';x-sdk-date', ''))
    expect(verdict(message)).toBe('unsigned-date')
  })

  test('names that sort differently by spelling: both orders are accepted', () => {
    // `ä` is above `1` by its bytes and, as `%C3%A4`, below it by its spelling.
    const spelled = { ...signed({ query: 'a1=1&a%C3%A4=2' }) }
    expect(verdict(spelled)).toBe('ok')
    const canonical = 'POST\n/orders/\na%C3%A4=2&a1=1\n'
    expect(verdict(signAsText(canonical))).toBe('ok')
  })

  test('a declared hash must be the hash of the body', () => {
    const hash = bodyHash(Buffer.from('{"a":1}'))
    expect(verdict(signed({ headers: { 'X-Sdk-Content-Sha256': hash } }))).toBe('ok')
    expect(verdict(signed({ headers: { 'X-Sdk-Content-Sha256': hash.toUpperCase() } }))).toBe('ok')
    expect(verdict(signed({ body: '{"a":2}', headers: { 'X-Sdk-Content-Sha256': hash } }))).toBe('wrong-payload')
    expect(verdict(signed({ body: '', headers: { 'X-Sdk-Content-Sha256': hash } }))).toBe('wrong-payload')
  })

  test('an unsigned payload leaves the body open, but only when it was signed so', () => {
    const message = signed({ headers: { 'X-Sdk-Content-Sha256': 'UNSIGNED-PAYLOAD' } })
    expect(verdict({ ...message, body: 'anything' })).toBe('ok')
    expect(verdict(addHeader(signed(), 'X-Sdk-Content-Sha256', 'UNSIGNED-PAYLOAD'))).toBe('bad-signature')
    expect(verdict(addHeader({ ...signed({ body: '' }), body: 'x' }, 'X-Sdk-Content-Sha256', 'UNSIGNED-PAYLOAD'))).toBe(
      'bad-signature',
    )
  })

  test('two declared payloads are refused', () => {
    const message = signed({ headers: { 'X-Sdk-Content-Sha256': 'UNSIGNED-PAYLOAD' } })
    expect(verdict(addHeader(message, 'X-Sdk-Content-Sha256', bodyHash(Buffer.from('x'))))).toBe('wrong-payload')
  })

  test('a body that had to be hashed and was not is never taken for signed', () => {
    const request = received(signed())
    const authorization = parseAuthorization(request.header('authorization') ?? '')
    if (authorization === undefined) throw new Error('our own header must parse')
    expect(verifySignature(request, authorization, key.secretKey, undefined, rules)).toBe('wrong-payload')
  })

  test('whatever the request is, its own signature passes and that of another secret does not', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 30 })
    const octets = (value: string) => Buffer.from(value).toString('latin1')
    fc.assert(
      fc.property(text, text, text, (path, query, body) => {
        const message = {
          method: 'POST',
          path: '/' + path.replaceAll('?', '').replaceAll('#', ''),
          query: query.replaceAll('#', ''),
          headers: { Host: 'h' },
        }
        const content = Buffer.from(body)
        const added = signRequest({ ...message, body: content }, key, now)
        const wire: Received = {
          method: 'POST',
          path: octets(message.path),
          query: octets(message.query),
          headers: Object.entries({ Host: 'h', ...added }),
          body: content.toString('latin1'),
        }
        expect(verdictOf(wire, key.secretKey, rules)).toBe('ok')
        expect(verdictOf(wire, 'other', rules)).toBe('bad-signature')
      }),
    )
  })
})

test('a payload that is no hash is signed as it stands by management, refused by the gateway', () => {
  const message = signed({ headers: { 'X-Sdk-Content-Sha256': 'STREAMING-PAYLOAD' } })
  expect(verdictOf(message, key.secretKey, managementRules)).toBe('ok')
  expect(verdictOf(message, key.secretKey, gatewayRules)).toBe('wrong-payload')
})

test('headers that came twice are signed as lines or joined', () => {
  const joined = signed({ headers: { A: 'y,x' } })
  const twice: Received = {
    ...joined,
    headers: joined.headers.flatMap(([n, v]) =>
      n === 'A'
        ? ([
            ['A', 'y'],
            ['a', 'x'],
          ] as const)
        : ([[n, v]] as const),
    ),
  }
  expect(verdictOf(twice, key.secretKey, gatewayRules)).toBe('ok')
  expect(verdictOf(twice, key.secretKey, managementRules)).toBe('bad-signature')
})

test('the signing date is read only when there is exactly one', () => {
  expect(signingDate(received(signed()))).toBe(now)
  expect(signingDate(received(addHeader(signed(), 'x-sdk-date', '20260131T101500Z')))).toBeUndefined()
  expect(signingDate(received({ ...signed(), headers: [] }))).toBeUndefined()
})

test('only an unsigned payload spares the hash', () => {
  expect(needsBodyHash(received(signed()))).toBe(true)
  expect(needsBodyHash(received(signed({ headers: { 'X-Sdk-Content-Sha256': 'UNSIGNED-PAYLOAD' } })))).toBe(false)
  expect(needsBodyHash(received(signed({ headers: { 'X-Sdk-Content-Sha256': 'unsigned-payload' } })))).toBe(true)
})

/** Signs a canonical request whose first three lines are given. */
function signAsText(firstLines: string): Received {
  const [method = '', , query = ''] = firstLines.split('\n')
  const date = '20260131T101500Z'
  const canonical = `${firstLines}x-sdk-date:${date}\n\nx-sdk-date\n${bodyHash(Buffer.from(''))}`
  const digest = createHash('sha256').update(canonical).digest('hex')
  const signature = createHmac('sha256', key.secretKey).update(`SDK-HMAC-SHA256\n${date}\n${digest}`).digest('hex')
  return {
    method,
    path: '/orders',
    query,
    headers: [
      ['X-Sdk-Date', date],
      ['Authorization', `SDK-HMAC-SHA256 Access=a, SignedHeaders=x-sdk-date, Signature=${signature}`],
    ],
    body: '',
  }
}
