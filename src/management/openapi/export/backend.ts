/** Back ends of an API as `x-apigateway-backend` and its policies (openapi-extensions.md §4.5, §4.6). */
import type { ApiDocument } from '../../../contract/api-document.js'
import type {
  ApiPolicyFunctionResp,
  ApiPolicyHttpResp,
  ApiPolicyMockResp,
  BackendParam,
  CoditionResp,
} from '../../../contract/generated/schemas.js'
import { present } from '../node.js'
import type { ExportContent } from './content.js'
import { isExported } from './parameters.js'

type Exported = Record<string, unknown>
type HttpTarget = NonNullable<ApiDocument['backend_api']> | ApiPolicyHttpResp
type FunctionTarget = NonNullable<ApiDocument['func_info']> | ApiPolicyFunctionResp
type MockTarget = NonNullable<ApiDocument['mock_info']> | ApiPolicyMockResp
type Policy = ApiPolicyHttpResp | ApiPolicyFunctionResp | ApiPolicyMockResp

export function backendOf(document: ApiDocument, content: ExportContent): Exported {
  const { backend_api, func_info, mock_info } = document
  const parameters = backendParameters(document.backend_params, document)
  if (backend_api !== undefined) return { ...httpTarget(backend_api, backend_api.remark, content), ...parameters }
  if (func_info !== undefined) return { ...functionTarget(func_info, func_info.remark), ...parameters }
  return { ...mockTarget(mock_info ?? {}, mock_info?.remark), ...parameters }
}

/** Undefined when there are none. */
export function backendPoliciesOf(document: ApiDocument, content: ExportContent): Exported[] | undefined {
  const policies = [
    ...document.policy_https.map((policy) =>
      policyOf(policy, httpTarget(policy, undefined, content), document, content),
    ),
    ...document.policy_functions.map((policy) =>
      policyOf(policy, functionTarget(policy, undefined), document, content),
    ),
    ...document.policy_mocks.map((policy) => policyOf(policy, mockTarget(policy, undefined), document, content)),
  ]
  return policies.length === 0 ? undefined : policies
}

function policyOf(policy: Policy, target: Exported, document: ApiDocument, { authorizers }: ExportContent): Exported {
  const { name, effect_mode, conditions, backend_params, authorizer_id } = policy
  return present({
    ...target,
    name,
    'effect-mode': effect_mode,
    conditions: conditions.map(conditionOf),
    authorizer: authorizer_id ? authorizers.get(authorizer_id)?.name : undefined,
    ...backendParameters(backend_params ?? [], document),
  })
}

function httpTarget(target: HttpTarget, remark: string | undefined, { channels }: ExportContent): Exported {
  const called = {
    scheme: target.req_protocol?.toLowerCase(),
    method: target.req_method,
    path: target.req_uri,
    timeout: target.timeout,
    description: remark || undefined,
    retryCount: target.retry_count,
    enableClientSsl: 'enable_client_ssl' in target ? target.enable_client_ssl : undefined,
    enableSmChannel: target.enable_sm_channel,
  }
  const { vpc_channel_status: status, vpc_channel_info: info, member_group_url_infos: groups } = target
  if (status === 2 || info === undefined)
    return { type: 'HTTP', httpEndpoints: present({ address: target.url_domain, ...called }) }
  const channel = channels.get(info.vpc_channel_id)
  const memberGroups =
    status === 4
      ? (groups ?? []).map((group) =>
          present({
            name: channel?.groups.get(group.member_group_id) ?? group.member_group_id,
            scheme: group.req_protocol.toLowerCase(),
            method: group.req_method,
            path: group.req_uri,
          }),
        )
      : undefined
  return {
    type: 'HTTP-VPC',
    httpVpcEndpoints: present({
      name: channel?.name ?? info.vpc_channel_id,
      cascade_flag: false,
      host: info.vpc_channel_proxy_host || undefined,
      memberGroups,
      ...called,
    }),
  }
}

function functionTarget(target: FunctionTarget, remark: string | undefined): Exported {
  return {
    type: 'FUNCTION',
    functionEndpoints: present({
      'function-urn': target.function_urn,
      version: target.version,
      'alias-urn': target.alias_urn,
      'invocation-type': target.invocation_type,
      'network-type': target.network_type,
      req_protocol: target.req_protocol,
      timeout: target.timeout,
      description: remark || undefined,
    }),
  }
}

function mockTarget(target: Partial<MockTarget>, remark: string | undefined): Exported {
  return {
    type: 'MOCK',
    mockEndpoints: present({
      'result-content': target.result_content ?? '',
      'status-code': target.status_code,
      headers: target.header,
      description: remark || undefined,
    }),
  }
}

/** What a parameter that is not exported would give is not exported either. */
function backendParameters(
  parameters: readonly BackendParam[],
  { req_params }: ApiDocument,
): { parameters?: Exported[] } {
  const names = new Set(req_params.filter(isExported).map(({ name }) => name))
  const exported = parameters
    .filter(({ origin, value }) => origin !== 'REQUEST' || names.has(value))
    .map(({ name, value, location, origin, remark }) =>
      present({ name, value, in: location, origin, description: remark || undefined }),
    )
  return exported.length === 0 ? {} : { parameters: exported }
}

function conditionOf(condition: CoditionResp): Exported {
  const { condition_origin: origin, condition_type: type = 'exact', condition_value: value } = condition
  return present({
    type: type === 'exact' ? 'equal' : type,
    value,
    origin: origin === 'param' ? 'request' : origin,
    parameter:
      condition.req_param_name ??
      condition.sys_param_name ??
      condition.cookie_param_name ??
      condition.frontend_authorizer_param_name ??
      condition.mapped_param_name,
    location: condition.mapped_param_location,
  })
}
