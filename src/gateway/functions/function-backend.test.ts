import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { functionsFolder, urnOf, type FunctionsFolder } from '../../../test/functions-folder.js'
import { gateway, type GatewaySpec, type TestGateway } from '../../../test/gateway.js'
import { change, groupPart, instancePart, pluginPart, publicationPart, type ApiSpec } from '../../../test/parts.js'
import type { BackendParameter, FunctionBackend } from '../../snapshot/api-definition.js'
import { asReply, readFunctionReply } from './function-reply.js'

const backend = (name: string, more: Partial<FunctionBackend> = {}): FunctionBackend => ({
  ...{ type: 'FUNCTION', function_urn: urnOf(name), invocation_type: 'sync', timeout: 20_000, params: [] },
  ...more,
})

const to = (
  location: BackendParameter['location'],
  name: string,
  origin: BackendParameter['origin'],
  value: string,
): BackendParameter => ({ location, name, origin, value })

const ECHO = 'exports.handler = (event) => ({ statusCode: 200, headers: {}, body: JSON.stringify(event) })'
const REPLY = 'exports.handler = (event) => JSON.parse(Buffer.from(event.body, "base64"))'

interface Stage extends AsyncDisposable {
  readonly gw: TestGateway
  readonly folder: FunctionsFolder
}

