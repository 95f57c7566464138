import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ApiConditionBase, ApiCreate, BackendParamBase, ReqParamBase } from '../../contract/generated/schemas.js'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { imported } from '../../../test/open-api.js'
import { aGroup, publish, RELEASE } from '../../../test/stage.js'
import { sameOf } from '../../../test/same-api.js'

/** UTF-8 has no form for it. */
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

/** Texts as people and their tools write them: with what YAML and JSON have a meaning for. */
const text = (maxLength: number, minLength = 0) =>
  fc
    .oneof(
      fc.string({ minLength, maxLength }),
      fc.string({ minLength, maxLength, unit: 'grapheme' }),
      fc.constantFrom(
        'yes',
        '0123',
        '1e3',
        'null',
        '~',
        '- a',
        'a: b',
        '# c',
        '<<',
        '*a',
        '&a',
        '{{',
        '"\'',
        ' x ',
        '2001-01-01',
      ),
    )
    .filter(
      (one) => !one.includes('\0') && one.length >= minLength && one.length <= maxLength && !LONE_SURROGATE.test(one),
    )

const name = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{2,20}$/)
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })

/** A number of the type is one, as a text; a text may look like one. */
const parameter = (parameterName: string): fc.Arbitrary<ReqParamBase> =>
  fc
    .record({
      type: fc.constantFrom('STRING', 'NUMBER'),
      location: fc.constantFrom('QUERY', 'HEADER'),
      required: fc.constantFrom(1, 2),
      valid_enable: fc.constantFrom(1, 2),
      pass_through: fc.constantFrom(1, 2),
      remark: optional(text(40, 1)),
      default_value: optional(text(20)),
      sample_value: optional(text(20)),
      enumerations: optional(
        fc.array(fc.constantFrom('a', '1', '01', '1.50', 'x y', '-0'), { minLength: 1 }).map((all) => all.join(',')),
      ),
      bounds: optional(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 6, max: 100 }))),
      regular: optional(text(20, 1)),
    })
    .map(({ bounds, ...rest }) => {
      const [least, most] = bounds ?? []
      const limits = rest.type === 'NUMBER' ? { min_num: least, max_num: most } : { min_size: least, max_size: most }
      return { name: parameterName, ...rest, ...limits }
    })

const condition: fc.Arbitrary<ApiConditionBase> = fc.oneof(
  fc.constant({ condition_origin: 'source' as const, condition_value: '10.0.0.1,10.1.0.0/16' }),
  fc.record({
    condition_origin: fc.constant('param' as const),
    req_param_name: fc.constant('one'),
    condition_type: fc.constantFrom('exact' as const, 'enum' as const),
    condition_value: text(20, 1),
  }),
  fc.record({
    condition_origin: fc.constant('system' as const),
    sys_param_name: fc.constantFrom('req_path' as const, 'req_method' as const),
    condition_type: fc.constantFrom('exact' as const, 'enum' as const),
    condition_value: text(20, 1),
  }),
  fc.record({
    condition_origin: fc.constant('cookie' as const),
    cookie_param_name: fc.constantFrom('sid'),
    condition_type: fc.constantFrom('exact' as const, 'pattern' as const),
    condition_value: fc.constantFrom('^a+$', 'b'),
  }),
)

const backendParameters = (inPath: boolean): BackendParamBase[] => [
  ...(inPath ? [{ name: 'id', value: 'id', location: 'PATH' as const, origin: 'REQUEST' as const }] : []),
  { name: 'two', value: 'one', location: 'HEADER', origin: 'REQUEST', remark: 'moved' },
  { name: 'three', value: 'constant: 3', location: 'QUERY', origin: 'CONSTANT' },
  { name: 'four', value: '$context.sourceIp', location: 'HEADER', origin: 'SYSTEM' },
]

const http = fc.record({
  url_domain: fc.constantFrom('a.test', '10.0.0.1:8080', '#host#:80', '[::1]:80'),
  req_protocol: fc.constantFrom('HTTP' as const, 'HTTPS' as const),
  req_method: fc.constantFrom('GET' as const, 'ANY' as const, 'PATCH' as const),
  timeout: fc.integer({ min: 1, max: 60_000 }),
  retry_count: optional(fc.constantFrom('-1', '0', '10')),
})
const called = fc.record({
  function_urn: fc.constant('urn:fss:local:p:function:default:f'),
  invocation_type: fc.constantFrom('sync' as const, 'async' as const),
  network_type: fc.constantFrom('V1' as const, 'V2' as const),
  version: optional(fc.constant('latest')),
  timeout: fc.integer({ min: 1, max: 60_000 }),
})
const mock = fc.record({
  result_content: text(60),
  status_code: optional(fc.integer({ min: 200, max: 599 })),
  header: optional(fc.array(fc.constant({ key: 'X-A', value: 'b c', remark: 'why' }), { minLength: 1, maxLength: 2 })),
})

const policy = <T>(target: fc.Arbitrary<T>) =>
  fc
    .tuple(target, fc.constantFrom('ALL' as const, 'ANY' as const), fc.array(condition, { minLength: 1, maxLength: 2 }))
    .map(([own, effect_mode, conditions]) => ({ ...own, name: 'other', effect_mode, conditions }))

type Backends = Partial<ApiCreate> & Pick<ApiCreate, 'backend_type'>

