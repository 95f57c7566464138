/** app_token: authentication.md §3.6 and checks 9 and 10 of §9. */
import fc from 'fast-check'
import { expect, test, vi, onTestFinished } from 'vitest'
import { gateway, type TestGateway } from '../../../test/gateway.js'
import { appPart, change, groupPart, instancePart } from '../../../test/parts.js'
import type { TokenFeature } from '../caller-features.js'
import { makeToken, readToken } from './app-token.js'
import { Apps } from './apps.js'

const URI = '/v1/apigw/oauth2/token'

const instance = (config: object = {}, others: Readonly<Record<string, { enable: boolean; config: string }>> = {}) =>
  instancePart({
    features: {
      app_token: {
        enable: true,
        config: JSON.stringify({ enable: 'on', app_token_uri: URI, app_token_key: 'k', ...config }),
      },
      ...others,
    },
  })

const app1 = appPart({ aiApiKeys: ['ai-api-key'] })
const app2 = appPart({ id: 'app2' })
const stage = (config: object = {}, others = {}) =>
  gateway({ api: { auth_type: 'APP' }, parts: [app1, app2, instance(config, others)] })

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }
const credentials = { client_id: 'key-of-app1', client_secret: 'secret-of-app1' }

function ask(gw: TestGateway, fields: Readonly<Record<string, string>>, headers: Record<string, string> = FORM) {
  return gw.post(URI, new URLSearchParams(fields).toString(), { host: 'anywhere.test', headers })
}

const granted = async (gw: TestGateway): Promise<Tokens> =>
  (await ask(gw, { grant_type: 'client_credentials', ...credentials })).json() as Tokens

const use = async (gw: TestGateway, token: string) => {
  const { status, code } = await gw.get('/orders', { headers: { Authorization: `Bearer ${token}` } })
  return code === undefined ? status : `${status} ${code}`
}

/** Lets time pass for the gateway, without its timers. */
function later(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
  onTestFinished(() => void vi.useRealTimers())
}

test('authentication.md 9: a form without grant_type', async () => {
  await using gw = await stage()
  const reply = await ask(gw, credentials)
  expect([reply.status, reply.code]).toEqual([400, 'APIG.2210'])
})

test('authentication.md 9: a token on every host, its use, and its end', async () => {
  await using gw = await stage({ app_token_expire_time: 60 })
  const reply = await ask(gw, { grant_type: 'client_credentials', scope: 'default', ...credentials })
  expect([reply.status, reply.headers['cache-control']]).toEqual([200, 'no-store'])
  expect(reply.json()).toEqual({
    access_token: expect.any(String) as unknown,
    refresh_token: expect.any(String) as unknown,
    token_type: 'bearer',
    scope: 'default',
    expires_in: 60,
  })
  const { access_token } = reply.json() as Tokens
  expect(await use(gw, access_token)).toBe(200)
  expect(gw.backend.only.headers).not.toHaveProperty('authorization')
  later(61)
  expect(await use(gw, access_token)).toBe('401 APIG.1002')
})

test.each<[string, Readonly<Record<string, string>>, string]>([
  ['no grant_type', credentials, '400 APIG.2210'],
  ['another grant_type', { grant_type: 'password', ...credentials }, '400 APIG.2209'],
  ['no client_id', { grant_type: 'client_credentials' }, '400 APIG.2211'],
  ['no client_secret', { grant_type: 'client_credentials', client_id: 'key-of-app1' }, '400 APIG.2212'],
  ['a wrong pair', { grant_type: 'client_credentials', ...credentials, client_secret: 'x' }, '400 APIG.2201'],
  ['an unknown app', { grant_type: 'client_credentials', ...credentials, client_id: 'x' }, '400 APIG.2201'],
  ['no refresh_token', { grant_type: 'refresh_token', ...credentials }, '400 APIG.2213'],
  ['a wrong refresh_token', { grant_type: 'refresh_token', ...credentials, refresh_token: 'x' }, '400 APIG.2202'],
  [
    'too much through_data',
    { grant_type: 'client_credentials', ...credentials, through_data: 'x'.repeat(301) },
    '400 APIG.2208',
  ],
])('9: %s', async (_, fields, expected) => {
  await using gw = await stage()
  const { status, code } = await ask(gw, fields)
  expect(`${status} ${code}`).toBe(expected)
})

