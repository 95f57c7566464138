import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management } from '../../../test/management.js'
import { aGroup } from '../../../test/stage.js'
import { httpApi } from '../../../test/definitions.js'

describe.each(engines)('parameters of an API on $name', (engine) => {
  test('52: a placeholder without its parameter, and a back-end parameter that comes from none', async () => {
    await using sluice = await management(engine)
    const api = httpApi(await aGroup(sluice), { req_uri: '/a/{id}' })
    const id = { name: 'id', type: 'STRING', location: 'PATH', required: 1 } as const
    const unknown = { name: 'x', location: 'HEADER', origin: 'REQUEST', value: 'nobody' } as const

    for (const [code, body] of [
      ['APIG.2026', api],
      ['APIG.2028', { ...api, req_params: [id], backend_params: [unknown] }],
    ] as const)
      expect(await sluice.call('createApiV2', { body })).toMatchObject({ status: 400, body: { error_code: code } })
    expect(await sluice.call('listApisV2')).toMatchObject({ body: { total: 0 } })
    expect((await sluice.call('createApiV2', { body: { ...api, req_params: [id] } })).status).toBe(201)
  })
})
