import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { plainDatabase } from '../../../test/old-database.js'
import * as initial from './0001-initial.js'
import * as network from './0003-network.js'

/** An instance as it was before; `job` is what it did last. */
const instance = (id: string, job: string) => sql`
  insert into instances (id, project_id, user_id, name, description, spec_id, charging_mode, enterprise_project_id,
    vpc_id, subnet_id, security_group_id, available_zone_ids, maintain_begin, maintain_end, loadbalancer_provider,
    vpcep_service_name, endpoint_service_uuid, ipv6_enable, eip_id, eip_address, bandwidth_size,
    bandwidth_charging_mode, nat_eip_address, ingress_bandwidth_size, ingress_bandwidth_charging_mode,
    ingress_public_address, created_at, updated_at, job_kind, job_started_at, job_ends_at, target_spec_id)
  values (${id}, 'p1', 'u1', ${id}, '', 'BASIC', 0, '0', '', '', '', '[]', '22:00:00', '02:00:00', 'elb', 'apig', '', 0,
    '', '', 5, 'traffic', '192.0.2.1', 0, '', '', 17, 17, ${job}, 17, 17, 'BASIC')`

describe.each(engines)('migration 0003 on $name', (engine) => {
  test('gives instances that are there the entry of their owner, and keeps what they had', async () => {
    await using database = await engine.open()
    const db = plainDatabase(database.url)
    await initial.up(db)
    await sql`insert into iam_domains (id, name, created_at) values ('d1', 'one', 1)`.execute(db)
    await sql`insert into iam_projects (id, domain_id, name, created_at) values ('p1', 'd1', 'local-1', 1)`.execute(db)
    await instance('running', 'create').execute(db)
    await instance('deleting', 'delete').execute(db)

    await network.up(db)

    const permissions = await sql<object>`select instance_id, permission from endpoint_permissions`.execute(db)
    expect(permissions.rows).toEqual([{ instance_id: 'running', permission: 'iam:domain::d1' }])
    const kept = await sql<object>`select bandwidth_size, bandwidth_charging_mode, cbc_metadata, resize_order_id
      from instances where id = 'running'`.execute(db)
    expect(kept.rows).toEqual([
      { bandwidth_size: 5, bandwidth_charging_mode: 'traffic', cbc_metadata: '', resize_order_id: '' },
    ])
    await db.destroy()
  })
})
