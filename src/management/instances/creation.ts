/** How an instance begins, whether it was asked for or ordered. */
import { fault } from '../../contract/faults.js'
import type { InstanceCreateReqV2 } from '../../contract/generated/schemas.js'
import { setTags } from '../../store/instance-tags.js'
import { countInstances, instanceIdIsTaken, instanceNameIsTaken } from '../../store/instances.js'
import { distinctTags } from '../instance-tags/rules.js'
import type { OperationContext } from '../operation.js'
import { withinQuota } from '../quotas.js'
import { purgeEndedDeletions } from './deletion.js'
import { provisionInstance, type InstanceAttributes } from './provision.js'
import { bandwidthInRange, maintenanceWindow, zonesAreGiven } from './rules.js'

/** The name that an endpoint service has when nobody chose one. */
export const DEFAULT_SERVICE = 'apig'

/** How an instance is paid for. */
export type Payment = Pick<InstanceAttributes, 'charging_mode' | 'cbc_metadata'>

/**
 * Creates what a request describes; resolves to the id of the instance. Throws the refusal of the first attribute that
 * is not acceptable, of an id or a name that is taken, and of the project's quota.
 */
export async function createInstance(
  context: OperationContext,
  wanted: InstanceCreateReqV2,
  payment?: Payment,
): Promise<string> {
  const { db, changed, projectId, caller, now, newId, settings } = context
  const attributes = attributesOf(wanted)
  const tags = distinctTags(wanted.tags)
  await purgeEndedDeletions(context, now)
  const id = wanted.instance_id ?? newId()
  if (await instanceIdIsTaken(db, id)) throw fault('APIC.7505')
  if (await instanceNameIsTaken(db, projectId, wanted.instance_name)) throw fault('APIC.7500')
  await withinQuota(context, 'INSTANCE_NUM_LIMIT', await countInstances(db, projectId))

  await provisionInstance(db, changed, {
    id,
    projectId,
    userId: caller.userId,
    name: wanted.instance_name,
    now,
    jobDuration: settings.instanceJobDuration,
    edition: wanted.spec_id,
    attributes: { ...attributes, ...payment },
  })
  await setTags(db, id, tags)
  return id
}

function attributesOf(wanted: InstanceCreateReqV2): Partial<InstanceAttributes> {
  const { bandwidth_size: egress = 0, ingress_bandwidth_size: ingress = 0 } = wanted
  // oxlint-disable-next-line typescript/no-deprecated -- clients still send it, and it decides how ingress works
  const { loadbalancer_provider = 'elb' } = wanted
  zonesAreGiven(wanted.available_zone_ids)
  bandwidthInRange(egress, 'bandwidthSize')
  bandwidthInRange(ingress, 'ingressBandwidthSize')
  const hasIngress = ingress > 0 && loadbalancer_provider === 'elb'
  return {
    ...maintenanceWindow(wanted),
    description: wanted.description ?? '',
    vpc_id: wanted.vpc_id,
    subnet_id: wanted.subnet_id,
    security_group_id: wanted.security_group_id,
    available_zone_ids: JSON.stringify(wanted.available_zone_ids),
    enterprise_project_id: wanted.enterprise_project_id || '0',
    loadbalancer_provider,
    vpcep_service_name: wanted.vpcep_service_name || DEFAULT_SERVICE,
    ipv6_enable: wanted.ipv6_enable === true ? 1 : 0,
    eip_id: loadbalancer_provider === 'lvs' ? (wanted.eip_id ?? '') : '',
    bandwidth_size: egress,
    bandwidth_charging_mode: egress > 0 ? (wanted.bandwidth_charging_mode ?? 'bandwidth') : '',
    ingress_bandwidth_size: hasIngress ? ingress : 0,
    ingress_bandwidth_charging_mode: hasIngress ? (wanted.ingress_bandwidth_charging_mode ?? 'bandwidth') : '',
  }
}
