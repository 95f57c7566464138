import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { imported, importing, operation, swagger } from '../../../test/open-api.js'

const apiOf = async (sluice: TestManagement, id: string | undefined) =>
  sluice.given('showDetailsOfApiV2', { path: { api_id: id ?? '' } })

const place = ({ method, path }: { method: string; path: string }) => `${method} ${path}`

describe.each(engines)('operations of files on $name', (engine) => {
  test('openapi-extensions.md 2, 6, 7, 8, 9: paths: base path, prefixes, placeholders, every method', async () => {
    await using sluice = await management(engine)
    const id = { name: 'id', in: 'path', type: 'string', required: true }
    const rest = { name: 'proxy', in: 'path', type: 'string', required: true }
    const backend = (path: string) => ({
      type: 'HTTP',
      parameters: [{ name: 'id', value: 'id', in: 'path', origin: 'REQUEST' }],
      httpEndpoints: { address: 'a.test', scheme: 'http', method: 'GET', path, timeout: 1000 },
    })
    const document = swagger(
      {
        '/users': {
          get: operation(),
          'x-apigateway-any-method': operation(),
          'x-apigateway-prefix-methods': {
            get: operation({ operationId: 'by_prefix', 'x-apigateway-match-mode': 'SWA' }),
          },
        },
        '/users/prefix-{id}': { get: operation({ parameters: [id] }) },
        '/ok/{id}': { get: operation({ parameters: [id], 'x-apigateway-backend': backend('/users/prefix-{id}') }) },
        '/files/{proxy+}': { get: operation({ parameters: [rest] }) },
        '/token': { get: operation({ parameters: [{ name: 'X-Auth-Token', in: 'header', type: 'string' }] }) },
        'x-note': { get: operation() },
      },
      { basePath: '/v1/' },
    )
    const result = await imported(sluice, document)
    expect(result.success.map(place)).toEqual([
      'GET /v1/users',
      'ANY /v1/users',
      'GET /v1/users',
      'GET /v1/ok/{id}',
      'GET /v1/files/{proxy+}',
    ])
    expect(result.failure.map((one) => [place(one), one.error_code])).toEqual([
      ['GET /v1/users/prefix-{id}', 'APIG.2011'],
      ['GET /v1/token', 'APIG.2011'],
    ])
    expect(await apiOf(sluice, result.success[0]?.id)).toMatchObject({ name: 'GET__v1_users', req_uri: '/v1/users' })
    const any = await apiOf(sluice, result.success[1]?.id)
    expect(any).toMatchObject({ req_method: 'ANY', match_mode: 'NORMAL' })
    // What an import let in can be changed afterwards, where it is.
    const body = { ...any, remark: 'changed', mock_info: { result_content: 'x' } }
    expect((await sluice.call('updateApiV2', { path: { api_id: any.id }, body })).status).toBe(200)
  })

  test('openapi-extensions.md 5: of two operations that cannot stand beside each other the first one stays', async () => {
    await using sluice = await management(engine)
    const named = (name: string) => [{ name, in: 'path', type: 'string' }]
    const document = swagger(
      {
        '/a/{x}': { get: operation({ operationId: 'first', parameters: named('x') }) },
        '/a/{y}': { get: operation({ operationId: 'second', parameters: named('y') }) },
        '/b': { get: operation({ operationId: 'first' }) },
      },
      { basePath: '/v1' },
    )
    for (const api_mode of ['merge', 'override']) {
      const result = await imported(sluice, { ...document, info: { title: `group_${api_mode}` } }, { api_mode })
      expect(result.success.map(place)).toEqual(['GET /v1/a/{x}'])
      expect(result.failure.map((one) => [place(one), one.error_code])).toEqual([
        ['GET /v1/a/{y}', 'APIG.3301'],
        ['GET /v1/b', 'APIG.3301'],
      ])
      expect(result.failure[1]?.error_msg).toMatch(/API name: first$/)
    }
  })

  test('openapi-extensions.md 10: what is mandatory fails its operation, unless the import is a simple one', async () => {
    await using sluice = await management(engine)
    const without = (name: string, operationId: string) =>
      Object.fromEntries(Object.entries(operation({ operationId })).filter(([key]) => key !== name))
    const names = ['x-apigateway-match-mode', 'x-apigateway-request-type', 'x-apigateway-cors', 'x-apigateway-backend']
    const paths = Object.fromEntries(names.map((name, index) => [`/${index}`, { get: without(name, `api_${index}`) }]))
    const document = swagger(
      { ...paths, '/whole': { get: operation() } },
      { host: 'host.test:8080', schemes: ['http'] },
    )
    const strict = await imported(sluice, document)
    expect(strict.success.map(place)).toEqual(['GET /whole'])
    expect(strict.failure.map((one) => one.error_msg)).toEqual(
      names.map((name) => expect.stringContaining(`parameterName:${name}.`)),
    )
    expect(new Set(strict.failure.map((one) => one.error_code))).toEqual(new Set(['APIG.2001']))

    const simple = await imported(sluice, { ...document, info: { title: 'simple' } }, { simple_mode: 'TRUE' })
    expect(simple.failure).toEqual([])
    const [matched, typed, crossed, called] = await Promise.all(simple.success.map(({ id }) => apiOf(sluice, id)))
    expect([matched.match_mode, typed.type, crossed.cors]).toEqual(['NORMAL', 2, false])
    expect(called).toMatchObject({
      backend_type: 'HTTP',
      req_protocol: 'HTTP',
      backend_api: { url_domain: 'host.test:8080', req_protocol: 'HTTP', req_uri: '/3', timeout: 5000 },
    })
  })

  test('a plain document of 3.x is imported simply', async () => {
    await using sluice = await management(engine)
    const document = {
      openapi: '3.1.0',
      info: { title: 'pets', version: '1' },
      servers: [{ url: 'https://{region}.pets.test/v2', variables: { region: { default: 'eu' } } }],
      security: [{ oauth: [] }],
      paths: {
        '/pets/{petId}': {
          get: {
            summary: 'A pet',
            parameters: [
              { name: 'petId', in: 'path', required: true, schema: { type: 'integer' } },
              {
                name: 'limit',
                in: 'query',
                schema: { type: ['integer', 'null'], minimum: 0, maximum: 10, default: 5 },
                example: 3,
              },
              { name: 'session', in: 'cookie', schema: { type: 'string' } },
            ],
            responses: { '200': { description: 'ok', content: { 'application/json': { example: { name: 'Rex' } } } } },
          },
          post: {
            requestBody: { content: { 'application/json': { schema: { type: 'object' } } } },
            responses: { '201': { description: 'ok' } },
            servers: [{ url: 'http://other.test' }, { url: 'https://other.test' }],
          },
        },
      },
      components: { securitySchemes: { oauth: { type: 'oauth2' } } },
    }
    const strict = await imported(sluice, document)
    expect(strict).toMatchObject({ success: [], swagger: { result: 'Failed' } })
    expect((await sluice.given('showDetailsOfApiGroupV2', { path: { group_id: strict.group_id } })).name).toBe('pets')

    const { group_id } = strict
    const { success } = await imported(sluice, document, { group_id, simple_mode: 'true' })
    expect(success.map(place)).toEqual(['GET /pets/{petId}'])
    expect(await apiOf(sluice, success[0]?.id)).toMatchObject({
      name: 'GET__pets__petId_',
      remark: 'A pet',
      auth_type: 'NONE',
      type: 2,
      req_protocol: 'HTTPS',
      backend_api: { url_domain: 'eu.pets.test', req_protocol: 'HTTPS', req_uri: '/v2/pets/{petId}' },
      backend_params: [{ name: 'petId', value: 'petId', location: 'PATH', origin: 'REQUEST' }],
      req_params: [
        { name: 'petId', type: 'NUMBER', location: 'PATH' },
        {
          name: 'limit',
          type: 'NUMBER',
          min_num: 0,
          max_num: 10,
          default_value: '5',
          sample_value: '3',
          valid_enable: 1,
        },
      ],
    })
    const mocked = await imported(
      sluice,
      { ...document, info: { title: 'mocked' } },
      { simple_mode: 'true', mock_mode: 'true' },
    )
    const [pet] = mocked.success
    expect((await apiOf(sluice, pet?.id)).mock_info.result_content).toBe('{"name":"Rex"}')
  })

  test('openapi-extensions.md 13: 300 operations at once and not one more; a quota that is reached fails those that are too many', async () => {
    await using sluice = await management(engine)
    const paths = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`/p${index}`, { get: operation() }]))
    const tooMany = await importing(sluice, swagger(paths(301)))
    expect(tooMany).toMatchObject({
      status: 403,
      body: {
        error_code: 'APIG.3127',
        error_msg: 'The number of APIs has reached the upper limit. A maximum of 300 APIs can be imported at a time',
      },
    })
    expect((await sluice.given('listApiGroupsV2')).total).toBe(1)
    await sluice.store.write([], ({ db }) =>
      db
        .updateTable('configs')
        .set({ config_value: '3' })
        .where('scope_id', '=', sluice.instanceId)
        .where('config_name', '=', 'API_NUM_LIMIT_PER_GROUP')
        .execute(),
    )
    const result = await imported(sluice, swagger(paths(5)))
    expect(result.success.map(place)).toEqual(['GET /p0', 'GET /p1', 'GET /p2'])
    expect(result.failure.map((one) => one.error_code)).toEqual(['APIG.3125', 'APIG.3125'])
  })

  test('security: the extension decides, whatever a scheme is called', async () => {
    await using sluice = await management(engine)
    const scheme = (extensions: object) => ({ type: 'apiKey', in: 'header', name: 'Authorization', ...extensions })
    const app = { 'x-apigateway-auth-type': 'AppSigv1' }
    const securityDefinitions = {
      app: scheme(app),
      code: scheme({ ...app, 'x-apigateway-auth-opt': { 'appcode-auth-type': 'header' } }),
      iam: scheme({ 'x-apigateway-auth-type': 'IAM' }),
      foreign: { type: 'basic' },
      strange: scheme({ 'x-apigateway-auth-type': 'Magic' }),
      lost: scheme({ 'x-apigateway-auth-type': 'AUTHORIZER' }),
      slow: scheme({
        'x-apigateway-auth-type': 'AUTHORIZER',
        'x-apigateway-authorizer': { type: 'FRONTEND', authorizer_uri: 'urn:f', timeout: 60_001 },
      }),
      eager: scheme({
        'x-apigateway-auth-type': 'AUTHORIZER',
        'x-apigateway-authorizer': { type: 'FRONTEND', authorizer_uri: 'urn:f', retry_attempts: 11 },
      }),
      lax: scheme({
        'x-apigateway-auth-type': 'AUTHORIZER',
        'x-apigateway-authorizer': { type: 'FRONTEND', authorizer_uri: 'urn:f', auth_downgrade_enabled: 'maybe' },
      }),
    }
    const requirements: [string, unknown][] = [
      ['none', []],
      ['inherited', undefined],
      ['app', [{ app: [] }, { iam: [] }]],
      ['code', [{ code: [] }]],
      ['foreign', [{ foreign: [] }]],
      ['undeclared', [{ nobody: [] }]],
      ['strange', [{ strange: [] }]],
      ['lost', [{ lost: [] }]],
      ['slow', [{ slow: [] }]],
      ['eager', [{ eager: [] }]],
      ['lax', [{ lax: [] }]],
    ]
    const paths = Object.fromEntries(
      requirements.map(([path, security]) => [
        `/${path}`,
        { get: operation({ operationId: `api_${path}`, security }) },
      ]),
    )
    const document = swagger(paths, { securityDefinitions, security: [{ iam: [] }] })
    const result = await imported(sluice, document)
    const types = await Promise.all(
      result.success.map(async ({ path, id }) => {
        const { auth_type, auth_opt } = await apiOf(sluice, id)
        return [path, auth_type, auth_opt.app_code_auth_type]
      }),
    )
    expect(types).toEqual([
      ['/none', 'NONE', 'DISABLE'],
      ['/inherited', 'IAM', 'DISABLE'],
      ['/app', 'APP', 'DISABLE'],
      ['/code', 'APP', 'HEADER'],
    ])
    expect(result.failure.map(({ path, error_code }) => [path, error_code])).toEqual([
      ['/foreign', 'APIG.2001'],
      ['/undeclared', 'APIG.2012'],
      ['/strange', 'APIG.2012'],
      ['/lost', 'APIG.3081'],
      ['/slow', 'APIG.2046'],
      ['/eager', 'APIG.2047'],
      ['/lax', 'APIG.2012'],
    ])
    const simple = await imported(sluice, { ...document, info: { title: 'simple' } }, { simple_mode: 'true' })
    expect(simple.failure.map(({ path }) => path)).toEqual(['/lost', '/slow', '/eager', '/lax'])
  })

  test('openapi-extensions.md 12: policies are of the kind of the default back end, or their operation fails', async () => {
    await using sluice = await management(engine)
    const endpoints = {
      HTTP: { httpEndpoints: { address: 'a.test', scheme: 'http', method: 'GET', path: '/b' } },
      FUNCTION: { functionEndpoints: { 'function-urn': 'urn:f', version: 'latest', 'invocation-type': 'sync' } },
      MOCK: { mockEndpoints: { 'result-content': 'mocked' } },
    }
    const kinds = ['HTTP', 'FUNCTION', 'MOCK'] as const
    const conditions = [{ type: 'equal', value: '/a', origin: 'system', parameter: 'req_path' }]
    const pairs = kinds.flatMap((kind) => kinds.map((other) => [kind, other] as const))
    const paths = pairs.map(([kind, other]) => {
      const policy = { type: other, ...endpoints[other], name: 'other', conditions }
      const backend = { type: kind, ...endpoints[kind] }
      const node = operation({ 'x-apigateway-backend': backend, 'x-apigateway-backend-policies': [policy] })
      return [`/${kind}/${other}`, { get: node }]
    })
    const result = await imported(sluice, swagger(Object.fromEntries(paths)))
    expect(result.success.map(({ path }) => path)).toEqual(kinds.map((kind) => `/${kind}/${kind}`))
    expect(result.failure.map(({ path, error_code }) => [path, error_code])).toEqual(
      pairs.filter(([kind, other]) => kind !== other).map(([kind, other]) => [`/${kind}/${other}`, 'APIG.2011']),
    )
  })

  test('wrong values fail their operation as a create would, and nothing else', async () => {
    await using sluice = await management(engine)
    const backend = (type: string, endpoints: object) => ({ 'x-apigateway-backend': { type, ...endpoints } })
    const address = { address: 'a.test', scheme: 'http', method: 'GET', path: '/b', timeout: 1000 }
    const http = backend('http', { httpEndpoints: address })
    const policy = {
      type: 'MOCK',
      name: 'other',
      conditions: [{ type: 'equal', value: '/a', origin: 'system', parameter: 'req_path' }],
    }
    const called = { 'function-urn': 'urn:f', version: 'latest', 'invocation-type': 'synchronous', timeout: 1000 }
    const cases: [string, string | undefined, object][] = [
      ['good', undefined, http],
      ['function', undefined, backend('FUNCTION', { functionEndpoints: called })],
      ['list', undefined, backend('HTTP', { httpEndpoints: { ...address, address: ['a.test'] } })],
      ['kind', 'APIG.2012', backend('FTP', {})],
      ['match', 'APIG.2012', { 'x-apigateway-match-mode': 'FUZZY' }],
      ['cors', 'APIG.2012', { 'x-apigateway-cors': 'maybe' }],
      ['timeout', 'APIG.2011', backend('HTTP', { httpEndpoints: { ...address, timeout: 600_001 } })],
      ['noaddress', 'APIG.2001', backend('HTTP', { httpEndpoints: { ...address, address: undefined } })],
      ['channel', 'APIG.3023', backend('HTTP-VPC', { httpVpcEndpoints: { ...address, name: 'nobody' } })],
      ['mixed', 'APIG.2011', { ...http, 'x-apigateway-backend-policies': [policy] }],
      [
        'mapped',
        'APIG.2028',
        backend('HTTP', {
          httpEndpoints: address,
          parameters: [{ name: 'a', value: 'b', in: 'query', origin: 'REQUEST' }],
        }),
      ],
      ['name', 'APIG.2011', { operationId: '-' }],
      [
        'rule',
        'APIG.3095',
        { parameters: [{ name: 'q', in: 'query', type: 'string', 'x-apigateway-orchestrations': ['r'] }] },
      ],
    ]
    const paths = Object.fromEntries(
      cases.map(([path, , overrides]) => [
        `/${path}`,
        { get: operation({ operationId: `api_${path}`, ...overrides }) },
      ]),
    )
    const result = await imported(sluice, swagger({ ...paths, '/null': { get: null } }))
    const outcome = new Map<string, string | undefined>(
      result.failure.map(({ path, error_code }) => [path, error_code]),
    )
    for (const { path } of result.success) outcome.set(path, undefined)
    expect(Object.fromEntries(outcome)).toEqual({
      ...Object.fromEntries(cases.map(([path, code]) => [`/${path}`, code])),
      '/null': 'APIG.3602',
    })
    const functionApi = result.success.find(({ path }) => path === '/function')
    expect((await apiOf(sluice, functionApi?.id)).func_info.invocation_type).toBe('sync')
  })

  test('bounds that exports write as 0 are none', async () => {
    await using sluice = await management(engine)
    const parameters = [
      { name: 'a', in: 'query', type: 'integer', maximum: 0, minimum: 0, maxLength: 0, minLength: 0 },
      { name: 'b', in: 'query', type: 'integer', maximum: 10, minimum: 0 },
      { name: 'c', in: 'query', type: 'string', maxLength: 0, minLength: 0 },
      { name: 'd', in: 'query', type: 'string', maxLength: 5, minLength: 0, enum: ['x', 'y'] },
      { name: 'e', in: 'query', type: 'boolean', 'x-apigateway-pass-through': 'always', 'x-apigateway-sample': true },
      { name: 'f', in: 'formData', type: 'file' },
    ]
    const { success } = await imported(sluice, swagger({ '/a': { get: operation({ parameters }) } }))
    const { req_params } = await apiOf(sluice, success[0]?.id)
    expect(req_params).toEqual([
      {
        id: expect.any(String),
        name: 'a',
        type: 'NUMBER',
        location: 'QUERY',
        required: 2,
        valid_enable: 2,
        pass_through: 2,
      },
      expect.objectContaining({ name: 'b', min_num: 0, max_num: 10, valid_enable: 1 }),
      expect.not.objectContaining({ max_size: expect.anything() }),
      expect.objectContaining({ name: 'd', min_size: 0, max_size: 5, enumerations: 'x,y', valid_enable: 1 }),
      expect.objectContaining({ name: 'e', type: 'STRING', pass_through: 1, sample_value: 'true' }),
    ])
  })
})
