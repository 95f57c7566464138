import { fault } from '../../contract/faults.js'
import type { ThrottleBaseInfo } from '../../contract/generated/schemas.js'
import { countIn } from '../../store/counts.js'
import type { ThrottleRow } from '../../store/schema.js'
import { deleteThrottle, insertThrottle, listThrottles, updateThrottle } from '../../store/throttles.js'
import type { Handlers } from '../operation.js'
import { withinQuota } from '../quotas.js'
import { readTime, writtenTime } from '../time.js'
import { throttleBindingOperations } from './bindings.js'
import { limitsAreNested, nameIsFree, theThrottle } from './rules.js'
import { throttleSpecialOperations } from './specials.js'
import { throttleView } from './views.js'

export const throttleOperations = {
  createRequestThrottlingPolicyV2: async ({ body }, context) => {
    const { db, instanceId } = context
    limitsAreNested(body)
    await withinQuota(context, 'THROTTLE_NUM_LIMIT', await countIn(db, 'throttles', instanceId))
    await nameIsFree(context, body.name)
    const throttle: ThrottleRow = {
      id: context.newId(),
      instance_id: instanceId,
      ...attributes(body),
      created_at: context.now,
    }
    await insertThrottle(db, throttle)
    context.changed(`throttle:${throttle.id}`)
    return { status: 201, body: throttleView({ ...throttle, bind_num: 0, special_num: 0 }, writtenTime) }
  },

  /** Special limits above the new limit stay: the limit of the API holds for them as well. */
  updateRequestThrottlingPolicyV2: async ({ path, body }, context) => {
    const before = await theThrottle(context, path.throttle_id)
    limitsAreNested(body)
    await nameIsFree(context, body.name, before.id)
    const { bind_num, special_num, ...row } = before
    const throttle: ThrottleRow = { ...row, ...attributes(body) }
    await updateThrottle(context.db, throttle)
    context.changed(`throttle:${throttle.id}`)
    return { status: 200, body: throttleView({ ...throttle, bind_num, special_num }, writtenTime) }
  },

  showDetailsOfRequestThrottlingPolicyV2: async ({ path }, context) => {
    const throttle = await theThrottle(context, path.throttle_id)
    return { status: 200, body: throttleView(throttle, readTime) }
  },

  listRequestThrottlingPolicyV2: async ({ query }, { db, instanceId }) => {
    const { total, rows } = await listThrottles(db, instanceId, query, query)
    const throttles = rows.map((throttle) => throttleView(throttle, readTime))
    return { status: 200, body: { total, size: throttles.length, throttles } }
  },

  deleteRequestThrottlingPolicyV2: async ({ path }, context) => {
    const throttle = await theThrottle(context, path.throttle_id)
    if (throttle.bind_num > 0) throw fault('APIG.3451')
    await deleteThrottle(context.db, throttle.id)
    context.changed(`throttle:${throttle.id}`)
    return { status: 204 }
  },

  ...throttleSpecialOperations,
  ...throttleBindingOperations,
} satisfies Handlers

/** What a create or an update sets: all of it, what is left out to its default. */
function attributes(body: ThrottleBaseInfo): Omit<ThrottleRow, 'id' | 'instance_id' | 'created_at'> {
  return {
    name: body.name,
    remark: body.remark ?? '',
    type: body.type ?? 1,
    time_interval: body.time_interval,
    time_unit: body.time_unit,
    api_call_limits: body.api_call_limits,
    user_call_limits: body.user_call_limits ?? 0,
    app_call_limits: body.app_call_limits ?? 0,
    ip_call_limits: body.ip_call_limits ?? 0,
    // Whatever was sent: the gateway has no adaptive control, and says so.
    enable_adaptive_control: 'FALSE',
  }
}
