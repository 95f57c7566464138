import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { changedParts, revision } from '../../../test/stage.js'
import { masked } from './views.js'

const notThere = '11111111222233334444555555555555'

const anApp = async (sluice: TestManagement, name: string): Promise<{ app_id: string }> => ({
  app_id: (await sluice.given('createAnAppV2', { body: { name } })).id as string,
})

describe.each(engines)('AI API keys on $name', (engine) => {
  test('77: a key is generated or given, has an alias or none, and can be deleted', async () => {
    await using sluice = await management(engine)
    const path = await anApp(sluice, 'app_demo')
    const before = await revision(sluice)

    const generated = await sluice.call('createAiApiKey', { path })
    expect(generated.status).toBe(200)
    expect(generated.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      ai_api_key: expect.stringMatching(/^[A-Za-z0-9+/]{60}$/),
      alias: '',
      ...path,
      create_time: expect.stringMatching(/\.\d{3}Z$/),
    })
    expect(await changedParts(sluice, before)).toEqual([`app:${path.app_id}`])

    sluice.now += 1_000
    const own = { ai_api_key: 'GjOD3g80AABuuFeEJpVQADBlAjBh3UzC7i3gFxUDb5pWBz9wUcw9+8/bFZ1B', alias: 'test1' }
    const given = await sluice.call('createAiApiKey', { path, body: own })
    expect(given).toMatchObject({ status: 200, body: { ...own, ...path } })
    const keyPath = { ...path, ai_api_key_id: given.body.id as string }
    const readTime = expect.stringMatching(/:\d\dZ$/)
    expect((await sluice.call('showDetailsOfAiApiKey', { path: keyPath })).body).toEqual({
      ...given.body,
      create_time: readTime,
    })

    const list = (await sluice.call('listAiApiKeys', { path })).body
    expect(list).toMatchObject({ total: 2, size: 2 })
    expect(list.ai_api_keys[0]).toEqual({ ...given.body, ai_api_key: 'GjO************Z1B', create_time: readTime })
    expect(list.ai_api_keys[1]).toMatchObject({ id: generated.body.id, alias: '' })
    expect((await sluice.call('listAiApiKeys', { path, query: { offset: 1, limit: 1 } })).body).toMatchObject({
      total: 2,
      size: 1,
      ai_api_keys: [{ id: generated.body.id }],
    })
    expect((await sluice.call('listAiApiKeys', { path, query: { offset: 2 } })).body.ai_api_keys).toEqual([])

    const rows = await sluice.store.read((db) => db.selectFrom('ai_api_keys').selectAll().execute())
    expect(JSON.stringify(rows)).not.toContain(own.ai_api_key)

    const beforeDeletion = await revision(sluice)
    expect(await sluice.call('deleteAiApiKey', { path: keyPath })).toMatchObject({ status: 204, body: undefined })
    expect(await changedParts(sluice, beforeDeletion)).toEqual([`app:${path.app_id}`])
    for (const id of ['showDetailsOfAiApiKey', 'deleteAiApiKey'] as const)
      expect(await sluice.call(id, { path: keyPath })).toMatchObject({
        status: 404,
        body: { error_code: 'APIG.3082', error_msg: 'The AI API key does not exist' },
      })
  })

  test('an app has five keys at most, each of its own value and alias', async () => {
    await using sluice = await management(engine)
    const path = await anApp(sluice, 'app_demo')
    const other = await anApp(sluice, 'app_other')
    const body = { ai_api_key: 'my-ai-key', alias: 'mine' }
    const key = await sluice.given('createAiApiKey', { path, body })

    const sameKey = await sluice.call('createAiApiKey', { path, body: { ai_api_key: 'my-ai-key' } })
    const sameAlias = await sluice.call('createAiApiKey', { path, body: { alias: 'mine' } })
    for (const reply of [sameKey, sameAlias])
      expect(reply).toMatchObject({ status: 400, body: { error_code: 'APIG.2000' } })
    expect((await sluice.call('createAiApiKey', { path: other, body })).status).toBe(200)

    for (let made = 1; made < 5; made++) await sluice.given('createAiApiKey', { path, body: {} })
    expect(await sluice.call('createAiApiKey', { path, body: {} })).toMatchObject({
      status: 403,
      body: { error_code: 'APIG.3100' },
    })
    await sluice.given('deleteAiApiKey', { path: { ...path, ai_api_key_id: key.id } })
    expect((await sluice.call('createAiApiKey', { path, body })).status).toBe(200)
    expect((await sluice.call('listAiApiKeys', { path: other })).body.total).toBe(1)
  })

  test('a key belongs to its app; an unknown app is 3004', async () => {
    await using sluice = await management(engine)
    const path = await anApp(sluice, 'app_demo')
    const other = await anApp(sluice, 'app_other')
    const key = await sluice.given('createAiApiKey', { path, body: {} })

    const through = { ...other, ai_api_key_id: key.id as string }
    expect(await sluice.call('showDetailsOfAiApiKey', { path: through })).toMatchObject({
      status: 404,
      body: { error_code: 'APIG.3082' },
    })
    expect((await sluice.call('deleteAiApiKey', { path: through })).status).toBe(404)
    const unknown = { app_id: notThere }
    for (const reply of [
      await sluice.call('createAiApiKey', { path: unknown, body: {} }),
      await sluice.call('listAiApiKeys', { path: unknown }),
      await sluice.call('showDetailsOfAiApiKey', { path: { ...unknown, ai_api_key_id: key.id } }),
      await sluice.call('deleteAiApiKey', { path: { ...unknown, ai_api_key_id: key.id } }),
    ])
      expect(reply).toMatchObject({
        status: 404,
        body: { error_code: 'APIG.3004', error_msg: `App ${notThere} does not exist` },
      })
    expect((await sluice.call('listAiApiKeys', { path })).body.total).toBe(1)
  })

  test('what is no key or alias is refused under its name', async () => {
    await using sluice = await management(engine)
    const path = await anApp(sluice, 'app_demo')
    for (const [name, body] of [
      ['ai_api_key', { ai_api_key: 'k'.repeat(7) }],
      ['ai_api_key', { ai_api_key: 'k'.repeat(129) }],
      ['ai_api_key', { ai_api_key: 'a key with blanks' }],
      ['alias', { alias: 'a'.repeat(101) }],
      ['alias', { alias: 'a.b' }],
    ] as const) {
      const reply = await sluice.call('createAiApiKey', { path, body })
      expect(reply, JSON.stringify(body)).toMatchObject({ status: 400, body: { error_code: 'APIG.2011' } })
      expect(reply.body.error_msg).toContain(`parameterName:${name}.`)
    }
    for (const body of [
      { ai_api_key: 'k'.repeat(8), alias: 'a' },
      { ai_api_key: 'k'.repeat(128), alias: 'a'.repeat(100) },
    ])
      expect(await sluice.call('createAiApiKey', { path, body })).toMatchObject({ status: 200, body })
  })
})

describe('a masked secret', () => {
  it('shows a quarter of the secret at most, and no length', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{8,128}$/), (secret) => {
        const shown = masked(secret).replaceAll('*', '')
        expect(masked(secret)).toContain('************')
        expect(shown.length).toBeLessThanOrEqual(Math.min(6, secret.length / 4))
      }),
    )
  })
})
