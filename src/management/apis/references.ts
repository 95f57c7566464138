/** What a definition uses outside itself: channels, authorizers, orchestration rules, a gateway response. */
import { fault } from '../../contract/faults.js'
import type { ApiCreate } from '../../contract/generated/schemas.js'
import { keyOf, type ApiReference, type ReferenceKind } from '../../store/api-references.js'
import { isGatewayResponse } from '../../store/apis.js'
import { authorizersAmong } from '../../store/authorizers.js'
import { groupsOfChannels } from '../../store/channel-groups.js'
import { orchestrationsAmong } from '../../store/orchestrations.js'
import { channelsAmong } from '../../store/vpc-channels.js'
import type { OperationContext } from '../operation.js'
import { orchestrationsFit } from './orchestration-chain.js'

interface Target {
  readonly authorizer_id?: string | undefined
  readonly vpc_channel_status?: number | undefined
  readonly vpc_channel_info?: { readonly vpc_channel_id: string } | undefined
  readonly member_group_url_infos?: readonly { readonly member_group_id: string }[] | undefined
}

/** A definition, as it is sent or as it is stored. */
export interface Referring {
  readonly authorizer_id?: string | undefined
  readonly backend_api?: Target | undefined
  readonly func_info?: Target | undefined
  readonly mock_info?: Target | undefined
  readonly policy_https?: readonly Target[] | undefined
  readonly policy_functions?: readonly Target[] | undefined
  readonly policy_mocks?: readonly Target[] | undefined
  readonly req_params?: readonly { readonly orchestrations?: readonly string[] | undefined }[] | undefined
}

/** Each thing that a definition uses, once. */
export function referencesOf(api: Referring): ApiReference[] {
  const targets = targetsOf(api)
  const references = [
    ...ids(
      'authorizer',
      [api, ...targets].map(({ authorizer_id }) => authorizer_id),
    ),
    ...ids('channel', targets.map(channelOf)),
    ...ids(
      'orchestration',
      (api.req_params ?? []).flatMap(({ orchestrations = [] }) => orchestrations),
    ),
  ]
  return [...new Map(references.map((reference) => [keyOf(reference), reference])).values()]
}

/**
 * Looks up everything that a definition uses. Function URNs are taken as they are: no function service is configured
 * that could know them.
 *
 * @throws {Fault} 404 3088 response, 3081 authorizer, 3023 channel, 3024 member group, 3095 orchestration rule; 2011
 *   `authorizer_id` for an authorizer of the other side; what `orchestrationsFit` throws
 */
export async function referencesExist(context: OperationContext, api: ApiCreate): Promise<void> {
  const { db, instanceId } = context
  const { response_id: responseId, group_id: groupId } = api
  if (responseId && !(await isGatewayResponse(db, groupId, responseId))) throw fault('APIG.3088', { id: responseId })
  await authorizersExist(context, api)
  await channelsExist(context, api)
  const rules = (api.req_params ?? []).flatMap(({ orchestrations = [] }) => orchestrations)
  orchestrationsFit(api, await orchestrationsAmong(db, instanceId, [...new Set(rules)]))
}

/** The refusal that a thing gets which is not there any more. @throws {Fault} 404 3081, 3023, 3095 */
export function isThere(reference: ApiReference, existing: ReadonlySet<string>): void {
  if (existing.has(keyOf(reference))) return
  const { kind, id } = reference
  switch (kind) {
    case 'authorizer':
      throw fault('APIG.3081', { id })
    case 'channel':
      throw fault('APIG.3023', { id })
    case 'orchestration':
      throw fault('APIG.3095')
  }
}

async function authorizersExist({ db, instanceId }: OperationContext, api: ApiCreate): Promise<void> {
  const used = [
    { id: api.authorizer_id, type: 'FRONTEND' },
    ...targetsOf(api).map(({ authorizer_id: id }) => ({ id, type: 'BACKEND' })),
  ]
  const known = new Map(
    (
      await authorizersAmong(
        db,
        instanceId,
        used.flatMap(({ id }) => id || []),
      )
    ).map((row) => [row.id, row]),
  )
  for (const { id, type } of used) {
    if (!id) continue
    const authorizer = known.get(id)
    if (authorizer === undefined) throw fault('APIG.3081', { id })
    if (authorizer.type !== type) throw fault('APIG.2011', { name: 'authorizer_id' })
  }
}

async function channelsExist({ db, instanceId }: OperationContext, api: ApiCreate): Promise<void> {
  const used = targetsOf(api).flatMap((target) => {
    const id = channelOf(target)
    return id ? [{ id, target }] : []
  })
  const channelIds = [...new Set(used.map(({ id }) => id))]
  const channels = await channelsAmong(db, instanceId, channelIds)
  for (const id of channelIds) if (!channels.has(id)) throw fault('APIG.3023', { id })
  const groups = await groupsOfChannels(db, channelIds)
  for (const { id, target } of used) {
    if (target.vpc_channel_status !== BY_GROUP) continue
    for (const { member_group_id: groupId } of target.member_group_url_infos ?? [])
      if (!groups.get(id)?.some((group) => group.id === groupId)) throw fault('APIG.3024', { id: groupId })
  }
}

/** `vpc_channel_status` of a back end that is called on another path for each member group. */
const BY_GROUP = 4

function targetsOf(api: Referring): Target[] {
  const { backend_api, func_info, mock_info, policy_https = [], policy_functions = [], policy_mocks = [] } = api
  return [
    ...[backend_api, func_info, mock_info].flatMap((target) => target ?? []),
    ...policy_https,
    ...policy_functions,
    ...policy_mocks,
  ]
}

function channelOf({ vpc_channel_status: status, vpc_channel_info: channel }: Target): string | undefined {
  return status === 2 ? undefined : channel?.vpc_channel_id
}

function ids(kind: ReferenceKind, given: readonly (string | undefined)[]): ApiReference[] {
  return given.flatMap((id) => (id ? [{ kind, id }] : []))
}
