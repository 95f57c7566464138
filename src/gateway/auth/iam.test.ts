/** Callers of IAM: authentication.md §4, policies.md §3 and check 7, request-lifecycle.md check 5, features.md §2. */
import { expect, test } from 'vitest'
import { gateway, type GatewaySpec } from '../../../test/gateway.js'
import { change, instancePart, publicationPart, throttlePart } from '../../../test/parts.js'
import type { IdentityAnswer, IdentityQuestion, IdentitySource, KnownIdentity } from '../../snapshot/identities.js'
import type { AccessRule } from '../../snapshot/parts.js'
import { IamIdentity, Identities } from './identities.js'

const person: KnownIdentity = {
  domainId: 'a'.repeat(32),
  domainName: 'account',
  userId: 'u1',
  userName: 'person',
  projectId: 'p7',
}
const other: KnownIdentity = { ...person, domainId: 'b'.repeat(32), domainName: 'other' }

/** Knows the token `good` and the key of `app1`, as tests sign. */
function control(answers: Readonly<Record<string, IdentityAnswer>> = {}) {
  const asked: string[] = []
  const known: Readonly<Record<string, IdentityAnswer>> = {
    good: person,
    other,
    old: 'expired',
    'key-of-app1/': { ...person, projectId: '', secret: 'secret-of-app1' },
    'key-of-temporary/session': { ...person, projectId: '', secret: 'secret-of-temporary' },
    ...answers,
  }
  const nameOf = (question: IdentityQuestion) =>
    'token' in question ? question.token : `${question.accessKey}/${question.securityToken}`
  const source: IdentitySource = {
    identify: async (question) => {
      asked.push(nameOf(question))
      return known[nameOf(question)] ?? 'unknown'
    },
  }
  return { asked, source }
}

function stage(spec: GatewaySpec = {}, { source } = control()) {
  return gateway({ api: { auth_type: 'IAM', req_method: 'ANY' }, ...spec, options: { identities: source } })
}

type Staged = Awaited<ReturnType<typeof stage>>

const byToken = async (gw: Staged, token: string) => {
  const reply = await gw.get('/orders', { headers: { 'X-Auth-Token': token } })
  return reply.code === undefined ? reply.status : `${reply.status} ${reply.code}`
}

test('§4.1: a token: who it is, what goes on, what is on record', async () => {
  await using gw = await stage()
  expect(await byToken(gw, 'good')).toBe(200)
  expect(gw.backend.only.headers).not.toHaveProperty('x-auth-token')
  const [line] = await gw.log()
  expect(line).toMatchObject({ user_id: 'p7', app_id: '-', access_model1: 'iam_token', auth_type: 'IAM' })
})

test.each([
  ['unknown', 401, 'APIG.0301', 'Incorrect IAM authentication information: decrypt token fail'],
  ['old', 401, 'APIG.0307', 'The token must be updated.'],
])('§4.1: a token that is %s', async (token, status, error_code, error_msg) => {
  await using gw = await stage()
  const reply = await gw.get('/orders', { headers: { 'X-Auth-Token': token } })
  expect([reply.status, reply.json()]).toMatchObject([status, { error_code, error_msg }])
  expect(gw.backend.requests).toEqual([])
})

test('§4.2: a signature, with and without a body', async () => {
  await using gw = await stage()
  expect((await gw.signed('GET', '/orders?b=2&a=1')).status).toBe(200)
  expect(gw.backend.only.headers).not.toHaveProperty('authorization')
  expect((await gw.signed('POST', '/orders', { body: '{"a":1}' })).status).toBe(200)
  expect(gw.backend.requests.at(-1)?.body).toBe('{"a":1}')
  const forged = await gw.post('/orders', 'forged', { headers: gw.sign('POST', '/orders', { body: 'signed' }) })
  expect([forged.status, forged.code]).toEqual([401, 'APIG.0301'])
})

