import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isFault } from '../../contract/faults.js'
import { readContent, type PluginType } from './content.js'
import { isRuleExpression } from '../../snapshot/plugin-contents/rule-expression.js'

const examples = JSON.parse(readFileSync(new URL('../../../spec/examples.json', import.meta.url), 'utf8')) as Record<
  string,
  Record<string, { plugin_type: PluginType; plugin_content: string }[]>
>

const accepts = (type: PluginType, content: unknown): boolean => {
  try {
    readContent(type, typeof content === 'string' ? content : JSON.stringify(content))
    return true
  } catch (error) {
    if (isFault(error) && error.code === 'APIG.2011' && error.message.includes('parameterName:plugin_content.'))
      return false
    throw error
  }
}

const published = [
  ...(examples['createPlugin']?.['request'] ?? []),
  ...(examples['createPlugin']?.['201'] ?? []),
  ...(examples['updatePlugin']?.['request'] ?? []),
  ...(examples['updatePlugin']?.['200'] ?? []),
]

test('there is a published example of every type', () => {
  expect(new Set(published.map(({ plugin_type }) => plugin_type)).size).toBe(10)
})

test.each(published.map(({ plugin_type, plugin_content }, index) => [plugin_type, index, plugin_content] as const))(
  'the published example of %s (%i) is accepted',
  (type, _, content) => {
    expect(accepts(type, content)).toBe(true)
  },
)

const cors = { allow_origin: '*', allow_methods: 'GET' }
const header = { name: 'X-A', value: 'b', action: 'override' }
const limits = { scope: 'basic', default_interval: 1, api_limit: 10 }
const condition = {
  breaker_type: 'timeout',
  breaker_mode: 'counter',
  unhealthy_threshold: 3,
  time_window: 15,
  open_breaker_time: 15,
}
const kafka = { broker_list: ['10.0.0.1:9092'], topic: 't' }
const request = { method: 'GET', protocol: 'HTTP', url_domain: 'auth.test:80', path: '/check?x=1' }
const third = { auth_request: request, simple_auth_mode_enabled: true }
const cache = { cache_key: { parameters: ['a'] } }
const mirror = { protocol: 'http', host: 'mirror.test' }
const oidc = { client_id: 'c', client_secret: 's', discovery: 'https://idp.test/x', redirect_api_id: 'a1' }
const jwt = { jwks_service: { uri: 'idp.test/jwks' } }
const keys = (...ids: (string | undefined)[]) => JSON.stringify({ keys: ids.map((kid) => ({ kty: 'RSA', kid })) })
const many = <T>(count: number, item: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => item(index))
const rule = (limit: unknown) => ({ rule_name: 'r', match_regex: '["method","==","GET"]', limit })

