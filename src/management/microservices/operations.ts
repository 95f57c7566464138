import { fault } from '../../contract/faults.js'
import type { MicroserviceImportReq } from '../../contract/generated/schemas.js'
import { apiOperations } from '../apis/operations.js'
import { placeholders } from '../apis/path.js'
import { groupOperations } from '../groups/operations.js'
import type { Handlers, OperationContext } from '../operation.js'
import { perform } from '../perform.js'
import { theGroup } from '../references.js'
import { vpcChannelOperations } from '../vpc-channels/operations.js'

export const microserviceOperations = {
  /** A channel to the microservice, and APIs that lead to it at their own paths: all of them or nothing. */
  importMicroservice: async ({ body }, context) => {
    const groupId = await groupFor(context, body)
    const name = serviceName(body)
    const channelId = await createChannel(context, body, name)
    const apis = []
    for (const api of body.apis) {
      const names = placeholders(api.req_uri)
      const created = await perform(context, apiOperations, 'createApiV2', {
        name: api.name ?? `${name}_${suffix(context)}`,
        type: 1,
        req_protocol: 'HTTPS',
        req_method: api.req_method ?? 'ANY',
        req_uri: api.req_uri,
        match_mode: api.match_mode ?? 'SWA',
        auth_type: body.auth_type ?? 'NONE',
        cors: body.cors ?? false,
        group_id: groupId,
        backend_type: 'HTTP',
        backend_api: {
          vpc_channel_status: 1,
          vpc_channel_info: { vpc_channel_id: channelId },
          req_protocol: protocolOf(body),
          req_method: api.req_method ?? 'ANY',
          req_uri: api.req_uri.replaceAll('+}', '}'),
          timeout: body.backend_timeout ?? DEFAULT_TIMEOUT,
        },
        req_params: names.map((name) => ({ name, type: 'STRING', location: 'PATH', required: 1 })),
        backend_params: names.map((name) => ({ name, location: 'PATH', origin: 'REQUEST', value: name })),
      })
      const { id, req_uri, req_method, match_mode } = created.body
      apis.push({ id, name: created.body.name, req_uri, req_method, match_mode })
    }
    return { status: 201, body: { vpc_channel_id: channelId, api_group_id: groupId, apis } }
  },
} satisfies Handlers

/** Milliseconds. */
const DEFAULT_TIMEOUT = 5_000
/** Characters of a channel's name before its suffix. */
const LONGEST_NAME = 59

/** How gateways speak to the microservice. */
const protocolOf = ({ protocol }: MicroserviceImportReq): 'HTTP' | 'HTTPS' => protocol ?? 'HTTPS'

async function groupFor(
  context: OperationContext,
  { group_info: { group_id: id, group_name: name } }: MicroserviceImportReq,
): Promise<string> {
  if (id) {
    await theGroup(context, id)
    return id
  }
  if (!name) throw fault('APIG.2001', { name: 'group_name' })
  const { body } = await perform(context, groupOperations, 'createApiGroupV2', { name })
  return body.id
}

async function createChannel(context: OperationContext, body: MicroserviceImportReq, name: string): Promise<string> {
  const { service_type, cse_info, cce_info, cce_service_info, nacos_info } = body
  const reply = await perform(context, vpcChannelOperations, 'createVpcChannelV2', {
    name: `${name}_${suffix(context)}`,
    port: cce_info?.port ?? cce_service_info?.port ?? (protocolOf(body) === 'HTTPS' ? 443 : 80),
    balance_strategy: 1,
    member_type: 'ip',
    vpc_channel_type: 'microservice',
    members: [],
    member_groups: memberGroups(body),
    microservice_info: { service_type, cse_info, cce_info, cce_service_info, nacos_info },
  })
  return reply.body.id ?? ''
}

/** Which of the registry's instances are meant: of one version, with labels, at a port. */
function memberGroups({ cse_info, cce_info, cce_service_info }: MicroserviceImportReq): unknown[] {
  const version = cse_info?.version ?? cce_info?.version
  const port = cce_info?.port ?? cce_service_info?.port
  const labels = cce_info?.labels
  if (version === undefined && port === undefined && labels === undefined) return []
  return [
    {
      member_group_name: 'default',
      ...(version !== undefined && { microservice_version: version }),
      ...(port !== undefined && { microservice_port: port }),
      ...(labels !== undefined && { microservice_labels: labels }),
    },
  ]
}

/** What its registry calls the microservice, as far as channels and APIs may be called so. */
function serviceName(body: MicroserviceImportReq): string {
  const { cse_info, cce_info, cce_service_info, nacos_info } = body
  const given =
    cce_info?.app_name ??
    cce_info?.label_value ??
    cce_service_info?.service_name ??
    nacos_info?.service_name ??
    cse_info?.service_id ??
    ''
  const name = given.replace(/[^A-Za-z0-9_\-.\u4e00-\u9fa5]/g, '_')
  return (/^[A-Za-z\u4e00-\u9fa5]/.test(name) ? name : `service_${name}`).slice(0, LONGEST_NAME)
}

const suffix = ({ newId }: OperationContext): string => newId().slice(0, 4)
