/** Plug-in `oidc_auth`: authentication.md §8. */
import { createPublicKey } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { gateway, type TestGateway } from '../../../test/gateway.js'
import { openIdProvider, type OpenIdProvider } from '../../../test/open-id-provider.js'
import { change, mockBackend, pluginPart, publicationPart } from '../../../test/parts.js'
import { inSeconds, issuer } from '../../../test/tokens.js'

const REFUSED = '401 APIG.0316'
const FAILED = '500 APIG.0316'

const apis = [
  { id: 'a1', pluginIds: ['oidc_auth1'] },
  { id: 'back', req_uri: '/back', backend: mockBackend() },
  { id: 'logout', req_uri: '/logout', backend: mockBackend() },
]

const contentFor = (provider: OpenIdProvider, more: object = {}) => ({
  client_id: 'client 1',
  client_secret: 's&cret',
  discovery: `${provider.issuer}/.well-known/openid-configuration`,
  redirect_api_id: 'back',
  logout_api_id: 'logout',
  redirect_after_logout_uri: 'https://example.com/bye',
  ...more,
})

const stage = (provider: OpenIdProvider, more: object = {}) =>
  gateway({ api: apis, parts: [pluginPart('oidc_auth', contentFor(provider, more))] })

/** A browser: it keeps cookies, and follows nothing by itself. */
function browser(gw: TestGateway) {
  const jar = new Map<string, string>()
  return {
    jar,
    async get(target: string, headers: Record<string, string> = {}) {
      const cookie = Array.from(jar, ([name, value]) => `${name}=${value}`).join('; ')
      const reply = await gw.get(target, { headers: { ...(cookie !== '' && { Cookie: cookie }), ...headers } })
      for (const line of reply.headers['set-cookie'] ?? []) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        if (/max-age=0/i.test(line)) jar.delete(name)
        else jar.set(name, value)
      }
      return { ...reply, location: reply.headers.location ?? '', answer: said(reply) }
    },
  }
}

const said = ({ status, code }: { status: number; code: string | undefined }) =>
  code === undefined ? status : `${status} ${code}`

const targetOf = (address: string) => address.replace(/^http:\/\/g1\.apic\.test/, '')
const decoded = (value: unknown) => JSON.parse(Buffer.from(String(value), 'base64').toString()) as unknown

async function loggedIn(gw: TestGateway, provider: OpenIdProvider) {
  const user = browser(gw)
  const first = await user.get('/orders?a=1')
  const back = await user.get(targetOf(provider.logIn(first.location)))
  expect([back.answer, back.location]).toEqual([302, 'http://g1.apic.test/orders?a=1'])
  return user
}

test('a browser is sent to the provider, comes back, and is known', async () => {
  await using provider = await openIdProvider()
  await using gw = await stage(provider)
  const user = browser(gw)
  const first = await user.get('/orders?a=1')
  const sent = new URL(first.location)
  expect([first.status, sent.origin, sent.pathname]).toEqual([302, provider.issuer, '/authorize'])
  expect(Object.fromEntries(sent.searchParams)).toMatchObject({
    tenant: '1',
    response_type: 'code',
    client_id: 'client 1',
    redirect_uri: 'http://g1.apic.test/back',
    scope: 'openid email profile',
    code_challenge_method: 'S256',
  })
  expect(first.headers['set-cookie']).toEqual([expect.stringMatching(/; Path=\/; HttpOnly; SameSite=Lax$/)])
  const back = await user.get(targetOf(provider.logIn(first.location)))
  expect([back.status, back.location]).toEqual([302, 'http://g1.apic.test/orders?a=1'])
  expect(back.headers['cache-control']).toBe('no-store')

  expect((await user.get('/orders?a=1', { 'X-Userinfo': 'mine', 'X-Other': 'kept' })).status).toBe(200)
  const { headers } = gw.backend.only
  expect(decoded(headers['x-userinfo'])).toEqual({ sub: 'alice', email: 'alice@example.com' })
  expect(decoded(headers['x-id-token'])).toMatchObject({ sub: 'alice', aud: 'client 1' })
  expect(String(headers['x-access-token']).split('.')).toHaveLength(3)
  expect(headers['x-other']).toBe('kept')
  // What is the browser's and the gateway's is none of the backend's.
  expect(headers).not.toHaveProperty('cookie')
  const log = JSON.stringify(await gw.log())
  expect(log).toContain('oidc_auth')
  expect(log).not.toContain(String(headers['x-access-token']))
})

