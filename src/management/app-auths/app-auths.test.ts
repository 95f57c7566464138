import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { aGroup, anApi, changedParts, publish, RELEASE, revision, takeOffline } from '../../../test/stage.js'

const notThere = '11111111-2222-3333-4444-555555555555'

const anApp = async (sluice: TestManagement, name: string): Promise<string> =>
  (await sluice.given('createAnAppV2', { body: { name } })).id as string

const authorize = (sluice: TestManagement, app_ids: string[], api_ids: string[], env_id = RELEASE) =>
  sluice.call('createAuthorizingAppsV2', { body: { env_id, app_ids, api_ids } })

describe.each(engines)('app authorisations on $name', (engine) => {
  test('74: two apps with two APIs are four authorisations; again they are skipped with the same ids', async () => {
    await using sluice = await management(engine)
    const apis = [await anApi(sluice), await anApi(sluice)]
    const apiIds = apis.map((api) => api.id)
    const apps = [await anApp(sluice, 'app_first'), await anApp(sluice, 'app_second')]
    const before = await revision(sluice)

    const first = await authorize(sluice, apps, apiIds)
    const marked = await changedParts(sluice, before)
    const again = await authorize(sluice, apps, [...apiIds, ...apiIds])

    expect(first.status).toBe(201)
    expect(first.body.auths).toHaveLength(4)
    expect(first.body.auths[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      api_id: apiIds[0],
      app_id: apps[0],
      auth_result: { status: 'SUCCESS' },
      auth_time: expect.stringMatching(/\.\d{3}Z$/),
      auth_role: 'PROVIDER',
      auth_tunnel: 'NORMAL',
      auth_whitelist: [],
      auth_blacklist: [],
      visit_params: '',
    })
    expect(marked).toEqual(apps.map((id) => `app:${id}`).sort())
    expect(again.status).toBe(201)
    const ids = (reply: typeof first) => reply.body.auths.map((auth: { id: string }) => auth.id)
    expect(ids(again)).toEqual(ids(first))
    expect(again.body.auths[1].auth_result).toEqual({
      status: 'SKIPPED',
      error_code: 'APIG.3316',
      error_msg: 'The api auth relation already exists',
      api_name: apis[1]?.name,
      app_name: 'app_first',
    })

    const ofApp = await sluice.call('listApisBindedToAppV2', { query: { app_id: apps[0] ?? '' } })
    const ofApi = await sluice.call('listAppsBindedToApiV2', { query: { api_id: apiIds[0] ?? '' } })
    const query = { app_id: apps[0] ?? '', env_id: RELEASE }
    const others = await sluice.call('listApisUnbindedToAppV2', { query })
    const counts = await sluice.call('listAppsV2')
    expect(ofApp.body).toMatchObject({ total: 2, size: 2 })
    expect(ofApi.body).toMatchObject({ total: 2, size: 2 })
    expect(others.body).toEqual({ total: 0, size: 0, apis: [] })
    expect(counts.body.apps.map((app: { bind_num: number }) => app.bind_num)).toEqual([2, 2])
  })

  test('authentication.md §3.8: with app_route, an app may call one API at an address only', async () => {
    await using sluice = await management(engine)
    const at = (req_uri: string, attributes = {}) => anApi(sluice, { req_uri, ...attributes })
    const path = { req_params: [{ name: 'id', type: 'STRING', location: 'PATH', required: 1 }] }
    const other = { req_params: [{ name: 'x', type: 'STRING', location: 'PATH', required: 1 }] }
    const first = await at('/v1/{id}', path)
    const same = await at('/v1/{x}', other)
    const posted = await at('/v1/{id}', { ...path, req_method: 'POST' })
    const open = await at('/v1/{x}', { ...other, auth_type: 'NONE' })
    const apps = [await anApp(sluice, 'app_first'), await anApp(sluice, 'app_second')]
    const [app = '', second = ''] = apps
    const results = async (app_ids: string[], apis: { id: string }[]) => {
      const { body } = await authorize(
        sluice,
        app_ids,
        apis.map(({ id }) => id),
      )
      return body.auths.map((auth: { auth_result: unknown }) => auth.auth_result)
    }
    const success = { status: 'SUCCESS' }
    expect(await results([second], [first, same])).toEqual([success, success])

    await sluice.given('createFeatureV2', { body: { name: 'app_route', enable: true, config: 'on' } })
    const failed = {
      status: 'FAILED',
      error_code: 'APIG.3301',
      error_msg: `The API already exists, api_name:${first.name}`,
      api_name: same.name,
      app_name: 'app_first',
    }
    expect(await results([app], [first, same, posted, open])).toEqual([success, failed, success, success])
    expect(await results([app], [same])).toEqual([failed])
    expect((await sluice.call('listApisBindedToAppV2', { query: { app_id: app } })).body.total).toBe(3)
    await sluice.given('createFeatureV2', { body: { name: 'app_route', enable: true, config: 'off' } })
    expect(await results([app], [same])).toEqual([success])
  })

  test('74: a cancelled authorisation is gone, and an unknown one is named', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    const app = await anApp(sluice, 'app_demo')
    const { auths } = (await authorize(sluice, [app], [api.id])).body
    const path = { app_auth_id: auths[0].id }
    const before = await revision(sluice)

    // Terraform sends more than the contract knows.
    const cancelled = await sluice.call('cancelingAuthorizationV2', { path, query: { app_id: app, env_id: RELEASE } })
    const marked = await changedParts(sluice, before)
    const again = await sluice.call('cancelingAuthorizationV2', { path })

    expect(cancelled.status).toBe(204)
    expect(marked).toEqual([`app:${app}`])
    expect(again).toMatchObject({
      status: 404,
      body: {
        error_code: 'APIG.3009',
        error_msg: `The app authorization record does not exist,id:${auths[0].id}`,
      },
    })
    expect((await authorize(sluice, [app], [api.id])).body.auths[0].auth_result).toEqual({ status: 'SUCCESS' })
  })

  test('one unknown app, API or environment refuses the whole request', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    const app = await anApp(sluice, 'app_demo')

    const replies = [
      await authorize(sluice, [app, notThere], [api.id]),
      await authorize(sluice, [app], [api.id, notThere]),
      await authorize(sluice, [app], [api.id], notThere),
      await authorize(sluice, [], [api.id]),
      await authorize(sluice, [app], []),
      await authorize(sluice, ['not an id'], [api.id]),
    ]

    expect(replies.map((reply) => [reply.status, reply.body.error_code])).toEqual([
      [404, 'APIG.3004'],
      [404, 'APIG.3002'],
      [404, 'APIG.3003'],
      [400, 'APIG.2001'],
      [400, 'APIG.2001'],
      [400, 'APIG.2011'],
    ])
    expect((await sluice.call('listApisBindedToAppV2', { query: { app_id: app } })).body.total).toBe(0)
  })

  test('an API need not be published: the publication is shown once it is there, and the authorisation outlives it', async () => {
    await using sluice = await management(engine)
    const groupId = await aGroup(sluice, 'group_demo')
    const api = await anApi(sluice, {
      name: 'api_demo',
      remark: 'Web backend API',
      group_id: groupId,
      tags: ['b', 'a'],
    })
    const app = await anApp(sluice, 'app_demo')
    await authorize(sluice, [app], [api.id])
    const only = async () => (await sluice.call('listApisBindedToAppV2', { query: { app_id: app } })).body.auths[0]

    expect(await only()).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      api_id: api.id,
      api_name: 'api_demo',
      api_type: 1,
      api_remark: 'Web backend API',
      group_id: groupId,
      group_name: 'group_demo',
      env_id: RELEASE,
      env_name: 'RELEASE',
      app_id: app,
      app_name: 'app_demo',
      app_remark: '',
      app_type: 'apig',
      app_creator: 'USER',
      auth_role: 'PROVIDER',
      auth_tunnel: 'NORMAL',
      auth_time: expect.stringMatching(/:\d\dZ$/),
      auth_whitelist: [],
      auth_blacklist: [],
      visit_param: '',
      publish_id: '',
      tags: ['b', 'a'],
    })
    const publishId = await publish(sluice, api.id)
    expect((await only()).publish_id).toBe(publishId)
    await takeOffline(sluice, api.id)
    expect((await only()).publish_id).toBe('')
  })

  test('authorised lists filter by every part, in any combination', async () => {
    await using sluice = await management(engine)
    const env = await sluice.given('createEnvironmentV2', { body: { name: 'DEV' } })
    const group = await aGroup(sluice, 'group_orders')
    const orders = await anApi(sluice, { name: 'list_orders', group_id: group, tags: ['orders', 'public'] })
    const users = await anApi(sluice, { name: 'list_users' })
    const app = await anApp(sluice, 'app_orders')
    const other = await anApp(sluice, 'app_other')
    await authorize(sluice, [app], [orders.id, users.id])
    await authorize(sluice, [app, other], [orders.id], env.id)
    const ofApp = async (query: Record<string, string | string[]>) =>
      (await sluice.call('listApisBindedToAppV2', { query: { app_id: app, ...query } })).body.auths
        .map((auth: { api_name: string; env_name: string }) => `${auth.api_name} ${auth.env_name}`)
        .sort()
    const ofApi = async (query: Record<string, string>) =>
      (await sluice.call('listAppsBindedToApiV2', { query })).body.auths
        .map((auth: { app_name: string; env_name: string }) => `${auth.app_name} ${auth.env_name}`)
        .sort()

    expect(await ofApp({})).toEqual(['list_orders DEV', 'list_orders RELEASE', 'list_users RELEASE'])
    expect(await ofApp({ api_id: users.id })).toEqual(['list_users RELEASE'])
    expect(await ofApp({ api_name: '_orders' })).toEqual(['list_orders DEV', 'list_orders RELEASE'])
    expect(await ofApp({ api_name: '_orders', env_id: env.id })).toEqual(['list_orders DEV'])
    expect(await ofApp({ group_id: users.groupId })).toEqual(['list_users RELEASE'])
    expect(await ofApp({ group_name: 'orders' })).toEqual(['list_orders DEV', 'list_orders RELEASE'])
    expect(await ofApp({ tags: ['public', 'else'] })).toEqual(['list_orders DEV', 'list_orders RELEASE'])
    expect(await ofApp({ tags: ['#no_tags#'] })).toEqual(['list_users RELEASE'])
    expect(await ofApp({ tags: ['#no_tags#', 'orders'] })).toHaveLength(3)
    expect(await ofApp({ env_id: notThere })).toEqual([])

    expect(await ofApi({ api_id: orders.id })).toEqual(['app_orders DEV', 'app_orders RELEASE', 'app_other DEV'])
    expect(await ofApi({ api_id: orders.id, app_name: 'other' })).toEqual(['app_other DEV'])
    expect(await ofApi({ api_id: orders.id, app_id: app })).toEqual(['app_orders DEV', 'app_orders RELEASE'])
    expect(await ofApi({ api_id: orders.id, env_id: RELEASE })).toEqual(['app_orders RELEASE'])
    expect(await ofApi({})).toHaveLength(4)
  })

  test('the other APIs are those that take app authentication, published there or not', async () => {
    await using sluice = await management(engine)
    const env = await sluice.given('createEnvironmentV2', { body: { name: 'DEV' } })
    const published = await anApi(sluice, { name: 'published', tags: ['public'] })
    sluice.now += 1_000
    const draft = await anApi(sluice, { name: 'draft' })
    await anApi(sluice, { name: 'open', auth_type: 'NONE' })
    const publishId = await publish(sluice, published.id)
    const app = await anApp(sluice, 'app_demo')
    const others = async (query: Record<string, string | number> = {}) =>
      (await sluice.call('listApisUnbindedToAppV2', { query: { app_id: app, env_id: RELEASE, ...query } })).body
    const names = async (query: Record<string, string | number>) =>
      (await others(query)).apis.map((api: { name: string }) => api.name)

    const all = await others()
    expect(all).toMatchObject({ total: 2, size: 2 })
    expect(all.apis[0]).toMatchObject({ name: 'draft', publish_id: '', run_env_id: '', run_env_name: '', tags: [] })
    expect(all.apis[1]).toMatchObject({
      id: published.id,
      auth_type: 'APP',
      group_id: published.groupId,
      publish_id: publishId,
      run_env_id: RELEASE,
      run_env_name: 'RELEASE',
      remark: '',
      tags: ['public'],
    })
    expect((await others({ env_id: env.id })).apis[1]).toMatchObject({ publish_id: '', run_env_id: '' })
    expect(await names({ api_name: 'publ' })).toEqual(['published'])
    expect(await names({ api_id: draft.id })).toEqual(['draft'])
    expect(await names({ group_id: draft.groupId })).toEqual(['draft'])
    expect(await names({ tags: 'public' })).toEqual(['published'])
    expect(await names({ limit: 1, offset: 1 })).toEqual(['published'])

    await authorize(sluice, [app], [draft.id])
    expect(await names({})).toEqual(['published'])
    expect(await names({ env_id: env.id })).toEqual(['draft', 'published'])
  })

  test('lists need what they are about', async () => {
    await using sluice = await management(engine)
    const app = await anApp(sluice, 'app_demo')
    const cases = [
      ['listApisBindedToAppV2', {}, 400, 'APIG.2012'],
      ['listApisBindedToAppV2', { app_id: notThere }, 404, 'APIG.3004'],
      ['listApisUnbindedToAppV2', { app_id: app }, 400, 'APIG.2012'],
      ['listApisUnbindedToAppV2', { env_id: RELEASE }, 400, 'APIG.2012'],
      ['listApisUnbindedToAppV2', { app_id: notThere, env_id: RELEASE }, 404, 'APIG.3004'],
      ['listApisUnbindedToAppV2', { app_id: app, env_id: notThere }, 404, 'APIG.3003'],
      ['listAppsBindedToApiV2', { api_id: notThere }, 404, 'APIG.3002'],
    ] as const
    for (const [operation, query, status, error_code] of cases)
      expect(await sluice.call(operation, { query }), operation).toMatchObject({ status, body: { error_code } })
  })

  test('a list is walked through page by page without losing or repeating one', async () => {
    await using sluice = await management(engine)
    const app = await anApp(sluice, 'app_demo')
    const group = await aGroup(sluice)
    const ids: string[] = []
    for (let i = 0; i < 5; i++) ids.push((await anApi(sluice, { group_id: group })).id)
    await authorize(sluice, [app], ids)

    const seen: string[] = []
    const sizes: number[] = []
    for (let offset = 0; ; offset += 2) {
      const { body } = await sluice.call('listApisBindedToAppV2', { query: { app_id: app, limit: 2, offset } })
      expect(body.total).toBe(5)
      sizes.push(body.size)
      if (body.size === 0) break
      seen.push(...body.auths.map((auth: { api_id: string }) => auth.api_id))
    }

    expect(sizes).toEqual([2, 2, 1, 0])
    expect(seen.toSorted()).toEqual(ids.toSorted())
  })
})
