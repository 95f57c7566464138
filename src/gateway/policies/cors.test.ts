import { expect, test } from 'vitest'
import { gateway, type GatewaySpec } from '../../../test/gateway.js'
import { change, mockBackend, pluginPart, publicationPart, throttlePart } from '../../../test/parts.js'

const content = {
  allow_origin: 'https://a.com, https://b.com',
  allow_methods: 'GET, post',
  allow_headers: 'X-One, X-Two',
  expose_headers: 'X-Seen',
  max_age: 600,
  allow_credentials: true,
}
const withPlugin = (spec: Partial<typeof content> = {}): GatewaySpec => ({
  api: { pluginIds: ['cors1'] },
  parts: [pluginPart('cors', { ...content, ...spec })],
})
const from = (origin: string) => ({ headers: { Origin: origin } })
const OF_CORS = /^(?:access-control-.*|vary)$/
const corsOf = (headers: NodeJS.Dict<string | string[]>) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => OF_CORS.test(name)))

test('policies.md 9: a listed origin is repeated, another gets nothing, a preflight does not reach the backend', async () => {
  await using sluice = await gateway(withPlugin())
  expect(corsOf((await sluice.get('/orders', from('https://a.com'))).headers)).toEqual({
    'access-control-allow-origin': 'https://a.com',
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'X-Seen',
    vary: 'Origin',
  })
  const other = await sluice.get('/orders', from('https://evil.com'))
  expect(other.status).toBe(200)
  expect(corsOf(other.headers)).toEqual({ vary: 'Origin' })
  expect(sluice.backend.requests).toHaveLength(2)

  const preflight = await sluice.call('OPTIONS', '/orders', from('https://b.com'))
  expect(preflight).toMatchObject({ status: 200, body: '' })
  expect(corsOf(preflight.headers)).toEqual({
    'access-control-allow-origin': 'https://b.com',
    'access-control-allow-credentials': 'true',
    'access-control-allow-headers': 'X-One,X-Two',
    'access-control-allow-methods': 'GET,POST',
    'access-control-expose-headers': 'X-Seen',
    'access-control-max-age': '600',
    vary: 'Origin',
  })
  expect(corsOf((await sluice.call('OPTIONS', '/orders', from('https://evil.com'))).headers)).toEqual({
    vary: 'Origin',
  })
  expect(sluice.backend.requests).toHaveLength(2)
})

test('* is sent as it is, also with credentials, and what was not said is not sent', async () => {
  await using sluice = await gateway({
    api: { pluginIds: ['cors1'], backend: mockBackend() },
    parts: [pluginPart('cors', { allow_origin: '*', allow_methods: '*', allow_headers: '*', allow_credentials: true })],
  })
  expect(corsOf((await sluice.call('OPTIONS', '/orders')).headers)).toEqual({
    'access-control-allow-origin': '*',
    'access-control-allow-credentials': 'true',
    'access-control-allow-headers': '*',
    'access-control-allow-methods': '*',
  })
  expect(corsOf((await sluice.get('/orders')).headers)).toEqual({
    'access-control-allow-origin': '*',
    'access-control-allow-credentials': 'true',
  })
})

test('the plug-in replaces what the backend says of CORS, for every origin', async () => {
  await using sluice = await gateway(withPlugin())
  sluice.backend.answer = (response) => {
    response.writeHead(200, {
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Methods': 'TRACE',
      Vary: 'Accept',
    })
    response.end('ok')
  }
  expect(corsOf((await sluice.get('/orders', from('https://a.com'))).headers)).toMatchObject({
    'access-control-allow-origin': 'https://a.com',
    vary: 'Accept, Origin',
  })
  expect(corsOf((await sluice.get('/orders', from('https://evil.com'))).headers)).toEqual({ vary: 'Accept, Origin' })
})

