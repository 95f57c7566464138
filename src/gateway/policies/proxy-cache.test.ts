import { afterEach, expect, test, vi } from 'vitest'
import { gateway, type CallOptions, type TestGateway } from '../../../test/gateway.js'
import { appPart, change, instancePart, pluginPart, publicationPart, type ApiSpec } from '../../../test/parts.js'
import { eventually, rawClient } from '../../../test/raw-peers.js'

const content = {
  cache_key: { parameters: ['a'] },
  cache_http_status_and_ttl: [{ http_status: [200, 404], ttl: 60 }],
}
const plugin = (spec: object = {}) => pluginPart('proxy_cache', { ...content, ...spec })
/** Tells the status of the cache with every reply. */
const status = pluginPart('set_resp_headers', {
  response_headers: [
    { name: 'X-Cache', action: 'override', value: '$context.cacheStatus', value_type: 'system_parameter' },
  ],
})
const pluginIds = ['proxy_cache1', 'set_resp_headers1']

const cached = (spec: object = {}, api: ApiSpec = {}) =>
  gateway({ api: { ...api, pluginIds }, parts: [plugin(spec), status, appPart(), appPart({ id: 'app2' })] })

/** Answers with a number that grows, and these headers. */
function answer(sluice: TestGateway, headers: Record<string, string | string[]> = {}, code = 200): void {
  sluice.backend.answer = (response) => {
    response.writeHead(code, headers)
    response.end(`body ${sluice.backend.requests.length}`)
  }
}

async function statuses(sluice: TestGateway, ...calls: (readonly [string, CallOptions?])[]): Promise<unknown[]> {
  const seen: unknown[] = []
  for (const [target, options] of calls) seen.push((await sluice.get(target, options)).headers['x-cache'])
  return seen
}

afterEach(() => void vi.useRealTimers())

function later(seconds: number): void {
  const now = Date.now()
  vi.useFakeTimers({ toFake: ['Date'], now: now + seconds * 1000 })
}

test('policies.md 14: the same key goes to the backend once, and what must not be stored every time', async () => {
  await using sluice = await cached()
  answer(sluice, { 'Content-Type': 'text/x', 'X-Other': '1', Date: 'Tue, 24 Nov 2026 12:00:00 GMT' })
  const first = await sluice.get('/orders?a=1')
  const second = await sluice.get('/orders?a=1&b=2')
  expect([first.body, second.body]).toEqual(['body 1', 'body 1'])
  expect([first.headers['x-cache'], second.headers['x-cache']]).toEqual(['MISS', 'HIT'])
  expect(second.headers).toMatchObject({ 'content-type': 'text/x', age: '0', date: 'Tue, 24 Nov 2026 12:00:00 GMT' })
  expect(second.headers).not.toHaveProperty('x-other')
  expect(sluice.backend.requests).toHaveLength(1)
  expect((await sluice.get('/orders?a=2')).body).toBe('body 2')
  expect((await sluice.get('/orders')).body).toBe('body 3')
  expect((await sluice.get('/orders?a=')).body).toBe('body 4')

  answer(sluice, { 'Cache-Control': 'no-store' })
  expect(await statuses(sluice, ['/orders?a=3'], ['/orders?a=3'])).toEqual(['MISS', 'MISS'])
  expect(sluice.backend.requests).toHaveLength(6)
  expect(sluice.faults).toEqual([])
})

test('features §2: sse_strategy: streams of events are not kept while it is on', async () => {
  await using sluice = await cached()
  answer(sluice, { 'Content-Type': 'text/event-stream; charset=utf-8' })
  const events = (config: string) => change([instancePart({ features: { sse_strategy: { enable: true, config } } })])
  expect(await statuses(sluice, ['/orders'], ['/orders'])).toEqual(['MISS', 'HIT'])
  await sluice.apply(events('on'))
  expect(await statuses(sluice, ['/orders?a=1'], ['/orders?a=1'])).toEqual(['MISS', 'MISS'])
  answer(sluice, { 'Content-Type': 'text/event-streams' })
  expect(await statuses(sluice, ['/orders?a=2'], ['/orders?a=2'])).toEqual(['MISS', 'HIT'])
  await sluice.apply(events('off'))
  answer(sluice, { 'Content-Type': 'TEXT/Event-Stream' })
  expect(await statuses(sluice, ['/orders?a=1'], ['/orders?a=1'])).toEqual(['MISS', 'HIT'])
})

