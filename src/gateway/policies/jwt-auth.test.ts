/** Plug-in `jwt_auth`: authentication.md §7 and checks 18, 20, 21 and 22 of §9. */
import { createHmac, createPublicKey } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { JWTPayload } from 'jose'
import { expect, onTestFinished, test, vi } from 'vitest'
import { certificate } from '../../../test/certificates.js'
import { gateway, type CallOptions, type TestGateway } from '../../../test/gateway.js'
import { members } from '../../../test/members.js'
import { change, channelPart, instancePart, pluginPart, publicationPart } from '../../../test/parts.js'
import { inSeconds, issuer, service } from '../../../test/tokens.js'
import type { ApiSpec } from '../../../test/parts.js'

const rsa = await issuer()
const other = await issuer()

const stage = (content: object, api: ApiSpec = {}) =>
  gateway({
    api: { pluginIds: ['jwt_auth1'], ...api },
    parts: [pluginPart('jwt_auth', { jwks: rsa.jwks, ...content })],
  })

async function answer(gw: TestGateway, token?: string, options: CallOptions = {}, target = '/orders') {
  const authorization = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  const { status, code } = await gw.get(target, { ...options, headers: { ...authorization, ...options.headers } })
  return code === undefined ? status : `${status} ${code}`
}

const REFUSED = '401 APIG.0319'

test.each(['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'])('a token that is signed by %s', async (alg) => {
  const one = await issuer(alg)
  await using gw = await stage({ jwks: one.jwks })
  expect(await answer(gw, await one.token({ exp: inSeconds(60) }))).toBe(200)
  expect(gw.backend.only.headers).not.toHaveProperty('authorization')
  expect(await answer(gw, await rsa.token())).toBe(REFUSED)
})

test.each([
  ['authentication.md 18: expired 30 s ago, with a tolerance of 60 s', -30, '60', 200],
  ['authentication.md 18: expired 30 s ago, with a tolerance of 0', -30, '0', REFUSED],
  ['expired 61 s ago, with a tolerance that is a number', -61, 60, REFUSED],
])('%s', async (_, exp, tolerance, expected) => {
  await using gw = await stage({ token_expiration_tolerance: tolerance })
  const token = await rsa.token({ exp: inSeconds(exp) })
  // The second time its signature is known, and time is judged again.
  expect([await answer(gw, token), await answer(gw, token)]).toEqual([expected, expected])
})

test.each([
  ['authentication.md 20: the header of the caller stays', false, ['mallory', 'alice']],
  ['authentication.md 20: the header of the caller is replaced', true, ['alice']],
])('%s', async (_, is_override, values) => {
  await using gw = await stage({ claims_to_headers: [{ claim: 'sub', header: 'X-Sub', is_override }] })
  expect(await answer(gw, await rsa.token(), { headers: { 'x-sub': 'mallory' } })).toBe(200)
  const { rawHeaders } = gw.backend.only
  expect(rawHeaders.filter((__, index) => rawHeaders[index - 1]?.toLowerCase() === 'x-sub')).toEqual(values)
})

test('authentication.md 21: a token on the blacklist', async () => {
  const blacklist = [
    { claim: 'sub', value: 'test' },
    { claim: 'level', value: '3' },
  ]
  await using gw = await stage({ blacklist })
  expect(await answer(gw, await rsa.token({ sub: 'test' }))).toBe(REFUSED)
  expect(await answer(gw, await rsa.token({ level: 3 }))).toBe(REFUSED)
  expect(await answer(gw, await rsa.token({ sub: 'alice' }))).toBe(200)
})

test.each([
  ['authentication.md 22: no token, where that is let pass', true, 200],
  ['authentication.md 22: no token, where one is needed', false, REFUSED],
])('%s', async (_, missing_token_skip_auth_enabled, expected) => {
  const claims_to_headers = [{ claim: 'sub', header: 'X-Sub' }]
  await using gw = await stage({ missing_token_skip_auth_enabled, claims_to_headers })
  expect(await answer(gw, undefined, { headers: { 'X-Sub': 'mallory' } })).toBe(expected)
  expect(await answer(gw, await other.token())).toBe(REFUSED)
  if (expected === 200) expect(gw.backend.only.headers).not.toHaveProperty('x-sub')
})

test('times of a token: `nbf` has no tolerance, `exp` may be ignored', async () => {
  await using gw = await stage({ token_expiration_tolerance: 3600, ignore_expiration_validation_enabled: true })
  expect(await answer(gw, await rsa.token({ nbf: inSeconds(60) }))).toBe(REFUSED)
  expect(await answer(gw, await rsa.token({ nbf: inSeconds(-5), exp: inSeconds(-99_999) }))).toBe(200)
})

