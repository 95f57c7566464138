import { describe, expect, test } from 'vitest'
import { aChannel, at, channel } from '../../../test/channels.js'
import { engines } from '../../../test/engines.js'
import { anInstance } from '../../../test/instances.js'
import { management } from '../../../test/management.js'
import { verdict } from '../../../test/verdict.js'
import { setConfig } from '../../store/configs.js'

describe.each(engines)('channels on $name', (engine) => {
  test('93: addresses read as servers, ports are those of the channel, an update without members removes them', async () => {
    await using sluice = await management(engine)
    const body = channel({
      type: 2,
      members: [{ host: '192.168.0.5' }, { host: 'backend.example', port: 81, weight: 0 }],
    })

    const created = await sluice.call('createVpcChannelV2', { body })

    expect([created.status, created.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        name: 'channel_1',
        port: 8080,
        balance_strategy: 1,
        member_type: 'ip',
        type: 2,
        vpc_channel_type: 'builtin',
        status: 1,
        create_time: expect.stringMatching(/\.\d{3}Z$/),
        member_groups: [],
        members: [
          {
            id: expect.stringMatching(/^[0-9a-f]{32}$/),
            vpc_channel_id: created.body.id,
            host: '192.168.0.5',
            ecs_id: '192.168.0.5',
            ecs_name: '192.168.0.5',
            port: 8080,
            weight: 1,
            is_backup: false,
            status: 1,
            member_group_id: '',
            member_group_name: '',
            health_status: 'unknown',
            create_time: created.body.create_time,
          },
          expect.objectContaining({ host: 'backend.example', ecs_id: 'backend.example', port: 81, weight: 0 }),
        ],
        microservice_info: {
          id: '',
          instance_id: '',
          service_type: '',
          cse_info: {
            engine_id: '',
            engine_name: '',
            service_id: '',
            service_name: '',
            register_address: '',
            cse_app_id: '',
          },
          cce_info: { cluster_id: '', cluster_name: '', namespace: '', workload_type: '', app_name: '' },
          create_time: '',
          update_time: '',
        },
      },
    ])
    const read = await sluice.call('showDetailsOfVpcChannelV2', at(created.body.id))
    const second = (moment: string) => `${moment.slice(0, 19)}Z`
    expect(read.body).toEqual({
      ...created.body,
      create_time: second(created.body.create_time),
      members: created.body.members.map((member: { create_time: string }) => ({
        ...member,
        create_time: second(member.create_time),
      })),
    })

    const emptied = await sluice.call('updateVpcChannelV2', { ...at(created.body.id), body: channel({ members: [] }) })

    expect([emptied.status, emptied.body.members]).toEqual([200, []])
    expect((await sluice.call('showDetailsOfVpcChannelV2', at(created.body.id))).body.members).toEqual([])
  })

  test('an update keeps the ids of groups by name and of members by group, address and port', async () => {
    await using sluice = await management(engine)
    const members = [
      { host: '10.0.0.1', member_group_name: 'blue' },
      { host: '10.0.0.1', member_group_name: 'green' },
      { host: '10.0.0.1' },
    ]
    const member_groups = [{ member_group_name: 'blue', member_group_remark: 'first' }, { member_group_name: 'green' }]
    const { body: before } = await sluice.call('createVpcChannelV2', { body: channel({ members, member_groups }) })

    const { body: after } = await sluice.call('updateVpcChannelV2', {
      ...at(before.id),
      body: channel({
        balance_strategy: 3,
        member_groups: [{ member_group_name: 'red' }, { member_group_name: 'blue' }],
        members: [
          { host: '10.0.0.1', member_group_name: 'red' },
          { host: '10.0.0.1', port: 8080, weight: 7, is_backup: true, status: 2 },
          { host: '10.0.0.1', member_group_name: 'blue' },
        ],
      }),
    })

    expect(after.balance_strategy).toBe(3)
    expect(after.member_groups).toMatchObject([
      { member_group_name: 'red' },
      { member_group_name: 'blue', member_group_id: before.member_groups[0].member_group_id, member_group_remark: '' },
    ])
    expect(after.members).toMatchObject([
      { member_group_name: 'red' },
      { id: before.members[2].id, port: 8080, weight: 7, is_backup: true, status: 2 },
      { id: before.members[0].id, member_group_name: 'blue' },
    ])
    const { body: read } = await sluice.call('showDetailsOfVpcChannelV2', at(before.id))
    const ids = ({ members: list }: { members: { id: string }[] }) => list.map(({ id }) => id)
    expect(ids(read)).toEqual(ids(after))
    expect(read.member_groups.map(({ member_group_name }: { member_group_name: string }) => member_group_name)).toEqual(
      ['red', 'blue'],
    )
  })

  test.each([
    [{}, 2, 'builtin'],
    [{ type: 0 }, 2, 'builtin'],
    [{ vpc_channel_type: 'builtin' }, 2, 'builtin'],
    [{ vpc_channel_type: 'reference', type: 2 }, 2, 'reference'],
    [
      { type: 3, microservice_info: { service_type: 'CSE', cse_info: { engine_id: 'e1', service_id: 's1' } } },
      3,
      'microservice',
    ],
  ])('%j reads as %i and %s, and stays so', async (attributes, type, vpc_channel_type) => {
    await using sluice = await management(engine)

    const { body } = await sluice.call('createVpcChannelV2', { body: channel(attributes) })

    expect(body).toMatchObject({ type, vpc_channel_type })
    const other = vpc_channel_type === 'builtin' ? 'reference' : 'builtin'
    const update = (change: Readonly<Record<string, unknown>>) =>
      sluice.call('updateVpcChannelV2', { ...at(body.id), body: channel(change) })
    expect(verdict(await update({ vpc_channel_type: other }))).toBe('400 2011 vpc_channel_type')
    expect(verdict(await update({ type: 5 - type }))).toBe('400 2011 type')
    expect(verdict(await update({ vpc_channel_type, type }))).toBe('200')
  })

  test('what a channel cannot be', async () => {
    await using sluice = await management(engine)
    const reference = { vpc_channel_type: 'reference', member_groups: [{ member_group_name: 'one' }] }
    const standing = await aChannel(sluice, { name: 'standing', vpc_channel_type: 'reference' })
    const to = (id: string) => ({ member_group_name: 'one', reference_vpc_channel_id: id })
    for (const [attributes, expected] of [
      [{ type: 3, vpc_channel_type: 'builtin' }, '400 2011 vpc_channel_type'],
      [{ type: 2, vpc_channel_type: 'microservice' }, '400 2011 vpc_channel_type'],
      [{ vpc_channel_type: 'other' }, '400 2011 vpc_channel_type'],
      [{ type: 3 }, '400 2001 microservice_info'],
      [{ type: 3, microservice_info: {} }, '400 2001 service_type'],
      [{ type: 3, microservice_info: { service_type: 'CCE_SERVICE' } }, '400 2001 cce_service_info'],
      [{ type: 3, microservice_info: { service_type: 'NACOS' } }, '400 2001 nacos_info'],
      [{ port: 0 }, '400 2011 port'],
      [{ balance_strategy: 5 }, '400 2011 balance_strategy'],
      [{ members: [{ host: '10.0.0.1', weight: 10_001 }] }, '400 2004 weight'],
      [{ members: [{ host: '10.0.0.1', member_group_name: 'nowhere' }] }, '400 2011 member_group_name'],
      [{ members: [{ host: 'no host' }] }, '400 2011 host'],
      [{ members: [{ weight: 1 }] }, '400 2001 host'],
      [{ members: [{ ecs_id: 'e1', ecs_name: 'server' }] }, '403 3471'],
      [{ member_type: 'ecs', members: [{ ecs_name: 'server' }] }, '400 2001 ecs_id'],
      [{ member_type: 'ecs', members: [{ ecs_id: 'e1' }] }, '400 2001 ecs_name'],
      [{ member_groups: [{ member_group_name: 'one', member_group_remark: '<b>' }] }, '400 2011 member_group_remark'],
      [{ member_groups: [{ ...to(standing) }] }, '400 2011 reference_vpc_channel_id'],
      [reference, '400 2001 reference_vpc_channel_id'],
      [{ ...reference, member_groups: [to('c1')] }, '404 3023'],
      [{ ...reference, member_groups: [to(standing)] }, '400 2011 reference_vpc_channel_id'],
      [{ name: 'standing' }, '400 3208'],
    ] as const)
      expect([attributes, verdict(await sluice.call('createVpcChannelV2', { body: channel(attributes) }))]).toEqual([
        attributes,
        expected,
      ])
    expect((await sluice.call('listVpcChannelsV2')).body.total).toBe(1)
  })

  test('97: what is missing is named in the words of channels', async () => {
    await using sluice = await management(engine)
    const id = await aChannel(sluice)
    const words = (name: string) => ({
      error_code: 'APIG.2001',
      error_msg: `The request parameters must be specified, parameter name:${name}`,
    })
    for (const [name, reply] of [
      ['name', await sluice.call('createVpcChannelV2', { body: channel({ name: '' }) })],
      ['name', await sluice.call('updateVpcChannelV2', { ...at(id), body: channel({ name: undefined }) })],
      ['members', await sluice.call('addingBackendInstancesV2', { ...at(id), body: {} })],
      ['members', await sluice.call('addingBackendInstancesV2', { ...at(id), body: { members: [] } })],
      ['members', await sluice.call('updateBackendInstancesV2', { ...at(id), body: {} })],
      ['member_ids', await sluice.call('batchEnableMembers', { ...at(id), body: {} })],
      ['member_ids', await sluice.call('batchDisableMembers', { ...at(id), body: { member_ids: [] } })],
      ['member_groups', await sluice.call('createMemberGroup', { ...at(id), body: {} })],
    ] as const)
      expect([name, reply.status, reply.body]).toEqual([name, 400, words(name)])
  })

  test('lists are filtered by every attribute, newest first, in pages', async () => {
    await using sluice = await management(engine)
    const group = { member_group_name: 'blue', microservice_port: 9090 }
    const members = [{ host: '10.0.0.1', member_group_name: 'blue' }, { host: '10.0.0.2' }]
    const first = await aChannel(sluice, { name: 'shop.first', member_groups: [group], members })
    sluice.now += 1000
    const second = await aChannel(sluice, { name: 'shop', members: [{ host: '10.0.0.1', port: 81 }] })
    sluice.now += 1000
    const third = await aChannel(sluice, { name: 'other', vpc_channel_type: 'reference' })
    const { body: detail } = await sluice.call('showDetailsOfVpcChannelV2', at(first))
    const list = async (query: Readonly<Record<string, string | number>>): Promise<string[]> => {
      const { body } = await sluice.call('listVpcChannelsV2', { query })
      return body.vpc_channels.map(({ id }: { id: string }) => id)
    }

    expect(await list({})).toEqual([third, second, first])
    for (const [query, expected] of [
      [{ id: second }, [second]],
      [{ id: 'unknown' }, []],
      [{ name: 'shop' }, [second, first]],
      [{ name: 'shop', precise_search: 'name' }, [second]],
      [{ vpc_channel_type: 'reference' }, [third]],
      [{ member_host: '10.0.0.1' }, [second, first]],
      [{ member_host: '10.0.0' }, []],
      [{ member_port: 81 }, [second]],
      [{ member_port: 9090 }, [first]],
      [{ member_port: 8080 }, [first]],
      [{ member_host: '10.0.0.1', member_port: 8080 }, []],
      [{ member_group_name: 'bl' }, [first]],
      [{ member_group_name: 'bl', precise_search: 'member_group_name' }, []],
      [{ member_group_id: detail.member_groups[0].member_group_id }, [first]],
      [{ name: 'shop', member_port: 81 }, [second]],
      [{ offset: 1, limit: 1 }, [second]],
      [{ offset: 3 }, []],
    ] as const)
      expect([query, await list(query)]).toEqual([query, expected])
    const { body } = await sluice.call('listVpcChannelsV2', { query: { limit: 1, offset: 2 } })
    expect(body).toEqual({
      total: 3,
      size: 1,
      vpc_channels: [expect.not.objectContaining({ members: expect.anything() })],
    })
    expect(body.vpc_channels[0].member_groups).toHaveLength(1)
  })

  test('names are unique in an instance; a rename may be switched off', async () => {
    await using sluice = await management(engine)
    const id = await aChannel(sluice)
    await aChannel(sluice, { name: 'taken' })
    const rename = (name: string) => sluice.call('updateVpcChannelV2', { ...at(id), body: channel({ name }) })

    expect(verdict(await rename('taken'))).toBe('400 3208')
    expect(verdict(await rename('renamed'))).toBe('200')
    await sluice.given('createFeatureV2', { body: { name: 'vpc_name_modifiable', enable: true, config: 'off' } })
    expect(verdict(await rename('again'))).toBe('400 2011 name')
    expect(verdict(await rename('renamed'))).toBe('200')
  })

  test('quotas: channels of an instance, members of a channel', async () => {
    await using sluice = await management(engine)
    const limit = (name: string, value: number) =>
      sluice.store.write([], ({ db }) => setConfig(db, sluice.instanceId, name, String(value)))
    await limit('VPC_NUM_LIMIT', 1)
    await limit('VPC_INSTANCE_NUM_LIMIT', 2)
    const hosts = (...names: string[]) => names.map((host) => ({ host }))
    expect(verdict(await sluice.call('createVpcChannelV2', { body: channel({ members: hosts('a', 'b', 'c') }) }))).toBe(
      '403 3110',
    )
    const id = await aChannel(sluice, { members: hosts('a', 'b') })
    expect(verdict(await sluice.call('createVpcChannelV2', { body: channel({ name: 'second' }) }))).toBe('403 3109')
    const call = async (operation: 'addingBackendInstancesV2' | 'updateBackendInstancesV2', ...names: string[]) =>
      verdict(await sluice.call(operation, { ...at(id), body: { members: hosts(...names) } }))
    expect(await call('addingBackendInstancesV2', 'b', 'c')).toBe('403 3110')
    expect(await call('addingBackendInstancesV2', 'b', 'a', 'a')).toBe('201')
    expect(await call('updateBackendInstancesV2', 'c', 'd', 'e')).toBe('403 3110')
    expect(await call('updateBackendInstancesV2', 'c', 'd')).toBe('200')
    const { body } = await sluice.call('listProjectCofigsV2', { query: { config_name: 'VPC_NUM_LIMIT' } })
    expect(body.configs[0].used).toBe(1)
  })

  test('a channel of another instance is unknown here', async () => {
    await using sluice = await management(engine)
    const id = await aChannel(sluice)
    const instanceId = await anInstance(sluice)
    for (const reply of [
      await sluice.call('showDetailsOfVpcChannelV2', { ...at(id), instanceId }),
      await sluice.call('deleteVpcChannelV2', { ...at(id), instanceId }),
    ])
      expect([reply.status, reply.body]).toEqual([
        404,
        { error_code: 'APIG.3023', error_msg: `The VPC channel does not exist,id:${id}` },
      ])
  })
})
