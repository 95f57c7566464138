import { expect, test } from 'vitest'
import { sqlite } from '../engines.js'
import { managementWithGateway } from '../management-with-gateway.js'
import { RELEASE } from '../stage.js'
import { lifecycle, planIsEmpty, provider, providerOf, readOf, set, type Provider } from './provider.js'
import { apigApi, apigApiPublishment, type ApiConfig } from './resources/api.js'
import { apigChannel } from './resources/channel.js'
import { apigCustomAuthorizer, apigOrchestrationRule } from './resources/extension.js'
import { apigGroup, apigResponse } from './resources/group.js'

const URN = 'urn:fss:local-1:0123456789abcdef0123456789abcdef:function:default:check'

function group({ sdk, at }: Provider, name = 'orders'): Promise<string> {
  const none = { description: '', domain_access_enabled: true, variables: [], url_domains: [] }
  return apigGroup(sdk, at).create({ ...none, name })
}

const parameter = (name: string, location: string, more: object = {}) => ({
  name,
  location,
  type: 'STRING',
  required: location === 'PATH' ? 1 : 2,
  valid_enable: 2,
  pass_through: 2,
  ...more,
})

const mapped = (value: string, location: string, name: string) => ({ origin: 'REQUEST', name, location, value })

const web = {
  req_protocol: 'HTTP',
  req_method: 'GET',
  req_uri: '/backend/{id}',
  timeout: 30000,
  retry_count: '1',
  vpc_channel_status: 2,
  url_domain: 'backend.test:8080',
}

const frontend = (group_id: string): ApiConfig => ({
  group_id,
  name: 'order',
  type: 1,
  req_protocol: 'HTTP',
  req_method: 'GET',
  req_uri: '/orders/{id}',
  match_mode: 'SWA',
  auth_type: 'APP',
  auth_opt: { app_code_auth_type: 'HEADER' },
  backend_type: 'HTTP',
})

test('108, 109: apig_api with a web back end, its parameters, samples and policies', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const group_id = await group(tf)
  const response_id = await apigResponse(sdk, at, group_id).create({ name: 'own', rules: {} })
  const parameters = set([
    parameter('id', 'PATH', { remark: 'of the order', sample_value: '42' }),
    parameter('level', 'QUERY', { type: 'NUMBER', default_value: '1', valid_enable: 1, min_num: 1, max_num: 9 }),
    parameter('kind', 'HEADER', { pass_through: 1, valid_enable: 1, enumerations: 'a,b', min_size: 1, max_size: 8 }),
  ])
  const backendParameters = set([
    mapped('id', 'PATH', 'id'),
    mapped('level', 'QUERY', 'depth'),
    { origin: 'CONSTANT', name: 'source', location: 'HEADER', value: 'sluice', remark: 'who sends' },
    { origin: 'SYSTEM', name: 'app', location: 'HEADER', value: '$context.appId' },
  ])
  const condition = { condition_origin: 'param', condition_type: 'exact', condition_value: 'a', req_param_name: 'kind' }
  const elsewhere = { ...web, url_domain: 'other.test', req_method: 'POST', effect_mode: 'ANY' }
  const policies = set([
    {
      ...elsewhere,
      name: 'by_kind',
      conditions: [condition],
      backend_params: set([mapped('id', 'PATH', 'id')]),
    },
    {
      ...elsewhere,
      name: 'by_source',
      effect_mode: 'ALL',
      conditions: set([
        { condition_origin: 'source', condition_value: '192.168.1.0/24' },
        { ...condition, condition_type: 'pattern', condition_value: '^a' },
      ]),
      backend_params: set([mapped('id', 'PATH', 'id')]),
    },
  ])
  const full = {
    ...frontend(group_id),
    response_id,
    remark: 'first',
    body_remark: 'none',
    result_normal_sample: '{"ok":true}',
    result_failure_sample: '{"ok":false}',
    tags: ['one', 'two'],
    cors: true,
    req_params: parameters,
    backend_params: backendParameters,
    backend_api: web,
    policy_https: policies,
  }

  await lifecycle(
    apigApi(sdk, at),
    full,
    { ...full, name: 'order_two', policy_https: policies.slice(1), backend_api: { ...web, retry_count: '-1' } },
    {
      ...frontend(group_id),
      auth_type: 'NONE',
      match_mode: 'NORMAL',
      req_params: set([parameter('id', 'PATH')]),
      backend_params: [mapped('id', 'PATH', 'id')],
      backend_api: web,
    },
  )
})

