/** Response sets of groups and APIs: responses.md §2, and those of its checks (§8) that concern them. */
import { expect, test } from 'vitest'
import { anExchange } from '../../../test/exchange.js'
import { gateway } from '../../../test/gateway.js'
import { appPart, change, groupPart, throttlePart } from '../../../test/parts.js'
import type { ResponseSet } from '../../snapshot/parts.js'
import { catalogue, type CatalogueRow, type RefusalName } from './catalogue.js'
import { refuse } from './refuse.js'
import { ResponseSets } from './response-sets.js'

function set(overrides: ResponseSet['overrides'], id = 'default', isDefault = id === 'default'): ResponseSet {
  return { id, isDefault, overrides }
}

test('responses.md 3: the default set of a group: status, body and headers with variables', async () => {
  const overrides = {
    NOT_FOUND: {
      status: 410,
      body: '{"p":"$context.reqPath","t":"$context.error.type"}',
      headers: [{ key: 'X-A', value: '$context.stage' }],
    },
  }
  await using gw = await gateway({ api: {}, parts: [groupPart({ responseSets: [set(overrides)] })] })
  const reply = await gw.get('/nope?q=1')
  expect([reply.status, reply.body]).toEqual([410, '{"p":"/nope","t":"NOT_FOUND"}'])
  expect(reply.headers).toMatchObject({ 'x-a': 'RELEASE', 'content-type': 'application/json' })
  expect((await gw.get('/nope', { headers: { 'X-Stage': 'TEST' } })).headers['x-a']).toBe('TEST')
})

test('responses.md 4: the set that an API names, for its errors alone; the code stays', async () => {
  const sets = [set({ THROTTLED: { status: 418 } }), set({ THROTTLED: { status: 503 } }, 'own')]
  await using gw = await gateway({
    api: [
      { id: 'a1', req_uri: '/own', throttleId: 't1', response_id: 'own' },
      { id: 'a2', req_uri: '/other', throttleId: 't1' },
      { id: 'a3', req_uri: '/gone', throttleId: 't1', response_id: 'removed' },
    ],
    parts: [throttlePart({ apiLimit: 1 }), groupPart({ responseSets: sets })],
  })
  const second = async (path: string) => {
    await gw.get(path)
    const { status, code } = await gw.get(path)
    return [status, code]
  }
  expect(await second('/own')).toEqual([503, 'APIG.0308'])
  expect(await second('/other')).toEqual([418, 'APIG.0308'])
  expect(await second('/gone')).toEqual([418, 'APIG.0308'])
})

test.each([204, 205])('a status of %s has no content, whatever the set says', async (status) => {
  const sets = [set({ NOT_FOUND: { status, body: '{"gone":true}' } })]
  await using gw = await gateway({ api: {}, parts: [groupPart({ responseSets: sets })] })
  const reply = await gw.get('/nope')
  expect([reply.status, reply.body, reply.headers['content-type']]).toEqual([status, '', undefined])
  expect(reply.headers['content-length']).toBe(status === 204 ? undefined : '0')
})

test('responses.md 11: a quotation mark in a message leaves the body JSON', async () => {
  const body = '{"m":"$context.error.message","u":"$context.reqUri"}'
  const overrides = { REQUEST_PARAMETERS_FAILURE: { body } }
  await using gw = await gateway({
    api: { req_params: [{ name: 'a"b\\', location: 'QUERY', required: true }] },
    parts: [groupPart({ responseSets: [set(overrides)] })],
  })
  const reply = await gw.get('/orders?%22=\\')
  expect([reply.status, reply.json()]).toMatchObject([
    400,
    { m: expect.stringContaining('a"b\\') as unknown, u: '/orders?%22=\\' },
  ])
})

test('§2.3: every variable', () => {
  const names = [
    'apiId',
    'apiName',
    'appId',
    'appName',
    'requestId',
    'stage',
    'sourceIp',
    'reqPath',
    'reqUri',
    'reqMethod',
    'error.code',
    'error.message',
    'error.type',
    'error.nothing',
    'authorizer.frontend.k',
    'unknown',
  ]
  const body = names.map((name) => `$context.${name}`).join('|')
  const exchange = anExchange({ target: '/a?b', method: 'PUT', from: '10.0.0.9' })
  exchange.responses = ResponseSets.of(groupPart({ responseSets: [set({ ACCESS_DENIED: { body } })] }))
  exchange.caller = { appId: 'app', appName: 'Äpp', appKey: '', userId: '', accessModel: '' }
  expect(refuse(exchange, 'APIG.0405').body).toBe(
    '||app|Äpp|0123456789abcdef0123456789abcdef|RELEASE|10.0.0.9|/a|/a?b|PUT|' +
      'APIG.0405|The app is not accessed from a trusted IP address.|ACCESS_DENIED|||',
  )
})

