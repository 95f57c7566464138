import { describe, expect, test } from 'vitest'
import { lifecycle, provider, set } from './provider.js'
import { apigChannel, apigChannelMember, apigChannelMemberGroup, type ChannelConfig } from './resources/channel.js'

const member = { weight: 30, is_backup: false, group_name: '', status: 1, port: 80 }
const tcp = {
  protocol: 'TCP',
  threshold_normal: 1,
  threshold_abnormal: 1,
  interval: 1,
  timeout: 1,
  path: '',
  method: '',
  port: 0,
  http_codes: '',
  enable_client_ssl: false,
  status: 1,
}
const channel: ChannelConfig = {
  name: 'channel_one',
  port: 80,
  balance_strategy: 1,
  member_type: 'ip',
  type: 'builtin',
  member_group: [],
  member: [{ ...member, host: '192.168.0.10' }],
  health_check: [],
}

describe('108, 109: apig_channel', () => {
  test('of addresses, checked by connections alone: nothing is read that was not sent', async () => {
    await using tf = await provider()

    await lifecycle(
      apigChannel(tf.sdk, tf.at),
      { ...channel, health_check: [tcp] },
      { ...channel, port: 8000, balance_strategy: 2, health_check: [{ ...tcp, threshold_abnormal: 2, port: 65535 }] },
    )
  })

  test('of addresses in groups, checked by requests, until all members are gone', async () => {
    await using tf = await provider()
    const http = { ...tcp, protocol: 'HTTP', path: '/', method: 'HEAD', port: 8080, http_codes: '201,202,303-404' }
    const groups = [
      { name: 'blue', description: 'first', weight: 1 },
      { name: 'green', description: '', weight: 2 },
    ]
    const members = [
      { ...member, host: '192.168.0.10', group_name: 'blue', weight: 1 },
      { ...member, host: '192.168.0.10', group_name: 'green', weight: 2, port: 8443 },
    ]
    const grouped = { ...channel, member_group: set(groups), member: set(members) }

    await lifecycle(
      apigChannel(tf.sdk, tf.at),
      { ...grouped, health_check: [http] },
      { ...grouped, health_check: [{ ...http, protocol: 'HTTPS', method: 'GET', enable_client_ssl: true }] },
      { ...grouped, name: 'channel.two-b', health_check: [{ ...http, status: 2 }] },
      { ...grouped, member: [], health_check: [http] },
    )
  })

  test('of servers', async () => {
    await using tf = await provider()
    const server = { ...member, id: '5e3f9f53-6c1f-4a1b-9a5e-2d1c7a1f0b11', name: 'server-1', weight: 0 }

    await lifecycle(
      apigChannel(tf.sdk, tf.at),
      { ...channel, member_type: 'ecs', member: [server] },
      { ...channel, member_type: 'ecs', member: [{ ...server, weight: 10, status: 2, is_backup: true }] },
    )
  })

  test('created with the number 2, it reads as builtin', async () => {
    await using tf = await provider()
    const resource = apigChannel(tf.sdk, tf.at)

    const id = await resource.create({ ...channel, type: '2' })

    expect(await resource.read(id)).toMatchObject({ type: 'builtin' })
  })

  test('that refers to another', async () => {
    await using tf = await provider()
    const resource = apigChannel(tf.sdk, tf.at)
    const reference_vpc_channel_id = await resource.create(channel)

    await lifecycle(resource, {
      ...channel,
      name: 'reference',
      type: 'reference',
      member: [],
      member_group: [{ name: 'all', description: '', weight: 5, reference_vpc_channel_id }],
    })
  })
})

test('108, 109: apig_channel_member, by address and by server', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const group = { name: 'blue', description: '', weight: 1 }
  const channels = apigChannel(sdk, at)
  const ofAddresses = await channels.create({ ...channel, member: [], member_group: [group] })
  const address = { ...member, host: '192.168.0.20', group_name: 'blue' }

  await lifecycle(apigChannelMember(sdk, at, ofAddresses, 'ip'), address, { ...address, weight: 5, is_backup: true })

  const servers = { ...channel, name: 'servers', member_type: 'ecs', member: [], member_group: [group] }
  const server = { ...member, id: 'server-id', name: 'server-1', group_name: 'blue' }
  await lifecycle(apigChannelMember(sdk, at, await channels.create(servers), 'ecs'), server, { ...server, status: 2 })
})

test('108, 109: apig_channel_member_group', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const id = await apigChannel(sdk, at).create({ ...channel, member: [] })

  await lifecycle(
    apigChannelMemberGroup(sdk, at, id),
    { name: 'blue', description: 'first', weight: 10 },
    { name: 'green', description: '', weight: 20 },
  )
})

test('apig_channel_member_batch_action: 204, and members rest or work', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const id = await apigChannel(sdk, at).create(channel)
  const members = `${at}/vpc-channels/${id}/members`
  const [only] = await sdk.list(members, 'members')

  for (const [action, status] of [
    ['disable', 2],
    ['enable', 1],
  ] as const) {
    await sdk.post(`${members}/batch-${action}`, { member_ids: [only?.text('id')] }, { only: [204] })
    expect((await sdk.list(members, 'members'))[0]?.number('status')).toBe(status)
  }
})
