import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { httpApi, mockApi } from '../../../test/definitions.js'
import { management, type TestManagement } from '../../../test/management.js'
import type { ApiCreate } from '../../contract/generated/schemas.js'
import { revision } from '../../../test/stage.js'
import { versionNumber } from './publishing.js'

const RELEASE = 'DEFAULT_ENVIRONMENT_RELEASE_ID'

interface Stage {
  readonly group: string
  readonly api: string
  readonly body: ApiCreate
}

async function stage(sluice: TestManagement, overrides: Partial<ApiCreate> = {}): Promise<Stage> {
  const { id: group } = await sluice.given('createApiGroupV2', { body: { name: 'group' } })
  const body = mockApi(group, overrides)
  const { id: api } = await sluice.given('createApiV2', { body })
  return { group, api, body }
}

const act = (sluice: TestManagement, action: string, api_id: string, env_id = RELEASE) =>
  sluice.call('createOrDeletePublishRecordForApiV2', { body: { action, api_id, env_id, remark: 'by a test' } })

const versions = async (sluice: TestManagement, api_id: string, query = {}) =>
  (await sluice.given('listApiVersionsV2', { path: { api_id }, query })).api_versions

const changedParts = (sluice: TestManagement) =>
  sluice.store.read(async (db) => {
    const rows = await db
      .selectFrom('snapshot_changes')
      .innerJoin('snapshot_revision', 'snapshot_revision.value', 'snapshot_changes.revision')
      .select('part_key')
      .execute()
    return rows.map(({ part_key }) => part_key)
  })

