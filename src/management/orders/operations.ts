/**
 * Orders. Nothing is charged: an order is paid when it is placed, and what it asks for is done like what is asked for
 * without one. The records stay, with the terms as they were sent.
 */
import { fault } from '../../contract/faults.js'
import { setConfig } from '../../store/configs.js'
import { editionOf, startResize } from '../../store/instances.js'
import { insertOrder } from '../../store/orders.js'
import type { OrderRow } from '../../store/schema.js'
import { createInstance } from '../instances/creation.js'
import { apiLimit, type Edition } from '../instances/editions.js'
import { ownInstance } from '../instances/state.js'
import type { Handlers, OperationContext } from '../operation.js'
import { largerEdition, newOrderId } from './rules.js'

export const orderOperations = {
  async createOrder({ body: { instance_info: wanted, ...terms } }, context) {
    if (wanted === undefined) throw fault('APIC.7211', { name: 'instanceInfo' })
    const orderId = newOrderId(context.now)
    const { charging_mode = PREPAID, product_id } = terms
    const instanceId = await createInstance(context, wanted, {
      charging_mode,
      cbc_metadata: product_id ? `${orderId}:${product_id}` : orderId,
    })
    await record(context, { id: orderId, kind: 'prepaid-instance', instanceId, edition: wanted.spec_id, terms })
    return { status: 200, body: { order_id: orderId } }
  },

  async createPrepayResize({ body: { instance_id, resize_info, ...terms } }, context) {
    const { instanceId, now } = context
    if (instance_id && instance_id !== instanceId) throw fault('APIC.7211', { name: 'instanceId' })
    if (resize_info === undefined) throw fault('APIC.7211', { name: 'resizeInfo' })
    const orderId = newOrderId(now)
    const edition = await resize(context, resize_info.spec_id, orderId)
    await record(context, { id: orderId, kind: 'prepaid-resize', instanceId, edition, terms })
    return { status: 202, body: { order_id: orderId } }
  },

  async createPostPayResizeOrder({ body }, context) {
    const { instanceId, now, newId } = context
    const edition = await resize(context, body.spec_id, '')
    await record(context, { id: newOrderId(now), kind: 'postpaid-resize', instanceId, edition, terms: {} })
    const job = `JOB-${newId()}`
    return {
      status: 202,
      body: {
        instance_id: instanceId,
        message: `JOB_ASSIGNED_FOR_RESIZE_0086I:The job ${job} is assigned to resize instance.`,
        job_id: job,
      },
    }
  },
} satisfies Handlers

/** As instances show it; 0 is pay-per-use. */
const PREPAID = 1

/** Begins the resize; `orderId` names what locks the instance meanwhile, empty when nothing does. */
async function resize(context: OperationContext, wanted: string | undefined, orderId: string): Promise<Edition> {
  const { db, instanceId, now, settings } = context
  const from = editionOf(await ownInstance(context), now)
  const to = largerEdition(from, wanted)
  await startResize(db, instanceId, { from, to, orderId, startsAt: now, endsAt: now + settings.instanceJobDuration })
  // Until the job ends nothing can be created anyway.
  await setConfig(db, instanceId, 'API_NUM_LIMIT', String(apiLimit.get(to)))
  return to
}

interface PlacedOrder extends Pick<OrderRow, 'id' | 'kind'> {
  readonly instanceId: string
  readonly edition: Edition
  readonly terms: object
}

async function record({ db, projectId, caller, now }: OperationContext, order: PlacedOrder): Promise<void> {
  await insertOrder(db, {
    id: order.id,
    project_id: projectId,
    user_id: caller.userId,
    kind: order.kind,
    resource_id: order.instanceId,
    spec_id: order.edition,
    terms: JSON.stringify(order.terms),
    created_at: now,
  })
}