test('a login of another browser, an old one, a changed one, and none', async () => {
  await using provider = await openIdProvider()
  await using gw = await stage(provider)
  const victim = browser(gw)
  await victim.get('/orders')
  const attacker = browser(gw)
  const { location } = await attacker.get('/orders')
  const back = targetOf(provider.logIn(location))
  expect((await victim.get(back)).answer).toBe(FAILED)
  expect((await browser(gw).get(back)).answer).toBe(FAILED)
  for (const bad of [
    '/back',
    '/back?code=1',
    '/back?state=x&code=1',
    back.replace(/state=(.)/, 'state=A$1'),
    `${back}x`,
  ])
    expect([bad, (await attacker.get(bad)).answer]).toEqual([bad, FAILED])
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 })
  try {
    expect((await attacker.get(back)).answer).toBe(FAILED)
  } finally {
    vi.useRealTimers()
  }
  expect((await attacker.get(back)).answer).toBe(302)
  // A code works once.
  expect((await attacker.get(back)).answer).toBe(FAILED)
})

test.each<[string, Record<string, unknown>]>([
  ['another issuer', { iss: 'https://evil.example' }],
  ['another audience', { aud: 'other' }],
  ['another party', { aud: ['client 1', 'other'], azp: 'other' }],
  ['another nonce', { nonce: 'replayed' }],
  ['no expiry', { exp: undefined }],
  ['an expiry in the past', { exp: 1 }],
  ['no subject', { sub: undefined }],
])('an ID token with %s ends the login', async (_, claims) => {
  await using provider = await openIdProvider()
  await using gw = await stage(provider)
  provider.claims = claims
  const user = browser(gw)
  const { location } = await user.get('/orders')
  expect((await user.get(targetOf(provider.logIn(location)))).answer).toBe(FAILED)
  expect((await user.get('/orders')).answer).toBe(302)
})

test('what the provider tells of somebody else is not told', async () => {
  await using provider = await openIdProvider()
  await using gw = await stage(provider)
  provider.userInfo = { sub: 'bob' }
  const user = await loggedIn(gw, provider)
  expect((await user.get('/orders')).status).toBe(200)
  expect(gw.backend.only.headers).not.toHaveProperty('x-userinfo')
})

test('a token that a request brings', async () => {
  await using provider = await openIdProvider()
  await using gw = await stage(provider)
  const good = { iss: provider.issuer, exp: inSeconds(60) }
  const token = await provider.keys.token(good)
  const bring = async (one: string) => said(await gw.get('/orders', { headers: { Authorization: `Bearer ${one}` } }))
  expect([await bring(token), await bring(token)]).toEqual([200, 200])
  const headers = gw.backend.requests[0]?.headers
  expect(headers?.['x-access-token']).toBe(token)
  expect(decoded(headers?.['x-userinfo'])).toEqual({ sub: 'alice', ...good })
  const ec = await issuer('ES256')
  for (const bad of [
    await provider.keys.token({ ...good, exp: inSeconds(-1) }),
    await provider.keys.token({ ...good, iss: 'https://evil.example' }),
    await provider.keys.token({ ...good, nbf: inSeconds(60) }),
    await provider.keys.token({ ...good, more: 'x'.repeat(5_000) }),
    await ec.token(good),
    await (await issuer()).token(good),
    token.slice(0, -3),
    token.replace(/\.(.)/, '.$1A'),
    'opaque',
  ])
    expect([bad, await bring(bad)]).toEqual([bad, REFUSED])
})