test('§4.2: an unknown key, a late signature, a broken one', async () => {
  await using gw = await stage()
  const message = async (reply: Promise<{ json(): unknown }>) => (await reply).json()
  expect(await message(gw.signed('GET', '/orders', { app: 'nobody' }))).toMatchObject({
    error_code: 'APIG.0301',
    error_msg: 'Incorrect IAM authentication information: Get secretKey failed,ak:key-of-nobody,err:ak not exist',
  })
  expect(await message(gw.signed('GET', '/orders', { date: 0 }))).toMatchObject({ error_code: 'APIG.0301' })
  const headers = { Authorization: 'SDK-HMAC-SHA256 x' }
  expect(await message(gw.get('/orders', { headers }))).toMatchObject({ error_code: 'APIG.0301' })
})

test('§4.2: a key is locked after more than five failures in a row, and a success in between counts', async () => {
  await using gw = await stage()
  const wrong = async () => {
    const reply = await gw.get('/orders', { headers: gw.sign('POST', '/orders') })
    return (reply.json() as { error_msg: string }).error_msg.replace('Incorrect IAM authentication information: ', '')
  }
  const failed = 'verify aksk signature fail'
  for (let i = 0; i < 5; i++) expect(await wrong()).toBe(failed)
  expect((await gw.signed('GET', '/orders')).status).toBe(200)
  for (let i = 0; i < 6; i++) expect(await wrong()).toBe(failed)
  expect(await wrong()).toBe('AK access failed to reach the limit,forbidden.')
  expect((await gw.signed('GET', '/orders')).status).toBe(401)
})

test('§4.2, features: a temporary key and its security token, in the other header only where that is on', async () => {
  await using gw = await stage()
  const call = async (name: string) =>
    (await gw.signed('GET', '/orders', { app: 'temporary', headers: { [name]: 'session' } })).status
  expect(await call('X-Security-Token')).toBe(200)
  expect(gw.backend.only.headers).not.toHaveProperty('x-security-token')
  expect(await call('X-HW-Security-Token')).toBe(401)
  await gw.apply(change([instancePart({ features: { x_hw_security_token: { enable: true, config: 'on' } } })]))
  expect(await call('X-HW-Security-Token')).toBe(200)
})

const tokenAllow = (...expressions: unknown[]) => {
  const config = JSON.stringify({ backend_token_allow_users: expressions })
  return instancePart({ features: { backend_token_allow: { enable: true, config } } })
}

test('features §2: backend_token_allow: tokens of accounts that match go on, live', async () => {
  await using gw = await stage()
  const forwarded = async (token: string) => {
    expect(await byToken(gw, token)).toBe(200)
    return gw.backend.requests.at(-1)?.headers['x-auth-token']
  }
  expect(await forwarded('good')).toBeUndefined()
  await gw.apply(change([tokenAllow('^nobody$', '^acc.*t$')]))
  expect([await forwarded('good'), await forwarded('good')]).toEqual(['good', 'good'])
  expect(await forwarded('other')).toBeUndefined()
  await gw.apply(change([tokenAllow('the')]))
  expect([await forwarded('good'), await forwarded('other')]).toEqual([undefined, 'other'])
  await gw.apply(change([instancePart()]))
  expect(await forwarded('other')).toBeUndefined()
  const lines = await gw.log()
  expect(new Set(lines.map((line) => line['access_model1']))).toEqual(new Set(['iam_token']))
})

test('features §2: backend_token_allow is about tokens: what a signature consists of stays here', async () => {
  await using gw = await stage({ parts: [tokenAllow('.')] })
  expect((await gw.signed('GET', '/orders')).status).toBe(200)
  const names = Object.keys(gw.backend.only.headers)
  expect(names.filter((name) => name === 'authorization' || name.startsWith('x-sdk'))).toEqual([])
})

test('features §2: backend_token_allow: what is no expression allows nobody, and none of them takes long', async () => {
  const evil = { ...person, domainName: `${'a'.repeat(50_000)}!` }
  await using gw = await stage({ parts: [tokenAllow('', '(', '(?=a)', 7, '(a+)+$')] }, control({ evil }))
  const startedAt = performance.now()
  expect(await byToken(gw, 'evil')).toBe(200)
  expect(performance.now() - startedAt).toBeLessThan(2_000)
  expect(gw.backend.only.headers).not.toHaveProperty('x-auth-token')
})

