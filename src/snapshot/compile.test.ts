import { expect, test } from 'vitest'
import type { ApiDocument } from '../contract/api-document.js'
import type { BackendParam, CoditionResp, ReqParam } from '../contract/generated/schemas.js'
import type { ApiDefinition, Condition, RequestParameter } from './api-definition.js'
import { compileDefinition } from './compile.js'
import { substitute, variableNames } from './variables.js'

const backend = {
  url_domain: 'backend:8080',
  req_protocol: 'HTTP',
  req_method: 'GET',
  req_uri: '/b',
  timeout: 5000,
  retry_count: '-1',
  vpc_channel_status: 2,
} as const

const document = (overrides: Partial<ApiDocument> = {}): ApiDocument => ({
  id: 'a1',
  group_id: 'g1',
  status: 1,
  arrange_necessary: 2,
  register_time: '2026-01-01T00:00:00.000Z',
  update_time: '2026-01-01T00:00:00.000Z',
  name: 'Api_1',
  type: 1,
  req_protocol: 'HTTPS',
  req_method: 'GET',
  req_uri: '/a',
  match_mode: 'NORMAL',
  auth_type: 'APP',
  auth_opt: { app_code_auth_type: 'HEADER' },
  cors: false,
  backend_type: 'HTTP',
  tags: [],
  backend_api: backend,
  req_params: [],
  backend_params: [],
  policy_https: [],
  policy_functions: [],
  policy_mocks: [],
  ...overrides,
})

const withoutBackend = (overrides: Partial<ApiDocument>): ApiDocument => {
  const { backend_api: _, ...rest } = document()
  return { ...rest, ...overrides }
}

test('a definition is what the gateway needs, and nothing else', () => {
  expect(compileDefinition(document({ remark: 'not for gateways', response_id: 'r1' }), {})).toEqual({
    id: 'a1',
    name: 'Api_1',
    req_protocol: 'HTTPS',
    req_method: 'GET',
    req_uri: '/a',
    match_mode: 'NORMAL',
    auth_type: 'APP',
    app_code_auth_type: 'HEADER',
    cors: false,
    response_id: 'r1',
    req_params: [],
    backend: {
      type: 'HTTP',
      url_domain: 'backend:8080',
      req_protocol: 'HTTP',
      req_method: 'GET',
      req_uri: '/b',
      timeout: 5000,
      retry_count: -1,
      params: [],
    },
    policies: [],
  } satisfies ApiDefinition)
})

const parameter = {
  name: 'p',
  location: 'QUERY',
  type: 'STRING',
  required: 2,
  valid_enable: 2,
  pass_through: 2,
} as const
const compiled = { name: 'p', location: 'QUERY', type: 'STRING', required: false, validate: false, pass_through: false }

test.each<[string, Partial<ReqParam>, Partial<RequestParameter>]>([
  ['flags that are off', {}, {}],
  [
    'flags that are on',
    { required: 1, valid_enable: 1, pass_through: 1 },
    { required: true, validate: true, pass_through: true },
  ],
  ['a default', { default_value: 'x' }, { default_value: 'x' }],
  ['an empty default', { default_value: '' }, {}],
  ['enumerations', { enumerations: 'a,b' }, { enumerations: 'a,b' }],
  ['lengths', { min_size: 1, max_size: 5 }, { min_size: 1, max_size: 5 }],
  ['a length of zero beside another', { min_size: 0, max_size: 5 }, { min_size: 0, max_size: 5 }],
  ['lengths that are not set', { min_size: 0, max_size: 0 }, {}],
  ['lengths of a number', { type: 'NUMBER', min_size: 1, max_size: 5 }, { type: 'NUMBER' }],
  ['a range', { type: 'NUMBER', min_num: -1, max_num: 0 }, { type: 'NUMBER', min_num: -1, max_num: 0 }],
])('a request parameter with %s', (_, stored, expected) => {
  const { req_params } = compileDefinition(document({ req_params: [{ ...parameter, ...stored }] }), {})
  expect(req_params).toEqual([{ ...compiled, ...expected }])
})

