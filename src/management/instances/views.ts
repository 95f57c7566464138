import { isIPv6 } from 'node:net'
import type { ReplyBody } from '../../contract/operation.js'
import { editionOf, instanceState, lockingOrder } from '../../store/instances.js'
import type { InstanceRow } from '../../store/schema.js'
import { supportedFeatures } from '../features/catalogue.js'
import type { OperationContext } from '../operation.js'
import { plainTime } from '../time.js'
import { isEdition } from './editions.js'
import { statusNumbers, type InstanceStatus } from './state.js'

type Base = NonNullable<ReplyBody<'listInstancesV2'>['instances']>[number]
type Details = ReplyBody<'showDetailsOfInstanceV2'>
type Progress = ReplyBody<'showDetailsOfInstanceProgressV2'>

/** The moment decides status and edition; the settings, where the gateway listens. */
type Viewpoint = Pick<OperationContext, 'now' | 'settings'>

/** What every reply says of an instance. */
export function instanceBase(row: InstanceRow, { now, settings }: Viewpoint) {
  const status = statusOf(row, now)
  const edition = editionOf(row, now)
  const order = lockingOrder(row, now)
  return {
    id: row.id,
    project_id: row.project_id,
    instance_name: row.name,
    status,
    instance_status: statusNumbers[status],
    type: 'apig',
    ...(isEdition(edition) ? { spec: edition } : {}),
    create_time: row.created_at,
    enterprise_project_id: row.enterprise_project_id,
    eip_address: row.eip_id === '' ? '' : settings.ingressAddress,
    charging_mode: row.charging_mode === 1 ? 1 : 0,
    ...(row.cbc_metadata === '' ? {} : { cbc_metadata: row.cbc_metadata }),
    loadbalancer_provider: row.loadbalancer_provider === 'lvs' ? 'lvs' : 'elb',
    cbc_operation_locks: order === undefined ? [] : [{ lock_scene: 'SPEC_CHG_LOCK' as const, lock_source_id: order }],
  } satisfies Base
}

/** An instance that is gone is not shown; a caller that still holds its row sees the last status it had. */
function statusOf(row: InstanceRow, now: number): InstanceStatus {
  const state = instanceState(row, now)
  return state === 'Gone' ? 'Deleting' : state
}

/** What an update may change, and what stands beside it in the replies of both reading and updating. */
export function instanceAttributes(row: InstanceRow, { settings }: Viewpoint) {
  return {
    description: row.description,
    vpc_id: row.vpc_id,
    subnet_id: row.subnet_id,
    virsubnet_id: row.subnet_id,
    security_group_id: row.security_group_id,
    maintain_begin: row.maintain_begin,
    maintain_end: row.maintain_end,
    user_id: row.user_id,
    // There is no other public address to call backends from than those of the gateway's own machine.
    nat_eip_address: row.bandwidth_size > 0 ? settings.ingressAddress : '',
    bandwidth_size: row.bandwidth_size,
    bandwidth_charging_mode: row.bandwidth_charging_mode,
    ingress_bandwidth_charging_mode: row.ingress_bandwidth_charging_mode,
    available_zone_ids: `[${(JSON.parse(row.available_zone_ids) as string[]).join(', ')}]`,
    unreliable_ips: [],
  } satisfies Details
}

export function instanceDetails(row: InstanceRow, viewpoint: Viewpoint): Details {
  const { ingressAddress, region } = viewpoint.settings
  return {
    ...instanceBase(row, viewpoint),
    ...instanceAttributes(row, viewpoint),
    eip_address: row.eip_id === '' ? null : ingressAddress,
    ingress_ip: ingressAddress,
    ingress_ip_v6: isIPv6(ingressAddress) ? ingressAddress : null,
    nat_eip_ipv6_cidr: null,
    eip_ipv6_address: null,
    roma_eip_address: null,
    instance_version: API_VERSION,
    supported_features: [...supportedFeatures],
    endpoint_service: null,
    endpoint_services: [{ service_name: endpointService(row, region), created_at: plainTime(row.created_at) }],
    node_ips: { livedata: [], shubao: [ingressAddress] },
    publicips:
      row.ingress_bandwidth_size > 0
        ? [{ ip_address: ingressAddress, bandwidth_size: row.ingress_bandwidth_size }]
        : [],
    privateips: [{ ip_address: ingressAddress, bandwidth_size: row.ingress_bandwidth_size }],
    is_releasable: true,
  }
}

/** `<region>.<name>.<uuid>`: clients cut the name out of the middle (lifecycle.md §1.3). */
const endpointService = (row: InstanceRow, region: string): string =>
  `${region}.${row.vpcep_service_name}.${row.endpoint_service_uuid}`

/** Percentages of a creation that has not ended: clients know no others. */
const steps = [30, 50, 80, 90] as const

/** How far the creation is; it is over when another job has begun. */
export function instanceProgress(row: InstanceRow, now: number): Progress {
  const done = row.job_kind !== 'create' || now >= row.job_ends_at
  const share = (now - row.created_at) / (row.job_ends_at - row.created_at)
  return {
    progress: done ? 100 : (steps[Math.floor(steps.length * share)] ?? steps[0]),
    status: done ? 'success' : 'creating',
    error_code: null,
    error_msg: null,
    start_time: row.created_at,
    end_time: row.job_kind === 'create' ? row.job_ends_at : row.created_at,
  }
}

/**
 * Version of the management API that an instance speaks. The cloud shows the build, which means nothing to clients; here
 * it does not change with a release, so that no plan shows a difference after an upgrade.
 */
const API_VERSION = 'v2'