describe.each<[PluginType, Record<string, unknown>, [string, Record<string, unknown>, boolean][]]>([
  [
    'cors',
    cors,
    [
      ['no origin', { allow_origin: undefined }, false],
      ['no methods', { allow_methods: '' }, false],
      ['a method that does not exist', { allow_methods: 'GET,FETCH' }, false],
      ['methods with blanks', { allow_methods: 'GET, post' }, true],
      ['several origins', { allow_origin: 'https://a.com,http://b.com:8080' }, true],
      ['an origin with a path', { allow_origin: 'https://a.com/x' }, false],
      ['a line break in a header', { allow_headers: 'X-A\r\nX-B' }, false],
      ['any headers', { allow_headers: '*', expose_headers: '' }, true],
      ['a negative age', { max_age: -1 }, false],
      ['an age above the limit', { max_age: 86_400_001 }, false],
      ['credentials as a text', { allow_credentials: 'true' }, false],
      ['members that nobody knows', { color: 'red' }, true],
    ],
  ],
  [
    'set_resp_headers',
    { response_headers: [header] },
    [
      ['no header', { response_headers: [] }, false],
      ['eleven headers', { response_headers: many(11, (i) => ({ ...header, name: `X-${i}` })) }, false],
      ['ten headers', { response_headers: many(10, (i) => ({ ...header, name: `X-${i}` })) }, true],
      ['one name in two cases', { response_headers: [header, { ...header, name: 'x-a' }] }, false],
      ['a reserved name', { response_headers: [{ ...header, name: 'X-Apig-Mode' }] }, false],
      ['a name of 33 characters', { response_headers: [{ ...header, name: `X${'a'.repeat(32)}` }] }, false],
      ['deleting without a value', { response_headers: [{ name: 'X-A', action: 'delete' }] }, true],
      ['adding without a value', { response_headers: [{ name: 'X-A', action: 'add', value: '' }] }, false],
      ['a line break in the value', { response_headers: [{ ...header, value: 'a\r\nb: c' }] }, false],
      ['an unknown action', { response_headers: [{ ...header, action: 'replace' }] }, false],
      [
        'a system parameter',
        { response_headers: [{ ...header, value_type: 'system_parameter', value: '$context.stage' }] },
        true,
      ],
      [
        'a system parameter in other words',
        { response_headers: [{ ...header, value_type: 'system_parameter', value: 'stage' }] },
        false,
      ],
    ],
  ],
  [
    'rate_limit',
    limits,
    [
      ['no limit of the API', { api_limit: undefined }, false],
      ['0', { api_limit: 0 }, false],
      ['no throttling of the API', { api_limit: -1, app_limit: 1_000 }, true],
      ['an app limit above the API limit', { app_limit: 11 }, false],
      ['an app limit equal to it', { app_limit: 10 }, true],
      ['a unit in capitals', { default_time_unit: 'MINUTE' }, false],
      ['an unknown algorithm', { algorithm: 'bucket' }, false],
      ['a special limit', { specials: [{ type: 'app', policies: [{ key: 'k', limit: 10 }] }] }, true],
      [
        'a special limit above the API limit',
        { specials: [{ type: 'app', policies: [{ key: 'k', limit: 11 }] }] },
        false,
      ],
      [
        '31 special limits',
        { specials: [{ type: 'app', policies: many(31, (i) => ({ key: `k${i}`, limit: 1 })) }] },
        false,
      ],
      ['one app twice', { specials: many(2, () => ({ type: 'app', policies: [{ key: 'k', limit: 1 }] })) }, false],
      ['a rule', { rules: [rule(5)] }, true],
      ['a rule without a limit', { rules: [rule(undefined)] }, false],
      ['a rule that is no expression', { rules: [{ ...rule(1), match_regex: 'method == GET' }] }, false],
      ['101 rules', { rules: many(101, () => rule(1)) }, false],
    ],
  ],
  [
    'breaker',
    { scope: 'share', breaker_condition: condition },
    [
      ['no condition', { breaker_condition: null }, false],
      ['a counter without a threshold', { breaker_condition: { ...condition, unhealthy_threshold: undefined } }, false],
      [
        'a percentage without a share',
        { breaker_condition: { ...condition, breaker_mode: 'percentage', min_call_threshold: 1 } },
        false,
      ],
      ['a condition without an expression', { breaker_condition: { ...condition, breaker_type: 'condition' } }, false],
      ['a window of an hour', { breaker_condition: { ...condition, time_window: 3_600 } }, true],
      ['a longer window', { breaker_condition: { ...condition, time_window: 3_601 } }, false],
      [
        'a mock instead',
        { downgrade_default: { type: 'mock', mock_info: { status_code: 200, result_content: 'x' }, http_info: null } },
        true,
      ],
      ['a mock that is not there', { downgrade_default: { type: 'mock', mock_info: null } }, false],
      [
        'an address instead',
        {
          downgrade_default: {
            type: 'http',
            http_info: { address: 'a.test', scheme: 'HTTP', method: 'GET', path: '/' },
          },
        },
        true,
      ],
      [
        'an address without host',
        { downgrade_default: { type: 'http', http_info: { address: '', scheme: 'HTTP', method: 'GET', path: '/' } } },
        false,
      ],
      ['a backend of an unknown type', { downgrade_default: { type: 'ftp' } }, false],
    ],
  ],
  [
    'kafka_log',
    kafka,
    [
      ['no broker', { broker_list: [] }, false],
      ['a port that is too high', { broker_list: ['a.test:65536'] }, false],
      ['no topic', { topic: '' }, false],
      ['six retries', { max_retry_count: 6 }, false],
      ['a back-off of 0', { retry_backoff: 0 }, false],
      ['SASL without a user', { sasl_config: { security_protocol: 'SASL_SSL' } }, false],
      [
        'SASL with one',
        { sasl_config: { security_protocol: 'SASL_SSL', sasl_username: 'u', sasl_password: 'p' } },
        true,
      ],
      ['a field that is not a truth value', { meta_config: { system: { api_id: 1 } } }, false],
    ],
  ],
  [
    'third_auth',
    third,
    [
      ['another method', { auth_request: { ...request, method: 'PATCH' } }, false],
      ['no address', { auth_request: { ...request, url_domain: '' } }, false],
      ['a path without its slash', { auth_request: { ...request, path: 'check' } }, false],
      ['a minute', { auth_request: { ...request, timeout: 60_000 } }, true],
      ['more than a minute', { auth_request: { ...request, timeout: 60_001 } }, false],
      ['a channel that is not named', { auth_request: { ...request, vpc_channel_enabled: true } }, false],
      ['eleven identities', { identities: { headers: many(11, (i) => ({ name: `h${i}` })) } }, false],
      ['nothing that tells success', { simple_auth_mode_enabled: false }, false],
      ['a header that tells success', { simple_auth_mode_enabled: false, match_auth: { key: 'x', value: 'y' } }, true],
      ['rules without a kind', { rule_enabled: true }, false],
      ['an unknown kind of rules', { rule_type: 'maybe' }, false],
    ],
  ],
  [
    'proxy_cache',
    cache,
    [
      ['an empty key', { cache_key: { system_params: [], parameters: null } }, false],
      ['an unknown system parameter', { cache_key: { system_params: ['$context.weather'] } }, false],
      ['a system parameter', { cache_key: { system_params: ['$context.appId'] } }, true],
      ['a status that does not exist', { cache_http_status_and_ttl: [{ http_status: [600], ttl: 1 }] }, false],
      ['apps without one', { client_cache_control: { mode: 'apps', datas: [] } }, false],
      ['a reserved header', { cacheable_headers: ['X-Request-Id'] }, false],
      ['21 headers', { cacheable_headers: many(21, (i) => `x-${i}`) }, false],
    ],
  ],
  [
    'proxy_mirror',
    mirror,
    [
      ['no host', { host: undefined }, false],
      ['gRPC', { protocol: 'GRPCS' }, true],
      ['another protocol', { protocol: 'ftp' }, false],
      ['a share of 0', { sample_ratio: 0 }, false],
      ['a share above 1', { sample_ratio: 1.01 }, false],
      ['an unknown mode', { path_concat_mode: 'suffix' }, false],
    ],
  ],
  [
    'oidc_auth',
    oidc,
    [
      ['no secret', { client_secret: '' }, false],
      ['no discovery', { discovery: 'idp' }, false],
      ['no redirect API', { redirect_api_id: undefined }, false],
      ['no keys at all', { jwks_enabled: false }, false],
      ['a key of its own', { jwks_enabled: false, public_key: 'PEM' }, true],
    ],
  ],
  [
    'jwt_auth',
    jwt,
    [
      ['no keys', { jwks_service: null }, false],
      ['fixed keys', { jwks_service: null, jwks: keys('a', 'b') }, true],
      ['keys of one name', { jwks: keys('a', 'a') }, false],
      ['one key without a name', { jwks: keys(undefined) }, true],
      ['two of which one has no name', { jwks: keys('a', undefined) }, false],
      ['keys that are no JSON', { jwks: '{' }, false],
      ['keys of more than 50 KB', { jwks: JSON.stringify({ keys: [{ kty: 'RSA', n: 'x'.repeat(51_200) }] }) }, false],
      ['a cookie without a name', { token_location: 'cookie' }, false],
      ['a cookie', { token_location: 'cookie', token_name: 'session' }, true],
      ['a tolerance as a text', { token_expiration_tolerance: '60' }, true],
      ['a tolerance of more than a day', { token_expiration_tolerance: 86_401 }, false],
      ['17 claims', { claims_to_headers: many(17, (i) => ({ claim: 'c', header: `h${i}` })) }, false],
      ['a short life of the keys', { jwks_service: { uri: 'a.test', ttl: 599 } }, false],
    ],
  ],
])('%s', (type, base, cases) => {
  test('its least form', () => {
    expect(accepts(type, base)).toBe(true)
  })
  test.each(cases)('%s', (_, change, expected) => {
    expect(accepts(type, { ...base, ...change })).toBe(expected)
  })
  test.each(['', 'x', '[]', '"x"', 'null', '1', '{'])('%j is no content', (text) => {
    expect(accepts(type, text)).toBe(false)
  })
})

