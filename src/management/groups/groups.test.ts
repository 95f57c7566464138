import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management } from '../../../test/management.js'
import { setConfig } from '../../store/configs.js'

const api = (group_id: string, more: object = {}) => ({
  group_id,
  name: 'api_one',
  type: 1,
  req_protocol: 'HTTP',
  req_method: 'GET',
  req_uri: '/one',
  auth_type: 'NONE',
  backend_type: 'MOCK',
  mock_info: { result_content: 'fine' },
  ...more,
})

describe.each(engines)('API groups on $name', (engine) => {
  test('30: a group is created once, and named as the pattern says', async () => {
    await using sluice = await management(engine)

    const { status, body: group } = await sluice.call('createApiGroupV2', { body: { name: 'shop', remark: 'all' } })

    expect(status).toBe(201)
    expect(group).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      name: 'shop',
      status: 1,
      sl_domain: `${group.id}.apic.localhost`,
      sl_domains: [`${group.id}.apic.localhost`],
      register_time: expect.stringMatching(/\.\d{3}Z$/),
      update_time: group.register_time,
      on_sell_status: 2,
      url_domains: [],
      sl_domain_access_enabled: true,
      remark: 'all',
      is_default: 2,
      version: 'V1',
    })
    const read = await sluice.given('showDetailsOfApiGroupV2', { path: { group_id: group.id } })
    const seconds = `${group.register_time.slice(0, 19)}Z`
    expect(read).toEqual({ ...group, register_time: seconds, update_time: seconds })

    const again = await sluice.call('createApiGroupV2', { body: { name: 'shop' } })
    expect([again.status, again.body]).toEqual([
      400,
      { error_code: 'APIG.3201', error_msg: 'The API group name already exists' },
    ])
    const short = await sluice.call('createApiGroupV2', { body: { name: 'a' } })
    expect(short.status).toBe(400)
    expect(short.body.error_msg).toContain('Invalid parameter value,parameterName:name')
    const taken = await sluice.call('checkApiGroupsV2', { body: { group_name: 'shop' } })
    expect([taken.status, taken.body.error_code]).toEqual([400, 'APIG.3201'])
    expect((await sluice.call('checkApiGroupsV2', { body: { group_name: 'Shop' } })).status).toBe(204)
  })

  test('31: an update replaces name and remark', async () => {
    await using sluice = await management(engine)
    const group = await sluice.given('createApiGroupV2', { body: { name: 'before', remark: 'old' } })
    const other = await sluice.given('createApiGroupV2', { body: { name: 'other' } })
    sluice.now += 2_000

    const path = { group_id: group.id as string }
    const { status, body } = await sluice.call('updateApiGroupV2', { path, body: { name: 'after', remark: '' } })

    expect([status, body.name, body.remark]).toEqual([200, 'after', ''])
    expect(body.register_time).toBe(`${group.register_time.slice(0, 19)}Z`)
    expect(Date.parse(body.update_time)).toBeGreaterThanOrEqual(Date.parse(group.update_time) + 2_000)
    await sluice.given('updateApiGroupV2', { path, body: { name: 'after', remark: 'new' } })
    await sluice.given('updateApiGroupV2', { path, body: { name: 'after' } })
    expect(await sluice.given('showDetailsOfApiGroupV2', { path })).toMatchObject({ name: 'after', remark: '' })
    const taken = await sluice.call('updateApiGroupV2', { path: { group_id: other.id }, body: { name: 'after' } })
    expect([taken.status, taken.body.error_code]).toEqual([400, 'APIG.3201'])
  })

  test('32: a group with APIs cannot be deleted', async () => {
    await using sluice = await management(engine)
    const group = await sluice.given('createApiGroupV2', { body: { name: 'shop' } })
    const path = { group_id: group.id as string }
    const { id } = await sluice.given('createApiV2', { body: api(group.id) })

    const full = await sluice.call('deleteApiGroupV2', { path })
    expect([full.status, full.body]).toEqual([
      412,
      {
        error_code: 'APIG.3415',
        error_msg: `The API group cannot be deleted because it contains APIs,id:${group.id}`,
      },
    ])
    await sluice.given('deleteApiV2', { path: { api_id: id } })
    expect((await sluice.call('deleteApiGroupV2', { path })).status).toBe(204)
    const gone = await sluice.call('showDetailsOfApiGroupV2', { path })
    expect([gone.status, gone.body]).toEqual([
      404,
      { error_code: 'APIG.3001', error_msg: `API group ${group.id} does not exist` },
    ])
  })

  test('a deleted group takes its variables and responses with it', async () => {
    await using sluice = await management(engine)
    const { id: group_id } = await sluice.given('createApiGroupV2', { body: { name: 'shop' } })
    const variable = await sluice.given('createEnvironmentVariableV2', {
      body: { group_id, env_id: 'DEFAULT_ENVIRONMENT_RELEASE_ID', variable_name: 'host', variable_value: 'a.b' },
    })

    await sluice.given('deleteApiGroupV2', { path: { group_id } })

    const path = { env_variable_id: variable.id as string }
    expect((await sluice.call('showDetailsOfEnvironmentVariableV2', { path })).status).toBe(404)
    const responses = await sluice.store.read((db) =>
      db.selectFrom('gateway_responses').select('id').where('group_id', '=', group_id).execute(),
    )
    expect(responses).toEqual([])
  })

  test('33: the DEFAULT group stays, and keeps its name', async () => {
    await using sluice = await management(engine)
    const { groups } = await sluice.given('listApiGroupsV2')
    const path = { group_id: groups[0].id as string }

    const refused = [
      await sluice.call('deleteApiGroupV2', { path }),
      await sluice.call('updateApiGroupV2', { path, body: { name: 'MINE' } }),
    ]

    for (const { status, body } of refused) expect([status, body.error_code]).toEqual([403, 'APIG.1101'])
    await sluice.given('updateApiGroupV2', { path, body: { name: 'DEFAULT', remark: 'mine' } })
    expect(await sluice.given('showDetailsOfApiGroupV2', { path })).toMatchObject({ remark: 'mine', is_default: 1 })
  })

  test('34: access by the debugging domain is switched off and on', async () => {
    await using sluice = await management(engine)
    const { id: group_id } = await sluice.given('createApiGroupV2', { body: { name: 'shop' } })
    const path = { group_id: group_id as string }

    for (const sl_domain_access_enabled of [false, true]) {
      const { status } = await sluice.call('updateSlDomainSettingV2', { path, body: { sl_domain_access_enabled } })
      expect(status).toBe(204)
      expect(await sluice.given('showDetailsOfApiGroupV2', { path })).toMatchObject({ sl_domain_access_enabled })
    }
    const missing = await sluice.call('updateSlDomainSettingV2', { path, body: {} })
    expect([missing.status, missing.body]).toEqual([
      400,
      {
        error_code: 'APIG.2011',
        error_msg: 'Invalid parameter value,parameterName:sl_domain_access_enabled',
      },
    ])
  })

  test('what changes a group reaches the gateways', async () => {
    await using sluice = await management(engine)
    const revisions: number[] = []
    sluice.store.onRevision((revision) => revisions.push(revision))
    const { id: group_id } = await sluice.given('createApiGroupV2', { body: { name: 'shop' } })
    const path = { group_id: group_id as string }
    await sluice.given('updateApiGroupV2', { path, body: { name: 'shop2' } })
    await sluice.given('updateSlDomainSettingV2', { path, body: { sl_domain_access_enabled: false } })
    await sluice.given('deleteApiGroupV2', { path })

    const changes = await sluice.store.read((db) =>
      db.selectFrom('snapshot_changes').select('part_key').where('revision', 'in', revisions).execute(),
    )
    expect(changes.map((change) => change.part_key)).toEqual(Array.from({ length: 4 }, () => `group:${group_id}`))
  })

  test('the list: newest first, filters, precise search, pages without gaps', async () => {
    await using sluice = await management(engine)
    const { groups } = await sluice.given('listApiGroupsV2')
    const created: string[] = [groups[0].id]
    for (const name of ['shop', 'shop.admin', 'Shop', 'stock']) {
      sluice.now += 10
      const { id } = await sluice.given('createApiGroupV2', { body: { name } })
      created.unshift(id)
    }
    const names = async (query: Record<string, string | number>) => {
      const list = await sluice.given('listApiGroupsV2', { query })
      expect(list.size).toBe(list.groups.length)
      return [list.total, list.groups.map((group: { name: string }) => group.name).toSorted()]
    }

    expect(await names({ name: 'shop' })).toEqual([2, ['shop', 'shop.admin']])
    expect(await names({ name: 'shop', precise_search: 'name' })).toEqual([1, ['shop']])
    expect(await names({ name: 'shop', precise_search: 'other,name' })).toEqual([1, ['shop']])
    expect(await names({ name: 'shop', precise_search: 'remark' })).toEqual([2, ['shop', 'shop.admin']])
    expect(await names({ name: '' })).toEqual([5, ['DEFAULT', 'Shop', 'shop', 'shop.admin', 'stock']])
    expect(await names({ id: created[0] ?? '' })).toEqual([1, ['stock']])
    expect(await names({ id: 'unknown-id' })).toEqual([0, []])

    const seen = []
    for (let offset = 0; ; offset += 2) {
      const list = await sluice.given('listApiGroupsV2', { query: { limit: 2, offset } })
      expect(list.total).toBe(5)
      if (list.size === 0) break
      seen.push(...list.groups.map((group: { id: string }) => group.id))
    }
    expect(seen).toEqual(created)
    expect((await sluice.given('listApiGroupsV2', { query: { limit: 0, offset: -3 } })).size).toBe(5)
  })

  test('of many at once with one name, one is created', async () => {
    await using sluice = await management(engine)

    const replies = await Promise.all(
      Array.from({ length: 5 }, () => sluice.call('createApiGroupV2', { body: { name: 'shop' } })),
    )

    expect(replies.map((reply) => reply.status).toSorted()).toEqual([201, 400, 400, 400, 400])
    expect((await sluice.given('listApiGroupsV2')).total).toBe(2)
  })

  test('the quota is a record of the instance', async () => {
    await using sluice = await management(engine)
    await sluice.store.write([], ({ db }) => setConfig(db, sluice.instanceId, 'APIGROUP_NUM_LIMIT', '2'))
    await sluice.given('createApiGroupV2', { body: { name: 'second' } })

    const third = await sluice.call('createApiGroupV2', { body: { name: 'third' } })

    expect([third.status, third.body]).toEqual([
      403,
      { error_code: 'APIG.3101', error_msg: 'The number of API groups exceeds the maximum allowed limit' },
    ])
  })

  test('a group of another instance does not exist', async () => {
    await using sluice = await management(engine)
    const { id: group_id } = await sluice.given('createApiGroupV2', { body: { name: 'shop' } })
    const { instance_id: instanceId } = await sluice.given('createInstanceV2', {
      body: {
        instance_name: 'other',
        spec_id: 'BASIC',
        vpc_id: 'v',
        subnet_id: 's',
        security_group_id: '36d0ec18-bd10-4da7-86f3-ad7a5ddc55d7',
        available_zone_ids: ['a'],
      },
    })
    const path = { group_id: group_id as string }

    const replies = [
      await sluice.call('showDetailsOfApiGroupV2', { instanceId, path }),
      await sluice.call('updateApiGroupV2', { instanceId, path, body: { name: 'stolen' } }),
      await sluice.call('deleteApiGroupV2', { instanceId, path }),
      await sluice.call('updateSlDomainSettingV2', { instanceId, path, body: { sl_domain_access_enabled: false } }),
    ]

    for (const { status, body } of replies) expect([status, body.error_code]).toEqual([404, 'APIG.3001'])
    await sluice.given('createApiGroupV2', { instanceId, body: { name: 'shop' } })
  })
})
