import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'

/** Milliseconds; long enough that no test runs into its end by itself. */
const JOB = 60_000

const wanted = (more: object = {}) => ({
  instance_name: 'apig-demo',
  spec_id: 'BASIC',
  vpc_id: '0957108c-257c-4ce0-9e93-527d279ce763',
  subnet_id: 'a938121c-11c4-4c91-b983-bc9acd347bb5',
  security_group_id: '36d0ec18-bd10-4da7-86f3-ad7a5ddc55d7',
  available_zone_ids: ['local-1a', 'local-1b'],
  ...more,
})

const withJobs = { settings: { instanceJobDuration: JOB } }

async function create(sluice: TestManagement, more: object = {}): Promise<string> {
  const { instance_id } = (await sluice.given('createInstanceV2', { body: wanted(more) })) as { instance_id: string }
  return instance_id
}

describe.each(engines)('instances on $name', (engine) => {
  test('16: an instance is created by a job, and then runs', async () => {
    await using sluice = await management(engine, withJobs)

    const { status, body } = await sluice.call('createInstanceV2', { body: wanted() })

    expect(status).toBe(202)
    expect(body.job_id).toMatch(/^JOB-[0-9a-f]{32}$/)
    expect(body.message).toBe(
      `JOB_ASSIGNED_FOR_PROVISIONING_0003I:The job ${body.job_id} has been assigned to the instance ${body.instance_id} for running provisioning.`,
    )
    const instanceId = body.instance_id as string
    const creating = await sluice.given('showDetailsOfInstanceV2', { instanceId })
    expect(creating).toMatchObject({ status: 'Creating', instance_status: 1, spec: 'BASIC' })

    sluice.now += JOB / 2
    const half = await sluice.given('showDetailsOfInstanceProgressV2', { instanceId })
    expect(half).toMatchObject({ status: 'creating', error_code: null, error_msg: null })
    expect([80, 90]).toContain(half.progress)

    sluice.now += JOB / 2
    expect(await sluice.given('showDetailsOfInstanceProgressV2', { instanceId })).toMatchObject({
      status: 'success',
      progress: 100,
      start_time: creating.create_time,
      end_time: Number(creating.create_time) + JOB,
    })
    const running = await sluice.given('showDetailsOfInstanceV2', { instanceId })
    expect(running).toMatchObject({
      id: instanceId,
      project_id: sluice.projectId,
      instance_name: 'apig-demo',
      status: 'Running',
      instance_status: 6,
      type: 'apig',
      eip_address: null,
      charging_mode: 0,
      enterprise_project_id: '0',
      loadbalancer_provider: 'elb',
      cbc_operation_locks: [],
      description: '',
      vpc_id: wanted().vpc_id,
      subnet_id: wanted().subnet_id,
      virsubnet_id: wanted().subnet_id,
      security_group_id: wanted().security_group_id,
      available_zone_ids: '[local-1a, local-1b]',
      maintain_begin: '22:00:00',
      maintain_end: '02:00:00',
      ingress_ip: '127.0.0.1',
      bandwidth_size: 0,
      nat_eip_address: '',
      ingress_bandwidth_charging_mode: '',
      publicips: [],
      user_id: sluice.identities.userId,
    })
    expect(running.supported_features).toEqual(expect.arrayContaining(['route', 'ratelimit', 'sign_basic']))
    expect(running.endpoint_services).toHaveLength(1)
    expect(running.endpoint_services[0].service_name).toMatch(/^[\w-]+\.apig\.[a-f0-9-]+$/)
    expect(running.endpoint_services[0].created_at).toMatch(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/)
  })

  test('17: what exists in a new instance', async () => {
    await using sluice = await management(engine)
    const instanceId = await create(sluice)

    const groups = await sluice.given('listApiGroupsV2', { instanceId })
    expect(groups).toMatchObject({ total: 1, size: 1, groups: [{ name: 'DEFAULT', is_default: 1, status: 1 }] })
    expect(groups.groups[0].sl_domain).toBe(`${groups.groups[0].id}.apic.localhost`)
    expect(await sluice.given('listEnvironmentsV2', { instanceId })).toMatchObject({
      total: 1,
      envs: [{ id: 'DEFAULT_ENVIRONMENT_RELEASE_ID', name: 'RELEASE' }],
    })
    const features = await sluice.given('listFeaturesV2', { instanceId, query: { limit: 500 } })
    expect(features.features.map((feature: { name: string }) => feature.name)).toContain('route')
    expect(
      await sluice.store.read((db) =>
        db
          .selectFrom('gateway_responses')
          .select(['name', 'is_default', 'group_id'])
          .where('instance_id', '=', instanceId)
          .execute(),
      ),
    ).toEqual([{ name: 'default', is_default: 1, group_id: groups.groups[0].id }])
  })

  test('18: a name is unique, an edition known, a project has five', async () => {
    await using sluice = await management(engine)
    await create(sluice)

    const same = await sluice.call('createInstanceV2', { body: wanted() })
    expect([same.status, same.body.error_code]).toEqual([400, 'APIC.7500'])
    const unknown = await sluice.call('createInstanceV2', { body: wanted({ instance_name: 'b01', spec_id: 'HUGE' }) })
    expect([unknown.status, unknown.body.error_code]).toEqual([404, 'APIC.7301'])
    const early = await sluice.call('createInstanceV2', {
      body: wanted({ instance_name: 'c01', maintain_begin: '03:00:00' }),
    })
    expect([early.status, early.body.error_code]).toEqual([400, 'APIC.7211'])

    for (const instance_name of ['second', 'third', 'fourth']) await create(sluice, { instance_name })
    const sixth = await sluice.call('createInstanceV2', { body: wanted({ instance_name: 'sixth' }) })
    expect([sixth.status, sixth.body.error_code]).toEqual([403, 'APIC.7400'])
  })

  test.each([
    [{ maintain_begin: '06:00:00' }, ['06:00:00', '10:00:00']],
    [{ maintain_begin: '22:00:00', maintain_end: '02:00:00' }, ['22:00:00', '02:00:00']],
    [{ maintain_begin: '22:00:00', maintain_end: '06:00:00' }, 'APIC.7230'],
    [{ maintain_end: '06:00:00' }, 'APIC.7211'],
    [{ bandwidth_size: 4 }, 'APIC.7211'],
    [{ ingress_bandwidth_size: 2001 }, 'APIC.7211'],
    [{ available_zone_ids: [] }, 'APIC.7238'],
  ])('an instance with %j', async (more, expected) => {
    await using sluice = await management(engine)

    const { body } = await sluice.call('createInstanceV2', { body: wanted(more) })

    if (typeof expected === 'string') {
      expect(body.error_code).toBe(expected)
      return
    }
    const shown = await sluice.given('showDetailsOfInstanceV2', { instanceId: body.instance_id })
    expect([shown.maintain_begin, shown.maintain_end]).toEqual(expected)
  })

  test('what a creation may bring with it: an id, tags, public access', async () => {
    await using sluice = await management(engine)
    const instance_id = 'c0000000-1111-2222-3333-44444444444f'
    const given = {
      instance_id,
      instance_name: 'opened',
      spec_id: 'PLATINUM_X2',
      description: 'a 中文 text',
      tags: [
        { key: 'team', value: 'blue' },
        { key: 'team', value: 'red' },
      ],
      bandwidth_size: 5,
      ingress_bandwidth_size: 10,
      ingress_bandwidth_charging_mode: 'traffic',
      vpcep_service_name: 'mine',
    }

    expect(await create(sluice, given)).toBe(instance_id)

    const shown = await sluice.given('showDetailsOfInstanceV2', { instanceId: instance_id })
    expect(shown).toMatchObject({
      spec: 'PLATINUM_X2',
      description: 'a 中文 text',
      bandwidth_size: 5,
      bandwidth_charging_mode: 'bandwidth',
      nat_eip_address: '127.0.0.1',
      publicips: [{ ip_address: '127.0.0.1', bandwidth_size: 10 }],
      ingress_bandwidth_charging_mode: 'traffic',
    })
    expect(shown.endpoint_services[0].service_name).toMatch(/^local-1\.mine\.[a-f0-9-]{36}$/)
    const tags = await sluice.store.read((db) => db.selectFrom('instance_tags').selectAll().execute())
    expect(tags).toEqual([{ instance_id, key: 'team', value: 'red' }])
    const configs = await sluice.given('listProjectCofigsV2', { instanceId: instance_id, query: { limit: 100 } })
    const limit = configs.configs.find((config: { config_name: string }) => config.config_name === 'API_NUM_LIMIT')
    expect(limit.config_value).toBe('16000')

    const again = await sluice.call('createInstanceV2', { body: wanted({ instance_id, instance_name: 'other' }) })
    expect([again.status, again.body.error_code]).toEqual([400, 'APIC.7505'])
  })

  test('19: what an update changes, and what it leaves', async () => {
    await using sluice = await management(engine)
    const instanceId = await create(sluice, { description: 'old' })
    const before = await sluice.given('showDetailsOfInstanceV2', { instanceId })
    const uuid = before.endpoint_services[0].service_name.split('.').at(-1)

    const { status, body } = await sluice.call('updateInstanceV2', {
      instanceId,
      body: { instance_name: 'renamed', description: '', vpcep_service_name: 'new', maintain_begin: '14:00:00' },
    })

    expect(status).toBe(200)
    expect(body).toMatchObject({ instance_name: 'renamed', description: '', spec: 'BASIC', bandwidth_size: 0 })
    expect(await sluice.given('showDetailsOfInstanceV2', { instanceId })).toMatchObject({
      instance_name: 'renamed',
      description: '',
      maintain_begin: '14:00:00',
      maintain_end: '18:00:00',
      endpoint_services: [{ service_name: `local-1.new.${uuid}` }],
      status: 'Running',
      security_group_id: before.security_group_id,
    })

    await sluice.given('updateInstanceV2', { instanceId, body: { instance_name: 'renamed', description: 'back' } })
    expect(await sluice.given('showDetailsOfInstanceV2', { instanceId })).toMatchObject({
      description: 'back',
      maintain_begin: '14:00:00',
    })
    const taken = await sluice.call('updateInstanceV2', { instanceId, body: { instance_name: 'sluice-default' } })
    expect([taken.status, taken.body.error_code]).toEqual([400, 'APIC.7500'])
  })

  test('28: a deletion is seen, then over; everything in the instance is gone', async () => {
    await using sluice = await management(engine, withJobs)
    const body = { name: 'doomed_group' }
    const group = await sluice.given('createApiGroupV2', { body })
    const app = await sluice.given('createAnAppV2', { body: { name: 'doomed_app' } })
    const revisions: number[] = []
    sluice.store.onRevision((revision) => revisions.push(revision))

    expect((await sluice.call('deleteInstancesV2')).status).toBe(204)

    const revision = revisions.at(-1) ?? 0
    const changes = await sluice.store.read((db) =>
      db.selectFrom('snapshot_changes').select('part_key').where('revision', '=', revision).execute(),
    )
    expect(changes.map((change) => change.part_key)).toEqual(
      expect.arrayContaining([`instance:${sluice.instanceId}`, `group:${group.id}`, `app:${app.id}`]),
    )
    expect(await sluice.given('showDetailsOfInstanceV2')).toMatchObject({ status: 'Deleting', instance_status: 23 })
    expect(await sluice.given('listAppsV2')).toMatchObject({ total: 0 })
    const second = await sluice.call('deleteInstancesV2')
    expect([second.status, second.body.error_code]).toEqual([409, 'APIC.7701'])
    const nameHeld = await sluice.call('createInstanceV2', { body: wanted({ instance_name: 'sluice-default' }) })
    expect(nameHeld.body.error_code).toBe('APIC.7500')

    sluice.now += JOB
    const gone = await sluice.call('showDetailsOfInstanceV2')
    expect([gone.status, gone.body]).toEqual([404, { error_code: 'APIC.7302', error_msg: 'Instance not found' }])
    const apps = await sluice.call('listAppsV2')
    expect([apps.status, apps.body]).toEqual([
      404,
      { error_code: 'APIG.3030', error_msg: `The instance does not exist;id:${sluice.instanceId}` },
    ])
    expect(await sluice.given('listInstancesV2')).toMatchObject({ total: 0, instances: [] })

    await create(sluice, { instance_name: 'sluice-default' })
    const rows = await sluice.store.read((db) => db.selectFrom('instances').select('name').execute())
    expect(rows).toEqual([{ name: 'sluice-default' }])
  })

  test('no row of a deleted instance is left in any table', async () => {
    await using sluice = await management(engine)
    await sluice.given('createApiGroupV2', { body: { name: 'one' } })
    await sluice.given('createFeatureV2', { body: { name: 'gzip', enable: true } })

    await sluice.given('deleteInstancesV2')

    const left = await sluice.store.read(async (db) => {
      const tables = await db.introspection.getTables()
      const owned = tables.filter(({ columns }) => columns.some(({ name }) => name === 'instance_id'))
      expect(owned.length).toBeGreaterThan(10)
      const counts = []
      for (const { name } of owned) {
        const { rows } = await sql<object>`select 1 from ${sql.table(name)}`.execute(db)
        if (rows.length > 0) counts.push(name)
      }
      return counts
    })
    expect(left).toEqual([])
  })

  test('an instance that is being created can be read and deleted, and nothing else', async () => {
    await using sluice = await management(engine, withJobs)
    const instanceId = await create(sluice)
    const calls = [
      sluice.call('createApiGroupV2', { instanceId, body: { name: 'early' } }),
      sluice.call('updateInstanceV2', { instanceId, body: { description: 'early' } }),
      sluice.call('createFeatureV2', { instanceId, body: { name: 'gzip', enable: true } }),
    ]

    for (const { status, body } of await Promise.all(calls))
      expect([status, body]).toEqual([409, { error_code: 'APIC.7701', error_msg: 'Instance status conflict' }])
    expect((await sluice.call('listApiGroupsV2', { instanceId })).status).toBe(200)
    expect((await sluice.call('checkApiGroupsV2', { instanceId, body: { group_name: 'free' } })).status).toBe(204)
    expect((await sluice.call('deleteInstancesV2', { instanceId })).status).toBe(204)
  })

  test('a resize that is over shows the new edition', async () => {
    await using sluice = await management(engine)
    const instanceId = await create(sluice)
    const resize = { job_kind: 'resize', job_started_at: sluice.now, target_spec_id: 'ENTERPRISE' } as const
    await sluice.store.write([], ({ db }) =>
      db
        .updateTable('instances')
        .set({ ...resize, job_ends_at: sluice.now + JOB })
        .where('id', '=', instanceId)
        .execute(),
    )

    const during = await sluice.given('showDetailsOfInstanceV2', { instanceId })
    sluice.now += JOB
    const after = await sluice.given('showDetailsOfInstanceV2', { instanceId })

    expect(during).toMatchObject({ status: 'Resizing', instance_status: 42, spec: 'BASIC' })
    expect(after).toMatchObject({ status: 'Running', instance_status: 6, spec: 'ENTERPRISE' })
    expect(await sluice.given('showDetailsOfInstanceProgressV2', { instanceId })).toMatchObject({ progress: 100 })
  })

  test('the list: newest first, filters, pages', async () => {
    await using sluice = await management(engine, withJobs)
    const first = await create(sluice, { instance_name: 'shop-one' })
    sluice.now += 1_000
    const second = await create(sluice, { instance_name: 'shop-two' })
    const ids = async (query: Record<string, string | number>) => {
      const { total, size, instances } = await sluice.given('listInstancesV2', { query })
      expect(size).toBe(instances.length)
      return [total, instances.map((instance: { id: string }) => instance.id)]
    }

    expect(await ids({})).toEqual([3, [second, first, sluice.instanceId]])
    expect(await ids({ instance_name: 'shop' })).toEqual([2, [second, first]])
    expect(await ids({ instance_name: 'SHOP' })).toEqual([0, []])
    expect(await ids({ instance_id: first })).toEqual([1, [first]])
    expect(await ids({ status: 'Creating' })).toEqual([2, [second, first]])
    expect(await ids({ status: 'Running' })).toEqual([1, [sluice.instanceId]])
    expect(await ids({ status: '6' })).toEqual([1, [sluice.instanceId]])
    expect(await ids({ status: '42' })).toEqual([0, []])
    expect(await ids({ status: 'Frozen' })).toEqual([0, []])
    expect(await ids({ limit: 2, offset: 1 })).toEqual([3, [first, sluice.instanceId]])
    expect(await ids({ limit: 2, offset: 9 })).toEqual([3, []])
  })

  test('zones and restriction', async () => {
    await using sluice = await management(engine)

    const { available_zones: zones } = await sluice.given('listAvailableZonesV2')
    expect(zones.map((zone: { code: string }) => zone.code)).toEqual(['local-1a', 'local-1b'])
    expect(zones[0]).toMatchObject({ name: 'AZ1', port: '8403', local_name: { en_us: 'AZ1' } })
    expect(zones[0].id).toMatch(/^[0-9a-f]{32}$/)
    expect(zones[0].specs).toMatchObject({ BASIC: true, PLATINUM_X8: true })

    const restriction = await sluice.given('showRestrictionOfInstanceV2')
    expect(restriction.restrict_cidrs).toContain('127.0.0.0/8')
    expect(restriction.resource_subnet_cidr).toBe('127.0.0.1/32')
  })
})
