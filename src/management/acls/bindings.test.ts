import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { aGroup, anApi, changedParts, publish, RELEASE, revision, takeOffline } from '../../../test/stage.js'

const notThere = '11111111-2222-3333-4444-555555555555'

const anAcl = async (sluice: TestManagement, acl_name: string, overrides = {}): Promise<string> => {
  const body = { acl_name, acl_type: 'PERMIT', entity_type: 'IP', acl_value: '10.0.0.1', ...overrides }
  return (await sluice.given('createAclStrategyV2', { body })).id as string
}

const bind = (sluice: TestManagement, acl_id: string, publish_ids: string[]) =>
  sluice.call('createApiAclBindingV2', { body: { acl_id, publish_ids } })

const boundTo = async (sluice: TestManagement, acl_id: string, query = {}) =>
  (await sluice.call('listApisBindedToAclPolicyV2', { query: { acl_id, ...query } })).body

const notBoundTo = async (sluice: TestManagement, acl_id: string, query = {}) =>
  (await sluice.call('listApisUnbindedToAclPolicyV2', { query: { acl_id, ...query } })).body

const aclsOf = async (sluice: TestManagement, api_id: string, query = {}) =>
  (await sluice.call('listAclPolicyBindedToApiV2', { query: { api_id, ...query } })).body

