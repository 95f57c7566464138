import { fault } from '../../contract/faults.js'
import { instanceNameIsTaken, listInstances, updateInstance } from '../../store/instances.js'
import type { Handlers } from '../operation.js'
import { createInstance, DEFAULT_SERVICE } from './creation.js'
import { deleteInstance, purgeEndedDeletions } from './deletion.js'
import { maintenanceWindow } from './rules.js'
import { ownInstance, statusName } from './state.js'
import { instanceAttributes, instanceBase, instanceDetails, instanceProgress } from './views.js'
import { restriction } from './restriction.js'
import { availableZones } from './zones.js'

export const instanceOperations = {
  async listAvailableZonesV2(_request, { settings }) {
    return { status: 200, body: { available_zones: availableZones(settings.region) } }
  },

  async createInstanceV2({ body }, context) {
    const id = await createInstance(context, body)
    return { status: 202, body: provisioningJob(id, `JOB-${context.newId()}`) }
  },

  async listInstancesV2({ query }, context) {
    const { db, projectId, now } = context
    const filter = { id: query.instance_id, name: query.instance_name, state: statusName(query.status) }
    const { total, rows } = await listInstances(db, projectId, filter, now, query)
    return {
      status: 200,
      body: { total, size: rows.length, instances: rows.map((row) => instanceBase(row, context)) },
    }
  },

  async showDetailsOfInstanceV2(_request, context) {
    return { status: 200, body: instanceDetails(await ownInstance(context), context) }
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
    return { status: 200, body: { ...instanceBase(row, context), ...instanceAttributes(row, context) } }
  },

  async deleteInstancesV2(_request, context) {
    const { now, settings } = context
    await deleteInstance(context, await ownInstance(context), now, settings.instanceJobDuration)
    return { status: 204 }
  },
} satisfies Handlers

const provisioningJob = (id: string, job: string) => ({
  instance_id: id,
  message: `JOB_ASSIGNED_FOR_PROVISIONING_0003I:The job ${job} has been assigned to the instance ${id} for running provisioning.`,
  job_id: job,
})
