import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { anApi, changedParts, publish, RELEASE, revision } from '../../../test/stage.js'

const notThere = '11111111-2222-3333-4444-555555555555'

const body = (acl_name: string, overrides = {}) => ({
  acl_name,
  acl_type: 'PERMIT',
  entity_type: 'IP',
  acl_value: '192.168.1.5,192.168.10.1',
  ...overrides,
})

const anAcl = async (sluice: TestManagement, name: string, overrides = {}): Promise<string> =>
  (await sluice.given('createAclStrategyV2', { body: body(name, overrides) })).id as string

const bindTo = async (sluice: TestManagement, acl_id: string): Promise<string> => {
  const api = await anApi(sluice)
  const publish_ids = [await publish(sluice, api.id)]
  await sluice.given('createApiAclBindingV2', { body: { acl_id, publish_ids } })
  return api.id
}

describe.each(engines)('access control policies on $name', (engine) => {
  test('a policy is created, read, changed and deleted', async () => {
    await using sluice = await management(engine)
    const created = await sluice.call('createAclStrategyV2', { body: body('acl_demo') })
    const path = { acl_id: created.body.id as string }

    expect(created.status).toBe(201)
    expect(created.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      ...body('acl_demo'),
      update_time: expect.stringMatching(/\.\d{3}Z$/),
    })
    const shown = await sluice.call('showDetailsOfAclPolicyV2', { path })
    expect(shown.body).toEqual({ ...created.body, update_time: expect.stringMatching(/:\d\dZ$/) })

    sluice.now += 60_000
    const change = body('acl_renamed', { acl_type: 'DENY', acl_value: '10.0.0.0/8, 10.1.0.1-10.1.0.9,2001:db8::/32' })
    const changed = await sluice.call('updateAclStrategyV2', { path, body: change })
    expect(changed).toMatchObject({ status: 200, body: { id: path.acl_id, ...change } })
    expect(changed.body.update_time > created.body.update_time).toBe(true)
    expect((await sluice.call('showDetailsOfAclPolicyV2', { path })).body).toMatchObject(change)

    expect(await sluice.call('deleteAclV2', { path })).toMatchObject({ status: 204, body: undefined })
    expect((await sluice.call('listAclStrategiesV2')).body).toEqual({ total: 0, size: 0, acls: [] })
  })

  test('a policy that is not there is 3006, in another instance as well', async () => {
    await using sluice = await management(engine)
    const path = { acl_id: notThere }
    for (const reply of [
      await sluice.call('showDetailsOfAclPolicyV2', { path }),
      await sluice.call('updateAclStrategyV2', { path, body: body('acl_demo') }),
      await sluice.call('deleteAclV2', { path }),
      await sluice.call('listApisBindedToAclPolicyV2', { query: path }),
      await sluice.call('listApisUnbindedToAclPolicyV2', { query: path }),
      await sluice.call('createApiAclBindingV2', { body: { ...path, publish_ids: [notThere] } }),
    ])
      expect(reply).toMatchObject({
        status: 404,
        body: { error_code: 'APIG.3006', error_msg: `Access control policy ${notThere} does not exist` },
      })
    const malformed = await sluice.call('showDetailsOfAclPolicyV2', { path: { acl_id: 'a.b' } })
    expect(malformed).toMatchObject({ status: 400, body: { error_code: 'APIG.2011' } })
    expect(malformed.body.error_msg).toContain('parameterName:id.')
  })

  test('a name is taken once, and a policy may keep its own', async () => {
    await using sluice = await management(engine)
    await anAcl(sluice, 'acl_first')
    const second = await anAcl(sluice, 'acl_second')
    const path = { acl_id: second }

    const taken = { status: 400, body: { error_code: 'APIG.3206' } }
    expect(await sluice.call('createAclStrategyV2', { body: body('acl_first') })).toMatchObject(taken)
    expect(await sluice.call('updateAclStrategyV2', { path, body: body('acl_first') })).toMatchObject(taken)
    expect((await sluice.call('updateAclStrategyV2', { path, body: body('acl_second') })).status).toBe(200)
  })

  test('what a kind does not take is refused under its name', async () => {
    await using sluice = await management(engine)
    for (const [name, overrides] of [
      ['acl_name', { acl_name: 'ab' }],
      ['acl_name', { acl_name: '1abc' }],
      ['acl_type', { acl_type: 'ALLOW' }],
      ['entity_type', { entity_type: 'USER' }],
      ['acl_value', { acl_value: '10.0.0.256' }],
      ['acl_value', { acl_value: '10.0.0.1,' }],
      ['acl_value', { acl_value: '10.0.0.9-10.0.0.1' }],
      ['acl_value', { acl_value: '10.0.0.0/33' }],
      ['acl_value', { acl_value: Array<string>(101).fill('10.0.0.1').join(',') }],
      ['acl_value', { entity_type: 'DOMAIN', acl_value: 'user1,12345' }],
      ['acl_value', { entity_type: 'DOMAIN', acl_value: 'a'.repeat(65) }],
      ['acl_value', { entity_type: 'DOMAIN_ID', acl_value: 'short' }],
      ['acl_value', { entity_type: 'DOMAIN_ID', acl_value: Array<string>(32).fill('d'.repeat(32)).join(',') }],
    ] as const) {
      const reply = await sluice.call('createAclStrategyV2', { body: body('acl_demo', overrides) })
      expect(reply, JSON.stringify(overrides)).toMatchObject({ status: 400, body: { error_code: 'APIG.2011' } })
      expect(reply.body.error_msg).toContain(`parameterName:${name}.`)
    }
    expect((await sluice.call('listAclStrategiesV2')).body.total).toBe(0)
  })

  test('every kind takes what is its own, up to the limit', async () => {
    await using sluice = await management(engine)
    for (const [name, overrides] of [
      ['acl_ip', { acl_value: Array<string>(100).fill('10.0.0.1').join(',') }],
      ['acl_domain', { entity_type: 'DOMAIN', acl_value: 'user 1,other@example.com,u2' }],
      ['acl_domain_id', { entity_type: 'DOMAIN_ID', acl_value: Array<string>(31).fill('d'.repeat(32)).join(',') }],
    ] as const) {
      const reply = await sluice.call('createAclStrategyV2', { body: body(name, overrides) })
      expect(reply).toMatchObject({ status: 201, body: overrides })
    }
    for (const missing of ['acl_name', 'acl_type', 'acl_value', 'entity_type']) {
      const reply = await sluice.call('createAclStrategyV2', { body: body('acl_demo', { [missing]: '' }) })
      expect(reply).toMatchObject({ status: 400, body: { error_code: 'APIG.2001' } })
      expect(reply.body.error_msg).toContain(`parameterName:${missing}.`)
    }
  })

  test('the kind of a policy is fixed', async () => {
    await using sluice = await management(engine)
    const path = { acl_id: await anAcl(sluice, 'acl_demo') }
    const change = body('acl_demo', { entity_type: 'DOMAIN', acl_value: 'user1' })
    const reply = await sluice.call('updateAclStrategyV2', { path, body: change })
    expect(reply).toMatchObject({ status: 400, body: { error_code: 'APIG.2011' } })
    expect(reply.body.error_msg).toContain('parameterName:entity_type.')
  })

  test('the quota is read from its record, and the record counts', async () => {
    await using sluice = await management(engine)
    await sluice.store.write([], ({ db }) =>
      db.updateTable('configs').set({ config_value: '1' }).where('config_name', '=', 'ACL_NUM_LIMIT').execute(),
    )
    await anAcl(sluice, 'acl_first')
    const second = await sluice.call('createAclStrategyV2', { body: body('acl_second') })
    expect(second).toMatchObject({ status: 403, body: { error_code: 'APIG.3112' } })
    const { configs } = (await sluice.call('listProjectCofigsV2', { query: { config_name: 'ACL_NUM_LIMIT' } })).body
    expect(configs).toMatchObject([{ config_value: '1', used: 1 }])
  })

  test('86: the list filters by either name, and by what else a policy has', async () => {
    await using sluice = await management(engine)
    const ids: string[] = []
    for (const [name, overrides] of [
      ['acl_a', {}],
      ['acl_b', { acl_type: 'DENY' }],
      ['Acl_b', {}],
      ['acl_bb', { entity_type: 'DOMAIN', acl_value: 'user1' }],
    ] as const) {
      sluice.now += 1_000
      ids.unshift(await anAcl(sluice, name, overrides))
    }
    const names = async (query: Record<string, string | number>) =>
      (await sluice.call('listAclStrategiesV2', { query })).body.acls.map((acl: { acl_name: string }) => acl.acl_name)

    expect(await names({})).toEqual(['acl_bb', 'Acl_b', 'acl_b', 'acl_a'])
    for (const filter of ['name', 'acl_name']) {
      expect(await names({ [filter]: 'cl_b' })).toEqual(['acl_bb', 'Acl_b', 'acl_b'])
      expect(await names({ [filter]: 'acl_b', precise_search: 'name' })).toEqual(['acl_b'])
      expect(await names({ [filter]: '' })).toHaveLength(4)
      expect(await names({ [filter]: '%' })).toEqual([])
    }
    expect(await names({ id: ids[0] ?? '' })).toEqual(['acl_bb'])
    expect(await names({ id: notThere })).toEqual([])
    expect(await names({ acl_type: 'DENY' })).toEqual(['acl_b'])
    expect(await names({ entity_type: 'DOMAIN' })).toEqual(['acl_bb'])
    expect(await names({ entity_type: 'IP', acl_type: 'PERMIT', name: 'Acl' })).toEqual(['Acl_b'])
    const page = (await sluice.call('listAclStrategiesV2', { query: { offset: 3, limit: 2 } })).body
    expect([page.total, page.size, page.acls[0].acl_name]).toEqual([4, 1, 'acl_a'])
    expect((await sluice.call('listAclStrategiesV2', { query: { offset: 4 } })).body.acls).toEqual([])
  })

  test('84: a batch deletes what it can and tells the rest item by item', async () => {
    await using sluice = await management(engine)
    const bound = await anAcl(sluice, 'acl_bound')
    const free = await anAcl(sluice, 'acl_free')
    await bindTo(sluice, bound)

    const reply = await sluice.call('batchDeleteAclV2', {
      query: { action: 'delete' },
      body: { acls: [bound, free, notThere, free] },
    })

    expect(reply).toMatchObject({ status: 200, body: { success_count: 1 } })
    expect(reply.body.failure).toEqual([
      {
        acl_id: bound,
        acl_name: 'acl_bound',
        error_code: 'APIG.3447',
        error_msg: 'The access control policy has been bound to APIs',
      },
      {
        acl_id: notThere,
        error_code: 'APIG.3006',
        error_msg: `Access control policy ${notThere} does not exist`,
      },
    ])
    const { acls } = (await sluice.call('listAclStrategiesV2')).body
    expect(acls).toMatchObject([{ id: bound, bind_num: 1 }])
    for (const nothing of [{}, { acls: [] }])
      expect(await sluice.call('batchDeleteAclV2', { query: { action: 'delete' }, body: nothing })).toMatchObject({
        status: 200,
        body: { success_count: 0, failure: [] },
      })
  })

  test('84: the action of a batch is to delete', async () => {
    await using sluice = await management(engine)
    for (const id of ['batchDeleteAclV2', 'batchDeleteApiAclBindingV2'] as const)
      for (const query of [{ action: 'x' }, {}])
        expect(await sluice.call(id, { query, body: {} })).toMatchObject({
          status: 400,
          body: {
            error_code: 'APIG.2011',
            error_msg: 'Invalid parameter value: parameter action should be "delete"',
          },
        })
  })

  test('a bound policy cannot be deleted, and what it controls changes with it', async () => {
    await using sluice = await management(engine)
    const id = await anAcl(sluice, 'acl_demo')
    const apiId = await bindTo(sluice, id)
    const before = await revision(sluice)
    const path = { acl_id: id }

    expect(await sluice.call('deleteAclV2', { path })).toMatchObject({
      status: 403,
      body: { error_code: 'APIG.3447', error_msg: 'The access control policy has been bound to APIs' },
    })
    expect(await revision(sluice)).toBe(before)
    await sluice.given('updateAclStrategyV2', { path, body: body('acl_demo', { acl_value: '10.0.0.1' }) })
    expect(await changedParts(sluice, before)).toEqual([`publication:${apiId}/${RELEASE}`])
  })
})
