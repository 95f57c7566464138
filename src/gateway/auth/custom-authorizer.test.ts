import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { functionsFolder, urnOf } from '../../../test/functions-folder.js'
import { gateway, type GatewaySpec, type TestGateway } from '../../../test/gateway.js'
import {
  appPart,
  authorizerPart,
  change,
  groupPart,
  instancePart,
  mockBackend,
  publicationPart,
  throttlePart,
  type ApiSpec,
} from '../../../test/parts.js'
import type { Part } from '../../snapshot/parts.js'
import { AuthorizerAnswers } from './authorizer-answers.js'
import { readAuthorizerReply, type AuthorizerAnswer } from './authorizer-reply.js'

/** Answers what the header `answer` says, else allows with a counter; the event goes into the context. */
const AUTHORIZE = `let calls = 0
exports.handler = async (event) => {
  calls++
  const { answer, hang, big, status = 'allow' } = event.headers
  if (hang) return new Promise(() => {})
  if (big) return 'x'.repeat(Number(big))
  if (answer) return JSON.parse(answer)
  if (event.headers.wait) await new Promise((resolve) => setTimeout(resolve, 150))
  return { statusCode: 200, body: JSON.stringify({ status, context: { calls: String(calls), event: JSON.stringify(event) } }) }
}`

const SHORT = { 'default/short/index.js': AUTHORIZE, 'default/short/function.json': '{"timeout":0.4}' }

interface Stage extends AsyncDisposable {
  readonly gw: TestGateway
}

