import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'

const DEFAULT_BODY =
  '{"error_code":"$context.error.code","error_msg":"$context.error.message","request_id":"$context.requestId"}'

const STATUSES = {
  ACCESS_DENIED: 403,
  AUTHORIZER_CONF_FAILURE: 500,
  AUTHORIZER_FAILURE: 500,
  AUTHORIZER_IDENTITIES_FAILURE: 401,
  AUTH_FAILURE: 401,
  AUTH_HEADER_MISSING: 401,
  BACKEND_TIMEOUT: 504,
  BACKEND_UNAVAILABLE: 502,
  DEFAULT_4XX: 404,
  DEFAULT_5XX: 500,
  JWT_AUTH_FAILURE: 401,
  NOT_FOUND: 404,
  OIDC_AUTH_CODE_FLOW_FAIL: 500,
  OIDC_AUTH_GET_DISCOVERY_ERROR: 500,
  OIDC_AUTH_TOKEN_VERIFY_FAIL: 401,
  ORCHESTRATION_FAILURE: 400,
  ORCHESTRATION_PARAMETER_NOT_FOUND: 400,
  REQUEST_PARAMETERS_FAILURE: 400,
  THIRD_AUTH_CONF_FAILURE: 500,
  THIRD_AUTH_FAILURE: 401,
  THIRD_AUTH_IDENTITIES_FAILURE: 401,
  THROTTLED: 429,
  UNAUTHORIZED: 401,
}

const byDefault = Object.fromEntries(
  Object.entries(STATUSES).map(([type, status]) => [type, { status, body: DEFAULT_BODY, default: true }]),
)

const SECONDS = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/

const groupOf = async (sluice: TestManagement, name = 'shop') =>
  (await sluice.given('createApiGroupV2', { body: { name } })).id as string

async function defaultOf(sluice: TestManagement, group_id: string): Promise<string> {
  const { responses } = await sluice.given('listGatewayResponsesV2', { path: { group_id } })
  return responses.find((one: { default: boolean }) => one.default).id
}

const outcome = ({ status, body }: { status: number; body?: { error_code: string } }) => [status, body?.error_code]

