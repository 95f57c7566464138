import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { anInstance } from '../../../test/instances.js'
import { management, type TestManagement } from '../../../test/management.js'
import { aGroup, anApi, changedParts, publish, RELEASE, revision, takeOffline } from '../../../test/stage.js'
import { verdict } from '../../../test/verdict.js'
import { loadParts } from '../snapshot-source.js'
import { MOST_RULES } from './rules.js'

type Attributes = Readonly<Record<string, unknown>>

const mapped = { mapped_param_name: 'shared-tag', mapped_param_type: 'string', mapped_param_location: 'header' }

const rule = (attributes: Attributes = {}): Attributes => ({
  orchestration_name: 'rule_1',
  orchestration_strategy: 'list',
  orchestration_mapped_param: mapped,
  orchestration_map: [{ map_param_list: ['10001', '10002'], mapped_param_value: '1' }],
  ...attributes,
})

const hash = { orchestration_strategy: 'hash', orchestration_map: undefined }

async function aRule(sluice: TestManagement, attributes: Attributes = {}): Promise<string> {
  const { orchestration_id } = (await sluice.given('createOrchestration', { body: rule(attributes) })) as {
    orchestration_id: string
  }
  return orchestration_id
}

const at = (orchestration_id: string) => ({ path: { orchestration_id } })

const ruled = (orchestrations: readonly string[], name = 'tag') => ({
  name,
  location: 'QUERY',
  type: 'STRING',
  orchestrations,
})

