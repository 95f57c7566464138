import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { aGroup, anApi, changedParts, publish, RELEASE, revision, takeOffline } from '../../../test/stage.js'

const notThere = '11111111-2222-3333-4444-555555555555'

const aThrottle = async (sluice: TestManagement, name: string): Promise<string> => {
  const body = { name, api_call_limits: 100, time_interval: 1, time_unit: 'SECOND' }
  return (await sluice.given('createRequestThrottlingPolicyV2', { body })).id as string
}

const bind = (sluice: TestManagement, strategy_id: string, publish_ids: string[]) =>
  sluice.call('associateRequestThrottlingPolicyV2', { body: { strategy_id, publish_ids } })

const boundTo = async (sluice: TestManagement, throttle_id: string, query = {}) =>
  (await sluice.call('listApisBindedToRequestThrottlingPolicyV2', { query: { throttle_id, ...query } })).body

const notBoundTo = async (sluice: TestManagement, throttle_id: string, query = {}) =>
  (await sluice.call('listApisUnbindedToRequestThrottlingPolicyV2', { query: { throttle_id, ...query } })).body

const throttlesOf = async (sluice: TestManagement, api_id: string, query = {}) =>
  (await sluice.call('listRequestThrottlingPoliciesBindedToApiV2', { query: { api_id, ...query } })).body