test('a public key of the plug-in wins over those of the provider', async () => {
  await using provider = await openIdProvider()
  const own = await issuer()
  const pem = createPublicKey({ key: own.jwk as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  await using gw = await stage(provider, { public_key: pem, jwt_cache_enabled: false })
  const bring = async (token: string) =>
    said(await gw.get('/orders', { headers: { Authorization: `Bearer ${token}` } }))
  const claims = { iss: provider.issuer }
  expect(await bring(await own.token(claims))).toBe(200)
  expect(await bring(await provider.keys.token(claims))).toBe(REFUSED)
  void gw.apply(change([pluginPart('oidc_auth', contentFor(provider, { public_key: 'none' }))]))
  expect(await bring(await own.token(claims))).toBe('500 APIG.0104')
})

test('tokens are signed by RS256 and its kin alone', async () => {
  await using provider = await openIdProvider()
  const own = await issuer('ES256')
  const pem = createPublicKey({ key: own.jwk as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  await using gw = await stage(provider, { public_key: pem })
  const token = await own.token({ iss: provider.issuer }, { kid: undefined })
  expect(said(await gw.get('/orders', { headers: { Authorization: `Bearer ${token}` } }))).toBe(REFUSED)
})

test('an access token that is over is renewed; requests at once renew it once', async () => {
  await using provider = await openIdProvider()
  provider.expiresIn = 1
  await using gw = await stage(provider)
  const user = await loggedIn(gw, provider)
  provider.expiresIn = 300
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2_000 })
  try {
    const cookie = Array.from(user.jar, ([name, value]) => `${name}=${value}`).join('; ')
    const replies = await Promise.all(
      Array.from({ length: 5 }, () => gw.get('/orders', { headers: { Cookie: cookie } })),
    )
    expect(replies.map(said)).toEqual([200, 200, 200, 200, 200])
    expect(provider.forms.filter((form) => form['grant_type'] === 'refresh_token')).toHaveLength(1)
    const renewed = await user.get('/orders')
    expect(renewed.headers['set-cookie']).toHaveLength(1)
    expect((await user.get('/orders')).headers).not.toHaveProperty('set-cookie')
  } finally {
    vi.useRealTimers()
  }
})

test('without renewal, or where the provider refuses it, the user logs in again', async () => {
  await using provider = await openIdProvider()
  provider.expiresIn = undefined
  await using gw = await stage(provider, { slient_renew_access_token_enabled: false, access_token_expires_in: 60 })
  const user = await loggedIn(gw, provider)
  expect((await user.get('/orders')).status).toBe(200)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
  try {
    expect((await user.get('/orders')).answer).toBe(302)
  } finally {
    vi.useRealTimers()
  }
})

test('sessions that were changed, cut, or made with another secret are none', async () => {
  await using provider = await openIdProvider()
  await using gw = await stage(provider)
  const user = await loggedIn(gw, provider)
  const [name = '', value = ''] = Array.from(user.jar).find(([one]) => /^sluice_oidc_[0-9a-f]+$/.test(one)) ?? []
  const flipped = Array.from({ length: 12 }, (_, index) => {
    const at = 2 + Math.floor(((value.length - 2) / 12) * index)
    return value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1)
  })
  for (const bad of [...flipped, value.slice(0, -9), `2${value.slice(1)}`, `9${value.slice(1)}`, '1~', 'x', '1~x'])
    expect((await gw.get('/orders', { headers: { Cookie: `${name}=${bad}` } })).status).toBe(302)
  expect((await gw.get('/orders', { headers: { Cookie: `${name}=${value}` } })).status).toBe(200)
  void gw.apply(change([pluginPart('oidc_auth', contentFor(provider, { client_secret: 'another' }))]))
  expect((await gw.get('/orders', { headers: { Cookie: `${name}=${value}` } })).status).toBe(302)
})

test('a large session goes into several cookies', async () => {
  await using provider = await openIdProvider()
  await using gw = await stage(provider)
  provider.userInfo = { sub: 'alice', groups: 'x'.repeat(9_000) }
  const user = await loggedIn(gw, provider)
  expect(user.jar.size).toBeGreaterThan(3)
  for (const value of user.jar.values()) expect(value.length).toBeLessThan(4_000)
  expect((await user.get('/orders')).status).toBe(200)
  provider.userInfo = { sub: 'alice', groups: 'x'.repeat(50_000) }
  const other = browser(gw)
  const { location } = await other.get('/orders')
  expect((await other.get(targetOf(provider.logIn(location)))).answer).toBe(FAILED)
})

test('the end of a session', async () => {
  await using provider = await openIdProvider()
  await using gw = await stage(provider)
  const user = await loggedIn(gw, provider)
  const bye = await user.get('/logout')
  expect([bye.status, bye.location]).toEqual([
    302,
    `${provider.issuer}/logout?client_id=client+1&post_logout_redirect_uri=https%3A%2F%2Fexample.com%2Fbye`,
  ])
  expect((await user.get('/orders')).answer).toBe(302)
})

test('what cannot be asked again is refused, not sent away', async () => {
  await using provider = await openIdProvider()
  await using gw = await stage(provider)
  void gw.apply(change([publicationPart({ id: 'a1', pluginIds: ['oidc_auth1'], req_method: 'POST' })]))
  expect(said(await gw.post('/orders', 'x'))).toBe(REFUSED)
})

test('a provider that cannot be asked', async () => {
  await using provider = await openIdProvider()
  provider.broken.add('/.well-known/openid-configuration')
  await using gw = await stage(provider)
  const replies = [await gw.get('/orders'), await gw.get('/orders', { headers: { Authorization: 'Bearer x' } })]
  expect(replies.map(said)).toEqual([FAILED, FAILED])
  const [line] = await gw.log()
  expect(line?.['apig_err_code']).toBe('APIG.0316')
})

test('the redirect API has to be published where the API is', async () => {
  await using provider = await openIdProvider()
  await using gw = await stage(provider)
  void gw.apply(change([], ['publication:back/release']))
  expect(said(await gw.get('/orders'))).toBe(FAILED)
  void gw.apply(
    change([publicationPart({ id: 'back', req_uri: '/over', req_protocol: 'HTTPS', backend: mockBackend() })]),
  )
  const { location } = await browser(gw).get('/orders')
  expect(new URL(location).searchParams.get('redirect_uri')).toBe('https://g1.apic.test/over')
})

test('without the plug-in the APIs that it has named are APIs like any other', async () => {
  await using provider = await openIdProvider()
  await using gw = await stage(provider)
  expect(said(await gw.get('/back'))).toBe(FAILED)
  void gw.apply(change([publicationPart({ id: 'a1' })], ['plugin:oidc_auth1']))
  expect([said(await gw.get('/back')), said(await gw.get('/orders'))]).toEqual([200, 200])
})