describe.each(engines)('orchestration rules on $name', (engine) => {
  test('what is published takes its rules to gateways, as they are now', async () => {
    await using sluice = await management(engine)
    const pre = { orchestration_name: 'pre', orchestration_strategy: 'head_n', is_preprocessing: true }
    const first = await aRule(sluice, { ...pre, orchestration_map: [{ intercept_length: 3 }] })
    const ranged = [{ map_param_range: { range_start: '1', range_end: '5' }, mapped_param_value: '1' }]
    const second = await aRule(sluice, { orchestration_strategy: 'range', orchestration_map: ranged })
    const api = await anApi(sluice, { req_params: [ruled([first, second])] })
    await publish(sluice, api.id)
    const { vault } = sluice
    const options = { vault, subdomainSuffix: 'apic.test', onDefect: (key: string) => expect.fail(key) }
    const shipped = async () => {
      const { put } = await sluice.store.read((db) => loadParts(db, [`publication:${api.id}/${RELEASE}`], options))
      return put.flatMap((part) => (part.kind === 'publication' ? part.definition.req_params : []))
    }
    const head = { strategy: 'head_n', is_preprocessing: true, map: [{ length: 3, value: '' }] }
    const mapped_param = { name: 'shared-tag', location: 'HEADER' }
    const range = { strategy: 'range', is_preprocessing: false, mapped_param, map: [{ range: ['1', '5'], value: '1' }] }
    expect(await shipped()).toMatchObject([{ name: 'tag', orchestrations: [head, range] }])

    await sluice.given('updateOrchestration', { ...at(second), body: rule() })
    const list = { ...range, strategy: 'list', map: [{ list: ['10001', '10002'], value: '1' }] }
    expect(await shipped()).toMatchObject([{ name: 'tag', orchestrations: [head, list] }])
  })

  test('89: a rule reads as it was sent', async () => {
    await using sluice = await management(engine)

    const { status, body } = await sluice.call('createOrchestration', { body: rule() })

    expect([status, body]).toEqual([
      201,
      {
        ...rule(),
        orchestration_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        is_preprocessing: false,
        orchestration_create_time: expect.stringMatching(/\.\d{3}Z$/),
        orchestration_update_time: body.orchestration_create_time,
      },
    ])
    const read = await sluice.call('showDetailsOfOrchestration', at(body.orchestration_id))
    const time = `${body.orchestration_create_time.slice(0, 19)}Z`
    expect([read.status, read.body]).toEqual([
      200,
      { ...body, orchestration_create_time: time, orchestration_update_time: time },
    ])
  })

  const range = { map_param_range: { range_start: '0', range_end: '9223372036854775807' }, mapped_param_value: '1' }
  test.each([
    ['hash', undefined, undefined],
    ['hash', [], undefined],
    ['range', [{ ...range, intercept_length: 3 }], [range]],
    ['hash_range', [range], [range]],
    ['none_value', [{ mapped_param_value: 'none' }], [{ mapped_param_value: 'none' }]],
    ['default', [{ mapped_param_value: 'other' }], [{ mapped_param_value: 'other' }]],
    ['head_n', [{ intercept_length: 5 }], [{ intercept_length: 5, mapped_param_value: '' }]],
    ['tail_n', [{ intercept_length: 5, mapped_param_value: '' }], [{ intercept_length: 5, mapped_param_value: '' }]],
  ])('%s keeps of %j what it uses', async (orchestration_strategy, orchestration_map, expected) => {
    await using sluice = await management(engine)
    const { status, body } = await sluice.call('createOrchestration', {
      body: rule({ orchestration_strategy, orchestration_map }),
    })
    expect([status, body.orchestration_map]).toEqual([201, expected])
  })

  test('89: what a rule cannot be', async () => {
    await using sluice = await management(engine)
    await aRule(sluice, { orchestration_name: 'taken' })
    const list = (...lists: readonly (readonly string[])[]) => ({
      orchestration_map: lists.map((map_param_list) => ({ map_param_list, mapped_param_value: '1' })),
    })
    const ranges = (...pairs: readonly (readonly [string | undefined, string | undefined])[]) => ({
      orchestration_strategy: 'range',
      orchestration_map: pairs.map(([range_start, range_end]) => ({
        map_param_range: { range_start, range_end },
        mapped_param_value: '1',
      })),
    })
    const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, index) => String(from + index))
    for (const [attributes, expected] of [
      [{ orchestration_strategy: 'wrong' }, '400 2011 orchestration_strategy'],
      [{ orchestration_name: 'taken' }, '400 3331'],
      [{ orchestration_name: '1st' }, '400 2011 orchestration_name'],
      [{ orchestration_mapped_param: undefined }, '400 2001 orchestration_mapped_param'],
      [{ orchestration_mapped_param: undefined, is_preprocessing: false }, '400 2001 orchestration_mapped_param'],
      [{ orchestration_strategy: 'none_value', is_preprocessing: true }, '400 2011 is_preprocessing'],
      [{ orchestration_strategy: 'default', is_preprocessing: true }, '400 2011 is_preprocessing'],
      [{ orchestration_map: undefined }, '400 2001 orchestration_map'],
      [{ orchestration_map: [] }, '400 2011 orchestration_map'],
      [{ orchestration_strategy: 'hash' }, '400 2011 orchestration_map'],
      [{ orchestration_map: [{ mapped_param_value: '1' }] }, '400 2001 map_param_list'],
      [{ orchestration_map: [{ map_param_list: ['1'] }] }, '400 2001 mapped_param_value'],
      [{ orchestration_map: [{ map_param_list: ['1'], mapped_param_value: '' }] }, '400 2001 mapped_param_value'],
      [{ orchestration_map: [{ map_param_list: ['1'], mapped_param_value: 'a-b' }] }, '400 2011 mapped_param_value'],
      [list(['1', '2'], ['2']), '400 2011 map_param_list'],
      [list(['a b']), '400 2011 map_param_list'],
      [list(numbers(1501), ['x']), '400 2011 map_param_list'],
      [ranges(['5', '4']), '400 2011 range_end'],
      [ranges(['1', undefined]), '400 2001 range_end'],
      [ranges([undefined, '1']), '400 2001 range_start'],
      [ranges(['1', '9223372036854775808']), '400 2011 range_end'],
      [ranges(['1', '2'], ['3', '4'], ['1', '2']), '400 2011 orchestration_map'],
      [{ orchestration_strategy: 'head_n', orchestration_map: [{}] }, '400 2001 intercept_length'],
      [
        { orchestration_strategy: 'head_n', orchestration_map: [{ intercept_length: 101 }] },
        '400 2011 intercept_length',
      ],
      [
        {
          orchestration_strategy: 'default',
          orchestration_map: [{ mapped_param_value: '1' }, { mapped_param_value: '2' }],
        },
        '400 2011 orchestration_map',
      ],
    ] as const)
      expect([attributes, verdict(await sluice.call('createOrchestration', { body: rule(attributes) }))]).toEqual([
        attributes,
        expected,
      ])
    const accepted = {
      as_long_as_allowed: list(numbers(1500), numbers(1500, 1500)),
      ranges_that_overlap: ranges(['9', '9'], ['1', '20']),
    }
    for (const [orchestration_name, attributes] of Object.entries(accepted)) {
      const body = rule({ ...attributes, orchestration_name })
      expect([orchestration_name, verdict(await sluice.call('createOrchestration', { body }))]).toEqual([
        orchestration_name,
        '201',
      ])
    }
  })

  test('89: a rule that an API uses is not deleted, its parameter never changes, and the API echoes the order', async () => {
    await using sluice = await management(engine)
    const first = await aRule(sluice)
    const second = await aRule(sluice, { ...hash, orchestration_name: 'rule_2' })
    const api = await anApi(sluice, { req_params: [ruled([second, first])] })
    const { body } = await sluice.call('showDetailsOfApiV2', { path: { api_id: api.id } })
    expect(body.req_params[0].orchestrations).toEqual([second, first])

    const refused = await sluice.call('deleteOrchestration', at(first))
    expect([refused.status, refused.body]).toEqual([
      409,
      { error_code: 'APIG.3716', error_msg: 'The orchestration rule is currently in use by another API' },
    ])
    for (const change of [
      { mapped_param_name: 'other' },
      { mapped_param_type: 'number' },
      { mapped_param_location: 'query' },
    ]) {
      const changed = await sluice.call('updateOrchestration', {
        ...at(second),
        body: rule({ ...hash, orchestration_name: 'rule_2', orchestration_mapped_param: { ...mapped, ...change } }),
      })
      expect([changed.status, changed.body]).toEqual([
        412,
        { error_code: 'APIG.3713', error_msg: 'orchestration_mapped_param cannot be modified' },
      ])
    }
    await publish(sluice, api.id)
    await sluice.given('updateApiV2', { path: { api_id: api.id }, body: { ...body, req_params: [] } })
    expect(verdict(await sluice.call('deleteOrchestration', at(first)))).toBe('409 3716')
    await takeOffline(sluice, api.id)
    expect(verdict(await sluice.call('deleteOrchestration', at(first)))).toBe('204')
    for (const reply of [
      await sluice.call('deleteOrchestration', at(first)),
      await sluice.call('showDetailsOfOrchestration', at(first)),
      await sluice.call('updateOrchestration', { ...at(first), body: rule() }),
      await sluice.call('listOrchestrationAttachedApis', at(first)),
      await sluice.call('showDetailsOfOrchestration', { ...at(second), instanceId: await anInstance(sluice) }),
    ])
      expect([reply.status, reply.body]).toEqual([
        404,
        { error_code: 'APIG.3095', error_msg: 'The orchestrations does not exist' },
      ])
  })

  test('an update replaces name, strategy and map, and reaches what is published with the rule', async () => {
    await using sluice = await management(engine)
    const id = await aRule(sluice)
    await aRule(sluice, { orchestration_name: 'taken' })
    const api = await anApi(sluice, { req_params: [ruled([id])] })
    await publish(sluice, api.id)
    const before = await revision(sluice)
    sluice.now += 1000
    const body = { ...rule({ ...hash, orchestration_name: 'renamed' }), orchestration_mapped_param: undefined }

    const updated = await sluice.call('updateOrchestration', { ...at(id), body })

    expect([updated.status, updated.body]).toMatchObject([
      200,
      { orchestration_id: id, orchestration_name: 'renamed', orchestration_mapped_param: mapped },
    ])
    expect(updated.body).not.toHaveProperty('orchestration_map')
    expect(updated.body.orchestration_update_time > updated.body.orchestration_create_time).toBe(true)
    expect(await changedParts(sluice, before)).toEqual([`publication:${api.id}/${RELEASE}`])
    const taken = await sluice.call('updateOrchestration', { ...at(id), body: rule({ orchestration_name: 'taken' }) })
    expect(verdict(taken)).toBe('400 3331')
  })

  test('a preprocessing rule needs no parameter, and gets one when it turns into a rule that gives a result', async () => {
    await using sluice = await management(engine)
    const pre = { ...hash, is_preprocessing: true, orchestration_mapped_param: undefined }
    const { body } = await sluice.call('createOrchestration', { body: rule(pre) })
    expect(body).not.toHaveProperty('orchestration_mapped_param')
    const update = (attributes: Attributes) =>
      sluice.call('updateOrchestration', { ...at(body.orchestration_id), body: rule({ ...hash, ...attributes }) })
    expect(verdict(await update({ orchestration_mapped_param: undefined }))).toBe('400 2001 orchestration_mapped_param')
    expect((await update({})).body).toMatchObject({ is_preprocessing: false, orchestration_mapped_param: mapped })
  })

  test('a rule does not turn into one that breaks the chain of an API', async () => {
    await using sluice = await management(engine)
    const value = [{ mapped_param_value: '1' }]
    const last = { orchestration_strategy: 'default', orchestration_map: value }
    const fallback = await aRule(sluice, last)
    const other = await aRule(sluice, { ...hash, orchestration_name: 'rule_2' })
    const api = await anApi(sluice, { req_params: [ruled([other, fallback])] })
    const update = async (attributes: Attributes) =>
      verdict(
        await sluice.call('updateOrchestration', {
          ...at(other),
          body: rule({ orchestration_name: 'rule_2', ...attributes }),
        }),
      )

    expect(await update(last)).toBe('400 2011 orchestration_strategy')
    expect(await update({ ...hash, is_preprocessing: true })).toBe('400 2011 is_preprocessing')
    expect(await update({})).toBe('200')
    await sluice.given('deleteApiV2', { path: { api_id: api.id } })
    expect(await update(last)).toBe('200')
  })

  test('lists show rules without their maps, newest first, by name and id', async () => {
    await using sluice = await management(engine)
    const first = await aRule(sluice, { orchestration_name: 'shop_first' })
    sluice.now += 1000
    const second = await aRule(sluice, { orchestration_name: 'shop' })
    const list = async (query: Readonly<Record<string, string | number>>): Promise<string[]> => {
      const { body } = await sluice.call('listOrchestrations', { query })
      return body.orchestrations.map((one: { orchestration_id: string }) => one.orchestration_id)
    }
    for (const [query, expected] of [
      [{}, [second, first]],
      [{ orchestration_name: 'shop' }, [second, first]],
      [{ orchestration_name: 'shop', precise_search: 'orchestration_name' }, [second]],
      [{ orchestration_id: first }, [first]],
      [{ orchestration_id: 'unknown' }, []],
      [{ offset: 1, limit: 1 }, [first]],
      [{ offset: 2 }, []],
    ] as const)
      expect([query, await list(query)]).toEqual([query, expected])
    const { body } = await sluice.call('listOrchestrations', { query: { limit: 1 } })
    const { orchestration_map: _, ...shown } = (await sluice.call('showDetailsOfOrchestration', at(second))).body
    expect(body).toEqual({ total: 2, size: 1, orchestrations: [shown] })
  })

  test('the APIs of a rule: those that use it now, or did when they were published', async () => {
    await using sluice = await management(engine)
    const id = await aRule(sluice)
    const group_id = await aGroup(sluice, 'shop')
    const first = await anApi(sluice, {
      group_id,
      name: 'orders',
      req_params: [ruled([id])],
      req_uri: '/orders',
      match_mode: 'SWA',
    })
    sluice.now += 2000
    const second = await anApi(sluice, { group_id, name: 'items', req_params: [ruled([id])] })
    await anApi(sluice, { group_id, name: 'others' })
    const list = async (query: Readonly<Record<string, string | number>> = {}): Promise<string[]> => {
      const { body } = await sluice.call('listOrchestrationAttachedApis', { ...at(id), query })
      return body.apis.map(({ api_id }: { api_id: string }) => api_id)
    }

    const { body } = await sluice.call('listOrchestrationAttachedApis', at(id))

    expect(body).toMatchObject({ total: 2, size: 2, apis: [{ api_id: second.id }, { api_id: first.id }] })
    expect(body.apis[1]).toEqual({
      api_id: first.id,
      api_name: 'orders',
      req_method: 'GET',
      req_uri: '/orders',
      auth_type: 'APP',
      match_mode: 'SWA',
      group_id,
      group_name: 'shop',
      attached_time: expect.stringMatching(/:\d\dZ$/),
    })
    expect(await list({ api_name: 'ord' })).toEqual([first.id])
    expect(await list({ api_id: second.id })).toEqual([second.id])
    expect(await list({ limit: 1, offset: 1 })).toEqual([first.id])
    await publish(sluice, first.id)
    const { body: document } = await sluice.call('showDetailsOfApiV2', { path: { api_id: first.id } })
    sluice.now += 2000
    await sluice.given('updateApiV2', { path: { api_id: first.id }, body: { ...document, remark: 'still' } })
    expect((await sluice.call('listOrchestrationAttachedApis', at(id))).body.apis[1].attached_time).toBe(
      body.apis[1].attached_time,
    )
    await sluice.given('updateApiV2', { path: { api_id: first.id }, body: { ...document, req_params: [] } })
    expect((await list()).toSorted()).toEqual([first.id, second.id].toSorted())
    await takeOffline(sluice, first.id)
    expect(await list()).toEqual([second.id])
  })

  test('an instance has 200 rules and no more', async () => {
    await using sluice = await management(engine)
    const column = {
      strategy: 'hash',
      mapped_param: null,
      is_preprocessing: 1,
      map: '[]',
      created_at: 1,
      updated_at: 1,
    } as const
    const rows = Array.from({ length: MOST_RULES - 1 }, (_, index) => ({
      id: `rule${index}`,
      instance_id: sluice.instanceId,
      name: `other_${index}`,
      ...column,
    }))
    await sluice.store.write([], ({ db }) => db.insertInto('orchestrations').values(rows).execute())
    await aRule(sluice)
    const { status, body } = await sluice.call('createOrchestration', { body: rule({ orchestration_name: 'rule_2' }) })
    expect([status, body]).toEqual([
      403,
      { error_code: 'APIG.3150', error_msg: 'The number of orchestration rules exceeds the maximum' },
    ])
  })
})
