/** Ways to show an app that features allow: authentication.md §3 and §9, features.md §8, responses.md §6. */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { gateway, type TestGateway } from '../../../test/gateway.js'
import { appPart, change, instancePart } from '../../../test/parts.js'
import type { InstancePart } from '../../snapshot/parts.js'

const app = appPart({ aiApiKeys: ['ai-key+/='] })
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`

function withFeatures(features: Readonly<Record<string, string | object>>): InstancePart {
  const entries = Object.entries(features).map(([name, config]) => [
    name,
    { enable: true, config: typeof config === 'string' ? config : JSON.stringify(config) },
  ])
  return instancePart({ features: Object.fromEntries(entries) as InstancePart['features'] })
}

const stage = (features: Readonly<Record<string, string | object>> = {}) =>
  gateway({ api: { auth_type: 'APP' }, parts: [app, withFeatures(features)] })

const answer = async (gw: TestGateway, headers = {}, target = '/orders') => {
  const { status, code } = await gw.get(target, { headers })
  return code === undefined ? status : `${status} ${code}`
}

const key = 'key-of-app1'
const secret = 'secret-of-app1'
const now = () => String(Math.floor(Date.now() / 1000))
const digest = (timestamp: string, of = key + secret) => createHash('sha256').update(`${of}${timestamp}`).digest('hex')

const WRONG = '401 APIG.0303'

test('authentication.md 8: app_basic off and on', async () => {
  await using gw = await stage()
  const headers = { Authorization: basic(`${key}:${secret}`) }
  expect(await answer(gw, headers)).toBe(WRONG)
  await gw.apply(change([withFeatures({ app_basic: 'on' })]))
  expect(await answer(gw, headers)).toBe(200)
  expect(gw.backend.only.headers).not.toHaveProperty('authorization')
  await gw.apply(change([withFeatures({ app_basic: 'off' })]))
  expect(await answer(gw, headers)).toBe(WRONG)
})

test.each([
  ['another secret', basic(`${key}:${secret}x`)],
  ['no secret', basic(key)],
  ['another key', basic(`nobody:${secret}`)],
  ['not base64', 'Basic ???'],
  ['nothing', 'Basic '],
])('§3.3: %s', async (_, authorization) => {
  await using gw = await stage({ app_basic: 'on' })
  expect(await answer(gw, { Authorization: authorization })).toBe(WRONG)
})

test('§3.2: app_secret: key and secret in headers, which go no further', async () => {
  await using gw = await stage({ app_secret: 'on' })
  expect(await answer(gw, { 'X-HW-ID': key, 'X-HW-AppKey': secret })).toBe(200)
  expect(Object.keys(gw.backend.only.headers).filter((name) => name.startsWith('x-hw'))).toEqual([])
  expect(await answer(gw, { 'X-HW-ID': key, 'X-HW-AppKey': 'wrong' })).toBe(WRONG)
  expect(await answer(gw, { 'X-HW-ID': 'nobody', 'X-HW-AppKey': secret })).toBe(WRONG)
  expect(await answer(gw, { 'X-HW-ID': key })).toBe(WRONG)
  await gw.apply(change([instancePart()]))
  expect(await answer(gw, { 'X-HW-ID': key, 'X-HW-AppKey': secret })).toBe(WRONG)
})

test('§3.4: app_api_key: the key alone, in a header or in the query', async () => {
  await using gw = await stage({ app_api_key: 'on' })
  expect(await answer(gw, { apikey: key })).toBe(200)
  expect(gw.backend.only.headers).not.toHaveProperty('apikey')
  expect(await answer(gw, {}, `/orders?a=1&apikey=${key}`)).toBe(200)
  expect(await answer(gw, { apikey: 'nobody' })).toBe(WRONG)
  expect(await answer(gw, {}, '/orders?apikey=%zz')).toBe(WRONG)
  expect(await answer(gw)).toBe(WRONG)
})

test('§3.5: app_jwt: a digest of key, secret and time', async () => {
  await using gw = await stage({ app_jwt: { enable: 'on', auth_header: 'X-Jwt' } })
  const at = (timestamp: string, headers = {}) =>
    answer(gw, { Timestamp: timestamp, 'X-Jwt': digest(timestamp), ...headers })
  expect(await at(now())).toBe(200)
  expect(gw.backend.only.headers).not.toHaveProperty('x-jwt')
  expect(await at(String(Date.now()))).toBe(200)
  expect(await at(now(), { 'X-HW-ID': key })).toBe(200)
  expect(await at(now(), { 'X-HW-ID': 'nobody' })).toBe(WRONG)
  expect(await at(String(Number(now()) - 901))).toBe(WRONG)
  expect(await at(String(Number(now()) + 901))).toBe(WRONG)
  expect(await at(now(), { 'X-Jwt': digest(now(), `${key}wrong`) })).toBe(WRONG)
  expect(await at('soon')).toBe(WRONG)
  expect(await answer(gw, { 'X-Jwt': digest(now()) })).toBe(WRONG)
})

test('§3.5: without its key an app is found only among those that may call the API', async () => {
  await using gw = await stage({ app_jwt: { enable: 'on', auth_header: 'Authorization' } })
  await gw.apply(change([appPart({ authorizations: [] })]))
  const timestamp = now()
  const headers = { Timestamp: timestamp, Authorization: digest(timestamp) }
  expect(await answer(gw, headers)).toBe(WRONG)
  expect(await answer(gw, { ...headers, 'X-HW-ID': key })).toBe('403 APIG.0304')
})

test('§3.7: ai_api_key: a Bearer of the app', async () => {
  await using gw = await stage({ ai_api_key: 'on' })
  expect(await answer(gw, { Authorization: 'Bearer ai-key+/=' })).toBe(200)
  expect(await answer(gw, { Authorization: 'bearer ai-key+/=' })).toBe(200)
  expect(await answer(gw, { Authorization: 'Bearer another' })).toBe(WRONG)
  await gw.apply(change([appPart()]))
  expect(await answer(gw, { Authorization: 'Bearer ai-key+/=' })).toBe(WRONG)
})

test('§3: a signature is always accepted, and what is wrong does not fall through', async () => {
  await using gw = await stage({ app_basic: 'on', app_secret: 'on', ai_api_key: 'on' })
  expect((await gw.signed('GET', '/orders')).status).toBe(200)
  const right = { 'X-HW-ID': key, 'X-HW-AppKey': secret }
  expect(await answer(gw, right)).toBe(200)
  expect(await answer(gw, { ...right, Authorization: basic('a:b') })).toBe(WRONG)
  expect(await answer(gw, { ...right, Authorization: 'Bearer x' })).toBe(WRONG)
  expect(await answer(gw, { ...right, Authorization: 'SDK-HMAC-SHA256 x' })).toBe(WRONG)
})

test('features.md 6: custom_auth_header.app_auth_header', async () => {
  const config = { enable: 'on', app_auth_header: 'X-My-Auth', backend_sign_header: '' }
  await using gw = await stage({ custom_auth_header: config, app_basic: 'on' })
  const { Authorization = '', ...date } = gw.sign('GET', '/orders')
  expect(await answer(gw, { ...date, 'X-My-Auth': Authorization })).toBe(200)
  expect(gw.backend.only.headers).not.toHaveProperty('x-my-auth')
  expect(await answer(gw, { ...date, Authorization })).toBe(WRONG)
  expect(await answer(gw, { 'X-My-Auth': basic(`${key}:${secret}`), Authorization: 'mine' })).toBe(200)
  expect(gw.backend.requests.at(-1)?.headers['authorization']).toBe('mine')
})

test('§1.1, telemetry 28: whoever is shown in any way is the app, and the way is on record', async () => {
  await using gw = await stage({ app_basic: 'on', app_secret: 'on', ai_api_key: 'on', app_jwt: { enable: 'on' } })
  const timestamp = now()
  for (const headers of [
    { Authorization: basic(`${key}:${secret}`) },
    { 'X-HW-ID': key, 'X-HW-AppKey': secret },
    { Authorization: 'Bearer ai-key+/=' },
    { Timestamp: timestamp, Authorization: digest(timestamp) },
  ])
    expect(await answer(gw, headers)).toBe(200)
  const lines = await gw.log()
  expect(lines.map(({ access_model1, app_id }) => [access_model1, app_id])).toEqual([
    ['app_basic', 'app1'],
    ['app_secret', 'app1'],
    ['ai_api_key', 'app1'],
    ['app_jwt', 'app1'],
  ])
})