test('what a content points at', () => {
  const vpc = { ...request, url_domain: '', vpc_channel_enabled: true, vpc_channel_info: { vpc_id: 'c1' } }
  expect(readContent('third_auth', JSON.stringify({ ...third, auth_request: vpc }))).toEqual([
    { kind: 'vpc_channel', target_id: 'c1' },
  ])
  const unused = { ...request, vpc_channel_enabled: false, vpc_channel_info: { vpc_id: 'c1' } }
  expect(readContent('third_auth', JSON.stringify({ ...third, auth_request: unused }))).toEqual([])
  const backend = {
    type: 'http-vpc',
    http_vpc_info: { vpc_channel_id: 'c2', scheme: 'HTTP', method: 'GET', path: '/' },
  }
  const rules = [{ rule_name: 'r', match_regex: '["a","==","b"]', downgrade_backend: backend }]
  const content = { breaker_condition: condition, downgrade_default: backend, downgrade_rules: rules }
  expect(readContent('breaker', JSON.stringify(content))).toEqual([{ kind: 'vpc_channel', target_id: 'c2' }])
  expect(readContent('oidc_auth', JSON.stringify({ ...oidc, logout_api_id: 'a2' }))).toEqual([
    { kind: 'api', target_id: 'a1' },
    { kind: 'api', target_id: 'a2' },
  ])
})