describe.each(engines)('bindings of throttling policies on $name', (engine) => {
  test('80: binding another policy takes the place of the first', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice, { name: 'api_demo', remark: 'Web backend API', tags: ['public'] })
    const publishId = await publish(sluice, api.id)
    const first = await aThrottle(sluice, 'throttle_first')
    const second = await aThrottle(sluice, 'throttle_second')
    const before = await revision(sluice)

    const bound = await bind(sluice, first, [publishId])
    expect(bound.status).toBe(201)
    expect(bound.body).toEqual({
      throttle_applys: [
        {
          id: expect.stringMatching(/^[0-9a-f]{32}$/),
          publish_id: publishId,
          scope: 1,
          strategy_id: first,
          apply_time: expect.stringMatching(/\.\d{3}Z$/),
        },
      ],
    })
    expect(await changedParts(sluice, before)).toEqual([`publication:${api.id}/${RELEASE}`, `throttle:${first}`])
    expect((await notBoundTo(sluice, first)).apis).toEqual([])
    const [entry] = (await boundTo(sluice, first)).apis
    expect(entry).toMatchObject({
      id: api.id,
      name: 'api_demo',
      type: 1,
      auth_type: 'APP',
      req_method: 'GET',
      remark: 'Web backend API',
      group_id: api.groupId,
      publish_id: publishId,
      run_env_id: RELEASE,
      run_env_name: 'RELEASE',
      throttle_apply_id: bound.body.throttle_applys[0].id,
      throttle_name: 'throttle_first',
      tags: ['public'],
    })
    expect(entry.apply_time).toMatch(/:\d\dZ$/)
    expect((await notBoundTo(sluice, second)).apis).toMatchObject([{ id: api.id, throttle_name: 'throttle_first' }])

    const replaced = await bind(sluice, second, [publishId])
    expect(replaced.status).toBe(201)
    expect(replaced.body.throttle_applys[0].id).not.toBe(bound.body.throttle_applys[0].id)
    expect(await boundTo(sluice, first)).toEqual({ total: 0, size: 0, apis: [] })
    const { throttles, total } = await throttlesOf(sluice, api.id)
    expect(total).toBe(1)
    expect(throttles[0]).toMatchObject({
      id: second,
      name: 'throttle_second',
      bind_id: replaced.body.throttle_applys[0].id,
      bind_num: 1,
      env_name: 'RELEASE',
    })
    const old = { throttle_binding_id: bound.body.throttle_applys[0].id }
    expect((await sluice.call('disassociateRequestThrottlingPolicyV2', { path: old })).status).toBe(404)
  })

  test('binding the same policy again changes nothing and tells the same binding', async () => {
    await using sluice = await management(engine)
    const publishIds = [
      await publish(sluice, (await anApi(sluice)).id),
      await publish(sluice, (await anApi(sluice)).id),
    ]
    const throttle = await aThrottle(sluice, 'throttle_demo')
    const [first = '', second = ''] = publishIds
    const once = (await bind(sluice, throttle, [first])).body.throttle_applys
    const before = await revision(sluice)

    const again = (await bind(sluice, throttle, [first, first])).body.throttle_applys
    const unchanged = await changedParts(sluice, before)
    const both = (await bind(sluice, throttle, [second, first])).body.throttle_applys

    expect(again).toEqual([{ ...once[0], apply_time: expect.stringMatching(/:\d\dZ$/) }])
    expect(unchanged).toEqual([])
    expect(both.map((row: { publish_id: string }) => row.publish_id)).toEqual([second, first])
    expect(both[1].id).toBe(once[0].id)
    const { body } = await sluice.call('listRequestThrottlingPolicyV2')
    expect(body.throttles[0].bind_num).toBe(2)
  })

  test('81: a bound policy cannot be deleted; unbound it can, and cannot be unbound twice', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    const publishId = await publish(sluice, api.id)
    const throttle = await aThrottle(sluice, 'throttle_demo')
    const { throttle_applys } = (await bind(sluice, throttle, [publishId])).body
    const path = { throttle_binding_id: throttle_applys[0].id }
    const remove = () => sluice.call('deleteRequestThrottlingPolicyV2', { path: { throttle_id: throttle } })

    expect(await remove()).toMatchObject({
      status: 403,
      body: {
        error_code: 'APIG.3451',
        error_msg: 'The request throttling policy cannot be deleted because it has been bound to APIs',
      },
    })
    const before = await revision(sluice)
    expect((await sluice.call('disassociateRequestThrottlingPolicyV2', { path })).status).toBe(204)
    expect(await changedParts(sluice, before)).toEqual([`publication:${api.id}/${RELEASE}`, `throttle:${throttle}`])
    expect((await remove()).status).toBe(204)
    expect(await sluice.call('disassociateRequestThrottlingPolicyV2', { path })).toMatchObject({
      status: 404,
      body: {
        error_code: 'APIG.3012',
        error_msg: 'The request throttling policy binding record does not exist',
      },
    })
  })

  test('82: one unknown publication refuses the whole request', async () => {
    await using sluice = await management(engine)
    const publishId = await publish(sluice, (await anApi(sluice)).id)
    const throttle = await aThrottle(sluice, 'throttle_demo')

    const replies = [
      await bind(sluice, throttle, [publishId, notThere]),
      await bind(sluice, notThere, [publishId]),
      await bind(sluice, throttle, []),
    ]

    expect(replies.map((reply) => [reply.status, reply.body.error_code])).toEqual([
      [404, 'APIG.3015'],
      [404, 'APIG.3005'],
      [400, 'APIG.2001'],
    ])
    expect((await boundTo(sluice, throttle)).total).toBe(0)
  })

  test('83: a binding stays over publishing again and switching versions, and ends with the publication', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    const publishId = await publish(sluice, api.id)
    const throttle = await aThrottle(sluice, 'throttle_demo')
    await bind(sluice, throttle, [publishId])

    await publish(sluice, api.id)
    expect((await boundTo(sluice, throttle)).apis).toMatchObject([{ publish_id: publishId }])
    const { api_versions } = (await sluice.call('listApiVersionsV2', { path: { api_id: api.id } })).body
    await sluice.given('changeApiVersionV2', {
      path: { api_id: api.id },
      body: { version_id: api_versions[1].version_id },
    })
    expect((await boundTo(sluice, throttle)).apis).toMatchObject([{ publish_id: publishId }])
    await takeOffline(sluice, api.id)
    expect((await boundTo(sluice, throttle)).apis).toEqual([])
    const again = await publish(sluice, api.id)
    expect(again).not.toBe(publishId)
    expect((await boundTo(sluice, throttle)).apis).toEqual([])
  })

  test('a batch unbinds what it can and tells the rest item by item', async () => {
    await using sluice = await management(engine)
    const publishId = await publish(sluice, (await anApi(sluice)).id)
    const throttle = await aThrottle(sluice, 'throttle_demo')
    const { throttle_applys } = (await bind(sluice, throttle, [publishId])).body
    const batch = (body: object, query = {}) =>
      sluice.call('batchDisassociateThrottlingPolicyV2', { query: { action: 'delete', ...query }, body })

    const body = { throttle_bindings: [throttle_applys[0].id, notThere] }
    const wrong = await batch(body, { action: 'remove' })
    expect(wrong).toMatchObject({
      status: 400,
      body: { error_code: 'APIG.2011', error_msg: 'parameter action should be "delete"' },
    })
    const missing = await sluice.call('batchDisassociateThrottlingPolicyV2', { body })
    expect(missing.body).toEqual(wrong.body)
    const reply = await batch(body)
    expect(reply).toMatchObject({
      status: 200,
      body: {
        success_count: 1,
        failure: [
          {
            bind_id: notThere,
            error_code: 'APIG.3012',
            error_msg: 'The request throttling policy binding record does not exist',
          },
        ],
      },
    })
    expect((await batch({ throttle_bindings: [] })).body).toEqual({ success_count: 0, failure: [] })
    expect((await boundTo(sluice, throttle)).total).toBe(0)
  })

  test('lists of APIs filter by environment, group, API, part of the name and tag', async () => {
    await using sluice = await management(engine)
    const env = await sluice.given('createEnvironmentV2', { body: { name: 'DEV' } })
    const orders = await anApi(sluice, { name: 'list_orders', tags: ['public'] })
    const users = await anApi(sluice, { name: 'list_users', group_id: await aGroup(sluice) })
    await anApi(sluice, { name: 'draft' })
    const publishIds = [
      await publish(sluice, orders.id),
      await publish(sluice, orders.id, env.id),
      await publish(sluice, users.id),
    ]
    const throttle = await aThrottle(sluice, 'throttle_demo')
    const names = (body: { apis: { name: string; run_env_name: string }[] }) =>
      body.apis.map((api) => `${api.name} ${api.run_env_name}`).sort()
    const checked = async (list: typeof boundTo) => {
      expect(names(await list(sluice, throttle))).toEqual([
        'list_orders DEV',
        'list_orders RELEASE',
        'list_users RELEASE',
      ])
      expect(names(await list(sluice, throttle, { env_id: env.id }))).toEqual(['list_orders DEV'])
      expect(names(await list(sluice, throttle, { group_id: users.groupId }))).toEqual(['list_users RELEASE'])
      expect(names(await list(sluice, throttle, { api_id: users.id }))).toEqual(['list_users RELEASE'])
      expect(names(await list(sluice, throttle, { api_name: 'users' }))).toEqual(['list_users RELEASE'])
      expect(names(await list(sluice, throttle, { api_name: 'users', env_id: env.id }))).toEqual([])
      const pages = [await list(sluice, throttle, { limit: 2 }), await list(sluice, throttle, { limit: 2, offset: 2 })]
      expect(pages.map(({ total, size }) => [total, size])).toEqual([
        [3, 2],
        [3, 1],
      ])
      expect(new Set(pages.flatMap(({ apis }) => names({ apis }))).size).toBe(3)
    }

    await checked(notBoundTo)
    expect(names(await notBoundTo(sluice, throttle, { tags: ['public'] }))).toHaveLength(2)
    expect(names(await notBoundTo(sluice, throttle, { tags: ['#no_tags#'] }))).toEqual(['list_users RELEASE'])
    expect((await notBoundTo(sluice, throttle)).apis[0]).not.toHaveProperty('throttle_name')
    await bind(sluice, throttle, publishIds)
    await checked(boundTo)
    expect((await notBoundTo(sluice, throttle)).total).toBe(0)
  })

  test('policies of an API filter by id, part of the name and environment, newest binding first', async () => {
    await using sluice = await management(engine)
    const env = await sluice.given('createEnvironmentV2', { body: { name: 'DEV' } })
    const api = await anApi(sluice)
    const inRelease = await aThrottle(sluice, 'throttle_release')
    const inDev = await aThrottle(sluice, 'throttle_dev')
    await bind(sluice, inRelease, [await publish(sluice, api.id)])
    sluice.now += 1_000
    await bind(sluice, inDev, [await publish(sluice, api.id, env.id)])
    const names = async (query: object) =>
      (await throttlesOf(sluice, api.id, query)).throttles.map((row: { name: string }) => row.name)

    expect(await names({})).toEqual(['throttle_dev', 'throttle_release'])
    expect(await names({ throttle_id: inRelease })).toEqual(['throttle_release'])
    expect(await names({ throttle_name: '_dev' })).toEqual(['throttle_dev'])
    expect(await names({ env_id: RELEASE })).toEqual(['throttle_release'])
    expect(await names({ env_id: notThere })).toEqual([])
    expect(await names({ limit: 1, offset: 1 })).toEqual(['throttle_release'])
  })

  test('lists need what they are about', async () => {
    await using sluice = await management(engine)
    const cases = [
      ['listApisBindedToRequestThrottlingPolicyV2', {}, 400, 'APIG.2012'],
      ['listApisBindedToRequestThrottlingPolicyV2', { throttle_id: notThere }, 404, 'APIG.3005'],
      ['listApisUnbindedToRequestThrottlingPolicyV2', {}, 400, 'APIG.2012'],
      ['listApisUnbindedToRequestThrottlingPolicyV2', { throttle_id: notThere }, 404, 'APIG.3005'],
      ['listRequestThrottlingPoliciesBindedToApiV2', {}, 400, 'APIG.2012'],
      ['listRequestThrottlingPoliciesBindedToApiV2', { api_id: notThere }, 404, 'APIG.3002'],
    ] as const
    for (const [operation, query, status, error_code] of cases)
      expect(await sluice.call(operation, { query }), operation).toMatchObject({ status, body: { error_code } })
  })
})
