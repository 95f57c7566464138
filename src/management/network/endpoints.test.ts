import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { anInstance, refusalOf } from '../../../test/instances.js'
import { management, type TestManagement } from '../../../test/management.js'
import type { EndpointConnectionRow } from '../../store/schema.js'

const account = (digit: string) => `iam:domain::${digit.repeat(32)}`

const own = async (sluice: TestManagement): Promise<string> => {
  const { id } = await sluice.store.read((db) => db.selectFrom('iam_domains').select('id').executeTakeFirstOrThrow())
  return `iam:domain::${id}`
}

const permissions = async (sluice: TestManagement, query: Record<string, string | number> = {}): Promise<string[]> => {
  const list = await sluice.given('listEndpointPermissions', { query })
  expect(list.size).toBe(list.permissions.length)
  return list.permissions.map((entry: { permission: string }) => entry.permission)
}

/** What only an operator can do: an endpoint that asks for a connection. */
async function connect(sluice: TestManagement, more: Partial<EndpointConnectionRow> = {}): Promise<string> {
  const row: EndpointConnectionRow = {
    id: randomUUID(),
    instance_id: sluice.instanceId,
    marker_id: 167_960_098,
    domain_id: 'b'.repeat(32),
    status: 'pendingAcceptance',
    created_at: 1_619_662_364_123,
    updated_at: 1_619_662_364_123,
    ...more,
  }
  await sluice.store.write([], ({ db }) => db.insertInto('endpoint_connections').values(row).execute())
  return row.id
}

const decide = (sluice: TestManagement, action: string, endpoints: readonly string[]) =>
  sluice.call('acceptOrRejectEndpointConnections', { body: { action, endpoints } })