test('108, 109: apig_api with a channel, authorizers and orchestrated parameters', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const group_id = await group(tf)
  const vpc_channel_id = await apigChannel(sdk, at).create({
    name: 'channel',
    port: 80,
    balance_strategy: 1,
    member_type: 'ip',
    type: '2',
    member_group: [],
    member: [{ host: '192.168.0.1', weight: 1, is_backup: false, group_name: '', status: 1, port: 0 }],
    health_check: [],
  })
  const authorizer = (type: string) =>
    apigCustomAuthorizer(sdk, at).create({
      name: type.toLowerCase(),
      type,
      function_urn: URN,
      network_type: 'V1',
      is_body_send: false,
      cache_age: 0,
      user_data: '',
      identity: [],
    })
  const rule = (name: string) =>
    apigOrchestrationRule(sdk, at).create({
      name,
      strategy: 'list',
      is_preprocessing: false,
      mapped_param: { mapped_param_name: name, mapped_param_type: 'string', mapped_param_location: 'header' },
      map: ['{"map_param_list":["a"],"mapped_param_value":"1"}'],
    })
  const orchestrations = [await rule('second'), await rule('first')]
  const { url_domain: _, ...noAddress } = web
  const backend_api = {
    ...noAddress,
    vpc_channel_status: 1,
    vpc_channel_info: { vpc_channel_id, vpc_channel_proxy_host: 'inner.test' },
    authorizer_id: await authorizer('BACKEND'),
  }
  const { auth_opt: __, ...open } = frontend(group_id)
  const config = {
    ...open,
    name: 'order',
    auth_type: 'AUTHORIZER',
    authorizer_id: await authorizer('FRONTEND'),
    req_params: set([parameter('id', 'PATH'), parameter('user', 'QUERY', { orchestrations })]),
    backend_params: set([
      mapped('id', 'PATH', 'id'),
      { origin: 'SYSTEM', name: 'who', location: 'HEADER', value: '$context.authorizer.frontend.user' },
    ]),
    backend_api,
  }

  await lifecycle(apigApi(sdk, at), config, {
    ...config,
    req_params: set([
      parameter('id', 'PATH'),
      parameter('user', 'QUERY', { orchestrations: orchestrations.toReversed() }),
    ]),
  })
})

test('108, 109: apig_api with a function, and with a mock', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const base = { ...frontend(await group(tf)), req_uri: '/orders', req_params: set([parameter('kind', 'HEADER')]) }
  const condition = { condition_origin: 'param', condition_type: 'exact', condition_value: 'a', req_param_name: 'kind' }
  const policy = { name: 'by_kind', effect_mode: 'ANY', conditions: [condition] }
  const call = {
    function_urn: URN,
    network_type: 'V2',
    version: 'latest',
    timeout: 5000,
    invocation_type: 'async',
    req_protocol: 'HTTPS',
  }
  const ofFunction = {
    ...base,
    backend_type: 'FUNCTION',
    func_info: call,
    policy_functions: [{ ...call, ...policy, invocation_type: 'sync' }],
  }

  await lifecycle(
    apigApi(sdk, at),
    ofFunction,
    { ...ofFunction, func_info: { ...call, alias_urn: `${URN}:!pilot` } },
    {
      ...base,
      backend_type: 'MOCK',
      mock_info: { result_content: '{"mock":"<&>"}' },
      policy_mocks: [{ ...policy, result_content: 'other' }],
    },
  )
})