describe.each(engines)('bindings of access control policies on $name', (engine) => {
  test('84: policies of two kinds stand beside each other, another one of a kind takes the place', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice, { name: 'api_demo', remark: 'Web backend API', tags: ['public'] })
    const publishId = await publish(sluice, api.id)
    const first = await anAcl(sluice, 'acl_first')
    const second = await anAcl(sluice, 'acl_second', { acl_type: 'DENY' })
    const accounts = await anAcl(sluice, 'acl_accounts', { entity_type: 'DOMAIN', acl_value: 'user1' })
    const before = await revision(sluice)

    const bound = await bind(sluice, first, [publishId])
    expect(bound.status).toBe(201)
    expect(bound.body).toEqual({
      acl_bindings: [
        {
          id: expect.stringMatching(/^[0-9a-f]{32}$/),
          api_id: api.id,
          env_id: RELEASE,
          acl_id: first,
          create_time: expect.stringMatching(/\.\d{3}Z$/),
        },
      ],
    })
    expect(await changedParts(sluice, before)).toEqual([`publication:${api.id}/${RELEASE}`])
    expect((await boundTo(sluice, first)).apis).toEqual([
      {
        api_id: api.id,
        api_name: 'api_demo',
        api_type: 1,
        api_remark: 'Web backend API',
        req_method: 'GET',
        group_name: expect.stringContaining('group_'),
        publish_id: publishId,
        env_id: RELEASE,
        env_name: 'RELEASE',
        tags: ['public'],
        bind_id: bound.body.acl_bindings[0].id,
        bind_time: expect.stringMatching(/:\d\dZ$/),
      },
    ])
    expect((await notBoundTo(sluice, first)).apis).toEqual([])

    sluice.now += 1_000
    await bind(sluice, accounts, [publishId])
    expect((await aclsOf(sluice, api.id)).acls).toEqual([
      expect.objectContaining({ acl_id: accounts, entity_type: 'DOMAIN', acl_value: 'user1', acl_type: 'PERMIT' }),
      {
        acl_id: first,
        acl_name: 'acl_first',
        acl_type: 'PERMIT',
        acl_value: '10.0.0.1',
        entity_type: 'IP',
        env_id: RELEASE,
        env_name: 'RELEASE',
        bind_id: bound.body.acl_bindings[0].id,
        bind_time: expect.stringMatching(/:\d\dZ$/),
      },
    ])

    expect((await notBoundTo(sluice, second)).apis).toMatchObject([
      { id: api.id, publish_id: publishId, acl_name: 'acl_first', run_env_name: 'RELEASE', auth_type: 'APP' },
    ])
    const replaced = await bind(sluice, second, [publishId])
    expect(replaced.body.acl_bindings[0].id).not.toBe(bound.body.acl_bindings[0].id)
    expect((await boundTo(sluice, first)).total).toBe(0)
    expect((await aclsOf(sluice, api.id)).acls.map((acl: { acl_id: string }) => acl.acl_id).sort()).toEqual(
      [accounts, second].sort(),
    )
    const { acls } = (await sluice.call('listAclStrategiesV2')).body
    expect(acls.map((acl: { bind_num: number }) => acl.bind_num).sort()).toEqual([0, 1, 1])
  })

  test('binding again keeps the binding and names no part as changed', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    const publishId = await publish(sluice, api.id)
    const acl = await anAcl(sluice, 'acl_demo')
    const first = await bind(sluice, acl, [publishId])
    const before = await revision(sluice)

    const again = await bind(sluice, acl, [publishId, publishId])

    expect(again.status).toBe(201)
    expect(again.body.acl_bindings).toMatchObject([{ id: first.body.acl_bindings[0].id }])
    expect(again.body.acl_bindings[0].create_time).toMatch(/:\d\dZ$/)
    expect(await revision(sluice)).toBe(before)
  })

  test('one unknown publication refuses the whole request; publications have to be named', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    const publishId = await publish(sluice, api.id)
    const acl = await anAcl(sluice, 'acl_demo')

    expect(await bind(sluice, acl, [publishId, notThere])).toMatchObject({
      status: 404,
      body: { error_code: 'APIG.3015', error_msg: 'The API publication record does not exist' },
    })
    expect((await boundTo(sluice, acl)).total).toBe(0)
    expect(await bind(sluice, acl, [])).toMatchObject({ status: 400, body: { error_code: 'APIG.2001' } })
    const tooMany = Array.from({ length: 1_001 }, (_, index) => `p${index}`)
    expect(await bind(sluice, acl, tooMany)).toMatchObject({ status: 400, body: { error_code: 'APIG.2011' } })
  })

  test('a binding ends by its id, once', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    const acl = await anAcl(sluice, 'acl_demo')
    const { acl_bindings } = (await bind(sluice, acl, [await publish(sluice, api.id)])).body
    const before = await revision(sluice)
    const path = { acl_bindings_id: acl_bindings[0].id as string }

    expect(await sluice.call('deleteApiAclBindingV2', { path })).toMatchObject({ status: 204, body: undefined })
    expect(await changedParts(sluice, before)).toEqual([`publication:${api.id}/${RELEASE}`])
    expect((await aclsOf(sluice, api.id)).acls).toEqual([])
    expect(await sluice.call('deleteApiAclBindingV2', { path })).toMatchObject({
      status: 404,
      body: { error_code: 'APIG.3010', error_msg: 'The access control policy binding record does not exist' },
    })
  })

  test('85: a batch ends what it can and tells the rest item by item', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    const acl = await anAcl(sluice, 'acl_demo')
    const { acl_bindings } = (await bind(sluice, acl, [await publish(sluice, api.id)])).body
    const before = await revision(sluice)
    const query = { action: 'delete' }

    const body = { acl_bindings: [acl_bindings[0].id, notThere] }
    expect((await sluice.call('batchDeleteApiAclBindingV2', { query, body })).body).toEqual({
      success_count: 1,
      failure: [
        {
          bind_id: notThere,
          error_code: 'APIG.3010',
          error_msg: 'The access control policy binding record does not exist',
        },
      ],
    })
    expect(await changedParts(sluice, before)).toEqual([`publication:${api.id}/${RELEASE}`])
    expect((await boundTo(sluice, acl)).total).toBe(0)
    expect((await sluice.call('batchDeleteApiAclBindingV2', { query, body: {} })).body).toEqual({
      success_count: 0,
      failure: [],
    })
  })

  test('83: a binding stays over publishing again, and ends with the publication', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    const acl = await anAcl(sluice, 'acl_demo')
    const publishId = await publish(sluice, api.id)
    await bind(sluice, acl, [publishId])

    await publish(sluice, api.id)
    expect((await boundTo(sluice, acl)).apis).toMatchObject([{ publish_id: publishId }])
    const before = await revision(sluice)
    await takeOffline(sluice, api.id)
    expect(await changedParts(sluice, before)).toEqual([`publication:${api.id}/${RELEASE}`])
    expect((await boundTo(sluice, acl)).total).toBe(0)
    expect((await sluice.call('deleteAclV2', { path: { acl_id: acl } })).status).toBe(204)
    expect((await sluice.call('deleteApiV2', { path: { api_id: api.id } })).status).toBe(204)
  })

  test('with an instance go its policies and their bindings', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    await bind(sluice, await anAcl(sluice, 'acl_demo'), [await publish(sluice, api.id)])
    const before = await revision(sluice)

    await sluice.given('deleteInstancesV2')

    expect(await changedParts(sluice, before)).toContain(`publication:${api.id}/${RELEASE}`)
    for (const table of ['acls', 'acl_bindings'] as const)
      expect(await sluice.store.read((db) => db.selectFrom(table).selectAll().execute())).toEqual([])
  })

  test('lists of APIs filter and page', async () => {
    await using sluice = await management(engine)
    const env = (await sluice.given('createEnvironmentV2', { body: { name: 'DEV' } })).id as string
    const groupId = await aGroup(sluice)
    const first = await anApi(sluice, { name: 'api_first', tags: ['red'] })
    const second = await anApi(sluice, { name: 'api_second', group_id: groupId })
    const acl = await anAcl(sluice, 'acl_demo')
    const other = await anAcl(sluice, 'acl_other')
    for (const [id, envId] of [
      [first.id, RELEASE],
      [first.id, env],
      [second.id, RELEASE],
    ] as const) {
      sluice.now += 1_000
      await bind(sluice, acl, [await publish(sluice, id, envId)])
    }

    for (const list of [boundTo, notBoundTo]) {
      const id = list === boundTo ? acl : other
      const found = async (query: Record<string, string | number>) =>
        (await list(sluice, id, query)).apis.map(
          (api: { api_name?: string; name?: string; env_name?: string; run_env_name?: string }) =>
            `${api.api_name ?? api.name}/${api.env_name ?? api.run_env_name}`,
        )
      expect(await found({})).toEqual(['api_second/RELEASE', 'api_first/DEV', 'api_first/RELEASE'])
      expect(await found({ env_id: env })).toEqual(['api_first/DEV'])
      expect(await found({ group_id: groupId })).toEqual(['api_second/RELEASE'])
      expect(await found({ api_id: second.id })).toEqual(['api_second/RELEASE'])
      expect(await found({ api_name: 'first' })).toHaveLength(2)
      expect(await found({ tags: 'red', env_id: RELEASE })).toEqual(['api_first/RELEASE'])
      expect(await found({ tags: 'blue' })).toEqual([])
      expect(await found({ offset: 1, limit: 1 })).toEqual(['api_first/DEV'])
      expect((await list(sluice, id, { offset: 3 })).total).toBe(3)
    }

    const names = async (query: Record<string, string>) =>
      (await aclsOf(sluice, first.id, query)).acls.map((bound: { env_name: string }) => bound.env_name)
    expect(await names({})).toEqual(['DEV', 'RELEASE'])
    expect(await names({ env_id: env })).toEqual(['DEV'])
    expect(await names({ env_name: 'REL' })).toEqual(['RELEASE'])
    expect(await names({ acl_id: other })).toEqual([])
    expect(await names({ acl_name: 'demo' })).toHaveLength(2)
    expect(await names({ acl_name: 'Demo' })).toEqual([])
  })

  test('lists need what they are about', async () => {
    await using sluice = await management(engine)
    for (const [id, name] of [
      ['listApisBindedToAclPolicyV2', 'acl_id'],
      ['listApisUnbindedToAclPolicyV2', 'acl_id'],
      ['listAclPolicyBindedToApiV2', 'api_id'],
    ] as const) {
      const reply = await sluice.call(id)
      expect(reply).toMatchObject({ status: 400, body: { error_code: 'APIG.2012' } })
      expect(reply.body.error_msg).toContain(`parameterName:${name}.`)
    }
    expect(await sluice.call('listAclPolicyBindedToApiV2', { query: { api_id: notThere } })).toMatchObject({
      status: 404,
      body: { error_code: 'APIG.3002' },
    })
  })
})