test.each<[Partial<BackendParam>, string | undefined]>([
  [{ origin: 'REQUEST', value: 'p' }, 'p'],
  [{ origin: 'CONSTANT', value: 'stage' }, 'stage'],
  [{ origin: 'SYSTEM', value: '$context.stage' }, '$context.stage'],
  [{ origin: 'SYSTEM', value: 'stage' }, '$context.stage'],
  [{ origin: 'REQUEST', value: 'c' }, 'c'],
  // Nobody declares it: there is nothing to move.
  [{ origin: 'REQUEST', value: 'd' }, undefined],
])('a back-end parameter %j', (stored, expected) => {
  const { backend } = compileDefinition(
    document({
      req_params: [parameter, { ...parameter, name: 'c', location: 'COOKIE' }],
      backend_params: [{ name: 'b', location: 'HEADER', origin: 'REQUEST', value: 'p', ...stored }],
    }),
    {},
  )
  expect(backend.params.map(({ value }) => value)).toEqual(expected === undefined ? [] : [expected])
})

test.each<[Partial<CoditionResp>, Condition]>([
  [
    { condition_origin: 'source', condition_value: '10.0.0.0/8' },
    { origin: 'source', type: 'exact', value: '10.0.0.0/8' },
  ],
  [
    { condition_origin: 'param', req_param_name: 'p' },
    { origin: 'param', type: 'enum', value: 'a,b', name: 'p' },
  ],
  [
    { condition_origin: 'param', req_param_name: 'c' },
    { origin: 'param', type: 'enum', value: 'a,b', name: 'c' },
  ],
  [
    { condition_origin: 'system', sys_param_name: 'req_path' },
    { origin: 'system', type: 'enum', value: 'a,b', name: 'req_path' },
  ],
  [
    { condition_origin: 'cookie', cookie_param_name: 'sid' },
    { origin: 'cookie', type: 'enum', value: 'a,b', name: 'sid' },
  ],
  [
    { condition_origin: 'orchestration', mapped_param_name: 'm', mapped_param_location: 'header' },
    { origin: 'orchestration', type: 'enum', value: 'a,b', name: 'm', location: 'HEADER' },
  ],
  [
    { condition_origin: 'frontend_authorizer', frontend_authorizer_param_name: '$context.authorizer.frontend.u' },
    { origin: 'frontend_authorizer', type: 'enum', value: 'a,b', name: '$context.authorizer.frontend.u' },
  ],
])('a condition %j', (stored, expected) => {
  const common = stored.condition_origin === 'source' ? {} : ({ condition_type: 'enum' } as const)
  const policy = {
    name: 'policy_1',
    effect_mode: 'ALL',
    conditions: [{ condition_origin: 'param', condition_value: 'a,b', ...common, ...stored }],
    ...backend,
  } as const
  const { policies } = compileDefinition(
    document({
      req_params: [parameter, { ...parameter, name: 'c', location: 'COOKIE' }],
      policy_https: [{ ...policy, conditions: [...policy.conditions] }],
    }),
    {},
  )
  expect(policies).toMatchObject([{ name: 'policy_1', effect_mode: 'ALL', conditions: [expected] }])
})

test('policies are tried in the order https, functions, mocks', () => {
  const policy = { effect_mode: 'ANY', conditions: [] } as const
  const { policies } = compileDefinition(
    document({
      policy_mocks: [{ ...policy, conditions: [], name: 'mock', result_content: 'x' }],
      policy_functions: [
        { ...policy, conditions: [], name: 'function', function_urn: 'u', invocation_type: 'sync', network_type: 'V1' },
      ],
      policy_https: [{ ...policy, conditions: [], name: 'http', ...backend }],
    }),
    {},
  )
  expect(policies.map(({ name, backend: { type } }) => [name, type])).toEqual([
    ['http', 'HTTP'],
    ['function', 'FUNCTION'],
    ['mock', 'MOCK'],
  ])
})

test('mocks and functions', () => {
  const mock = withoutBackend({ backend_type: 'MOCK', mock_info: { result_content: '{}' } })
  const called = withoutBackend({
    backend_type: 'FUNCTION',
    func_info: { function_urn: 'urn', invocation_type: 'sync', network_type: 'V1', timeout: 7 },
  })
  expect(compileDefinition(mock, {}).backend).toEqual({
    type: 'MOCK',
    result_content: '{}',
    status_code: 200,
    headers: [],
    params: [],
  })
  expect(compileDefinition(called, {}).backend).toEqual({
    type: 'FUNCTION',
    function_urn: 'urn',
    invocation_type: 'sync',
    timeout: 7,
    params: [],
  })
  const qualified = { version: 'v1', alias_urn: 'urn:!a', authorizer_id: 'b1' }
  const func_info = {
    function_urn: 'urn',
    invocation_type: 'async',
    network_type: 'V1',
    timeout: 7,
    ...qualified,
  } as const
  const document = { ...withoutBackend({ backend_type: 'FUNCTION', func_info }), is_send_fg_body_base64: false }
  expect(compileDefinition(document, {})).toMatchObject({
    backend: { invocation_type: 'async', ...qualified },
    function_body_as_text: true,
  })
})

