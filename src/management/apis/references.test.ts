import { describe, expect, test } from 'vitest'
import { aChannel, at, byChannel, channel } from '../../../test/channels.js'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { aGroup, anApi, publish, RELEASE } from '../../../test/stage.js'
import { verdict } from '../../../test/verdict.js'

type Attributes = Readonly<Record<string, unknown>>

/** A mock API; `attributes` say what is special. */
async function create(sluice: TestManagement, attributes: Attributes) {
  const name = `api_${Object.keys(attributes).length}_${Math.random().toString(36).slice(2)}`
  const body = {
    name,
    type: 1,
    req_protocol: 'HTTP',
    req_method: 'GET',
    req_uri: `/${name}`,
    auth_type: 'NONE',
    backend_type: 'MOCK',
    mock_info: { result_content: '' },
    group_id: await aGroup(sluice),
    ...attributes,
  }
  return sluice.call('createApiV2', { body })
}

async function anAuthorizer(sluice: TestManagement, type: 'FRONTEND' | 'BACKEND'): Promise<string> {
  const body = { name: `authorizer_${type}`, type, authorizer_type: 'FUNC', authorizer_uri: 'urn:fss:function' }
  return (await sluice.given('createCustomAuthorizerV2', { body })).id as string
}

const shared = { mapped_param_name: 'Shared-Tag', mapped_param_type: 'string', mapped_param_location: 'header' }

async function aRule(sluice: TestManagement, strategy: string, attributes: Attributes = {}): Promise<string> {
  const value = [{ mapped_param_value: '1' }]
  const body = {
    orchestration_name: `rule_${Math.random().toString(36).slice(2)}`,
    orchestration_strategy: strategy,
    orchestration_mapped_param: shared,
    ...(strategy !== 'hash' && { orchestration_map: value }),
    ...attributes,
  }
  return (await sluice.given('createOrchestration', { body })).orchestration_id as string
}

