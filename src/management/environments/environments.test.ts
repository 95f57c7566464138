import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { setConfig } from '../../store/configs.js'

const RELEASE = 'DEFAULT_ENVIRONMENT_RELEASE_ID'

async function groupAndEnvironment(sluice: TestManagement): Promise<{ group_id: string; env_id: string }> {
  const group = await sluice.given('createApiGroupV2', { body: { name: 'shop' } })
  const environment = await sluice.given('createEnvironmentV2', { body: { name: 'DEV' } })
  return { group_id: group.id as string, env_id: environment.id as string }
}

const api = (group_id: string, url_domain = '#host#') => ({
  group_id,
  name: 'api_one',
  type: 1,
  req_protocol: 'HTTP',
  req_method: 'GET',
  req_uri: '/one',
  auth_type: 'NONE',
  backend_type: 'HTTP',
  backend_api: { url_domain, req_protocol: 'HTTP', req_method: 'GET', req_uri: '/', timeout: 5000 },
})

/** Parts of the snapshot that some work has changed. */
async function changedParts({ store }: TestManagement, work: () => Promise<unknown>): Promise<string[]> {
  const { value: before } = await store.read((db) =>
    db.selectFrom('snapshot_revision').select('value').executeTakeFirstOrThrow(),
  )
  await work()
  const rows = await store.read((db) =>
    db.selectFrom('snapshot_changes').select('part_key').where('revision', '>', before).execute(),
  )
  return rows.map((row) => row.part_key)
}

describe.each(engines)('environments on $name', (engine) => {
  test('44: an environment comes, changes and goes; RELEASE stays', async () => {
    await using sluice = await management(engine)

    const { status, body } = await sluice.call('createEnvironmentV2', { body: { name: 'DEV', remark: 'for us' } })
    expect([status, body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        name: 'DEV',
        remark: 'for us',
        create_time: expect.stringMatching(/\.\d{3}Z$/),
      },
    ])
    const again = await sluice.call('createEnvironmentV2', { body: { name: 'DEV' } })
    expect([again.status, again.body]).toEqual([
      400,
      { error_code: 'APIG.3205', error_msg: 'The environment name already exists' },
    ])
    const path = { env_id: body.id as string }
    const updated = await sluice.call('updateEnvironmentV2', { path, body: { name: 'TEST' } })
    expect([updated.status, updated.body]).toEqual([
      200,
      { id: body.id, name: 'TEST', remark: '', create_time: `${body.create_time.slice(0, 19)}Z` },
    ])
    const taken = await sluice.call('updateEnvironmentV2', { path, body: { name: 'RELEASE' } })
    expect(taken.body.error_code).toBe('APIG.3205')
    expect((await sluice.call('deleteEnvironmentV2', { path })).status).toBe(204)
    const gone = await sluice.call('deleteEnvironmentV2', { path })
    expect([gone.status, gone.body]).toEqual([
      404,
      { error_code: 'APIG.3003', error_msg: `Environment ${body.id} does not exist` },
    ])
    for (const refused of [
      await sluice.call('deleteEnvironmentV2', { path: { env_id: RELEASE } }),
      await sluice.call('updateEnvironmentV2', { path: { env_id: RELEASE }, body: { name: 'OTHER' } }),
    ])
      expect([refused.status, refused.body.error_code]).toEqual([403, 'APIG.1103'])
  })

  test('45: an environment with published APIs cannot be deleted; a deletion takes what hangs on it', async () => {
    await using sluice = await management(engine)
    const { group_id, env_id } = await groupAndEnvironment(sluice)
    const { id: api_id } = await sluice.given('createApiV2', { body: api(group_id, 'a.example') })
    const app = await sluice.given('createAnAppV2', { body: { name: 'caller' } })
    const path = { env_id }
    await sluice.given('createOrDeletePublishRecordForApiV2', { body: { action: 'online', env_id, api_id } })
    await sluice.given('createAuthorizingAppsV2', { body: { env_id, app_ids: [app.id], api_ids: [api_id] } })
    const variable = await sluice.given('createEnvironmentVariableV2', {
      body: { group_id, env_id, variable_name: 'host', variable_value: 'a.example' },
    })

    const refused = await sluice.call('deleteEnvironmentV2', { path })
    expect([refused.status, refused.body]).toEqual([
      403,
      { error_code: 'APIG.3418', error_msg: 'The environment contains published APIs' },
    ])

    await sluice.given('createOrDeletePublishRecordForApiV2', { body: { action: 'offline', env_id, api_id } })
    const parts = await changedParts(sluice, async () => {
      expect((await sluice.call('deleteEnvironmentV2', { path })).status).toBe(204)
    })
    expect(parts.toSorted()).toEqual([`app:${app.id}`, `instance:${sluice.instanceId}`])
    const lookup = { path: { env_variable_id: variable.id as string } }
    expect((await sluice.call('showDetailsOfEnvironmentVariableV2', lookup)).status).toBe(404)
    expect(await sluice.store.read((db) => db.selectFrom('app_authorizations').select('id').execute())).toEqual([])
  })

  test('the list: RELEASE first, then the newest; filters and pages', async () => {
    await using sluice = await management(engine)
    for (const name of ['DEV', 'TEST', 'DEV_2']) {
      await sluice.given('createEnvironmentV2', { body: { name } })
      sluice.now += 10
    }
    const names = async (query: Record<string, string | number>) => {
      const { total, envs } = await sluice.given('listEnvironmentsV2', { query })
      return [total, envs.map((environment: { name: string }) => environment.name)]
    }

    expect(await names({})).toEqual([4, ['RELEASE', 'DEV_2', 'TEST', 'DEV']])
    expect(await names({ name: 'DEV' })).toEqual([2, ['DEV_2', 'DEV']])
    expect(await names({ name: 'DEV', precise_search: 'name' })).toEqual([1, ['DEV']])
    expect(await names({ name: 'dev' })).toEqual([0, []])
    expect(await names({ limit: 2, offset: 1 })).toEqual([4, ['DEV_2', 'TEST']])
  })

  test('RELEASE counts against the quota', async () => {
    await using sluice = await management(engine)
    await sluice.store.write([], ({ db }) => setConfig(db, sluice.instanceId, 'ENVIRONMENT_NUM_LIMIT', '2'))
    await sluice.given('createEnvironmentV2', { body: { name: 'DEV' } })

    const third = await sluice.call('createEnvironmentV2', { body: { name: 'TEST' } })

    expect([third.status, third.body.error_code]).toEqual([403, 'APIG.3104'])
  })
})

