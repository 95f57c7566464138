/** The checks of authentication.md §9, by number, that concern signatures, AppCodes and open APIs. */
import { expect, test } from 'vitest'
import { gateway, type CallOptions } from '../../../test/gateway.js'
import { secureCall, secureOptions } from '../../../test/secure-call.js'
import { appPart, change, groupPart, instancePart, publicationPart } from '../../../test/parts.js'

const MINUTE = 60_000
const app = appPart()

test('authentication.md 1: a signed request of a known app', async () => {
  await using gw = await gateway({ api: { req_uri: '/app1', auth_type: 'APP' }, parts: [app] })
  const reply = await gw.signed('GET', '/app1?b=2&a=1')
  expect(reply.status).toBe(200)
  expect(gw.backend.only.headers).not.toHaveProperty('authorization')
  expect(gw.backend.only.headers).not.toHaveProperty('x-sdk-date')
})

test.each([
  [-16 * MINUTE, 401],
  [16 * MINUTE, 401],
  [-14 * MINUTE, 200],
])('authentication.md 2: a signature %i ms from now: %i', async (offset, status) => {
  await using gw = await gateway({ api: { auth_type: 'APP' }, parts: [app] })
  const reply = await gw.signed('GET', '/orders', { date: Date.now() + offset })
  expect(reply.status).toBe(status)
  if (status === 401) {
    expect(reply.json()).toMatchObject({
      error_code: 'APIG.0303',
      error_msg: expect.stringMatching(
        /^Incorrect app authentication information: signature expired, signature time:\d{8}T\d{6}Z,server time:\d{8}T\d{6}Z$/,
      ) as unknown,
    })
  }
})

test('authentication.md 3: parameters of one name are signed in the order of their values', async () => {
  await using gw = await gateway({ api: { auth_type: 'APP' }, parts: [app] })
  expect((await gw.signed('GET', '/orders?a=2&a=1')).status).toBe(200)
})

test('authentication.md 4: a body outside the signature may change, one inside may not', async () => {
  await using gw = await gateway({ api: { auth_type: 'APP', req_method: 'POST' }, parts: [app] })
  const signedThenSent = async (headers: Record<string, string>, body: string): Promise<number> => {
    const signed = { ...headers, ...gw.sign('POST', '/orders', { headers, body: 'what was signed' }) }
    return (await gw.post('/orders', body, { headers: signed })).status
  }
  const unsigned = { 'Content-Type': 'text/plain', 'X-Sdk-Content-Sha256': 'UNSIGNED-PAYLOAD' }
  expect(await signedThenSent(unsigned, 'what was sent')).toBe(200)
  expect(gw.backend.only.body).toBe('what was sent')
  const json = { 'Content-Type': 'application/json' }
  expect(await signedThenSent(json, 'what was sent')).toBe(401)
  expect(await signedThenSent(json, 'what was signed')).toBe(200)
  expect(gw.backend.requests.at(-1)?.body).toBe('what was signed')
})

test('authentication.md 4: a signed body without a declared length', async () => {
  await using gw = await gateway({ api: { auth_type: 'APP', req_method: 'POST' }, parts: [app] })
  const signed = gw.sign('POST', '/orders', { body: 'signed' })
  const reply = await gw.post('/orders', 'signed', { headers: { ...signed, 'Transfer-Encoding': 'chunked' } })
  expect([reply.status, gw.backend.only.body]).toEqual([200, 'signed'])
})

test('authentication.md 4: a signed body over the limit is refused without a look at it', async () => {
  const features = { request_body_size: { enable: true, config: '1000' } }
  await using gw = await gateway({
    api: { auth_type: 'APP', req_method: 'POST' },
    parts: [app, instancePart({ features })],
  })
  const chunked = { headers: { 'Transfer-Encoding': 'chunked' } }
  for (const options of [{}, chunked]) {
    const reply = await gw.signed('POST', '/orders', { ...options, body: 'x'.repeat(1001) })
    expect([reply.status, reply.code]).toEqual([413, 'APIG.0201'])
  }
  expect((await gw.signed('POST', '/orders', { body: 'x'.repeat(1000) })).status).toBe(200)
})

test('authentication.md 5: escapes in the path', async () => {
  await using gw = await gateway({
    api: { req_uri: '/', match_mode: 'SWA', auth_type: 'APP', backend: { req_uri: '/' } },
    parts: [app],
  })
  expect((await gw.signed('GET', '/a%2Fb/%C3%A4')).status).toBe(200)
  expect(gw.backend.only.target).toBe('/a%2Fb/%C3%A4')
})

test('authentication.md 6: an app that is authorized in another environment', async () => {
  await using gw = await gateway({
    api: [{ auth_type: 'APP' }, { auth_type: 'APP', environmentId: 'test' }],
    parts: [app],
  })
  const reply = await gw.signed('GET', '/orders', { headers: { 'X-Stage': 'TEST' } })
  expect([reply.status, reply.code]).toEqual([403, 'APIG.0304'])
  expect((await gw.signed('GET', '/orders')).status).toBe(200)
  await gw.apply(change([appPart({ authorizations: ['a1/test'] })]))
  expect((await gw.signed('GET', '/orders', { headers: { 'X-Stage': 'TEST' } })).status).toBe(200)
  expect((await gw.signed('GET', '/orders')).status).toBe(403)
})

