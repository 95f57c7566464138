import { fault } from '../../contract/faults.js'
import type { RequestOf } from '../../contract/operation.js'
import {
  countInstances,
  findInstance,
  insertInstanceTags,
  instanceIdIsTaken,
  instanceNameIsTaken,
  listInstances,
  updateInstance,
} from '../../store/instances.js'
import type { InstanceRow } from '../../store/schema.js'
import type { Handlers, ManagementSettings, OperationContext } from '../operation.js'
import { withinQuota } from '../quotas.js'
import { deleteInstance, purgeEndedDeletions } from './deletion.js'
import { provisionInstance, type InstanceAttributes } from './provision.js'
import { bandwidthInRange, maintenanceWindow, zonesAreGiven } from './rules.js'
import { statusName } from './state.js'
import { instanceAttributes, instanceBase, instanceDetails, instanceProgress } from './views.js'
import { restriction } from './restriction.js'
import { availableZones } from './zones.js'

export const instanceOperations = {
  async listAvailableZonesV2(_request, { settings }) {
    return { status: 200, body: { available_zones: availableZones(settings.region) } }
  },

  async createInstanceV2({ body }, context) {
    const { db, changed, projectId, caller, now, newId, settings } = context
    const attributes = newAttributes(body, settings)
    await purgeEndedDeletions(context, now)
    const id = body.instance_id ?? newId()
    if (await instanceIdIsTaken(db, id)) throw fault('APIC.7505')
    if (await instanceNameIsTaken(db, projectId, body.instance_name)) throw fault('APIC.7500')
    await withinQuota(context, 'INSTANCE_NUM_LIMIT', await countInstances(db, projectId))

    await provisionInstance(db, changed, {
      id,
      projectId,
      userId: caller.userId,
      name: body.instance_name,
      now,
      jobDuration: settings.instanceJobDuration,
      edition: body.spec_id,
      attributes,
    })
    await insertInstanceTags(db, id, new Map(body.tags?.map(({ key = '', value = '' }) => [key, value])))
    return { status: 202, body: provisioningJob(id, `JOB-${newId()}`) }
  },

  async listInstancesV2({ query }, { db, projectId, now }) {
    const filter = { id: query.instance_id, name: query.instance_name, state: statusName(query.status) }
    const { total, rows } = await listInstances(db, projectId, filter, now, query)
    return {
      status: 200,
      body: { total, size: rows.length, instances: rows.map((row) => instanceBase(row, now)) },
    }
  },

  async showDetailsOfInstanceV2(_request, context) {
    return { status: 200, body: instanceDetails(await ownInstance(context), context.settings, context.now) }
  },

  async showDetailsOfInstanceProgressV2(_request, context) {
    return { status: 200, body: instanceProgress(await ownInstance(context), context.now) }
  },

  async showRestrictionOfInstanceV2(_request, { settings }) {
    return { status: 200, body: restriction(settings.ingressAddress) }
  },

  async updateInstanceV2({ body }, context) {
    const { db, projectId, instanceId, now } = context
    const window = maintenanceWindow(body)
    const { instance_name: name, description, security_group_id, vpcep_service_name } = body
    await purgeEndedDeletions(context, now)
    if (name !== undefined && (await instanceNameIsTaken(db, projectId, name, instanceId))) throw fault('APIC.7500')

    const change = {
      ...window,
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      ...(security_group_id === undefined ? {} : { security_group_id }),
      ...(vpcep_service_name === undefined ? {} : { vpcep_service_name: vpcep_service_name || DEFAULT_SERVICE }),
    }
    const row = await updateInstance(db, instanceId, change, now)
    return { status: 200, body: { ...instanceBase(row, now), ...instanceAttributes(row) } }
  },

  async deleteInstancesV2(_request, context) {
    const { now, settings } = context
    await deleteInstance(context, await ownInstance(context), now, settings.instanceJobDuration)
    return { status: 204 }
  },
} satisfies Handlers

/** The name that an endpoint service has when nobody chose one. */
const DEFAULT_SERVICE = 'apig'

/** The instance of the path, which the server has found before. */
async function ownInstance({ db, projectId, instanceId, now }: OperationContext): Promise<InstanceRow> {
  const row = await findInstance(db, projectId, instanceId, now)
  if (row === undefined) throw fault('APIC.7302')
  return row
}

function newAttributes(
  body: RequestOf<'createInstanceV2'>['body'],
  settings: ManagementSettings,
): Partial<InstanceAttributes> {
  const { bandwidth_size: egress = 0, ingress_bandwidth_size: ingress = 0 } = body
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- clients still send it, and it decides how ingress works
  const { loadbalancer_provider = 'elb' } = body
  zonesAreGiven(body.available_zone_ids)
  bandwidthInRange(egress, 'bandwidthSize')
  bandwidthInRange(ingress, 'ingressBandwidthSize')
  // Public addresses of a self-hosted gateway are the ones that it listens on: there is no other to hand out.
  const address = settings.ingressAddress
  const eipId = loadbalancer_provider === 'lvs' ? (body.eip_id ?? '') : ''
  const hasIngress = ingress > 0 && loadbalancer_provider === 'elb'
  return {
    ...maintenanceWindow(body),
    description: body.description ?? '',
    vpc_id: body.vpc_id,
    subnet_id: body.subnet_id,
    security_group_id: body.security_group_id,
    available_zone_ids: JSON.stringify(body.available_zone_ids),
    enterprise_project_id: body.enterprise_project_id || '0',
    loadbalancer_provider,
    vpcep_service_name: body.vpcep_service_name || DEFAULT_SERVICE,
    ipv6_enable: body.ipv6_enable === true ? 1 : 0,
    eip_id: eipId,
    eip_address: eipId === '' ? '' : address,
    bandwidth_size: egress,
    bandwidth_charging_mode: egress > 0 ? (body.bandwidth_charging_mode ?? 'bandwidth') : '',
    nat_eip_address: egress > 0 ? address : '',
    ingress_bandwidth_size: hasIngress ? ingress : 0,
    ingress_bandwidth_charging_mode: hasIngress ? (body.ingress_bandwidth_charging_mode ?? 'bandwidth') : '',
    ingress_public_address: hasIngress ? address : '',
  }
}

const provisioningJob = (id: string, job: string) => ({
  instance_id: id,
  message: `JOB_ASSIGNED_FOR_PROVISIONING_0003I:The job ${job} has been assigned to the instance ${id} for running provisioning.`,
  job_id: job,
})
