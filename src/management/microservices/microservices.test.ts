import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management } from '../../../test/management.js'
import { aGroup } from '../../../test/stage.js'

const cce = {
  cluster_id: '11069278-f9f8-11ec-b1b2-0255ac100b06',
  namespace: 'test',
  workload_type: 'deployment',
  app_name: 'dp',
  port: 8080,
  labels: [{ label_name: 'cluster_id', label_value: 'c429700c' }],
}

const request = (group_info: Record<string, string>, overrides: Record<string, unknown> = {}) => ({
  group_info,
  service_type: 'CCE',
  protocol: 'HTTP',
  apis: [{ name: 'api_one', req_method: 'GET', req_uri: '/test/{id}', match_mode: 'NORMAL' }, { req_uri: '/rest' }],
  backend_timeout: 3000,
  auth_type: 'APP',
  cors: true,
  cce_info: cce,
  ...overrides,
})

describe.each(engines)('microservices on $name', (engine) => {
  test('a microservice becomes a channel, a group and APIs that lead to it', async () => {
    await using sluice = await management(engine)
    const reply = await sluice.call('importMicroservice', {
      body: request({ group_id: '', group_name: 'shop', app_id: '' }),
    })
    expect(reply.status).toBe(201)
    const { vpc_channel_id, api_group_id, apis } = reply.body
    expect(apis).toEqual([
      { id: expect.any(String), name: 'api_one', req_uri: '/test/{id}', req_method: 'GET', match_mode: 'NORMAL' },
      {
        id: expect.any(String),
        name: expect.stringMatching(/^dp_[0-9a-f]{4}$/),
        req_uri: '/rest',
        req_method: 'ANY',
        match_mode: 'SWA',
      },
    ])
    expect(await sluice.given('showDetailsOfApiGroupV2', { path: { group_id: api_group_id } })).toMatchObject({
      name: 'shop',
    })
    expect(await sluice.given('showDetailsOfVpcChannelV2', { path: { vpc_channel_id } })).toMatchObject({
      name: expect.stringMatching(/^dp_[0-9a-f]{4}$/),
      port: 8080,
      type: 3,
      vpc_channel_type: 'microservice',
      microservice_info: { service_type: 'CCE', cce_info: { cluster_id: cce.cluster_id, app_name: 'dp' } },
      member_groups: [{ member_group_name: 'default', microservice_port: 8080, microservice_labels: cce.labels }],
    })
    const [one, rest] = await Promise.all(
      apis.map(({ id }: { id: string }) => sluice.given('showDetailsOfApiV2', { path: { api_id: id } })),
    )
    expect(one).toMatchObject({
      group_id: api_group_id,
      auth_type: 'APP',
      cors: true,
      type: 1,
      backend_api: {
        vpc_channel_status: 1,
        vpc_channel_info: { vpc_channel_id },
        req_protocol: 'HTTP',
        req_method: 'GET',
        req_uri: '/test/{id}',
        timeout: 3000,
      },
      backend_params: [{ name: 'id', value: 'id', location: 'PATH', origin: 'REQUEST' }],
    })
    expect(rest.backend_api).toMatchObject({ req_method: 'ANY', req_uri: '/rest' })
    const used = await sluice.call('deleteVpcChannelV2', { path: { vpc_channel_id } })
    expect(used).toMatchObject({ status: 403, body: { error_code: 'APIG.3414' } })
  })

  test('every kind of registry, into a group that is there', async () => {
    await using sluice = await management(engine)
    const group_id = await aGroup(sluice)
    const kinds = {
      CSE: { cse_info: { engine_id: 'e1', service_id: '92919f98', version: '1.0.0' } },
      CCE: { cce_info: { ...cce, app_name: undefined, label_key: 'app', label_value: 'labelled' } },
      CCE_SERVICE: { cce_service_info: { cluster_id: 'c', namespace: 'n', service_name: 'svc', port: 9000 } },
      NACOS: {
        nacos_info: {
          service_name: 'group@svc:one',
          server_config: [{ ip_address: '10.0.0.1', port: 8848 }],
          user_info: { user_name: 'nacos', password: 'secret' },
        },
      },
    }
    const channels = []
    for (const [service_type, info] of Object.entries(kinds)) {
      const apis = [{ req_uri: `/${service_type}` }]
      const body = { group_info: { group_id }, service_type, apis, ...info }
      const { vpc_channel_id, api_group_id } = await sluice.given('importMicroservice', { body })
      expect(api_group_id).toBe(group_id)
      const path = { vpc_channel_id: vpc_channel_id as string }
      const { name, port, microservice_info } = await sluice.given('showDetailsOfVpcChannelV2', { path })
      channels.push([microservice_info.service_type, name.replace(/_[0-9a-f]{4}$/, ''), port])
    }
    expect(channels).toEqual([
      ['CSE', 'service_92919f98', 443],
      ['CCE', 'labelled', 8080],
      ['CCE_SERVICE', 'svc', 9000],
      ['NACOS', 'group_svc_one', 443],
    ])
  })

  test('what cannot be imported leaves nothing behind', async () => {
    await using sluice = await management(engine)
    const taken = await aGroup(sluice, 'taken_group')
    const refusal = async (body: Record<string, unknown>) => {
      const reply = await sluice.call('importMicroservice', { body })
      return [reply.status, reply.body.error_code, /parameterName:(\w+)/.exec(reply.body.error_msg as string)?.[1]]
    }
    const group = { group_name: 'new_group' }
    expect(await refusal(request({ group_id: 'g1' }))).toEqual([404, 'APIG.3001', undefined])
    expect(await refusal(request({ group_name: 'taken_group' }))).toEqual([400, 'APIG.3201', undefined])
    expect(await refusal(request({ group_id: '', group_name: '' }))).toEqual([400, 'APIG.2001', 'group_name'])
    expect(await refusal(request(group, { cce_info: undefined }))).toEqual([400, 'APIG.2001', 'cce_info'])
    expect(await refusal(request(group, { service_type: 'EUREKA' }))).toEqual([400, 'APIG.2011', 'service_type'])
    expect(await refusal(request(group, { apis: [] }))).toEqual([400, 'APIG.2001', 'apis'])
    expect(await refusal(request(group, { apis: [{ name: 'a', req_uri: '/a' }] }))).toEqual([400, 'APIG.2011', 'name'])
    expect(await refusal(request(group, { backend_timeout: 600_001 }))).toEqual([400, 'APIG.2011', 'backend_timeout'])
    const twice = [
      { name: 'first', req_uri: '/a' },
      { name: 'second', req_uri: '/a' },
    ]
    expect(await refusal(request(group, { apis: twice }))).toEqual([400, 'APIG.3301', undefined])
    expect(await refusal(request({ group_id: taken }, { apis: twice }))).toEqual([400, 'APIG.3301', undefined])

    expect((await sluice.given('listVpcChannelsV2')).total).toBe(0)
    expect((await sluice.given('listApisV2')).total).toBe(0)
    expect((await sluice.given('listApiGroupsV2', { query: { name: 'new_group' } })).total).toBe(0)
  })
})
