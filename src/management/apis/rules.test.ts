import { expect, test } from 'vitest'
import { httpApi, mockApi } from '../../../test/definitions.js'
import { isFault } from '../../contract/faults.js'
import type {
  ApiCreate,
  ApiPolicyHttpCreate,
  BackendApiCreate,
  BackendParamBase,
  ReqParamBase,
} from '../../contract/generated/schemas.js'
import { definitionIsConsistent } from './rules.js'

const LONGEST_TIMEOUT = 60_000

/** Code and, where the message names one, the parameter. */
function refusal(api: ApiCreate): string {
  try {
    definitionIsConsistent(api, LONGEST_TIMEOUT)
    return 'accepted'
  } catch (error) {
    if (!isFault(error)) throw error
    const name = /parameterName:(\w+)/.exec(error.message)?.[1]
    return name === undefined ? error.code : `${error.code} ${name}`
  }
}

const http = (overrides: Partial<ApiCreate>) => httpApi('g', overrides)
const backend = (overrides: Partial<BackendApiCreate>): ApiCreate =>
  http({ backend_api: { ...http({}).backend_api, timeout: 5000, ...overrides } })
const query = (name: string): ReqParamBase => ({ name, location: 'QUERY', type: 'STRING' })
const header = (name: string): ReqParamBase => ({ name, location: 'HEADER', type: 'STRING' })
const inPath = (name: string): ReqParamBase => ({ name, location: 'PATH', type: 'STRING' })
const system = (value: string): BackendParamBase => ({ name: 'b', location: 'HEADER', origin: 'SYSTEM', value })
const mapped = (value: string, name = 'b'): BackendParamBase => ({ name, location: 'HEADER', origin: 'REQUEST', value })
const policy = (overrides: Partial<ApiPolicyHttpCreate> = {}): ApiPolicyHttpCreate => ({
  name: 'policy_1',
  effect_mode: 'ANY',
  conditions: [{ condition_origin: 'source', condition_value: '10.0.0.0/8' }],
  url_domain: 'a',
  req_protocol: 'HTTP',
  req_method: 'GET',
  req_uri: '/',
  ...overrides,
})
const condition = (overrides: Partial<ApiPolicyHttpCreate['conditions'][number]>) =>
  http({
    req_params: [query('q')],
    policy_https: [
      policy({
        conditions: [{ condition_origin: 'param', condition_type: 'exact', condition_value: 'v', ...overrides }],
      }),
    ],
  })
const withoutBackend = (overrides: Partial<ApiCreate>): ApiCreate => {
  const { mock_info: _, ...api } = mockApi('g')
  return { ...api, ...overrides }
}
const grpc = (overrides: Partial<ApiCreate> = {}) =>
  http({
    req_protocol: 'GRPCS',
    req_method: 'POST',
    backend_type: 'GRPC',
    backend_api: { url_domain: 'a', req_protocol: 'GRPC', req_method: 'POST', req_uri: '/', timeout: 5000 },
    ...overrides,
  })
const called = (overrides: Partial<ApiCreate['func_info'] & object> = {}, front: Partial<ApiCreate> = {}) =>
  withoutBackend({
    backend_type: 'FUNCTION',
    func_info: { function_urn: 'urn', invocation_type: 'sync', network_type: 'V2', timeout: 5000, ...overrides },
    ...front,
  })