test('§4.2: a temporary key that has expired: 400 APIG.0602, told as it is remembered too', async () => {
  const soon = Date.now() + 400
  const key = { ...person, projectId: '', secret: 'secret-of-temporary', expiresAt: soon }
  await using gw = await stage({}, control({ 'key-of-temporary/session': key, 'key-of-old/session': 'expired' }))
  const call = async (app: string) => {
    const reply = await gw.signed('GET', '/orders', { app, headers: { 'X-Security-Token': 'session' } })
    return reply.code === undefined ? reply.status : `${reply.status} ${reply.code}`
  }
  expect(await call('old')).toBe('400 APIG.0602')
  await expect.poll(() => call('temporary'), { timeout: 20_000, interval: 50 }).toBe('400 APIG.0602')
})

test('phase 16a: a user who is switched off: 403 APIG.0802, told only to who has shown a good credential', async () => {
  const off = { reason: 'forbidden', secret: 'secret-of-app1' } as const
  await using gw = await stage({}, control({ good: { reason: 'forbidden' }, 'key-of-app1/': off }))
  expect(await byToken(gw, 'good')).toBe('403 APIG.0802')
  expect(await byToken(gw, 'bad')).toBe('401 APIG.0301')
  const signed = await gw.signed('GET', '/orders')
  const posted = await gw.signed('POST', '/orders', { body: '{}' })
  const forged = await gw.get('/orders', { headers: gw.sign('POST', '/orders') })
  expect([signed.code, posted.code, forged.code]).toEqual(['APIG.0802', 'APIG.0802', 'APIG.0301'])
  expect(gw.backend.requests).toEqual([])
})

test('phase 16a: control that does not trust the gateway: 500 APIG.0608, asked again by the next call', async () => {
  const { source, asked } = control({ good: 'refused', 'key-of-app1/': 'refused' })
  await using gw = await stage({}, { source, asked })
  expect([await byToken(gw, 'good'), await byToken(gw, 'good')]).toEqual(['500 APIG.0608', '500 APIG.0608'])
  expect((await gw.signed('GET', '/orders')).code).toBe('APIG.0608')
  expect(asked).toEqual(['good', 'good', 'key-of-app1/'])
})

test('§4.3: nothing shown, and something else', async () => {
  await using gw = await stage()
  const nothing = await gw.get('/orders')
  const basic = await gw.get('/orders', { headers: { Authorization: 'Basic eDp5' } })
  expect([nothing.code, basic.code, nothing.status, basic.status]).toEqual(['APIG.0301', 'APIG.0301', 401, 401])
  const types = (await gw.log()).map((line) => line['apig_err_code'])
  expect(types).toEqual(['APIG.0301', 'APIG.0301'])
})

test('§4.4: nobody can tell: 503, and the next caller is asked for again', async () => {
  const { source, asked } = control({ good: 'unavailable' })
  await using gw = await stage({}, { source, asked })
  expect([await byToken(gw, 'good'), await byToken(gw, 'good')]).toEqual(['503 APIG.0613', '503 APIG.0613'])
  expect(asked).toEqual(['good', 'good'])
})

const accounts = (type: AccessRule['type'], entity: AccessRule['entity'], value: string): AccessRule => ({
  type,
  entity,
  values: [value],
})

test.each<[string, AccessRule[], unknown, unknown]>([
  ['only the account', [accounts('PERMIT', 'DOMAIN', 'account')], 200, '403 APIG.0302'],
  ['all but the account', [accounts('DENY', 'DOMAIN_ID', person.domainId)], '403 APIG.0302', 200],
  [
    '7: a permitted name wins over a denied id',
    [accounts('PERMIT', 'DOMAIN', 'account'), accounts('DENY', 'DOMAIN_ID', person.domainId)],
    200,
    '403 APIG.0302',
  ],
  [
    'two of a kind must both pass',
    [accounts('PERMIT', 'DOMAIN', 'account'), accounts('PERMIT', 'DOMAIN_ID', other.domainId)],
    '403 APIG.0302',
    '403 APIG.0302',
  ],
])('policies.md 7: accounts: %s', async (_, access, expected, ofOther) => {
  await using gw = await stage({ api: [], parts: [{ ...publicationPart({ auth_type: 'IAM' }), access }] })
  expect([await byToken(gw, 'good'), await byToken(gw, 'other')]).toEqual([expected, ofOther])
  // lifecycle 5: whoever has not shown who it is, is not told whether it would be let in.
  expect((await gw.get('/orders')).code).toBe('APIG.0301')
})

