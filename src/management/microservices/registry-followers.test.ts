import { lookup } from 'node:dns'
import { describe, expect, test } from 'vitest'
import { at, channel } from '../../../test/channels.js'
import { engines } from '../../../test/engines.js'
import { apiServer, endpointSlice, pod, service, type ApiServer } from '../../../test/kubernetes.js'
import { management, type TestManagement } from '../../../test/management.js'
import { managementWithGateway } from '../../../test/management-with-gateway.js'
import { nacos } from '../../../test/nacos.js'
import { changedParts, publish, revision } from '../../../test/stage.js'
import { verdict } from '../../../test/verdict.js'
import { setConfig } from '../../store/configs.js'
import { RegistryFollowers } from './registry-followers.js'

const guard = { isForbidden: () => false, lookup }
const UNENCRYPTED = 'the password for the Nacos of a channel goes over the network unencrypted'

async function followers(sluice: TestManagement, server?: ApiServer, rules = guard) {
  const said: string[] = []
  const log = (details: object, message: string) => void said.push(`${message} ${JSON.stringify(details)}`)
  const following = new RegistryFollowers({
    store: sluice.store,
    vault: sluice.vault,
    clock: () => sluice.now,
    log: { info: log, warn: log, error: log },
    access: { cluster: server?.access, guard: rules, pace: { firstDelay: 5, longestDelay: 40, interval: 10 } },
    settle: 5,
  })
  await following.start()
  return {
    said,
    isFailing: (id: string) => following.isFailing(id),
    [Symbol.asyncDispose]: () => following.close(),
  }
}

interface Member {
  readonly id: string
  readonly host: string
  readonly port: number
  readonly weight: number
  readonly status: number
  readonly ecs_name: string
  readonly member_group_name: string
}

async function membersOf(sluice: TestManagement, id: string): Promise<Member[]> {
  const { members } = (await sluice.given('listBackendInstancesV2', at(id))) as { members: Member[] }
  return members
}

/** Waits until the members are these: `host:port*weight@group`, weights of 1 and no group left out. */
const expectMembers = (sluice: TestManagement, id: string, ...expected: readonly string[]) =>
  expect
    .poll(async () => (await membersOf(sluice, id)).map(shortOf).toSorted(), { timeout: 10_000 })
    .toEqual(expected.toSorted())

function shortOf({ host, port, weight, member_group_name: group, status }: Member): string {
  return `${host}:${port}${weight === 1 ? '' : `*${weight}`}${group && `@${group}`}${status === 1 ? '' : ' off'}`
}

const cce = { cluster_id: 'any', namespace: 'shop', workload_type: 'deployment', app_name: 'orders' }

const workload = (attributes: Readonly<Record<string, unknown>> = {}) =>
  channel({ type: 3, microservice_info: { service_type: 'CCE', cce_info: cce }, ...attributes })

async function created(sluice: TestManagement, body: unknown): Promise<string> {
  const { id } = (await sluice.given('createVpcChannelV2', { body })) as { id: string }
  return id
}

