/**
 * What a definition points at outside itself. Channels, authorizers and orchestration rules cannot be made in this
 * version: an id of one is never known, and answers what an unknown id answers.
 */
import { fault } from '../../contract/faults.js'
import type { ApiConditionBase, ApiCreate, CoditionResp } from '../../contract/generated/schemas.js'
import { isGatewayResponse } from '../../store/apis.js'
import type { Database } from '../../store/store.js'

type HttpTarget = NonNullable<ApiCreate['backend_api']> | NonNullable<ApiCreate['policy_https']>[number]

/**
 * Looks up everything that a definition refers to. Function URNs are taken as they are: no function service is
 * configured that could know them.
 *
 * @throws {Fault} 404 3088 response, 3081 authorizer, 3023 channel, 3095 orchestration rule
 */
export async function referencesExist(db: Database, api: ApiCreate): Promise<void> {
  const { response_id: responseId, group_id: groupId } = api
  if (responseId && !(await isGatewayResponse(db, groupId, responseId))) throw fault('APIG.3088', { id: responseId })
  for (const id of authorizersOf(api)) if (id) throw fault('APIG.3081', { id })
  for (const target of httpTargetsOf(api)) {
    const id = channelOf(target)
    if (id !== undefined) throw fault('APIG.3023', { id })
  }
  if (api.req_params?.some(({ orchestrations }) => (orchestrations?.length ?? 0) > 0)) throw fault('APIG.3095')
}

/** @throws {Fault} 404 3095 for the result of an orchestration rule, which no rule produces */
export function conditionOrigin({ condition_origin: origin }: ApiConditionBase): CoditionResp['condition_origin'] {
  if (origin === 'orchestration') throw fault('APIG.3095')
  return origin
}

function authorizersOf(api: ApiCreate): (string | undefined)[] {
  return [
    api.authorizer_id,
    api.backend_api?.authorizer_id,
    api.func_info?.authorizer_id,
    api.mock_info?.authorizer_id,
    ...[...(api.policy_https ?? []), ...(api.policy_functions ?? []), ...(api.policy_mocks ?? [])].map(
      ({ authorizer_id }) => authorizer_id,
    ),
  ]
}

function httpTargetsOf({ backend_api, policy_https }: ApiCreate): HttpTarget[] {
  return [...(backend_api === undefined ? [] : [backend_api]), ...(policy_https ?? [])]
}

function channelOf({ vpc_channel_status: status, vpc_channel_info: channel }: HttpTarget): string | undefined {
  return status === 2 ? undefined : channel?.vpc_channel_id
}