async function stage(
  files: Readonly<Record<string, string>>,
  api: ApiSpec | readonly ApiSpec[],
  spec: Partial<GatewaySpec> = {},
): Promise<Stage> {
  const folder = functionsFolder(files)
  const functions = { directory: folder.directory, checkEvery: 0 }
  const gw = await gateway({ ...spec, api, options: { functions, ...spec.options } })
  return {
    gw,
    folder,
    [Symbol.asyncDispose]: async () => {
      await gw[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

/** An API whose function answers what it is sent. */
const answering = (more: Partial<FunctionBackend> = {}): ApiSpec => ({
  req_method: 'POST',
  backend: backend('reply', more),
})

test('a function gets the event of the reference: headers, query, path, body in Base64', async () => {
  await using here = await stage(
    { 'default/echo.js': ECHO },
    {
      req_method: 'POST',
      req_uri: '/orders/{id}',
      req_params: [
        { name: 'id', location: 'PATH' },
        { name: 'q', location: 'QUERY' },
      ],
      backend: backend('echo', {
        params: [
          to('HEADER', 'X-Api', 'SYSTEM', '$context.apiId'),
          to('QUERY', 'moved', 'REQUEST', 'q'),
          to('QUERY', 'fixed', 'CONSTANT', 'a&b'),
          to('PATH', 'number', 'REQUEST', 'id'),
        ],
      }),
    },
  )
  const reply = await here.gw.post('/orders/a%20b?x=1&x=2&q=%C3%A4+', 'bo\u00e4dy', {
    headers: {
      'X-Twice': ['1', '2'],
      'X-Forwarded-For': '192.0.2.1',
      'X-Real-IP': 'forged',
      'X-Stage': 'RELEASE',
      Connection: 'close, X-Hop',
      'X-Hop': '1',
    },
  })
  expect(reply.status).toBe(200)
  const event = reply.json() as { headers: Record<string, string> }
  expect(event).toEqual({
    body: Buffer.from('bo\u00e4dy').toString('base64'),
    isBase64Encoded: true,
    requestContext: { apiId: 'a1', requestId: reply.headers['x-request-id'], stage: 'RELEASE' },
    queryStringParameters: { x: '1', moved: 'ä ', fixed: 'a&b' },
    httpMethod: 'POST',
    pathParameters: { id: 'a b', number: 'a b' },
    path: '/orders/a b',
    headers: {
      host: 'g1.apic.test',
      'x-twice': '1,2',
      'x-api': 'a1',
      'x-forwarded-for': '192.0.2.1, 127.0.0.1',
      'x-forwarded-port': expect.stringMatching(/^\d+$/),
      'x-forwarded-proto': 'http',
      'x-real-ip': '127.0.0.1',
      'x-request-id': reply.headers['x-request-id'],
    },
  })
})

test('backends.md 14: with is_send_fg_body_base64 off and JSON, event.body is the text', async () => {
  const api = { req_method: 'POST', backend: backend('echo'), content_type: 'application/json' } as const
  await using here = await stage({ 'default/echo.js': ECHO }, { ...api, function_body_as_text: true })
  const event = (await here.gw.post('/orders', '{"a":"ä"}')).json()
  expect(event).toMatchObject({ body: '{"a":"ä"}', isBase64Encoded: false })
  expect((await here.gw.post('/orders', '')).json()).toMatchObject({ body: '' })
})

test('backends.md 13: an image in Base64 becomes bytes, with the type that the function says', async () => {
  await using here = await stage({ 'default/reply.js': REPLY }, answering())
  const image = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
  const answer = {
    statusCode: 201,
    headers: {
      'Content-Type': 'image/png',
      'X-Many': ['a', 'b'],
      'X-Number': 1,
      'Content-Length': '1',
      Server: 'mine',
    },
    isBase64Encoded: true,
    body: image.toString('base64'),
  }
  const reply = await here.gw.post('/orders', JSON.stringify(answer))
  expect([reply.status, reply.headers['content-type'], reply.headers['content-length']]).toEqual([
    201,
    'image/png',
    '256',
  ])
  expect([reply.headers['x-many'], reply.headers['x-number'], reply.headers.server]).toEqual([
    'a, b',
    '1',
    'api-gateway',
  ])
  expect(reply.body).toBe(image.toString('utf8'))
})

test('replies without statusCode, or that are no JSON, or with headers that are none: 502, and nothing of them', async () => {
  await using here = await stage({ 'default/reply.js': REPLY, 'default/text.js': 'exports.handler = () => "secret"' }, [
    answering(),
    { id: 'a2', req_uri: '/text', backend: backend('text') },
  ])
  const bad = [
    { body: 'x' },
    { statusCode: '200' },
    { statusCode: 200.5 },
    { statusCode: 101 },
    { statusCode: 1000 },
    { statusCode: 200, body: {} },
    { statusCode: 200, body: '%%', isBase64Encoded: true },
    { statusCode: 200, isBase64Encoded: 'yes' },
    { statusCode: 200, headers: [] },
    { statusCode: 200, headers: { 'X-A': 'a\r\nSet-Cookie: b' } },
    { statusCode: 200, headers: { 'X A': 'a' } },
    { statusCode: 200, headers: { 'X-A': {} } },
    [],
    null,
    7,
  ]
  for (const answer of bad) {
    const { status, code, body } = await here.gw.post('/orders', JSON.stringify(answer))
    expect([answer, status, code]).toEqual([answer, 502, 'APIG.0202'])
    expect(body).toContain('Backend unavailable: invalid function response')
  }
  expect((await here.gw.get('/text')).body).not.toContain('secret')
  expect(here.gw.faults).toEqual([])
})

test('whatever a function answers, what becomes of it is a reply or none, and no header ends early', () => {
  const value = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.string(), { maxLength: 2 }),
  )
  const answer = fc.record(
    {
      statusCode: fc.oneof(fc.integer(), fc.constantFrom(200, 204, 404, 599), fc.string()),
      headers: fc.oneof(
        fc.dictionary(fc.string(), value),
        fc.dictionary(fc.constantFrom('X-A', 'Content-Type', 'a:b'), value),
      ),
      body: fc.oneof(fc.string(), fc.base64String(), fc.constant(null)),
      isBase64Encoded: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(
      fc.oneof(
        answer.map((one) => JSON.stringify(one)),
        fc.json(),
        fc.string(),
      ),
      (text) => {
        const read = readFunctionReply(text)
        const reply = read && asReply(read)
        if (reply === undefined) return
        expect(reply.headers).toMatch(/^(?:[A-Za-z0-9!#$%&'*+.^_`|~-]+: [^\r\n\0]*\r\n)*$/)
        expect(reply.status).toBeGreaterThanOrEqual(200)
      },
    ),
  )
})

test('unknown functions, versions and aliases, those that fail, and those that take too long', async () => {
  await using here = await stage(
    {
      'default/hangs.js': 'exports.handler = () => new Promise(() => {})',
      'default/fails.js': 'exports.handler = () => { throw new Error("secret") }',
      'default/f/index.js': 'exports.handler = () => ({ statusCode: 200, body: "latest" })',
      'default/f/versions/v1/index.js': 'exports.handler = () => ({ statusCode: 200, body: "one" })',
      'default/f/function.json': '{"aliases":{"prod":"v1"}}',
    },
    [
      { id: 'a1', req_uri: '/unknown', backend: backend('unknown') },
      { id: 'a2', req_uri: '/none', backend: backend('f', { function_urn: 'urn:none' }) },
      { id: 'a3', req_uri: '/version', backend: backend('f', { version: 'v2' }) },
      { id: 'a4', req_uri: '/hangs', backend: backend('hangs', { timeout: 300 }) },
      { id: 'a5', req_uri: '/fails', backend: backend('fails') },
      { id: 'a6', req_uri: '/v1', backend: backend('f', { version: 'v1' }) },
      { id: 'a7', req_uri: '/prod', backend: backend('f', { version: 'v2', alias_urn: `${urnOf('f')}:!prod` }) },
      { id: 'a8', req_uri: '/latest', backend: backend('f') },
    ],
  )
  for (const [path, status, expected] of [
    ['/unknown', 500, 'APIG.0103'],
    ['/none', 500, 'APIG.0103'],
    ['/version', 500, 'APIG.0103'],
    ['/hangs', 504, 'APIG.0203'],
    ['/fails', 502, 'APIG.0202'],
    ['/v1', 200, 'one'],
    ['/prod', 200, 'one'],
    ['/latest', 200, 'latest'],
  ] as const) {
    const reply = await here.gw.get(path)
    expect([path, reply.status, reply.code ?? reply.body]).toEqual([path, status, expected])
    expect(reply.body).not.toContain('secret')
  }
})

test('a function that is called and not waited for: 202 at once, and it runs', async () => {
  const lines: string[] = []
  const folder = functionsFolder({
    'default/later.js':
      'exports.handler = async (event) => { await new Promise((r) => setTimeout(r, 50)); console.log(event.path) }',
  })
  await using gw = await gateway({
    api: [
      { backend: backend('later', { invocation_type: 'async' }) },
      { id: 'a2', req_uri: '/none', backend: backend('none', { invocation_type: 'async' }) },
    ],
    options: { functions: { directory: folder.directory, onLine: (name, line) => lines.push(`${name} ${line}`) } },
  })
  const reply = await gw.get('/orders')
  expect([reply.status, reply.body, reply.headers['x-request-id']]).toEqual([
    202,
    '',
    expect.stringMatching(/^[0-9a-f]{32}$/),
  ])
  expect((await gw.get('/none')).code).toBe('APIG.0103')
  await vi.waitUntil(() => lines.length > 0, { timeout: 30_000 })
  expect(lines).toEqual(['default/later /orders'])
  folder[Symbol.dispose]()
})

test('the log tells of a function as of a backend, with its URN', async () => {
  await using here = await stage({ 'default/echo.js': ECHO }, [
    { backend: backend('echo') },
    { id: 'a2', req_uri: '/none', backend: backend('none') },
  ])
  const debug = await here.gw.get('/orders?token=a', { headers: { 'X-Apig-Mode': 'debug' } })
  expect(debug.headers['x-apig-upstream-latency']).toMatch(/^\d+$/)
  await here.gw.get('/none')
  const [first, second] = await here.gw.log()
  expect(first).toMatchObject({
    status: '200',
    upstream_addr: '-',
    upstream_uri: '/orders?token=a',
    upstream_status: '200',
    upstream_scheme: 'https',
    response_source: 'remote',
    function_urn: `${urnOf('echo')}:latest`,
  })
  expect(first?.['upstream_response_time']).toMatch(/^\d+\.\d{3}$/)
  expect(second).toMatchObject({
    response_source: 'local',
    apig_err_code: 'APIG.0103',
    function_urn: `${urnOf('none')}:latest`,
  })
})

test('policy functions are chosen, the cache keeps replies, other policies apply to them', async () => {
  const content = {
    ...{
      cache_key: { system_params: ['apiId'], parameters: [], headers: [] },
      client_cache_control: { mode: 'off', datas: [] },
    },
    ...{ cache_http_status_and_ttl: [{ http_status: [200], ttl: 60 }], cacheable_headers: ['X-N'] },
  }
  await using here = await stage(
    {
      'default/one.js':
        'let n = 0; exports.handler = () => ({ statusCode: 200, headers: { "X-N": ++n }, body: "one" })',
      'default/two.js': 'exports.handler = () => ({ statusCode: 200, body: "two" })',
    },
    [
      {
        backend: backend('one'),
        req_params: [{ name: 'which', location: 'QUERY' }],
        policies: [
          {
            name: 'two',
            effect_mode: 'ANY',
            conditions: [{ origin: 'param', type: 'exact', value: '2', name: 'which' }],
            backend: backend('two'),
          },
        ],
      },
      { id: 'a2', req_uri: '/cached', backend: backend('one'), pluginIds: ['proxy_cache1'] },
    ],
    { parts: [pluginPart('proxy_cache', content)] },
  )
  expect((await here.gw.get('/orders?which=2')).body).toBe('two')
  expect((await here.gw.get('/orders?which=1')).body).toBe('one')
  const counts = [await here.gw.get('/cached'), await here.gw.get('/cached'), await here.gw.get('/orders')]
  expect(counts.map(({ headers }) => headers['x-n'])).toEqual(['2', '2', '3'])
})

test('a body over the limit of the instance is refused before the function is called', async () => {
  const features = { request_body_size: { enable: true, config: '10' } }
  await using here = await stage({ 'default/echo.js': ECHO }, { req_method: 'POST', backend: backend('echo') })
  await here.gw.apply(
    change([
      instancePart({ features }),
      groupPart(),
      publicationPart({ req_method: 'POST', backend: backend('echo') }),
    ]),
  )
  const headers = { 'Transfer-Encoding': 'chunked' }
  expect((await here.gw.post('/orders', 'x'.repeat(11), { headers })).status).toBe(413)
  expect((await here.gw.post('/orders', 'x'.repeat(10), { headers })).status).toBe(200)
})

test('a change of a file counts from the next request on, without a restart', async () => {
  const says = (word: string): string => `exports.handler = () => ({ statusCode: 200, body: "${word}" })`
  await using here = await stage({ 'default/f.js': says('one') }, { backend: backend('f') })
  expect((await here.gw.get('/orders')).body).toBe('one')
  here.folder.write('default/f.js', says('second'))
  expect((await here.gw.get('/orders')).body).toBe('second')
})

test('the breaker counts what functions answer, and calls a function instead of a backend', async () => {
  const counted = (downgrade: object | null) =>
    pluginPart('breaker', {
      breaker_condition: {
        ...{ breaker_type: 'condition', breaker_mode: 'counter', unhealthy_threshold: 2 },
        ...{
          unhealthy_condition: '["$context.statusCode","in","500,502,504"]',
          time_window: 60,
          open_breaker_time: 60,
        },
      },
      downgrade_default: downgrade,
    })
  await using here = await stage(
    {
      'default/bad.js': 'exports.handler = () => ({ statusCode: 500, body: "bad" })',
      'default/throws.js': 'exports.handler = () => { throw new Error("no") }',
      'default/instead.js': 'exports.handler = (event) => ({ statusCode: 200, body: "instead of " + event.path })',
    },
    [
      { pluginIds: ['breaker1'], backend: backend('bad') },
      { id: 'a2', req_uri: '/throws', pluginIds: ['breaker1'], backend: backend('throws') },
    ],
    { parts: [counted({ type: 'function', func_info: { function_urn: urnOf('instead') } })] },
  )
  for (const [path, failure] of [
    ['/orders', 500],
    ['/throws', 502],
  ] as const) {
    expect([(await here.gw.get(path)).status, (await here.gw.get(path)).status]).toEqual([failure, failure])
    expect((await here.gw.get(path)).body).toBe(`instead of ${path}`)
  }
})