test('features §2: sse_strategy: nobody waits for a stream of events to end', async () => {
  await using sluice = await gateway({
    api: { pluginIds },
    parts: [plugin(), status, instancePart({ features: { sse_strategy: { enable: true, config: 'on' } } })],
  })
  const ends: (() => void)[] = []
  sluice.backend.answer = (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write('data: 1\n\n')
    ends.push(() => response.end())
  }
  const both = [sluice.get('/orders'), sluice.get('/orders')]
  await eventually(() => ends.length === 2)
  for (const end of ends) end()
  expect((await Promise.all(both)).map(({ body }) => body)).toEqual(['data: 1\n\n', 'data: 1\n\n'])
})

test('request-lifecycle.md 8: who may not call is not shown what is kept', async () => {
  await using sluice = await gateway({
    api: { pluginIds, auth_type: 'APP' },
    parts: [plugin(), status, appPart(), appPart({ id: 'app2', authorizations: [] })],
  })
  expect((await sluice.signed('GET', '/orders')).status).toBe(200)
  expect((await sluice.signed('GET', '/orders')).headers['x-cache']).toBe('HIT')
  expect(await sluice.signed('GET', '/orders', { app: 'app2' })).toMatchObject({ status: 403, code: 'APIG.0304' })
  expect((await sluice.get('/orders')).status).toBe(401)
})

test('apps, environments’ paths, hosts and headers of the key keep replies apart', async () => {
  const cache_key = { system_params: ['$context.appId'], headers: ['X-Language'] }
  await using sluice = await cached({ cache_key }, { auth_type: 'APP', match_mode: 'SWA' })
  const call = async (app: string, language: string, target = '/orders', host?: string) => {
    const headers = { 'X-Language': language }
    const reply = await sluice.signed('GET', target, { app, headers, ...(host !== undefined && { host }) })
    return reply.headers['x-cache']
  }
  expect(await call('app1', 'en')).toBe('MISS')
  expect(await call('app1', 'en')).toBe('HIT')
  expect(
    (await sluice.signed('GET', '/orders', { app: 'app2', headers: { 'X-Language': 'en' } })).headers['x-cache'],
  ).toBe('MISS')
  expect(await call('app1', 'de')).toBe('MISS')
  expect(await call('app1', '')).toBe('MISS')
  expect(await call('app1', 'en', '/orders/1')).toBe('MISS')
  expect(await call('app1', 'en', '/orders', 'g1.apic.test:8080')).toBe('MISS')
})

test('how long it is kept: as the backend says, else as the plug-in says, and its age counts', async () => {
  await using sluice = await cached()
  answer(sluice, {})
  expect(await statuses(sluice, ['/orders'], ['/orders'])).toEqual(['MISS', 'HIT'])
  later(59)
  const old = await sluice.get('/orders')
  expect([old.headers['x-cache'], old.headers.age]).toEqual(['HIT', '59'])
  later(2)
  expect(await statuses(sluice, ['/orders'], ['/orders'])).toEqual(['EXPIRED', 'HIT'])
  answer(sluice, { 'Cache-Control': 'max-age=10', Age: '4' })
  expect(await statuses(sluice, ['/orders?a=1'], ['/orders?a=1'])).toEqual(['MISS', 'HIT'])
  later(6)
  expect(await statuses(sluice, ['/orders?a=1'])).toEqual(['EXPIRED'])
})

test.each<[string, Record<string, string | string[]>, number?]>([
  ['private', { 'Cache-Control': 'private, max-age=5' }],
  ['to be validated', { 'Cache-Control': 'no-cache' }],
  ['too old', { 'Cache-Control': 'max-age=5', Age: '5' }],
  ['expired', { Expires: '0' }],
  ['with a cookie', { 'Set-Cookie': 'session=1' }],
  ['depending on everything', { Vary: '*' }],
  ['of a status that is not listed', {}, 500],
])('a reply that is %s is not kept', async (_, headers, code) => {
  await using sluice = await cached()
  answer(sluice, headers, code)
  expect(await statuses(sluice, ['/orders'], ['/orders'])).toEqual(['MISS', 'MISS'])
})

