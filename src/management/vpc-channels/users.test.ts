import { describe, expect, test } from 'vitest'
import { aChannel, at, byChannel, channel } from '../../../test/channels.js'
import { engines } from '../../../test/engines.js'
import { management } from '../../../test/management.js'
import { anApi, changedParts, publish, revision, takeOffline } from '../../../test/stage.js'
import { verdict } from '../../../test/verdict.js'

const tcp = { protocol: 'TCP', threshold_normal: 1, threshold_abnormal: 1, time_interval: 1, timeout: 1 }

describe.each(engines)('channels that are used on $name', (engine) => {
  test('96: a channel that stands for others has no members of its own, and keeps them from being deleted', async () => {
    await using sluice = await management(engine)
    const target = await aChannel(sluice, { name: 'target', members: [{ host: '10.0.0.1' }] })
    const member_groups = [{ member_group_name: 'one', reference_vpc_channel_id: target }]

    const created = await sluice.call('createVpcChannelV2', {
      body: channel({ vpc_channel_type: 'reference', member_groups, members: [{ host: '10.0.0.9' }] }),
    })

    expect([created.status, created.body]).toMatchObject([
      201,
      { type: 2, vpc_channel_type: 'reference', members: [], member_groups },
    ])
    const here = at(created.body.id)
    const members = [{ host: '10.0.0.2' }]
    for (const reply of [
      await sluice.call('addingBackendInstancesV2', { ...here, body: { members } }),
      await sluice.call('updateBackendInstancesV2', { ...here, body: { members } }),
      await sluice.call('batchEnableMembers', { ...here, body: { member_ids: ['m1'] } }),
      await sluice.call('batchDisableMembers', { ...here, body: { member_ids: ['m1'] } }),
      await sluice.call('deleteBackendInstanceV2', { path: { ...here.path, member_id: 'm1' } }),
    ])
      expect([reply.status, reply.body]).toEqual([
        403,
        { error_code: 'APIG.3471', error_msg: 'The operation cannot be performed on this type of VPC channel' },
      ])
    expect((await sluice.call('listBackendInstancesV2', here)).body).toEqual({ total: 0, size: 0, members: [] })
    const refused = await sluice.call('deleteVpcChannelV2', at(target))
    expect([refused.status, refused.body.error_code]).toEqual([409, 'APIG.3719'])
    expect((await sluice.call('deleteVpcChannelV2', here)).status).toBe(204)
    expect((await sluice.call('deleteVpcChannelV2', at(target))).status).toBe(204)
    expect(verdict(await sluice.call('showDetailsOfVpcChannelV2', at(target)))).toBe('404 3023')
  })

  test('96: a channel that an API uses, in its draft or where callers reach it, is not deleted', async () => {
    await using sluice = await management(engine)
    const id = await aChannel(sluice)
    const api = await anApi(
      sluice,
      byChannel(id, { vpc_channel_info: { vpc_channel_id: id, vpc_channel_proxy_host: 'shop.example' } }),
    )
    const remove = async () => verdict(await sluice.call('deleteVpcChannelV2', at(id)))

    const { body } = await sluice.call('showDetailsOfApiV2', { path: { api_id: api.id } })

    expect(body.backend_api).toMatchObject({
      url_domain: id,
      vpc_channel_status: 1,
      vpc_channel_info: {
        vpc_channel_id: id,
        vpc_channel_proxy_host: 'shop.example',
        vpc_channel_port: 0,
        cascade_flag: false,
      },
    })
    expect(await remove()).toBe('403 3414')
    await publish(sluice, api.id)
    const mock = { ...body, backend_type: 'MOCK', mock_info: { result_content: '' }, backend_api: undefined }
    await sluice.given('updateApiV2', { path: { api_id: api.id }, body: mock })
    expect(await remove()).toBe('403 3414')
    await takeOffline(sluice, api.id)
    expect(await remove()).toBe('204')
  })

  test('a policy back end uses its channel as well, and an API that is deleted uses none', async () => {
    await using sluice = await management(engine)
    const id = await aChannel(sluice)
    const { backend_api } = byChannel(id)
    const policy = {
      name: 'policy',
      effect_mode: 'ANY',
      conditions: [{ condition_origin: 'source', condition_value: '10.0.0.1' }],
    }
    const direct = { ...backend_api, vpc_channel_status: 2, vpc_channel_info: undefined, url_domain: 'shop.example' }
    const { id: api_id } = await anApi(sluice, {
      backend_type: 'HTTP',
      mock_info: undefined,
      backend_api: direct,
      policy_https: [{ ...backend_api, ...policy }],
    })
    expect(verdict(await sluice.call('deleteVpcChannelV2', at(id)))).toBe('403 3414')
    await sluice.given('deleteApiV2', { path: { api_id } })
    expect(verdict(await sluice.call('deleteVpcChannelV2', at(id)))).toBe('204')
  })

  test('every change of a channel reaches gateways as one part, and one more for each channel that stands for it', async () => {
    await using sluice = await management(engine)
    const id = await aChannel(sluice, { members: [{ host: '10.0.0.1' }] })
    const member_groups = [{ member_group_name: 'one', reference_vpc_channel_id: id }]
    const standing = await aChannel(sluice, { name: 'standing', vpc_channel_type: 'reference', member_groups })
    const { id: api } = await anApi(sluice, byChannel(id))
    await publish(sluice, api)
    const both = [`channel:${id}`, `channel:${standing}`].sort()
    const noted = async (work: () => Promise<unknown>): Promise<string[]> => {
      const before = await revision(sluice)
      await work()
      return changedParts(sluice, before)
    }

    const { body: added } = await sluice.call('addingBackendInstancesV2', {
      ...at(id),
      body: { members: [{ host: '10.0.0.2' }] },
    })
    const member_ids = [added.members[0].id]
    const changes: (() => Promise<unknown>)[] = [
      () => sluice.given('addingBackendInstancesV2', { ...at(id), body: { members: [{ host: '10.0.0.3' }] } }),
      () => sluice.given('batchDisableMembers', { ...at(id), body: { member_ids } }),
      () => sluice.given('batchEnableMembers', { ...at(id), body: { member_ids } }),
      () =>
        sluice.given('deleteBackendInstanceV2', { path: { vpc_channel_id: id, member_id: member_ids[0] as string } }),
      () => sluice.given('updateBackendInstancesV2', { ...at(id), body: { members: [{ host: '10.0.0.4' }] } }),
      () => sluice.given('updateHealthCheck', { ...at(id), body: tcp }),
      () => sluice.given('createMemberGroup', { ...at(id), body: { member_groups: [{ member_group_name: 'one' }] } }),
      () => sluice.given('updateVpcChannelV2', { ...at(id), body: channel() }),
    ]
    for (const change of changes) expect(await noted(change)).toEqual(both)
    let unused = ''
    const created = await noted(async () => (unused = await aChannel(sluice, { name: 'unused' })))
    expect(created).toEqual([`channel:${unused}`])
    expect(await noted(() => sluice.given('deleteVpcChannelV2', at(unused)))).toEqual(created)
  })

  test('a channel that a plug-in calls through is not deleted', async () => {
    await using sluice = await management(engine)
    const id = await aChannel(sluice)
    const auth_request = { method: 'GET', protocol: 'HTTP', path: '/check', vpc_channel_enabled: true }
    const plugin = await sluice.given('createPlugin', {
      body: {
        plugin_name: 'third',
        plugin_type: 'third_auth',
        plugin_scope: 'global',
        plugin_content: JSON.stringify({
          auth_request: { ...auth_request, vpc_channel_info: { vpc_id: id } },
          simple_auth_mode_enabled: true,
        }),
      },
    })

    const refused = await sluice.call('deleteVpcChannelV2', at(id))

    expect([refused.status, refused.body]).toEqual([
      400,
      { error_code: 'APIG.3710', error_msg: 'The VPC channel is being used by another third_auth plugin' },
    ])
    await sluice.given('deletePlugin', { path: { plugin_id: plugin.plugin_id } })
    expect(verdict(await sluice.call('deleteVpcChannelV2', at(id)))).toBe('204')
  })
})
