/** An instance with all that exists in it without being created (conventions.md §6). */
import { randomBytes, randomUUID } from 'node:crypto'
import { findConfig, insertConfigs } from '../../store/configs.js'
import { accountOfProject, accountPermission, addPermissions } from '../../store/endpoints.js'
import { insertEnvironment, RELEASE } from '../../store/environments.js'
import { insertGroup } from '../../store/groups.js'
import { insertInstance } from '../../store/instances.js'
import type { ConfigRow, InstanceRow } from '../../store/schema.js'
import type { Transaction } from '../../store/store.js'
import { configDefaults, configNames, projectConfig, type ConfigName } from '../configs/catalogue.js'
import { apiLimit, type Edition } from './editions.js'

export interface NewInstance {
  readonly id: string
  readonly projectId: string
  readonly userId: string
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Milliseconds that the creation takes, 0 when absent: the instance is running at once. */
  readonly jobDuration?: number
  readonly edition?: Edition
  readonly attributes?: Partial<InstanceAttributes>
}

/** What a client may say of an instance. */
export type InstanceAttributes = Omit<
  InstanceRow,
  | 'id'
  | 'project_id'
  | 'user_id'
  | 'name'
  | 'spec_id'
  | 'target_spec_id'
  | 'created_at'
  | 'updated_at'
  | 'job_kind'
  | 'job_started_at'
  | 'job_ends_at'
  | 'endpoint_service_uuid'
  | 'resize_order_id'
>

const defaults: InstanceAttributes = {
  description: '',
  charging_mode: 0,
  enterprise_project_id: '0',
  vpc_id: '',
  subnet_id: '',
  security_group_id: '',
  available_zone_ids: '[]',
  maintain_begin: '22:00:00',
  maintain_end: '02:00:00',
  loadbalancer_provider: 'elb',
  vpcep_service_name: 'apig',
  ipv6_enable: 0,
  eip_id: '',
  bandwidth_size: 0,
  bandwidth_charging_mode: '',
  ingress_bandwidth_size: 0,
  ingress_bandwidth_charging_mode: '',
  cbc_metadata: '',
}

/** The default of an installation: as many APIs as the largest single-size edition admits. */
const DEFAULT_EDITION: Edition = 'PLATINUM'

/** The id and the name must be free. */
export async function provisionInstance(
  db: Transaction['db'],
  changed: Transaction['changed'],
  { id, projectId, userId, name, now, jobDuration = 0, edition = DEFAULT_EDITION, attributes }: NewInstance,
): Promise<InstanceRow> {
  const row: InstanceRow = {
    ...defaults,
    ...attributes,
    id,
    project_id: projectId,
    user_id: userId,
    name,
    spec_id: edition,
    target_spec_id: edition,
    endpoint_service_uuid: randomUUID(),
    created_at: now,
    updated_at: now,
    job_kind: 'create',
    job_started_at: now,
    job_ends_at: now + jobDuration,
    resize_order_id: '',
  }
  await insertInstance(db, row)
  await addPermissions(db, id, [accountPermission(await accountOfProject(db, projectId))], now)
  await insertConfigs(db, configRows(id, edition, now))
  if ((await findConfig(db, projectId, projectConfig.name)) === undefined)
    await insertConfigs(db, [projectConfigRow(projectId, now)])
  await insertEnvironment(db, { instance_id: id, ...RELEASE, remark: '', created_at: now })
  changed(`instance:${id}`)

  const groupId = newId()
  await insertGroup(
    db,
    {
      id: groupId,
      instance_id: id,
      name: 'DEFAULT',
      remark: '',
      version: 'V1',
      roma_app_id: '',
      is_default: 1,
      sl_domain_access_enabled: 1,
      created_at: now,
      updated_at: now,
    },
    newId(),
  )
  changed(`group:${groupId}`)
  return row
}

function configRows(instanceId: string, edition: Edition, now: number): ConfigRow[] {
  return configNames.map((name: ConfigName, index) => {
    const [value, remark] = configDefaults[name]
    const limit = name === 'API_NUM_LIMIT' ? apiLimit.get(edition) : undefined
    return {
      scope_id: instanceId,
      config_id: index + 1,
      config_name: name,
      config_value: limit === undefined ? value : String(limit),
      remark,
      config_time: now,
    }
  })
}

/** The record of a project's only quota, with the default limit. */
export const projectConfigRow = (projectId: string, now: number): ConfigRow => ({
  scope_id: projectId,
  config_id: projectConfig.id,
  config_name: projectConfig.name,
  config_value: projectConfig.value,
  remark: projectConfig.remark,
  config_time: now,
})

const newId = (): string => randomBytes(16).toString('hex')
