import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { imported, importing, operation, swagger } from '../../../test/open-api.js'
import { aGroup } from '../../../test/stage.js'

const two = swagger({
  '/one': { get: operation({ operationId: 'one_api' }) },
  '/two': { post: operation({ operationId: 'two_api' }) },
})

const apiOf = async (sluice: TestManagement, id: string | undefined) =>
  sluice.given('showDetailsOfApiV2', { path: { api_id: id ?? '' } })

const place = ({ method, path }: { method: string; path: string }) => `${method} ${path}`

describe.each(engines)('import on $name', (engine) => {
  test('98: a file into a new group, and again into it', async () => {
    await using sluice = await management(engine)
    const first = await importing(sluice, two)
    expect(first.status).toBe(200)
    expect(first.body).toEqual({
      group_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      success: [
        { id: expect.any(String), method: 'GET', path: '/one', action: 'create' },
        { id: expect.any(String), method: 'POST', path: '/two', action: 'create' },
      ],
      failure: [],
      ignore: [],
      swagger: { id: expect.stringMatching(/^[0-9a-f]{32}$/), result: 'Success' },
    })
    const { group_id, success } = first.body

    const kept = await imported(sluice, two, { group_id })
    expect(kept.success).toEqual([])
    expect(kept.ignore.map(place)).toEqual(['GET /one', 'POST /two'])
    expect(kept.failure).toEqual([
      {
        path: '/one',
        method: 'GET',
        error_code: 'APIG.3301',
        error_msg:
          'The API already exists, An API with the same combination of the method, path, and x-apigateway-match-mode fields already exists. API name: one_api',
      },
      expect.objectContaining({ path: '/two', method: 'POST', error_code: 'APIG.3301' }),
    ])
    expect(kept.swagger.result).toBe('Failed')

    const replaced = await imported(sluice, two, { group_id, api_mode: 'override' })
    expect(replaced).toMatchObject({ failure: [], ignore: [], swagger: { result: 'Success' } })
    expect(replaced.success).toEqual(success.map((one: object) => ({ ...one, action: 'update' })))
  })

  test('99: files that are empty, too long, malformed, of another version', async () => {
    await using sluice = await management(engine)
    const codeOf = async (file: string) => {
      const { status, body } = await importing(sluice, file)
      return [status, body.error_code, body.error_msg]
    }
    expect(await codeOf('')).toEqual([400, 'APIG.3609', 'The input file is empty'])
    expect((await codeOf(' \n\n')).slice(0, 2)).toEqual([400, 'APIG.3609'])
    expect(await codeOf('x'.repeat(4 * 1024 * 1024))).toEqual([400, 'APIG.3603', 'The input data is too long'])
    expect(await codeOf('{"swagger": "2.0", ')).toEqual([400, 'APIG.3600', 'JSON or YAML format error'])
    expect((await codeOf('a: b: c')).slice(0, 2)).toEqual([400, 'APIG.3600'])
    expect((await codeOf('just a text')).slice(0, 2)).toEqual([400, 'APIG.3600'])
    expect((await codeOf('{"swagger": "1.2", "paths": {}}')).slice(0, 2)).toEqual([400, 'APIG.3601'])
    expect((await codeOf('{"openapi": "4.0.0", "paths": {}}')).slice(0, 2)).toEqual([400, 'APIG.3601'])
    expect((await codeOf('{}')).slice(0, 2)).toEqual([400, 'APIG.3601'])
    expect((await codeOf('{"swagger": "2.0"}')).slice(0, 2)).toEqual([400, 'APIG.3602'])
    expect((await codeOf('{"swagger": "2.0", "paths": []}')).slice(0, 2)).toEqual([400, 'APIG.3602'])
    expect((await codeOf('{"swagger": "2.0", "paths": {}}')).slice(0, 2)).toEqual([400, 'APIG.2044'])
    expect((await codeOf('{"swagger": "2.0", "paths": {}, "info": {"title": "-"}}')).slice(0, 2)).toEqual([
      400,
      'APIG.2044',
    ])
    const missing = await sluice.call('importApiDefinitionsV2', { form: { is_create_group: 'true' } })
    expect(missing).toMatchObject({ status: 400, body: { error_code: 'APIG.3609' } })
    expect((await sluice.given('listApiGroupsV2')).total).toBe(1)
  })

  test('YAML that was made to harm is refused in time, and management goes on meanwhile', async () => {
    await using sluice = await management(engine)
    const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]']
    for (let level = 1; level < 12; level++)
      lines.push(
        `a${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(',')}]`,
      )
    const bomb = importing(sluice, `swagger: "2.0"\npaths: {}\n${lines.join('\n')}`)
    const circle = importing(sluice, 'swagger: "2.0"\npaths: &p\n  /a: *p\n')
    const deep = importing(sluice, `swagger: "2.0"\npaths: ${'['.repeat(50_000)}`)
    const twice = importing(sluice, 'swagger: "2.0"\npaths: {}\npaths: {}\n')
    const foreign = importing(sluice, 'swagger: "2.0"\npaths: *nothing\n')
    expect((await sluice.call('listApiGroupsV2')).status).toBe(200)
    for (const reply of await Promise.all([bomb, circle, deep, twice, foreign]))
      expect(reply).toMatchObject({ status: 400, body: { error_code: 'APIG.3600' } })
  })

  test('references: local ones are followed; what lies elsewhere, or in a circle, fails its operation alone', async () => {
    await using sluice = await management(engine)
    const document = swagger(
      {
        '/a/{id}': {
          parameters: [{ $ref: '#/parameters/id' }],
          get: operation({ operationId: 'local_ref' }),
          put: operation({ operationId: 'file_ref', parameters: [{ $ref: 'file:///etc/passwd' }] }),
          post: operation({ operationId: 'http_ref', parameters: [{ $ref: 'http://127.0.0.1:1/x' }] }),
          patch: operation({ operationId: 'circle', parameters: [{ $ref: '#/parameters/loop' }] }),
          delete: operation({ operationId: 'nothing', parameters: [{ $ref: '#/parameters/absent' }] }),
        },
        '/b': { $ref: 'other.yaml#/paths/b' },
        '/c': { $ref: '#/x-paths/~1c' },
      },
      {
        parameters: {
          id: { name: 'id', in: 'path', type: 'string', required: true },
          loop: { $ref: '#/parameters/loop2' },
          loop2: { $ref: '#/parameters/loop' },
        },
        'x-paths': { '/c': { get: operation({ operationId: 'path_ref' }) } },
      },
    )
    const result = await imported(sluice, document)
    expect(result.success.map(place)).toEqual(['GET /a/{id}', 'GET /c'])
    expect(result.failure.map((one) => [place(one), one.error_code])).toEqual([
      ['PUT /a/{id}', 'APIG.2012'],
      ['POST /a/{id}', 'APIG.2012'],
      ['PATCH /a/{id}', 'APIG.2012'],
      ['DELETE /a/{id}', 'APIG.2012'],
      [' /b', 'APIG.2012'],
    ])
    expect(result.failure[0]?.error_msg).toContain('parameterName:$ref.')
    expect((await apiOf(sluice, result.success[0]?.id)).req_params).toMatchObject([{ name: 'id', location: 'PATH' }])
  })

  test('openapi-extensions.md 1, 3, 4: the published sample becomes the API that it describes; again it is kept or replaced', async () => {
    await using sluice = await management(engine)
    const sample = {
      swagger: '2.0',
      info: { title: 'importHttpEndpoint10', description: 'import apis', version: '1.0' },
      host: 'api.example.com',
      paths: {
        '/http/{userId}': {
          get: {
            operationId: 'getUser3',
            description: 'get user by userId',
            security: [{ 'apig-auth-app': [] }],
            schemes: ['https'],
            parameters: [
              { name: 'test', description: 'authorization token', type: 'string', in: 'header', required: true },
              { name: 'userId', description: 'user id', type: 'string', in: 'path', required: true },
            ],
            responses: { '200': { description: 'user information' } },
            'x-apigateway-request-type': 'public',
            'x-apigateway-cors': true,
            'x-apigateway-match-mode': 'NORMAL',
            'x-apigateway-backend': {
              type: 'HTTP',
              parameters: [
                { name: 'userId', value: 'userId', in: 'query', origin: 'REQUEST', description: 'user id' },
                { name: 'X-Invoke-User', value: 'apigateway', in: 'header', origin: 'CONSTANT', description: 'who' },
              ],
              httpEndpoints: { address: 'example.com', scheme: 'http', method: 'GET', path: '/users', timeout: 30000 },
            },
          },
        },
      },
      securityDefinitions: {
        'apig-auth-app': { in: 'header', name: 'Authorization', type: 'apiKey', 'x-apigateway-auth-type': 'IAM' },
      },
    }
    for (const [index, file] of [JSON.stringify(sample), stringify(sample)].entries()) {
      const result = await imported(sluice, file.replace('importHttpEndpoint10', `import_${index}`))
      expect(result).toMatchObject({ success: [{ action: 'create' }], failure: [], ignore: [] })
      expect(await apiOf(sluice, result.success[0]?.id)).toMatchObject({
        name: 'getUser3',
        remark: 'get user by userId',
        group_name: `import_${index}`,
        type: 1,
        auth_type: 'IAM',
        req_protocol: 'HTTPS',
        req_method: 'GET',
        req_uri: '/http/{userId}',
        match_mode: 'NORMAL',
        cors: true,
        backend_type: 'HTTP',
        backend_api: {
          url_domain: 'example.com',
          req_protocol: 'HTTP',
          req_method: 'GET',
          req_uri: '/users',
          timeout: 30000,
          vpc_channel_status: 2,
        },
        req_params: [
          {
            name: 'test',
            location: 'HEADER',
            required: 1,
            valid_enable: 2,
            pass_through: 2,
            remark: 'authorization token',
          },
          { name: 'userId', location: 'PATH', required: 1 },
        ],
        backend_params: [
          { name: 'userId', value: 'userId', location: 'QUERY', origin: 'REQUEST', remark: 'user id' },
          { name: 'X-Invoke-User', value: 'apigateway', location: 'HEADER', origin: 'CONSTANT', remark: 'who' },
        ],
      })

      const { group_id } = result
      const kept = await imported(sluice, file, { group_id })
      expect(kept).toMatchObject({ success: [], ignore: [{ method: 'GET', path: '/http/{userId}' }] })
      const changed = file.replace('get user by userId', 'changed')
      const replaced = await imported(sluice, changed, { group_id, api_mode: 'override' })
      expect(replaced).toMatchObject({ success: [{ id: result.success[0]?.id, action: 'update' }], ignore: [] })
      expect(await apiOf(sluice, replaced.success[0]?.id)).toMatchObject({ remark: 'changed', group_id })
    }
    const again = await importing(sluice, JSON.stringify(sample).replace('importHttpEndpoint10', 'import_0'))
    expect(again).toMatchObject({
      status: 400,
      body: { error_code: 'APIG.3201', error_msg: 'The API group name already exists' },
    })
  })

  test('a group that is named must be there', async () => {
    await using sluice = await management(engine)
    const unknown = await importing(sluice, two, { is_create_group: 'FALSE', group_id: 'g1' })
    expect(unknown).toMatchObject({ status: 404, body: { error_code: 'APIG.3001', error_msg: 'API group not found' } })
    const none = await importing(sluice, two, { is_create_group: 'false' })
    expect(none).toMatchObject({ status: 400, body: { error_code: 'APIG.2001' } })
    const group_id = await aGroup(sluice)
    const document = { ...two, info: undefined }
    expect((await imported(sluice, document, { group_id })).success).toHaveLength(2)
  })
})