test.each<[string, ApiCreate, string]>([
  ['an HTTP API', http({}), 'accepted'],
  ['a mock', mockApi('g'), 'accepted'],
  ['a path parameter without placeholder', http({ req_params: [inPath('id')] }), 'APIG.2026'],
  ['a placeholder without path parameter', http({ req_uri: '/{id}' }), 'APIG.2026'],
  ['a placeholder with a query parameter', http({ req_uri: '/{id}', req_params: [query('id')] }), 'APIG.2026'],
  ['a placeholder for the rest', http({ req_uri: '/{id+}', req_params: [inPath('id')] }), 'accepted'],
  ['a back-end placeholder without parameter', backend({ req_uri: '/{id}' }), 'APIG.2027'],
  [
    'a back-end path parameter without placeholder',
    http({ backend_params: [{ name: 'x', location: 'PATH', origin: 'CONSTANT', value: '1' }] }),
    'APIG.2027',
  ],
  [
    'a path parameter of a mock, which has no path',
    mockApi('g', { backend_params: [{ name: 'x', location: 'PATH', origin: 'CONSTANT', value: '1' }] }),
    'accepted',
  ],
  ['a mapping of an unknown parameter', http({ backend_params: [mapped('nobody')] }), 'APIG.2028'],
  ['a mapping', http({ req_params: [query('q')], backend_params: [mapped('q')] }), 'accepted'],
  ['one name in one place twice', http({ req_params: [query('q'), query('q')] }), 'APIG.3209'],
  ['one name in two places', http({ req_params: [query('q'), header('q')] }), 'accepted'],
  ['header names that differ by case', http({ req_params: [header('X-A'), header('x-a')] }), 'APIG.3209'],
  ['query names that differ by case', http({ req_params: [query('A'), query('a')] }), 'accepted'],
  [
    'one back-end name twice',
    http({ req_params: [query('q')], backend_params: [mapped('q'), mapped('q')] }),
    'APIG.3209',
  ],
  ['a reserved prefix', http({ req_params: [query('X-Apig-Mode')] }), 'APIG.2011 name'],
  ['a reserved prefix of SDKs', http({ req_params: [query('x-sdk-date')] }), 'APIG.2011 name'],
  ['the environment', http({ req_params: [header('X-Stage')] }), 'APIG.2011 name'],
  ['credentials in a header', http({ req_params: [header('authorization')] }), 'APIG.2011 name'],
  ['the same word in a query', http({ req_params: [query('authorization')] }), 'accepted'],
  [
    'more than 50 back-end parameters',
    http({ req_params: [query('q')], backend_params: Array.from({ length: 51 }, (_, i) => mapped('q', `b${i}`)) }),
    'APIG.2011 backend_params',
  ],
  ['a system value', http({ backend_params: [system('$context.sourceIp')] }), 'accepted'],
  ['a system value without prefix', http({ backend_params: [system('sourceIp')] }), 'accepted'],
  ['an unknown system value', http({ backend_params: [system('$context.weather')] }), 'APIG.2011 value'],
  [
    'a value of a front-end authorizer',
    http({ backend_params: [system('$context.authorizer.frontend.user')] }),
    'APIG.2036',
  ],
  [
    'the same with that authorizer',
    http({
      auth_type: 'AUTHORIZER',
      authorizer_id: 'a',
      backend_params: [system('$context.authorizer.frontend.user')],
    }),
    'accepted',
  ],
  [
    'a value of a back-end authorizer',
    http({ backend_params: [system('$context.authorizer.backend.user')] }),
    'APIG.2036',
  ],
  [
    'the same with that authorizer',
    mockApi('g', {
      mock_info: { authorizer_id: 'a' },
      backend_params: [system('$context.authorizer.backend.user')],
    }),
    'accepted',
  ],
  ['no back end', withoutBackend({ backend_type: 'HTTP' }), 'APIG.2001 backend_api'],
  ['no address', backend({ url_domain: '' }), 'APIG.2001 url_domain'],
  ['no method', http({ backend_api: { url_domain: 'a', timeout: 1, req_protocol: 'HTTP' } }), 'APIG.2001 req_method'],
  ['an impossible host', backend({ url_domain: 'a b' }), 'APIG.2024'],
  ['an impossible port', backend({ url_domain: 'a:70000' }), 'APIG.2025'],
  ['variables', backend({ url_domain: '#host#', req_uri: '/#base#' }), 'accepted'],
  ['an unsupported kind of channel', backend({ vpc_channel_status: 3 }), 'APIG.2011 vpc_channel_status'],
  ['a channel that is not named', backend({ vpc_channel_status: 1 }), 'APIG.2001 vpc_channel_info'],
  ['a back-end path with a query', backend({ req_uri: '/a?b' }), 'APIG.2011 req_uri'],
  ['the longest timeout', backend({ timeout: LONGEST_TIMEOUT }), 'accepted'],
  ['a longer timeout', backend({ timeout: LONGEST_TIMEOUT + 1 }), 'APIG.2011 timeout'],
  ['client TLS without TLS', backend({ enable_client_ssl: true }), 'APIG.3717'],
  ['client TLS', backend({ enable_client_ssl: true, req_protocol: 'HTTPS' }), 'accepted'],
  ['gRPC behind HTTP', backend({ req_protocol: 'GRPC' }), 'APIG.2011 req_protocol'],
  ['text bodies of functions', http({ is_send_fg_body_base64: false }), 'APIG.2011 is_send_fg_body_base64'],
  ['the same for JSON', http({ is_send_fg_body_base64: false, content_type: 'application/json' }), 'accepted'],
])('%s: %#', (_, api, expected) => {
  expect(refusal(api)).toBe(expected)
})