test('request-lifecycle.md 5: whoever is not known is told that, not that an account is refused', async () => {
  const access: AccessRule[] = [{ type: 'DENY', entity: 'DOMAIN', values: ['account'] }]
  const api = { auth_type: 'IAM', req_method: 'ANY' } as const
  await using gw = await stage({ api: [], parts: [{ ...publicationPart(api), access }] })
  const nobody = await gw.get('/orders')
  expect([nobody.status, nobody.code]).toEqual([401, 'APIG.0301'])
  expect(await byToken(gw, 'made up')).toBe('401 APIG.0301')
  expect(await byToken(gw, 'good')).toBe('403 APIG.0302')
})

test('policies §1.4: users are accounts', async () => {
  await using gw = await stage({
    api: { auth_type: 'IAM', throttleId: 't1' },
    parts: [throttlePart({ userLimit: 1, apiLimit: 100 })],
  })
  expect(await byToken(gw, 'good')).toBe(200)
  expect(await byToken(gw, 'good')).toBe('429 APIG.0308')
  expect(await byToken(gw, 'other')).toBe(200)
})

test('policies §1.4: a special names an account, or the project of the token', async () => {
  const special = (objectId: string, limit: number) => ({ type: 'USER', objectId, limit }) as const
  await using gw = await stage({
    api: { auth_type: 'IAM', throttleId: 't1' },
    parts: [throttlePart({ userLimit: 1, apiLimit: 100, specials: [special('p7', 2), special(other.domainId, 3)] })],
  })
  const admitted = async (token: string) => {
    let count = 0
    while ((await byToken(gw, token)) === 200) count++
    return count
  }
  expect([await admitted('good'), await admitted('other')]).toEqual([2, 3])
})

test('who was told is remembered for five seconds, and no longer than the credential lasts', async () => {
  const clock = { now: 0 }
  const { source, asked } = control({ short: { ...person, expiresAt: 2_000 } })
  const identities = new Identities(source, () => clock.now)
  const first = identities.find({ token: 'short' })
  expect(identities.find({ token: 'short' })).toBe(first)
  expect(await first).toBeInstanceOf(IamIdentity)
  clock.now = 1_999
  expect(identities.find({ token: 'short' })).toBeInstanceOf(IamIdentity)
  clock.now = 2_000
  expect(identities.find({ token: 'short' })).toBe('expired')
  clock.now = 5_000
  expect(identities.find({ token: 'short' })).toBeInstanceOf(Promise)
  expect(asked).toEqual(['short', 'short'])
})

test('no more than 64 questions are under way, and 10,000 answers are remembered', async () => {
  const pending: (() => void)[] = []
  const identities = new Identities({
    identify: () => new Promise((resolve) => pending.push(() => resolve('unknown'))),
  })
  const held = Array.from({ length: 64 }, async (_, index) => identities.find({ token: `t${index}` }))
  expect(identities.find({ token: 'one more' })).toBe('unavailable')
  for (const answer of pending) answer()
  expect(new Set(await Promise.all(held))).toEqual(new Set(['unknown']))
  expect(identities.find({ token: 'one more' })).toBeInstanceOf(Promise)

  const { source, asked } = control()
  const many = new Identities(source)
  for (let i = 0; i < 10_001; i++) await many.find({ token: `t${i}` })
  void many.find({ token: 't1' })
  expect(asked).toHaveLength(10_001)
  void many.find({ token: 't0' })
  expect(asked).toHaveLength(10_002)
})
