import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { changedParts, revision } from '../../../test/stage.js'

const notThere = '11111111-2222-3333-4444-555555555555'

const anApp = async (sluice: TestManagement): Promise<{ app_id: string }> => ({
  app_id: (await sluice.given('createAnAppV2', { body: { name: 'app_demo' } })).id as string,
})

describe.each(engines)('access control of apps on $name', (engine) => {
  test('73: a list is set, read in its order, replaced and taken away', async () => {
    await using sluice = await management(engine)
    const path = await anApp(sluice)
    const body = {
      app_acl_type: 'PERMIT',
      app_acl_values: ['192.168.0.100/28', '192.168.0.1', '192.168.0.5-192.168.0.10', '2001:db8::/32', '192.168.0.1'],
    }
    const before = await revision(sluice)

    expect(await sluice.call('updateAppAcl', { path, body })).toMatchObject({ status: 201, body: { ...path, ...body } })
    expect(await changedParts(sluice, before)).toEqual([`app:${path.app_id}`])
    expect(await sluice.call('showDetailsOfAppAcl', { path })).toMatchObject({
      status: 200,
      body: { ...path, ...body },
    })

    const other = { app_acl_type: 'DENY', app_acl_values: ['10.0.0.1'] }
    await sluice.given('updateAppAcl', { path, body: other })
    expect((await sluice.call('showDetailsOfAppAcl', { path })).body).toEqual({ ...path, ...other })

    const beforeDeletion = await revision(sluice)
    expect(await sluice.call('deleteAppAcl', { path })).toMatchObject({ status: 204, body: undefined })
    expect(await changedParts(sluice, beforeDeletion)).toEqual([`app:${path.app_id}`])
    expect(await sluice.call('showDetailsOfAppAcl', { path })).toMatchObject({ status: 200, body: {} })
    expect((await sluice.call('showDetailsOfAppAcl', { path })).body).toEqual({})

    const beforeRepetition = await revision(sluice)
    expect((await sluice.call('deleteAppAcl', { path })).status).toBe(204)
    expect(await revision(sluice)).toBe(beforeRepetition)
  })

  test('71: an unknown app is 3004', async () => {
    await using sluice = await management(engine)
    const path = { app_id: notThere }
    const body = { app_acl_type: 'PERMIT', app_acl_values: ['10.0.0.1'] }
    for (const reply of [
      await sluice.call('updateAppAcl', { path, body }),
      await sluice.call('showDetailsOfAppAcl', { path }),
      await sluice.call('deleteAppAcl', { path }),
    ])
      expect(reply).toMatchObject({
        status: 404,
        body: { error_code: 'APIG.3004', error_msg: `App ${notThere} does not exist` },
      })
  })

  test('what is no list of addresses is refused under its name', async () => {
    await using sluice = await management(engine)
    const path = await anApp(sluice)
    const good = { app_acl_type: 'PERMIT', app_acl_values: ['10.0.0.1'] }
    for (const [error_code, name, overrides] of [
      ['APIG.2001', 'app_acl_type', { app_acl_type: '' }],
      ['APIG.2001', 'app_acl_values', { app_acl_values: [] }],
      ['APIG.2011', 'app_acl_type', { app_acl_type: 'ALLOW' }],
      ['APIG.2011', 'app_acl_values', { app_acl_values: ['10.0.0.1', '10.0.0.256'] }],
      ['APIG.2011', 'app_acl_values', { app_acl_values: ['10.0.0.0/33'] }],
      ['APIG.2011', 'app_acl_values', { app_acl_values: ['10.0.0.2-10.0.0.1'] }],
      ['APIG.2011', 'app_acl_values', { app_acl_values: ['10.0.0.1,10.0.0.2'] }],
      ['APIG.2011', 'app_acl_values', { app_acl_values: Array<string>(101).fill('10.0.0.1') }],
    ] as const) {
      const reply = await sluice.call('updateAppAcl', { path, body: { ...good, ...overrides } })
      expect(reply, JSON.stringify(overrides)).toMatchObject({ status: 400, body: { error_code } })
      expect(reply.body.error_msg).toContain(`parameterName:${name}.`)
    }
    expect((await sluice.call('showDetailsOfAppAcl', { path })).body).toEqual({})
    const most = { ...good, app_acl_values: Array.from({ length: 100 }, (_, index) => `10.0.0.${index}`) }
    expect((await sluice.call('updateAppAcl', { path, body: most })).status).toBe(201)
    expect((await sluice.call('showDetailsOfAppAcl', { path })).body).toMatchObject(most)
  })

  test('75: with an app go its access control, its keys and its binding to a quota', async () => {
    await using sluice = await management(engine)
    const path = await anApp(sluice)
    await sluice.given('updateAppAcl', { path, body: { app_acl_type: 'DENY', app_acl_values: ['10.0.0.1'] } })
    await sluice.given('createAiApiKey', { path, body: {} })
    const quota = { name: 'quota_demo', call_limits: 1, time_unit: 'DAY', time_interval: 1 }
    const { app_quota_id } = await sluice.given('createAppQuota', { body: quota })
    await sluice.given('associateAppsForAppQuota', { path: { app_quota_id }, body: { app_ids: [path.app_id] } })

    await sluice.given('deleteAppV2', { path })

    for (const table of ['app_acls', 'ai_api_keys', 'app_quota_bindings'] as const)
      expect(await sluice.store.read((db) => db.selectFrom(table).selectAll().execute())).toEqual([])
    const { quotas } = (await sluice.call('listAppQuotas')).body
    expect(quotas).toMatchObject([{ app_quota_id, bound_app_num: 0 }])
  })
})