test.each<[string, ApiCreate, string]>([
  ['a gRPC API', grpc(), 'accepted'],
  ['in front of HTTP', grpc({ backend_type: 'HTTP' }), 'APIG.2011 backend_type'],
  ['behind HTTP', grpc({ req_protocol: 'HTTPS' }), 'APIG.2011 req_protocol'],
  ['with a sample', grpc({ result_normal_sample: 'x' }), 'APIG.2011 result_normal_sample'],
  ['with a custom authorizer', grpc({ auth_type: 'AUTHORIZER', authorizer_id: 'a' }), 'APIG.2011 auth_type'],
  [
    'with client TLS but no TLS',
    grpc({ backend_api: { ...grpc().backend_api, timeout: 1, enable_client_ssl: true } }),
    'APIG.3717',
  ],
  ['to a path', grpc({ backend_api: { ...grpc().backend_api, timeout: 1, req_uri: '/a' } }), 'APIG.2011 req_uri'],
  ['by GET', grpc({ backend_api: { ...grpc().backend_api, timeout: 1, req_method: 'GET' } }), 'APIG.2011 req_method'],
  ['by a function', called({ req_protocol: 'GRPCS' }, { req_protocol: 'GRPCS', req_method: 'POST' }), 'accepted'],
  [
    'by a function that speaks HTTPS',
    called({}, { req_protocol: 'GRPCS', req_method: 'POST' }),
    'APIG.2011 req_protocol',
  ],
  ['by a function behind HTTPS', called({ req_protocol: 'GRPCS' }), 'APIG.2011 req_protocol'],
  [
    'by a function that is queued',
    called({ req_protocol: 'GRPCS', invocation_type: 'async' }, { req_protocol: 'GRPCS', req_method: 'POST' }),
    'APIG.2011 invocation_type',
  ],
  ['a function that may take too long', called({ timeout: LONGEST_TIMEOUT + 1 }), 'APIG.2011 timeout'],
])('gRPC and functions: %s', (_, api, expected) => {
  expect(refusal(api)).toBe(expected)
})

test.each<[string, ApiCreate, string]>([
  ['a policy', http({ policy_https: [policy()] }), 'accepted'],
  ['of another kind', http({ policy_mocks: [policy()] }), 'APIG.2011 policy_mocks'],
  ['two of one name', http({ policy_https: [policy(), policy()] }), 'APIG.3210'],
  ['without conditions', http({ policy_https: [policy({ conditions: [] })] }), 'APIG.2001 conditions'],
  ['without address', http({ policy_https: [policy({ url_domain: '' })] }), 'APIG.2001 url_domain'],
  ['with a longer timeout', http({ policy_https: [policy({ timeout: 60_001 })] }), 'APIG.2011 timeout'],
  ['with an unbound placeholder', http({ policy_https: [policy({ req_uri: '/{x}' })] }), 'APIG.2027'],
  ['with an unknown mapping', http({ policy_https: [policy({ backend_params: [mapped('q')] })] }), 'APIG.2028'],
  ['a condition on a parameter', condition({ req_param_name: 'q' }), 'accepted'],
  ['a condition on an unknown parameter', condition({ req_param_name: 'z' }), 'APIG.2011 req_param_name'],
  ['a pattern', condition({ req_param_name: 'q', condition_type: 'pattern', condition_value: '^a+$' }), 'accepted'],
  [
    'no pattern',
    condition({ req_param_name: 'q', condition_type: 'pattern', condition_value: '(' }),
    'APIG.2011 condition_value',
  ],
  [
    'a pattern that looks ahead, which gateways cannot',
    condition({ req_param_name: 'q', condition_type: 'pattern', condition_value: '(?=a)' }),
    'APIG.2011 condition_value',
  ],
  ['an address', condition({ condition_origin: 'source', condition_value: '1.1.1.1,10.0.0.0/8' }), 'accepted'],
  ['no address', condition({ condition_origin: 'source', condition_value: '1.1.1' }), 'APIG.2011 condition_value'],
  ['no block', condition({ condition_origin: 'source', condition_value: '1.1.1.1/33' }), 'APIG.2011 condition_value'],
  [
    'a pattern of methods',
    condition({ condition_origin: 'system', sys_param_name: 'req_method', condition_type: 'pattern' }),
    'APIG.2011 condition_type',
  ],
  [
    'a pattern of paths',
    condition({ condition_origin: 'system', sys_param_name: 'req_path', condition_type: 'pattern' }),
    'accepted',
  ],
  [
    'a value of an authorizer that is not there',
    condition({
      condition_origin: 'frontend_authorizer',
      frontend_authorizer_param_name: '$context.authorizer.frontend.user',
    }),
    'APIG.2036',
  ],
])('policies: %s', (_, api, expected) => {
  expect(refusal(api)).toBe(expected)
})