test('a mock answers with the status and the headers that were given', () => {
  const header = [{ key: 'X-A', value: 'b', remark: 'why' }]
  const answer = { result_content: '', status_code: 201, header }
  const compiled = compileDefinition(
    {
      ...withoutBackend({ backend_type: 'MOCK', mock_info: answer }),
      policy_mocks: [{ name: 'one', effect_mode: 'ANY', conditions: [], ...answer, status_code: 404 }],
    },
    {},
  )
  const headers = [{ key: 'X-A', value: 'b' }]
  expect(compiled.backend).toMatchObject({ status_code: 201, headers })
  expect(compiled.policies).toMatchObject([{ backend: { status_code: 404, headers } }])
})

test('with a channel, the address that clients read is not an address', () => {
  const channel = { vpc_channel_id: 'c1', vpc_channel_proxy_host: 'www.example.com' }
  const { backend: compiledBackend } = compileDefinition(
    document({ backend_api: { ...backend, url_domain: 'c1', vpc_channel_status: 1, vpc_channel_info: channel } }),
    {},
  )
  expect(compiledBackend).toMatchObject(channel)
  expect(compiledBackend).not.toHaveProperty('url_domain')
})

test('a channel whose member groups are called each in a way of its own', () => {
  const stored = document({
    backend_api: {
      ...backend,
      vpc_channel_status: 4,
      vpc_channel_info: { vpc_channel_id: 'c1' },
      member_group_url_infos: [
        { member_group_id: 'm1', req_protocol: 'HTTPS', req_method: 'POST', req_uri: '/#base#/{id}' },
      ],
    },
  })
  expect(compileDefinition(stored, { base: 'v1' }).backend).toMatchObject({
    vpc_channel_id: 'c1',
    member_groups: [{ id: 'm1', req_protocol: 'HTTPS', req_method: 'POST', req_uri: '/v1/{id}' }],
  })
})

test('a parameter takes its rules with it, in its order', () => {
  const rule = (value: string) => ({ strategy: 'default', is_preprocessing: false, map: [{ value }] }) as const
  const rules = new Map([
    ['r1', rule('1')],
    ['r2', rule('2')],
  ])
  const stored = document({ req_params: [{ ...parameter, orchestrations: ['r2', 'gone', 'r1'] }, parameter] })
  const [chained, plain] = compileDefinition(stored, {}, rules).req_params
  expect(chained?.orchestrations).toEqual([rule('2'), rule('1')])
  expect(plain).not.toHaveProperty('orchestrations')
})

test('variables are in place in every back end', () => {
  const stored = document({
    backend_api: { ...backend, url_domain: '#host#:#port#', req_uri: '/#base#/{id}' },
    policy_https: [
      { ...backend, name: 'p', effect_mode: 'ANY', conditions: [], url_domain: '#other#', req_uri: '/#base#' },
    ],
  })

  expect(variableNames(stored)).toEqual(['host', 'port', 'base', 'other'])
  const definition = compileDefinition(stored, { host: 'h', port: '80', base: 'v1', other: '#host#' })
  expect(definition.backend).toMatchObject({ url_domain: 'h:80', req_uri: '/v1/{id}' })
  expect(definition.policies[0]?.backend).toMatchObject({ url_domain: '#host#', req_uri: '/v1' })
})

test.each([
  ['#aaa##bbb#', '12'],
  ['#aaa#/#aaa#', '1/1'],
  ['#unknown#', '#unknown#'],
  ['#constructor#', '#constructor#'],
  ['#aa#', '#aa#'],
  ['a#b', 'a#b'],
])('%s becomes %s', (text, expected) => {
  expect(substitute(text, { aaa: '1', bbb: '2', aa: 'too short a name' })).toBe(expected)
})