describe.each(engines)('endpoint service on $name', (engine) => {
  test('27: entries are added and removed; the owner has one from the start', async () => {
    await using sluice = await management(engine)
    expect(await permissions(sluice)).toEqual([await own(sluice)])

    const added = await sluice.call('addEndpointPermissions', { body: { permissions: [account('a'), account('b')] } })
    expect([added.status, added.body]).toEqual([200, { permissions: [account('a'), account('b')] }])
    expect((await permissions(sluice)).toSorted()).toEqual([await own(sluice), account('a'), account('b')].toSorted())

    const removed = await sluice.call('deleteEndpointPermissions', { body: { permissions: [account('a')] } })
    expect([removed.status, removed.body]).toEqual([200, { permissions: [account('a')] }])
    expect((await permissions(sluice)).toSorted()).toEqual([await own(sluice), account('b')].toSorted())
  })

  test('17: a new instance has the entry of its owner', async () => {
    await using sluice = await management(engine)
    const instanceId = await anInstance(sluice)

    expect(await sluice.given('listEndpointPermissions', { instanceId })).toEqual({
      total: 1,
      size: 1,
      permissions: [
        {
          id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f-]{27}$/),
          permission: await own(sluice),
          created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        },
      ],
    })
    expect(await sluice.given('listEndpointConnections', { instanceId })).toEqual({
      total: 0,
      size: 0,
      connections: [],
    })
  })

  test('entries that are there stay, those that are not are gone already; anyone may be let in', async () => {
    await using sluice = await management(engine)
    await sluice.given('addEndpointPermissions', { body: { permissions: [account('a')] } })
    const before = await sluice.given('listEndpointPermissions', { query: { permission: account('a') } })
    sluice.now += 5_000

    const again = [account('a'), '*', '*']
    expect(await sluice.given('addEndpointPermissions', { body: { permissions: again } })).toEqual({
      permissions: again,
    })

    expect(await permissions(sluice)).toHaveLength(3)
    expect(await sluice.given('listEndpointPermissions', { query: { permission: account('a') } })).toEqual(before)
    await sluice.given('deleteEndpointPermissions', { body: { permissions: [await own(sluice), account('f')] } })
    expect(await permissions(sluice)).toEqual(['*', account('a')])
  })

  test('the list of entries: part of an entry, pages', async () => {
    await using sluice = await management(engine)
    await sluice.given('addEndpointPermissions', {
      body: { permissions: ['a', 'b', 'c'].map(account) },
    })

    expect(await permissions(sluice, { permission: 'aaaa' })).toEqual([account('a')])
    expect(await permissions(sluice, { permission: 'AAAA' })).toEqual([])
    expect(await permissions(sluice, { permission: '%' })).toEqual([])
    const pages = [await permissions(sluice, { limit: 3 }), await permissions(sluice, { limit: 3, offset: 3 })]
    expect(pages.flat()).toEqual(await permissions(sluice))
    expect(await permissions(sluice, { offset: 9 })).toEqual([])
  })

  test('what an entry has to be', async () => {
    await using sluice = await management(engine)
    const fifty = Array.from({ length: 50 }, (_, index) => `iam:domain::${String(index).padStart(32, '0')}`)

    for (const list of [
      [],
      ['iam:domain::xyz'],
      ['iam:user::' + 'a'.repeat(32)],
      [...fifty, account('a')],
      undefined,
    ]) {
      const { status, body } = await sluice.call('addEndpointPermissions', { body: { permissions: list } })
      expect([status, body.error_msg]).toEqual([
        400,
        'Parameter value does not match the rules, parameter name[permissions]',
      ])
    }
    expect((await sluice.call('addEndpointPermissions', { body: { permissions: fifty } })).status).toBe(200)
    expect(await permissions(sluice, { limit: 500 })).toHaveLength(51)
  })

  test('an instance that is not there has no endpoint service', async () => {
    await using sluice = await management(engine)
    const notFound = [404, { error_code: 'APIC.7314', error_msg: 'Endpoint service not found' }]

    const list = await sluice.call('listEndpointPermissions', { instanceId: 'unknown' })
    const action = await sluice.call('acceptOrRejectEndpointConnections', { instanceId: 'unknown', body: {} })

    expect([list.status, list.body]).toEqual(notFound)
    expect([action.status, action.body]).toEqual(notFound)
  })

  test('a connection is received, rejected and received again', async () => {
    await using sluice = await management(engine)
    const id = await connect(sluice)

    const received = await decide(sluice, 'receive', [id, id])
    expect(received.status).toBe(200)
    expect(received.body).toEqual({
      total: 1,
      size: 1,
      connections: [
        {
          id,
          marker_id: 167_960_098,
          domain_id: 'b'.repeat(32),
          status: 'accepted',
          created_at: '2021-04-29T02:12:44.123Z',
          updated_at: expect.stringMatching(/\.\d{3}Z$/),
        },
      ],
    })
    const shown = async () => (await sluice.given('listEndpointConnections', { query: { id } })).connections[0]
    expect(await shown()).toMatchObject({ status: 'accepted', created_at: '2021-04-29T02:12:44Z' })
    expect((await decide(sluice, 'reject', [id])).body.connections[0].status).toBe('rejected')
    expect((await shown()).status).toBe('rejected')
    expect((await decide(sluice, 'receive', [id])).body.connections[0].status).toBe('accepted')
  })

  test('a decision about one that cannot be decided changes nothing', async () => {
    await using sluice = await management(engine)
    const pending = await connect(sluice)
    const failed = await connect(sluice, { status: 'failed' })
    const elsewhere = await connect(sluice, { instance_id: await anInstance(sluice) })
    const endpoints = {
      error_code: 'APIC.7211',
      error_msg: 'Parameter value does not match the rules, parameter name[endpoints]',
    }

    for (const other of [failed, elsewhere, randomUUID()])
      expect((await decide(sluice, 'receive', [pending, other])).body).toEqual(endpoints)
    expect((await decide(sluice, 'receive', [])).body).toEqual(endpoints)
    expect((await decide(sluice, 'accept', [pending])).body.error_msg).toContain('parameter name[action]')
    const { connections } = await sluice.given('listEndpointConnections', { query: { id: pending } })
    expect(connections[0].status).toBe('pendingAcceptance')
  })

  test('the list of connections: id, marker, status, pages', async () => {
    await using sluice = await management(engine)
    const pending = await connect(sluice, { created_at: 3 })
    const accepted = await connect(sluice, { created_at: 2, status: 'accepted', marker_id: 7 })
    await connect(sluice, { created_at: 1, status: 'failed' })
    const ids = async (query: Record<string, string | number>) => {
      const { total, connections } = await sluice.given('listEndpointConnections', { query })
      return [total, connections.map((connection: { id: string }) => connection.id)]
    }

    expect(await ids({ id: pending })).toEqual([1, [pending]])
    expect(await ids({ id: randomUUID() })).toEqual([0, []])
    expect(await ids({ marker_id: 7 })).toEqual([1, [accepted]])
    expect(await ids({ status: 'pendingAcceptance' })).toEqual([1, [pending]])
    expect(await ids({ status: 'rejected' })).toEqual([0, []])
    expect(await ids({ limit: 2 })).toEqual([3, [pending, accepted]])
    expect(await refusalOf(sluice.call('listEndpointConnections', { query: { status: 'open' } }))).toEqual([
      400,
      'APIC.7211',
    ])
    expect(await refusalOf(sluice.call('listEndpointConnections', { query: { marker_id: 'x' } }))).toEqual([
      400,
      'APIC.7211',
    ])
  })
})
