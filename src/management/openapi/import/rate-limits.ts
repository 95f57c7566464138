/** `x-apigateway-ratelimits`: throttling policies, which are the whole instance's (openapi-extensions.md §4.1). */
import { fault } from '../../../contract/faults.js'
import { deleteSpecial, listSpecials, listThrottles, type Throttle } from '../../../store/throttles.js'
import type { OperationContext } from '../../operation.js'
import { throttleOperations } from '../../throttles/operations.js'
import { list, member, present, text, truth, upperText } from '../node.js'
import type { DefinitionScope } from './definitions.js'
import { perform } from '../../perform.js'

const ALL = { offset: 0, limit: 500 }

/** @throws {Fault} as creating or changing the policy does */
export async function rateLimitOf(
  { context, overrides }: DefinitionScope,
  name: string,
  definition: unknown,
): Promise<string> {
  const stored = await storedRateLimit(context, name)
  if (stored !== undefined && !overrides) return stored.id
  const body = present({
    name,
    type: truth(member(definition, 'shared')) === true ? 2 : 1,
    api_call_limits: member(definition, 'api-limit'),
    user_call_limits: member(definition, 'user-limit'),
    app_call_limits: member(definition, 'app-limit'),
    ip_call_limits: member(definition, 'ip-limit'),
    time_interval: member(definition, 'interval'),
    time_unit: upperText(member(definition, 'unit')),
    remark: text(member(definition, 'description')) ?? stored?.remark,
  })
  const id = stored === undefined ? await create(context, body) : await change(context, stored, body)
  for (const special of list(member(definition, 'special'))) await addSpecial(context, id, special)
  return id
}

export async function storedRateLimit(
  { db, instanceId }: OperationContext,
  name: string,
): Promise<Throttle | undefined> {
  const { rows } = await listThrottles(db, instanceId, { name, precise_search: 'name' }, { offset: 0, limit: 1 })
  return rows[0]
}

async function create(context: OperationContext, body: unknown): Promise<string> {
  const reply = await perform(context, throttleOperations, 'createRequestThrottlingPolicyV2', body)
  return reply.body.id ?? ''
}

async function change(context: OperationContext, { id }: Throttle, body: unknown): Promise<string> {
  await perform(context, throttleOperations, 'updateRequestThrottlingPolicyV2', body, { throttle_id: id })
  const { rows } = await listSpecials(context.db, id, {}, ALL)
  for (const special of rows) await deleteSpecial(context.db, special.id)
  return id
}

async function addSpecial(context: OperationContext, throttleId: string, special: unknown): Promise<void> {
  const body = present({
    object_type: upperText(member(special, 'type')),
    object_id: text(member(special, 'instance')),
    call_limits: member(special, 'limit'),
  })
  if (body['object_id'] === undefined) throw fault('APIG.2001', { name: 'instance' })
  await perform(context, throttleOperations, 'createSpecialThrottlingConfigurationV2', body, {
    throttle_id: throttleId,
  })
}
