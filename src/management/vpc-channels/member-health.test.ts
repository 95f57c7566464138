import { describe, expect, test } from 'vitest'
import { aChannel, at } from '../../../test/channels.js'
import { engines } from '../../../test/engines.js'
import { management } from '../../../test/management.js'
import { MemberHealth } from './member-health.js'

const found = (memberId: string, healthy: boolean) => ({
  channelId: 'c1',
  memberId,
  address: `${memberId}.example:80`,
  healthy,
})
const report = (sender: string, healthy: boolean) => ({ sender, states: [found('m1', healthy)] })

test('a member is unhealthy while one process says so; what is not renewed is forgotten', () => {
  const health = new MemberHealth()
  expect(health.of('m1', 0)).toBe('unknown')
  health.take(report('one', true), 0)
  expect([health.of('m1', 0), health.of('m2', 0)]).toEqual(['healthy', 'unknown'])
  health.take(report('two', false), 30_000)
  expect(health.of('m1', 30_000)).toBe('unhealthy')
  expect(health.of('m1', 90_001)).toBe('unknown')
  health.take(report('one', true), 90_001)
  expect(health.of('m1', 90_001)).toBe('healthy')
  health.take({ sender: 'one', states: [] }, 90_002)
  expect(health.of('m1', 90_002)).toBe('unknown')
})

test('a member that is checked in two ways passes both or none', () => {
  const health = new MemberHealth()
  const [sick, well] = [false, true].map((healthy) => found('m1', healthy))
  for (const states of [
    [sick, well],
    [well, sick],
  ]) {
    health.take({ sender: 'one', states: states.flatMap((state) => state ?? []) }, 0)
    expect(health.of('m1', 0)).toBe('unhealthy')
  }
})

test('an address of a channel is shown once, healthy where everybody finds it so, while reports hold', () => {
  const health = new MemberHealth()
  health.take({ sender: 'one', states: [found('m1', true), found('m2', true)] }, 0)
  health.take(report('two', false), 30_000)
  const shown = (now: number) => health.addresses(now).map(({ address, healthy }) => [address, healthy])
  expect(shown(30_000)).toEqual([
    ['m1.example:80', false],
    ['m2.example:80', true],
  ])
  expect(shown(60_001)).toEqual([['m1.example:80', false]])
  expect(shown(90_001)).toEqual([])
})

describe.each(engines)('health_status on $name', (engine) => {
  test('members are shown with what gateways report while the feature vpc_health_status is on', async () => {
    const memberHealth = new MemberHealth()
    await using sluice = await management(engine, { memberHealth })
    const id = await aChannel(sluice, { members: [{ host: '10.0.0.1' }, { host: '10.0.0.2' }] })
    const shown = async () => {
      const { body: channel } = await sluice.call('showDetailsOfVpcChannelV2', at(id))
      const { body: list } = await sluice.call('listBackendInstancesV2', at(id))
      const { body: added } = await sluice.call('addingBackendInstancesV2', {
        ...at(id),
        body: { members: [{ host: '10.0.0.1' }] },
      })
      const healthOf = ({ members }: { members: { health_status: string }[] }) =>
        members.map((member) => member.health_status)
      return [healthOf(channel), healthOf(list), healthOf(added)]
    }
    const { body } = await sluice.call('showDetailsOfVpcChannelV2', at(id))
    memberHealth.take({ sender: 'one', states: [found(body.members[0].id as string, false)] }, sluice.now)
    const unknown = ['unknown', 'unknown']

    expect(await shown()).toEqual([unknown, unknown, ['unknown']])
    await sluice.given('createFeatureV2', { body: { name: 'vpc_health_status', enable: true, config: 'on' } })
    const known = ['unhealthy', 'unknown']
    expect(await shown()).toEqual([known, known, ['unhealthy']])
    await sluice.given('createFeatureV2', { body: { name: 'vpc_health_status', enable: false, config: 'on' } })
    expect(await shown()).toEqual([unknown, unknown, ['unknown']])
  })
})
