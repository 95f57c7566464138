import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management } from '../../../test/management.js'
import { anApi, changedParts, RELEASE, revision } from '../../../test/stage.js'
import { provisionInstance } from '../instances/provision.js'

const notThere = '11111111-2222-3333-4444-555555555555'

describe.each(engines)('apps on $name', (engine) => {
  test('69: an own key and secret are echoed in clear, a key is taken once, absent ones are generated', async () => {
    await using sluice = await management(engine)
    const own = { name: 'app_own', remark: 'mine', app_key: 'my-key_1', app_secret: 'my-secret!@#$%' }

    const created = await sluice.call('createAnAppV2', { body: own })
    const again = await sluice.call('createAnAppV2', { body: { ...own, name: 'app_again' } })
    const generated = await sluice.given('createAnAppV2', { body: { name: 'app_generated' } })

    expect(created.status).toBe(201)
    expect(created.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      ...own,
      creator: 'USER',
      status: 1,
      app_type: 'apig',
      register_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      update_time: created.body.register_time,
    })
    expect(again).toMatchObject({
      status: 400,
      body: { error_code: 'APIG.3310', error_msg: 'The app key already exist' },
    })
    expect(generated.app_key).toMatch(/^[0-9a-f]{32}$/)
    expect(generated.app_secret).toMatch(/^[0-9a-f]{32}$/)
    expect(generated.app_secret).not.toBe(generated.app_key)
    expect(generated.remark).toBe('')
  })

  test('a key is unique across instances, a name inside one', async () => {
    await using sluice = await management(engine)
    const other = 'ffffffffffffffffffffffffffffffff'
    const { projectId, userId } = sluice.identities
    await sluice.store.write([], ({ db, changed }) =>
      provisionInstance(db, changed, { id: other, projectId, userId, name: 'other', now: sluice.now }),
    )
    const body = { name: 'app_demo', app_key: 'one-key-only' }
    await sluice.given('createAnAppV2', { body })

    const sameName = await sluice.call('createAnAppV2', { body: { name: 'app_demo' } })
    const sameKey = await sluice.call('createAnAppV2', { body, instanceId: other })
    const elsewhere = await sluice.call('createAnAppV2', { body: { name: 'app_demo' }, instanceId: other })

    expect(sameName).toMatchObject({ status: 400, body: { error_code: 'APIG.3203' } })
    expect(sameKey).toMatchObject({ status: 400, body: { error_code: 'APIG.3310' } })
    expect(elsewhere.status).toBe(201)
  })

  test('of two instances that take one key at the same moment, one gets it', async () => {
    await using sluice = await management(engine)
    const other = 'ffffffffffffffffffffffffffffffff'
    const { projectId, userId } = sluice.identities
    await sluice.store.write([], ({ db, changed }) =>
      provisionInstance(db, changed, { id: other, projectId, userId, name: 'other', now: sluice.now }),
    )

    for (let round = 0; round < 5; round++) {
      const body = { name: `app_${round}`, app_key: `same-key-${round}` }
      const replies = await Promise.all([
        sluice.call('createAnAppV2', { body }),
        sluice.call('createAnAppV2', { body, instanceId: other }),
      ])
      expect(replies.map((reply) => reply.status).sort()).toEqual([201, 400])
      expect(replies.find((reply) => reply.status === 400)?.body.error_code).toBe('APIG.3310')
    }
  })

  test('70: an update keeps key and secret that are left out; a reset takes a given or a random secret', async () => {
    await using sluice = await management(engine)
    const app = await sluice.given('createAnAppV2', { body: { name: 'app_demo', remark: 'first' } })
    const path = { app_id: app.id }

    const renamed = await sluice.call('updateAppV2', { path, body: { name: 'app_renamed' } })
    const given = await sluice.call('resettingAppSecretV2', { path, body: { app_secret: 'given-secret' } })
    const random = await sluice.call('resettingAppSecretV2', { path, body: {} })
    const withoutBody = await sluice.call('resettingAppSecretV2', { path })
    const read = await sluice.call('showDetailsOfAppV2', { path })

    expect(renamed).toMatchObject({
      status: 200,
      body: { name: 'app_renamed', remark: '', app_key: app.app_key, app_secret: app.app_secret },
    })
    expect(given).toMatchObject({ status: 200, body: { app_secret: 'given-secret', app_key: app.app_key } })
    expect(random.body.app_secret).toMatch(/^[0-9a-f]{32}$/)
    expect(withoutBody.body.app_secret).toMatch(/^[0-9a-f]{32}$/)
    expect(withoutBody.body.app_secret).not.toBe(random.body.app_secret)
    expect(read.body).toMatchObject({ app_secret: withoutBody.body.app_secret, name: 'app_renamed' })
    expect(read.body.update_time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  })

  test('an update may keep its own name and key, and takes neither from another app', async () => {
    await using sluice = await management(engine)
    const first = await sluice.given('createAnAppV2', { body: { name: 'app_first' } })
    const second = await sluice.given('createAnAppV2', { body: { name: 'app_second' } })
    const path = { app_id: second.id }

    const same = await sluice.call('updateAppV2', { path, body: { name: 'app_second', app_key: second.app_key } })
    const otherName = await sluice.call('updateAppV2', { path, body: { name: 'app_first' } })
    const otherKey = await sluice.call('updateAppV2', { path, body: { name: 'app_second', app_key: first.app_key } })
    const newKey = await sluice.call('updateAppV2', { path, body: { name: 'app_second', app_key: 'a-new-key' } })

    expect(same.status).toBe(200)
    expect(otherName).toMatchObject({ status: 400, body: { error_code: 'APIG.3203' } })
    expect(otherKey).toMatchObject({ status: 400, body: { error_code: 'APIG.3310' } })
    expect(newKey).toMatchObject({ status: 200, body: { app_key: 'a-new-key', app_secret: second.app_secret } })
  })

  test('71: an unknown app is 3002 on apps and 3004 on its codes, with one text', async () => {
    await using sluice = await management(engine)
    const path = { app_id: notThere }
    const error_msg = `App ${notThere} does not exist`

    const onApps = [
      await sluice.call('showDetailsOfAppV2', { path }),
      await sluice.call('updateAppV2', { path, body: { name: 'app_demo' } }),
      await sluice.call('deleteAppV2', { path }),
      await sluice.call('resettingAppSecretV2', { path, body: {} }),
      await sluice.call('checkAppV2', { path }),
    ]
    const onCodes = [
      await sluice.call('listAppCodesV2', { path }),
      await sluice.call('createAppCodeAutoV2', { path }),
      await sluice.call('createAppCodeV2', { path, body: { app_code: 'a'.repeat(64) } }),
    ]

    for (const reply of onApps)
      expect(reply).toMatchObject({ status: 404, body: { error_code: 'APIG.3002', error_msg } })
    for (const reply of onCodes)
      expect(reply).toMatchObject({ status: 404, body: { error_code: 'APIG.3004', error_msg } })
  })

  test('104: a body that is not an object is refused as such', async () => {
    await using sluice = await management(engine)
    for (const body of ['[]', '"x"', '{"name":"app_demo"', '']) {
      const reply = await sluice.call('createAnAppV2', { body })
      expect(reply).toMatchObject({ status: 400, body: { error_code: 'APIG.2000' } })
    }
    expect((await sluice.call('listAppsV2')).body.total).toBe(0)
  })

  test('the quota of apps is read from its record and counts what exists', async () => {
    await using sluice = await management(engine)
    await sluice.store.write([], ({ db }) =>
      db
        .updateTable('configs')
        .set({ config_value: '2' })
        .where('scope_id', '=', sluice.instanceId)
        .where('config_name', '=', 'APP_NUM_LIMIT')
        .execute(),
    )
    const first = await sluice.given('createAnAppV2', { body: { name: 'app_1' } })
    await sluice.given('createAnAppV2', { body: { name: 'app_2' } })

    const third = await sluice.call('createAnAppV2', { body: { name: 'app_3' } })
    await sluice.given('deleteAppV2', { path: { app_id: first.id } })
    const afterDeletion = await sluice.call('createAnAppV2', { body: { name: 'app_3' } })

    expect(third).toMatchObject({ status: 403, body: { error_code: 'APIG.3103' } })
    expect(afterDeletion.status).toBe(201)
  })

  test('an operator can forbid that users choose key and secret', async () => {
    await using sluice = await management(engine)
    await sluice.store.write([], ({ db }) =>
      db
        .updateTable('configs')
        .set({ config_value: '2' })
        .where('scope_id', '=', sluice.instanceId)
        .where('config_name', '=', 'APP_KEY_SECRET_SWITCH')
        .execute(),
    )

    const chosen = await sluice.call('createAnAppV2', { body: { name: 'app_demo', app_secret: 'chosen-secret' } })
    const generated = await sluice.call('createAnAppV2', { body: { name: 'app_demo' } })

    expect(chosen).toMatchObject({ status: 400, body: { error_code: 'APIG.2011' } })
    expect(chosen.body.error_msg).toContain('parameterName:app_secret')
    expect(generated.status).toBe(201)
  })

  test('lists page newest first, and filter by id, part of the name, whole name, key and relation', async () => {
    await using sluice = await management(engine)
    const ids: string[] = []
    const related = 'd'.repeat(32)
    for (const name of ['app_a', 'app_b', 'App_b', 'app_bb', 'other']) {
      sluice.now += 1_000
      const body = { name, ...(name === 'other' && { related_project_id: related }) }
      ids.unshift((await sluice.given('createAnAppV2', { body })).id)
    }
    const list = async (query: Record<string, string | number>) => (await sluice.call('listAppsV2', { query })).body
    const names = async (query: Record<string, string | number>) =>
      (await list(query)).apps.map((app: { name: string }) => app.name)

    const pages = [await list({ limit: 2 }), await list({ limit: 2, offset: 2 }), await list({ limit: 2, offset: 4 })]
    expect(pages.map(({ total, size }) => [total, size])).toEqual([
      [5, 2],
      [5, 2],
      [5, 1],
    ])
    expect(pages.flatMap(({ apps }) => apps.map((app: { id: string }) => app.id))).toEqual(ids)
    expect(await list({ offset: 5 })).toEqual({ total: 5, size: 0, apps: [] })

    expect(await names({ name: 'app_b' })).toEqual(['app_bb', 'app_b'])
    expect(await names({ name: 'app_b', precise_search: 'name' })).toEqual(['app_b'])
    expect(await names({ name: '%' })).toEqual([])
    expect(await names({ name: '' })).toHaveLength(5)
    expect(await names({ id: ids[1] ?? '' })).toEqual(['app_bb'])
    expect(await names({ id: notThere })).toEqual([])
    expect(await names({ status: 1, creator: 'USER' })).toHaveLength(5)
    expect(await names({ creator: 'MARKET' })).toEqual([])
    expect(await names({ related_project_id: related })).toEqual(['other'])
    expect(await names({ related_domain_id: related })).toEqual([])
    const { app_key } = (await list({ name: 'other' })).apps[0]
    expect(await names({ app_key })).toEqual(['other'])
  })

  test('checking an app tells its name', async () => {
    await using sluice = await management(engine)
    const app = await sluice.given('createAnAppV2', { body: { name: 'app_demo', remark: 'Demo app' } })
    const reply = await sluice.call('checkAppV2', { path: { app_id: app.id } })
    expect(reply.body).toEqual({ id: app.id, name: 'app_demo', remark: 'Demo app' })
  })

  test('75: with an app go its codes, its authorisations and the special limits for it', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    const app = await sluice.given('createAnAppV2', { body: { name: 'app_demo' } })
    await sluice.given('createAppCodeAutoV2', { path: { app_id: app.id } })
    await sluice.given('createAuthorizingAppsV2', {
      body: { env_id: RELEASE, app_ids: [app.id], api_ids: [api.id] },
    })
    const throttle = await sluice.given('createRequestThrottlingPolicyV2', {
      body: { name: 'throttle_demo', api_call_limits: 10, time_interval: 1, time_unit: 'SECOND' },
    })
    const special = { call_limits: 5, object_id: app.id, object_type: 'APP' }
    await sluice.given('createSpecialThrottlingConfigurationV2', { path: { throttle_id: throttle.id }, body: special })
    expect((await sluice.call('listAppQuantitiesV2')).body).toEqual({ authed_nums: 1, unauthed_nums: 0 })
    const before = await revision(sluice)

    const reply = await sluice.call('deleteAppV2', { path: { app_id: app.id } })

    expect(reply.status).toBe(204)
    expect(await changedParts(sluice, before)).toEqual([`app:${app.id}`, `throttle:${throttle.id}`])
    const bound = await sluice.call('listAppsBindedToApiV2', { query: { api_id: api.id } })
    expect(bound.body).toEqual({ total: 0, size: 0, auths: [] })
    expect((await sluice.call('listAppQuantitiesV2')).body).toEqual({ authed_nums: 0, unauthed_nums: 0 })
    const policy = await sluice.call('showDetailsOfRequestThrottlingPolicyV2', { path: { throttle_id: throttle.id } })
    expect(policy.body.is_inclu_special_throttle).toBe(2)
    const codes = await sluice.store.read((db) => db.selectFrom('app_codes').selectAll().execute())
    expect(codes).toEqual([])
  })

  test('no secret and no code is stored in clear', async () => {
    await using sluice = await management(engine)
    const body = { name: 'app_demo', app_secret: 'very-secret-text' }
    const app = await sluice.given('createAnAppV2', { body })
    await sluice.given('createAppCodeV2', { path: { app_id: app.id }, body: { app_code: 'c'.repeat(64) } })

    const stored = await sluice.store.read(async (db) => [
      await db.selectFrom('apps').selectAll().execute(),
      await db.selectFrom('app_codes').selectAll().execute(),
    ])

    expect(JSON.stringify(stored)).not.toContain('very-secret-text')
    expect(JSON.stringify(stored)).not.toContain('c'.repeat(64))
  })

  test('every write marks the app', async () => {
    await using sluice = await management(engine)
    const app = await sluice.given('createAnAppV2', { body: { name: 'app_demo' } })
    const path = { app_id: app.id }
    const marks = async (work: () => Promise<unknown>) => {
      const before = await revision(sluice)
      await work()
      return changedParts(sluice, before)
    }

    expect(await changedParts(sluice, 0)).toContain(`app:${app.id}`)
    expect(await marks(() => sluice.given('updateAppV2', { path, body: { name: 'app_new' } }))).toEqual([
      `app:${app.id}`,
    ])
    expect(await marks(() => sluice.given('resettingAppSecretV2', { path }))).toEqual([`app:${app.id}`])
    let codeId = ''
    expect(
      await marks(async () => {
        codeId = (await sluice.given('createAppCodeAutoV2', { path })).id
      }),
    ).toEqual([`app:${app.id}`])
    expect(await marks(() => sluice.given('deleteAppCodeV2', { path: { ...path, app_code_id: codeId } }))).toEqual([
      `app:${app.id}`,
    ])
  })
})