const backends: fc.Arbitrary<Backends> = fc.oneof(
  fc
    .tuple(http, fc.boolean(), optional(text(40, 1)), fc.option(policy(http)))
    .map(([target, ssl, remark, other]): Backends => {
      const backend_api = {
        ...target,
        req_uri: '/b/{id}',
        remark,
        enable_client_ssl: ssl && target.req_protocol === 'HTTPS',
      }
      return {
        backend_type: 'HTTP',
        backend_api,
        backend_params: backendParameters(true),
        policy_https:
          other === null ? [] : [{ ...other, req_uri: '/c/x-{id}', backend_params: backendParameters(true) }],
      }
    }),
  fc.tuple(called, optional(text(40, 1)), fc.option(policy(called))).map(([target, remark, other]): Backends => ({
    backend_type: 'FUNCTION',
    func_info: { ...target, remark },
    backend_params: backendParameters(false),
    policy_functions: other === null ? [] : [{ ...other, backend_params: backendParameters(false) }],
  })),
  fc.tuple(mock, optional(text(40, 1)), fc.option(policy(mock))).map(([target, remark, other]): Backends => ({
    backend_type: 'MOCK',
    mock_info: { ...target, remark },
    policy_mocks: other === null ? [] : [other],
  })),
)

const api: fc.Arbitrary<Omit<ApiCreate, 'group_id'>> = fc
  .record({
    name,
    type: fc.constantFrom(1 as const, 2 as const),
    req_protocol: fc.constantFrom('HTTP' as const, 'HTTPS' as const, 'BOTH' as const),
    req_method: fc.constantFrom('GET' as const, 'POST' as const, 'ANY' as const, 'OPTIONS' as const),
    match_mode: fc.constantFrom('SWA' as const, 'NORMAL' as const),
    auth: fc.constantFrom(
      ['NONE', false] as const,
      ['IAM', false] as const,
      ['APP', false] as const,
      ['APP', true] as const,
    ),
    cors: fc.boolean(),
    remark: optional(text(60)),
    tags: fc.uniqueArray(fc.constantFrom('blue', 'yes', 'n:1', 'x_y'), { maxLength: 3 }),
    content_type: optional(fc.constantFrom('application/json' as const, 'text/plain' as const)),
    version: optional(fc.constantFrom('V0.0.1', '1.10', 'v2')),
    body_remark: optional(text(60, 1)),
    result_normal_sample: optional(text(60, 1)),
    result_failure_sample: optional(text(60, 1)),
    one: parameter('one'),
    more: fc.array(parameter('more'), { maxLength: 1 }),
    backends,
  })
  .map(({ auth: [auth_type, takesCode], one, more, backends: chosen, ...rest }) => ({
    ...rest,
    req_uri: '/a/{id}/b',
    auth_type,
    auth_opt: { app_code_auth_type: takesCode ? ('HEADER' as const) : ('DISABLE' as const) },
    req_params: [
      { name: 'id', type: 'STRING' as const, location: 'PATH' as const, required: 1 as const },
      one,
      ...more,
    ],
    ...chosen,
  }))

/** APIs on each database. */
const runs = Number(process.env['SLUICE_ROUND_TRIPS'] ?? 15)

describe.each(engines)('files on $name', (engine) => {
  test('what was exported and imported is the same API, in every form', { timeout: 120_000 }, async () => {
    await using sluice = await management(engine)
    const env = { env_id: RELEASE, variable_name: 'host', variable_value: 'host.test' }
    await fc.assert(
      fc.asyncProperty(
        api,
        fc.constantFrom('2.0', '3.0'),
        fc.constantFrom('json', 'yaml'),
        async (body, oas_version, type) => {
          const group_id = await aGroup(sluice)
          await sluice.given('createEnvironmentVariableV2', { body: { ...env, group_id } })
          const { id } = await sluice.given('createApiV2', { body: { ...body, group_id } })
          await publish(sluice, id as string)
          const first = await exportedText(sluice, group_id, oas_version, type)

          const copies = await aGroup(sluice)
          await sluice.given('createEnvironmentVariableV2', { body: { ...env, group_id: copies } })
          const result = await imported(sluice, first, { group_id: copies })
          expect(result.failure).toEqual([])
          const copy = result.success[0]?.id ?? ''
          const read = async (api_id: string) => sameOf(await sluice.given('showDetailsOfApiV2', { path: { api_id } }))
          expect(await read(copy)).toEqual(await read(id as string))

          await publish(sluice, copy)
          const second = await exportedText(sluice, copies, oas_version, type)
          const withoutPlace = (file: string, groupId: string, title: string) =>
            file.replaceAll(groupId, 'GROUP').replaceAll(title, 'TITLE')
          const titleOf = async (groupId: string) =>
            (await sluice.given('showDetailsOfApiGroupV2', { path: { group_id: groupId } })).name as string
          expect(withoutPlace(second, copies, await titleOf(copies))).toBe(
            withoutPlace(first, group_id, await titleOf(group_id)),
          )
        },
      ),
      { numRuns: runs },
    )
  })
})

async function exportedText(
  sluice: TestManagement,
  group_id: string,
  oas_version: string,
  type: string,
): Promise<string> {
  const body = { group_id, env_id: RELEASE, define: 'all', version: 'v1', type }
  return (await sluice.given('exportApiDefinitionsV2', { query: { oas_version }, body })) as string
}
