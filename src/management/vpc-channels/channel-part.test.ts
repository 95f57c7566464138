import { describe, expect, test } from 'vitest'
import { aChannel, at } from '../../../test/channels.js'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import type { ChannelPart } from '../../snapshot/parts.js'
import { loadAllParts, loadParts } from '../snapshot-source.js'

const check = {
  protocol: 'HTTP',
  path: '/up',
  http_code: '200',
  threshold_normal: 1,
  threshold_abnormal: 3,
  time_interval: 5,
  timeout: 2,
}

async function partsOf(sluice: TestManagement, ...ids: string[]): Promise<readonly ChannelPart[]> {
  const { vault } = sluice
  const options = { vault, subdomainSuffix: 'apic.test', onDefect: (key: string) => expect.fail(key) }
  const { put } = await sluice.store.read((db) =>
    loadParts(
      db,
      ids.map((id) => `channel:${id}` as const),
      options,
    ),
  )
  const all: unknown[] = []
  await sluice.store.read(async (db) => {
    for await (const page of loadAllParts(db, options)) all.push(...page)
  })
  expect(all).toEqual(expect.arrayContaining([...put]))
  return ids.flatMap((id) => put.find((part): part is ChannelPart => part.kind === 'channel' && part.id === id) ?? [])
}

describe.each(engines)('channels on the way to gateways on $name', (engine) => {
  test('a member brings its port, its weight and its check; one that is disabled stays behind', async () => {
    await using sluice = await management(engine)
    const id = await aChannel(sluice, {
      balance_strategy: 2,
      vpc_health_config: { ...check, http_code: '200,300-399', port: 81 },
      member_groups: [{ member_group_name: 'blue', member_group_weight: 7, microservice_port: 90 }],
      members: [
        { host: '10.0.0.1', port: 70, weight: 3 },
        { host: '10.0.0.2', weight: 0, is_backup: true },
        { host: '10.0.0.3', member_group_name: 'blue' },
        { host: '10.0.0.4', status: 2 },
      ],
    })

    const [part] = await partsOf(sluice, id)

    const blue = part?.groups[0]?.id
    const found = {
      protocol: 'http',
      port: 81,
      path: '/up',
      method: 'GET',
      codes: '200,300-399',
      healthyAfter: 1,
      unhealthyAfter: 3,
      interval: 5000,
      timeout: 2000,
      clientCertificate: false,
    }
    const member = { id: expect.any(String) as unknown, backup: false, weight: 1, check: found }
    expect(part).toEqual({
      kind: 'channel',
      id,
      instanceId: sluice.instanceId,
      balancing: 'WLC',
      groups: [{ id: blue, name: 'blue' }],
      members: [
        { ...member, host: '10.0.0.1', port: 70, weight: 3 },
        { ...member, host: '10.0.0.2', port: 8080, weight: 0, backup: true },
        { ...member, host: '10.0.0.3', port: 90, weight: 7, groupId: blue },
      ],
    })
  })

  test('a check that is switched off is none', async () => {
    await using sluice = await management(engine)
    const members = [{ host: '10.0.0.1' }]
    const id = await aChannel(sluice, { vpc_health_config: { ...check, status: 2 }, members })
    const [part] = await partsOf(sluice, id)
    expect(part?.members).toMatchObject([{ host: '10.0.0.1' }])
    expect(part?.members[0]).not.toHaveProperty('check')
  })

  test('a channel that stands for others has their members, in its groups and by its weights', async () => {
    await using sluice = await management(engine)
    const first = await aChannel(sluice, {
      name: 'first',
      vpc_health_config: check,
      members: [
        { host: '10.0.0.1', weight: 5 },
        { host: '10.0.0.2', port: 70 },
      ],
    })
    const second = await aChannel(sluice, { name: 'second', port: 9090, members: [{ host: '10.0.0.3', weight: 4 }] })
    const standing = await aChannel(sluice, {
      name: 'standing',
      vpc_channel_type: 'reference',
      member_groups: [
        { member_group_name: 'one', reference_vpc_channel_id: first, member_group_weight: 9 },
        { member_group_name: 'two', reference_vpc_channel_id: second },
      ],
    })

    const [whole, part] = await partsOf(sluice, first, standing)

    const [one, two] = part?.groups.map(({ id }) => id) ?? []
    expect(part?.members).toEqual([
      { ...whole?.members[0], weight: 9, groupId: one },
      { ...whole?.members[1], weight: 9, groupId: one },
      { ...(await partsOf(sluice, second))[0]?.members[0], groupId: two },
    ])
    expect(part?.members.map(({ port }) => port)).toEqual([8080, 70, 9090])
    expect(part?.members.map((member) => member.check?.path)).toEqual(['/up', '/up', undefined])

    await sluice.given('updateHealthCheck', { ...at(standing), body: { ...check, path: '/own' } })
    const [checked] = await partsOf(sluice, standing)
    expect(checked?.members.map((member) => member.check?.path)).toEqual(['/own', '/own', '/own'])
  })

  test('what is not there any more is taken away', async () => {
    await using sluice = await management(engine)
    const id = await aChannel(sluice)
    await sluice.given('deleteVpcChannelV2', at(id))
    expect(await partsOf(sluice, id)).toEqual([])
  })
})
