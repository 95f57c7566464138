import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { anInstance } from '../../../test/instances.js'
import { management, type TestManagement } from '../../../test/management.js'
import { anApi, changedParts, publish, revision, takeOffline } from '../../../test/stage.js'
import { verdict } from '../../../test/verdict.js'
import { setConfig } from '../../store/configs.js'

type Attributes = Readonly<Record<string, unknown>>

const URN = 'urn:fss:local-1:106506b9a92342df9a5025fc12351cfc:function:default:authorize'

const authorizer = (attributes: Attributes = {}): Attributes => ({
  name: 'authorizer_1',
  type: 'FRONTEND',
  authorizer_type: 'FUNC',
  authorizer_uri: URN,
  ...attributes,
})

async function anAuthorizer(sluice: TestManagement, attributes: Attributes = {}): Promise<string> {
  const created = (await sluice.given('createCustomAuthorizerV2', { body: authorizer(attributes) })) as { id: string }
  return created.id
}

const at = (authorizer_id: string) => ({ path: { authorizer_id } })

describe.each(engines)('custom authorizers on $name', (engine) => {
  test('92: an authorizer reads as it was sent, with a ttl of 0 and all defaults', async () => {
    await using sluice = await management(engine)

    const { status, body } = await sluice.call('createCustomAuthorizerV2', { body: authorizer({ ttl: 0 }) })

    expect([status, body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        name: 'authorizer_1',
        type: 'FRONTEND',
        authorizer_type: 'FUNC',
        authorizer_uri: URN,
        authorizer_version: '',
        authorizer_alias_uri: '',
        network_type: 'V1',
        identities: [],
        ttl: 0,
        user_data: '',
        need_body: false,
        create_time: expect.stringMatching(/\.\d{3}Z$/),
      },
    ])
    const read = await sluice.call('showDetailsOfCustomAuthorizersV2', at(body.id))
    expect([read.status, read.body]).toEqual([200, { ...body, create_time: `${body.create_time.slice(0, 19)}Z` }])
  })

  test('an update replaces everything but the type', async () => {
    await using sluice = await management(engine)
    const full = {
      name: 'renamed',
      authorizer_version: 'v1',
      authorizer_alias_uri: `${URN}:!v1`,
      network_type: 'V2',
      identities: [
        { name: 'X-Token', location: 'HEADER', validation: '^Bearer ' },
        { name: 'token', location: 'QUERY' },
      ],
      ttl: 3600,
      user_data: 'x'.repeat(2048),
      need_body: true,
    }
    const id = await anAuthorizer(sluice)

    const updated = await sluice.call('updateCustomAuthorizerV2', { ...at(id), body: authorizer(full) })

    expect([updated.status, updated.body]).toEqual([
      200,
      { ...authorizer(full), id, create_time: expect.stringMatching(/\.\d{3}Z$/) },
    ])
    const { body: emptied } = await sluice.call('updateCustomAuthorizerV2', { ...at(id), body: authorizer() })
    expect(emptied).toMatchObject({ name: 'authorizer_1', identities: [], ttl: 0, user_data: '', need_body: false })
    const other = await sluice.call('updateCustomAuthorizerV2', { ...at(id), body: authorizer({ type: 'BACKEND' }) })
    expect([other.status, other.body]).toEqual([
      400,
      {
        error_code: 'APIG.2011',
        error_msg: 'Invalid parameter value,parameterName:type. Please refer to the support documentation',
      },
    ])
  })

  test('what an authorizer cannot be', async () => {
    await using sluice = await management(engine)
    await anAuthorizer(sluice, { name: 'taken' })
    const identity = { name: 'token', location: 'QUERY' }
    for (const [attributes, expected] of [
      [{ name: 'taken' }, '400 3211'],
      [{ name: '1st' }, '400 2011 name'],
      [{ authorizer_uri: '' }, '400 2001 authorizer_uri'],
      [{ authorizer_type: 'HTTP' }, '400 2011 authorizer_type'],
      [{ ttl: 3601 }, '400 2011 ttl'],
      [{ ttl: -1 }, '400 2011 ttl'],
      [{ user_data: 'x'.repeat(2049) }, '400 2011 user_data'],
      [{ type: 'BACKEND', identities: [identity] }, '400 2011 identities'],
      [{ identities: [{ ...identity, location: 'PATH' }] }, '400 2011 location'],
      [{ identities: Array.from({ length: 11 }, () => identity) }, '403 3117'],
    ] as const)
      expect([
        attributes,
        verdict(await sluice.call('createCustomAuthorizerV2', { body: authorizer(attributes) })),
      ]).toEqual([attributes, expected])
    const id = await anAuthorizer(sluice)
    const update = async (attributes: Attributes) =>
      verdict(await sluice.call('updateCustomAuthorizerV2', { ...at(id), body: authorizer(attributes) }))
    expect(await update({ name: 'taken' })).toBe('400 3211')
    expect(await update({ identities: Array.from({ length: 11 }, () => identity) })).toBe('403 3117')
    expect(await update({ user_data: 'x'.repeat(2049) })).toBe('400 2011 user_data')
    expect(await update({})).toBe('200')
  })

  test('an authorizer that is not there, or in another instance, is unknown', async () => {
    await using sluice = await management(engine)
    const id = await anAuthorizer(sluice)
    const instanceId = await anInstance(sluice)
    for (const reply of [
      await sluice.call('showDetailsOfCustomAuthorizersV2', { ...at(id), instanceId }),
      await sluice.call('updateCustomAuthorizerV2', { ...at(id), instanceId, body: authorizer() }),
      await sluice.call('deleteCustomAuthorizerV2', { ...at(id), instanceId }),
    ])
      expect([reply.status, reply.body]).toEqual([
        404,
        { error_code: 'APIG.3081', error_msg: `authorizer with id: ${id} not found` },
      ])
    expect(verdict(await sluice.call('deleteCustomAuthorizerV2', at(id)))).toBe('204')
    expect(verdict(await sluice.call('deleteCustomAuthorizerV2', at(id)))).toBe('404 3081')
    expect(verdict(await sluice.call('showDetailsOfCustomAuthorizersV2', at('not an id')))).toBe('400 2011 id')
  })

  test('lists put the exact name first, else the newest; filters narrow them', async () => {
    await using sluice = await management(engine)
    const exact = await anAuthorizer(sluice, { name: 'check' })
    sluice.now += 1000
    const longer = await anAuthorizer(sluice, { name: 'check_all', type: 'BACKEND' })
    sluice.now += 1000
    const other = await anAuthorizer(sluice, { name: 'other' })
    const list = async (query: Readonly<Record<string, string | number>>): Promise<string[]> => {
      const { body } = await sluice.call('listCustomAuthorizersV2', { query })
      return body.authorizer_list.map(({ id }: { id: string }) => id)
    }
    for (const [query, expected] of [
      [{}, [other, longer, exact]],
      [{ name: 'check' }, [exact, longer]],
      [{ name: 'all' }, [longer]],
      [{ id: longer }, [longer]],
      [{ id: 'unknown' }, []],
      [{ type: 'FRONTEND' }, [other, exact]],
      [{ type: 'FRONTEND', name: 'check' }, [exact]],
      [{ limit: 1, offset: 1 }, [longer]],
      [{ offset: 3 }, []],
    ] as const)
      expect([query, await list(query)]).toEqual([query, expected])
    const { body } = await sluice.call('listCustomAuthorizersV2', { query: { limit: 2 } })
    expect([body.total, body.size]).toEqual([3, 2])
    expect(body.authorizer_list[0]).toEqual((await sluice.call('showDetailsOfCustomAuthorizersV2', at(other))).body)
  })

  test('92: an authorizer that an API uses, in its draft or where callers reach it, is not deleted', async () => {
    await using sluice = await management(engine)
    const frontend = await anAuthorizer(sluice)
    const backend = await anAuthorizer(sluice, { name: 'authorizer_2', type: 'BACKEND' })
    const api = await anApi(sluice, {
      auth_type: 'AUTHORIZER',
      authorizer_id: frontend,
      mock_info: { result_content: '', authorizer_id: backend },
    })
    const remove = (id: string) => sluice.call('deleteCustomAuthorizerV2', at(id))

    for (const id of [frontend, backend]) {
      const refused = await remove(id)
      expect([refused.status, refused.body]).toEqual([
        400,
        { error_code: 'APIG.2000', error_msg: 'The authorizer is being used by APIs' },
      ])
    }
    await publish(sluice, api.id)
    const { body } = await sluice.call('showDetailsOfApiV2', { path: { api_id: api.id } })
    const open = { ...body, auth_type: 'NONE', authorizer_id: undefined, mock_info: { result_content: '' } }
    await sluice.given('updateApiV2', { path: { api_id: api.id }, body: open })
    expect(verdict(await remove(frontend))).toBe('400 2000')
    await takeOffline(sluice, api.id)
    expect(verdict(await remove(frontend))).toBe('204')
    expect(verdict(await remove(backend))).toBe('204')
  })

  test('a change ships the authorizer, and nothing that is published with it', async () => {
    await using sluice = await management(engine)
    const id = await anAuthorizer(sluice)
    const api = await anApi(sluice, { auth_type: 'AUTHORIZER', authorizer_id: id })
    await publish(sluice, api.id)
    const before = await revision(sluice)
    await sluice.given('updateCustomAuthorizerV2', { ...at(id), body: authorizer({ ttl: 60 }) })
    expect(await changedParts(sluice, before)).toEqual([`authorizer:${id}`])
  })

  test('an instance has so many authorizers and no more', async () => {
    await using sluice = await management(engine)
    await sluice.store.write([], ({ db }) => setConfig(db, sluice.instanceId, 'AUTHORIZER_NUM_LIMIT', '1'))
    await anAuthorizer(sluice)
    const body = authorizer({ name: 'second' })
    expect(verdict(await sluice.call('createCustomAuthorizerV2', { body }))).toBe('403 3116')
    const { body: configs } = await sluice.call('listProjectCofigsV2', {
      query: { config_name: 'AUTHORIZER_NUM_LIMIT' },
    })
    expect(configs.configs[0].used).toBe(1)
  })
})
