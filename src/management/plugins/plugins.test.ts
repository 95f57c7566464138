import { describe, expect, test } from 'vitest'
import { findPlugin } from '../../store/plugins.js'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { anApi, changedParts, publish, RELEASE, revision, takeOffline } from '../../../test/stage.js'

const notThere = '11111111-2222-3333-4444-555555555555'
const headers = '{ "response_headers" : [{"name":"X-A","value":"b","action":"override"}] }'
const cors = '{"allow_origin":"*","allow_methods":"GET,POST"}'

const body = (plugin_name: string, overrides = {}) => ({
  plugin_name,
  plugin_type: 'set_resp_headers',
  plugin_scope: 'global',
  plugin_content: headers,
  ...overrides,
})

const aPlugin = async (sluice: TestManagement, name: string, overrides = {}): Promise<string> =>
  (await sluice.given('createPlugin', { body: body(name, overrides) })).plugin_id as string

const aPublishedApi = async (sluice: TestManagement, attributes = {}): Promise<string> => {
  const { id } = await anApi(sluice, attributes)
  await publish(sluice, id)
  return id
}

const attach = (sluice: TestManagement, plugin_id: string, api_ids: string[], env_id = RELEASE) =>
  sluice.call('attachApiToPlugin', { path: { plugin_id }, body: { env_id, api_ids } })

