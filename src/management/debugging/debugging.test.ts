import { describe, expect, test } from 'vitest'
import { httpApi, mockApi } from '../../../test/definitions.js'
import { engines } from '../../../test/engines.js'
import { managementWithGateway } from '../../../test/management-with-gateway.js'
import { aGroup, anApi, publish } from '../../../test/stage.js'

const debugging = { mode: 'DEVELOPER', scheme: 'HTTP', method: 'GET', path: '/test/mock' }

describe.each(engines)('debugging on $name', (engine) => {
  test('68: a draft, a version that is not published, a mode that does not exist, a header that nobody may send', async () => {
    await using stage = await managementWithGateway(engine)
    const { sluice, publisher } = stage
    const groupId = await aGroup(sluice)
    const draft = mockApi(groupId, { req_uri: '/test/mock', mock_info: { result_content: 'mock success' } })
    const path = { api_id: (await sluice.given('createApiV2', { body: draft })).id as string }
    await stage.settled()
    const partsBefore = publisher.current().parts.length
    const reply = await sluice.call('debugApiV2', { path, body: debugging })

    expect(reply.status).toBe(200)
    expect(reply.body).toEqual({
      request: `GET /test/mock HTTP/1.1\nHost: ${groupId}.apic.localhost\nUser-Agent: APIGatewayDebugClient/1.0\nX-Apig-Mode: debug\n\n`,
      response: expect.stringMatching(/^HTTP\/1\.1 200 OK\n(?:[\w-]+: .*\n)+\nmock success$/),
      latency: expect.any(Number),
      log: expect.stringContaining('answered with 200'),
    })
    expect(reply.body.response).toMatch(/\nX-Apig-Latency: \d+\n/)
    expect(publisher.current().parts).toHaveLength(partsBefore)

    const consumer = await sluice.call('debugApiV2', { path, body: { ...debugging, mode: 'CONSUMER' } })
    expect(consumer.status).toBe(200)
    expect(consumer.body.response).toMatch(/^HTTP\/1\.1 404 Not Found\n/)
    expect(consumer.body.response).toContain('"error_code":"APIG.0101"')

    const mode = await sluice.call('debugApiV2', { path, body: { ...debugging, mode: 'BAD' } })
    expect(mode).toMatchObject({ status: 400, body: { error_code: 'APIG.2011' } })
    expect(mode.body.error_msg).toContain('parameterName:mode.')
    for (const header of ['X-Stage', 'x-apig-mode', 'X-Sdk-Date', 'Host', 'Content-Length', 'User-Agent'])
      expect(
        await sluice.call('debugApiV2', { path, body: { ...debugging, header: { [header]: ['x'] } } }),
      ).toMatchObject({
        status: 400,
        body: { error_code: 'APIG.2030', error_msg: 'Bad request for debugging the API' },
      })
  })

  test('what the back end sees is what was asked for', async () => {
    await using stage = await managementWithGateway(engine)
    const { sluice, backend } = stage
    const groupId = await aGroup(sluice)
    const api = httpApi(groupId, {
      req_method: 'POST',
      req_uri: '/a/{id}',
      auth_type: 'APP',
      req_params: [{ name: 'id', type: 'STRING', location: 'PATH' }],
      backend_api: {
        url_domain: backend.address,
        req_protocol: 'HTTP',
        req_method: 'POST',
        req_uri: '/b/{id}',
        timeout: 1000,
      },
      backend_params: [{ name: 'id', value: 'id', location: 'PATH', origin: 'REQUEST' }],
    })
    const { id } = await sluice.given('createApiV2', { body: api })
    await stage.settled()
    const body = {
      ...debugging,
      method: 'POST',
      path: '/a/x%20yü',
      query: { q: ['1', 'a b'], r: [''] },
      header: { 'x-MY-hEaDer': ['käse', 'two'] },
      body: '{"ä":1}',
    }
    const reply = await sluice.call('debugApiV2', { path: { api_id: id as string }, body })
    expect(reply.body.response).toMatch(/^HTTP\/1\.1 200 /)
    expect(reply.body.request).toContain('POST /a/x%20y%C3%BC?q=1&q=a%20b&r= HTTP/1.1\n')
    expect(reply.body.request).toContain('X-My-Header: käse\nX-My-Header: two\nContent-Length: 8\n\n{"ä":1}')
    expect(reply.body.request).not.toContain('X-Stage')
    const [seen] = backend.requests
    expect(seen).toMatchObject({
      method: 'POST',
      target: '/b/x%20y%C3%BC?q=1&q=a%20b&r=',
      body: Buffer.from('{"ä":1}').toString('latin1'),
    })
    expect(backend.requests).toHaveLength(1)
  })

  test('a published version is called as anybody calls it: in its environment, with a key', async () => {
    await using stage = await managementWithGateway(engine)
    const { sluice } = stage
    const env_id = (await sluice.given('createEnvironmentV2', { body: { name: 'DEV' } })).id as string
    const { id, groupId } = await anApi(sluice, { req_uri: '/test/mock', req_protocol: 'BOTH' })
    await publish(sluice, id, env_id)
    const app = await sluice.given('createAnAppV2', { body: { name: 'app_demo' } })
    await sluice.given('createAuthorizingAppsV2', { body: { env_id, app_ids: [app.id], api_ids: [id] } })
    await stage.settled()
    const path = { api_id: id }
    const call = async (body: Record<string, unknown>) =>
      (await sluice.call('debugApiV2', { path, body: { ...debugging, mode: 'CONSUMER', stage: 'DEV', ...body } })).body

    const unsigned = await call({})
    expect(unsigned.response).toMatch(/^HTTP\/1\.1 401 /)
    expect(unsigned.request).toContain('X-Stage: DEV\n')
    const { app_key, app_secret } = app
    const query = { b: ['2', '1'], a: ['x y'] }
    const signed = await call({ app_key, app_secret, query, header: { 'x-a': ['ü'] } })
    expect(signed.response).toMatch(/^HTTP\/1\.1 200 /)
    expect(signed.request).toMatch(/\nAuthorization: SDK-HMAC-SHA256 Access=/)
    expect(signed.request).not.toContain(app_secret)
    expect((await call({ app_key, app_secret: 'wrong_secret' })).response).toMatch(/^HTTP\/1\.1 401 /)
    expect((await call({ app_key, app_secret, stage: 'RELEASE' })).response).toMatch(/^HTTP\/1\.1 404 /)
    const market = await call({ app_key, app_secret, mode: 'MARKET' })
    expect(market.request).not.toContain('X-Stage')

    await sluice.given('updateSlDomainSettingV2', {
      path: { group_id: groupId },
      body: { sl_domain_access_enabled: false },
    })
    await stage.settled()
    expect((await call({ app_key, app_secret })).response).toMatch(/^HTTP\/1\.1 404 /)
    await sluice.given('associateDomainV2', { path: { group_id: groupId }, body: { url_domain: 'shop.example.com' } })
    await stage.settled()
    const own = await call({ app_key, app_secret, domain: 'shop.example.com' })
    expect(own.request).toContain('Host: shop.example.com\n')
    expect(own.response).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('requests that cannot be made are refused', async () => {
    await using stage = await managementWithGateway(engine)
    const { sluice } = stage
    const { id } = await anApi(sluice)
    const refusal = async (overrides: Record<string, unknown>, api_id = id) => {
      const { status, body } = await sluice.call('debugApiV2', {
        path: { api_id },
        body: { ...debugging, ...overrides },
      })
      return [status, body.error_code, /parameterName:(\w+)/.exec(body.error_msg as string)?.[1]]
    }
    expect(await refusal({}, 'a1')).toEqual([404, 'APIG.3002', undefined])
    expect(await refusal({ path: 'x' })).toEqual([400, 'APIG.2011', 'path'])
    expect(await refusal({ scheme: 'FTP' })).toEqual([400, 'APIG.2011', 'scheme'])
    expect(await refusal({ method: 'ANY' })).toEqual([400, 'APIG.2011', 'method'])
    expect(await refusal({ path: '/a?b=1' })).toEqual([400, 'APIG.2030', undefined])
    expect(await refusal({ path: '/a b' })).toEqual([400, 'APIG.2030', undefined])
    expect(await refusal({ query: { 'x-apig-a': ['1'] } })).toEqual([400, 'APIG.2030', undefined])
    expect(await refusal({ query: { ['q'.repeat(33)]: ['1'] } })).toEqual([400, 'APIG.2030', undefined])
    expect(await refusal({ header: { 'X-A': ['a\r\nX-Stage: b'] } })).toEqual([400, 'APIG.2030', undefined])
    expect(await refusal({ mode: 'CONSUMER', header: { Authorization: ['x'] } })).toEqual([400, 'APIG.2030', undefined])
    expect(await refusal({ mode: 'CONSUMER', stage: 'a b' })).toEqual([400, 'APIG.2011', 'stage'])
    expect(await refusal({ mode: 'CONSUMER', app_key: 'k' })).toEqual([400, 'APIG.2030', undefined])
    expect(await refusal({ domain: 'other.example.com' })).toEqual([400, 'APIG.2011', 'domain'])
    expect(await refusal({ body: 'ü'.repeat(1024 * 1024 + 1) })).toEqual([400, 'APIG.2011', 'body'])
    const groupId = await aGroup(sluice)
    const variables = httpApi(groupId, {
      backend_api: { url_domain: '#host#', req_protocol: 'HTTP', req_method: 'GET', req_uri: '/', timeout: 1000 },
    })
    const api = await sluice.given('createApiV2', { body: variables })
    expect(await refusal({ path: variables.req_uri }, api.id as string)).toEqual([400, 'APIG.2030', undefined])
  })

  test('a back end that fails is an answer of the gateway; a large one is cut', async () => {
    await using stage = await managementWithGateway(engine)
    const { sluice } = stage
    const groupId = await aGroup(sluice)
    const dead = httpApi(groupId, {
      req_uri: '/dead',
      backend_api: { url_domain: '127.0.0.1:1', req_protocol: 'HTTP', req_method: 'GET', req_uri: '/', timeout: 1000 },
    })
    const large = mockApi(groupId, {
      req_uri: '/large',
      mock_info: { result_content: 'x'.repeat(2 * 1024 * 1024 + 1) },
    })
    const call = async (body: typeof dead) => {
      const { id } = await sluice.given('createApiV2', { body })
      await stage.settled()
      return (
        await sluice.given('debugApiV2', { path: { api_id: id as string }, body: { ...debugging, path: body.req_uri } })
      ).response as string
    }
    expect(await call(dead)).toMatch(/^HTTP\/1\.1 502 [\s\S]*"error_code":"APIG\.0202"/)
    const text = await call(large)
    expect(text.slice(text.indexOf('\n\n') + 2)).toBe(`${'x'.repeat(2 * 1024 * 1024)}[TRUNCATED]`)
  })

  test('a gateway that is not there leaves the response empty and says so', async () => {
    await using stage = await managementWithGateway(engine)
    const { sluice } = stage
    const { id } = await anApi(sluice)
    const { body } = await sluice.call('debugApiV2', { path: { api_id: id }, body: { ...debugging, scheme: 'HTTPS' } })
    expect(body.response).toBe('')
    expect(body.log).toContain('failed: ')
  })
})
