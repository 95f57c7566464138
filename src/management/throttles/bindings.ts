import { fault } from '../../contract/faults.js'
import type { ThrottleBindingRow } from '../../store/schema.js'
import {
  bindingsAmong,
  bindingsOfPublications,
  deleteBindings,
  insertBindings,
  listApisBoundTo,
  listApisNotBoundTo,
  listThrottlesOfApi,
} from '../../store/throttle-bindings.js'
import { notePlaces, planBindings } from '../binding-plan.js'
import type { Handlers, OperationContext } from '../operation.js'
import { allPublications, distinctIds, theApi } from '../references.js'
import { readTime, writtenTime } from '../time.js'
import { theThrottle } from './rules.js'
import { bindingView, boundThrottleView, throttledApiView } from './views.js'

export const throttleBindingOperations = {
  /** An API in an environment has one policy: another one takes its place, the same one stays as it is. */
  associateRequestThrottlingPolicyV2: async ({ body }, context) => {
    const { db, instanceId, now } = context
    const throttle = await theThrottle(context, body.strategy_id)
    const published = await allPublications(context, distinctIds(body.publish_ids, 'publish_ids'))
    const ids = published.map(({ publish_id }) => publish_id)
    const { replaced, added, bindings } = planBindings(
      published,
      await bindingsOfPublications(db, ids),
      ({ throttle_id }) => throttle_id === throttle.id,
      (place): ThrottleBindingRow => ({
        id: context.newId(),
        instance_id: instanceId,
        throttle_id: throttle.id,
        ...place,
        created_at: now,
      }),
    )
    await deleteBindings(db, replaced)
    await insertBindings(db, added)
    noteBindings(context, [...replaced, ...added])
    const applied = bindings.map(({ binding, isNew }) => bindingView(binding, isNew ? writtenTime : readTime))
    return { status: 201, body: { throttle_applys: applied } }
  },

  disassociateRequestThrottlingPolicyV2: async ({ path }, context) => {
    const bindings = await bindingsAmong(context.db, context.instanceId, [path.throttle_binding_id])
    if (bindings.length === 0) throw fault('APIG.3012')
    await deleteBindings(context.db, bindings)
    noteBindings(context, bindings)
    return { status: 204 }
  },

  /** What cannot be unbound is told item by item; the rest is unbound. */
  batchDisassociateThrottlingPolicyV2: async ({ body }, context) => {
    const ids = body.throttle_bindings?.length ? distinctIds(body.throttle_bindings, 'throttle_bindings') : []
    const bindings = await bindingsAmong(context.db, context.instanceId, ids)
    await deleteBindings(context.db, bindings)
    noteBindings(context, bindings)

    const unbound = new Set(bindings.map((binding) => binding.id))
    const { code, message } = fault('APIG.3012')
    const failure = ids
      .filter((id) => !unbound.has(id))
      .map((id) => ({ bind_id: id, error_code: code, error_msg: message }))
    return { status: 200, body: { success_count: unbound.size, failure } }
  },

  listApisBindedToRequestThrottlingPolicyV2: async ({ query }, context) => {
    const throttle = await theThrottle(context, query.throttle_id)
    const { total, rows } = await listApisBoundTo(context.db, throttle, query, query)
    return { status: 200, body: { total, size: rows.length, apis: rows.map(throttledApiView) } }
  },

  listApisUnbindedToRequestThrottlingPolicyV2: async ({ query }, context) => {
    const throttle = await theThrottle(context, query.throttle_id)
    const { total, rows } = await listApisNotBoundTo(context.db, throttle, query, query)
    return { status: 200, body: { total, size: rows.length, apis: rows.map(throttledApiView) } }
  },

  listRequestThrottlingPoliciesBindedToApiV2: async ({ query }, context) => {
    await theApi(context, query.api_id)
    const { total, rows } = await listThrottlesOfApi(context.db, query.api_id, query, query)
    return { status: 200, body: { total, size: rows.length, throttles: rows.map(boundThrottleView) } }
  },
} satisfies Handlers

function noteBindings({ changed }: OperationContext, bindings: readonly ThrottleBindingRow[]): void {
  notePlaces(changed, bindings)
  for (const { throttle_id } of bindings) changed(`throttle:${throttle_id}`)
}