describe.each(engines)('plug-ins on $name', (engine) => {
  test('88: plug-ins from the first wrong content to the last detachment', async () => {
    await using sluice = await management(engine)
    const wrongType = await sluice.call('createPlugin', { body: body('demo', { plugin_type: 'magic' }) })
    expect(wrongType).toMatchObject({ status: 400, body: { error_code: 'APIG.2011' } })
    expect(wrongType.body.error_msg).toContain('parameterName:plugin_type.')
    const wrongContent = await sluice.call('createPlugin', { body: body('demo', { plugin_content: 'not json' }) })
    expect(wrongContent).toMatchObject({ status: 400, body: { error_code: 'APIG.2011' } })
    expect(wrongContent.body.error_msg).toContain('parameterName:plugin_content.')
    expect((await sluice.call('listPlugins')).body).toEqual({ total: 0, size: 0, plugins: [] })

    const created = await sluice.call('createPlugin', { body: body('demo', { remark: 'r' }) })
    expect(created.status).toBe(201)
    expect(created.body).toEqual({
      plugin_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      ...body('demo'),
      remark: 'r',
      create_time: expect.stringMatching(/\.\d{3}Z$/),
      update_time: expect.stringMatching(/\.\d{3}Z$/),
    })
    const first = created.body.plugin_id as string
    const api = await anApi(sluice)
    expect(await attach(sluice, first, [api.id])).toMatchObject({ status: 409, body: { error_code: 'APIG.3707' } })

    await publish(sluice, api.id)
    const attached = await attach(sluice, first, [api.id])
    expect(attached.status).toBe(201)
    expect(attached.body.attached_plugins).toEqual([
      {
        plugin_attach_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        plugin_id: first,
        plugin_name: 'demo',
        plugin_type: 'set_resp_headers',
        plugin_scope: 'global',
        env_id: RELEASE,
        env_name: 'RELEASE',
        api_id: api.id,
        api_name: api.name,
        attached_time: expect.stringMatching(/\.\d{3}Z$/),
      },
    ])
    expect(await sluice.call('deletePlugin', { path: { plugin_id: first } })).toMatchObject({
      status: 409,
      body: { error_code: 'APIG.3462' },
    })

    const second = await aPlugin(sluice, 'second')
    const other = await aPlugin(sluice, 'other', { plugin_type: 'cors', plugin_content: cors })
    const path = { api_id: api.id }
    const both = { env_id: RELEASE, plugin_ids: [second, other] }
    expect((await sluice.call('attachPluginToApi', { path, body: both })).body.attached_plugins).toHaveLength(2)
    const listed = await sluice.call('listApiAttachedPlugins', { path })
    expect(listed.body).toMatchObject({ total: 2, size: 2 })
    expect(listed.body.plugins.map((plugin: { plugin_id: string }) => plugin.plugin_id).sort()).toEqual(
      [second, other].sort(),
    )

    expect(await sluice.call('detachPluginFromApi', { path, body: both })).toMatchObject({ status: 204 })
    expect(await sluice.call('detachPluginFromApi', { path, body: both })).toMatchObject({ status: 204 })
    for (const plugin_id of [first, second, other])
      expect((await sluice.call('deletePlugin', { path: { plugin_id } })).status).toBe(204)
  })

  test('policies.md 17: a content that is no JSON, or longer than 65,535 characters, is refused', async () => {
    await using sluice = await management(engine)
    const create = (plugin_content: string) => sluice.call('createPlugin', { body: body('demo', { plugin_content }) })
    for (const content of ['not json', '{', headers.padEnd(65_536)]) {
      const refused = await create(content)
      expect(refused).toMatchObject({ status: 400, body: { error_code: 'APIG.2011' } })
      expect(refused.body.error_msg).toContain('parameterName:plugin_content.')
    }
    expect((await create(headers.padEnd(65_535))).status).toBe(201)
  })

  test('a plug-in is read, changed and deleted; its content is kept byte for byte', async () => {
    await using sluice = await management(engine)
    const created = await sluice.call('createPlugin', { body: body('demo-1.2') })
    const path = { plugin_id: created.body.plugin_id as string }
    const inSeconds = { create_time: expect.stringMatching(/:\d\dZ$/), update_time: expect.stringMatching(/:\d\dZ$/) }
    expect((await sluice.call('showPlugin', { path })).body).toEqual({ ...created.body, ...inSeconds })

    sluice.now += 60_000
    const change = body('renamed', { plugin_content: `\n${headers}`, remark: 'new' })
    const changed = await sluice.call('updatePlugin', { path, body: change })
    expect(changed).toMatchObject({ status: 200, body: { ...path, ...change } })
    expect(changed.body.update_time > created.body.update_time).toBe(true)
    expect(changed.body.create_time).toBe(created.body.create_time)
    expect((await sluice.call('showPlugin', { path })).body).toMatchObject(change)

    expect((await sluice.call('updatePlugin', { path, body: body('renamed') })).body.remark).toBe('')
    expect(await sluice.call('deletePlugin', { path })).toMatchObject({ status: 204, body: undefined })
    expect((await sluice.call('showPlugin', { path })).status).toBe(404)
  })

  test('type and scope of a plug-in never change', async () => {
    await using sluice = await management(engine)
    const path = { plugin_id: await aPlugin(sluice, 'demo') }
    for (const [name, overrides] of [
      ['plugin_type', { plugin_type: 'cors', plugin_content: cors }],
      ['plugin_scope', { plugin_scope: 'app' }],
      ['plugin_content', { plugin_content: cors }],
    ] as const) {
      const refused = await sluice.call('updatePlugin', { path, body: body('demo', overrides) })
      expect(refused).toMatchObject({ status: 400, body: { error_code: 'APIG.2011' } })
      expect(refused.body.error_msg).toContain(`parameterName:${name}.`)
    }
    const forApp = await sluice.call('createPlugin', { body: body('other', { plugin_scope: 'app' }) })
    expect(forApp.body.error_msg).toContain('parameterName:plugin_scope.')
  })

  test('a plug-in that is not there is 3068, an API 3002, an environment 3003', async () => {
    await using sluice = await management(engine)
    const api = await aPublishedApi(sluice)
    const plugin = await aPlugin(sluice, 'demo')
    const path = { plugin_id: notThere }
    const apis = { env_id: RELEASE, api_ids: [api] }
    for (const reply of [
      await sluice.call('showPlugin', { path }),
      await sluice.call('updatePlugin', { path, body: body('demo') }),
      await sluice.call('deletePlugin', { path }),
      await sluice.call('attachApiToPlugin', { path, body: apis }),
      await sluice.call('detachApiFromPlugin', { path, body: apis }),
      await sluice.call('listPluginAttachedApis', { path }),
      await sluice.call('listPluginAttachableApis', { path, query: { env_id: RELEASE } }),
      await sluice.call('attachPluginToApi', {
        path: { api_id: api },
        body: { env_id: RELEASE, plugin_ids: [plugin, notThere] },
      }),
    ])
      expect(reply).toMatchObject({
        status: 404,
        body: { error_code: 'APIG.3068', error_msg: `Plugin ${notThere} does not exist` },
      })
    const plugins = { env_id: RELEASE, plugin_ids: [plugin] }
    for (const reply of [
      await attach(sluice, plugin, [api, notThere]),
      await sluice.call('attachPluginToApi', { path: { api_id: notThere }, body: plugins }),
      await sluice.call('detachPluginFromApi', { path: { api_id: notThere }, body: plugins }),
      await sluice.call('listApiAttachedPlugins', { path: { api_id: notThere } }),
      await sluice.call('listApiAttachablePlugins', { path: { api_id: notThere } }),
    ])
      expect(reply).toMatchObject({ status: 404, body: { error_code: 'APIG.3002' } })
    for (const reply of [
      await attach(sluice, plugin, [api], 'e1'),
      await sluice.call('detachApiFromPlugin', {
        path: { plugin_id: plugin },
        body: { env_id: 'e1', api_ids: [api] },
      }),
      await sluice.call('listPluginAttachableApis', { path: { plugin_id: plugin }, query: { env_id: 'e1' } }),
    ])
      expect(reply).toMatchObject({ status: 404, body: { error_code: 'APIG.3003' } })
    expect((await sluice.call('listApiAttachedPlugins', { path: { api_id: api } })).body.total).toBe(0)
  })

  test('a name is taken once, and a plug-in may keep its own', async () => {
    await using sluice = await management(engine)
    await aPlugin(sluice, 'first')
    const path = { plugin_id: await aPlugin(sluice, 'second') }
    const taken = { status: 400, body: { error_code: 'APIG.3326', error_msg: 'The plugin name already exists' } }
    expect(await sluice.call('createPlugin', { body: body('first') })).toMatchObject(taken)
    expect(await sluice.call('updatePlugin', { path, body: body('first') })).toMatchObject(taken)
    expect((await sluice.call('updatePlugin', { path, body: body('second') })).status).toBe(200)
  })

  test('five plug-ins of the costly types, 500 in all', async () => {
    await using sluice = await management(engine)
    const kafka = {
      plugin_type: 'kafka_log',
      plugin_content: '{"broker_list":["a.test:9092"],"topic":"t"}',
    }
    for (let index = 0; index < 5; index++) await aPlugin(sluice, `kafka_${index}`, kafka)
    const full = { status: 403, body: { error_code: 'APIG.3100' } }
    expect(await sluice.call('createPlugin', { body: body('kafka_6', kafka) })).toMatchObject(full)
    const row = { instance_id: sluice.instanceId, type: 'cors', scope: 'global', content: cors, remark: '' } as const
    await sluice.store.write([], ({ db }) =>
      db
        .insertInto('plugins')
        .values(
          Array.from({ length: 495 }, (_, index) => ({
            ...row,
            id: `p${index}`,
            name: `p${index}`,
            created_at: 1,
            updated_at: 1,
          })),
        )
        .execute(),
    )
    expect(await sluice.call('createPlugin', { body: body('one_more') })).toMatchObject(full)
    await sluice.given('deletePlugin', { path: { plugin_id: 'p0' } })
    await aPlugin(sluice, 'one_more')
  })

  test('lists are filtered and paged, newest first', async () => {
    await using sluice = await management(engine)
    const ids: string[] = []
    for (const name of ['alpha_1', 'alpha_2', 'beta_12']) {
      sluice.now += 1_000
      ids.unshift(await aPlugin(sluice, name))
    }
    const c = await aPlugin(sluice, 'cross', { plugin_type: 'cors', plugin_content: cors })
    const found = async (query: Record<string, string | number>) =>
      (await sluice.call('listPlugins', { query })).body.plugins.map((one: { plugin_id: string }) => one.plugin_id)
    expect(await found({})).toEqual([c, ...ids])
    expect(await found({ plugin_name: '_1' })).toEqual([ids[0], ids[2]])
    expect(await found({ plugin_name: 'alpha', precise_search: 'plugin_name' })).toEqual([])
    expect(await found({ plugin_name: 'alpha_2', precise_search: 'plugin_name' })).toEqual([ids[1]])
    expect(await found({ plugin_type: 'cors', plugin_scope: 'global' })).toEqual([c])
    expect(await found({ plugin_type: 'nothing' })).toEqual([])
    expect(await found({ plugin_id: c, plugin_type: 'breaker' })).toEqual([])
    expect(await found({ plugin_id: notThere })).toEqual([])
    const page = await sluice.call('listPlugins', { query: { limit: 2, offset: 3 } })
    expect(page.body).toMatchObject({ total: 4, size: 1, plugins: [{ plugin_id: ids[2] }] })
  })

  test('an attachment stays when the API goes offline, follows it back, and goes with it', async () => {
    await using sluice = await management(engine)
    const api = await aPublishedApi(sluice)
    const plugin = await aPlugin(sluice, 'demo')
    const path = { plugin_id: plugin }
    const id = (await attach(sluice, plugin, [api])).body.attached_plugins[0].plugin_attach_id as string
    expect((await attach(sluice, plugin, [api])).body.attached_plugins[0].plugin_attach_id).toBe(id)

    await takeOffline(sluice, api)
    const offline = await sluice.call('listPluginAttachedApis', { path })
    expect(offline.body).toMatchObject({ total: 1, apis: [{ api_id: api, plugin_attach_id: id, publish_id: '' }] })
    expect((await sluice.call('listPluginAttachableApis', { path, query: { env_id: RELEASE } })).body.total).toBe(0)
    const publishId = await publish(sluice, api)
    const online = await sluice.call('listPluginAttachedApis', { path })
    expect(online.body.apis[0]).toMatchObject({ plugin_attach_id: id, publish_id: publishId })

    await takeOffline(sluice, api)
    await sluice.given('deleteApiV2', { path: { api_id: api } })
    expect((await sluice.call('listPluginAttachedApis', { path })).body.total).toBe(0)
    expect((await sluice.call('deletePlugin', { path })).status).toBe(204)
  })

  test('an attachment goes with its environment', async () => {
    await using sluice = await management(engine)
    const env = (await sluice.given('createEnvironmentV2', { body: { name: 'DEV' } })).id as string
    const { id } = await anApi(sluice)
    await publish(sluice, id, env)
    const plugin = await aPlugin(sluice, 'demo')
    expect((await attach(sluice, plugin, [id])).body.error_code).toBe('APIG.3707')
    expect((await attach(sluice, plugin, [id], env)).status).toBe(201)
    await takeOffline(sluice, id, env)
    await sluice.given('deleteEnvironmentV2', { path: { env_id: env } })
    expect((await sluice.call('listPluginAttachedApis', { path: { plugin_id: plugin } })).body.total).toBe(0)
  })

  test('APIs of both lists, with filters', async () => {
    await using sluice = await management(engine)
    const first = await anApi(sluice, { name: 'list_first', req_uri: '/one/x', tags: ['red'], remark: 'r' })
    const second = await anApi(sluice, { name: 'list_second', req_uri: '/two/x', req_method: 'POST' })
    const publishIds = [await publish(sluice, first.id), await publish(sluice, second.id)]
    await anApi(sluice)
    const path = { plugin_id: await aPlugin(sluice, 'demo') }
    const other = await aPlugin(sluice, 'other')
    await attach(sluice, other, [first.id])

    const attachable = async (query: Record<string, string> = {}) =>
      (await sluice.call('listPluginAttachableApis', { path, query: { env_id: RELEASE, ...query } })).body.apis.map(
        (api: { api_id: string }) => api.api_id,
      )
    expect(await attachable()).toEqual([second.id, first.id])
    const missing = await sluice.call('listPluginAttachableApis', { path })
    expect(missing).toMatchObject({ status: 400, body: { error_code: 'APIG.2012' } })
    expect(missing.body.error_msg).toContain('parameterName:env_id.')

    await attach(sluice, path.plugin_id, [first.id])
    expect(await attachable()).toEqual([second.id])
    await attach(sluice, path.plugin_id, [second.id])
    expect(await attachable()).toEqual([])

    const { body: all } = await sluice.call('listPluginAttachedApis', { path })
    expect(all).toMatchObject({ total: 2, size: 2 })
    expect(all.apis.find((api: { api_id: string }) => api.api_id === first.id)).toEqual({
      api_id: first.id,
      api_name: 'list_first',
      type: 1,
      req_protocol: 'HTTP',
      req_method: 'GET',
      req_uri: '/one/x',
      auth_type: 'APP',
      match_mode: 'NORMAL',
      remark: 'r',
      group_id: first.groupId,
      group_name: expect.stringMatching(/^group_/),
      env_id: RELEASE,
      env_name: 'RELEASE',
      publish_id: publishIds[0],
      plugin_attach_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      attached_time: expect.stringMatching(/:\d\dZ$/),
      tags: ['red'],
    })
    const found = async (query: Record<string, string>) =>
      (await sluice.call('listPluginAttachedApis', { path, query })).body.apis.map(
        (api: { api_id: string }) => api.api_id,
      )
    for (const query of [
      { api_name: 'first' },
      { api_id: first.id },
      { group_id: first.groupId },
      { req_method: 'GET' },
      { req_uri: '/one' },
      { tags: 'red' },
    ])
      expect(await found(query)).toEqual([first.id])
    expect(await found({ env_id: 'e1' })).toEqual([])
    expect(await found({ tags: '#no_tags#' })).toEqual([second.id])
    const page = await sluice.call('listPluginAttachedApis', { path, query: { limit: 1, offset: 1 } })
    expect(page.body).toMatchObject({ total: 2, size: 1 })
  })

  test('plug-ins of both lists, with filters', async () => {
    await using sluice = await management(engine)
    const env = (await sluice.given('createEnvironmentV2', { body: { name: 'DEV' } })).id as string
    const api = await aPublishedApi(sluice)
    const path = { api_id: api }
    const one = await aPlugin(sluice, 'one')
    sluice.now += 1_000
    const two = await aPlugin(sluice, 'two', { plugin_type: 'cors', plugin_content: cors })
    await attach(sluice, one, [api])

    const ids = (reply: { body: { plugins: { plugin_id: string }[] } }) =>
      reply.body.plugins.map(({ plugin_id }) => plugin_id)
    const attachable = async (query = {}) => ids(await sluice.call('listApiAttachablePlugins', { path, query }))
    expect(await attachable({ env_id: RELEASE })).toEqual([two])
    expect(await attachable()).toEqual([two])
    expect(await attachable({ env_id: env })).toEqual([two, one])
    expect(await attachable({ env_id: env, plugin_type: 'cors' })).toEqual([two])
    expect(await attachable({ env_id: env, plugin_name: 'on' })).toEqual([one])
    expect(await attachable({ env_id: env, plugin_id: one })).toEqual([one])

    await attach(sluice, two, [api])
    const attached = async (query = {}) => ids(await sluice.call('listApiAttachedPlugins', { path, query }))
    expect(await attached()).toEqual([two, one])
    expect(await attached({ env_id: env })).toEqual([])
    expect(await attached({ env_name: 'REL', plugin_name: 'tw' })).toEqual([two])
    expect(await attached({ plugin_type: 'set_resp_headers' })).toEqual([one])
    expect(await attached({ plugin_id: two, env_id: RELEASE })).toEqual([two])
    const [shown] = (await sluice.call('listApiAttachedPlugins', { path, query: { plugin_id: one } })).body.plugins
    expect(shown).toMatchObject({ plugin_name: 'one', plugin_content: headers, env_id: RELEASE, env_name: 'RELEASE' })
    expect(shown.attached_time).toMatch(/:\d\dZ$/)
  })

  test('gateways hear of attaching, changing and detaching, and of nothing else', async () => {
    await using sluice = await management(engine)
    const api = await aPublishedApi(sluice)
    const part = [`publication:${api}/${RELEASE}`]
    let before = await revision(sluice)
    const heard = async () => {
      const parts = await changedParts(sluice, before)
      before = await revision(sluice)
      return parts
    }
    const plugin = await aPlugin(sluice, 'demo')
    expect(await heard()).toEqual([`plugin:${plugin}`])
    await attach(sluice, plugin, [api])
    expect(await heard()).toEqual(part)
    await attach(sluice, plugin, [api])
    expect(await heard()).toEqual([])
    await sluice.given('updatePlugin', { path: { plugin_id: plugin }, body: body('demo', { remark: 'x' }) })
    expect(await heard()).toEqual([`plugin:${plugin}`])
    const detachment = { path: { plugin_id: plugin }, body: { env_id: RELEASE, api_ids: [api] } }
    await sluice.given('detachApiFromPlugin', detachment)
    expect(await heard()).toEqual(part)
    await sluice.given('detachApiFromPlugin', detachment)
    expect(await heard()).toEqual([])
    await sluice.given('deletePlugin', { path: { plugin_id: plugin } })
    expect(await heard()).toEqual([`plugin:${plugin}`])
  })

  test('CORS has to agree with what answers at the path', async () => {
    await using sluice = await management(engine)
    const first = await anApi(sluice, {
      req_uri: '/same/{a}',
      req_params: [{ name: 'a', type: 'STRING', location: 'PATH' }],
    })
    const same = { group_id: first.groupId, req_uri: '/same/{b}' }
    const parameter = [{ name: 'b', type: 'STRING', location: 'PATH' }]
    const second = await anApi(sluice, { ...same, req_params: parameter, req_method: 'POST' })
    await publish(sluice, first.id)
    await publish(sluice, second.id)
    const one = await aPlugin(sluice, 'one', { plugin_type: 'cors', plugin_content: cors })
    const two = await aPlugin(sluice, 'two', { plugin_type: 'cors', plugin_content: cors })
    const forPut = { plugin_type: 'cors', plugin_content: '{"allow_origin":"*","allow_methods":"PUT"}' }
    const refused = { status: 400, body: { error_code: 'APIG.2000' } }
    expect(await attach(sluice, await aPlugin(sluice, 'put', forPut), [first.id])).toMatchObject(refused)

    expect((await attach(sluice, one, [first.id])).status).toBe(201)
    expect(await attach(sluice, two, [second.id])).toMatchObject(refused)
    expect((await attach(sluice, two, [first.id, second.id])).status).toBe(201)

    await anApi(sluice, { ...same, req_params: parameter, req_method: 'OPTIONS' })
    const preflight = await attach(sluice, one, [first.id, second.id])
    expect(preflight).toMatchObject(refused)
    expect(preflight.body.error_msg).toContain('OPTIONS')
  })

  test('an API that a plug-in leads through stays as long as the plug-in', async () => {
    await using sluice = await management(engine)
    const oidc = (redirect_api_id: string) => ({
      plugin_type: 'oidc_auth',
      plugin_content: JSON.stringify({
        client_id: 'c',
        client_secret: 's',
        discovery: 'https://idp.test/.well-known/openid-configuration',
        redirect_api_id,
      }),
    })
    expect(await sluice.call('createPlugin', { body: body('login', oidc(notThere)) })).toMatchObject({
      status: 404,
      body: { error_code: 'APIG.3002' },
    })
    const [first, second] = [await anApi(sluice), await anApi(sluice)]
    const path = { plugin_id: await aPlugin(sluice, 'login', oidc(first.id)) }
    const refused = await sluice.call('deleteApiV2', { path: { api_id: first.id } })
    expect(refused).toMatchObject({ status: 400, body: { error_code: 'APIG.2000' } })
    await sluice.given('updatePlugin', { path, body: body('login', oidc(second.id)) })
    await sluice.given('deleteApiV2', { path: { api_id: first.id } })
    await sluice.given('deletePlugin', { path })
    await sluice.given('deleteApiV2', { path: { api_id: second.id } })
  })

  test('the secret of an OpenID client is shown to nobody, and stays when its mask is sent back', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    const content = (more: object) => ({
      plugin_type: 'oidc_auth',
      plugin_content: JSON.stringify({
        client_id: 'c',
        client_secret: 'kept to itself',
        discovery: 'https://idp.test/.well-known/openid-configuration',
        redirect_api_id: api.id,
        ...more,
      }),
    })
    const unmeant = await sluice.call('createPlugin', { body: body('login', content({ client_secret: '******' })) })
    expect(unmeant).toMatchObject({ status: 400, body: { error_code: 'APIG.2011' } })
    expect(unmeant.body.error_msg).toContain('plugin_content.client_secret')
    const path = { plugin_id: await aPlugin(sluice, 'login', content({})) }
    await publish(sluice, api.id)
    const attached = { env_id: RELEASE, api_ids: [api.id] }
    const stored = async () => {
      const row = await sluice.store.read((db) => findPlugin(db, sluice.instanceId, path.plugin_id))
      return JSON.parse(row?.content ?? '') as { client_secret: string; scope?: string }
    }
    const shown = await sluice.given('showPlugin', { path })
    expect(JSON.parse(shown.plugin_content) as object).toMatchObject({ client_id: 'c', client_secret: '******' })
    const replies = [
      shown,
      await sluice.given('attachApiToPlugin', { path, body: attached }),
      await sluice.given('listPlugins'),
      await sluice.given('listApiAttachedPlugins', { path: { api_id: api.id } }),
      await sluice.given('updatePlugin', {
        path,
        body: body('login', content({ client_secret: '******', scope: 'openid' })),
      }),
    ]
    for (const reply of replies) expect(JSON.stringify(reply)).not.toContain('kept to itself')
    expect(await stored()).toMatchObject({ client_secret: 'kept to itself', scope: 'openid' })
    await sluice.given('updatePlugin', { path, body: body('login', content({ client_secret: 'another' })) })
    expect((await stored()).client_secret).toBe('another')
  })

  test('a channel that a plug-in calls through stays as long as the plug-in', async () => {
    await using sluice = await management(engine)
    const through = (vpc_id: string) => ({
      plugin_type: 'third_auth',
      plugin_content: JSON.stringify({
        auth_request: {
          method: 'GET',
          protocol: 'HTTP',
          path: '/check',
          vpc_channel_enabled: true,
          vpc_channel_info: { vpc_id },
        },
        simple_auth_mode_enabled: true,
      }),
    })
    const unknown = await sluice.call('createPlugin', { body: body('third', through(notThere)) })
    expect(unknown).toMatchObject({ status: 404, body: { error_code: 'APIG.3023' } })
    const channel = {
      name: 'channel',
      port: 80,
      balance_strategy: 1,
      member_type: 'ip',
      members: [{ host: '10.0.0.1' }],
    }
    const { id } = await sluice.given('createVpcChannelV2', { body: channel })
    const path = { plugin_id: await aPlugin(sluice, 'third', through(id as string)) }
    const refused = await sluice.call('deleteVpcChannelV2', { path: { vpc_channel_id: id as string } })
    expect(refused).toMatchObject({ status: 400, body: { error_code: 'APIG.3710' } })
    await sluice.given('deletePlugin', { path })
    expect((await sluice.call('deleteVpcChannelV2', { path: { vpc_channel_id: id as string } })).status).toBe(204)
  })
})
