import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { changedParts, revision } from '../../../test/stage.js'

const notThere = '11111111-2222-3333-4444-555555555555'
const policy = { name: 'throttle_demo', api_call_limits: 100, time_interval: 1, time_unit: 'SECOND' }

const aThrottle = async (sluice: TestManagement, attributes = {}): Promise<string> =>
  (await sluice.given('createRequestThrottlingPolicyV2', { body: { ...policy, ...attributes } })).id as string

describe.each(engines)('throttling policies on $name', (engine) => {
  test('78: no limit, nested limits, a valid policy, its name again', async () => {
    await using sluice = await management(engine)
    const create = (attributes: object) =>
      sluice.call('createRequestThrottlingPolicyV2', { body: { ...policy, ...attributes } })

    const noLimit = await create({ api_call_limits: 0 })
    const appAboveUser = await create({ user_call_limits: 10, app_call_limits: 11 })
    const valid = await create({ user_call_limits: 50, app_call_limits: 50, ip_call_limits: 100, remark: 'demo' })
    const again = await create({})

    expect(noLimit).toMatchObject({ status: 400, body: { error_code: 'APIG.2002' } })
    expect(appAboveUser).toMatchObject({
      status: 400,
      body: {
        error_code: 'APIG.2003',
        error_msg:
          'The parameter value is too large,parameterName:app_call_limits. Please refer to the support documentation',
      },
    })
    expect(valid.status).toBe(201)
    expect(valid.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      ...policy,
      remark: 'demo',
      type: 1,
      user_call_limits: 50,
      app_call_limits: 50,
      ip_call_limits: 100,
      enable_adaptive_control: 'FALSE',
      bind_num: 0,
      is_inclu_special_throttle: 2,
      create_time: expect.stringMatching(/\.\d{3}Z$/),
    })
    expect(again).toMatchObject({ status: 400, body: { error_code: 'APIG.3204' } })
    expect(await changedParts(sluice, 0)).toContain(`throttle:${valid.body.id}`)
  })

  test('a limit may exceed the rate of APIs without a policy: the range of the contract is what counts', async () => {
    await using sluice = await management(engine)
    const body = { ...policy, api_call_limits: 2_147_483_647 }
    const largest = await sluice.call('createRequestThrottlingPolicyV2', { body })
    const larger = await sluice.call('createRequestThrottlingPolicyV2', {
      body: { ...policy, name: 'larger', api_call_limits: 2_147_483_648 },
    })
    expect(largest).toMatchObject({ status: 201, body: { api_call_limits: 2_147_483_647 } })
    expect(larger).toMatchObject({ status: 400, body: { error_code: 'APIG.2003' } })
  })

  test('an update replaces everything; what is left out returns to its default', async () => {
    await using sluice = await management(engine)
    const id = await aThrottle(sluice, { type: 2, remark: 'first', user_call_limits: 10 })
    await aThrottle(sluice, { name: 'other' })
    const path = { throttle_id: id }
    const body = { name: 'throttle_new', api_call_limits: 5, time_interval: 2, time_unit: 'HOUR' }
    const before = await revision(sluice)

    const updated = await sluice.call('updateRequestThrottlingPolicyV2', { path, body })
    const marked = await changedParts(sluice, before)
    const taken = await sluice.call('updateRequestThrottlingPolicyV2', { path, body: { ...body, name: 'other' } })
    const unnested = await sluice.call('updateRequestThrottlingPolicyV2', {
      path,
      body: { ...body, ip_call_limits: 6 },
    })
    const read = await sluice.call('showDetailsOfRequestThrottlingPolicyV2', { path })

    expect(updated).toMatchObject({ status: 200, body: { ...body, id, type: 1, remark: '' } })
    expect(updated.body).not.toHaveProperty('user_call_limits')
    expect(marked).toEqual([`throttle:${id}`])
    expect(taken).toMatchObject({ status: 400, body: { error_code: 'APIG.3204' } })
    expect(unnested).toMatchObject({ status: 400, body: { error_code: 'APIG.2003' } })
    expect(read.body).toEqual({ ...updated.body, create_time: expect.stringMatching(/:\d\dZ$/) })
  })

  test('an unknown policy is named', async () => {
    await using sluice = await management(engine)
    const path = { throttle_id: notThere }
    const replies = [
      await sluice.call('showDetailsOfRequestThrottlingPolicyV2', { path }),
      await sluice.call('updateRequestThrottlingPolicyV2', { path, body: policy }),
      await sluice.call('deleteRequestThrottlingPolicyV2', { path }),
      await sluice.call('listSpecialThrottlingConfigurationsV2', { path }),
    ]
    for (const reply of replies)
      expect(reply).toMatchObject({
        status: 404,
        body: { error_code: 'APIG.3005', error_msg: `Request throttling policy ${notThere} does not exist` },
      })
  })

  test('the quota of policies counts what exists', async () => {
    await using sluice = await management(engine)
    await setQuota(sluice, 'THROTTLE_NUM_LIMIT', 1)
    const id = await aThrottle(sluice)
    const second = await sluice.call('createRequestThrottlingPolicyV2', { body: { ...policy, name: 'second' } })
    await sluice.given('deleteRequestThrottlingPolicyV2', { path: { throttle_id: id } })
    expect(second).toMatchObject({ status: 403, body: { error_code: 'APIG.3107' } })
    await aThrottle(sluice, { name: 'second' })
  })

  test('lists page newest first, and filter by id and name', async () => {
    await using sluice = await management(engine)
    const ids: string[] = []
    for (const name of ['throttle_a', 'throttle_b', 'throttle_bb']) {
      sluice.now += 1_000
      ids.unshift(await aThrottle(sluice, { name }))
    }
    const list = async (query = {}) => (await sluice.call('listRequestThrottlingPolicyV2', { query })).body
    const names = async (query: object) => (await list(query)).throttles.map((row: { name: string }) => row.name)

    expect(await list()).toMatchObject({ total: 3, size: 3 })
    expect((await list()).throttles.map((row: { id: string }) => row.id)).toEqual(ids)
    expect(await names({ limit: 1, offset: 1 })).toEqual(['throttle_b'])
    expect(await names({ name: 'e_b' })).toEqual(['throttle_bb', 'throttle_b'])
    expect(await names({ name: 'throttle_b', precise_search: 'name' })).toEqual(['throttle_b'])
    expect(await names({ id: ids[2] })).toEqual(['throttle_a'])
    expect(await names({ id: notThere })).toEqual([])
  })
})