describe.each(engines)('environment variables on $name', (engine) => {
  test('46: a variable in one environment and in another', async () => {
    await using sluice = await management(engine)
    const { group_id, env_id } = await groupAndEnvironment(sluice)
    const body = { group_id, env_id, variable_name: 'host', variable_value: '192.168.1.5' }

    const { status, body: variable } = await sluice.call('createEnvironmentVariableV2', { body })
    expect([status, variable]).toEqual([201, { ...body, id: expect.stringMatching(/^[0-9a-f]{32}$/) }])
    const again = await sluice.call('createEnvironmentVariableV2', { body })
    expect([again.status, again.body]).toEqual([
      400,
      { error_code: 'APIG.3303', error_msg: 'The environment variable already exists' },
    ])
    await sluice.given('createEnvironmentVariableV2', { body: { ...body, variable_name: 'Host' } })
    await sluice.given('createEnvironmentVariableV2', { body: { ...body, env_id: RELEASE } })

    const unnamed = await sluice.call('listEnvironmentVariablesV2')
    expect(unnamed.status).toBe(400)
    expect(unnamed.body.error_msg).toContain('parameterName:group_id')

    const path = { env_variable_id: variable.id as string }
    const updated = await sluice.call('updateEnvironmentVariableV2', { path, body: { variable_value: 'b.example' } })
    expect([updated.status, updated.body]).toEqual([200, { ...variable, variable_value: 'b.example' }])
    expect(await sluice.given('showDetailsOfEnvironmentVariableV2', { path })).toEqual(updated.body)
    expect((await sluice.call('deleteEnvironmentVariableV2', { path })).status).toBe(204)
    for (const gone of [
      await sluice.call('showDetailsOfEnvironmentVariableV2', { path }),
      await sluice.call('updateEnvironmentVariableV2', { path, body: { variable_value: 'x' } }),
      await sluice.call('deleteEnvironmentVariableV2', { path }),
    ])
      expect([gone.status, gone.body]).toEqual([
        404,
        { error_code: 'APIG.3011', error_msg: `The environment variable does not exist, id: ${variable.id}` },
      ])
  })

  test('47: a changed variable reaches what is published, and makes no version', async () => {
    await using sluice = await management(engine)
    const { group_id, env_id } = await groupAndEnvironment(sluice)
    const body = { group_id, env_id: RELEASE, variable_name: 'host', variable_value: 'a.example' }
    const variable = await sluice.given('createEnvironmentVariableV2', { body })
    const other = await sluice.given('createEnvironmentVariableV2', { body: { ...body, env_id } })
    const { id: api_id } = await sluice.given('createApiV2', { body: api(group_id) })
    await sluice.given('createOrDeletePublishRecordForApiV2', { body: { action: 'online', env_id: RELEASE, api_id } })
    const kept = async () => {
      const rows = await sluice.store.read((db) => db.selectFrom('publications').select('variables').execute())
      return rows.map((row): unknown => JSON.parse(row.variables))
    }
    const set = (id: string, variable_value: string) =>
      sluice.given('updateEnvironmentVariableV2', { path: { env_variable_id: id }, body: { variable_value } })

    expect(await changedParts(sluice, () => set(variable.id, 'b.example'))).toEqual([
      `publication:${api_id}/${RELEASE}`,
    ])
    expect(await kept()).toEqual([{ host: 'b.example' }])
    expect(await changedParts(sluice, () => set(other.id, 'c.example'))).toEqual([])
    const versions = await sluice.given('listApiVersionsV2', { path: { api_id } })
    expect(versions.total).toBe(1)

    const deletion = () => sluice.given('deleteEnvironmentVariableV2', { path: { env_variable_id: variable.id } })
    expect(await changedParts(sluice, deletion)).toEqual([])
    expect(await kept()).toEqual([{ host: 'b.example' }])
    const creation = () =>
      sluice.given('createEnvironmentVariableV2', { body: { ...body, variable_value: 'd.example' } })
    expect(await changedParts(sluice, creation)).toEqual([`publication:${api_id}/${RELEASE}`])
    expect(await kept()).toEqual([{ host: 'd.example' }])
  })

  test('what a variable belongs to must exist', async () => {
    await using sluice = await management(engine)
    const { group_id, env_id } = await groupAndEnvironment(sluice)
    const variable = { variable_name: 'host', variable_value: 'a' }

    const noGroup = await sluice.call('createEnvironmentVariableV2', {
      body: { ...variable, group_id: 'none', env_id },
    })
    const noEnv = await sluice.call('createEnvironmentVariableV2', { body: { ...variable, group_id, env_id: 'none' } })
    const list = await sluice.call('listEnvironmentVariablesV2', { query: { group_id: 'none' } })

    expect([noGroup.status, noGroup.body.error_msg]).toEqual([404, 'API group none does not exist'])
    expect([noEnv.status, noEnv.body.error_msg]).toEqual([404, 'Environment none does not exist'])
    expect([list.status, list.body.error_code]).toEqual([404, 'APIG.3001'])
  })

  test('the list and the quota are of one group and environment', async () => {
    await using sluice = await management(engine)
    const { group_id, env_id } = await groupAndEnvironment(sluice)
    await sluice.store.write([], ({ db }) => setConfig(db, sluice.instanceId, 'VARIABLE_NUM_LIMIT', '2'))
    const add = (variable_name: string, env = env_id) =>
      sluice.call('createEnvironmentVariableV2', {
        body: { group_id, env_id: env, variable_name, variable_value: 'v' },
      })
    expect((await add('host')).status).toBe(201)
    sluice.now += 10
    expect((await add('host_2')).status).toBe(201)
    sluice.now += 10

    const third = await add('host_3')
    expect([third.status, third.body.error_code]).toEqual([403, 'APIG.3106'])
    expect((await add('port', RELEASE)).status).toBe(201)

    const names = async (query: Record<string, string | number>) => {
      const list = await sluice.given('listEnvironmentVariablesV2', { query: { group_id, ...query } })
      return [list.total, list.variables.map((variable: { variable_name: string }) => variable.variable_name)]
    }
    expect(await names({})).toEqual([3, ['port', 'host_2', 'host']])
    expect(await names({ env_id })).toEqual([2, ['host_2', 'host']])
    expect(await names({ env_id: 'unknown' })).toEqual([0, []])
    expect(await names({ variable_name: 'host' })).toEqual([2, ['host_2', 'host']])
    expect(await names({ variable_name: 'host', precise_search: 'variable_name' })).toEqual([1, ['host']])
    expect(await names({ limit: 1, offset: 1 })).toEqual([3, ['host_2']])
  })
})
