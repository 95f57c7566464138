import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { anInstance, refusalOf } from '../../../test/instances.js'
import { management, type TestManagement } from '../../../test/management.js'

const act = (sluice: TestManagement, action: string, tags: readonly object[], instanceId = sluice.instanceId) =>
  sluice.call('batchCreateOrDeleteInstanceTags', { instanceId, body: { action, tags } })

const tagged = async (sluice: TestManagement, instanceId: string, ...tags: readonly [key: string, value: string][]) => {
  const { status } = await act(
    sluice,
    'create',
    tags.map(([key, value]) => ({ key, value })),
    instanceId,
  )
  expect(status).toBe(204)
}

const many = (count: number) => Array.from({ length: count }, (_, index) => ({ key: `key${index}`, value: '' }))

describe.each(engines)('tags of instances on $name', (engine) => {
  test('23: tags are set by key, removed by key, and found', async () => {
    await using sluice = await management(engine)
    const a = { key: 'a', value: '1' }

    expect(await act(sluice, 'create', [a, { key: 'b', value: '1' }])).toMatchObject({ status: 204, body: undefined })
    expect((await act(sluice, 'create', [{ key: 'a', value: '2' }])).status).toBe(204)
    expect((await act(sluice, 'delete', [{ key: 'b' }])).status).toBe(204)

    const { body } = await sluice.call('listInstanceTags')
    expect(body).toEqual({
      tags: [{ key: 'a', value: '2' }],
      resource_id: sluice.instanceId,
      resource_name: 'sluice-default',
      resouce_detail: null,
    })
    const found = await sluice.given('listInstancesByTags', { body: { tags: [{ key: 'a', values: ['2'] }] } })
    expect(found).toEqual({
      total_count: 1,
      resources: [
        {
          resource_id: sluice.instanceId,
          resource_name: 'sluice-default',
          resouce_detail: '',
          tags: [{ key: 'a', value: '2' }],
        },
      ],
    })
    expect(await sluice.given('listInstancesByTags', { body: { without_any_tag: true } })).toEqual({
      total_count: 0,
      resources: [],
    })

    expect((await act(sluice, 'create', many(19))).status).toBe(204)
    expect(await refusalOf(act(sluice, 'create', [{ key: 'last', value: '' }]))).toEqual([403, 'APIC.7402'])
    expect((await act(sluice, 'create', [{ key: 'a', value: 'of a full instance' }])).status).toBe(204)
    expect((await sluice.given('listInstanceTags')).tags).toHaveLength(20)
  })

  test('a removal looks at keys alone, and what is gone stays gone', async () => {
    await using sluice = await management(engine)
    await tagged(sluice, sluice.instanceId, ['a', '1'], ['b', '2'])

    expect((await act(sluice, 'delete', [{ key: 'a', value: 'another' }, { key: 'none' }])).status).toBe(204)

    expect((await sluice.given('listInstanceTags')).tags).toEqual([{ key: 'b', value: '2' }])
  })

  test('what a tag may be', async () => {
    await using sluice = await management(engine)
    const refused = async (tag: object, action = 'create') => (await act(sluice, action, [tag])).body

    for (const key of ['', ' a', 'a ', '_sys_a', 'a/b', 'k'.repeat(129), undefined])
      expect((await refused({ key, value: '1' })).error_msg, String(key)).toContain('parameter name[key]')
    for (const value of ['a<b', 'v'.repeat(256)])
      expect((await refused({ key: 'a', value })).error_msg).toContain('parameter name[value]')
    expect((await refused({ key: 'a', value: '1' }, 'update')).error_msg).toContain('parameter name[action]')
    for (const tags of [many(21), []])
      expect((await act(sluice, 'create', tags)).body.error_msg).toContain('parameter name[tags]')

    const good = [
      { key: '中 a_.:=+-@', value: '/中 b' },
      { key: 'k'.repeat(128), value: 'v'.repeat(255) },
      { key: 'empty' },
      { key: 'twice', value: '1' },
      { key: 'twice', value: '2' },
    ]
    expect((await act(sluice, 'create', good)).status).toBe(204)
    const { tags } = await sluice.given('listInstanceTags')
    expect(tags).toHaveLength(4)
    expect(tags).toEqual(expect.arrayContaining([good[0], { key: 'empty', value: '' }, { key: 'twice', value: '2' }]))
  })

  test('tags of a creation follow the same rules', async () => {
    await using sluice = await management(engine)
    const tags = [{ key: ' a', value: '1' }]

    await expect(anInstance(sluice, { tags })).rejects.toThrow('parameter name[key]')
    expect(await sluice.given('listInstancesV2')).toMatchObject({ total: 1 })
  })

  test('the tags of a project, each key once', async () => {
    await using sluice = await management(engine)
    expect(await sluice.given('listProjectInstanceTags')).toEqual({ tags: [] })
    const second = await anInstance(sluice, { tags: [{ key: 'team', value: 'red' }] })
    await tagged(sluice, sluice.instanceId, ['team', 'blue'], ['stage', 'test'])

    expect(await sluice.given('listProjectInstanceTags')).toEqual({
      tags: [
        { key: 'stage', values: ['test'] },
        { key: 'team', values: ['blue', 'red'] },
      ],
    })
    await tagged(sluice, second, ['stage', 'test'])
    expect((await sluice.given('listProjectInstanceTags')).tags[0]).toEqual({ key: 'stage', values: ['test'] })
    await sluice.given('deleteInstancesV2', { instanceId: second })
    expect((await sluice.given('listProjectInstanceTags')).tags[1]).toEqual({ key: 'team', values: ['blue'] })
  })

  test('instances are found by keys, values and the beginning of their name', async () => {
    await using sluice = await management(engine)
    const byName = new Map([['sluice-default', sluice.instanceId]])
    for (const name of ['shop-one', 'shop-two', 'Shop-three', 'untagged']) {
      sluice.now += 1_000
      byName.set(name, await anInstance(sluice, { instance_name: name, enterprise_project_id: name }))
    }
    const idOf = (name: string) => byName.get(name) ?? ''
    await tagged(sluice, sluice.instanceId, ['stage', 'production'])
    await tagged(sluice, idOf('shop-one'), ['team', 'blue'], ['stage', 'test'])
    await tagged(sluice, idOf('shop-two'), ['team', 'red'], ['stage', 'test'])
    await tagged(sluice, idOf('Shop-three'), ['team', ''])
    const find = async (body: object, query: Record<string, number> = {}) => {
      const { total_count, resources } = await sluice.given('listInstancesByTags', { body, query })
      expect(await sluice.given('showInstancesNumByTags', { body })).toEqual({ total_count })
      return [total_count, resources.map((resource: { resource_name: string }) => resource.resource_name)]
    }
    const all = ['untagged', 'Shop-three', 'shop-two', 'shop-one', 'sluice-default']

    expect(await find({})).toEqual([5, all])
    expect(await find({ without_any_tag: false })).toEqual([5, all])
    expect(await find({}, { limit: 2, offset: 1 })).toEqual([5, ['Shop-three', 'shop-two']])
    expect(await find({}, { offset: 5 })).toEqual([5, []])
    expect(await find({ tags: [{ key: 'team', values: [] }] })).toEqual([3, ['Shop-three', 'shop-two', 'shop-one']])
    expect(await find({ tags: [{ key: 'team', values: ['blue', 'red'] }] })).toEqual([2, ['shop-two', 'shop-one']])
    expect(await find({ tags: [{ key: 'team', values: ['Blue'] }] })).toEqual([0, []])
    expect(
      await find({
        tags: [
          { key: 'team', values: ['blue'] },
          { key: 'stage', values: ['test'] },
        ],
      }),
    ).toEqual([1, ['shop-one']])
    expect(await find({ without_any_tag: true, tags: [{ key: 'team', values: ['blue'] }] })).toEqual([1, ['untagged']])
    expect(await find({ matches: [{ key: 'resource_name', value: 'shop' }] })).toEqual([2, ['shop-two', 'shop-one']])
    expect(await find({ matches: [{ key: 'resource_name', value: '____' }] })).toEqual([0, []])
    expect(await find({ matches: [{ key: 'resource_name', value: '' }] })).toEqual([5, all])
    expect(await find({ sys_tags: [{ key: 'enterprise', values: ['untagged'] }] })).toEqual([1, ['untagged']])
    expect(await refusalOf(sluice.call('listInstancesByTags', { body: { tags: [{ values: ['a'] }] } }))).toEqual([
      400,
      'APIC.7211',
    ])
    expect((await sluice.call('listInstancesByTags')).status).toBe(200)

    await sluice.given('deleteInstancesV2', { instanceId: idOf('untagged') })
    expect(await find({ without_any_tag: true })).toEqual([0, []])
  })

  test('tags of an instance that is not there', async () => {
    await using sluice = await management(engine)
    const instanceId = 'unknown'

    expect(await refusalOf(sluice.call('listInstanceTags', { instanceId }))).toEqual([404, 'APIG.3030'])
    expect(await refusalOf(act(sluice, 'create', [], instanceId))).toEqual([404, 'APIC.7302'])
  })
})
