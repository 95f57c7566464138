import { describe, expect, test } from 'vitest'
import { aChannel, at, channel } from '../../../test/channels.js'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { verdict } from '../../../test/verdict.js'

interface Member {
  readonly id: string
  readonly host: string
  readonly weight: number
  readonly member_group_name: string
}

interface Query {
  readonly query?: Readonly<Record<string, string | number>>
}

async function membersOf(sluice: TestManagement, id: string, { query = {} }: Query = {}): Promise<readonly Member[]> {
  const { members } = (await sluice.given('listBackendInstancesV2', { ...at(id), query })) as { members: Member[] }
  return members
}

const hostsOf = (members: readonly Member[]): string[] => members.map(({ host }) => host)

describe.each(engines)('members of channels on $name', (engine) => {
  test('95: an address that is there is changed in place; the first definition of a request counts', async () => {
    await using sluice = await management(engine)
    const id = await aChannel(sluice, { members: [{ host: '10.0.0.1' }] })
    const [before] = await membersOf(sluice, id)
    const members = [
      { host: '10.0.0.2', weight: 3 },
      { host: '10.0.0.1', port: 8080, weight: 5, is_backup: true },
      { host: '10.0.0.2', port: 8080, weight: 4 },
    ]

    const { status, body } = await sluice.call('addingBackendInstancesV2', { ...at(id), body: { members } })

    expect([status, body]).toMatchObject([
      201,
      {
        total: 2,
        size: 2,
        members: [
          { host: '10.0.0.2', weight: 3, port: 8080, vpc_channel_id: id },
          { id: before?.id, host: '10.0.0.1', weight: 5, is_backup: true },
        ],
      },
    ])
    expect(hostsOf(await membersOf(sluice, id))).toEqual(['10.0.0.1', '10.0.0.2'])
    const refused = [{ host: '10.0.0.3' }, { host: '10.0.0.1', weight: 10_001 }]
    const over = await sluice.call('addingBackendInstancesV2', { ...at(id), body: { members: refused } })
    expect([over.status, over.body]).toEqual([
      400,
      {
        error_code: 'APIG.2004',
        error_msg:
          'The parameter value is outside the allowable range,parameterName:weight. Please refer to the support documentation',
      },
    ])
    expect(await membersOf(sluice, id)).toHaveLength(2)
  })

  test('95: replacing the members of one group leaves all others', async () => {
    await using sluice = await management(engine)
    const inGroup = (host: string, member_group_name: string) => ({ host, member_group_name })
    const id = await aChannel(sluice, {
      member_groups: [{ member_group_name: 'blue' }, { member_group_name: 'green' }],
      members: [inGroup('10.0.0.1', 'blue'), inGroup('10.0.0.2', 'blue'), inGroup('10.0.0.3', 'green'), { host: 'x' }],
    })
    const [kept] = await membersOf(sluice, id)
    const members = [inGroup('10.0.0.1', 'blue'), { host: '10.0.0.4' }, inGroup('10.0.0.5', 'green')]

    const { status, body } = await sluice.call('updateBackendInstancesV2', {
      ...at(id),
      body: { member_group_name: 'blue', members },
    })

    expect([status, body]).toMatchObject([
      200,
      { total: 2, members: [{ id: kept?.id }, { host: '10.0.0.4', member_group_name: 'blue' }] },
    ])
    expect(hostsOf(await membersOf(sluice, id))).toEqual(['10.0.0.1', '10.0.0.3', 'x', '10.0.0.4'])
    await sluice.given('updateBackendInstancesV2', { ...at(id), body: { members: [{ host: 'x', weight: 9 }] } })
    expect(await membersOf(sluice, id)).toMatchObject([{ host: 'x', weight: 9 }])
    await sluice.given('updateBackendInstancesV2', { ...at(id), body: { members: [] } })
    expect(await membersOf(sluice, id)).toEqual([])
    const nowhere = { member_group_name: 'red', members: [] }
    expect(verdict(await sluice.call('updateBackendInstancesV2', { ...at(id), body: nowhere }))).toBe(
      '400 2011 member_group_name',
    )
  })

  test('95: members are disabled and enabled together; an unknown one changes nothing', async () => {
    await using sluice = await management(engine)
    const id = await aChannel(sluice, { members: [{ host: 'a' }, { host: 'b' }, { host: 'c' }] })
    const [a = '', b = ''] = (await membersOf(sluice, id)).map((member) => member.id)
    const call = async (operation: 'batchEnableMembers' | 'batchDisableMembers', ...member_ids: string[]) =>
      verdict(await sluice.call(operation, { ...at(id), body: { member_ids } }))
    const states = async () => (await membersOf(sluice, id)).map((member) => (member as { status?: number }).status)

    expect(await call('batchDisableMembers', a, b)).toBe('204')
    expect(await states()).toEqual([2, 2, 1])
    expect(await call('batchEnableMembers', b)).toBe('204')
    expect(await states()).toEqual([2, 1, 1])
    expect(await call('batchDisableMembers', b, 'unknown')).toBe('404 3024')
    expect(await call('batchDisableMembers', 'not an id')).toBe('400 2012 member_ids')
    expect(await states()).toEqual([2, 1, 1])
  })

  test('95: a member is deleted once', async () => {
    await using sluice = await management(engine)
    const id = await aChannel(sluice, { members: [{ host: 'a' }, { host: 'b' }] })
    const other = await aChannel(sluice, { name: 'other', members: [{ host: 'a' }] })
    const [{ id: member_id } = { id: '' }] = await membersOf(sluice, id)
    const remove = (vpc_channel_id: string) =>
      sluice.call('deleteBackendInstanceV2', { path: { vpc_channel_id, member_id } })

    expect(verdict(await remove(other))).toBe('404 3024')
    expect(verdict(await remove('unknown'))).toBe('404 3023')
    expect(verdict(await remove(id))).toBe('204')
    const again = await remove(id)
    expect([again.status, again.body]).toEqual([
      404,
      { error_code: 'APIG.3024', error_msg: `The VPC instance does not exist,id:${member_id}` },
    ])
    expect(hostsOf(await membersOf(sluice, id))).toEqual(['b'])
  })

  test('servers are known by id and name; the id is the address where none is given', async () => {
    await using sluice = await management(engine)
    const server = { ecs_id: 'e-1', ecs_name: 'server.one' }
    const id = await aChannel(sluice, {
      member_type: 'ecs',
      members: [server, { ...server, ecs_id: 'e-2', host: 'h2' }],
    })

    const { body } = await sluice.call('addingBackendInstancesV2', {
      ...at(id),
      body: { members: [{ ...server, ecs_name: 'renamed' }] },
    })

    expect(body.members).toMatchObject([{ ecs_id: 'e-1', ecs_name: 'renamed', host: 'e-1' }])
    const members = await membersOf(sluice, id)
    expect(members).toMatchObject([
      { id: body.members[0].id, ecs_name: 'renamed' },
      { ecs_id: 'e-2', host: 'h2' },
    ])
  })

  test('members are listed in the order in which they came, by name, group and page', async () => {
    await using sluice = await management(engine)
    const id = await aChannel(sluice, {
      member_groups: [{ member_group_name: 'blue' }, { member_group_name: 'blue.two' }],
      members: [
        { host: 'z.example', member_group_name: 'blue' },
        { host: 'z', member_group_name: 'blue.two' },
        { host: 'a.example' },
      ],
    })
    const { body: groups } = await sluice.call('listMemberGroups', at(id))
    const list = async (query: Readonly<Record<string, string | number>>) =>
      hostsOf(await membersOf(sluice, id, { query }))

    for (const [query, expected] of [
      [{}, ['z.example', 'z', 'a.example']],
      [{ name: 'z' }, ['z.example', 'z']],
      [{ name: 'z', precise_search: 'name' }, ['z']],
      [{ member_group_name: 'blue' }, ['z.example', 'z']],
      [{ member_group_name: 'blue', precise_search: 'member_group_name' }, ['z.example']],
      [{ member_group_id: groups.member_groups[1].member_group_id }, ['z']],
      [{ member_group_name: 'blue', name: 'example' }, ['z.example']],
      [{ offset: 1, limit: 1 }, ['z']],
      [{ offset: 3 }, []],
    ] as const)
      expect([query, await list(query)]).toEqual([query, expected])
    const { body } = await sluice.call('listBackendInstancesV2', { ...at(id), query: { limit: 2 } })
    expect([body.total, body.size]).toEqual([3, 2])
    expect(verdict(await sluice.call('listBackendInstancesV2', at('unknown')))).toBe('404 3023')
  })

  test('groups are added or changed by name, and listed in the order in which they came', async () => {
    await using sluice = await management(engine)
    const id = await aChannel(sluice, { member_groups: [{ member_group_name: 'blue', member_group_remark: 'old' }] })
    const full = {
      member_group_name: 'green',
      member_group_remark: 'new',
      member_group_weight: 5,
      microservice_version: 'v1',
      microservice_port: 81,
      microservice_labels: [{ label_name: 'app', label_value: 'shop' }],
    }
    const body = { member_groups: [full, { member_group_name: 'blue' }, { ...full, member_group_remark: 'again' }] }

    const created = await sluice.call('createMemberGroup', { ...at(id), body })

    expect([created.status, created.body]).toEqual([
      201,
      {
        total: 2,
        size: 2,
        member_groups: [
          {
            ...full,
            member_group_id: expect.stringMatching(/^[0-9a-f]{32}$/),
            create_time: expect.stringMatching(/\.\d{3}Z$/),
            update_time: expect.stringMatching(/\.\d{3}Z$/),
          },
          expect.objectContaining({ member_group_name: 'blue', member_group_remark: '' }),
        ],
      },
    ])
    const list = async (query: Readonly<Record<string, string>>): Promise<string[]> => {
      const { body: listed } = await sluice.call('listMemberGroups', { ...at(id), query })
      return listed.member_groups.map((group: { member_group_name: string }) => group.member_group_name)
    }
    expect(await list({})).toEqual(['blue', 'green'])
    expect(await list({ member_group_name: 'gre' })).toEqual(['green'])
    expect(await list({ member_group_name: 'gre', precise_search: 'member_group_name' })).toEqual([])
    expect(await list({ limit: '1', offset: '1' })).toEqual(['green'])
  })

  test('a group is read, replaced and deleted with its members', async () => {
    await using sluice = await management(engine)
    const id = await aChannel(sluice, {
      member_groups: [{ member_group_name: 'blue', member_group_weight: 5 }, { member_group_name: 'green' }],
      members: [
        { host: 'a', member_group_name: 'blue' },
        { host: 'b', member_group_name: 'green' },
      ],
    })
    const { body: groups } = await sluice.call('listMemberGroups', at(id))
    const [blue] = groups.member_groups
    const path = { vpc_channel_id: id, member_group_id: blue.member_group_id as string }

    expect((await sluice.call('showDetailsOfMemberGroup', { path })).body).toEqual(blue)
    const update = (member_group_name: string) =>
      sluice.call('updateMemberGroup', { path, body: { member_group_name } })
    expect(verdict(await update('green'))).toBe('400 2011 member_group_name')
    const { status, body } = await update('cyan')
    expect([status, body]).toMatchObject([200, { member_group_id: blue.member_group_id, member_group_name: 'cyan' }])
    expect(body).not.toHaveProperty('member_group_weight')
    expect(await membersOf(sluice, id)).toMatchObject([{ member_group_name: 'cyan' }, { member_group_name: 'green' }])
    expect(verdict(await sluice.call('deleteMemberGroup', { path }))).toBe('204')
    expect(hostsOf(await membersOf(sluice, id))).toEqual(['b'])
    for (const reply of [
      await sluice.call('deleteMemberGroup', { path }),
      await sluice.call('showDetailsOfMemberGroup', { path }),
      await update('again'),
    ])
      expect([reply.status, reply.body]).toEqual([
        404,
        { error_code: 'APIG.3024', error_msg: `The VPC instance does not exist,id:${blue.member_group_id}` },
      ])
  })

  test('the weight of a group holds for the members that it has, and for new ones that bring none', async () => {
    await using sluice = await management(engine)
    const group = { member_group_name: 'blue' }
    const member = (host: string, more: object = {}) => ({ host, member_group_name: 'blue', ...more })
    const { body: created } = await sluice.call('createVpcChannelV2', {
      body: channel({ member_groups: [{ ...group, member_group_weight: 7 }], members: [member('a', { weight: 2 })] }),
    })
    const weights = async () => (await membersOf(sluice, created.id)).map(({ weight }) => weight)

    expect(created.members[0].weight).toBe(7)
    const members = [member('b'), member('c', { weight: 0 })]
    await sluice.given('addingBackendInstancesV2', { ...at(created.id), body: { members } })
    expect(await weights()).toEqual([7, 7, 0])
    const path = { vpc_channel_id: created.id, member_group_id: created.member_groups[0].member_group_id }
    await sluice.given('updateMemberGroup', { path, body: group })
    expect(await weights()).toEqual([7, 7, 0])
    await sluice.given('createMemberGroup', {
      ...at(created.id),
      body: { member_groups: [{ ...group, member_group_weight: 0 }] },
    })
    expect(await weights()).toEqual([0, 0, 0])
  })

  test('a port is the member’s own, else its group’s, else its channel’s', async () => {
    await using sluice = await management(engine)
    const { body } = await sluice.call('createVpcChannelV2', {
      body: channel({
        member_groups: [{ member_group_name: 'blue', microservice_port: 90 }],
        members: [
          { host: 'a', port: 70, member_group_name: 'blue' },
          { host: 'b', member_group_name: 'blue' },
          { host: 'c', port: 0 },
        ],
      }),
    })
    expect(body.members.map(({ port }: { port: number }) => port)).toEqual([70, 90, 8080])
  })
})
