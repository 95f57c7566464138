import { fault } from '../../contract/faults.js'
import type { ThrottleBaseInfo } from '../../contract/generated/schemas.js'
import type { ThrottleRow } from '../../store/schema.js'
import {
  findSpecial,
  findThrottle,
  isThrottleNameTaken,
  type Throttle,
  type ThrottleSpecial,
} from '../../store/throttles.js'
import type { OperationContext } from '../operation.js'

/**
 * The limit of a caller may not exceed the limit of the level above: user ≤ api, app ≤ user ≤ api, ip ≤ api; 0 is no
 * limit. The gateway's feature `ratelimit` is no bound here: it is the rate of APIs that have no policy, and clients
 * send what the contract's own range allows.
 */
export function limitsAreNested(policy: ThrottleBaseInfo): void {
  const { api_call_limits: api, user_call_limits: user = 0, app_call_limits: app = 0, ip_call_limits: ip = 0 } = policy
  if (app > api || (user > 0 && app > user)) throw fault('APIG.2003', { name: 'app_call_limits' })
  if (user > api) throw fault('APIG.2003', { name: 'user_call_limits' })
  if (ip > api) throw fault('APIG.2003', { name: 'ip_call_limits' })
}

/** A special limit is at least 1 and may exceed the limit of its kind, but not the limit of the API. */
export function isPositive(callLimits: number): void {
  if (callLimits < 1) throw fault('APIG.2002', { name: 'call_limits' })
}

export function isWithin(policy: ThrottleRow, callLimits: number): void {
  if (callLimits > policy.api_call_limits) throw fault('APIG.2003', { name: 'call_limits' })
}

export async function nameIsFree({ db, instanceId }: OperationContext, name: string, except?: string): Promise<void> {
  if (await isThrottleNameTaken(db, instanceId, name, except)) throw fault('APIG.3204')
}

export async function theThrottle({ db, instanceId }: OperationContext, id: string): Promise<Throttle> {
  const throttle = await findThrottle(db, instanceId, id)
  if (throttle === undefined) throw fault('APIG.3005', { id })
  return throttle
}

export async function theSpecial({ db }: OperationContext, throttle: Throttle, id: string): Promise<ThrottleSpecial> {
  const special = await findSpecial(db, throttle.id, id)
  if (special === undefined) throw fault('APIG.3013', { id })
  return special
}
