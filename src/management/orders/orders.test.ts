import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { anInstance, refusalOf, wantedInstance } from '../../../test/instances.js'
import { management, type TestManagement } from '../../../test/management.js'

/** Milliseconds; long enough that no test runs into its end by itself. */
const JOB = 60_000
const withJobs = { settings: { instanceJobDuration: JOB } }
const ORDER = /^CS\d{10}[0-9A-Z]{5}$/

const resize = (sluice: TestManagement, instanceId: string, spec_id?: string) =>
  sluice.call('createPostPayResizeOrder', { instanceId, body: { spec_id } })

const prepaidResize = (sluice: TestManagement, instanceId: string, body: object) =>
  sluice.call('createPrepayResize', { instanceId, body })

const shown = (sluice: TestManagement, instanceId: string) => sluice.given('showDetailsOfInstanceV2', { instanceId })

async function apiLimitOf(sluice: TestManagement, instanceId: string): Promise<string> {
  const { configs } = await sluice.given('listProjectCofigsV2', { instanceId, query: { config_name: 'API_NUM_LIMIT' } })
  return configs[0].config_value
}

const orders = (sluice: TestManagement) =>
  sluice.store.read((db) => db.selectFrom('orders').selectAll().orderBy('created_at').execute())

describe.each(engines)('orders on $name', (engine) => {
  test('22: an instance grows by a job, and never shrinks', async () => {
    await using sluice = await management(engine, withJobs)
    const instanceId = await anInstance(sluice)
    sluice.now += JOB
    expect(await refusalOf(resize(sluice, instanceId, 'BASIC'))).toEqual([409, 'APIC.7707'])

    const { status, body } = await resize(sluice, instanceId, 'PROFESSIONAL')
    expect(status).toBe(202)
    expect(body).toEqual({
      instance_id: instanceId,
      job_id: expect.stringMatching(/^JOB-[0-9a-f]{32}$/),
      message: `JOB_ASSIGNED_FOR_RESIZE_0086I:The job ${body.job_id} is assigned to resize instance.`,
    })
    expect(await shown(sluice, instanceId)).toMatchObject({
      status: 'Resizing',
      instance_status: 42,
      spec: 'BASIC',
      cbc_operation_locks: [],
    })
    expect(await refusalOf(resize(sluice, instanceId, 'PLATINUM'))).toEqual([409, 'APIC.7701'])

    sluice.now += JOB
    expect(await shown(sluice, instanceId)).toMatchObject({ status: 'Running', spec: 'PROFESSIONAL' })
    expect(await apiLimitOf(sluice, instanceId)).toBe('800')
    expect(await refusalOf(resize(sluice, instanceId, 'BASIC'))).toEqual([400, 'APIC.7243'])

    expect((await resize(sluice, instanceId, 'PLATINUM_X3')).status).toBe(202)
    expect(await shown(sluice, instanceId)).toMatchObject({ status: 'Resizing', spec: 'PROFESSIONAL' })
    sluice.now += JOB
    expect(await shown(sluice, instanceId)).toMatchObject({ status: 'Running', spec: 'PLATINUM_X3' })
    expect(await apiLimitOf(sluice, instanceId)).toBe('24000')
    expect((await orders(sluice)).map(({ kind, spec_id }) => [kind, spec_id])).toEqual([
      ['postpaid-resize', 'PROFESSIONAL'],
      ['postpaid-resize', 'PLATINUM_X3'],
    ])
  })

  test.each([
    ['BASIC', 'BASIC_IPV6', [400, 'APIC.7243']],
    ['BASIC_IPV6', 'BASIC', [400, 'APIC.7243']],
    ['BASIC_IPV6', 'PROFESSIONAL', [202, undefined]],
    ['PLATINUM_X3', 'PLATINUM_X2', [400, 'APIC.7243']],
    ['PLATINUM', 'PLATINUM_X2', [202, undefined]],
    ['PLATINUM', 'PLATINUM', [409, 'APIC.7707']],
    ['PLATINUM', 'PLATINUM_X9', [404, 'APIC.7301']],
    ['PLATINUM', undefined, [400, 'APIC.7211']],
  ])('from %s to %s', async (spec_id, wanted, expected) => {
    await using sluice = await management(engine)
    const instanceId = await anInstance(sluice, { spec_id })

    expect(await refusalOf(resize(sluice, instanceId, wanted))).toEqual(expected)
    expect((await shown(sluice, instanceId)).spec).toBe(expected[0] === 202 ? wanted : spec_id)
  })

  test('a prepaid instance is an instance that shows its order', async () => {
    await using sluice = await management(engine)
    const body = {
      product_id: '00301-35126-0--0',
      charging_mode: 1,
      period_type: 2,
      period_num: 1,
      is_auto_renew: 1,
      instance_info: wantedInstance({ spec_id: 'PROFESSIONAL', tags: [{ key: 'team', value: 'blue' }] }),
    }

    const { status, body: reply } = await sluice.call('createOrder', { body })

    expect([status, reply]).toEqual([200, { order_id: expect.stringMatching(ORDER) }])
    const { instances } = await sluice.given('listInstancesV2', { query: { instance_name: 'apig-demo' } })
    const base = { charging_mode: 1, cbc_metadata: `${reply.order_id}:00301-35126-0--0`, spec: 'PROFESSIONAL' }
    expect(instances).toMatchObject([base])
    const instanceId = instances[0].id as string
    expect(await shown(sluice, instanceId)).toMatchObject({ ...base, status: 'Running', cbc_operation_locks: [] })
    expect(await apiLimitOf(sluice, instanceId)).toBe('800')
    expect((await sluice.given('listInstanceTags', { instanceId })).tags).toEqual([{ key: 'team', value: 'blue' }])
    const [order] = await orders(sluice)
    expect(order).toMatchObject({
      id: reply.order_id,
      project_id: sluice.projectId,
      user_id: sluice.identities.userId,
      kind: 'prepaid-instance',
      resource_id: instanceId,
      spec_id: 'PROFESSIONAL',
    })
    const { instance_info: _, ...terms } = body
    expect(JSON.parse(order?.terms ?? '')).toEqual(terms)

    await sluice.given('deleteInstancesV2', { instanceId })
    expect(await orders(sluice)).toHaveLength(1)
  })

  test('an order for an instance is refused as its creation is, and leaves no record', async () => {
    await using sluice = await management(engine)
    await anInstance(sluice)
    const order = (instance_info?: object, more: object = {}) =>
      refusalOf(sluice.call('createOrder', { body: { ...more, instance_info } }))

    expect(await order(wantedInstance())).toEqual([400, 'APIC.7500'])
    expect(await order(wantedInstance({ instance_name: 'other', spec_id: 'HUGE' }))).toEqual([404, 'APIC.7301'])
    expect(await order()).toEqual([400, 'APIC.7211'])
    expect(await order(wantedInstance({ instance_name: 'other' }), { period_num: 10 })).toEqual([400, 'APIC.7211'])
    expect(await order(wantedInstance({ instance_name: 'other', maintain_begin: '03:00:00' }))).toEqual([
      400,
      'APIC.7211',
    ])
    for (const instance_name of ['second', 'third', 'fourth'])
      expect(await order(wantedInstance({ instance_name }))).toEqual([200, undefined])
    expect(await order(wantedInstance({ instance_name: 'sixth' }))).toEqual([403, 'APIC.7400'])
    expect(await orders(sluice)).toHaveLength(3)
    // Without a product there is the order alone.
    const { instances } = await sluice.given('listInstancesV2', { query: { instance_name: 'second' } })
    expect(instances[0]).toMatchObject({ charging_mode: 1, cbc_metadata: expect.stringMatching(ORDER) })
  })

  test('a resize that was ordered locks the instance until it is over', async () => {
    await using sluice = await management(engine, withJobs)
    const instanceId = await anInstance(sluice)
    sluice.now += JOB
    const body = { product_id: '00301-35126-0--0', resize_info: { spec_id: 'ENTERPRISE' } }

    const ordered = await prepaidResize(sluice, instanceId, body)
    expect([ordered.status, ordered.body]).toEqual([202, { order_id: expect.stringMatching(ORDER) }])
    expect(await shown(sluice, instanceId)).toMatchObject({
      status: 'Resizing',
      cbc_operation_locks: [{ lock_scene: 'SPEC_CHG_LOCK', lock_source_id: ordered.body.order_id }],
    })
    expect(await refusalOf(prepaidResize(sluice, instanceId, body))).toEqual([409, 'APIC.7712'])
    expect(await refusalOf(resize(sluice, instanceId, 'PLATINUM'))).toEqual([409, 'APIC.7712'])
    expect(await refusalOf(sluice.call('deleteInstancesV2', { instanceId }))).toEqual([409, 'APIC.7712'])
    const renamed = sluice.call('updateInstanceV2', { instanceId, body: { description: 'later' } })
    expect(await refusalOf(renamed)).toEqual([409, 'APIC.7701'])

    sluice.now += JOB
    expect(await shown(sluice, instanceId)).toMatchObject({
      status: 'Running',
      spec: 'ENTERPRISE',
      cbc_operation_locks: [],
    })
    expect(await apiLimitOf(sluice, instanceId)).toBe('2000')
    expect((await orders(sluice)).map(({ kind, terms }) => [kind, terms])).toEqual([
      ['prepaid-resize', '{"product_id":"00301-35126-0--0"}'],
    ])
    // A resize without an order locks nothing, also after one with an order.
    expect((await resize(sluice, instanceId, 'PLATINUM')).status).toBe(202)
    expect((await shown(sluice, instanceId)).cbc_operation_locks).toEqual([])
    expect((await sluice.call('deleteInstancesV2', { instanceId })).status).toBe(204)
  })

  test('an ordered resize names its own instance and an edition', async () => {
    await using sluice = await management(engine)
    const instanceId = await anInstance(sluice)
    const resize_info = { spec_id: 'ENTERPRISE' }
    const field = async (body: object) => (await prepaidResize(sluice, instanceId, body)).body.error_msg

    expect(await field({ instance_id: 'another', resize_info })).toContain('parameter name[instanceId]')
    expect(await field({})).toContain('parameter name[resizeInfo]')
    expect(await field({ resize_info: {} })).toContain('parameter name[specId]')
    expect(await refusalOf(prepaidResize(sluice, instanceId, { resize_info: { spec_id: 'BASIC' } }))).toEqual([
      409,
      'APIC.7707',
    ])
    expect(await orders(sluice)).toEqual([])
    expect((await prepaidResize(sluice, instanceId, { instance_id: instanceId, resize_info })).status).toBe(202)
  })
})
