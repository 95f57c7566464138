/**
 * Public access of an instance. There is no address to rent here: what is switched on and how wide it is are records,
 * and the address that they show is the one at which the gateway listens.
 */
import { fault } from '../../contract/faults.js'
import { updateInstance, type InstanceChange } from '../../store/instances.js'
import { ownInstance } from '../instances/state.js'
import type { Handlers, OperationContext } from '../operation.js'
import { bandwidthOf } from './rules.js'

export const publicAccessOperations = {
  /** Inbound, of instances whose load balancer is `lvs`. */
  async addEipV2({ body }, context) {
    const { loadbalancer_provider } = await ownInstance(context)
    const { eip_id: id } = body
    if (!id || loadbalancer_provider !== 'lvs') throw fault('APIC.7211', { name: 'eip_id' })
    await change(context, { eip_id: id })
    return { status: 200, body: { eip_id: id, eip_address: context.settings.ingressAddress, eip_status: 'ACTIVE' } }
  },

  async removeEipV2(_request, context) {
    const { eip_id } = await ownInstance(context)
    if (eip_id === '') throw fault('APIC.7311')
    await change(context, { eip_id: '' })
    return { status: 200, body: {} }
  },

  /** Outbound. */
  async addEngressEipV2({ body }, context) {
    const { bandwidth_size } = await ownInstance(context)
    if (bandwidth_size > 0) throw fault('APIC.7709')
    await change(context, {
      bandwidth_size: bandwidthOf(body),
      bandwidth_charging_mode: body.bandwidth_charging_mode ?? 'bandwidth',
    })
    return { status: 200, body: {} }
  },

  async updateEngressEipV2({ body }, context) {
    const { bandwidth_size, bandwidth_charging_mode } = await ownInstance(context)
    if (bandwidth_size === 0) throw fault('APIC.9211')
    await change(context, {
      bandwidth_size: bandwidthOf(body),
      bandwidth_charging_mode: body.bandwidth_charging_mode ?? bandwidth_charging_mode,
    })
    return { status: 200, body: {} }
  },

  async removeEngressEipV2(_request, context) {
    const { bandwidth_size } = await ownInstance(context)
    if (bandwidth_size === 0) throw fault('APIC.7311')
    await change(context, { bandwidth_size: 0, bandwidth_charging_mode: '' })
    return { status: 204 }
  },

  /** Inbound, of instances whose load balancer is `elb`. */
  async addIngressEipV2({ body }, context) {
    const { loadbalancer_provider, ingress_bandwidth_size } = await ownInstance(context)
    if (loadbalancer_provider !== 'elb') throw fault('APIC.7242')
    if (ingress_bandwidth_size > 0) throw fault('APIC.7711')
    await change(context, {
      ingress_bandwidth_size: bandwidthOf(body),
      ingress_bandwidth_charging_mode: body.bandwidth_charging_mode ?? 'bandwidth',
    })
    return { status: 202, body: updatingJob(context) }
  },

  async updateIngressEipV2({ body }, context) {
    const { ingress_bandwidth_size, ingress_bandwidth_charging_mode } = await ownInstance(context)
    if (ingress_bandwidth_size === 0) throw fault('APIC.9211')
    await change(context, {
      ingress_bandwidth_size: bandwidthOf(body),
      ingress_bandwidth_charging_mode: body.bandwidth_charging_mode ?? ingress_bandwidth_charging_mode,
    })
    return { status: 202, body: updatingJob(context) }
  },

  async removeIngressEipV2(_request, context) {
    const { ingress_bandwidth_size } = await ownInstance(context)
    if (ingress_bandwidth_size === 0) throw fault('APIC.7311')
    await change(context, { ingress_bandwidth_size: 0, ingress_bandwidth_charging_mode: '' })
    return { status: 204 }
  },
} satisfies Handlers

async function change({ db, instanceId, now }: OperationContext, attributes: InstanceChange): Promise<void> {
  await updateInstance(db, instanceId, attributes, now)
}

function updatingJob({ instanceId, newId }: OperationContext) {
  const job = `JOB-${newId()}`
  return {
    instance_id: instanceId,
    message: `JOB_ASSIGNED_FOR_UPDATE_0077I:The job ${job} is assigned to the instance ${instanceId} for running updating`,
    job_id: job,
  }
}