test('errors have the headers, and preflights need no credentials and count for nothing', async () => {
  await using sluice = await gateway({
    api: { auth_type: 'APP', pluginIds: ['cors1'], throttleId: 't1' },
    parts: [pluginPart('cors', content), throttlePart({ apiLimit: 1 })],
  })
  for (let i = 0; i < 3; i++) {
    const preflight = await sluice.call('OPTIONS', '/orders', from('https://a.com'))
    expect(preflight.status).toBe(200)
  }
  const refused = await sluice.get('/orders', from('https://a.com'))
  expect(refused).toMatchObject({ status: 401, code: 'APIG.0303' })
  expect(refused.headers['access-control-allow-origin']).toBe('https://a.com')
})

test('preflights come with the plug-in and go with it, on every kind of path', async () => {
  const pluginIds = ['cors1']
  await using sluice = await gateway({
    api: [
      { id: 'a1', pluginIds, req_uri: '/users/{id}', req_params: [{ name: 'id', location: 'PATH' }] },
      { id: 'a2', pluginIds, req_uri: '/files', match_mode: 'SWA', req_method: 'POST' },
      { id: 'a3', pluginIds, req_uri: '/any', req_method: 'ANY' },
      { id: 'a4', req_uri: '/', match_mode: 'SWA', req_method: 'OPTIONS', cors: true, backend: mockBackend() },
    ],
    parts: [pluginPart('cors', content)],
  })
  const age = async (path: string) =>
    (await sluice.call('OPTIONS', path, from('https://a.com'))).headers['access-control-max-age']
  const paths = ['/users/1', '/files/x/y', '/any', '/nothing/else']
  const ages = () => Promise.all(paths.map(age))
  expect(await ages()).toEqual(['600', '600', '600', '172800'])
  await sluice.apply(change([pluginPart('cors', { ...content, max_age: 5 })]))
  expect(await ages()).toEqual(['5', '5', '5', '172800'])
  await sluice.apply(change([publicationPart({ id: 'a2', req_uri: '/files', match_mode: 'SWA', req_method: 'POST' })]))
  await sluice.apply(change([], ['publication:a1/release']))
  expect(await ages()).toEqual(['172800', '172800', '5', '172800'])
  expect((await sluice.call('GET', '/users/1')).status).toBe(404)
  expect(sluice.faults).toEqual([])
})

test('policies.md 10: what the backend says of origins counts for an API with cors', async () => {
  await using sluice = await gateway({ api: { cors: true } })
  expect((await sluice.get('/orders')).headers['access-control-allow-origin']).toBe('*')
  sluice.backend.answer = (response) => {
    response.writeHead(200, { 'Access-Control-Allow-Origin': 'https://backend.com' })
    response.end('ok')
  }
  const { rawHeaders } = await sluice.get('/orders', from('https://a.com'))
  const lines = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
  expect(lines.filter((name) => name.startsWith('access-control-'))).toEqual(['access-control-allow-origin'])
  expect(rawHeaders).toContain('https://backend.com')
})

test('an OPTIONS API with cors is open and answers preflights with all that the service says; errors are shown too', async () => {
  await using sluice = await gateway({
    api: [
      { id: 'a1', cors: true, auth_type: 'APP' },
      {
        id: 'a2',
        cors: true,
        auth_type: 'APP',
        req_method: 'OPTIONS',
        req_uri: '/',
        match_mode: 'SWA',
        backend: mockBackend(),
      },
    ],
  })
  const { status, headers } = await sluice.call('OPTIONS', '/orders')
  expect(status).toBe(200)
  expect(headers).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET,POST,PUT,DELETE,HEAD,OPTIONS,PATCH',
    'access-control-max-age': '172800',
  })
  expect(headers['access-control-allow-headers']).toContain('X-Sdk-Date')
  expect(headers['access-control-expose-headers']).toContain('X-Request-Id')
  const refused = await sluice.get('/orders')
  expect(refused.status).toBe(401)
  expect(corsOf(refused.headers)).toEqual({ 'access-control-allow-origin': '*' })
})

test('the plug-in wins over cors of the API', async () => {
  await using sluice = await gateway({
    api: { cors: true, pluginIds: ['cors1'] },
    parts: [pluginPart('cors', content)],
  })
  expect(corsOf((await sluice.get('/orders')).headers)).toEqual({ vary: 'Origin' })
})