describe.each(engines)('Gateway responses on $name', (engine) => {
  test('90: one type is overridden, all are shown; what is not sent is default again', async () => {
    await using sluice = await management(engine)
    const group_id = await groupOf(sluice)
    const override = { status: 410, body: '{"gone":"$context.reqPath"}', headers: [{ key: 'X-A', value: 'a b' }] }

    const { status, body: created } = await sluice.call('createGatewayResponseV2', {
      path: { group_id },
      body: { name: 'response_demo', responses: { NOT_FOUND: override } },
    })

    expect(status).toBe(201)
    expect(created).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      name: 'response_demo',
      default: false,
      responses: { ...byDefault, NOT_FOUND: { ...override, default: false } },
      create_time: expect.stringMatching(/\.\d{3}Z$/),
      update_time: created.create_time,
    })
    const path = { group_id, response_id: created.id as string }
    const read = await sluice.given('showDetailsOfGatewayResponseV2', { path })
    expect(read).toEqual({
      ...created,
      create_time: expect.stringMatching(SECONDS),
      update_time: expect.stringMatching(SECONDS),
    })

    sluice.now += 5000
    const updated = await sluice.given('updateGatewayResponseV2', { path, body: { name: 'renamed' } })
    expect(updated).toMatchObject({ name: 'renamed', responses: byDefault, create_time: read.create_time })
    expect(updated.update_time > read.update_time).toBe(true)

    const type = { ...path, response_type: 'THROTTLED' }
    const put = await sluice.call('updateGatewayResponseTypeV2', { path: type, body: { status: 503 } })
    const throttled = { THROTTLED: { status: 503, body: DEFAULT_BODY, default: false } }
    expect([put.status, put.body]).toEqual([200, throttled])
    expect(await sluice.given('showDetailsOfGatewayResponseTypeV2', { path: type })).toEqual(throttled)
    const { responses } = await sluice.given('showDetailsOfGatewayResponseV2', { path })
    expect(responses).toEqual({ ...byDefault, ...throttled })

    for (const _twice of [1, 2])
      expect((await sluice.call('deleteGatewayResponseTypeV2', { path: type })).status).toBe(204)
    expect(await sluice.given('showDetailsOfGatewayResponseTypeV2', { path: type })).toEqual({
      THROTTLED: byDefault['THROTTLED'],
    })
    expect((await sluice.call('deleteGatewayResponseV2', { path })).status).toBe(204)

    const ofDefault = { group_id, response_id: await defaultOf(sluice, group_id) }
    const deleted = await sluice.call('deleteGatewayResponseV2', { path: ofDefault })
    expect([deleted.status, deleted.body]).toEqual([
      409,
      { error_code: 'APIG.3491', error_msg: 'The default response cannot be deleted' },
    ])
    const renamed = await sluice.call('updateGatewayResponseV2', { path: ofDefault, body: { name: 'mine' } })
    expect([renamed.status, renamed.body]).toEqual([
      409,
      { error_code: 'APIG.3492', error_msg: 'The default response name cannot be modified' },
    ])
    const body = { name: 'default', responses: { THROTTLED: { status: 503 } } }
    const changed = await sluice.given('updateGatewayResponseV2', { path: ofDefault, body })
    expect(changed).toMatchObject({ default: true, responses: throttled })
  })

  test('91: what a response may not be', async () => {
    await using sluice = await management(engine)
    const group_id = await groupOf(sluice)
    const response_id = await defaultOf(sluice, group_id)
    const header = (more: object) => ({ headers: [{ key: 'X-A', value: 'a', ...more }] })
    const eleven = Array.from({ length: 11 }, (_, index) => ({ key: `X-${index}`, value: 'a' }))

    for (const [response, status, code, name] of [
      [{ status: 444 }, 400, 'APIG.2011', 'status'],
      [{ status: 199 }, 400, 'APIG.2011', 'status'],
      [{ status: 600 }, 400, 'APIG.2011', 'status'],
      [{ status: '403' }, 400, 'APIG.2000', ''],
      [{ body: 'x'.repeat(20_481) }, 400, 'APIG.2011', 'body'],
      [{ headers: eleven }, 400, 'APIG.2011', 'headers'],
      [header({ key: 'X A' }), 400, 'APIG.2011', 'key'],
      [header({ key: 'x'.repeat(129) }), 400, 'APIG.2011', 'key'],
      [header({ value: '' }), 400, 'APIG.2011', 'value'],
      [header({ value: 'x'.repeat(1025) }), 400, 'APIG.2011', 'value'],
      [header({ value: 'a\r\nX-B: b' }), 400, 'APIG.2011', 'value'],
      [header({ value: 'a[[b' }), 400, 'APIG.2011', 'value'],
      [{ headers: [{ value: 'a' }] }, 400, 'APIG.2001', 'key'],
      [{ headers: [{ key: 'X-A' }] }, 400, 'APIG.2001', 'value'],
      [{ status: 200, body: '', headers: [] }, 200, undefined, ''],
      [{ status: 599, body: '𝒳'.repeat(20_480), ...header({ key: 'x'.repeat(128) }) }, 200, undefined, ''],
      [header({ value: 'ü'.repeat(1024) }), 200, undefined, ''],
    ] as const) {
      const type = await sluice.call('updateGatewayResponseTypeV2', {
        path: { group_id, response_id, response_type: 'THROTTLED' },
        body: response,
      })
      const set = await sluice.call('updateGatewayResponseV2', {
        path: { group_id, response_id },
        body: { name: 'default', responses: { THROTTLED: response } },
      })
      for (const reply of [type, set]) {
        expect([response, ...outcome(reply)]).toEqual([response, status, code])
        if (status === 400) expect(reply.body.error_msg).toContain(name)
      }
    }
    const create = (body: object) => sluice.call('createGatewayResponseV2', { path: { group_id }, body })
    expect(outcome(await create({ name: 'a', responses: { NOPE: { status: 403 } } }))).toEqual([400, 'APIG.2011'])
    expect(outcome(await create({ responses: {} }))).toEqual([400, 'APIG.2001'])
    for (const name of ['a b', 'x'.repeat(65)]) expect(outcome(await create({ name }))).toEqual([400, 'APIG.2011'])
    expect((await create({ name: `a-_${'x'.repeat(61)}` })).status).toBe(201)
  })

  test('responses.md 5: no set answers with status 444', async () => {
    await using sluice = await management(engine)
    const group_id = await groupOf(sluice)
    const response_id = await defaultOf(sluice, group_id)
    const body = { name: 'default', responses: { THROTTLED: { status: 444 } } }
    const created = await sluice.call('createGatewayResponseV2', { path: { group_id }, body: { ...body, name: 'a' } })
    const updated = await sluice.call('updateGatewayResponseV2', { path: { group_id, response_id }, body })
    for (const reply of [created, updated]) {
      expect(outcome(reply)).toEqual([400, 'APIG.2011'])
      expect(reply.body.error_msg).toContain('status')
    }
  })

  test('a type without a body is overridden all the same', async () => {
    await using sluice = await management(engine)
    const group_id = await groupOf(sluice)
    const path = { group_id, response_id: await defaultOf(sluice, group_id), response_type: 'NOT_FOUND' }
    const { body } = await sluice.call('updateGatewayResponseTypeV2', { path })
    expect(body).toEqual({ NOT_FOUND: { status: 404, body: DEFAULT_BODY, default: false } })
  })

  test('what does not exist, parents first', async () => {
    await using sluice = await management(engine)
    const group_id = await groupOf(sluice)
    const other = await groupOf(sluice, 'other')
    const response_id = await defaultOf(sluice, group_id)
    const response_type = 'THROTTLED'
    const calls = (path: { group_id: string; response_id: string }) =>
      Promise.all([
        sluice.call('showDetailsOfGatewayResponseV2', { path }),
        sluice.call('updateGatewayResponseV2', { path, body: { name: 'x' } }),
        sluice.call('deleteGatewayResponseV2', { path }),
        sluice.call('showDetailsOfGatewayResponseTypeV2', { path: { ...path, response_type } }),
        sluice.call('updateGatewayResponseTypeV2', { path: { ...path, response_type }, body: {} }),
        sluice.call('deleteGatewayResponseTypeV2', { path: { ...path, response_type } }),
      ])

    for (const reply of await calls({ group_id: 'unknown', response_id }))
      expect([reply.status, reply.body]).toEqual([
        404,
        { error_code: 'APIG.3001', error_msg: 'API group unknown does not exist' },
      ])
    for (const path of [
      { group_id, response_id: 'unknown' },
      { group_id: other, response_id },
    ])
      for (const reply of await calls(path))
        expect([reply.status, reply.body]).toEqual([
          404,
          { error_code: 'APIG.3088', error_msg: `The gateway response does not exist,id:${path.response_id}` },
        ])
    const path = { group_id: 'unknown' }
    expect(outcome(await sluice.call('listGatewayResponsesV2', { path }))).toEqual([404, 'APIG.3001'])
    const create = await sluice.call('createGatewayResponseV2', { path, body: { name: 'x' } })
    expect(outcome(create)).toEqual([404, 'APIG.3001'])
    const type = { group_id, response_id, response_type: 'NOPE' }
    const nope = await sluice.call('showDetailsOfGatewayResponseTypeV2', { path: type })
    expect(outcome(nope)).toEqual([400, 'APIG.2012'])
    expect(nope.body.error_msg).toContain('response_type')
  })

  test('the list: newest first and the default last, in pages; ten in a group, names once', async () => {
    await using sluice = await management(engine)
    const group_id = await groupOf(sluice)
    const path = { group_id }
    const names: string[] = ['default']
    for (let count = 1; count < 10; count++) {
      sluice.now += 10
      await sluice.given('createGatewayResponseV2', { path, body: { name: `set_${count}` } })
      names.unshift(`set_${count}`)
    }

    const seen: string[] = []
    for (let offset = 0; ; offset += 4) {
      const list = await sluice.given('listGatewayResponsesV2', { path, query: { limit: 4, offset } })
      expect([list.total, list.size]).toEqual([10, list.responses.length])
      if (list.size === 0) break
      seen.push(...list.responses.map(({ name }: { name: string }) => name))
    }
    expect(seen).toEqual(names)
    const eleventh = await sluice.call('createGatewayResponseV2', { path, body: { name: 'more' } })
    expect([eleventh.status, eleventh.body]).toEqual([
      403,
      { error_code: 'APIG.3136', error_msg: 'The number of responses exceeds the maximum allowed limit' },
    ])
    const taken = { error_code: 'APIG.3216', error_msg: 'The response name already exists' }
    const again = await sluice.call('createGatewayResponseV2', { path, body: { name: 'set_1' } })
    expect([again.status, again.body]).toEqual([400, taken])
    const { responses } = await sluice.given('listGatewayResponsesV2', { path, query: { limit: 1 } })
    const of = { group_id, response_id: responses[0].id as string }
    for (const name of ['set_1', 'default']) {
      const renamed = await sluice.call('updateGatewayResponseV2', { path: of, body: { name } })
      expect([renamed.status, renamed.body]).toEqual([400, taken])
    }
    await sluice.given('updateGatewayResponseV2', { path: of, body: { name: 'set_9' } })
    // Another group has names and room of its own.
    const other = { group_id: await groupOf(sluice, 'other') }
    await sluice.given('createGatewayResponseV2', { path: other, body: { name: 'set_1' } })
  })

  test('APIs refer to a response of their group, and fall back to the default when it goes', async () => {
    await using sluice = await management(engine)
    const group_id = await groupOf(sluice)
    const standard = await defaultOf(sluice, group_id)
    const { id: response_id } = await sluice.given('createGatewayResponseV2', {
      path: { group_id },
      body: { name: 'own' },
    })
    const elsewhere = await defaultOf(sluice, await groupOf(sluice, 'other'))
    const api = (more: object) => ({
      group_id,
      name: 'api_one',
      type: 1,
      req_protocol: 'HTTP',
      req_method: 'GET',
      req_uri: '/one',
      auth_type: 'NONE',
      backend_type: 'MOCK',
      mock_info: { result_content: response_id },
      ...more,
    })
    for (const unknown of ['unknown', elsewhere]) {
      const refused = await sluice.call('createApiV2', { body: api({ response_id: unknown }) })
      expect(outcome(refused)).toEqual([404, 'APIG.3088'])
    }
    const { id: api_id } = await sluice.given('createApiV2', { body: api({ response_id }) })
    const { id: plain } = await sluice.given('createApiV2', { body: api({ name: 'api_two', req_uri: '/two' }) })
    const responseOf = async (id: string) =>
      (await sluice.given('showDetailsOfApiV2', { path: { api_id: id } })).response_id as string
    expect([await responseOf(api_id), await responseOf(plain)]).toEqual([response_id, standard])
    const env_id = 'DEFAULT_ENVIRONMENT_RELEASE_ID'
    const { version_id } = await sluice.given('createOrDeletePublishRecordForApiV2', {
      body: { action: 'online', env_id, api_id },
    })
    const revisions: number[] = []
    sluice.store.onRevision((revision) => revisions.push(revision))

    await sluice.given('deleteGatewayResponseV2', { path: { group_id, response_id: response_id as string } })

    expect([await responseOf(api_id), await responseOf(plain)]).toEqual([standard, standard])
    const version = await sluice.given('listApiVersionDetailV2', { path: { version_id } })
    expect([version.response_id, version.mock_info.result_content]).toEqual([standard, response_id])
    const changes = await sluice.store.read((db) =>
      db.selectFrom('snapshot_changes').select('part_key').where('revision', 'in', revisions).execute(),
    )
    expect(changes.map(({ part_key }) => part_key).toSorted()).toEqual([
      `group:${group_id}`,
      `publication:${api_id}/${env_id}`,
    ])
  })

  test('each change reaches the gateways, and all go with the group', async () => {
    await using sluice = await management(engine)
    const group_id = await groupOf(sluice)
    const revisions: number[] = []
    sluice.store.onRevision((revision) => revisions.push(revision))
    const { id } = await sluice.given('createGatewayResponseV2', { path: { group_id }, body: { name: 'own' } })
    const path = { group_id, response_id: id as string, response_type: 'THROTTLED' }
    await sluice.given('updateGatewayResponseV2', { path, body: { name: 'own2' } })
    await sluice.given('updateGatewayResponseTypeV2', { path, body: { status: 503 } })
    await sluice.given('deleteGatewayResponseTypeV2', { path })
    await sluice.given('deleteGatewayResponseV2', { path })

    const changes = await sluice.store.read((db) =>
      db.selectFrom('snapshot_changes').select('part_key').where('revision', 'in', revisions).execute(),
    )
    expect(changes.map(({ part_key }) => part_key)).toEqual(Array.from({ length: 5 }, () => `group:${group_id}`))
    await sluice.given('createGatewayResponseV2', { path: { group_id }, body: { name: 'own' } })
    await sluice.given('deleteApiGroupV2', { path: { group_id } })
    const left = await sluice.store.read((db) =>
      db.selectFrom('gateway_responses').select('id').where('group_id', '=', group_id).execute(),
    )
    expect(left).toEqual([])
  })
})
