/** What a file says, as callers of the gateway feel it. */
import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { functionsFolder, urnOf } from '../../../test/functions-folder.js'
import { managementWithGateway } from '../../../test/management-with-gateway.js'
import { exported, imported, operation, swagger } from '../../../test/open-api.js'
import { publish } from '../../../test/stage.js'

describe.each(engines)('APIs of files, called, on $name', (engine) => {
  test('openapi-extensions.md 14: bounds that exports write as 0 bind nobody, however often they are imported', async () => {
    await using stage = await managementWithGateway(engine)
    const { sluice } = stage
    const zeros = { maximum: 0, minimum: 0, maxLength: 0, minLength: 0 }
    const parameters = [
      { name: 'free', in: 'query', type: 'number', 'x-apigateway-validation': 'always', ...zeros },
      { name: 'bound', in: 'query', type: 'number', minimum: 0, maximum: 4 },
    ]
    const first = await imported(sluice, swagger({ '/a': { get: operation({ parameters, schemes: ['http'] }) } }))
    const statuses = async ({ group_id, success }: typeof first) => {
      const api_id = success[0]?.id ?? ''
      const { req_params } = await sluice.given('showDetailsOfApiV2', { path: { api_id } })
      for (const bound of ['min_num', 'max_num']) expect(req_params[0]).not.toHaveProperty(bound)
      await publish(sluice, api_id)
      const statusOf = async (query: string) => (await stage.get(`${group_id}.apic.localhost`, `/a?${query}`)).status
      return [await statusOf('free=5'), await statusOf('free=-5'), await statusOf('free=x'), await statusOf('bound=5')]
    }
    expect(await statuses(first)).toEqual([200, 200, 400, 400])

    const document = await exported(sluice, first.group_id, { version: '3.0' })
    // As the service itself would have written it.
    const file = JSON.stringify(document).replace(/("name":"free".*?"schema":\{)/, '$1"maximum":0,"minimum":0,')
    expect(file).toContain('"maximum":0')
    const second = await imported(sluice, file.replace('imported_group', 'copied_group'))
    expect(second.failure).toEqual([])
    expect(await statuses(second)).toEqual([200, 200, 400, 400])
  })

  test('how the function of an authorizer is called is as the file says', async () => {
    using functions = functionsFolder({
      'default/twice.js': `let calls = 0
        exports.handler = async () => {
          if (++calls % 2 === 1) throw new Error('not now')
          return { statusCode: 200, body: '{"status":"deny"}' }
        }`,
    })
    await using stage = await managementWithGateway(engine, {
      functions: { directory: functions.directory, checkEvery: 0 },
    })
    const statusWith = async (title: string, calls: object) => {
      const described = { type: 'FRONTEND', authorizer_uri: urnOf('twice'), timeout: 20_000, ...calls }
      const scheme = { 'x-apigateway-auth-type': 'AUTHORIZER', 'x-apigateway-authorizer': described }
      const security = [{ [title]: [] }]
      const document = swagger(
        { '/a': { get: operation({ schemes: ['http'], security }) } },
        { info: { title }, securityDefinitions: { [title]: scheme } },
      )
      const { group_id, success } = await imported(stage.sluice, document)
      await publish(stage.sluice, success[0]?.id ?? '')
      return (await stage.get(`${group_id}.apic.localhost`, '/a')).status
    }
    expect(await statusWith('repeated', { retry_attempts: 1 })).toBe(401)
    expect(await statusWith('relaxed', { auth_downgrade_enabled: true })).toBe(200)
    expect(await statusWith('denied', {})).toBe(401)
    expect(await statusWith('failed', {})).toBe(500)
  })

  test('openapi-extensions.md 18: what was imported answers 404 APIG.0101 until it is published', async () => {
    await using stage = await managementWithGateway(engine)
    const { group_id, success } = await imported(
      stage.sluice,
      swagger({ '/a': { get: operation({ schemes: ['http'] }) } }),
    )
    const host = `${group_id}.apic.localhost`
    expect(await stage.get(host, '/a')).toMatchObject({ status: 404, body: { error_code: 'APIG.0101' } })
    await publish(stage.sluice, success[0]?.id ?? '')
    expect(await stage.get(host, '/a')).toEqual({ status: 200, body: 'mocked' })
  })
})
