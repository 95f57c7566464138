import { fault } from '../../contract/faults.js'
import type { ThrottleSpecialRow } from '../../store/schema.js'
import {
  countSpecials,
  deleteSpecial,
  hasSpecialFor,
  insertSpecial,
  listSpecials,
  updateSpecial,
} from '../../store/throttles.js'
import { theApp, unknownAppBeside } from '../apps/rules.js'
import type { Handlers } from '../operation.js'
import { withinQuota } from '../quotas.js'
import { readTime, writtenTime } from '../time.js'
import { isPositive, isWithin, theSpecial, theThrottle } from './rules.js'
import { specialView } from './views.js'

const quotaOf = { APP: 'APP_THROTTLE_LIMIT', USER: 'USER_THROTTLE_LIMIT' } as const

export const throttleSpecialOperations = {
  createSpecialThrottlingConfigurationV2: async ({ path, body }, context) => {
    const { db, instanceId, now } = context
    const throttle = await theThrottle(context, path.throttle_id)
    isPositive(body.call_limits)
    if (body.object_id === '') throw fault('APIG.2001', { name: 'object_id' })
    // Users are accounts and projects, of other systems too: only apps can be looked up.
    if (body.object_type === 'APP') await theApp(context, body.object_id, unknownAppBeside)
    isWithin(throttle, body.call_limits)
    if (await hasSpecialFor(db, throttle.id, body)) throw fault('APIG.3308')
    await withinQuota(context, quotaOf[body.object_type], await countSpecials(db, throttle.id, body.object_type))
    const special: ThrottleSpecialRow = {
      id: context.newId(),
      instance_id: instanceId,
      throttle_id: throttle.id,
      object_type: body.object_type,
      object_id: body.object_id,
      call_limits: body.call_limits,
      created_at: now,
    }
    await insertSpecial(db, special)
    context.changed(`throttle:${throttle.id}`)
    return { status: 201, body: specialView(await theSpecial(context, throttle, special.id), writtenTime) }
  },

  updateSpecialThrottlingConfigurationV2: async ({ path, body }, context) => {
    const throttle = await theThrottle(context, path.throttle_id)
    const special = await theSpecial(context, throttle, path.strategy_id)
    isPositive(body.call_limits)
    isWithin(throttle, body.call_limits)
    await updateSpecial(context.db, special.id, body.call_limits)
    context.changed(`throttle:${throttle.id}`)
    return { status: 200, body: specialView({ ...special, call_limits: body.call_limits }, writtenTime) }
  },

  listSpecialThrottlingConfigurationsV2: async ({ path, query }, context) => {
    const throttle = await theThrottle(context, path.throttle_id)
    const { total, rows } = await listSpecials(context.db, throttle.id, query, query)
    const specials = rows.map((special) => specialView(special, readTime))
    return { status: 200, body: { total, size: specials.length, throttle_specials: specials } }
  },

  deleteSpecialThrottlingConfigurationV2: async ({ path }, context) => {
    const throttle = await theThrottle(context, path.throttle_id)
    const special = await theSpecial(context, throttle, path.strategy_id)
    await deleteSpecial(context.db, special.id)
    context.changed(`throttle:${throttle.id}`)
    return { status: 204 }
  },
} satisfies Handlers