test('a token that is remembered ends in its time', async () => {
  await using gw = await stage({})
  const token = await rsa.token({ exp: inSeconds(60) })
  expect(await answer(gw, token)).toBe(200)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
  try {
    expect(await answer(gw, token)).toBe(REFUSED)
  } finally {
    vi.useRealTimers()
  }
})

test('a key never verifies by the algorithms of another type', async () => {
  await using gw = await stage({})
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const pem = createPublicKey({ key: rsa.jwk as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  const hs = `${encode({ alg: 'HS256', kid: 'k1' })}.${encode({ sub: 'alice' })}`
  const forged = [
    `${encode({ alg: 'none' })}.${encode({ sub: 'alice' })}.`,
    `${encode({ alg: 'none', kid: 'k1' })}.${encode({ sub: 'alice' })}.`,
    ...[pem, JSON.stringify(rsa.jwk), rsa.jwk.n ?? ''].map(
      (key) => `${hs}.${createHmac('sha256', key).update(hs).digest('base64url')}`,
    ),
    // A key that the token brings itself.
    await other.token({}, { jwk: other.jwk, kid: 'k1' }),
    await rsa.token({}, { alg: 'RS256', crit: ['exp'], exp: 1 }).catch(() => 'a.b.c'),
  ]
  for (const token of forged) expect(await answer(gw, token)).toBe(REFUSED)
  expect(gw.backend.requests).toEqual([])
})

test('a symmetric key in the set verifies nothing', async () => {
  const secret = Buffer.from('secret secret secret secret secret').toString('base64url')
  await using gw = await stage({ jwks: JSON.stringify({ keys: [{ kty: 'oct', kid: 'k1', k: secret }] }) })
  const signed = `${Buffer.from('{"alg":"HS256","kid":"k1"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}`
  const mac = createHmac('sha256', Buffer.from(secret, 'base64url')).update(signed).digest('base64url')
  expect(await answer(gw, `${signed}.${mac}`)).toBe(REFUSED)
})

test('replayed, truncated and bit-flipped tokens', async () => {
  await using gw = await stage({})
  const token = await rsa.token({ exp: inSeconds(60) })
  expect([await answer(gw, token), await answer(gw, token)]).toEqual([200, 200])
  const flipped = Array.from({ length: 40 }, (_, index) => {
    const at = Math.floor((index / 40) * token.length)
    const replaced = token[at] === 'A' ? 'B' : 'A'
    return token[at] === '.' ? `${token}A` : token.slice(0, at) + replaced + token.slice(at + 1)
  })
  const last = token.at(-1) ?? ''
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  // The last character of a signature has bits that belong to no octet.
  const neighbour = token.slice(0, -1) + (alphabet[alphabet.indexOf(last) ^ 1] ?? '')
  const cut = [1, 2, 100, token.length - 1].map((length) => token.slice(0, -length))
  for (const bad of [...flipped, neighbour, ...cut, `${token}.`, `${token}=`, '..', 'x'])
    expect([bad, await answer(gw, bad)]).toEqual([bad, REFUSED])
  const lines = JSON.stringify(await gw.log())
  expect(lines).not.toContain(token.split('.')[2])
  expect(lines).not.toContain(token.split('.')[1])
})

test('claims that are no object, and times that are no numbers', async () => {
  await using gw = await stage({})
  for (const claims of [{ exp: '1' }, { nbf: 'x' }, { exp: null }])
    expect(await answer(gw, await rsa.token(claims as unknown as JWTPayload))).toBe(REFUSED)
})

test('a token in the query goes no further, the rest does as it came', async () => {
  await using gw = await stage({ token_location: 'query' })
  const token = await rsa.token()
  expect(await answer(gw, undefined, {}, `/orders?a=%20b&access_token=${token}&c`)).toBe(200)
  expect(gw.backend.only.target).toBe('/orders?a=%20b&c')
  expect(await answer(gw, undefined, {}, `/orders?access_token=${token}&access_token=x`)).toBe(REFUSED)
  expect(await answer(gw, token)).toBe(REFUSED)
})

test('a token in the query is secret, whatever its name', async () => {
  await using gw = await stage({ token_location: 'query', token_name: 'ticket', token_pass_through_enabled: true })
  expect(await answer(gw, undefined, {}, `/orders?Ticket=x&ticket=${await rsa.token()}&a=1`)).toBe(200)
  const [line] = await gw.log()
  expect([line?.['router_uri'], line?.['upstream_uri']]).toEqual(Array(2).fill('/orders?Ticket=***&ticket=***&a=1'))
})

test('a token in a cookie', async () => {
  await using gw = await stage({ token_location: 'cookie', token_name: 'jwt' })
  const token = await rsa.token()
  expect(await answer(gw, undefined, { headers: { Cookie: `a=1; JWT=${token}; b=2` } })).toBe(200)
  expect(gw.backend.only.headers.cookie).toBe('a=1; b=2')
  expect(await answer(gw, undefined, { headers: { Cookie: `jwt=${token}; JWT=x` } })).toBe(REFUSED)
})

test('a token in a header of its own, with a prefix of its own, passed on', async () => {
  const carry_payload = { enabled: true, header: 'X-Payload' }
  await using gw = await stage({
    token_name: 'X-Token',
    token_prefix: 'Key',
    token_pass_through_enabled: true,
    carry_payload,
  })
  const token = await rsa.token({ name: 'Zoë', roles: ['a'] })
  expect(await answer(gw, undefined, { headers: { 'x-token': `Key  ${token}`, 'X-Payload': 'mine' } })).toBe(200)
  expect(gw.backend.only.headers['x-token']).toBe(`Key  ${token}`)
  const payload = Buffer.from(String(gw.backend.only.headers['x-payload']), 'base64url').toString()
  expect(JSON.parse(payload)).toEqual({ sub: 'alice', name: 'Zoë', roles: ['a'] })
  expect(await answer(gw, undefined, { headers: { 'x-token': token } })).toBe(200)
  // A backend that is given both could believe the second.
  expect(await answer(gw, undefined, { headers: { 'X-Token': [token, 'x'] } })).toBe(REFUSED)
})

test('claims as headers: what cannot stand in one is left out', async () => {
  const claims_to_headers = ['sub', 'n', 'list', 'bad', 'gone'].map((claim) => ({ claim, header: `X-${claim}` }))
  await using gw = await stage({ claims_to_headers })
  const token = await rsa.token({ sub: 'Zoë', n: 7, list: ['a', 1], bad: 'a\r\nX-Evil: 1' })
  expect(await answer(gw, token, { headers: { 'X-Gone': 'mine' } })).toBe(200)
  const { headers } = gw.backend.only
  expect(Buffer.from(String(headers['x-sub']), 'latin1').toString()).toBe('Zoë')
  expect([headers['x-n'], headers['x-list']]).toEqual(['7', '["a",1]'])
  for (const name of ['x-bad', 'x-evil', 'x-gone']) expect(headers).not.toHaveProperty(name)
})

test('a claim replaces a header that a mapping has written too', async () => {
  const params = [{ name: 'x-sub', location: 'HEADER', origin: 'CONSTANT', value: 'mapped' }] as const
  await using gw = await stage({ claims_to_headers: [{ claim: 'sub', header: 'X-Sub' }] }, { backend: { params } })
  expect(await answer(gw, await rsa.token())).toBe(200)
  expect(gw.backend.only.headers['x-sub']).toBe('alice')
})

test('it comes beside the auth_type of an API, and after it', async () => {
  await using gw = await stage({}, { auth_type: 'APP' })
  expect(await answer(gw, await rsa.token())).toBe('401 APIG.0303')
})

test('a preflight carries no token', async () => {
  await using gw = await stage({}, { req_method: 'OPTIONS', cors: true })
  expect((await gw.call('OPTIONS', '/orders')).status).toBe(200)
})

test('the access log tells by what a caller was known', async () => {
  await using gw = await stage({})
  await answer(gw, await rsa.token())
  await answer(gw)
  const lines = await gw.log()
  expect(lines.map((line) => [line['access_model1'], line['errorType'], line['apig_err_code']])).toEqual([
    ['jwt_auth', '0', '-'],
    ['-', '0', 'APIG.0319'],
  ])
})

test('a set that two keys of one name are in, or no key, is none', async () => {
  const none = [{ keys: [rsa.jwk, { ...other.jwk, kid: 'k1' }] }, { keys: [] }, [], { keys: [{}] }]
  for (const jwks of none) {
    await using gw = await stage({ jwks: JSON.stringify(jwks) })
    expect(await answer(gw, await rsa.token())).toBe('500 APIG.0104')
  }
})

test('keys are chosen by their names; without one where there is a single key', async () => {
  const second = await issuer('ES256', 'k2')
  await using gw = await stage({ jwks: JSON.stringify({ keys: [rsa.jwk, second.jwk] }) })
  expect(await answer(gw, await second.token())).toBe(200)
  expect(await answer(gw, await second.token({}, { kid: 'k1' }))).toBe(REFUSED)
  expect(await answer(gw, await second.token({}, { kid: undefined }))).toBe(REFUSED)
  void gw.apply(change([pluginPart('jwt_auth', { jwks: second.jwks })]))
  expect(await answer(gw, await second.token({}, { kid: undefined }))).toBe(200)
  expect(await answer(gw, await rsa.token())).toBe(REFUSED)
})

const fetched = (address: string, more: object = {}, path = '/keys') => ({
  jwks: null,
  jwks_service: { uri: `http://${address}${path}`, timeout: 5000, ttl: 7200, ...more },
})

test('keys are fetched once, whoever asks', async () => {
  await using keys = await service((response) => setTimeout(() => response.end(rsa.jwks), 20))
  await using gw = await stage(fetched(keys.address, { custom_host: 'keys.example' }, '/keys?a=1'))
  const token = await rsa.token()
  const statuses = await Promise.all(Array.from({ length: 20 }, () => answer(gw, token)))
  expect(new Set(statuses)).toEqual(new Set([200]))
  expect(keys.requests.map(({ url, headers }) => [url, headers.host])).toEqual([['/keys?a=1', 'keys.example']])
  // Another publication compiles the route anew, and keeps them.
  void gw.apply(change([publicationPart({ pluginIds: ['jwt_auth1'], name: 'renamed' })]))
  expect(await answer(gw, token)).toBe(200)
  expect(keys.requests).toHaveLength(1)
})

test.each<[string, Parameters<typeof service>[0], number]>([
  ['never answers', () => undefined, 150],
  ['answers with 10 MB', (response) => response.end('x'.repeat(10_000_000)), 5000],
  ['drips for ever', (response) => void setInterval(() => response.write(' '), 20).unref(), 150],
  ['is broken', (response) => response.writeHead(500).end(), 5000],
  ['answers with garbage', (response) => response.end('{"keys":[{"kty":1}]}'), 5000],
  ['leads elsewhere', (response) => response.writeHead(302, { location: '/keys' }).end(), 5000],
])('a service of keys that %s: 401, and the next ones at once', async (_, respond, timeout) => {
  await using keys = await service(respond)
  await using gw = await stage(fetched(keys.address, { timeout }))
  const token = await rsa.token()
  expect(await answer(gw, token)).toBe(REFUSED)
  const before = performance.now()
  const statuses = await Promise.all(Array.from({ length: 20 }, () => answer(gw, token)))
  expect(new Set(statuses)).toEqual(new Set([REFUSED]))
  expect(keys.requests).toHaveLength(1)
  expect(performance.now() - before).toBeLessThan(2_000)
})

test.each([
  ['an address of metadata', 'http://169.254.169.254/latest'],
  ['its name in numbers', 'http://2852039166/latest'],
  ['its form in IPv6', 'http://[::ffff:169.254.169.254]/latest'],
])('keys are not fetched from %s', async (_, uri) => {
  await using gw = await stage({ jwks: null, jwks_service: { uri, timeout: 3000 } })
  const before = performance.now()
  expect(await answer(gw, await rsa.token())).toBe(REFUSED)
  expect(performance.now() - before).toBeLessThan(2_500)
})

test('a server hands out keys if the roots of the system, or those of the instance, know it', async () => {
  const root = certificate({ ca: true, subject: [['CN', 'root']] })
  const { pem, keyPem } = certificate({ san: ['localhost'], issuer: root })
  const server = createServer({ cert: pem, key: keyPem }, (_, response) => response.end(rsa.jwks))
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  onTestFinished(() => void server.close())
  // Without a scheme it is HTTPS.
  const uri = `localhost:${(server.address() as AddressInfo).port}/keys`
  const content = { jwks: null, jwks_service: { uri, timeout: 3000 } }
  await using strict = await stage(content)
  expect(await answer(strict, await rsa.token())).toBe(REFUSED)
  const config = JSON.stringify({ content: pem, key: keyPem, ca: root.pem })
  const features = { backend_client_certificate: { enable: true, config } }
  await using trusting = await gateway({
    api: { pluginIds: ['jwt_auth1'] },
    parts: [pluginPart('jwt_auth', content), instancePart({ features })],
  })
  expect(await answer(trusting, await rsa.token())).toBe(200)
})

test('a repetition with another member is told of the caller as well, and gets no token', async () => {
  await using both = await members(2)
  const [first, second] = both.backends
  if (first === undefined || second === undefined) throw new Error('there are two')
  const hangUpOnce: typeof first.answer = (response, _, socket) => {
    const other = first.requests.length + second.requests.length > 1
    if (other) response.end('ok')
    else socket.destroy()
  }
  first.answer = hangUpOnce
  second.answer = hangUpOnce
  const content = { jwks: rsa.jwks, claims_to_headers: [{ claim: 'sub', header: 'X-Sub' }] }
  await using gw = await gateway({
    api: { pluginIds: ['jwt_auth1'], backend: { url_domain: '', vpc_channel_id: 'c1', retry_count: 1 } },
    parts: [pluginPart('jwt_auth', content), channelPart({ members: both.parts() })],
  })
  expect(await answer(gw, await rsa.token(), { headers: { 'X-Sub': 'mallory' } })).toBe(200)
  const seen = [...first.requests, ...second.requests]
  expect(seen.map(({ headers }) => [headers['x-sub'], headers.authorization])).toEqual([
    ['alice', undefined],
    ['alice', undefined],
  ])
})