test('errors are kept where they are listed; without a list 200 is, as long as the backend says', async () => {
  await using sluice = await cached()
  answer(sluice, {}, 404)
  expect(await statuses(sluice, ['/orders'], ['/orders'])).toEqual(['MISS', 'HIT'])
  expect((await sluice.get('/orders')).status).toBe(404)
  await sluice.apply(change([plugin({ cache_http_status_and_ttl: null })]))
  answer(sluice)
  expect(await statuses(sluice, ['/orders'], ['/orders'])).toEqual(['MISS', 'MISS'])
  answer(sluice, { 'Cache-Control': 'max-age=5' })
  expect(await statuses(sluice, ['/orders'], ['/orders'])).toEqual(['MISS', 'HIT'])
})

test('Vary tells replies apart, and goes on', async () => {
  await using sluice = await cached()
  answer(sluice, { Vary: 'Accept-Language, Accept-Encoding' })
  const language = (text: string): readonly [string, CallOptions] => [
    '/orders',
    { headers: { 'Accept-Language': text } },
  ]
  expect(await statuses(sluice, language('en'), language('de'), language('en'), language('de'))).toEqual([
    'MISS',
    'MISS',
    'HIT',
    'HIT',
  ])
  expect((await sluice.get(...language('en'))).headers.vary).toBe('Accept-Language, Accept-Encoding')
})

test.each(['Authorization', 'X-Auth-Token'])(
  'what backends answered to %s is kept only if they say so',
  async (name) => {
    await using sluice = await cached()
    const headers = { [name]: 'Basic eDp5' }
    answer(sluice, { 'Cache-Control': 'max-age=60' })
    expect(await statuses(sluice, ['/orders', { headers }], ['/orders', { headers }])).toEqual(['MISS', 'MISS'])
    answer(sluice, { 'Cache-Control': 'public, max-age=60' })
    expect(await statuses(sluice, ['/orders?a=1', { headers }], ['/orders?a=1', { headers }])).toEqual(['MISS', 'HIT'])
  },
)

test('what a caller brings that the key does not have poisons nothing', async () => {
  await using sluice = await cached()
  for (const name of ['X-Original-URL', 'X_Original_URL', 'X-HTTP-Method-Override', 'X-Host', 'Forwarded', 'Range']) {
    const [first] = await statuses(sluice, ['/orders', { headers: { [name]: 'evil' } }])
    expect([name, first]).toEqual([name, 'BYPASS'])
  }
  expect(await statuses(sluice, ['/orders'], ['/orders', { headers: { 'X-Forwarded-Host': 'evil' } }])).toEqual([
    'MISS',
    'HIT',
  ])
  expect((await sluice.call('POST', '/orders')).status).toBe(404)
})

test('HEAD is answered from what GET brought, and brings nothing itself', async () => {
  await using sluice = await cached({}, { req_method: 'ANY' })
  answer(sluice)
  expect((await sluice.call('HEAD', '/orders')).headers['x-cache']).toBe('MISS')
  expect((await sluice.get('/orders')).headers['x-cache']).toBe('MISS')
  const head = await sluice.call('HEAD', '/orders')
  expect([head.headers['x-cache'], head.headers['content-length'], head.body]).toEqual(['HIT', '6', ''])
  expect((await sluice.call('POST', '/orders')).headers['x-cache']).toBe('BYPASS')
})

test('each hit has its own request id and connection, and the lines that others have, too', async () => {
  await using sluice = await gateway({ api: { pluginIds: ['proxy_cache1'], req_method: 'ANY' }, parts: [plugin()] })
  answer(sluice, { 'Content-Type': 'text/x', Date: 'Tue, 24 Nov 2026 12:00:00 GMT' })
  const { port = 0 } = sluice.gateway.addresses[0] ?? {}
  const ask = async (line: string, more = ''): Promise<{ id: string; text: string }> => {
    await using client = await rawClient(port)
    client.send(`${line}\r\nHost: g1.apic.test\r\n${more}\r\n`)
    const received = await client.until(
      (all) => all.includes('\r\n\r\n') && (line.startsWith('HEAD') || all.endsWith('body 1')),
    )
    const [, id = ''] = /X-Request-Id: ([0-9a-f]{32})\r\n/.exec(received) ?? []
    return { id, text: received.replace(id, 'ID') }
  }
  await sluice.get('/orders')
  const head = (age: number, more = '') =>
    'HTTP/1.1 200 OK\r\nServer: api-gateway\r\nDate: Tue, 24 Nov 2026 12:00:00 GMT\r\nContent-Type: text/x\r\n' +
    `Age: ${age}\r\nContent-Length: 6\r\nX-Request-Id: ID\r\n${more}\r\n`
  const hits = [await ask('GET /orders HTTP/1.1'), await ask('GET /orders HTTP/1.1')]
  expect(hits.map(({ text }) => text)).toEqual([`${head(0)}body 1`, `${head(0)}body 1`])
  expect(new Set(hits.map(({ id }) => id)).size).toBe(2)
  expect((await ask('HEAD /orders HTTP/1.1')).text).toBe(head(0))
  expect((await ask('GET /orders HTTP/1.1', 'Connection: close\r\n')).text).toBe(
    `${head(0, 'Connection: close\r\n')}body 1`,
  )
  later(7)
  expect((await ask('GET /orders HTTP/1.1')).text).toBe(`${head(7)}body 1`)
  expect(sluice.backend.requests).toHaveLength(1)
})

