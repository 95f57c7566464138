import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { httpApi, mockApi } from '../../../test/definitions.js'
import { management, type TestManagement } from '../../../test/management.js'
import type { ApiCreate } from '../../contract/generated/schemas.js'

const group = async (sluice: TestManagement, name = 'group'): Promise<string> => {
  const { id } = (await sluice.given('createApiGroupV2', { body: { name } })) as { id: string }
  return id
}

describe.each(engines)('definitions of APIs on $name', (engine) => {
  test('49: an API has the documented defaults and reads back as it was created', async () => {
    await using sluice = await management(engine)
    const groupId = await group(sluice)
    const body = httpApi(groupId)

    const created = await sluice.call('createApiV2', { body })
    const read = await sluice.call('showDetailsOfApiV2', { path: { api_id: created.body.id } })

    expect(created.status).toBe(201)
    expect(created.body).toMatchObject({
      ...body,
      backend_api: {
        ...body.backend_api,
        retry_count: '-1',
        vpc_channel_status: 2,
        enable_client_ssl: false,
        status: 1,
      },
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      match_mode: 'NORMAL',
      cors: false,
      auth_opt: { app_code_auth_type: 'DISABLE' },
      version: 'V0.0.1',
      remark: '',
      tags: [],
      status: 1,
      arrange_necessary: 2,
      group_name: 'group',
      group_version: 'V1',
      publish_id: '',
      publish_time: '',
      run_env_id: '',
      run_env_name: '',
      roma_app_name: '',
      ld_api_id: '',
      req_params: [],
      backend_params: [],
      policy_https: [],
      policy_functions: [],
      policy_mocks: [],
      register_time: expect.stringMatching(/\.\d{3}Z$/),
      api_group_info: {
        id: groupId,
        name: 'group',
        status: 1,
        sl_domain: `${groupId}.apic.localhost`,
        sl_domain_access_enabled: true,
        on_sell_status: 2,
      },
    })
    expect(created.body.response_id).toMatch(/^[0-9a-f]{32}$/)
    const { register_time, update_time, backend_api, api_group_info, ...rest } = created.body
    expect(read.body).toMatchObject(rest)
    expect(read.body.register_time).toBe(`${register_time.slice(0, 19)}Z`)
    expect(read.body.update_time).toBe(`${update_time.slice(0, 19)}Z`)
    expect(read.body.backend_api.id).toBe(backend_api.id)
    expect(read.body.backend_api.register_time).toBe(`${backend_api.register_time.slice(0, 19)}Z`)
    expect(read.body.api_group_info.id).toBe(api_group_info.id)
  })

  test('parameters, policies and conditions are echoed, each with an id, in their order', async () => {
    await using sluice = await management(engine)
    const body = httpApi(await group(sluice), {
      req_uri: '/users/{id}',
      req_params: [
        { name: 'id', location: 'PATH', type: 'NUMBER' },
        { name: 'q', location: 'QUERY', type: 'STRING', valid_enable: 1, max_size: 5, default_value: 'x', remark: 'r' },
        { name: 'lang', location: 'COOKIE', type: 'STRING' },
      ],
      backend_api: {
        url_domain: 'backend.example.com',
        req_protocol: 'HTTPS',
        req_method: 'ANY',
        req_uri: '/prefix-{user}',
        timeout: 60_000,
        retry_count: '3',
        enable_client_ssl: true,
      },
      backend_params: [
        { name: 'user', location: 'PATH', origin: 'REQUEST', value: 'id' },
        { name: 'X-Q', location: 'HEADER', origin: 'REQUEST', value: 'q', remark: 'moved' },
        { name: 'who', location: 'QUERY', origin: 'SYSTEM', value: '$context.appId' },
        { name: 'fixed', location: 'QUERY', origin: 'CONSTANT', value: '1' },
      ],
      policy_https: [
        {
          name: 'policy_1',
          effect_mode: 'ANY',
          conditions: [
            { condition_origin: 'source', condition_value: '10.0.0.0/8,127.0.0.1' },
            { condition_origin: 'param', req_param_name: 'q', condition_type: 'pattern', condition_value: '^a' },
            { condition_origin: 'system', sys_param_name: 'reqMethod', condition_type: 'enum', condition_value: 'GET' },
          ],
          url_domain: '10.0.0.1',
          req_protocol: 'HTTP',
          req_method: 'POST',
          req_uri: '/{user}',
          backend_params: [{ name: 'user', location: 'PATH', origin: 'REQUEST', value: 'id' }],
        },
      ],
    })

    const { body: api } = await sluice.call('createApiV2', { body })

    expect(api.req_params).toMatchObject([
      { ...body.req_params?.[0], required: 1, valid_enable: 2, pass_through: 2 },
      { ...body.req_params?.[1], required: 2, pass_through: 2 },
      { name: 'lang', location: 'COOKIE' },
    ])
    expect(api.backend_params).toMatchObject(body.backend_params ?? [])
    expect(api.backend_params[1].req_param_id).toBe(api.req_params[1].id)
    const [policy] = api.policy_https
    expect(policy).toMatchObject({
      name: 'policy_1',
      timeout: 5000,
      retry_count: '-1',
      vpc_channel_status: 2,
      conditions: [
        { condition_origin: 'source', condition_value: '10.0.0.0/8,127.0.0.1' },
        { req_param_name: 'q', req_param_id: api.req_params[1].id, req_param_location: 'QUERY' },
        { sys_param_name: 'req_method' },
      ],
    })
    const nested = [api.backend_api, ...api.req_params, ...api.backend_params, policy, ...policy.conditions]
    expect(new Set(nested.map(({ id }: { id: string }) => id)).size).toBe(nested.length)
  })

  test('53: an update replaces the whole definition, and the kind of back end may change', async () => {
    await using sluice = await management(engine)
    const groupId = await group(sluice)
    const first = httpApi(groupId, {
      req_params: [{ name: 'q', location: 'QUERY', type: 'STRING' }],
      tags: ['blue'],
      remark: 'before',
    })
    const { id, register_time } = await sluice.given('createApiV2', { body: first })
    sluice.now += 1_500

    const body = mockApi(groupId, { name: first.name, req_uri: first.req_uri })
    const updated = await sluice.call('updateApiV2', { path: { api_id: id }, body })

    expect(updated.status).toBe(200)
    expect(updated.body).toMatchObject({
      id,
      mock_info: { result_content: 'mocked' },
      req_params: [],
      remark: '',
      tags: [],
    })
    expect(updated.body).not.toHaveProperty('backend_api')
    expect(updated.body.register_time).toBe(register_time)
    expect(updated.body.update_time > register_time).toBe(true)
    const tags = await sluice.call('listTagsV2')
    expect(tags.body).toEqual({ total: 0, size: 0, tags: [] })
  })

  test('a mock back end is read with the status and headers that it was given, in their bounds', async () => {
    await using sluice = await management(engine)
    const groupId = await group(sluice)
    const header = [
      { key: 'X-A', value: 'b', remark: 'why' },
      { key: 'X-B', value: 'c' },
    ]
    const answer = { result_content: 'x', status_code: 201, header }
    const conditions = [{ condition_origin: 'source' as const, condition_value: '10.0.0.1' }]
    const policy = { name: 'other', effect_mode: 'ANY' as const, conditions, ...answer, status_code: 599 }
    const body = mockApi(groupId, { mock_info: answer, policy_mocks: [policy] })
    const { id } = await sluice.given('createApiV2', { body })
    const read = await sluice.call('showDetailsOfApiV2', { path: { api_id: id } })
    expect(read.body.mock_info).toMatchObject(answer)
    expect(read.body.policy_mocks).toMatchObject([{ ...answer, status_code: 599 }])

    const eleven = Array.from({ length: 11 }, (_, index) => ({ key: `X-${index}`, value: 'a' }))
    for (const [name, wrong] of [
      ['status_code', { status_code: 199 }],
      ['status_code', { status_code: 600 }],
      ['header', { header: eleven }],
      ['key', { header: [{ key: 'X A', value: 'b' }] }],
      ['value', { header: [{ key: 'X-A', value: 'b\r\nX-B: c' }] }],
    ] as const) {
      const refused = await sluice.call('createApiV2', {
        body: mockApi(groupId, { mock_info: { ...answer, ...wrong } as never }),
      })
      expect(refused, name).toMatchObject({ status: 400, body: { error_code: 'APIG.2011' } })
      expect(refused.body.error_msg).toContain(`parameterName:${name}.`)
    }
    await sluice.given('updateApiV2', { path: { api_id: id }, body: mockApi(groupId) })
    const cleared = await sluice.call('showDetailsOfApiV2', { path: { api_id: id } })
    expect(cleared.body.mock_info).not.toHaveProperty('status_code')
    expect(cleared.body.mock_info).not.toHaveProperty('header')
  })

  test('nested objects that are still there keep their ids in an update', async () => {
    await using sluice = await management(engine)
    const groupId = await group(sluice)
    const body = httpApi(groupId, {
      req_params: [
        { name: 'a', location: 'QUERY', type: 'STRING' },
        { name: 'b', location: 'QUERY', type: 'STRING' },
      ],
      backend_params: [{ name: 'a', location: 'HEADER', origin: 'REQUEST', value: 'a' }],
    })
    const before = await sluice.given('createApiV2', { body })

    const after = await sluice.given('updateApiV2', {
      path: { api_id: before.id },
      body: { ...body, req_params: [...(body.req_params ?? [])].reverse() },
    })

    expect(after.req_params.map((one: { id: string }) => one.id)).toEqual(
      before.req_params.map((one: { id: string }) => one.id).reverse(),
    )
    expect(after.backend_params[0].id).toBe(before.backend_params[0].id)
    expect(after.backend_api.id).toBe(before.backend_api.id)
  })

  test('functions and gRPC are stored and echoed', async () => {
    await using sluice = await management(engine)
    const groupId = await group(sluice)
    const { backend_api: _, ...rest } = httpApi(groupId)
    const func_info = {
      function_urn: 'urn:fss:local-1:p:function:default:hello',
      invocation_type: 'sync',
      network_type: 'V1',
      timeout: 5000,
      version: 'latest',
    } as const
    const grpc: Partial<ApiCreate> = {
      req_protocol: 'GRPCS',
      req_method: 'POST',
      backend_type: 'GRPC',
      backend_api: { url_domain: 'a:50051', req_protocol: 'GRPCS', req_method: 'POST', req_uri: '/', timeout: 5000 },
    }

    const called = await sluice.given('createApiV2', { body: { ...rest, backend_type: 'FUNCTION', func_info } })
    const streamed = await sluice.given('createApiV2', { body: httpApi(groupId, grpc) })

    expect(called.func_info).toMatchObject({ ...func_info, req_protocol: 'HTTPS' })
    expect(streamed).toMatchObject(grpc)
  })

  test('50: names and paths are unique in the group; the match mode tells paths apart', async () => {
    await using sluice = await management(engine)
    const [one, other] = [await group(sluice, 'one'), await group(sluice, 'two')]
    const body = mockApi(one, { name: 'first', req_uri: '/a' })
    await sluice.given('createApiV2', { body })

    const attempts = await Promise.all(
      [
        { ...body, req_uri: '/b' },
        { ...body, name: 'second' },
        { ...body, name: 'third', req_method: 'ANY' },
        { ...body, name: 'fourth', match_mode: 'SWA' },
        { ...body, group_id: other },
      ].map((attempt) => sluice.call('createApiV2', { body: attempt })),
    )

    expect(attempts.map(({ status, body }) => [status, body.error_code, body.error_msg])).toEqual([
      [400, 'APIG.3202', 'The API name already exists, api_name:first'],
      [400, 'APIG.3301', 'The API already exists, api_name:first'],
      [400, 'APIG.3301', 'The API already exists, api_name:first'],
      [201, undefined, undefined],
      [201, undefined, undefined],
    ])
  })

  test('placeholders are equal whatever their names, and a taken name is reported before a taken path', async () => {
    await using sluice = await management(engine)
    const groupId = await group(sluice)
    const withPath = (name: string, parameter: string) =>
      mockApi(groupId, {
        name,
        req_uri: `/a/{${parameter}}`,
        req_params: [{ name: parameter, location: 'PATH', type: 'STRING' }],
      })
    await sluice.given('createApiV2', { body: withPath('first', 'x') })

    const samePath = await sluice.call('createApiV2', { body: withPath('second', 'y') })
    const both = await sluice.call('createApiV2', { body: withPath('first', 'y') })

    expect(samePath.body.error_code).toBe('APIG.3301')
    expect(both.body.error_code).toBe('APIG.3202')
  })

  test('an API may be saved with the name and path that it has', async () => {
    await using sluice = await management(engine)
    const body = mockApi(await group(sluice))
    const { id } = await sluice.given('createApiV2', { body })

    expect((await sluice.call('updateApiV2', { path: { api_id: id }, body })).status).toBe(200)
  })

  test('51: apis/check says whether a name or a path is free', async () => {
    await using sluice = await management(engine)
    const groupId = await group(sluice)
    const { id } = await sluice.given('createApiV2', { body: mockApi(groupId, { name: 'taken', req_uri: '/a' }) })
    const path = { type: 'path', req_method: 'GET', req_uri: '/a', match_mode: 'NORMAL' }

    const checks = await Promise.all(
      [
        { type: 'name', name: 'taken' },
        { type: 'name', name: 'taken', group_id: groupId },
        { type: 'name', name: 'taken', api_id: id },
        { type: 'name', name: 'free_name' },
        path,
        { ...path, group_id: groupId },
        { ...path, api_id: id },
        { ...path, match_mode: 'SWA' },
        { ...path, group_id: 'unknown' },
      ].map((body) => sluice.call('checkApisV2', { body })),
    )

    expect(checks.map(({ status, body }) => [status, body?.error_code])).toEqual([
      [400, 'APIG.3202'],
      [400, 'APIG.3202'],
      [204, undefined],
      [204, undefined],
      [400, 'APIG.3301'],
      [400, 'APIG.3301'],
      [204, undefined],
      [204, undefined],
      [404, 'APIG.3001'],
    ])
  })

  test('57: what a definition refers to must exist', async () => {
    await using sluice = await management(engine)
    const groupId = await group(sluice)
    const backend_api = httpApi(groupId).backend_api
    const channel = { vpc_channel_status: 1, vpc_channel_info: { vpc_channel_id: 'c1' } } as const
    const condition = { condition_origin: 'source', condition_value: '1.1.1.1' } as const
    const policy = { name: 'policy_1', effect_mode: 'ANY' as const, conditions: [condition] }

    const attempts = await Promise.all(
      [
        mockApi('unknown'),
        mockApi(groupId, { auth_type: 'AUTHORIZER', authorizer_id: 'a1' }),
        mockApi(groupId, { mock_info: { authorizer_id: 'a2' } }),
        mockApi(groupId, { policy_mocks: [{ ...policy, authorizer_id: 'a3' }] }),
        mockApi(groupId, { response_id: 'r1' }),
        httpApi(groupId, { backend_api: { ...backend_api, timeout: 5000, ...channel } }),
        mockApi(groupId, { req_params: [{ name: 'q', location: 'QUERY', type: 'STRING', orchestrations: ['o1'] }] }),
      ].map((body) => sluice.call('createApiV2', { body })),
    )

    expect(attempts.map(({ status, body }) => [status, body.error_code, body.error_msg])).toEqual([
      [404, 'APIG.3001', 'API group unknown does not exist'],
      [404, 'APIG.3081', 'authorizer with id: a1 not found'],
      [404, 'APIG.3081', 'authorizer with id: a2 not found'],
      [404, 'APIG.3081', 'authorizer with id: a3 not found'],
      [404, 'APIG.3088', 'The gateway response does not exist,id:r1'],
      [404, 'APIG.3023', 'The VPC channel does not exist,id:c1'],
      [404, 'APIG.3095', 'The orchestrations does not exist'],
    ])
  })

  test('58: parameters, tags and policies of an API are limited', async () => {
    await using sluice = await management(engine)
    const groupId = await group(sluice)
    const times = <T>(count: number, make: (index: number) => T): T[] =>
      Array.from({ length: count }, (_, i) => make(i))
    const params = (count: number): Partial<ApiCreate> => ({
      req_params: times(count, (i) => ({ name: `p${i}`, location: 'QUERY', type: 'STRING' })),
    })
    const tags = (count: number): Partial<ApiCreate> => ({ tags: times(count, (i) => `tag${i}`) })
    const policies = (count: number, conditions = 1): Partial<ApiCreate> => ({
      policy_mocks: times(count, (i) => ({
        name: `policy_${i}`,
        effect_mode: 'ALL',
        conditions: times(conditions, (j) => ({ condition_origin: 'source', condition_value: `10.0.0.${j}` })),
      })),
    })

    const attempts = []
    for (const overrides of [params(51), params(50), tags(11), tags(10), policies(6), policies(5), policies(1, 6)])
      attempts.push(await sluice.call('createApiV2', { body: mockApi(groupId, overrides) }))

    expect(attempts.map(({ status, body }) => [status, body.error_code])).toEqual([
      [403, 'APIG.3111'],
      [201, undefined],
      [403, 'APIG.3133'],
      [201, undefined],
      [403, 'APIG.3113'],
      [201, undefined],
      [403, 'APIG.3114'],
    ])
  })

  test('the same tag twice is one tag', async () => {
    await using sluice = await management(engine)
    const groupId = await group(sluice)
    const { tags } = await sluice.given('createApiV2', { body: mockApi(groupId, { tags: ['b', 'a', 'b'] }) })

    expect(tags).toEqual(['b', 'a'])
    expect((await sluice.call('listTagsV2')).body).toEqual({ total: 2, size: 2, tags: ['a', 'b'] })
  })

  test('APIs are counted in the instance and in the group', async () => {
    await using sluice = await management(engine)
    const [one, other] = [await group(sluice, 'one'), await group(sluice, 'two')]
    const setLimit = (name: string, value: string) =>
      sluice.store.write([], ({ db }) =>
        db.updateTable('configs').set({ config_value: value }).where('config_name', '=', name).execute(),
      )
    await setLimit('API_NUM_LIMIT_PER_GROUP', '1')
    await setLimit('API_NUM_LIMIT', '2')
    await sluice.given('createApiV2', { body: mockApi(one) })

    const inGroup = await sluice.call('createApiV2', { body: mockApi(one) })
    const { id } = await sluice.given('createApiV2', { body: mockApi(other) })
    const inInstance = await sluice.call('createApiV2', { body: mockApi(await group(sluice, 'three')) })
    const moved = await sluice.call('updateApiV2', { path: { api_id: id }, body: mockApi(one) })

    expect(inGroup.body.error_code).toBe('APIG.3125')
    expect(inInstance.body.error_code).toBe('APIG.3102')
    expect(moved.body.error_code).toBe('APIG.3125')
  })

  test('features.md 3: a back end may take as long as the feature backend_timeout says', async () => {
    await using sluice = await management(engine)
    const groupId = await group(sluice)
    const api = (timeout: number) => ({
      body: httpApi(groupId, { backend_api: { ...httpApi(groupId).backend_api, timeout } }),
    })
    const before = await sluice.call('createApiV2', api(90_000))
    await sluice.given('createFeatureV2', {
      body: { name: 'backend_timeout', enable: true, config: '{"max_timeout":100000}' },
    })
    const longer = await sluice.call('createApiV2', api(110_000))
    const accepted = await sluice.call('createApiV2', api(90_000))

    for (const refused of [before, longer]) {
      expect(refused.body.error_code).toBe('APIG.2011')
      expect(refused.body.error_msg).toContain('parameterName:timeout')
    }
    expect(accepted.status).toBe(201)
  })

  test('an API that was never published may move to another group, and takes its default response', async () => {
    await using sluice = await management(engine)
    const [one, other] = [await group(sluice, 'one'), await group(sluice, 'two')]
    const body = mockApi(one)
    const before = await sluice.given('createApiV2', { body })

    const after = await sluice.given('updateApiV2', { path: { api_id: before.id }, body: { ...body, group_id: other } })

    expect(after).toMatchObject({ group_id: other, group_name: 'two' })
    expect(after.response_id).not.toBe(before.response_id)
  })

  test('an API of another instance, or none, is not found', async () => {
    await using sluice = await management(engine)
    const path = { api_id: '0123456789abcdef0123456789abcdef' }
    for (const id of ['showDetailsOfApiV2', 'deleteApiV2', 'listApiVersionsV2'] as const) {
      const reply = await sluice.call(id, { path })
      expect([reply.status, reply.body.error_msg]).toEqual([404, `API ${path.api_id} does not exist`])
    }
  })

  test('deleting an API takes away what apps may call', async () => {
    await using sluice = await management(engine)
    const { id } = await sluice.given('createApiV2', { body: mockApi(await group(sluice), { auth_type: 'APP' }) })
    const app = await sluice.given('createAnAppV2', { body: { name: 'caller' } })
    await sluice.given('createAuthorizingAppsV2', {
      body: { env_id: 'DEFAULT_ENVIRONMENT_RELEASE_ID', app_ids: [app.id], api_ids: [id] },
    })
    const revision = await sluice.store.read((db) =>
      db.selectFrom('snapshot_revision').select('value').executeTakeFirstOrThrow(),
    )

    expect((await sluice.call('deleteApiV2', { path: { api_id: id } })).status).toBe(204)

    const changed = await sluice.store.read((db) =>
      db.selectFrom('snapshot_changes').select('part_key').where('revision', '>', revision.value).execute(),
    )
    expect(changed).toEqual([{ part_key: `app:${app.id}` }])
    expect((await sluice.call('showDetailsOfApiV2', { path: { api_id: id } })).status).toBe(404)
  })
})