async function stage(
  api: ApiSpec | readonly ApiSpec[],
  parts: readonly Part[],
  spec: GatewaySpec = {},
): Promise<Stage> {
  const folder = functionsFolder({ 'default/authorize.js': AUTHORIZE, ...SHORT })
  const options = { functions: { directory: folder.directory, checkEvery: 0 }, ...spec.options }
  const gw = await gateway({ ...spec, api, parts, options })
  return {
    gw,
    [Symbol.asyncDispose]: async () => {
      await gw[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

const guarded = (more: ApiSpec = {}): ApiSpec => ({
  auth_type: 'AUTHORIZER',
  authorizer_id: 'auth1',
  backend: { params: [told('X-Calls', 'calls'), told('X-Event', 'event'), told('X-User', 'user')] },
  ...more,
})

function told(name: string, key: string, side = 'frontend') {
  return { name, location: 'HEADER', origin: 'SYSTEM', value: `$context.authorizer.${side}.${key}` } as const
}

const reply = (body: unknown, more: object = {}): string =>
  JSON.stringify({ statusCode: 200, body: typeof body === 'string' ? body : JSON.stringify(body), ...more })

const token = { name: 'X-Token', location: 'HEADER' } as const

test('an authorizer gets the request and its user data; what it says of the caller goes to the backend and the log', async () => {
  await using here = await stage(guarded({ req_uri: '/orders/{id}' }), [authorizerPart({ userData: 'mine' })])
  const { gw } = here
  const called = await gw.get('/orders/7?a=1&a=2', { headers: { Authorization: 'Bearer x' } })
  expect(called.status).toBe(200)
  const sent = gw.backend.requests[0]?.headers ?? {}
  expect(JSON.parse(String(sent['x-event']))).toEqual({
    requestContext: { apiId: 'a1', requestId: called.headers['x-request-id'], stage: 'RELEASE' },
    queryStringParameters: { a: '1' },
    httpMethod: 'GET',
    pathParameters: { id: '7' },
    path: '/orders/7',
    user_data: 'mine',
    headers: expect.objectContaining({ authorization: 'Bearer x', host: 'g1.apic.test', 'x-real-ip': '127.0.0.1' }),
  })
  // It is for the authorizer, and may be for the backend as well (responses.md §6).
  expect(sent['authorization']).toBe('Bearer x')
  expect(await gw.log()).toMatchObject([{ auth_type: 'AUTHORIZER', access_model1: 'authorizer', access_model2: '-' }])
})

test('need_body sends the body, in Base64 or as text, and the backend gets it all the same', async () => {
  const api = guarded({ req_method: 'POST' })
  await using here = await stage(api, [authorizerPart({ needBody: true })])
  const { gw } = here
  await gw.post('/orders', '{"a":"ä"}')
  await gw.apply(change([publicationPart({ ...api, function_body_as_text: true })]))
  await gw.post('/orders', '{"a":"b"}')
  const [encoded, plain] = gw.backend.requests.map(({ headers }) => JSON.parse(String(headers['x-event'])) as object)
  expect(encoded).toMatchObject({ isBase64Encoded: true, body: Buffer.from('{"a":"ä"}').toString('base64') })
  expect(plain).toMatchObject({ isBase64Encoded: false, body: '{"a":"b"}' })
  expect(gw.backend.requests.map(({ body }) => Buffer.from(body, 'latin1').toString())).toEqual([
    '{"a":"ä"}',
    '{"a":"b"}',
  ])
})

test('authentication.md 11: with a ttl, callers with the same identities are asked about once', async () => {
  const identities = [token, { name: 'who', location: 'QUERY' } as const]
  await using here = await stage(guarded(), [authorizerPart({ ttl: 60, identities })])
  const { gw } = here
  const calls = async (value: string, query: string): Promise<string> => {
    const called = await gw.get(`/orders?${query}`, { headers: { 'X-Token': value } })
    expect(called.status).toBe(200)
    return String(gw.backend.requests.at(-1)?.headers['x-calls'])
  }
  expect(await calls('a', 'who=1')).toBe('1')
  expect(await calls('a', 'who=1&other=2')).toBe('1')
  expect(await calls('b', 'who=1')).toBe('2')
  expect(await calls('a', 'who=2')).toBe('3')
  // Where one value ends and the next begins makes a difference, how it is written does not.
  expect(await calls('a,1', 'who=2')).toBe('4')
  expect(await calls('a', 'who=%31')).toBe('1')
})

test('an identity that is empty, missing, or not as it is validated, wholly: 401, and nobody is asked', async () => {
  const identities = [{ ...token, validation: 'a+|b' }, { name: 'Who', location: 'QUERY' } as const]
  await using here = await stage(guarded(), [authorizerPart({ identities })])
  for (const [value, query, status] of [
    ['aa', '?Who=1', 200],
    ['b', '?Who=1', 200],
    ['ab', '?Who=1', 401],
    ['xb', '?Who=1', 401],
    ['a\n', '?Who=1', 200],
    ['aa', '?who=1', 401],
    ['aa', '?Who=', 401],
    ['', '?Who=1', 401],
    ['aa', '', 401],
  ] as const) {
    const called = await here.gw.get(`/orders${query}`, { headers: { 'x-tOKEN': value.trim() } })
    expect([value, query, called.status]).toEqual([value, query, status])
  }
})

test('authentication.md 14: identity header missing: 401, type AUTHORIZER_IDENTITIES_FAILURE', async () => {
  const body = '$context.error.type'
  const sets = [{ id: 's', isDefault: true, overrides: { AUTHORIZER_IDENTITIES_FAILURE: { body } } }]
  await using here = await stage(guarded(), [
    groupPart({ responseSets: sets }),
    authorizerPart({ identities: [token] }),
  ])
  const called = await here.gw.get('/orders')
  expect([called.status, called.body]).toEqual([401, 'AUTHORIZER_IDENTITIES_FAILURE'])
  expect(await here.gw.log()).toMatchObject([{ apig_err_code: 'APIG.0305', access_model1: '-' }])
})

test('authentication.md 12: a deny is 401, and what it says is known to the response of the group', async () => {
  const overrides = { AUTHORIZER_FAILURE: { status: 403, body: '$context.authorizer.frontend.code' } }
  await using here = await stage(guarded(), [authorizerPart()])
  const answer = reply({ status: 'deny', context: { code: '7' } })
  const plain = await here.gw.get('/orders', { headers: { answer } })
  expect([plain.status, plain.code]).toEqual([401, 'APIG.0305'])
  await here.gw.apply(change([groupPart({ responseSets: [{ id: 's', isDefault: true, overrides }] })]))
  const told = await here.gw.get('/orders', { headers: { answer } })
  expect([told.status, told.body]).toEqual([403, '7'])
  expect(here.gw.backend.requests).toEqual([])
})

test('authentication.md 13: a nested context, or any other shape, is 500 AUTHORIZER_CONF_FAILURE', async () => {
  const overrides = { AUTHORIZER_CONF_FAILURE: { body: '$context.error.type' } }
  const sets = [{ id: 's', isDefault: true, overrides }]
  await using here = await stage(guarded(), [groupPart({ responseSets: sets }), authorizerPart()])
  const ok = { status: 'allow' }
  for (const answer of [
    reply({ ...ok, context: { user: { name: 'a' } } }),
    reply({ ...ok, context: { users: ['a'] } }),
    reply({ ...ok, context: { user: null } }),
    reply({ ...ok, context: { age: 7 } }),
    reply({ ...ok, context: 'user' }),
    reply({ ...ok, context: null }),
    reply({ status: 'Allow' }),
    reply({ context: {} }),
    reply('allow'),
    reply('['),
    reply(ok, { statusCode: 403 }),
    reply(ok, { statusCode: '200' }),
    JSON.stringify(ok),
    JSON.stringify({ body: JSON.stringify(ok) }),
    'null',
  ]) {
    const called = await here.gw.get('/orders', { headers: { answer } })
    expect([answer, called.status, called.body]).toEqual([answer, 500, 'AUTHORIZER_CONF_FAILURE'])
  }
  expect(here.gw.backend.requests).toEqual([])
})

test('authorizers that hang, answer a gigabyte, or are not there, let nobody pass', async () => {
  await using here = await stage(guarded(), [authorizerPart({ urn: urnOf('short') })])
  const { gw } = here
  for (const headers of [{ hang: '1' }, { big: String(1024 * 1024 + 1) }, { big: '500000000' }]) {
    const called = await gw.get('/orders', { headers })
    expect([headers, called.status, called.code]).toEqual([headers, 500, 'APIG.0305'])
  }
  for (const part of [{ urn: urnOf('none') }, { urn: 'none' }, { identities: [{ ...token, validation: 'a)(b' }] }]) {
    await gw.apply(change([authorizerPart(part)]))
    const called = await gw.get('/orders', { headers: { 'X-Token': 'ab' } })
    expect([part, called.status, called.code]).toEqual([part, 500, 'APIG.0305'])
  }
  await gw.apply(change([], ['authorizer:auth1']))
  expect((await gw.get('/orders')).status).toBe(500)
  await gw.apply(change([publicationPart({ auth_type: 'AUTHORIZER' })]))
  expect((await gw.get('/orders')).status).toBe(500)
  expect(gw.backend.requests).toEqual([])
})

test('an authorizer is waited for as long as it says, and asked again as often as it says', async () => {
  const counting = `let calls = 0
    exports.handler = async ({ headers }) => {
      calls++
      if (headers.hang) return new Promise(() => {})
      if (calls <= Number(headers.failing)) throw new Error('not now')
      const context = { calls: String(calls) }
      calls = 0
      return { statusCode: 200, body: JSON.stringify({ status: 'allow', context }) }
    }`
  const functions = functionsFolder({ 'default/counting.js': counting })
  const part = { urn: urnOf('counting'), timeout: 20_000 }
  await using here = await stage(guarded(), [authorizerPart({ ...part, retries: 2 })], {
    options: { functions: { directory: functions.directory, checkEvery: 0 } },
  })
  using _ = functions
  const { gw } = here
  expect((await gw.get('/orders', { headers: { failing: '2' } })).status).toBe(200)
  expect(gw.backend.requests[0]?.headers['x-calls']).toBe('3')
  await gw.apply(change([authorizerPart({ ...part, retries: 1 })]))
  const refused = await gw.get('/orders', { headers: { failing: '2' } })
  expect([refused.status, refused.code]).toEqual([500, 'APIG.0305'])
  // The two calls were counted: one more is the third.
  expect((await gw.get('/orders', { headers: { failing: '2' } })).status).toBe(200)
  await gw.apply(change([authorizerPart({ ...part, timeout: 50 })]))
  const began = performance.now()
  const slow = await gw.get('/orders', { headers: { hang: '1' } })
  expect([slow.status, slow.code]).toEqual([500, 'APIG.0305'])
  expect(performance.now() - began).toBeLessThan(5_000)
})

test('a relaxed authorizer lets pass whom it cannot be asked about, keeps nothing of it, and still denies', async () => {
  const relaxed = { isRelaxed: true, ttl: 60, identities: [token] }
  await using here = await stage(guarded(), [authorizerPart(relaxed)])
  const { gw } = here
  const called = async (headers: Record<string, string>) => {
    const { status, code } = await gw.get('/orders', { headers: { 'X-Token': 'a', ...headers } })
    return [status, code]
  }
  // What is no JSON makes the function throw.
  expect(await called({ answer: '{' })).toEqual([200, undefined])
  expect(gw.backend.requests[0]?.headers).not.toHaveProperty('x-calls')
  expect(await called({ status: 'deny' })).toEqual([401, 'APIG.0305'])
  expect(await called({ 'X-Token': '' })).toEqual([401, 'APIG.0305'])
  // Nonsense is an answer, if not one that lets anybody pass.
  for (const answer of ['null', reply('allow'), reply({ status: 'allow' }, { statusCode: 503 })])
    expect([answer, ...(await called({ 'X-Token': 'b', answer }))]).toEqual([answer, 500, 'APIG.0305'])
  expect(await called({ 'X-Token': 'b', big: String(1024 * 1024 + 1) })).toEqual([500, 'APIG.0305'])
  await gw.apply(change([authorizerPart({ ...relaxed, urn: urnOf('nobody') })]))
  expect(await called({})).toEqual([500, 'APIG.0305'])

  await gw.apply(
    change([authorizerPart({ isRelaxed: true }), publicationPart({ backend: { authorizer_id: 'auth1' } })]),
  )
  expect(await called({ answer: '{' })).toEqual([200, undefined])
  expect(await called({ status: 'deny' })).toEqual([401, 'APIG.0305'])
  expect((await gw.log())[0]).toMatchObject({ status: '200', access_model1: '-' })
})

test('an authorizer that is overloaded is left alone for a while, but for one call that tries; what is kept serves', async () => {
  let asked = 0
  let busy = false
  await using server = createServer((request, response) => {
    asked++
    request.resume()
    response.writeHead(busy ? 429 : 200).end(reply({ status: 'allow' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const functions = { endpoint: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } }
  const part = { ttl: 60, identities: [token], retries: 3 }
  await using gw = await gateway({ api: guarded(), parts: [authorizerPart(part)], options: { functions } })
  const called = async (value: string) => (await gw.get('/orders', { headers: { 'X-Token': value } })).status
  expect(await called('known')).toBe(200)
  busy = true
  expect(await called('a')).toBe(500)
  // Some calls cost no more than a few questions, however long the machine takes for them.
  const began = performance.now()
  for (let i = 0; i < 40; i++) expect(await called(`a${i}`)).toBe(500)
  const pauses = Math.floor(Math.log2((performance.now() - began) / 200 + 1))
  expect(asked).toBeLessThanOrEqual(2 + pauses + 1)
  expect(await called('known')).toBe(200)
  busy = false
  await expect.poll(() => called('a'), { timeout: 10_000 }).toBe(200)
  expect(await called('b')).toBe(200)
  busy = true
  await gw.apply(change([authorizerPart({ ...part, isRelaxed: true })]))
  expect([await called('c'), await called('d')]).toEqual([200, 200])
})

test('a validation that would take for ever takes no time', async () => {
  const identities = [{ ...token, validation: '(a+)+b' }]
  await using here = await stage(guarded(), [authorizerPart({ identities })])
  const began = performance.now()
  expect((await here.gw.get('/orders', { headers: { 'X-Token': 'a'.repeat(5_000) } })).status).toBe(401)
  expect(performance.now() - began).toBeLessThan(5_000)
})

test('a change of an authorizer counts at once, and what it has answered before is forgotten', async () => {
  const part = { ttl: 3600, identities: [token] }
  await using here = await stage(guarded(), [authorizerPart({ ...part, userData: 'one' })])
  const dataOf = async (): Promise<unknown> => {
    await here.gw.get('/orders', { headers: { 'X-Token': 'a' } })
    const event = String(here.gw.backend.requests.at(-1)?.headers['x-event'])
    return (JSON.parse(event) as { user_data: unknown }).user_data
  }
  expect(await dataOf()).toBe('one')
  await here.gw.apply(change([authorizerPart({ ...part, userData: 'two' })]))
  expect(await dataOf()).toBe('two')
})

test('many who wait for the same answer ask once; without a ttl each asks for itself', async () => {
  await using here = await stage(guarded(), [authorizerPart({ ttl: 60, identities: [token] })])
  const { gw } = here
  const all = async (): Promise<Set<unknown>> => {
    const from = gw.backend.requests.length
    await Promise.all(Array.from({ length: 8 }, () => gw.get('/orders', { headers: { 'X-Token': 'a', wait: '1' } })))
    return new Set(gw.backend.requests.slice(from).map(({ headers }) => headers['x-request-id']))
  }
  expect((await all()).size).toBe(8)
  expect(new Set(gw.backend.requests.map(({ headers }) => headers['x-calls']))).toEqual(new Set(['1']))
  await gw.apply(change([authorizerPart({ ttl: 0, identities: [token] })]))
  const from = gw.backend.requests.length
  await all()
  const asked = gw.backend.requests.slice(from).map(({ headers }) => {
    const event = JSON.parse(String(headers['x-event'])) as { requestContext: { requestId: string } }
    return event.requestContext.requestId === headers['x-request-id']
  })
  expect(asked).toEqual(Array.from({ length: 8 }, () => true))
})

test('two factors: the app first, then the authorizer; the log names both', async () => {
  const api = guarded({ auth_type: 'APP' })
  await using here = await stage(api, [appPart(), authorizerPart({ identities: [token] })])
  const { gw } = here
  expect((await gw.get('/orders', { headers: { 'X-Token': 'a' } })).code).toBe('APIG.0303')
  expect((await gw.signed('GET', '/orders')).code).toBe('APIG.0305')
  const denied = await gw.signed('GET', '/orders', { headers: { 'X-Token': 'a', status: 'deny' } })
  expect([denied.status, denied.code]).toEqual([401, 'APIG.0305'])
  expect((await gw.signed('GET', '/orders', { headers: { 'X-Token': 'a' } })).status).toBe(200)
  const last = (await gw.log()).at(-1)
  expect(last).toMatchObject({ app_id: 'app1', access_model1: 'signature', access_model2: 'auth1' })
})

test('numbers and truth values may stand in a context where the feature says so', async () => {
  const answer = reply({ status: 'allow', context: { user: 7, calls: true } })
  const features = { authorizer_context_support_num_bool: { enable: true, config: 'on' } }
  const policy = { effect_mode: 'ANY', backend: mockBackend({ result_content: 'chosen' }), name: 'p' } as const
  const api = guarded({
    policies: [
      {
        ...policy,
        conditions: [
          { origin: 'frontend_authorizer', type: 'exact', value: 'true', name: '$context.authorizer.frontend.calls' },
        ],
      },
    ],
  })
  await using here = await stage(api, [authorizerPart()])
  expect((await here.gw.get('/orders', { headers: { answer } })).status).toBe(500)
  await here.gw.apply(change([instancePart({ features })]))
  expect((await here.gw.get('/orders', { headers: { answer } })).body).toBe('chosen')
  // Others than these are none still.
  const nested = reply({ status: 'allow', context: { user: [7] } })
  expect((await here.gw.get('/orders', { headers: { answer: nested } })).status).toBe(500)
})

test('what an authorizer says cannot end a header', async () => {
  await using here = await stage(guarded(), [authorizerPart()])
  const answer = reply({ status: 'allow', context: { user: 'a\r\nX-Admin: 1' } })
  const called = await here.gw.get('/orders', { headers: { answer } })
  expect([called.status, called.code]).toEqual([400, 'APIG.0106'])
  const unicode = reply({ status: 'allow', context: { user: 'J\\u00fcrgen'.replace('\\\\', '\\') } })
  expect((await here.gw.get('/orders', { headers: { answer: unicode } })).status).toBe(200)
  expect(here.gw.backend.requests).toHaveLength(1)
})

test('an authorizer of the backend is asked after limits and parameters; what it says goes to the backend', async () => {
  const backend = { params: [told('X-Calls', 'calls', 'backend')], authorizer_id: 'auth1' }
  const api: ApiSpec = {
    throttleId: 't1',
    req_params: [{ name: 'q', location: 'QUERY', required: true }],
    backend,
  }
  await using here = await stage(api, [authorizerPart(), throttlePart({ apiLimit: 4 })])
  const { gw } = here
  expect((await gw.get('/orders')).code).toBe('APIG.0106')
  expect((await gw.get('/orders?q=1')).status).toBe(200)
  expect(gw.backend.requests[0]?.headers['x-calls']).toBe('1')
  const denied = await gw.get('/orders?q=1', { headers: { status: 'deny' } })
  expect([denied.status, denied.code]).toEqual([401, 'APIG.0305'])
  const broken = await gw.get('/orders?q=1', { headers: { answer: 'null' } })
  expect([broken.status, broken.code]).toEqual([500, 'APIG.0305'])
  expect((await gw.get('/orders?q=1')).status).toBe(429)
})

test('each policy backend has its own authorizer, mocks too; without identities one answer is for all', async () => {
  const only = { effect_mode: 'ANY', name: 'p' } as const
  const conditions = [{ origin: 'param', type: 'exact', value: '1', name: 'q' }] as const
  await using here = await stage(
    {
      req_params: [{ name: 'q', location: 'QUERY' }],
      backend: mockBackend({ result_content: 'open' }),
      policies: [{ ...only, conditions, backend: mockBackend({ result_content: 'closed', authorizer_id: 'auth1' }) }],
    },
    [authorizerPart({ ttl: 60 })],
  )
  const headers = { status: 'deny' }
  expect((await here.gw.get('/orders?q=2', { headers })).body).toBe('open')
  expect((await here.gw.get('/orders?q=1', { headers })).code).toBe('APIG.0305')
  // The answer is kept for the authorizer alone.
  expect((await here.gw.get('/orders?q=1')).code).toBe('APIG.0305')
  await here.gw.apply(change([authorizerPart()]))
  expect((await here.gw.get('/orders?q=1')).body).toBe('closed')
})

test('preflights of an OPTIONS API for CORS carry no credentials', async () => {
  await using here = await stage(guarded({ req_method: 'OPTIONS', cors: true }), [
    authorizerPart({ identities: [token] }),
  ])
  expect((await here.gw.call('OPTIONS', '/orders')).status).toBe(200)
})

test('whatever an authorizer answers, it allows only by saying so', () => {
  const context = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.json(), fc.integer(), fc.constant(null)))
  const said = fc.record(
    { status: fc.oneof(fc.constantFrom('allow', 'deny', 'ALLOW'), fc.string()), context },
    { requiredKeys: [] },
  )
  const text = fc.oneof(
    said.map((one) => reply(one)),
    said.map((one) => JSON.stringify(one)),
    fc.json(),
    fc.string(),
  )
  fc.assert(
    fc.property(text, fc.boolean(), (one, takesAll) => {
      const answer = readAuthorizerReply(one, takesAll)
      if (answer?.isAllowed === true) expect(one).toContain('allow')
      for (const value of answer?.context.values() ?? []) expect(value).toMatch(/^[\0-\xff]*$/)
    }),
  )
})

test('what answers are kept is bounded, and not for longer than they may be', async () => {
  const clock = { now: 0 }
  const answers = new AuthorizerAnswers(1_000, () => clock.now)
  let asked = 0
  const answer = (context: AuthorizerAnswer['context']): AuthorizerAnswer => ({ isAllowed: true, context })
  const of = async (key: string, value = ''): Promise<number> => {
    await answers.of([key], () => {
      asked++
      return Promise.resolve(answer(new Map([['a', value]])))
    })
    return asked
  }
  expect([await of('1'), await of('1'), await of('2')]).toEqual([1, 1, 2])
  clock.now = 999
  expect(await of('1')).toBe(2)
  clock.now = 1_000
  expect(await of('1')).toBe(3)
  const large = 'x'.repeat(1024 * 1024)
  for (let i = 0; i < 9; i++) await of(`large ${i}`, large)
  const before = asked
  // The oldest had to go.
  expect([await of('large 8'), await of('large 0')]).toEqual([before, before + 1])
  // No answer is none that could be kept.
  await answers.of(['none'], () => Promise.resolve('unavailable'))
  expect(answers.of(['none'], () => Promise.resolve('unavailable'))).toBeInstanceOf(Promise)
})