const refusal = (type: PluginType, content: unknown): string | undefined => {
  try {
    readContent(type, JSON.stringify(content))
    return undefined
  } catch (error) {
    return isFault(error) ? /parameterName:([^ ]*)\./.exec(error.message)?.[1] : String(error)
  }
}

test.each(['RSA', 'EC', 'OKP', 'oct'])('private members of keys of type %s are refused by their name', (kty) => {
  const set = (...more: object[]) => JSON.stringify({ keys: more.map((one, i) => ({ kty, kid: String(i), ...one })) })
  for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'])
    for (const value of ['x', '', null, []]) {
      const jwks = set({}, { n: 'public', [name]: value })
      expect(refusal('jwt_auth', { jwks })).toBe(`plugin_content.jwks.keys[1].${name}`)
      expect(refusal('jwt_auth', { ...jwt, jwks })).toBe(`plugin_content.jwks.keys[1].${name}`)
      expect(refusal('oidc_auth', { ...oidc, public_key: set({ [name]: value }) })).toMatch(/public_key\.keys\[0\]/)
      expect(refusal('oidc_auth', { ...oidc, jwks: { kty, [name]: value } })).toBe(`plugin_content.jwks.${name}`)
    }
  expect(refusal('jwt_auth', { jwks: set({ n: 'a', e: 'b', x: 'c', y: 'd', crv: 'e', x5c: ['f'] }) })).toBeUndefined()
})

test('private keys in PEM are refused, and texts of any depth are no more than refused', () => {
  for (const label of ['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'])
    expect(refusal('oidc_auth', { ...oidc, public_key: `-----BEGIN ${label}-----\nMII` })).toBe(
      'plugin_content.public_key',
    )
  expect(refusal('oidc_auth', { ...oidc, public_key: '-----BEGIN PUBLIC KEY-----\nMII' })).toBeUndefined()
  expect(refusal('oidc_auth', { ...oidc, color: '['.repeat(30_000) + ']'.repeat(30_000) })).toBeUndefined()
})

test.each([
  ['["a","==","b"]', true],
  ['["a","in",["b",1]]', true],
  ['["AND",["a","~~","(?i)x"],["OR",["b",">",1]]]', true],
  ['["!OR",["a","!=","b"]]', true],
  ['["AND","==","b"]', true],
  ['["AND"]', false],
  ['["a","=","b"]', false],
  ['["a","==",{}]', false],
  ['["a","==","b","c"]', false],
  ['["","==","b"]', false],
  ['{}', false],
  ['[]', false],
  [`${'["AND",'.repeat(17)}["a","==","b"]${']'.repeat(17)}`, false],
])('expression %s: %s', (text, expected) => {
  expect(isRuleExpression(text)).toBe(expected)
})

test('no text of whatever form is more than refused', () => {
  const types = [...new Set(published.map(({ plugin_type }) => plugin_type))]
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    fc.integer({ min: 1, max: 30_000 }).map((depth) => '['.repeat(depth)),
  )
  fc.assert(
    fc.property(fc.constantFrom(...types), texts, (type, text) => {
      accepts(type, text)
      isRuleExpression(text)
    }),
  )
})