test('a name that is taken, and a path that is, are told in the words that tests wait for', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const resource = apigApi(sdk, at)
  const mock = {
    ...frontend(await group(tf)),
    req_uri: '/one',
    backend_type: 'MOCK',
    mock_info: { result_content: '' },
  }
  await resource.create(mock)

  await expect(resource.create({ ...mock, req_uri: '/two' })).rejects.toThrow(
    'The API name already exists, api_name:order',
  )
  await expect(resource.create({ ...mock, name: 'other' })).rejects.toThrow('The API already exists, api_name:order')
})

async function published(tf: Provider) {
  const { sdk, at } = tf
  const api = await apigApi(sdk, at).create({
    ...frontend(await group(tf)),
    req_uri: '/orders',
    backend_type: 'MOCK',
    mock_info: { result_content: '' },
  })
  const env_id = (await sdk.post(`${at}/envs`, { name: 'DEV' })).text('id')
  return { resource: apigApiPublishment(sdk, at), api, env_id, inDev: { env_id, api_id: api } }
}

test('108, 109: apig_api_publishment, beside that of another environment', async () => {
  await using tf = await provider()
  const { resource, api, inDev } = await published(tf)
  await resource.create({ env_id: RELEASE, api_id: api })

  const state = await lifecycle(resource, inDev, inDev)

  expect(state).toMatchObject({ env_name: 'DEV', histories: [expect.any(String), expect.any(String)] })
})

test('apig_api_publishment goes back to a version and forth, under one publish id', async () => {
  await using tf = await provider()
  const { resource, inDev } = await published(tf)
  const id = await resource.create(inDev)
  const older = await planIsEmpty(resource, id, inDev)
  await resource.update?.(id, inDev, inDev)
  const newer = await planIsEmpty(resource, id, inDev)
  expect(newer['publish_id']).toBe(older['publish_id'])
  expect(newer['histories']).toEqual([newer['version_id'], older['version_id']])

  for (const { version_id } of [older, newer]) {
    const config = { ...inDev, version_id: String(version_id) }
    await resource.update?.(id, config, inDev)
    await planIsEmpty(resource, id, config)
  }
  expect(await readOf(resource, id)).toMatchObject({ publish_id: older['publish_id'] })
})

test('apig_api_action, apig_api_batch_action, apig_api_version_unpublish', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const { resource, api, env_id, inDev } = await published(tf)

  const online = await sdk.post(`${at}/apis/action`, { action: 'online', env_id, api_id: api, remark: 'by action' })
  for (const name of ['publish_id', 'api_name', 'version_id']) expect(online.text(name), name).not.toBe('')
  online.time('publish_time')

  for (const action of ['offline', 'online']) {
    const body = { env_id, apis: [api] }
    const done = await sdk.post(`${at}/apis/publish`, body, { query: { action } })
    expect(done.list('failure')).toEqual([])
  }

  const { version_id } = await planIsEmpty(resource, `${env_id}/${api}`, inDev)
  await sdk.delete(`${at}/apis/versions/${String(version_id)}`)
  expect(await readOf(resource, `${env_id}/${api}`)).toBeUndefined()
})

test('apig_api_check: 204 for what is free', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const group_id = await group(tf)

  for (const body of [
    { type: 'name', name: 'free', group_id },
    { type: 'path', req_method: 'GET', req_uri: '/free', match_mode: 'NORMAL', group_id },
  ])
    await sdk.post(`${at}/apis/check`, body, { only: [204] })
})

test('apig_api_debug: the request, the response and how long it took', async () => {
  await using stage = await managementWithGateway(sqlite)
  const tf = providerOf(stage.sluice)
  const { api } = await published(tf)

  const body = { mode: 'DEVELOPER', scheme: 'HTTP', method: 'GET', path: '/orders' }
  const seen = await tf.sdk.post(`${tf.at}/apis/debug/${api}`, body)

  expect(seen.text('request')).toContain('GET /orders HTTP/1.1')
  expect(seen.text('response')).toMatch(/^HTTP\/1\.1 \d{3} /)
  expect(seen.number('latency')).toBeGreaterThanOrEqual(0)
})