describe.each(engines)('channels that follow registries on $name', (engine) => {
  test('a workload that is imported is called where its pods are', async () => {
    await using server = await apiServer()
    await using here = await managementWithGateway(engine)
    const { sluice, backend } = here
    await using _ = await followers(sluice, server)
    const port = Number(backend.address.split(':')[1])
    const {
      vpc_channel_id: id,
      api_group_id,
      apis,
    } = await sluice.given('importMicroservice', {
      body: {
        group_info: { group_name: 'shop' },
        ...{ service_type: 'CCE', protocol: 'HTTP', apis: [{ req_uri: '/orders' }] },
        cce_info: { ...cce, port },
      },
    })
    const path = { api_id: apis[0].id as string }
    // Imported APIs are called by HTTPS.
    const api = (await sluice.given('showDetailsOfApiV2', { path })) as object
    await sluice.given('updateApiV2', { path, body: { ...api, req_protocol: 'BOTH' } })
    await publish(sluice, path.api_id)
    const host = `${api_group_id as string}.apic.localhost`
    expect((await here.get(host, '/orders')).status).toBe(502)

    const before = await revision(sluice)
    server.put(pod('orders-1', { address: '127.0.0.1' }), pod('orders-2', { address: '127.0.0.1', ready: false }))
    await expectMembers(sluice, id, `127.0.0.1:${port}@default`)
    expect(await here.get(host, '/orders')).toEqual({ status: 200, body: {} })
    expect(await changedParts(sluice, before)).toEqual([`channel:${id as string}`])
    server.remove(pod('orders-1'))
    await expectMembers(sluice, id)
    expect((await here.get(host, '/orders')).status).toBe(502)
  })

  test('groups have the pods of their version and labels; what users set of a member stays', async () => {
    await using server = await apiServer()
    await using sluice = await management(engine)
    await using _ = await followers(sluice, server)
    const versions = [
      { member_group_name: 'first', microservice_version: 'v1', microservice_port: 8081, member_group_weight: 90 },
      { member_group_name: 'second', microservice_labels: [{ label_name: 'track', label_value: 'canary' }] },
    ]
    const id = await created(sluice, workload({ member_groups: versions }))
    server.put(
      pod('orders-1', { address: '10.0.0.1', labels: { app: 'orders', version: 'v1' } }),
      pod('orders-2', { address: '10.0.0.2', labels: { app: 'orders', version: 'v2', track: 'canary' } }),
      pod('orders-3', { address: '10.0.0.3', labels: { app: 'orders' } }),
    )
    await expectMembers(sluice, id, '10.0.0.1:8081*90@first', '10.0.0.2:8080@second')
    const [first, second] = await membersOf(sluice, id)
    expect(first).toMatchObject({ ecs_name: 'orders-1', ecs_id: '10.0.0.1' })
    await sluice.given('batchDisableMembers', { ...at(id), body: { member_ids: [second?.id] } })
    server.put(pod('orders-4', { address: '10.0.0.4', labels: { app: 'orders', version: 'v1' } }))
    const three = ['10.0.0.1:8081*90@first', '10.0.0.2:8080@second off', '10.0.0.4:8081*90@first']
    await expectMembers(sluice, id, ...three)
    expect((await membersOf(sluice, id)).slice(0, 2).map((member) => member.id)).toEqual([first?.id, second?.id])

    // An update names no members: those of the registry are not its to remove. Those that are given come beside them.
    const members = [{ host: '10.1.0.1', port: 80, member_group_name: 'first' }]
    const body = workload({ member_groups: versions, members })
    const updated = (await sluice.given('updateVpcChannelV2', { ...at(id), body })) as { members: Member[] }
    expect(updated.members.map(shortOf).toSorted()).toEqual([...three, '10.1.0.1:80*90@first'].toSorted())
    await sluice.given('updateBackendInstancesV2', { ...at(id), body: { members: [] } })
    await expectMembers(sluice, id, ...three)
    const gone = await sluice.call('deleteBackendInstanceV2', { path: { ...at(id).path, member_id: first?.id ?? '' } })
    expect(verdict(gone)).toBe('403 3471')

    // Another group has other pods.
    const group = { member_group_name: 'second', microservice_labels: [], microservice_port: 9000 }
    await sluice.given('createMemberGroup', { ...at(id), body: { member_groups: [group] } })
    await expectMembers(
      sluice,
      id,
      ...['10.0.0.1:8081*90@first', '10.0.0.4:8081*90@first'],
      ...['10.0.0.1:9000@second', '10.0.0.2:9000@second off', '10.0.0.3:9000@second', '10.0.0.4:9000@second'],
    )
    await sluice.given('updateVpcChannelV2', { ...at(id), body: workload() })
    await expectMembers(sluice, id, ...['1', '2', '3', '4'].map((one) => `10.0.0.${one}:8080`))

    // Another workload has none of the pods of this one.
    const other = { service_type: 'CCE', cce_info: { ...cce, app_name: 'other' } }
    const changed = await sluice.given('updateVpcChannelV2', {
      ...at(id),
      body: workload({ microservice_info: other }),
    })
    expect((changed as { members: Member[] }).members).toEqual([])
    server.put(pod('other-1', { address: '10.0.9.1', labels: { app: 'other' } }))
    await expectMembers(sluice, id, '10.0.9.1:8080')
    await sluice.given('deleteVpcChannelV2', at(id))
    await expect.poll(() => server.streams).toBe(0)
  })

  test('a service is called at the ports that it leads to', async () => {
    await using server = await apiServer()
    await using sluice = await management(engine)
    await using _ = await followers(sluice, server)
    const ports = [
      { name: 'http', port: 80, targetPort: 8080 },
      { name: 'admin', port: 9000, targetPort: 9090 },
    ]
    server.put(
      service('orders', ports),
      endpointSlice('orders-1', 'orders', ports, [{ address: '10.0.0.1', pod: 'orders-1' }]),
    )
    const microservice_info = {
      service_type: 'CCE_SERVICE',
      cce_service_info: { cluster_id: 'any', namespace: 'shop', service_name: 'orders' },
    }
    const id = await created(sluice, channel({ type: 3, port: 9000, microservice_info }))
    await expectMembers(sluice, id, '10.0.0.1:9090')
    const group = { member_group_name: 'http', microservice_port: 80 }
    await sluice.given('createMemberGroup', { ...at(id), body: { member_groups: [group] } })
    await expectMembers(sluice, id, '10.0.0.1:8080@http')
    // No port of several is called 7000; with one, that is meant.
    const seventh = channel({ type: 3, port: 7000, microservice_info })
    await sluice.given('updateVpcChannelV2', { ...at(id), body: seventh })
    await expectMembers(sluice, id)
    server.put(service('orders', ports.slice(0, 1)))
    await expectMembers(sluice, id, '10.0.0.1:8080')
  })

  test('instances of a Nacos have its weights, and their own ports unless a group has one', async () => {
    await using registry = await nacos({ user: { name: 'reader', password: 'kept to itself' } })
    await using sluice = await management(engine)
    await using told = await followers(sluice)
    registry.register('orders', [
      { ip: '10.0.0.1', port: 8081, weight: 2, metadata: { version: '1.0' } },
      { ip: '10.0.0.2', port: 8082, weight: 7, metadata: { version: '2.0' } },
    ])
    const nacos_info = {
      service_name: 'orders',
      server_config: [{ ip_address: registry.host, port: registry.port }],
      user_info: { user_name: 'reader', password: 'kept to itself' },
    }
    const of = (attributes: Readonly<Record<string, unknown>> = {}) =>
      channel({ type: 3, microservice_info: { service_type: 'NACOS', nacos_info }, ...attributes })
    const id = await created(sluice, of())
    await expectMembers(sluice, id, '10.0.0.1:8081*2', '10.0.0.2:8082*7')
    // Whoever says another weight is not obeyed; the registry is.
    const [member] = await membersOf(sluice, id)
    const heavier = { members: [{ host: member?.host, port: member?.port, weight: 100 }] }
    await sluice.given('updateBackendInstancesV2', { ...at(id), body: heavier })
    await expectMembers(sluice, id, '10.0.0.1:8081*2', '10.0.0.2:8082*7')
    registry.register('orders', [{ ip: '10.0.0.2', port: 8082, weight: 3, metadata: { version: '2.0' } }])
    await expectMembers(sluice, id, '10.0.0.2:8082*3')
    const groups = [
      { member_group_name: 'one', microservice_version: '1.0' },
      { member_group_name: 'two', microservice_version: '2.0', microservice_port: 9000 },
    ]
    await sluice.given('updateVpcChannelV2', { ...at(id), body: of({ member_groups: groups }) })
    await expectMembers(sluice, id, '10.0.0.2:9000*3@two')
    expect(told.said.join('\n')).not.toContain('kept to itself')
    expect(told.said.join('\n')).not.toContain(UNENCRYPTED)
  })

  test('that a password goes over a network is a warning, once, with the name of the channel', async () => {
    await using sluice = await management(engine)
    await using told = await followers(sluice, undefined, { isForbidden: () => true, lookup })
    const at = (...addresses: string[]) => ({
      service_name: 'orders',
      server_config: addresses.map((ip_address) => ({ ip_address, port: 8848 })),
      user_info: { user_name: 'reader', password: 'kept to itself' },
    })
    const of = (name: string, nacos_info: unknown) =>
      channel({ name, type: 3, microservice_info: { service_type: 'NACOS', nacos_info } })
    await created(sluice, of('near', at('127.0.0.1', '127.9.9.9')))
    await created(sluice, of('far', at('127.0.0.1', '192.0.2.1')))
    const warnings = () => told.said.filter((line) => line.startsWith(UNENCRYPTED))
    await expect.poll(warnings, { timeout: 10_000 }).toHaveLength(1)
    expect(warnings()[0]).toContain('"far"')
    expect(warnings()[0]).not.toContain('kept to itself')
  })

  test('while a registry is away members stay as they are, over a restart too; the channel says that it is abnormal', async () => {
    await using server = await apiServer()
    const current: { followers?: Awaited<ReturnType<typeof followers>> } = {}
    await using sluice = await management(engine, {
      registries: { isFailing: (id) => current.followers?.isFailing(id) ?? false },
    })
    server.put(pod('orders-1', { address: '10.0.0.1' }))
    const id = await created(sluice, workload())
    const status = async () => {
      const { vpc_channels: listed } = (await sluice.given('listVpcChannelsV2')) as {
        vpc_channels: { status: number }[]
      }
      const shown = (await sluice.given('showDetailsOfVpcChannelV2', at(id))) as { status: number }
      return [listed[0]?.status, shown.status]
    }
    {
      await using first = await followers(sluice, server)
      current.followers = first
      await expectMembers(sluice, id, '10.0.0.1:8080')
      expect(await status()).toEqual([1, 1])
      expect(first.said.filter((line) => line.includes('follows its registry'))).toHaveLength(1)
      server.refuse(500)
      server.endStreams()
      await expect.poll(status).toEqual([2, 2])
      // What was known before may be old by now, and is not written again: not into a new group either.
      const member_groups = [{ member_group_name: 'later' }]
      await sluice.given('createMemberGroup', { ...at(id), body: { member_groups } })
      await new Promise((resolve) => setTimeout(resolve, 100))
      await expectMembers(sluice, id, '10.0.0.1:8080')
      await sluice.given('updateVpcChannelV2', { ...at(id), body: workload() })
    }
    server.remove(pod('orders-1'))
    server.put(pod('orders-2', { address: '10.0.0.2' }))
    const known = await revision(sluice)
    await using second = await followers(sluice, server)
    current.followers = second
    await expect.poll(status).toEqual([2, 2])
    expect(second.said.join('\n')).toContain('"reason":"the API server answers 500: etcdserver: request timed out"')
    // Nor does a change of the channel bring in what may be old.
    await sluice.given('updateVpcChannelV2', { ...at(id), body: workload({ name: 'renamed_1' }) })
    await expectMembers(sluice, id, '10.0.0.1:8080')
    expect(await revision(sluice)).toBe(known + 1)
    server.refuse(undefined)
    await expectMembers(sluice, id, '10.0.0.2:8080')
    expect(await status()).toEqual([1, 1])
  })

  test('two control processes change each thing once', async () => {
    await using server = await apiServer()
    await using sluice = await management(engine)
    const id = await created(sluice, workload())
    await using first = await followers(sluice, server)
    await using second = await followers(sluice, server)
    for (let count = 1; count <= 5; count++) {
      const before = await revision(sluice)
      server.put(pod(`orders-${count}`, { address: `10.0.0.${count}` }))
      const expected = Array.from({ length: count }, (_, index) => `10.0.0.${index + 1}:8080`)
      await expectMembers(sluice, id, ...expected)
      // Both have been told: who comes second finds it done.
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(await revision(sluice)).toBe(before + 1)
    }
    expect([first, second].flatMap(({ said }) => said.filter((line) => line.includes('"saved":1')))).toHaveLength(5)
  })

  test('a channel has no more members than it may; those that are there stay', async () => {
    await using server = await apiServer()
    await using sluice = await management(engine)
    await using told = await followers(sluice, server)
    await sluice.store.write([], ({ db }) => setConfig(db, sluice.instanceId, 'VPC_INSTANCE_NUM_LIMIT', '2'))
    const id = await created(sluice, workload())
    server.put(pod('orders-5', { address: '10.0.0.5' }), pod('orders-6', { address: '10.0.0.6' }))
    await expectMembers(sluice, id, '10.0.0.5:8080', '10.0.0.6:8080')
    server.put(pod('orders-1', { address: '10.0.0.1' }), pod('orders-2', { address: '10.0.0.2' }))
    server.remove(pod('orders-6'))
    await expectMembers(sluice, id, '10.0.0.1:8080', '10.0.0.5:8080')
    expect(told.said.join('\n')).toContain('"beyond":1')

    // What is given counts with what stays of the registry's, and is one with what it names of them.
    const update = async (...hosts: readonly string[]) => {
      const body = workload({ members: hosts.map((host) => ({ host, port: 8080 })) })
      return verdict(await sluice.call('updateVpcChannelV2', { ...at(id), body }))
    }
    expect(await update('10.1.0.1')).toBe('403 3110')
    expect(await update('10.0.0.5', '10.0.0.1')).toBe('200')
  })

  test('an instance is a member again when the member that was given at its address is gone', async () => {
    await using server = await apiServer()
    await using sluice = await management(engine)
    await using _ = await followers(sluice, server)
    const id = await created(sluice, workload({ members: [{ host: '10.0.0.1' }] }))
    server.put(pod('orders-1', { address: '10.0.0.1' }), pod('orders-2', { address: '10.0.0.2' }))
    await expectMembers(sluice, id, '10.0.0.1:8080', '10.0.0.2:8080')
    const names = async () => (await membersOf(sluice, id)).map((member) => member.ecs_name).toSorted()
    expect(await names()).toEqual(['10.0.0.1', 'orders-2'])
    await sluice.given('updateBackendInstancesV2', { ...at(id), body: { members: [] } })
    await expect.poll(names, { timeout: 10_000 }).toEqual(['orders-1', 'orders-2'])
  })

  test('without a cluster, a namespace or a password that can be read, the channel is abnormal', async () => {
    await using sluice = await management(engine)
    await using told = await followers(sluice)
    const members = [{ host: '10.0.0.9', port: 80 }]
    const id = await created(sluice, workload({ members }))
    await expect.poll(() => told.isFailing(id)).toBe(true)
    expect(told.said.join('\n')).toContain('no cluster is known')
    await expectMembers(sluice, id, '10.0.0.9:80')
    const odd = { service_type: 'CCE', cce_info: { ...cce, namespace: '..' } }
    await using server = await apiServer()
    await using second = await followers(sluice, server)
    await sluice.given('updateVpcChannelV2', { ...at(id), body: workload({ microservice_info: odd, members }) })
    await expect.poll(() => second.said.join('\n')).toContain('there is no namespace ..')

    const { microservice } = await sluice.store.read((db) =>
      db.selectFrom('vpc_channels').select('microservice').executeTakeFirstOrThrow(),
    )
    const nacos_info = { service_name: 'orders', server_config: [], user_info: { user_name: 'reader' } }
    const sealed = { ...(JSON.parse(microservice ?? '') as object), service_type: 'NACOS', nacos_info }
    await sluice.store.write([], async ({ db, changed }) => {
      const text = JSON.stringify({ ...sealed, nacosPasswordSealed: 'by another key' })
      await db.updateTable('vpc_channels').set({ microservice: text }).execute()
      changed(`channel:${id}`)
    })
    await using third = await followers(sluice, server)
    expect(third.isFailing(id)).toBe(true)
    await expectMembers(sluice, id, '10.0.0.9:80')
  })
})
