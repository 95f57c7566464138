/** From an authorizer and an API that management makes to the function that a caller reaches. */
import { describe, expect, test } from 'vitest'
import { httpApi, mockApi } from './definitions.js'
import { engines } from './engines.js'
import { functionsFolder, urnOf } from './functions-folder.js'
import { managementWithGateway } from './management-with-gateway.js'
import { aGroup, publish } from './stage.js'

const FILES = {
  'default/authorize/index.ts': `
    interface Event { headers: Record<string, string>; user_data: string }
    export const handler = async ({ headers, user_data }: Event) => ({
      statusCode: 200,
      body: JSON.stringify({ status: headers['x-token'] === user_data ? 'allow' : 'deny', context: { user: 'ann' } }),
    })`,
  'default/greet/index.js': `exports.handler = (event, context) => ({
    statusCode: 200,
    headers: { 'Content-Type': 'text/plain' },
    body: 'latest ' + event.headers['x-user'] + ' ' + event.queryStringParameters.name,
  })`,
  'default/greet/versions/v1/index.js': 'exports.handler = () => ({ statusCode: 201, body: "version one" })',
  'default/greet/function.json': '{"aliases":{"prod":"v1"}}',
}

describe.each(engines)('functions, by management on $name', (engine) => {
  test('an authorizer in front and a function behind, made, published, called, changed', async () => {
    using folder = functionsFolder(FILES)
    await using here = await managementWithGateway(engine, {
      functions: { directory: folder.directory, checkEvery: 0 },
    })
    const { sluice, address } = here
    const groupId = await aGroup(sluice)
    const host = `${groupId}.apic.localhost`
    const authorizer = {
      name: 'token',
      type: 'FRONTEND',
      authorizer_type: 'FUNC',
      authorizer_uri: urnOf('authorize'),
      identities: [{ name: 'X-Token', location: 'HEADER', validation: '[a-z]+' }],
      ttl: 60,
      user_data: 'open',
    }
    const { id } = (await sluice.given('createCustomAuthorizerV2', { body: authorizer })) as { id: string }
    const { backend_api: _, ...common } = httpApi(groupId)
    const definition = {
      ...common,
      req_uri: '/greet',
      auth_type: 'AUTHORIZER',
      authorizer_id: id,
      backend_type: 'FUNCTION',
      backend_params: [
        { name: 'X-User', location: 'HEADER', origin: 'SYSTEM', value: '$context.authorizer.frontend.user' },
      ],
      func_info: { function_urn: urnOf('greet'), invocation_type: 'sync', network_type: 'V1', timeout: 20_000 },
    }
    const api = (await sluice.given('createApiV2', { body: definition })) as { id: string }
    await publish(sluice, api.id)

    const call = async (token?: string): Promise<[number, string]> => {
      await here.settled()
      const headers = { host, ...(token !== undefined && { 'x-token': token }) }
      const { request } = await import('undici')
      const reply = await request(`http://${address.host}:${address.port}/greet?name=bob`, { headers })
      return [reply.statusCode, await reply.body.text()]
    }
    expect(await call('open')).toEqual([200, 'latest ann bob'])
    expect(await call('shut')).toEqual([401, expect.stringContaining('APIG.0305')])
    expect(await call('UPPER')).toEqual([401, expect.stringContaining('APIG.0305')])
    expect(await call()).toEqual([401, expect.stringContaining('APIG.0305')])

    // Neither needs the API to be published again.
    const path = { authorizer_id: id }
    await sluice.given('updateCustomAuthorizerV2', { path, body: { ...authorizer, user_data: 'shut' } })
    expect((await call('open'))[0]).toBe(401)
    expect(await call('shut')).toEqual([200, 'latest ann bob'])

    const func_info = { ...definition.func_info, version: 'v9', alias_urn: `${urnOf('greet')}:!prod` }
    await sluice.given('updateApiV2', { path: { api_id: api.id }, body: { ...definition, func_info } })
    await publish(sluice, api.id)
    expect(await call('shut')).toEqual([201, 'version one'])
  })

  test('an authorizer of a backend that is a mock', async () => {
    using folder = functionsFolder(FILES)
    await using here = await managementWithGateway(engine, {
      functions: { directory: folder.directory, checkEvery: 0 },
    })
    const { sluice } = here
    const authorizer = {
      ...{ name: 'backend', type: 'BACKEND', authorizer_type: 'FUNC' },
      ...{ authorizer_uri: urnOf('authorize'), user_data: '' },
    }
    const { id } = (await sluice.given('createCustomAuthorizerV2', { body: authorizer })) as { id: string }
    const groupId = await aGroup(sluice)
    const mock_info = { result_content: 'mocked', authorizer_id: id }
    const body = mockApi(groupId, { req_uri: '/mock', mock_info })
    const api = (await sluice.given('createApiV2', { body })) as { id: string }
    await publish(sluice, api.id)
    const host = `${groupId}.apic.localhost`
    // Nobody has sent the token that an empty user data is.
    expect((await here.get(host, '/mock')).status).toBe(401)
    const open = 'exports.handler = () => ({ statusCode: 200, body: \'{"status":"allow"}\' })'
    folder.write('default/open.js', open)
    const update = { ...authorizer, authorizer_uri: urnOf('open') }
    await sluice.given('updateCustomAuthorizerV2', { path: { authorizer_id: id }, body: update })
    expect(await here.get(host, '/mock')).toEqual({ status: 200, body: 'mocked' })
  })
})