describe.each(engines)('publications on $name', (engine) => {
  test('60: publishing answers the record, and the API shows where it is', async () => {
    await using sluice = await management(engine)
    const { api, body } = await stage(sluice)

    const online = await act(sluice, 'online', api)
    const shown = await sluice.given('showDetailsOfApiV2', { path: { api_id: api } })

    expect(online.status).toBe(201)
    expect(online.body).toEqual({
      publish_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      version_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      api_id: api,
      api_name: body.name,
      env_id: RELEASE,
      remark: 'by a test',
      publish_time: expect.stringMatching(/\.\d{3}Z$/),
    })
    expect(shown).toMatchObject({ publish_id: online.body.publish_id, run_env_id: RELEASE, run_env_name: 'RELEASE' })
    expect(shown.publish_time).toBe(`${online.body.publish_time.slice(0, 19)}Z`)
    expect(await changedParts(sluice)).toEqual([`publication:${api}/${RELEASE}`])
  })

  test('61: an update changes nothing for callers until the API is published again, under the same record', async () => {
    await using sluice = await management(engine)
    const { api, body } = await stage(sluice, { remark: 'old', req_uri: '/old' })
    const { body: first } = await act(sluice, 'online', api)
    const runtime = () => sluice.given('listApiRuntimeDefinitionV2', { path: { api_id: api } })

    await sluice.given('updateApiV2', { path: { api_id: api }, body: { ...body, remark: 'new', req_uri: '/new' } })
    const before = await runtime()
    const { body: second } = await act(sluice, 'online', api)
    const after = await runtime()

    expect(before).toMatchObject({ remark: 'old', req_uri: '/old', publish_id: first.publish_id })
    expect(after).toMatchObject({ remark: 'new', req_uri: '/new', publish_id: first.publish_id })
    expect(second.publish_id).toBe(first.publish_id)
    expect(second.version_id).not.toBe(first.version_id)
  })

  test('62: environments are listed side by side, the newest publication first', async () => {
    await using sluice = await management(engine)
    const { api } = await stage(sluice)
    const { id: dev } = await sluice.given('createEnvironmentV2', { body: { name: 'DEV' } })
    const { body: first } = await act(sluice, 'online', api)
    const { body: second } = await act(sluice, 'online', api, dev)

    const shown = await sluice.given('showDetailsOfApiV2', { path: { api_id: api } })

    expect(shown).toMatchObject({
      run_env_id: `${dev}|${RELEASE}`,
      run_env_name: 'DEV|RELEASE',
      publish_id: `${second.publish_id}|${first.publish_id}`,
    })
    expect(shown.publish_time.split('|')).toHaveLength(2)
  })

  test('63: ten versions are kept, the newest first and current', async () => {
    await using sluice = await management(engine)
    const { api } = await stage(sluice)
    const published: string[] = []
    for (let i = 0; i < 12; i += 1) published.push((await act(sluice, 'online', api)).body.version_id)

    const history = await versions(sluice, api)

    expect(history.map(({ version_id }: { version_id: string }) => version_id)).toEqual(published.slice(2).toReversed())
    expect(history.map(({ status }: { status: number }) => status)).toEqual([1, 2, 2, 2, 2, 2, 2, 2, 2, 2])
    expect(history[0]).toMatchObject({ env_id: RELEASE, env_name: 'RELEASE', remark: 'by a test' })
    expect(history[0].version_no).toMatch(/^\d{14}$/)
  })

  test('the version that callers reach is not dropped, however old it is', async () => {
    await using sluice = await management(engine)
    const { api } = await stage(sluice)
    const oldest = (await act(sluice, 'online', api)).body.version_id
    for (let i = 0; i < 9; i += 1) await act(sluice, 'online', api)
    await sluice.given('changeApiVersionV2', { path: { api_id: api }, body: { version_id: oldest } })

    const history = await versions(sluice, api)

    expect(history).toHaveLength(10)
    expect(history.at(-1)).toMatchObject({ version_id: oldest, status: 1 })
  })

  test('64: switching makes an older version current under the same record', async () => {
    await using sluice = await management(engine)
    const { api, body } = await stage(sluice, { remark: 'old' })
    const { body: first } = await act(sluice, 'online', api)
    await sluice.given('updateApiV2', { path: { api_id: api }, body: { ...body, remark: 'new' } })
    const { body: second } = await act(sluice, 'online', api)
    const path = { api_id: api }

    const switched = await sluice.call('changeApiVersionV2', { path, body: { version_id: first.version_id } })
    const again = await sluice.call('changeApiVersionV2', { path, body: { version_id: first.version_id } })

    expect(switched.status).toBe(200)
    expect(switched.body).toMatchObject({ publish_id: first.publish_id, version_id: first.version_id, env_id: RELEASE })
    expect(switched.body.publish_time > second.publish_time).toBe(true)
    expect(again.body).toEqual(switched.body)
    expect(await versions(sluice, api)).toMatchObject([
      { version_id: second.version_id, status: 2 },
      { version_id: first.version_id, status: 1 },
    ])
    expect((await sluice.given('listApiRuntimeDefinitionV2', { path })).remark).toBe('old')
    expect((await sluice.given('showDetailsOfApiV2', { path })).remark).toBe('new')
  })

  test('64: switching needs a version of this API', async () => {
    await using sluice = await management(engine)
    const { group, api } = await stage(sluice)
    const { id: other } = await sluice.given('createApiV2', { body: mockApi(group) })
    await act(sluice, 'online', api)
    const { body: foreign } = await act(sluice, 'online', other)
    const path = { api_id: api }

    const empty = await sluice.call('changeApiVersionV2', { path })
    const unknown = await sluice.call('changeApiVersionV2', { path, body: { version_id: 'v1' } })
    const wrong = await sluice.call('changeApiVersionV2', { path, body: { version_id: foreign.version_id } })

    expect([empty.status, empty.body.error_code, empty.body.error_msg]).toEqual([
      400,
      'APIG.2000',
      'Parameter error: Serialization error: unexpected end of JSON input',
    ])
    expect(unknown.body.error_msg).toBe('The API version does not exist,id:v1')
    expect([wrong.status, wrong.body.error_code]).toEqual([404, 'APIG.3022'])
  })

  test('65: offline ends record and history, once', async () => {
    await using sluice = await management(engine)
    const { api } = await stage(sluice)
    const { body: online } = await act(sluice, 'online', api)

    const offline = await act(sluice, 'offline', api)
    const again = await act(sluice, 'offline', api)

    expect(offline.status).toBe(201)
    expect(offline.body).toMatchObject({ api_id: api, env_id: RELEASE, publish_id: '', version_id: '' })
    expect([again.status, again.body.error_code]).toEqual([404, 'APIG.3015'])
    expect(await versions(sluice, api, { env_id: RELEASE })).toEqual([])
    expect(await sluice.given('showDetailsOfApiV2', { path: { api_id: api } })).toMatchObject({
      publish_id: '',
      run_env_id: '',
    })
    expect(await changedParts(sluice)).toEqual([`publication:${api}/${RELEASE}`])
    expect((await act(sluice, 'online', api)).body.publish_id).not.toBe(online.publish_id)
  })

  test('66: deleting the current version takes the API offline; deleting another one only forgets it', async () => {
    await using sluice = await management(engine)
    const { api } = await stage(sluice)
    const { body: first } = await act(sluice, 'online', api)
    const { body: second } = await act(sluice, 'online', api)

    const old = await sluice.call('deleteApiByVersionIdV2', { path: { version_id: first.version_id } })
    expect(old.status).toBe(204)
    expect(await versions(sluice, api)).toMatchObject([{ version_id: second.version_id, status: 1 }])

    const current = await sluice.call('deleteApiByVersionIdV2', { path: { version_id: second.version_id } })
    expect(current.status).toBe(204)
    expect(await versions(sluice, api)).toEqual([])
    expect((await sluice.call('listApiRuntimeDefinitionV2', { path: { api_id: api } })).body.error_code).toBe(
      'APIG.3015',
    )
    const gone = await sluice.call('deleteApiByVersionIdV2', { path: { version_id: second.version_id } })
    expect([gone.status, gone.body.error_code]).toEqual([404, 'APIG.3022'])
  })

  test('67: a batch reports each API for itself', async () => {
    await using sluice = await management(engine)
    const { group, api, body } = await stage(sluice)
    await sluice.given('createApiV2', { body: mockApi(group) })
    const broken = await sluice.given('createApiV2', {
      body: httpApi(group, { backend_api: { ...httpApi(group).backend_api, timeout: 1, url_domain: '#host#' } }),
    })
    const batch = (action: string, of: object) =>
      sluice.call('batchPublishOrOfflineApiV2', { query: { action }, body: { env_id: RELEASE, remark: 'all', ...of } })

    const some = await batch('online', { apis: [api, 'unknown', api] })
    expect(some.status).toBe(200)
    expect(some.body).toEqual({
      success: [expect.objectContaining({ api_id: api, api_name: body.name, env_id: RELEASE, remark: 'all' })],
      failure: [{ api_id: 'unknown', error_code: 'APIG.3002', error_msg: 'Api unknown not found' }],
    })
    expect(await versions(sluice, api)).toHaveLength(1)

    const all = await batch('online', { group_id: group })
    expect(all.body.success).toHaveLength(2)
    expect(all.body.failure).toEqual([
      {
        api_id: broken.id,
        api_name: broken.name,
        error_code: 'APIG.3011',
        error_msg: 'The environment variable does not exist, id: host',
      },
    ])

    const offline = await batch('offline', { group_id: group })
    expect(offline.body.success).toHaveLength(2)
    expect(offline.body.failure).toMatchObject([{ api_id: broken.id, error_code: 'APIG.3015' }])
    expect(await versions(sluice, api)).toEqual([])
  })

  test('67: a batch needs an action, APIs and an environment', async () => {
    await using sluice = await management(engine)
    const { api } = await stage(sluice)
    const batch = (action: string, body: object) =>
      sluice.call('batchPublishOrOfflineApiV2', { query: { action }, body })

    const replies = [
      await batch('foo', { env_id: RELEASE, apis: [api] }),
      await batch('online', { env_id: RELEASE }),
      await batch('online', { env_id: RELEASE, apis: [] }),
      await batch('online', { env_id: 'unknown', apis: [api] }),
      await batch('online', { env_id: RELEASE, group_id: 'unknown' }),
    ]

    expect(replies.map(({ status, body }) => [status, body.error_code, body.error_msg])).toEqual([
      [400, 'APIG.2011', 'Invalid parameter value: parameter action should be "online" or "offline"'],
      [400, 'APIG.2001', expect.stringContaining('parameterName:apis')],
      [400, 'APIG.2001', expect.stringContaining('parameterName:apis')],
      [404, 'APIG.3003', 'Environment unknown does not exist'],
      [404, 'APIG.3001', 'API group unknown does not exist'],
    ])
  })

  test('what is published must exist', async () => {
    await using sluice = await management(engine)
    const { api } = await stage(sluice)

    const replies = [
      await act(sluice, 'online', 'unknown'),
      await act(sluice, 'online', api, 'unknown'),
      await act(sluice, 'sideways', api),
    ]

    expect(replies.map(({ status, body }) => [status, body.error_code])).toEqual([
      [404, 'APIG.3002'],
      [404, 'APIG.3003'],
      [400, 'APIG.2011'],
    ])
  })

  test('59: an API that is published cannot be deleted or moved', async () => {
    await using sluice = await management(engine)
    const { api, body } = await stage(sluice)
    await act(sluice, 'online', api)
    const { id: other } = await sluice.given('createApiGroupV2', { body: { name: 'other' } })
    const path = { api_id: api }

    const moved = await sluice.call('updateApiV2', { path, body: { ...body, group_id: other } })
    const refused = await sluice.call('deleteApiV2', { path })
    await act(sluice, 'offline', api)
    const deleted = await sluice.call('deleteApiV2', { path })
    const gone = await sluice.call('showDetailsOfApiV2', { path })

    expect(moved.body.error_msg).toContain('parameterName:group_id')
    expect([refused.status, refused.body.error_code]).toEqual([409, 'APIG.3416'])
    expect(deleted.status).toBe(204)
    expect([gone.status, gone.body.error_code]).toEqual([404, 'APIG.3002'])
  })

  test('backends.md 17: an API whose #host# is no variable of the environment cannot be published', async () => {
    await using sluice = await management(engine)
    const { group } = await stage(sluice)
    const backend_api = {
      url_domain: '#host#',
      req_protocol: 'HTTP',
      req_method: 'GET',
      req_uri: '/x',
      timeout: 5000,
    } as const
    const { id: api } = await sluice.given('createApiV2', { body: httpApi(group, { backend_api }) })
    const before = await revision(sluice)

    const refused = await act(sluice, 'online', api)
    expect([refused.status, refused.body.error_msg]).toEqual([404, 'The environment variable does not exist, id: host'])
    expect(await revision(sluice)).toBe(before)
    expect(await versions(sluice, api)).toEqual([])

    const variable = { group_id: group, env_id: RELEASE, variable_name: 'host', variable_value: 'a.example.com' }
    await sluice.given('createEnvironmentVariableV2', { body: variable })
    expect((await act(sluice, 'online', api)).status).toBe(201)
  })

  test('47, 48: variables must be there when an API is published, and new values reach it at once', async () => {
    await using sluice = await management(engine)
    const { group } = await stage(sluice)
    const { id: api } = await sluice.given('createApiV2', {
      body: httpApi(group, {
        backend_api: {
          url_domain: '#host#:#port#',
          req_protocol: 'HTTP',
          req_method: 'GET',
          req_uri: '/#base#/x',
          timeout: 5000,
        },
      }),
    })
    const variable = (variable_name: string, variable_value: string) =>
      sluice.given('createEnvironmentVariableV2', {
        body: { group_id: group, env_id: RELEASE, variable_name, variable_value },
      })
    const host = await variable('host', 'a.example.com')
    await variable('base', 'v1')
    const missing = await act(sluice, 'online', api)
    const port = await variable('port', 'none')
    const impossible = await act(sluice, 'online', api)
    const change = (env_variable_id: string, variable_value: string) =>
      sluice.given('updateEnvironmentVariableV2', { path: { env_variable_id }, body: { variable_value } })
    await change(port.id, '8080')
    const online = await act(sluice, 'online', api)
    await change(host.id, 'b.example.com')

    expect([missing.status, missing.body.error_msg]).toEqual([404, 'The environment variable does not exist, id: port'])
    expect([impossible.status, impossible.body.error_code]).toEqual([400, 'APIG.2025'])
    expect(online.status).toBe(201)
    expect(await versions(sluice, api)).toHaveLength(1)
    expect(await changedParts(sluice)).toEqual([`publication:${api}/${RELEASE}`])
    const row = await sluice.store.read((db) =>
      db.selectFrom('publications').select('variables').where('api_id', '=', api).executeTakeFirstOrThrow(),
    )
    expect(JSON.parse(row.variables)).toEqual({ host: 'b.example.com', port: '8080', base: 'v1' })
  })

  test('83: a throttle binding survives publishing again and switching, and ends with offline', async () => {
    await using sluice = await management(engine)
    const { api } = await stage(sluice)
    const { body: first } = await act(sluice, 'online', api)
    const throttle = await sluice.given('createRequestThrottlingPolicyV2', {
      body: { name: 'throttle', api_call_limits: 10, time_interval: 1, time_unit: 'SECOND' },
    })
    await sluice.given('associateRequestThrottlingPolicyV2', {
      body: { strategy_id: throttle.id, publish_ids: [first.publish_id] },
    })
    const bound = async () =>
      (await sluice.given('showDetailsOfRequestThrottlingPolicyV2', { path: { throttle_id: throttle.id } })).bind_num

    await act(sluice, 'online', api)
    expect(await bound()).toBe(1)
    await sluice.given('changeApiVersionV2', { path: { api_id: api }, body: { version_id: first.version_id } })
    expect(await bound()).toBe(1)
    await act(sluice, 'offline', api)
    expect(await bound()).toBe(0)
  })

  test('a version shows the whole definition as it was', async () => {
    await using sluice = await management(engine)
    const { group, api, body } = await stage(sluice, { remark: 'old' })
    const { body: published } = await act(sluice, 'online', api)
    await sluice.given('updateApiV2', { path: { api_id: api }, body: { ...body, remark: 'new' } })

    const version = await sluice.given('listApiVersionDetailV2', { path: { version_id: published.version_id } })
    const unknown = await sluice.call('listApiVersionDetailV2', { path: { version_id: 'unknown' } })

    expect(version).toMatchObject({
      id: api,
      remark: 'old',
      mock_info: { result_content: 'mocked' },
      version_id: published.version_id,
      publish_id: published.publish_id,
      publish_time: `${published.publish_time.slice(0, 19)}Z`,
      run_env_id: RELEASE,
      run_env_name: 'RELEASE',
      sl_domain: `${group}.apic.localhost`,
      sl_domains: [`${group}.apic.localhost`],
      auth_opt: { app_code_auth_type: 'DISABLE' },
    })
    expect([unknown.status, unknown.body.error_code]).toEqual([404, 'APIG.3022'])
  })

  test('versions are filtered by environment, by id and by name', async () => {
    await using sluice = await management(engine)
    const { api } = await stage(sluice)
    const { id: dev } = await sluice.given('createEnvironmentV2', { body: { name: 'DEV' } })
    await act(sluice, 'online', api)
    await act(sluice, 'online', api, dev)
    const environments = async (query: object) =>
      (await versions(sluice, api, query)).map(({ env_name }: { env_name: string }) => env_name)

    expect(await environments({})).toEqual(['DEV', 'RELEASE'])
    expect(await environments({ env_id: dev })).toEqual(['DEV'])
    expect(await environments({ env_name: 'REL' })).toEqual(['RELEASE'])
    expect(await environments({ env_id: 'unknown' })).toEqual([])
    expect(await environments({ limit: 1, offset: 1 })).toEqual(['RELEASE'])
  })

  test('what callers see is shown for the release environment unless another is named', async () => {
    await using sluice = await management(engine)
    const { group, api } = await stage(sluice, { req_params: [{ name: 'q', location: 'QUERY', type: 'STRING' }] })
    const { id: dev } = await sluice.given('createEnvironmentV2', { body: { name: 'DEV' } })
    await act(sluice, 'online', api)
    const runtime = (api_id: string, query = {}) =>
      sluice.call('listApiRuntimeDefinitionV2', { path: { api_id }, query })

    const shown = await runtime(api)
    const elsewhere = await runtime(api, { env_id: dev })
    const unknown = await runtime('unknown')

    expect(shown.body).toMatchObject({
      id: api,
      run_env_id: RELEASE,
      run_env_name: 'RELEASE',
      sl_domains: [`${group}.apic.localhost`],
      req_params: [{ name: 'q', pass_through: 2 }],
    })
    expect(shown.body).not.toHaveProperty('mock_info')
    expect([elsewhere.status, elsewhere.body.error_code]).toEqual([404, 'APIG.3015'])
    expect([unknown.status, unknown.body.error_code]).toEqual([404, 'APIG.3002'])
  })
})

test('a version is numbered by the moment in UTC+8', () => {
  expect(versionNumber(Date.parse('2020-08-03T01:36:00.592Z'))).toBe('20200803093600')
  expect(versionNumber(Date.parse('2020-12-31T16:00:00Z'))).toBe('20210101000000')
})