test('validators: a client that has it is told so', async () => {
  await using sluice = await cached()
  answer(sluice, { ETag: '"v1"', 'Last-Modified': 'Tue, 24 Nov 2026 10:00:00 GMT' })
  const { headers } = await sluice.get('/orders')
  expect(headers.etag).toBe('"v1"')
  const ask = async (request: Record<string, string>) => {
    const { status, body, headers } = await sluice.get('/orders', { headers: request })
    expect(headers.etag).toBe('"v1"')
    return [status, body]
  }
  expect(await ask({ 'If-None-Match': '"v0", W/"v1"' })).toEqual([304, ''])
  expect(await ask({ 'If-None-Match': '*' })).toEqual([304, ''])
  expect(await ask({ 'If-None-Match': '"v2"' })).toEqual([200, 'body 1'])
  expect(await ask({ 'If-Modified-Since': 'Tue, 24 Nov 2026 10:00:00 GMT' })).toEqual([304, ''])
  expect(await ask({ 'If-Modified-Since': 'Tue, 24 Nov 2026 09:00:00 GMT' })).toEqual([200, 'body 1'])
  expect(sluice.backend.requests).toHaveLength(1)
})

test('large replies go through and are not kept, in chunks or with a length', async () => {
  await using sluice = await cached()
  const large = 'x'.repeat(1024 * 1024 + 1)
  sluice.backend.answer = (response, { target }) => {
    if (target.endsWith('1')) response.setHeader('Content-Length', large.length)
    else response.flushHeaders()
    response.end(large)
  }
  for (const target of ['/orders?a=1', '/orders?a=2']) {
    expect(await statuses(sluice, [target], [target])).toEqual(['MISS', 'MISS'])
    expect((await sluice.get(target)).body).toHaveLength(large.length)
  }
})

test('binary bodies come back as they were, and cached ones over HTTP/1.1 keep their framing', async () => {
  await using sluice = await cached()
  const text = `ü${'€'.repeat(30_000)}`
  sluice.backend.answer = (response) => response.end(text)
  expect((await sluice.get('/orders')).body).toBe(text)
  const { body, headers } = await sluice.get('/orders')
  expect([body, headers['x-cache'], headers['content-length']]).toEqual([text, 'HIT', String(Buffer.byteLength(text))])
})

test('clients are heeded where the plug-in says so: all, some apps, or none', async () => {
  const noCache: CallOptions = { headers: { 'Cache-Control': 'no-cache' } }
  await using sluice = await cached({ client_cache_control: { mode: 'all' } }, { auth_type: 'NONE' })
  expect(await statuses(sluice, ['/orders'], ['/orders', noCache], ['/orders'])).toEqual(['MISS', 'EXPIRED', 'HIT'])
  expect(sluice.backend.requests).toHaveLength(2)
  expect(await statuses(sluice, ['/orders', { headers: { 'Cache-Control': 'no-store' } }])).toEqual(['BYPASS'])
  expect(await statuses(sluice, ['/orders', { headers: { 'Cache-Control': 'min-fresh=100' } }])).toEqual(['EXPIRED'])
  const only = { headers: { 'Cache-Control': 'only-if-cached' } }
  expect((await sluice.get('/orders', only)).status).toBe(200)
  expect((await sluice.get('/orders?a=9', only)).status).toBe(504)
  await sluice.apply(change([plugin({ client_cache_control: { mode: 'off' } })]))
  expect(await statuses(sluice, ['/orders'], ['/orders', noCache])).toEqual(['MISS', 'HIT'])
})