test('§3.6: another method, another type, a form that reads in two ways, one without end', async () => {
  await using gw = await stage()
  const codes = [
    (await gw.get(URI)).code,
    (await ask(gw, credentials, { 'Content-Type': 'application/json' })).code,
    (await gw.post(URI, 'grant_type=a&grant_type=b', { headers: FORM })).code,
    (await gw.post(URI, 'grant_type=%zz', { headers: FORM })).code,
    (await gw.post(URI, 'x'.repeat(20_000), { headers: FORM })).status,
  ]
  expect(codes).toEqual(['APIG.2206', 'APIG.2204', 'APIG.2205', 'APIG.2205', 413])
})

test('§3.6: a refresh token gives new tokens to its app, until it expires', async () => {
  await using gw = await stage({ refresh_token_expire_time: 100 })
  const { refresh_token } = await granted(gw)
  const refresh = (fields: object = {}) =>
    ask(gw, { grant_type: 'refresh_token', ...credentials, refresh_token, ...fields })
  const again = await refresh()
  expect(await use(gw, (again.json() as Tokens).access_token)).toBe(200)
  const other = await refresh({ client_id: 'key-of-app2', client_secret: 'secret-of-app2' })
  expect([other.status, other.code]).toEqual([401, 'APIG.1003'])
  expect((await refresh({ refresh_token: (await granted(gw)).access_token })).code).toBe('APIG.2202')
  expect(await use(gw, refresh_token)).toBe('400 APIG.2203')
  later(101)
  const late = await refresh()
  expect([late.status, late.code]).toEqual([401, 'APIG.1001'])
})

test('authentication.md 10: with ai_api_key on as well, either is taken', async () => {
  await using gw = await stage({}, { ai_api_key: { enable: true, config: 'on' } })
  const { access_token } = await granted(gw)
  expect(await use(gw, access_token)).toBe(200)
  expect(await use(gw, 'ai-api-key')).toBe(200)
  expect(await use(gw, 'another-key')).toBe('401 APIG.0303')
  expect(await use(gw, `${access_token}x`)).toBe('400 APIG.2203')
})

test('§3.6: tokens end with the secret, the app, the key of the feature, and the feature', async () => {
  await using gw = await stage()
  const { access_token } = await granted(gw)
  await gw.apply(change([appPart({ secret: 'another' })]))
  expect(await use(gw, access_token)).toBe('400 APIG.2203')
  await gw.apply(change([], ['app:app1']))
  expect(await use(gw, access_token)).toBe('401 APIG.1004')
  await gw.apply(change([app1]))
  expect(await use(gw, access_token)).toBe(200)
  await gw.apply(change([instance({ app_token_key: 'another' })]))
  expect(await use(gw, access_token)).toBe('400 APIG.2203')
  await gw.apply(change([instance({ app_token_uri: '/elsewhere' })]))
  expect((await ask(gw, credentials)).status).toBe(404)
  await gw.apply(change([instance({ enable: 'off' })]))
  expect(await use(gw, access_token)).toBe('401 APIG.0303')
})

test('§3.9: a token of an app that is not authorized', async () => {
  await using gw = await stage()
  const { access_token } = await granted(gw)
  await gw.apply(change([appPart({ authorizations: [] })]))
  expect(await use(gw, access_token)).toBe('403 APIG.0304')
})

test('responses §3: errors of the endpoint are not those of a group', async () => {
  const overrides = { DEFAULT_4XX: { status: 418 }, AUTH_FAILURE: { status: 418 } }
  await using gw = await stage()
  await gw.apply(change([groupPart({ responseSets: [{ id: 'r', isDefault: true, overrides }] })]))
  expect((await gw.post(URI, '', { headers: FORM })).status).toBe(400)
})

test('a token whose bits are changed anywhere is none', () => {
  const apps = new Apps()
  apps.put(app1)
  const app = apps.withKey('key-of-app1')
  if (app === undefined) throw new Error('The app is there.')
  const feature: TokenFeature = { path: URI, key: '', accessSeconds: 1, refreshSeconds: 1 }
  const token = makeToken(app, { kind: 'access', until: 2_000, scope: '' }, feature)
  expect(readToken(token, 'access', feature, apps, 1_999)).toMatchObject({ app })
  expect(readToken(token, 'access', feature, apps, 2_000)).toBe('expired')
  expect(readToken(token, 'access', { ...feature, key: 'k' }, apps, 0)).toBe('invalid')
  const [name = '', sealed = ''] = token.split('.')
  const bytes = Buffer.from(sealed, 'base64url')
  fc.assert(
    fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
      const changed = Buffer.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(readToken(`${name}.${changed.toString('base64url')}`, 'access', feature, apps, 0)).toBe('invalid')
    }),
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      expect(readToken(text, 'access', feature, apps, 0)).toMatch(/^(?:invalid|app-gone)$/)
    }),
  )
})