describe.each(engines)('special limits on $name', (engine) => {
  test('79: unknown app, below 1, above the policy, valid, again, deleted', async () => {
    await using sluice = await management(engine)
    const throttleId = await aThrottle(sluice)
    const path = { throttle_id: throttleId }
    const app = await sluice.given('createAnAppV2', { body: { name: 'app_demo' } })
    const create = (body: object) =>
      sluice.call('createSpecialThrottlingConfigurationV2', {
        path,
        body: { call_limits: 10, object_id: app.id, object_type: 'APP', ...body },
      })
    const flag = async () =>
      (await sluice.call('showDetailsOfRequestThrottlingPolicyV2', { path })).body.is_inclu_special_throttle

    const unknown = await create({ object_id: notThere })
    const negative = await create({ call_limits: -1 })
    const above = await create({ call_limits: 101 })
    expect(unknown).toMatchObject({
      status: 404,
      body: { error_code: 'APIG.3004', error_msg: `App ${notThere} does not exist` },
    })
    expect(negative).toMatchObject({ status: 400, body: { error_code: 'APIG.2002' } })
    expect(negative.body.error_msg).toContain('The parameter value is too small,parameterName:call_limits')
    expect(above).toMatchObject({ status: 400, body: { error_code: 'APIG.2003' } })
    expect(await flag()).toBe(2)

    const before = await revision(sluice)
    const valid = await create({ call_limits: 100 })
    expect(valid.status).toBe(201)
    expect(valid.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      throttle_id: throttleId,
      object_type: 'APP',
      object_id: app.id,
      object_name: 'app_demo',
      app_id: app.id,
      app_name: 'app_demo',
      call_limits: 100,
      apply_time: expect.stringMatching(/\.\d{3}Z$/),
    })
    expect(await changedParts(sluice, before)).toEqual([`throttle:${throttleId}`])
    expect(await flag()).toBe(1)
    expect(await create({})).toMatchObject({ status: 400, body: { error_code: 'APIG.3308' } })

    const specialPath = { ...path, strategy_id: valid.body.id }
    expect((await sluice.call('deleteSpecialThrottlingConfigurationV2', { path: specialPath })).status).toBe(204)
    expect(await flag()).toBe(2)
    expect(await sluice.call('deleteSpecialThrottlingConfigurationV2', { path: specialPath })).toMatchObject({
      status: 404,
      body: {
        error_code: 'APIG.3013',
        error_msg: `Excluded request throttling configuration ${valid.body.id} does not exist`,
      },
    })
  })

  test('a user is an account or a project; one that is unknown here is called by its id', async () => {
    await using sluice = await management(engine)
    const path = { throttle_id: await aThrottle(sluice) }
    const { domainId, domainName } = await owner(sluice)
    const create = async (object_id: string) =>
      (
        await sluice.call('createSpecialThrottlingConfigurationV2', {
          path,
          body: { call_limits: 1, object_id, object_type: 'USER' },
        })
      ).body

    const account = await create(domainId)
    const stranger = await create('a'.repeat(32))

    expect(account).toMatchObject({ object_name: domainName, object_id: domainId })
    expect(account).not.toHaveProperty('app_id')
    expect(stranger).toMatchObject({ object_name: 'a'.repeat(32) })
  })

  test('an update changes the limit within the bounds of the policy', async () => {
    await using sluice = await management(engine)
    const throttleId = await aThrottle(sluice)
    const body = { call_limits: 1, object_id: 'a'.repeat(32), object_type: 'USER' }
    const path = { throttle_id: throttleId }
    const special = await sluice.given('createSpecialThrottlingConfigurationV2', { path, body })
    const update = (call_limits: number, strategy_id = special.id) =>
      sluice.call('updateSpecialThrottlingConfigurationV2', { path: { ...path, strategy_id }, body: { call_limits } })
    const before = await revision(sluice)

    expect(await update(100)).toMatchObject({ status: 200, body: { id: special.id, call_limits: 100 } })
    expect(await changedParts(sluice, before)).toEqual([`throttle:${throttleId}`])
    expect(await update(101)).toMatchObject({ status: 400, body: { error_code: 'APIG.2003' } })
    expect(await update(0)).toMatchObject({ status: 400, body: { error_code: 'APIG.2002' } })
    expect(await update(1, notThere)).toMatchObject({ status: 404, body: { error_code: 'APIG.3013' } })
  })

  test('a lower limit of the policy leaves special limits as they are', async () => {
    await using sluice = await management(engine)
    const path = { throttle_id: await aThrottle(sluice) }
    const body = { call_limits: 90, object_id: 'a'.repeat(32), object_type: 'USER' }
    await sluice.given('createSpecialThrottlingConfigurationV2', { path, body })

    const lowered = await sluice.call('updateRequestThrottlingPolicyV2', {
      path,
      body: { ...policy, api_call_limits: 10 },
    })

    expect(lowered.status).toBe(200)
    const { throttle_specials } = (await sluice.call('listSpecialThrottlingConfigurationsV2', { path })).body
    expect(throttle_specials[0].call_limits).toBe(90)
  })

  test('a policy has a quota of each kind, and a special of another policy is not found', async () => {
    await using sluice = await management(engine)
    await setQuota(sluice, 'USER_THROTTLE_LIMIT', 1)
    const path = { throttle_id: await aThrottle(sluice) }
    const other = { throttle_id: await aThrottle(sluice, { name: 'other' }) }
    const app = await sluice.given('createAnAppV2', { body: { name: 'app_demo' } })
    const create = (object_type: string, object_id: string) =>
      sluice.call('createSpecialThrottlingConfigurationV2', { path, body: { call_limits: 1, object_id, object_type } })

    const first = await create('USER', 'a'.repeat(32))
    expect(first.status).toBe(201)
    expect(await create('USER', 'b'.repeat(32))).toMatchObject({ status: 403, body: { error_code: 'APIG.3100' } })
    expect((await create('APP', app.id)).status).toBe(201)
    const elsewhere = { path: { ...other, strategy_id: first.body.id } }
    expect(await sluice.call('deleteSpecialThrottlingConfigurationV2', elsewhere)).toMatchObject({
      status: 404,
      body: { error_code: 'APIG.3013' },
    })
  })

  test('lists filter by kind, by name of the app and by name of the user', async () => {
    await using sluice = await management(engine)
    const path = { throttle_id: await aThrottle(sluice) }
    const { domainId, domainName } = await owner(sluice)
    const app = await sluice.given('createAnAppV2', { body: { name: 'app_orders' } })
    for (const [object_type, object_id] of [
      ['APP', app.id],
      ['USER', domainId],
      ['USER', 'stranger'],
    ])
      await sluice.given('createSpecialThrottlingConfigurationV2', {
        path,
        body: { call_limits: 1, object_id, object_type },
      })
    const names = async (query: Record<string, string>) =>
      (await sluice.call('listSpecialThrottlingConfigurationsV2', { path, query })).body.throttle_specials
        .map((special: { object_name: string }) => special.object_name)
        .sort()

    expect(await names({})).toEqual([domainName, 'app_orders', 'stranger'].sort())
    expect(await names({ object_type: 'APP' })).toEqual(['app_orders'])
    expect(await names({ object_type: 'USER' })).toEqual([domainName, 'stranger'].sort())
    expect(await names({ app_name: 'orders' })).toEqual(['app_orders'])
    expect(await names({ app_name: 'else' })).toEqual([])
    expect(await names({ user: domainName })).toEqual([domainName])
    expect(await names({ user: 'strang' })).toEqual(['stranger'])
    expect(await names({ user: app.id })).toEqual([])
  })
})

async function setQuota(sluice: TestManagement, name: string, value: number): Promise<void> {
  await sluice.store.write([], ({ db }) =>
    db
      .updateTable('configs')
      .set({ config_value: String(value) })
      .where('scope_id', '=', sluice.instanceId)
      .where('config_name', '=', name)
      .execute(),
  )
}

async function owner(sluice: TestManagement): Promise<{ domainId: string; domainName: string }> {
  const { id, name } = await sluice.store.read((db) =>
    db.selectFrom('iam_domains').selectAll().executeTakeFirstOrThrow(),
  )
  return { domainId: id, domainName: name }
}