test('authentication.md 7: an AppCode over HTTPS, where the API takes one', async () => {
  await using gw = await gateway({
    api: { auth_type: 'APP', app_code_auth_type: 'HEADER' },
    parts: [appPart({ codes: ['code'] })],
    options: secureOptions(),
  })
  const port = gw.gateway.secureAddresses[0]?.port ?? 0
  const answer = async (code: string) => {
    const reply = await secureCall(port, '/orders', { headers: { 'X-Apig-AppCode': code } })
    return [reply.status, reply.code]
  }
  expect(await answer('code')).toEqual([200, undefined])
  expect(gw.backend.only.headers).not.toHaveProperty('x-apig-appcode')
  expect(await answer('edoc')).toEqual([401, 'APIG.0303'])
  await gw.apply(change([publicationPart({ auth_type: 'APP', app_code_auth_type: 'DISABLE' })]))
  expect(await answer('code')).toEqual([401, 'APIG.0303'])
})

test('authentication.md 7: an AppCode over HTTP is no identity', async () => {
  await using gw = await gateway({
    api: { auth_type: 'APP', app_code_auth_type: 'HEADER' },
    parts: [appPart({ codes: ['code'] })],
  })
  const reply = await gw.get('/orders', { headers: { 'X-Apig-AppCode': 'code' } })
  expect([reply.status, reply.code]).toEqual([401, 'APIG.0303'])
})

test('authentication.md 19: an open API passes credentials on', async () => {
  await using gw = await gateway({ api: {} })
  await gw.get('/orders', { headers: { Authorization: 'X', 'X-Auth-Token': 'T', 'X-Sdk-Date': 'D' } })
  expect(gw.backend.only.headers).toMatchObject({ authorization: 'X', 'x-auth-token': 'T', 'x-sdk-date': 'D' })
})

test.each<[string, CallOptions['headers'], string]>([
  ['nothing', {}, 'Access or Credential is empty in Authorization'],
  ['another scheme', { Authorization: 'Basic a2V5' }, ''],
  ['a malformed signature', { Authorization: 'SDK-HMAC-SHA256 Access=x' }, 'Authorization is malformed'],
  ['no date', { Authorization: authorization('key-of-app1', 'host') }, 'X-Sdk-Date is missing or malformed'],
  [
    'an unknown key',
    dated({ Authorization: authorization('nobody', 'host;x-sdk-date') }),
    'app not found, appkey nobody',
  ],
  [
    'a date that is not signed',
    dated({ Authorization: authorization('key-of-app1', 'host') }),
    'X-Sdk-Date is not signed',
  ],
  [
    'a signed header that is absent',
    dated({ Authorization: authorization('key-of-app1', 'host;x-a;x-sdk-date') }),
    'a signed header is not in the request',
  ],
  [
    'a wrong signature',
    dated({ Authorization: authorization('key-of-app1', 'host;x-sdk-date') }),
    'verify signature fail',
  ],
])('§2.4: %s: 401', async (_, headers, detail) => {
  await using gw = await gateway({ api: { auth_type: 'APP' }, parts: [app] })
  const reply = await gw.get('/orders', { headers: headers ?? {} })
  expect([reply.status, reply.json()]).toEqual([
    401,
    {
      error_code: 'APIG.0303',
      error_msg: `Incorrect app authentication information${detail === '' ? '.' : `: ${detail}`}`,
      request_id: reply.headers['x-request-id'],
    },
  ])
  expect(gw.backend.requests).toHaveLength(0)
})

test('a new secret and a removed app count at once', async () => {
  await using gw = await gateway({ api: { auth_type: 'APP' }, parts: [app] })
  await gw.apply(change([appPart({ secret: 'another' })]))
  expect((await gw.signed('GET', '/orders')).status).toBe(401)
  await gw.apply(change([app]))
  expect((await gw.signed('GET', '/orders')).status).toBe(200)
  await gw.apply(change([], ['app:app1']))
  expect((await gw.signed('GET', '/orders')).status).toBe(401)
})

test('an app of another instance is unknown', async () => {
  await using gw = await gateway({
    api: { auth_type: 'APP' },
    parts: [instancePart({ id: 'i2' }), appPart({ instanceId: 'i2' })],
  })
  expect((await gw.signed('GET', '/orders')).status).toBe(401)
})

test('APIs whose callers nobody can verify are refused, whatever they show', async () => {
  await using gw = await gateway({
    api: [
      { id: 'iam', req_uri: '/iam', auth_type: 'IAM' },
      { id: 'custom', req_uri: '/custom', auth_type: 'AUTHORIZER' },
    ],
  })
  const headers = { 'X-Auth-Token': 'token', Authorization: 'x' }
  const replies = [await gw.get('/iam', { headers }), await gw.get('/iam'), await gw.get('/custom', { headers })]
  expect(replies.map(({ status, code }) => [status, code])).toEqual([
    [503, 'APIG.0613'],
    [401, 'APIG.0301'],
    [500, 'APIG.0305'],
  ])
  expect(gw.backend.requests).toHaveLength(0)
})

test('an OPTIONS API for CORS is open whatever its auth_type', async () => {
  await using gw = await gateway({ parts: [groupPart()] })
  await gw.apply(change([publicationPart({ req_method: 'OPTIONS', auth_type: 'APP', cors: true })]))
  expect((await gw.call('OPTIONS', '/orders')).status).toBe(200)
  await gw.apply(change([publicationPart({ req_method: 'OPTIONS', auth_type: 'APP', cors: false })]))
  expect((await gw.call('OPTIONS', '/orders')).status).toBe(401)
})

function authorization(key: string, signedHeaders: string): string {
  return `SDK-HMAC-SHA256 Access=${key}, SignedHeaders=${signedHeaders}, Signature=${'0'.repeat(64)}`
}

function dated(headers: Record<string, string>): Record<string, string> {
  return { ...headers, 'X-Sdk-Date': new Date().toISOString().replace(/[-:]|\.\d+/g, '') }
}