test('§2.3: variables of the API and its caller over the wire, in UTF-8', async () => {
  const overrides = {
    UNAUTHORIZED: { body: '$context.apiName $context.appName', headers: [{ key: 'X-App', value: '$context.appName' }] },
  }
  await using gw = await gateway({
    api: { auth_type: 'APP', name: 'orders' },
    parts: [appPart({ name: 'Bestellung für 网', authorizations: [] }), groupPart({ responseSets: [set(overrides)] })],
  })
  const reply = await gw.signed('GET', '/orders')
  expect([reply.status, reply.body]).toEqual([403, 'orders Bestellung für 网'])
  expect(Buffer.from(String(reply.headers['x-app']), 'latin1').toString('utf8')).toBe('Bestellung für 网')
})

test('§2.2: headers replace those of the gateway, but for the protected ones', async () => {
  const headers = [
    { key: 'content-type', value: 'text/plain' },
    { key: 'Server', value: 'mine' },
    { key: 'X-Request-Id', value: 'mine' },
    { key: 'x-apig-mode', value: 'mine' },
    { key: 'Access-Control-Allow-Origin', value: 'mine' },
    { key: 'Content-Length', value: '1' },
    { key: 'Connection', value: 'close' },
    { key: 'Retry-After', value: '7' },
  ]
  const overrides = { NOT_FOUND: { body: 'gone', headers } }
  await using gw = await gateway({ parts: [groupPart({ responseSets: [set(overrides)] })] })
  const reply = await gw.get('/x')
  expect(reply.headers).toMatchObject({
    'content-type': 'text/plain',
    server: 'api-gateway',
    'retry-after': '7',
    'content-length': '4',
  })
  expect(reply.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/)
  expect(Object.keys(reply.headers).filter((name) => /^(?:x-apig|access-control)/.test(name))).toEqual([])
  expect(reply.rawHeaders.filter((name) => /^content-type$/i.test(name))).toHaveLength(1)
})

test('§2: a header value that could end its line is not sent', () => {
  const exchange = anExchange()
  const headers = [{ key: 'X-App', value: '$context.appName' }]
  exchange.responses = ResponseSets.of(groupPart({ responseSets: [set({ ACCESS_DENIED: { headers } })] }))
  exchange.caller = { appId: '', appName: 'a\r\nX-Evil: 1', appKey: '', userId: '', accessModel: '' }
  expect(refuse(exchange, 'APIG.0402').headers).toBe('Content-Type: application/json\r\n')
})

test('§2: every type of the catalogue is answered by its override, with the code of the error', () => {
  for (const [name, { type, status }] of Object.entries<CatalogueRow>(catalogue)) {
    const exchange = anExchange()
    exchange.responses = ResponseSets.of(groupPart({ responseSets: [set({ [type || 'none']: { status: 299 } })] }))
    const reply = refuse(exchange, name as RefusalName)
    expect([name, reply.status]).toEqual([name, type === '' ? status : 299])
    expect(exchange.errorType).toBe(type)
  }
})

test('§1: a HEAD request gets the head alone, with the length of the body', async () => {
  const overrides = { NOT_FOUND: { status: 410, body: 'gone' } }
  await using gw = await gateway({ parts: [groupPart({ responseSets: [set(overrides)] })] })
  const reply = await gw.call('HEAD', '/x')
  expect([reply.status, reply.body, reply.headers['content-length']]).toEqual([410, '', '4'])
})

test('§2.2: no group, no set; a body that grows too large after the match is answered by the set of the API', async () => {
  const sets = [
    set({ NOT_FOUND: { status: 410 }, DEFAULT_4XX: { status: 499 } }),
    set({ DEFAULT_4XX: { status: 451 } }, 'own'),
  ]
  await using gw = await gateway({
    api: { req_method: 'POST', response_id: 'own' },
    parts: [groupPart({ responseSets: sets })],
  })
  expect((await gw.get('/orders', { host: 'nobody.test' })).status).toBe(404)
  expect((await gw.get('/orders')).status).toBe(410)
  const tooLarge = await gw.post('/orders', 'x', { headers: { 'Content-Length': 13 * 1024 * 1024 } })
  expect([tooLarge.status, tooLarge.code]).toEqual([451, 'APIG.0201'])
})

test('a changed set counts from the next request on, without publishing again', async () => {
  await using gw = await gateway({ api: {} })
  expect((await gw.get('/x')).status).toBe(404)
  await gw.apply(change([groupPart({ responseSets: [set({ NOT_FOUND: { status: 410 } })] })]))
  expect((await gw.get('/x')).status).toBe(410)
  await gw.apply(change([groupPart()]))
  expect((await gw.get('/x')).status).toBe(404)
})

test('the record keeps the code and the type, and the status that was sent', async () => {
  await using gw = await gateway({
    api: { throttleId: 't1' },
    parts: [
      throttlePart({ apiLimit: 1 }),
      groupPart({ responseSets: [set({ THROTTLED: { status: 200, body: 'later' } })] }),
    ],
  })
  await gw.get('/orders')
  expect((await gw.get('/orders')).status).toBe(200)
  const [, second] = await gw.log()
  expect(second).toMatchObject({ status: '200', apig_err_code: 'APIG.0308', errorType: '1' })
})
