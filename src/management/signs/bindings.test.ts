import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { aGroup, anApi, changedParts, publish, RELEASE, revision, takeOffline } from '../../../test/stage.js'

const notThere = '11111111-2222-3333-4444-555555555555'

const aSign = async (sluice: TestManagement, name: string): Promise<string> =>
  (await sluice.given('createSignatureKeyV2', { body: { name } })).id as string

const bind = (sluice: TestManagement, sign_id: string, publish_ids: string[]) =>
  sluice.call('associateSignatureKeyV2', { body: { sign_id, publish_ids } })

const boundTo = async (sluice: TestManagement, sign_id: string, query = {}) =>
  (await sluice.call('listApisBindedToSignatureKeyV2', { query: { sign_id, ...query } })).body

const notBoundTo = async (sluice: TestManagement, sign_id: string, query = {}) =>
  (await sluice.call('listApisNotBoundWithSignatureKeyV2', { query: { sign_id, ...query } })).body

const signsOf = async (sluice: TestManagement, api_id: string, query = {}) =>
  (await sluice.call('listSignatureKeysBindedToApiV2', { query: { api_id, ...query } })).body

describe.each(engines)('bindings of signature keys on $name', (engine) => {
  test('binding another key takes the place of the first, and shows what signs', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice, { name: 'api_demo', remark: 'Web backend API', tags: ['public'] })
    const publishId = await publish(sluice, api.id)
    const first = await sluice.given('createSignatureKeyV2', { body: { name: 'sign_first' } })
    const second = await aSign(sluice, 'sign_second')
    const before = await revision(sluice)

    const bound = await bind(sluice, first.id, [publishId])
    const base = {
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
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
      sign_id: first.id,
      sign_name: 'sign_first',
    }
    const secrets = { sign_type: 'hmac', sign_key: first.sign_key, sign_secret: first.sign_secret }
    expect(bound.status).toBe(201)
    expect(bound.body.bindings).toEqual([{ ...base, ...secrets, binding_time: expect.stringMatching(/\.\d{3}Z$/) }])
    expect(await changedParts(sluice, before)).toEqual([`publication:${api.id}/${RELEASE}`])
    const { id } = bound.body.bindings[0]
    const readTime = expect.stringMatching(/:\d\dZ$/)
    expect(await boundTo(sluice, first.id)).toEqual({
      total: 1,
      size: 1,
      bindings: [{ ...base, id, binding_time: readTime }],
    })
    expect((await signsOf(sluice, api.id)).bindings).toEqual([{ ...base, ...secrets, id, binding_time: readTime }])
    expect((await notBoundTo(sluice, first.id)).apis).toEqual([])
    expect((await notBoundTo(sluice, second)).apis).toMatchObject([
      { id: api.id, publish_id: publishId, signature_name: 'sign_first', run_env_name: 'RELEASE', auth_type: 'APP' },
    ])

    const again = await revision(sluice)
    expect((await bind(sluice, first.id, [publishId])).body.bindings).toMatchObject([{ id, binding_time: readTime }])
    expect(await revision(sluice)).toBe(again)

    const replaced = await bind(sluice, second, [publishId])
    expect(replaced.body.bindings[0].id).not.toBe(id)
    expect((await boundTo(sluice, first.id)).bindings).toEqual([])
    expect((await signsOf(sluice, api.id)).bindings).toMatchObject([{ sign_id: second, sign_name: 'sign_second' }])
    expect((await notBoundTo(sluice, first.id)).apis).toMatchObject([{ signature_name: 'sign_second' }])
  })

  test('one unknown publication refuses the whole request', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    const publishId = await publish(sluice, api.id)
    const sign = await aSign(sluice, 'sign_demo')
    expect(await bind(sluice, sign, [publishId, notThere])).toMatchObject({
      status: 404,
      body: { error_code: 'APIG.3015', error_msg: 'The API publication record does not exist' },
    })
    expect((await boundTo(sluice, sign)).total).toBe(0)
    expect(await bind(sluice, sign, [])).toMatchObject({ status: 400, body: { error_code: 'APIG.2001' } })
  })

  test('a binding ends by its id, once, and with the publication', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    const sign = await aSign(sluice, 'sign_demo')
    const publishId = await publish(sluice, api.id)
    const { bindings } = (await bind(sluice, sign, [publishId])).body
    const before = await revision(sluice)
    const path = { sign_bindings_id: bindings[0].id as string }

    expect(await sluice.call('disassociateSignatureKeyV2', { path })).toMatchObject({ status: 204, body: undefined })
    expect(await changedParts(sluice, before)).toEqual([`publication:${api.id}/${RELEASE}`])
    expect(await sluice.call('disassociateSignatureKeyV2', { path })).toMatchObject({
      status: 404,
      body: { error_code: 'APIG.3018', error_msg: 'The signature key binding record does not exist' },
    })

    await bind(sluice, sign, [publishId])
    await publish(sluice, api.id)
    expect((await boundTo(sluice, sign)).bindings).toMatchObject([{ publish_id: publishId }])
    await takeOffline(sluice, api.id)
    expect((await boundTo(sluice, sign)).total).toBe(0)
    expect((await sluice.call('listSignatureKeysV2')).body.signs).toMatchObject([{ id: sign, bind_num: 0 }])
  })

  test('an update changes what signs at each place', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    const sign = await aSign(sluice, 'sign_demo')
    await bind(sluice, sign, [await publish(sluice, api.id)])
    const before = await revision(sluice)
    const body = { name: 'sign_demo', sign_secret: 'another-secret-of-it' }
    await sluice.given('updateSignatureKeyV2', { path: { sign_id: sign }, body })
    expect(await changedParts(sluice, before)).toEqual([`publication:${api.id}/${RELEASE}`])
    expect((await signsOf(sluice, api.id)).bindings).toMatchObject([{ sign_secret: 'another-secret-of-it' }])
  })

  test('lists filter and page', async () => {
    await using sluice = await management(engine)
    const env = (await sluice.given('createEnvironmentV2', { body: { name: 'DEV' } })).id as string
    const groupId = await aGroup(sluice)
    const first = await anApi(sluice, { name: 'api_first', tags: ['red'] })
    const second = await anApi(sluice, { name: 'api_second', group_id: groupId })
    const sign = await aSign(sluice, 'sign_demo')
    const other = await aSign(sluice, 'sign_other')
    for (const [id, envId] of [
      [first.id, RELEASE],
      [first.id, env],
      [second.id, RELEASE],
    ] as const) {
      sluice.now += 1_000
      await bind(sluice, sign, [await publish(sluice, id, envId)])
    }

    const found = {
      bound: async (query: Record<string, string | number>) =>
        (await boundTo(sluice, sign, query)).bindings.map(
          (api: { api_name: string; env_name: string }) => `${api.api_name}/${api.env_name}`,
        ),
      notBound: async (query: Record<string, string | number>) =>
        (await notBoundTo(sluice, other, query)).apis.map(
          (api: { name: string; run_env_name: string }) => `${api.name}/${api.run_env_name}`,
        ),
    }
    for (const list of [found.bound, found.notBound]) {
      expect(await list({})).toEqual(['api_second/RELEASE', 'api_first/DEV', 'api_first/RELEASE'])
      expect(await list({ env_id: env })).toEqual(['api_first/DEV'])
      expect(await list({ group_id: groupId })).toEqual(['api_second/RELEASE'])
      expect(await list({ api_id: second.id })).toEqual(['api_second/RELEASE'])
      expect(await list({ api_name: 'first' })).toHaveLength(2)
      expect(await list({ tags: 'red', env_id: RELEASE })).toEqual(['api_first/RELEASE'])
      expect(await list({ tags: 'blue' })).toEqual([])
      expect(await list({ offset: 1, limit: 1 })).toEqual(['api_first/DEV'])
      expect(await list({ offset: 3 })).toEqual([])
    }

    const environments = async (query: Record<string, string>) =>
      (await signsOf(sluice, first.id, query)).bindings.map((bound: { env_name: string }) => bound.env_name)
    expect(await environments({})).toEqual(['DEV', 'RELEASE'])
    expect(await environments({ env_id: env })).toEqual(['DEV'])
    expect(await environments({ sign_id: other })).toEqual([])
    expect(await environments({ sign_name: 'demo' })).toHaveLength(2)
    expect(await environments({ sign_name: 'Demo' })).toEqual([])
  })

  test('lists need what they are about', async () => {
    await using sluice = await management(engine)
    for (const [id, name] of [
      ['listApisBindedToSignatureKeyV2', 'sign_id'],
      ['listApisNotBoundWithSignatureKeyV2', 'sign_id'],
      ['listSignatureKeysBindedToApiV2', 'api_id'],
    ] as const) {
      const reply = await sluice.call(id)
      expect(reply).toMatchObject({ status: 400, body: { error_code: 'APIG.2012' } })
      expect(reply.body.error_msg).toContain(`parameterName:${name}.`)
    }
    expect(await sluice.call('listSignatureKeysBindedToApiV2', { query: { api_id: notThere } })).toMatchObject({
      status: 404,
      body: { error_code: 'APIG.3002' },
    })
  })
})