describe.each(engines)('what APIs use on $name', (engine) => {
  test('57: an unknown group, authorizer, channel or rule refuses the API', async () => {
    await using sluice = await management(engine)
    for (const [attributes, expected] of [
      [{ group_id: 'g1' }, [404, 'APIG.3001', 'API group g1 does not exist']],
      [{ auth_type: 'AUTHORIZER', authorizer_id: 'a1' }, [404, 'APIG.3081', 'authorizer with id: a1 not found']],
      [byChannel('c1'), [404, 'APIG.3023', 'The VPC channel does not exist,id:c1']],
      [
        { req_params: [{ name: 'tag', location: 'QUERY', type: 'STRING', orchestrations: ['o1'] }] },
        [404, 'APIG.3095', 'The orchestrations does not exist'],
      ],
    ] as const) {
      const { status, body } = await create(sluice, attributes)
      expect([status, body.error_code, body.error_msg]).toEqual(expected)
    }
    const { id } = await anApi(sluice)
    const { body } = await sluice.call('showDetailsOfApiV2', { path: { api_id: id } })
    const change = { path: { api_id: id }, body: { ...body, ...byChannel('c1') } }
    expect(verdict(await sluice.call('updateApiV2', change))).toBe('404 3023')
  })

  test('an authorizer serves the side that it was made for', async () => {
    await using sluice = await management(engine)
    const frontend = await anAuthorizer(sluice, 'FRONTEND')
    const backend = await anAuthorizer(sluice, 'BACKEND')
    const policy = {
      name: 'policy',
      effect_mode: 'ANY',
      conditions: [{ condition_origin: 'source', condition_value: '10.0.0.1' }],
    }
    const values = (side: string) => [
      { name: 'who', location: 'HEADER', origin: 'SYSTEM', value: `$context.authorizer.${side}.name` },
    ]
    for (const [attributes, expected] of [
      [{ auth_type: 'AUTHORIZER', authorizer_id: frontend }, '201'],
      [{ auth_type: 'AUTHORIZER', authorizer_id: frontend, backend_params: values('frontend') }, '201'],
      [{ auth_type: 'NONE', backend_params: values('frontend') }, '400 2036'],
      [{ auth_type: 'AUTHORIZER', authorizer_id: backend }, '400 2011 authorizer_id'],
      [{ mock_info: { result_content: '', authorizer_id: backend } }, '201'],
      [{ mock_info: { result_content: '', authorizer_id: backend }, backend_params: values('backend') }, '201'],
      [{ backend_params: values('backend') }, '400 2036'],
      [{ mock_info: { result_content: '', authorizer_id: frontend } }, '400 2011 authorizer_id'],
      [{ policy_mocks: [{ ...policy, authorizer_id: backend }] }, '201'],
      [{ policy_mocks: [{ ...policy, authorizer_id: frontend }] }, '400 2011 authorizer_id'],
    ] as const)
      expect([attributes, verdict(await create(sluice, attributes))]).toEqual([attributes, expected])
  })

  test('a back end with a path for each member group names groups of its channel', async () => {
    await using sluice = await management(engine)
    const member_groups = [{ member_group_name: 'blue' }]
    const { body } = await sluice.call('createVpcChannelV2', { body: channel({ member_groups }) })
    const call = { req_protocol: 'HTTP', req_method: 'GET', req_uri: '/blue' } as const
    const of = (member_group_id: string) =>
      byChannel(body.id, { vpc_channel_status: 4, member_group_url_infos: [{ ...call, member_group_id }] })

    const created = await create(sluice, of(body.member_groups[0].member_group_id))

    expect([created.status, created.body.backend_api]).toMatchObject([
      201,
      { url_domain: body.id, vpc_channel_status: 4, member_group_url_infos: [call] },
    ])
    const unknown = 'c1ce135c705c4066853a0460b318fe16'
    expect(verdict(await create(sluice, of(unknown)))).toBe('404 3024')
  })

  test('orchestration rules form one chain of one parameter', async () => {
    await using sluice = await management(engine)
    const hash = await aRule(sluice, 'hash')
    const none = await aRule(sluice, 'none_value')
    const other = await aRule(sluice, 'default')
    const pre = await aRule(sluice, 'hash', { is_preprocessing: true, orchestration_mapped_param: undefined })
    const more = await Promise.all(Array.from({ length: 10 }, () => aRule(sluice, 'hash')))
    const ruled = (orchestrations: readonly string[], name = 'tag') => ({
      name,
      location: 'QUERY',
      type: 'STRING',
      orchestrations,
    })
    const chain = (...ids: readonly string[]) => ({ req_params: [ruled(ids)] })
    const header = { name: 'shared-tag', location: 'HEADER' }
    for (const [what, attributes, expected] of [
      ['none first, default last', chain(none, pre, hash, other), '201'],
      ['in whatever order they are listed', chain(other, hash, none), '201'],
      ['an empty list beside it', { req_params: [ruled([hash]), ruled([], 'second')] }, '201'],
      ['ten rules', chain(...more), '201'],
      ['eleven rules', chain(hash, ...more), '403 3151'],
      ['one rule twice', chain(hash, hash), '400 2011 orchestrations'],
      ['two for no value', chain(none, await aRule(sluice, 'none_value'), hash), '400 2011 orchestrations'],
      ['two for all other values', chain(hash, other, await aRule(sluice, 'default')), '400 2011 orchestrations'],
      ['nothing after preprocessing', chain(hash, pre), '400 2011 orchestrations'],
      ['only a default after preprocessing', chain(pre, other), '400 2011 orchestrations'],
      ['two parameters', { req_params: [ruled([hash]), ruled([other], 'second')] }, '400 2011 orchestrations'],
      ['a parameter of the name it makes', { req_params: [ruled([hash]), { ...header, type: 'STRING' }] }, '400 3209'],
      [
        'a back-end parameter of the name it makes',
        { ...chain(hash), backend_params: [{ ...header, origin: 'CONSTANT', value: '1' }] },
        '400 3209',
      ],
    ] as const)
      expect([what, verdict(await create(sluice, attributes))]).toEqual([what, expected])
  })

  test('a condition compares what a rule of the API makes', async () => {
    await using sluice = await management(engine)
    const req_params = [
      { name: 'tag', location: 'QUERY', type: 'STRING', orchestrations: [await aRule(sluice, 'hash')] },
    ]
    const of = (
      mapped_param_name: string,
      mapped_param_location: string,
      parameters: readonly Attributes[] = req_params,
    ) => {
      const condition = { condition_origin: 'orchestration', condition_type: 'exact', condition_value: '1' }
      const conditions = [{ ...condition, mapped_param_name, mapped_param_location }]
      return { req_params: parameters, policy_mocks: [{ name: 'policy', effect_mode: 'ANY', conditions }] }
    }

    const { status, body } = await create(sluice, of('shared-tag', 'header'))

    expect([status, body.policy_mocks[0].conditions]).toMatchObject([
      201,
      [{ condition_origin: 'orchestration', mapped_param_name: 'shared-tag', mapped_param_location: 'header' }],
    ])
    expect(verdict(await create(sluice, of('shared-tag', 'query')))).toBe('400 2011 mapped_param_name')
    expect(verdict(await create(sluice, of('other', 'header')))).toBe('400 2011 mapped_param_name')
    expect(verdict(await create(sluice, of('shared-tag', 'header', [])))).toBe('400 2011 mapped_param_name')
  })

  test('a version whose channel is gone does not become current again; one whose channel is there keeps it', async () => {
    await using sluice = await management(engine)
    const old = await aChannel(sluice)
    const next = await aChannel(sluice, { name: 'next' })
    const api = await anApi(sluice, byChannel(old))
    await publish(sluice, api.id)
    const { body } = await sluice.call('showDetailsOfApiV2', { path: { api_id: api.id } })
    await sluice.given('updateApiV2', { path: { api_id: api.id }, body: { ...body, ...byChannel(next) } })
    await publish(sluice, api.id)
    const { api_versions: versions } = await sluice.given('listApiVersionsV2', { path: { api_id: api.id } })
    const switchTo = (version_id: string) =>
      sluice.call('changeApiVersionV2', { path: { api_id: api.id }, body: { version_id } })

    expect(verdict(await switchTo(versions[1].version_id))).toBe('200')
    expect(verdict(await sluice.call('deleteVpcChannelV2', at(old)))).toBe('403 3414')
    expect(verdict(await switchTo(versions[0].version_id))).toBe('200')
    expect(verdict(await sluice.call('deleteVpcChannelV2', at(old)))).toBe('204')
    const refused = await switchTo(versions[1].version_id)
    expect([refused.status, refused.body]).toEqual([
      404,
      { error_code: 'APIG.3023', error_msg: `The VPC channel does not exist,id:${old}` },
    ])
  })

  test('publishing looks everything up once more, API by API', async () => {
    await using sluice = await management(engine)
    const channelId = await aChannel(sluice)
    const good = await anApi(sluice)
    const bad = await anApi(sluice, byChannel(channelId))
    // As a restored database may be: nothing that operations do can lead there.
    await sluice.store.write([], ({ db }) => db.deleteFrom('vpc_channels').where('id', '=', channelId).execute())

    const { body } = await sluice.call('batchPublishOrOfflineApiV2', {
      query: { action: 'online' },
      body: { apis: [good.id, bad.id], env_id: RELEASE },
    })

    expect(body).toMatchObject({
      success: [{ api_id: good.id }],
      failure: [{ api_id: bad.id, error_code: 'APIG.3023' }],
    })
  })

  test('APIs are found by a part of the name of their channel', async () => {
    await using sluice = await management(engine)
    const orders = await anApi(sluice, byChannel(await aChannel(sluice, { name: 'orders.blue' })))
    await anApi(sluice, byChannel(await aChannel(sluice, { name: 'items' })))
    await anApi(sluice)
    const list = async (vpc_channel_name: string): Promise<string[]> => {
      const { body } = await sluice.call('listApisV2', { query: { vpc_channel_name } })
      return body.apis.map(({ id }: { id: string }) => id)
    }
    expect(await list('blue')).toEqual([orders.id])
    expect(await list('Blue')).toEqual([])
    expect((await list('s')).length).toBe(2)
    await publish(sluice, orders.id)
    expect(await list('blue')).toEqual([orders.id])
  })
})