test('an app that is not listed is not heeded', async () => {
  await using sluice = await cached({ client_cache_control: { mode: 'apps', datas: ['app1'] } }, { auth_type: 'APP' })
  const ask = async (app: string) =>
    (await sluice.signed('GET', '/orders', { app, headers: { 'Cache-Control': 'no-cache' } })).headers['x-cache']
  await ask('app1')
  await sluice.apply(change([appPart({ id: 'app2' })]))
  expect(await ask('app1')).toBe('EXPIRED')
  expect(await ask('app2')).toBe('HIT')
})

test('publishing again and changing the plug-in begin anew', async () => {
  await using sluice = await cached()
  expect(await statuses(sluice, ['/orders'], ['/orders'])).toEqual(['MISS', 'HIT'])
  await sluice.apply(change([{ ...publicationPart({ pluginIds }), versionId: 'v2', publishId: 'p2' }]))
  expect(await statuses(sluice, ['/orders'], ['/orders'])).toEqual(['MISS', 'HIT'])
  await sluice.apply(change([plugin({ cache_http_status_and_ttl: [{ http_status: [200], ttl: 5 }] })]))
  expect(await statuses(sluice, ['/orders'], ['/orders'])).toEqual(['MISS', 'HIT'])
})

test('when the client of the one that went has gone, the next goes', async () => {
  await using sluice = await cached()
  const waiting: (() => void)[] = []
  sluice.backend.answer = (response) => void waiting.push(() => response.end('again'))
  const { port = 0 } = sluice.gateway.addresses[0] ?? {}
  const first = await rawClient(port)
  first.send('GET /orders HTTP/1.1\r\nHost: g1.apic.test\r\n\r\n')
  await eventually(() => waiting.length === 1)
  const second = await rawClient(port)
  second.send('GET /orders HTTP/1.1\r\nHost: g1.apic.test\r\n\r\n')
  const calls = [sluice.get('/orders'), sluice.get('/orders')]
  await new Promise((resolve) => setTimeout(resolve, 50))
  await second[Symbol.asyncDispose]()
  await first[Symbol.asyncDispose]()
  await eventually(() => waiting.length === 2)
  waiting[1]?.()
  expect((await Promise.all(calls)).map(({ body }) => body)).toEqual(['again', 'again'])
  expect(sluice.backend.requests).toHaveLength(2)
})

test('many that ask at once wait for one, and get what it brought', async () => {
  await using sluice = await cached()
  const waiting: (() => void)[] = []
  sluice.backend.answer = (response) => void waiting.push(() => response.end('once'))
  const calls = Array.from({ length: 20 }, () => sluice.get('/orders'))
  await eventually(() => waiting.length === 1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  waiting[0]?.()
  const replies = await Promise.all(calls)
  expect(replies.map(({ body }) => body)).toEqual(replies.map(() => 'once'))
  expect(replies.filter(({ headers }) => headers['x-cache'] === 'HIT')).toHaveLength(19)
  expect(sluice.backend.requests).toHaveLength(1)
})

test('when the one fails the next goes, and nobody is left waiting', async () => {
  await using sluice = await cached()
  const waiting: (() => void)[] = []
  sluice.backend.answer = (response, _, socket) =>
    void waiting.push(() => (sluice.backend.requests.length < 3 ? socket.destroy() : response.end('at last')))
  const calls = Array.from({ length: 5 }, () => sluice.get('/orders'))
  for (let i = 0; i < 4; i++) {
    await eventually(() => waiting.length > i || i === 3)
    waiting[i]?.()
  }
  const replies = await Promise.all(calls)
  expect(replies.some(({ status, body }) => status === 200 && body === 'at last')).toBe(true)
  expect(replies.every(({ status }) => status === 200 || status === 502)).toBe(true)
})

test('what turns out not to be for keeping holds nobody up', async () => {
  await using sluice = await cached()
  const waiting: (() => void)[] = []
  sluice.backend.answer = (response) => {
    response.setHeader('Cache-Control', 'no-store')
    waiting.push(() => response.end('own'))
  }
  const calls = Array.from({ length: 4 }, () => sluice.get('/orders'))
  await eventually(() => waiting.length === 1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  waiting[0]?.()
  await eventually(() => waiting.length === 4)
  for (const go of waiting.slice(1)) go()
  expect((await Promise.all(calls)).map(({ body }) => body)).toEqual(['own', 'own', 'own', 'own'])
})
