import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { changedParts, revision } from '../../../test/stage.js'

const notThere = '11111111-2222-3333-4444-555555555555'

const body = (name: string, overrides = {}) => ({
  name,
  call_limits: 1_000,
  time_unit: 'DAY',
  time_interval: 1,
  ...overrides,
})

const aQuota = async (sluice: TestManagement, name: string): Promise<string> =>
  (await sluice.given('createAppQuota', { body: body(name) })).app_quota_id as string

const anApp = async (sluice: TestManagement, name: string): Promise<string> =>
  (await sluice.given('createAnAppV2', { body: { name } })).id as string

const bind = (sluice: TestManagement, app_quota_id: string, app_ids: string[]) =>
  sluice.call('associateAppsForAppQuota', { path: { app_quota_id }, body: { app_ids } })

const bindable = async (sluice: TestManagement, app_quota_id: string, query = {}) =>
  (await sluice.call('listAppQuotaBindableApps', { path: { app_quota_id }, query })).body

const bound = async (sluice: TestManagement, app_quota_id: string, query = {}) =>
  (await sluice.call('listAppQuotaBoundApps', { path: { app_quota_id }, query })).body

const names = (list: { apps: { name: string }[] }) => list.apps.map((app) => app.name)

describe.each(engines)('quotas of apps on $name', (engine) => {
  test('76: a quota is created, read, changed and deleted', async () => {
    await using sluice = await management(engine)
    const given = body('ClientQuota_demo', { reset_time: '2020-09-20 00:00:00', remark: 'remark' })
    const created = await sluice.call('createAppQuota', { body: given })
    const path = { app_quota_id: created.body.app_quota_id as string }

    expect(created.status).toBe(201)
    expect(created.body).toEqual({
      app_quota_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      ...given,
      create_time: expect.stringMatching(/\.\d{3}Z$/),
      bound_app_num: 0,
    })
    const read = { ...created.body, create_time: expect.stringMatching(/:\d\dZ$/) }
    expect((await sluice.call('showAppQuota', { path })).body).toEqual(read)
    expect((await sluice.call('listAppQuotas')).body).toEqual({ total: 1, size: 1, quotas: [read] })

    const change = body('quota_renamed', { call_limits: 5, time_unit: 'MINUTE', time_interval: 3 })
    const changed = await sluice.call('updateAppQuota', { path, body: change })
    expect(changed).toMatchObject({ status: 200, body: { ...path, ...change, remark: '' } })
    expect(changed.body).not.toHaveProperty('reset_time')
    expect(changed.body.create_time).toBe(created.body.create_time)

    expect(await sluice.call('deleteAppQuota', { path })).toMatchObject({ status: 204, body: undefined })
    for (const reply of [
      await sluice.call('showAppQuota', { path }),
      await sluice.call('updateAppQuota', { path, body: change }),
      await sluice.call('deleteAppQuota', { path }),
    ])
      expect(reply).toMatchObject({
        status: 404,
        body: { error_code: 'APIG.3093', error_msg: `App quota ${path.app_quota_id} does not exist` },
      })
  })

  test('76: a name is taken once, and a quota may keep its own', async () => {
    await using sluice = await management(engine)
    await aQuota(sluice, 'quota_first')
    const path = { app_quota_id: await aQuota(sluice, 'quota_second') }

    const taken = {
      status: 400,
      body: { error_code: 'APIG.3325', error_msg: 'The API quota name already exists' },
    }
    expect(await sluice.call('createAppQuota', { body: body('quota_first') })).toMatchObject(taken)
    expect(await sluice.call('updateAppQuota', { path, body: body('quota_first') })).toMatchObject(taken)
    expect((await sluice.call('updateAppQuota', { path, body: body('quota_second') })).status).toBe(200)
  })

  test('what a quota does not take is refused under its name', async () => {
    await using sluice = await management(engine)
    for (const [error_code, name, overrides] of [
      ['APIG.2001', 'name', { name: '' }],
      ['APIG.2001', 'time_unit', { time_unit: undefined }],
      ['APIG.2011', 'name', { name: 'ab' }],
      ['APIG.2011', 'time_unit', { time_unit: 'WEEK' }],
      ['APIG.2011', 'remark', { remark: 'a<b' }],
      ['APIG.2002', 'call_limits', { call_limits: 0 }],
      ['APIG.2003', 'call_limits', { call_limits: 2_147_483_648 }],
      ['APIG.2002', 'time_interval', { time_interval: 0 }],
      ['APIG.2003', 'time_interval', { time_interval: 2_147_483_648 }],
      ['APIG.2011', 'reset_time', { reset_time: '2020-09-20' }],
      ['APIG.2011', 'reset_time', { reset_time: '2020-02-30 00:00:00' }],
      ['APIG.2011', 'reset_time', { reset_time: '2020-09-20 24:00:00' }],
      ['APIG.2011', 'reset_time', { reset_time: '2020-09-20T00:00:00Z' }],
      ['APIG.2011', 'reset_time', { reset_time: '2020-09-20 00:00:00 +0000 +0000' }],
    ] as const) {
      const reply = await sluice.call('createAppQuota', { body: body('quota_demo', overrides) })
      expect(reply, JSON.stringify(overrides)).toMatchObject({ status: 400, body: { error_code } })
      expect(reply.body.error_msg).toContain(`parameterName:${name}.`)
    }
    const most = { call_limits: 2_147_483_647, time_interval: 2_147_483_647, reset_time: '2024-02-29 23:59:59' }
    const reply = await sluice.call('createAppQuota', { body: body('quota_demo', most) })
    expect(reply).toMatchObject({ status: 201, body: most })
  })

  test('an instance has 300 quotas at most', async () => {
    await using sluice = await management(engine)
    await sluice.store.write([], ({ db }) =>
      db
        .insertInto('app_quotas')
        .values(
          Array.from({ length: 299 }, (_, index) => ({
            id: `quota${index}`,
            instance_id: sluice.instanceId,
            ...body(`quota_${index}`),
            time_unit: 'DAY' as const,
            remark: '',
            reset_time: '',
            created_at: sluice.now,
          })),
        )
        .execute(),
    )
    await aQuota(sluice, 'quota_last')
    expect(await sluice.call('createAppQuota', { body: body('quota_more') })).toMatchObject({
      status: 403,
      body: { error_code: 'APIG.3100' },
    })
  })

  test('the list filters by part of the name, and pages newest first', async () => {
    await using sluice = await management(engine)
    for (const name of ['quota_a', 'quota_b', 'Quota_b']) {
      sluice.now += 1_000
      await aQuota(sluice, name)
    }
    const found = async (query: Record<string, string | number>) =>
      (await sluice.call('listAppQuotas', { query })).body.quotas.map((quota: { name: string }) => quota.name)
    expect(await found({})).toEqual(['Quota_b', 'quota_b', 'quota_a'])
    expect(await found({ name: 'quota_b' })).toEqual(['quota_b'])
    expect(await found({ name: '' })).toHaveLength(3)
    expect(await found({ offset: 2, limit: 5 })).toEqual(['quota_a'])
    expect((await sluice.call('listAppQuotas', { query: { offset: 3 } })).body).toEqual({
      total: 3,
      size: 0,
      quotas: [],
    })
  })

  test('76: an app moves between the lists as it is bound and released', async () => {
    await using sluice = await management(engine)
    const quota = await aQuota(sluice, 'quota_demo')
    const apps: string[] = []
    for (const name of ['app_a', 'app_b', 'other']) {
      sluice.now += 1_000
      apps.push(await anApp(sluice, name))
    }
    const [a = '', b = ''] = apps
    expect(names(await bindable(sluice, quota))).toEqual(['other', 'app_b', 'app_a'])
    const [unbound] = (await bindable(sluice, quota, { app_name: 'app_a' })).apps
    expect(unbound).toEqual({
      app_id: a,
      name: 'app_a',
      status: 1,
      app_key: expect.stringMatching(/^[0-9a-f]{32}$/),
      remark: '',
      register_time: expect.stringMatching(/:\d\dZ$/),
      update_time: expect.stringMatching(/:\d\dZ$/),
      bound_time: '0001-01-01T00:00:00Z',
    })
    expect((await sluice.call('showAppBoundAppQuota', { path: { app_id: a } })).body).toEqual({})
    const before = await revision(sluice)

    const first = await bind(sluice, quota, [a, a])
    expect(first.status).toBe(201)
    expect(first.body).toEqual({
      applies: [{ app_id: a, app_quota_id: quota, bound_time: expect.stringMatching(/\.\d{3}Z$/) }],
    })
    expect(await changedParts(sluice, before)).toEqual([`app:${a}`])
    sluice.now += 1_000
    const both = await bind(sluice, quota, [a, b])
    expect(both.body.applies.map((each: { app_id: string }) => each.app_id)).toEqual([a, b])
    expect(both.body.applies[0].bound_time).toBe(`${first.body.applies[0].bound_time.slice(0, 19)}Z`)

    expect(names(await bindable(sluice, quota))).toEqual(['other'])
    expect(names(await bound(sluice, quota))).toEqual(['app_b', 'app_a'])
    expect(names(await bound(sluice, quota, { app_name: '_a' }))).toEqual(['app_a'])
    expect(names(await bound(sluice, quota, { offset: 1, limit: 1 }))).toEqual(['app_a'])
    expect((await bound(sluice, quota, { offset: 2 })).total).toBe(2)
    expect((await bound(sluice, quota)).apps[1]).toMatchObject({
      ...unbound,
      app_quota_id: quota,
      app_quota_name: 'quota_demo',
      bound_time: both.body.applies[0].bound_time,
    })
    expect(await sluice.call('showAppBoundAppQuota', { path: { app_id: a } })).toMatchObject({
      status: 200,
      body: { app_quota_id: quota, name: 'quota_demo', bound_app_num: 2 },
    })

    const beforeRelease = await revision(sluice)
    const path = { app_quota_id: quota, app_id: a }
    expect(await sluice.call('disassociateAppQuotaWithApp', { path })).toMatchObject({ status: 204, body: undefined })
    expect(await changedParts(sluice, beforeRelease)).toEqual([`app:${a}`])
    expect(names(await bindable(sluice, quota))).toEqual(['other', 'app_a'])
    expect(await sluice.call('disassociateAppQuotaWithApp', { path })).toMatchObject({
      status: 404,
      body: { error_code: 'APIG.3004' },
    })
  })

  test('an app has one quota', async () => {
    await using sluice = await management(engine)
    const first = await aQuota(sluice, 'quota_first')
    const second = await aQuota(sluice, 'quota_second')
    const app = await anApp(sluice, 'app_demo')
    const other = await anApp(sluice, 'app_other')
    await bind(sluice, first, [app])

    const refused = await bind(sluice, second, [other, app])
    expect(refused).toMatchObject({ status: 400, body: { error_code: 'APIG.2011' } })
    expect(refused.body.error_msg).toContain('parameterName:app_ids.')
    expect((await bound(sluice, second)).total).toBe(0)
    expect(names(await bindable(sluice, second))).toEqual(['app_other'])
    const path = { app_quota_id: second, app_id: app }
    expect((await sluice.call('disassociateAppQuotaWithApp', { path })).status).toBe(404)
    expect(names(await bound(sluice, first))).toEqual(['app_demo'])
  })

  test('a change of a quota, and its end, reach its apps', async () => {
    await using sluice = await management(engine)
    const quota = await aQuota(sluice, 'quota_demo')
    const app = await anApp(sluice, 'app_demo')
    await bind(sluice, quota, [app])
    const path = { app_quota_id: quota }

    const before = await revision(sluice)
    const update = await sluice.call('updateAppQuota', { path, body: body('quota_demo', { call_limits: 1 }) })
    expect(update.body).toMatchObject({ call_limits: 1, bound_app_num: 1 })
    expect(await changedParts(sluice, before)).toEqual([`app:${app}`])

    const beforeDeletion = await revision(sluice)
    await sluice.given('deleteAppQuota', { path })
    expect(await changedParts(sluice, beforeDeletion)).toEqual([`app:${app}`])
    expect((await sluice.call('showAppBoundAppQuota', { path: { app_id: app } })).body).toEqual({})
  })

  test('what is not there is told by its code, the quota before the apps', async () => {
    await using sluice = await management(engine)
    const quota = await aQuota(sluice, 'quota_demo')
    const app = await anApp(sluice, 'app_demo')
    const unknown = { app_quota_id: notThere }
    for (const reply of [
      await bind(sluice, notThere, [notThere]),
      await sluice.call('listAppQuotaBindableApps', { path: unknown }),
      await sluice.call('listAppQuotaBoundApps', { path: unknown }),
      await sluice.call('disassociateAppQuotaWithApp', { path: { ...unknown, app_id: app } }),
    ])
      expect(reply).toMatchObject({
        status: 404,
        body: { error_code: 'APIG.3093', error_msg: `The App quota ${notThere} does not exist` },
      })
    for (const reply of [
      await bind(sluice, quota, [app, notThere]),
      await sluice.call('disassociateAppQuotaWithApp', { path: { app_quota_id: quota, app_id: notThere } }),
    ])
      expect(reply).toMatchObject({
        status: 404,
        body: { error_code: 'APIG.3004', error_msg: `App ${notThere} does not exist` },
      })
    expect((await bound(sluice, quota)).total).toBe(0)
    expect(await bind(sluice, quota, [])).toMatchObject({ status: 400, body: { error_code: 'APIG.2001' } })
    expect(await sluice.call('showAppBoundAppQuota', { path: { app_id: notThere } })).toMatchObject({
      status: 404,
      body: { error_code: 'APIG.3002', error_msg: `App ${notThere} does not exist` },
    })
  })
})