describe.each(engines)('app codes on $name', (engine) => {
  test('72: given and generated codes, a list, no sixth, deletion', async () => {
    await using sluice = await management(engine)
    const app = await sluice.given('createAnAppV2', { body: { name: 'app_demo' } })
    const path = { app_id: app.id }
    const text = `+${'a_!@#$%-/='.repeat(7)}`

    const given = await sluice.call('createAppCodeV2', { path, body: { app_code: text } })
    sluice.now += 1_000
    const generated = await sluice.call('createAppCodeAutoV2', { path })

    expect(given).toMatchObject({ status: 201, body: { app_code: text, app_id: app.id } })
    expect(generated.status).toBe(201)
    expect(generated.body.app_code).toMatch(/^[0-9a-f]{64}$/)
    const list = await sluice.call('listAppCodesV2', { path })
    expect(list.body).toMatchObject({ total: 2, size: 2 })
    expect(list.body.app_codes.map((code: { app_code: string }) => code.app_code)).toEqual([
      generated.body.app_code,
      text,
    ])
    expect(list.body.app_codes[0].create_time).toMatch(/:\d\dZ$/)

    for (let i = 0; i < 3; i++) await sluice.given('createAppCodeAutoV2', { path })
    const sixth = await sluice.call('createAppCodeAutoV2', { path })
    expect(sixth).toMatchObject({ status: 403, body: { error_code: 'APIG.3131' } })

    const codePath = { ...path, app_code_id: given.body.id }
    const shown = await sluice.call('showDetailsOfAppCodeV2', { path: codePath })
    expect(shown).toMatchObject({ status: 201, body: { app_code: text, id: given.body.id } })
    expect((await sluice.call('deleteAppCodeV2', { path: codePath })).status).toBe(204)
    for (const id of ['showDetailsOfAppCodeV2', 'deleteAppCodeV2'] as const)
      expect(await sluice.call(id, { path: codePath })).toMatchObject({
        status: 404,
        body: { error_code: 'APIG.3082', error_msg: 'The AppCode does not exist' },
      })
  })

  test('a code belongs to one app of the instance', async () => {
    await using sluice = await management(engine)
    const first = await sluice.given('createAnAppV2', { body: { name: 'app_first' } })
    const second = await sluice.given('createAnAppV2', { body: { name: 'app_second' } })
    const body = { app_code: 'c'.repeat(64) }
    const code = await sluice.given('createAppCodeV2', { path: { app_id: first.id }, body })

    const again = await sluice.call('createAppCodeV2', { path: { app_id: second.id }, body })
    const throughOther = await sluice.call('showDetailsOfAppCodeV2', {
      path: { app_id: second.id, app_code_id: code.id },
    })

    expect(again).toMatchObject({ status: 400, body: { error_code: 'APIG.2000' } })
    expect(throughOther).toMatchObject({ status: 404, body: { error_code: 'APIG.3082' } })
  })
})
