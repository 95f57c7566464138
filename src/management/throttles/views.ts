import type { ReplyBody } from '../../contract/operation.js'
import type { ApiForThrottle, ThrottleForApi } from '../../contract/generated/schemas.js'
import type { ThrottleBindingRow } from '../../store/schema.js'
import type { BoundThrottle, ThrottledApi } from '../../store/throttle-bindings.js'
import type { Throttle, ThrottleSpecial } from '../../store/throttles.js'
import { publishedApiView } from '../published-api-views.js'
import { readTime } from '../time.js'

type Time = (moment: number) => string

/** A limit of 0 is none, and is left out: the contract knows limits from 1. */
export function throttleView(throttle: Throttle, time: Time): ReplyBody<'createRequestThrottlingPolicyV2'> {
  const { user_call_limits, app_call_limits, ip_call_limits } = throttle
  return {
    id: throttle.id,
    name: throttle.name,
    remark: throttle.remark,
    type: throttle.type === 1 ? 1 : 2,
    time_interval: throttle.time_interval,
    time_unit: throttle.time_unit,
    api_call_limits: throttle.api_call_limits,
    ...(user_call_limits > 0 && { user_call_limits }),
    ...(app_call_limits > 0 && { app_call_limits }),
    ...(ip_call_limits > 0 && { ip_call_limits }),
    enable_adaptive_control: throttle.enable_adaptive_control,
    bind_num: throttle.bind_num,
    is_inclu_special_throttle: throttle.special_num > 0 ? 1 : 2,
    create_time: time(throttle.created_at),
  }
}

export function boundThrottleView(throttle: BoundThrottle): ThrottleForApi {
  return {
    ...throttleView(throttle, readTime),
    env_name: throttle.env_name,
    bind_id: throttle.bind_id,
    bind_time: readTime(throttle.bound_at),
  }
}

export function specialView(special: ThrottleSpecial, time: Time): ReplyBody<'createSpecialThrottlingConfigurationV2'> {
  return {
    id: special.id,
    throttle_id: special.throttle_id,
    object_type: special.object_type,
    object_id: special.object_id,
    object_name: special.app_name ?? special.user_name ?? special.object_id,
    ...(special.object_type === 'APP' && { app_id: special.object_id, app_name: special.app_name ?? '' }),
    call_limits: special.call_limits,
    apply_time: time(special.created_at),
  }
}

export function bindingView(
  binding: ThrottleBindingRow,
  time: Time,
): NonNullable<ReplyBody<'associateRequestThrottlingPolicyV2'>['throttle_applys']>[number] {
  return {
    id: binding.id,
    publish_id: binding.publish_id,
    // A policy holds for the whole API; bindings of one user or one app are not in use.
    scope: 1,
    strategy_id: binding.throttle_id,
    apply_time: time(binding.created_at),
  }
}

/** The policy, its binding and the time of it are those in force, also in the list of what another could be bound to. */
export function throttledApiView({ binding, ...api }: ThrottledApi): ApiForThrottle {
  return {
    ...publishedApiView(api),
    ...(binding !== undefined && {
      throttle_apply_id: binding.bind_id,
      throttle_name: binding.throttle_name,
      apply_time: readTime(binding.bound_at),
    }),
  }
}
