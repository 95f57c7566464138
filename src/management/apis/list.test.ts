import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { httpApi, mockApi } from '../../../test/definitions.js'
import { management, type Call, type TestManagement } from '../../../test/management.js'
import type { ApiCreate } from '../../contract/generated/schemas.js'

interface Listed {
  readonly total: number
  readonly size: number
  readonly names: readonly string[]
}

const list = async (sluice: TestManagement, query: Call['query'] = {}): Promise<Listed> => {
  const { body } = await sluice.call('listApisV2', { query })
  return { total: body.total, size: body.size, names: body.apis.map(({ name }: { name: string }) => name) }
}

/** A group with these APIs, created one after another. */
async function stage(sluice: TestManagement, ...apis: Partial<ApiCreate>[]): Promise<{ group: string; ids: string[] }> {
  const { id: group } = await sluice.given('createApiGroupV2', { body: { name: 'group' } })
  const ids: string[] = []
  for (const api of apis) {
    sluice.now += 1
    const { id } = await sluice.given('createApiV2', { body: mockApi(group, api) })
    ids.push(id)
  }
  return { group, ids }
}

describe.each(engines)('lists of APIs on $name', (engine) => {
  test('54: filters by name and group; limits are clamped', async () => {
    await using sluice = await management(engine)
    const { group } = await stage(sluice, { name: 'orders' }, { name: 'orders_v2' }, { name: 'Orders' })

    expect(await list(sluice, { name: 'orders' })).toMatchObject({ total: 2, names: ['orders_v2', 'orders'] })
    expect((await list(sluice, { name: 'orders', precise_search: 'name' })).names).toEqual(['orders'])
    expect((await list(sluice, { name: '%' })).names).toEqual([])
    expect((await list(sluice, { group_id: group })).total).toBe(3)
    expect(await list(sluice, { group_id: 'unknown' })).toEqual({ total: 0, size: 0, names: [] })
    for (const query of [{ limit: 0 }, { limit: 1000 }, { offset: -3 }, { name: '' }])
      expect((await list(sluice, query)).size).toBe(3)
  })

  test('55: a client that pages sees every API once, newest first', async () => {
    await using sluice = await management(engine)
    const names = ['api_1', 'api_2', 'api_3', 'api_4', 'api_5']
    await stage(sluice, ...names.map((name) => ({ name })))

    const pages: Listed[] = []
    for (const offset of [0, 2, 4, 6]) pages.push(await list(sluice, { limit: 2, offset }))

    expect(pages.map(({ total, size }) => [total, size])).toEqual([
      [5, 2],
      [5, 2],
      [5, 1],
      [5, 0],
    ])
    expect(pages.flatMap((page) => page.names)).toEqual(names.toReversed())
  })

  test('a page is its part of the whole list, from whichever end it is found, of APIs of one moment too', async () => {
    await using sluice = await management(engine)
    const { group } = await stage(sluice, { name: 'first' }, { name: 'second' })
    for (const name of ['same_1', 'same_2', 'same_3', 'same_4'])
      await sluice.given('createApiV2', { body: mockApi(group, { name }) })
    const { names: all } = await list(sluice)
    expect(all).toHaveLength(6)

    for (let offset = 0; offset < 8; offset++)
      for (let limit = 1; limit < 8; limit++) {
        const { total, names } = await list(sluice, { offset, limit })
        expect([offset, limit, total, names]).toEqual([offset, limit, 6, all.slice(offset, offset + limit)])
      }
  })

  test('56: groups and back ends are shown when asked for, request parameters never', async () => {
    await using sluice = await management(engine)
    const { group } = await stage(sluice)
    await sluice.given('createApiV2', {
      body: httpApi(group, { req_params: [{ name: 'q', location: 'QUERY', type: 'STRING' }] }),
    })
    const members = async (return_data_mode: string) => {
      const { body } = await sluice.call('listApisV2', { query: { return_data_mode } })
      const [api] = body.apis as Record<string, unknown>[]
      return ['api_group_info', 'backend_api', 'req_params'].filter((name) => api !== undefined && name in api)
    }

    expect(await members('')).toEqual([])
    expect(await members('brief')).toEqual([])
    expect(await members('brief,include_group')).toEqual(['api_group_info'])
    expect(await members('include_group_backend')).toEqual(['api_group_info', 'backend_api'])
  })

  test('an entry has every attribute of the API', async () => {
    await using sluice = await management(engine)
    const { ids } = await stage(sluice, { name: 'first', remark: 'r', tags: ['blue'], result_normal_sample: 's' })
    const [id = ''] = ids

    const { body } = await sluice.call('listApisV2')
    const detail = await sluice.given('showDetailsOfApiV2', { path: { api_id: id } })

    const ofDetailsOnly = new Set(['api_group_info', 'mock_info', 'req_params', 'backend_params'])
    const shown = Object.entries(detail).filter(([name]) => !ofDetailsOnly.has(name) && !name.startsWith('policy_'))
    expect(body.apis).toEqual([Object.fromEntries(shown)])
  })

  test.each<[string, Call['query'], string[]]>([
    ['method', { req_method: 'POST' }, ['post']],
    ['protocol', { req_protocol: 'HTTPS' }, ['https']],
    ['authentication', { auth_type: 'APP' }, ['app']],
    ['type', { type: 2 }, ['private']],
    ['part of the path', { req_uri: '/orders' }, ['order', 'orders']],
    ['the whole path', { req_uri: '/orders', precise_search: 'name,req_uri' }, ['orders']],
    ['a tag', { tags: 'blue' }, ['app', 'https']],
    ['any of several tags', { tags: ['blue', 'red'] }, ['private', 'app', 'https']],
    ['no tags', { tags: '#no_tags#', auth_type: 'NONE' }, ['order', 'orders', 'post']],
    ['the name of a channel that no API has', { vpc_channel_name: 'channel' }, []],
    ['an environment where nothing is published', { env_id: 'unknown' }, []],
    ['several at once', { type: 2, tags: 'blue' }, []],
  ])('filter by %s', async (_, query, expected) => {
    await using sluice = await management(engine)
    await stage(
      sluice,
      { name: 'post', req_method: 'POST' },
      { name: 'https', req_protocol: 'HTTPS', tags: ['blue', 'green'] },
      { name: 'app', auth_type: 'APP', tags: ['blue'] },
      { name: 'private', type: 2, tags: ['red'] },
      { name: 'orders', req_uri: '/orders' },
      { name: 'order', req_uri: '/v2/orders/list' },
    )

    expect((await list(sluice, query)).names).toEqual(expected)
  })

  test('filter by environment: those that are published there, with all their environments', async () => {
    await using sluice = await management(engine)
    const { ids } = await stage(sluice, { name: 'here' }, { name: 'there' }, { name: 'nowhere' })
    const [here = '', there = ''] = ids
    const { id: dev } = await sluice.given('createEnvironmentV2', { body: { name: 'DEV' } })
    const publish = (api_id: string, env_id: string) =>
      sluice.given('createOrDeletePublishRecordForApiV2', { body: { action: 'online', api_id, env_id } })
    await publish(here, dev)
    await publish(here, 'DEFAULT_ENVIRONMENT_RELEASE_ID')
    await publish(there, 'DEFAULT_ENVIRONMENT_RELEASE_ID')

    const { body } = await sluice.call('listApisV2', { query: { env_id: dev } })

    expect(body).toMatchObject({ total: 1, apis: [{ name: 'here', run_env_name: 'RELEASE|DEV' }] })
  })

  test('a page says the total of the whole list, whatever the filter', async () => {
    await using sluice = await management(engine)
    const tagged = [{ tags: ['a', 'b'] }, { tags: ['a'] }, { tags: ['b', 'c'] }, {}, {}]
    const { ids } = await stage(sluice, ...tagged)
    const env_id = 'DEFAULT_ENVIRONMENT_RELEASE_ID'
    for (const api_id of [ids[0], ids[2], ids[3]])
      await sluice.given('createOrDeletePublishRecordForApiV2', { body: { action: 'online', api_id, env_id } })

    const filters = [
      { filter: {}, total: 5 },
      { filter: { env_id }, total: 3 },
      { filter: { tags: 'a' }, total: 2 },
      { filter: { tags: ['a', 'b'] }, total: 3 },
      { filter: { tags: '#no_tags#' }, total: 2 },
      { filter: { tags: ['c', '#no_tags#'] }, total: 3 },
      { filter: { env_id, tags: 'b' }, total: 2 },
      { filter: { env_id, tags: '#no_tags#' }, total: 1 },
      { filter: { env_id, auth_type: 'IAM' }, total: 0 },
    ]
    for (const { filter, total } of filters)
      for (const paging of [{ limit: 1 }, { limit: 1, offset: 1 }, { limit: 500 }])
        expect((await list(sluice, { ...filter, ...paging })).total, JSON.stringify({ filter, paging })).toBe(total)
  })

  test('an id that is not known gives an empty list', async () => {
    await using sluice = await management(engine)
    const { ids } = await stage(sluice, { name: 'first' }, { name: 'second' })

    expect((await list(sluice, { id: '4a1b0e6e-2b1a-4b2e-8a57-0d6e3a1f2c3d' })).total).toBe(0)
    expect((await list(sluice, { id: ids[0] ?? '' })).names).toEqual(['first'])
  })

  test('tags are listed once each, sorted, in pages', async () => {
    await using sluice = await management(engine)
    await stage(sluice, { tags: ['b', 'a'] }, { tags: ['b', 'c'] })

    expect((await sluice.call('listTagsV2', { query: { limit: 2 } })).body).toEqual({
      total: 3,
      size: 2,
      tags: ['a', 'b'],
    })
    expect((await sluice.call('listTagsV2', { query: { limit: 2, offset: 2 } })).body.tags).toEqual(['c'])
  })
})
