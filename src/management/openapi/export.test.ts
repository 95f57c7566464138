import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { ApiCreate } from '../../contract/generated/schemas.js'
import { httpApi, mockApi } from '../../../test/definitions.js'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { exported, imported, operation, swagger } from '../../../test/open-api.js'
import { sameOf } from '../../../test/same-api.js'
import { aGroup, publish, RELEASE } from '../../../test/stage.js'

const published = async (sluice: TestManagement, body: ApiCreate): Promise<string> => {
  const { id } = await sluice.given('createApiV2', { body })
  await publish(sluice, id as string)
  return id as string
}

const withoutPlace = ({ info: _info, host: _host, ...document }: Record<string, unknown>) => document

describe.each(engines)('export on $name', (engine) => {
  test('100: without an environment it is refused; as YAML it comes back as the same definitions', async () => {
    await using sluice = await management(engine)
    const groupId = await aGroup(sluice)
    const refused = await sluice.call('exportApiDefinitionsV2', { body: { group_id: groupId } })
    expect(refused).toMatchObject({
      status: 400,
      body: {
        error_code: 'APIG.2001',
        error_msg:
          'The request parameters must be specified,parameterName:env_id. Please refer to the support documentation',
      },
    })
    const body = httpApi(groupId, {
      req_uri: '/users/{id}',
      auth_type: 'APP',
      auth_opt: { app_code_auth_type: 'HEADER' },
      remark: 'who: "they" are',
      tags: ['yes', 'on'],
      req_params: [
        { name: 'id', type: 'STRING', location: 'PATH', required: 1, min_size: 1, max_size: 10, valid_enable: 1 },
        { name: 'n', type: 'NUMBER', location: 'QUERY', enumerations: '1,2,03', default_value: '1', valid_enable: 1 },
      ],
      backend_params: [{ name: 'id', value: 'id', location: 'QUERY', origin: 'REQUEST' }],
    })
    const id = await published(sluice, body)
    const reply = await sluice.call('exportApiDefinitionsV2', {
      body: { env_id: RELEASE, group_id: groupId, define: 'proxy', type: 'yaml' },
    })
    expect(reply.status).toBe(200)
    expect(reply.headers.get('content-type')).toBe('application/octet-stream')
    expect(reply.headers.get('content-disposition')).toMatch(/^attachment; filename="group_\w+\.yaml"$/)
    expect(parse(reply.body as string)).toMatchObject({ swagger: '2.0', paths: { '/users/{id}': { get: {} } } })

    const other = await aGroup(sluice)
    const result = await imported(sluice, reply.body as string, { group_id: other })
    expect(result.failure).toEqual([])
    const read = async (api_id: string) => sameOf(await sluice.given('showDetailsOfApiV2', { path: { api_id } }))
    expect(await read(result.success[0]?.id ?? '')).toEqual(await read(id))
  })

  test('openapi-extensions.md 15: each kind says as much as it is for', async () => {
    await using sluice = await management(engine)
    const groupId = await aGroup(sluice)
    const id = await published(sluice, mockApi(groupId, { req_uri: '/a', req_method: 'ANY', auth_type: 'IAM' }))
    const draft = await sluice.given('createApiV2', { body: mockApi(groupId, { req_uri: '/b' }) })
    const grpc = {
      req_protocol: 'GRPCS' as const,
      req_method: 'POST' as const,
      backend_type: 'GRPC' as const,
      backend_api: {
        url_domain: 'a.test',
        req_protocol: 'GRPC' as const,
        req_method: 'POST' as const,
        req_uri: '/',
        timeout: 1,
      },
    }
    await published(sluice, httpApi(groupId, { ...grpc, req_uri: '/grpc' }))
    const throttle = await sluice.given('createRequestThrottlingPolicyV2', {
      body: { name: 'policy_1', api_call_limits: 10, time_interval: 1, time_unit: 'SECOND' },
    })
    const publish_id = await publish(sluice, id)
    await sluice.given('associateRequestThrottlingPolicyV2', {
      body: { strategy_id: throttle.id, publish_ids: [publish_id] },
    })
    const pathsOf = async (define: string, selection = {}) => {
      const document = await exported(sluice, groupId, { define, ...selection })
      return { document, paths: document['paths'] as Record<string, Record<string, Record<string, unknown>>> }
    }
    const any = 'x-apigateway-any-method'
    const spec = await pathsOf('spec')
    expect(Object.keys(spec.paths)).toEqual(['/a'])
    expect(spec.paths['/a']?.[any]).not.toHaveProperty('x-apigateway-backend')
    expect(spec.document).not.toHaveProperty('x-apigateway-ratelimits')
    expect(spec.document).not.toHaveProperty('x-apigateway-responses')
    const proxy = await pathsOf('proxy')
    expect(proxy.paths['/a']?.[any]?.['x-apigateway-backend']).toEqual({
      type: 'MOCK',
      mockEndpoints: { 'result-content': 'mocked' },
    })
    expect(proxy.paths['/a']?.[any]).not.toHaveProperty('x-apigateway-ratelimit')
    const all = await pathsOf('all')
    expect(all.paths['/a']?.[any]?.['x-apigateway-ratelimit']).toBe('policy_1')
    expect(all.document['x-apigateway-ratelimits']).toEqual({
      policy_1: { 'api-limit': 10, interval: 1, shared: false, unit: 'SECOND' },
    })
    expect(all.document['x-apigateway-responses']).toEqual({ default: {} })
    const dev = await pathsOf('dev', { env_id: undefined })
    expect(Object.keys(dev.paths).sort()).toEqual(['/a', '/b'])
    expect(dev.paths['/b']?.['get']).toHaveProperty('x-apigateway-backend')
    expect(Object.keys((await pathsOf('all', { apis: [draft.id] })).paths)).toEqual([])
    expect(Object.keys((await pathsOf('all', { apis: [id] })).paths)).toEqual(['/a'])
  })

  test('the version that callers reach is exported, not the draft', async () => {
    await using sluice = await management(engine)
    const groupId = await aGroup(sluice)
    const body = mockApi(groupId, { req_uri: '/a', remark: 'published' })
    const id = await published(sluice, body)
    await sluice.given('updateApiV2', { path: { api_id: id }, body: { ...body, remark: 'changed' } })
    const described = async (define: string) =>
      ((await exported(sluice, groupId, { define }))['paths'] as Record<string, { get: object }>)['/a']?.get
    expect(await described('spec')).toMatchObject({ description: 'published' })
    expect(await described('dev')).toMatchObject({ description: 'changed' })
  })

  test('openapi-extensions.md 16: 2.0 and 3.0, their heads, names of files that are not ASCII', async () => {
    await using sluice = await management(engine)
    const groupId = await aGroup(sluice, '订单 orders'.replace(' ', '_'))
    await sluice.given('associateDomainV2', { path: { group_id: groupId }, body: { url_domain: 'shop.example.com' } })
    await published(sluice, mockApi(groupId, { req_uri: '/a', cors: true, result_normal_sample: 'fine' }))
    const two = await exported(sluice, groupId, { version: '2.0' })
    expect(two).toMatchObject({ swagger: '2.0', host: 'shop.example.com', info: { title: '订单_orders' } })
    expect((two['info'] as { version: string }).version).toMatch(/^\d{4}-\d\d-\d\d-\d\d:\d\d:\d\d$/)
    expect(Object.keys(two['securityDefinitions'] as object).sort()).toEqual([
      'apig-auth-app',
      'apig-auth-app-header',
      'apig-auth-iam',
    ])
    const get = { operationId: expect.any(String), schemes: ['http', 'https'], 'x-apigateway-cors': true }
    expect(two['paths']).toMatchObject({
      '/a': { get: { ...get, responses: { default: { $ref: '#/responses/default' } } } },
    })

    const body = { group_id: groupId, env_id: RELEASE, version: '2.0', define: 'all' }
    expect(JSON.parse((await sluice.given('exportApiDefinitionsV2', { body })) as string)).toMatchObject({
      swagger: '2.0',
    })

    const three = await exported(sluice, groupId, { version: '3.0' })
    expect(three).not.toHaveProperty('swagger')
    expect(three).toMatchObject({
      openapi: expect.stringMatching(/^3\.0\./),
      servers: [{ url: 'https://shop.example.com' }],
      components: { securitySchemes: { 'apig-auth-iam': { type: 'apiKey', in: 'header', name: 'unused' } } },
      paths: {
        '/a': {
          get: {
            servers: [{ url: 'http://shop.example.com' }, { url: 'https://shop.example.com' }],
            responses: {
              'default-cors': { $ref: '#/components/responses/default-cors' },
              'x-apigateway-result-normal-sample': 'fine',
            },
          },
        },
      },
    })
    const reply = await sluice.call('exportApiDefinitionsV2', {
      body: { group_id: groupId, env_id: RELEASE, version: 'v7', type: 'yml' },
    })
    expect(reply.headers.get('content-disposition')).toBe(
      `attachment; filename="___orders.yml"; filename*=UTF-8''${encodeURIComponent('订单_orders.yml')}`,
    )
    expect(parse(reply.body as string)).toMatchObject({ info: { version: 'v7' } })
  })

  test('what is asked for has to be there', async () => {
    await using sluice = await management(engine)
    const group_id = await aGroup(sluice)
    const codeOf = async (body: Record<string, unknown>) => {
      const reply = await sluice.call('exportApiDefinitionsV2', { body: { group_id, env_id: RELEASE, ...body } })
      return [reply.status, reply.body.error_code]
    }
    expect(await codeOf({ group_id: 'g1' })).toEqual([404, 'APIG.3001'])
    expect(await codeOf({ env_id: 'e1' })).toEqual([404, 'APIG.3003'])
    expect(await codeOf({ apis: ['a1'] })).toEqual([404, 'APIG.3002'])
    expect(await codeOf({ define: 'half' })).toEqual([400, 'APIG.2011'])
    expect(await codeOf({ group_id: '' })).toEqual([400, 'APIG.2001'])
  })

  test('policies, plug-ins, responses and authorizers go through a file, and bind when the API is published', async () => {
    await using sluice = await management(engine)
    const app = await sluice.given('createAnAppV2', { body: { name: 'app_demo' } })
    const policies = {
      'x-apigateway-ratelimits': {
        limit_demo: {
          'api-limit': 10,
          'user-limit': 5,
          interval: 1,
          unit: 'minute',
          shared: true,
          special: [{ type: 'APP', limit: 7, instance: app.id }],
        },
      },
      'x-apigateway-access-controls': {
        acl_demo: { 'acl-type': 'DENY', 'entity-type': 'IP', value: '10.0.0.1,10.1.0.0/16' },
      },
      'x-apigateway-plugins': {
        headers_demo: {
          type: 'set_resp_headers',
          scope: 'global',
          content: { response_headers: [{ name: 'X-A', value: 'b', action: 'add' }] },
        },
      },
      'x-apigateway-responses': {
        default: {},
        custom: { NOT_FOUND: { status: 410, body: 'gone', headers: [{ key: 'X-A', value: 'b' }] } },
      },
      securityDefinitions: {
        'my-authorizer': {
          type: 'apiKey',
          in: 'header',
          name: 'unused',
          'x-apigateway-auth-type': 'AUTHORIZER',
          'x-apigateway-authorizer': {
            type: 'FRONTEND',
            authorizer_type: 'FUNC',
            authorizer_uri: 'urn:fss:local:p:function:default:f',
            authorizer_version: 'latest',
            network_type: 'V1',
            timeout: 1500,
            retry_attempts: 2,
            auth_downgrade_enabled: true,
            ttl: 60,
            identities: [{ name: 'X-Token', location: 'HEADER', validation: '^a' }],
          },
        },
      },
    }
    const named = {
      security: [{ 'my-authorizer': [] }],
      'x-apigateway-ratelimit': 'limit_demo',
      'x-apigateway-access-control': 'acl_demo',
      'x-apigateway-plugins': ['headers_demo'],
      'x-apigateway-response': 'custom',
    }
    const document = swagger({ '/a': { get: operation({ operationId: 'bound', ...named }) } }, policies)
    const result = await imported(sluice, document)
    expect(result).toMatchObject({ success: [{ path: '/a' }], failure: [] })
    const api_id = result.success[0]?.id ?? ''
    const api = await sluice.given('showDetailsOfApiV2', { path: { api_id } })
    const { responses } = await sluice.given('listGatewayResponsesV2', { path: { group_id: result.group_id } })
    const custom = responses.find(({ name }: { name: string }) => name === 'custom')
    expect(api).toMatchObject({ auth_type: 'AUTHORIZER', response_id: custom.id })
    expect(
      await sluice.given('showDetailsOfCustomAuthorizersV2', { path: { authorizer_id: api.authorizer_id } }),
    ).toMatchObject({
      name: 'my_authorizer',
      ttl: 60,
    })
    const bound = async () => [
      (await sluice.given('listRequestThrottlingPoliciesBindedToApiV2', { query: { api_id } })).throttles.map(
        (one: { name: string }) => one.name,
      ),
      (await sluice.given('listAclPolicyBindedToApiV2', { query: { api_id } })).acls.map(
        (one: { acl_name: string }) => one.acl_name,
      ),
      (await sluice.given('listApiAttachedPlugins', { path: { api_id } })).plugins.map(
        (one: { plugin_name: string }) => one.plugin_name,
      ),
    ]
    expect(await bound()).toEqual([[], [], []])
    await publish(sluice, api_id)
    expect(await bound()).toEqual([['limit_demo'], ['acl_demo'], ['headers_demo']])

    const first = await exported(sluice, result.group_id)
    const again = await imported(sluice, { ...first, info: { title: 'second_group' } })
    expect(again.failure).toEqual([])
    await publish(sluice, again.success[0]?.id ?? '')
    const second = await exported(sluice, again.group_id)
    expect(withoutPlace(second)).toEqual(withoutPlace(first))
    expect(first).toMatchObject({
      'x-apigateway-ratelimits': {
        limit_demo: { 'api-limit': 10, shared: true, special: [{ type: 'APP', limit: 7, instance: app.id }] },
      },
      'x-apigateway-access-controls': policies['x-apigateway-access-controls'],
      paths: { '/a': { get: { ...named, security: [{ my_authorizer: [] }] } } },
      securityDefinitions: {
        my_authorizer: {
          'x-apigateway-authorizer': { timeout: 1500, retry_attempts: 2, auth_downgrade_enabled: true },
        },
      },
    })
    expect((await sluice.given('listCustomAuthorizersV2')).total).toBe(1)
  })

  test('secrets of plug-ins stay here: a file does not say them, and does not need to', async () => {
    await using sluice = await management(engine)
    const groupId = await aGroup(sluice)
    const kafka = {
      broker_list: ['192.0.2.1:9092'],
      topic: 'calls',
      sasl_config: {
        security_protocol: 'SASL_SSL',
        sasl_mechanisms: 'PLAIN',
        sasl_username: 'u',
        sasl_password: 'p4ss',
      },
    }
    const headers = { response_headers: [{ name: 'X-A', value: 'sasl_password', action: 'add' }] }
    const api_ids = [await published(sluice, mockApi(groupId, { req_uri: '/a' }))]
    for (const [type, content] of Object.entries({ kafka_log: kafka, set_resp_headers: headers })) {
      const body = {
        plugin_name: type,
        plugin_type: type,
        plugin_scope: 'global',
        plugin_content: JSON.stringify(content),
      }
      const { plugin_id } = await sluice.given('createPlugin', { body })
      await sluice.given('attachApiToPlugin', { path: { plugin_id }, body: { env_id: RELEASE, api_ids } })
    }
    const document = await exported(sluice, groupId)
    expect(JSON.stringify(document)).not.toContain('p4ss')
    const plugins = document['x-apigateway-plugins'] as Record<string, { content: string }>
    const { sasl_password: _, ...sasl_config } = kafka.sasl_config
    expect(JSON.parse(plugins['kafka_log']?.content ?? '')).toEqual({ ...kafka, sasl_config })
    expect(JSON.parse(plugins['set_resp_headers']?.content ?? '')).toEqual(headers)

    const contentNow = async () => {
      const { plugins: all } = await sluice.given('listPlugins', { query: { plugin_type: 'kafka_log' } })
      return JSON.parse(all[0].plugin_content) as unknown
    }
    const text = JSON.stringify(document)
    const override = { extend_mode: 'override' }
    const again = await imported(
      sluice,
      text.replace(/"title":"[^"]*"/, '"title":"again"').replace('calls', 'all'),
      override,
    )
    expect(again.failure).toEqual([])
    expect(await contentNow()).toEqual({ ...kafka, topic: 'all' })
    const told = text
      .replace(/"title":"[^"]*"/, '"title":"told"')
      .replace('\\"sasl_username', '\\"sasl_password\\":\\"n3w\\",\\"sasl_username')
    expect((await imported(sluice, told, override)).failure).toEqual([])
    expect(await contentNow()).toMatchObject({ sasl_config: { sasl_password: 'n3w' } })
    const elsewhere = text.replace(/"title":"[^"]*"/, '"title":"elsewhere"').replaceAll('"kafka_log"', '"other_name"')
    const lost = await imported(sluice, elsewhere.replace('"type":"other_name"', '"type":"kafka_log"'))
    expect(lost.failure.map(({ path }) => path)).toEqual(['x-apigateway-plugins/other_name', '/a'])
  })

  test('an authorizer is that of its name, else one that is the same in everything, else a new one', async () => {
    await using sluice = await management(engine)
    const described = { type: 'FRONTEND', authorizer_uri: 'urn:f', identities: [{ name: 'X-A', location: 'HEADER' }] }
    let groups = 0
    const importing = async (name: string, more = {}, fields = {}) => {
      const scheme = {
        ...{ type: 'apiKey', in: 'header', name: 'unused', 'x-apigateway-auth-type': 'AUTHORIZER' },
        'x-apigateway-authorizer': { ...described, ...more },
      }
      const document = swagger(
        { '/a': { get: operation({ security: [{ [name]: [] }] }) } },
        { securityDefinitions: { [name]: scheme }, info: { title: `group_${groups++}` } },
      )
      const { success, failure } = await imported(sluice, document, fields)
      expect(failure).toEqual([])
      const { authorizer_id } = await sluice.given('showDetailsOfApiV2', { path: { api_id: success[0]?.id ?? '' } })
      const row = await sluice.store.read((db) =>
        db.selectFrom('authorizers').selectAll().where('id', '=', authorizer_id).executeTakeFirstOrThrow(),
      )
      return [row.name, row.timeout, row.retry_attempts, row.auth_downgrade_enabled, row.ttl]
    }
    expect(await importing('first')).toEqual(['first', 5000, 0, 0, 0])
    expect(await importing('same')).toEqual(['first', 5000, 0, 0, 0])
    expect(await importing('slower', { timeout: 9000 })).toEqual(['slower', 9000, 0, 0, 0])
    expect(await importing('again', { retry_attempts: 3 })).toEqual(['again', 5000, 3, 0, 0])
    expect(await importing('lax', { auth_downgrade_enabled: true })).toEqual(['lax', 5000, 0, 1, 0])
    // Kept unless the import overrides; what management changes leaves alone what only files say.
    expect(await importing('slower', { timeout: 1 })).toEqual(['slower', 9000, 0, 0, 0])
    const over = await importing('slower', { timeout: 7, ttl: 9 }, { extend_mode: 'override' })
    expect(over).toEqual(['slower', 7, 0, 0, 9])
    const { authorizer_list: found } = await sluice.given('listCustomAuthorizersV2', { query: { name: 'slower' } })
    await sluice.given('updateCustomAuthorizerV2', {
      path: { authorizer_id: found[0].id },
      body: { ...found[0], ttl: 3 },
    })
    expect(await importing('slower')).toEqual(['slower', 7, 0, 0, 3])
  })

  test('openapi-extensions.md 11: policies of one name: kept or replaced; what is wrong or unknown is told', async () => {
    await using sluice = await management(engine)
    const limit = (value: unknown) => ({
      'x-apigateway-ratelimits': { policy: { 'api-limit': value, interval: 1, unit: 'SECOND' } },
    })
    const document = (title: string, value: unknown) =>
      swagger(
        { '/a': { get: operation({ 'x-apigateway-ratelimit': 'policy' }) } },
        { ...limit(value), info: { title } },
      )
    const limitNow = async () =>
      (await sluice.given('listRequestThrottlingPolicyV2')).throttles.map(
        (one: { api_call_limits: number }) => one.api_call_limits,
      )
    const wrong = await imported(sluice, document('wrong', 'many'))
    expect(wrong.failure.map((one) => [one.path, one.error_code])).toEqual([
      ['x-apigateway-ratelimits/policy', 'APIG.2000'],
      ['/a', 'APIG.2012'],
    ])
    expect(wrong.success).toHaveLength(1)
    expect(await limitNow()).toEqual([])
    await imported(sluice, document('first', 10))
    await imported(sluice, document('second', 20))
    expect(await limitNow()).toEqual([10])
    await imported(sluice, document('third', 20), { extend_mode: 'override' })
    expect(await limitNow()).toEqual([20])
  })

  test('of several policies of a kind one is bound, and none that is gone', async () => {
    await using sluice = await management(engine)
    const limit = { 'api-limit': 1, interval: 1, unit: 'SECOND' }
    const names = ['limit_a', 'limit_b', 'limit_gone']
    const document = swagger(
      { '/a': { get: operation({ 'x-apigateway-ratelimit': names, 'x-apigateway-access-control': 'acl_gone' }) } },
      {
        'x-apigateway-ratelimits': Object.fromEntries(names.map((name) => [name, limit])),
        'x-apigateway-access-controls': {
          acl_gone: { 'acl-type': 'DENY', 'entity-type': 'IP', value: '10.0.0.1' },
        },
      },
    )
    const { success, failure } = await imported(sluice, document)
    expect(failure).toEqual([])
    const gone = await sluice.given('listRequestThrottlingPolicyV2', { query: { name: 'limit_gone' } })
    await sluice.given('deleteRequestThrottlingPolicyV2', { path: { throttle_id: gone.throttles[0].id } })
    const { acls } = await sluice.given('listAclStrategiesV2')
    await sluice.given('deleteAclV2', { path: { acl_id: acls[0].id } })
    const api_id = success[0]?.id ?? ''
    await publish(sluice, api_id)
    const bound = await sluice.given('listRequestThrottlingPoliciesBindedToApiV2', { query: { api_id } })
    expect(bound.throttles).toHaveLength(1)
    expect(bound.throttles[0].name).toMatch(/^limit_[ab]$/)
    expect((await sluice.given('listAclPolicyBindedToApiV2', { query: { api_id } })).total).toBe(0)
  })

  test('APIs that differ by their match mode alone share a path of the document', async () => {
    await using sluice = await management(engine)
    const groupId = await aGroup(sluice)
    await published(sluice, mockApi(groupId, { name: 'exact', req_uri: '/a', match_mode: 'NORMAL' }))
    await published(sluice, mockApi(groupId, { name: 'prefix', req_uri: '/a', match_mode: 'SWA' }))
    const document = await exported(sluice, groupId)
    const result = await imported(sluice, { ...document, info: { title: 'copied' } })
    expect(result).toMatchObject({ failure: [], success: [{ path: '/a' }, { path: '/a' }] })
  })

  test('channels, member groups, rules and authorizers of back ends go by their names', async () => {
    await using sluice = await management(engine)
    const groupId = await aGroup(sluice)
    const channel = await sluice.given('createVpcChannelV2', {
      body: {
        name: 'channel_1',
        port: 80,
        balance_strategy: 1,
        member_type: 'ip',
        members: [{ host: '10.0.0.1', member_group_name: 'blue' }],
        member_groups: [{ member_group_name: 'blue' }],
      },
    })
    const authorizer = async (name: string, type: string) =>
      (
        await sluice.given('createCustomAuthorizerV2', {
          body: { name, type, authorizer_type: 'FUNC', authorizer_uri: `urn:fss:local:p:function:default:${name}` },
        })
      ).id as string
    const [front, back, other] = [
      await authorizer('front', 'FRONTEND'),
      await authorizer('back', 'BACKEND'),
      await authorizer('other', 'BACKEND'),
    ]
    const rule = await sluice.given('createOrchestration', {
      body: {
        orchestration_name: 'rule_1',
        orchestration_strategy: 'head_n',
        orchestration_mapped_param: {
          mapped_param_name: 'part',
          mapped_param_type: 'string',
          mapped_param_location: 'query',
        },
        orchestration_map: [{ intercept_length: 2 }],
      },
    })
    const called = { req_protocol: 'HTTP' as const, req_method: 'GET' as const, req_uri: '/b', timeout: 1000 }
    const vpc_channel_info = { vpc_channel_id: channel.id as string, vpc_channel_proxy_host: 'inner.test' }
    const { member_groups } = await sluice.given('showDetailsOfVpcChannelV2', {
      path: { vpc_channel_id: channel.id as string },
    })
    const id = await published(
      sluice,
      httpApi(groupId, {
        req_uri: '/a',
        auth_type: 'AUTHORIZER',
        authorizer_id: front,
        req_params: [
          { name: 'q', type: 'STRING', location: 'QUERY', orchestrations: [rule.orchestration_id as string] },
        ],
        backend_api: { ...called, vpc_channel_status: 1, vpc_channel_info, authorizer_id: back },
        policy_https: [
          {
            ...called,
            name: 'by_part',
            effect_mode: 'ANY',
            vpc_channel_status: 4,
            vpc_channel_info,
            member_group_url_infos: [
              {
                member_group_id: member_groups[0].member_group_id,
                req_protocol: 'HTTP',
                req_method: 'GET',
                req_uri: '/blue',
              },
            ],
            authorizer_id: other,
            conditions: [
              {
                condition_origin: 'orchestration',
                condition_type: 'exact',
                condition_value: 'ab',
                mapped_param_name: 'part',
                mapped_param_location: 'query',
              },
            ],
          },
        ],
      }),
    )
    for (const version of ['2.0', '3.0']) {
      const document = await exported(sluice, groupId, { version })
      expect(JSON.stringify(document)).not.toContain(channel.id)
      expect(JSON.stringify(document)).not.toContain(back)
      const result = await imported(sluice, { ...document, info: { title: `copy_${version}` } })
      expect(result.failure).toEqual([])
      const read = async (api_id: string) => sameOf(await sluice.given('showDetailsOfApiV2', { path: { api_id } }))
      expect(await read(result.success[0]?.id ?? '')).toEqual(await read(id))
      const without = JSON.stringify(document).replaceAll('channel_1', 'channel_2').replace('rule_1', 'rule_2')
      const lost = await imported(sluice, without.replace(/"title":"[^"]*"/, `"title":"lost_${version}"`))
      expect(lost.failure).toMatchObject([{ path: '/a', error_code: 'APIG.3095' }])
    }
  })
})
