/**
 * From a definition as management stores it to the form that gateways run: defaults filled in, flags as truth values,
 * environment variables in place. Pure: the same document and variables always give the same definition.
 */
import type { ApiDocument } from '../contract/api-document.js'
import type {
  ApiFunc,
  ApiMock,
  ApiPolicyFunctionResp,
  ApiPolicyHttpResp,
  ApiPolicyMockResp,
  BackendParam,
  CoditionResp,
  MemberGroupUrlInfo,
  ReqParam,
} from '../contract/generated/schemas.js'
import type {
  ApiDefinition,
  Backend,
  BackendParameter,
  Condition,
  FunctionBackend,
  HttpBackend,
  MemberGroupCall,
  MockBackend,
  OrchestrationRule,
  PolicyBackend,
  RequestParameter,
} from './api-definition.js'
import { substitute } from './variables.js'

type Variables = Readonly<Record<string, string>>

/** Milliseconds for a back end that says nothing, as stored by a version that didn't fill it in. */
const DEFAULT_TIMEOUT = 5_000

const NO_RULES: ReadonlyMap<string, OrchestrationRule> = new Map()

/** @param rules those that its parameters use, by id; one that isn't there is left out */
export function compileDefinition(
  document: ApiDocument,
  variables: Variables,
  rules: ReadonlyMap<string, OrchestrationRule> = NO_RULES,
): ApiDefinition {
  return {
    id: document.id,
    name: document.name,
    req_protocol: document.req_protocol,
    req_method: document.req_method,
    req_uri: document.req_uri,
    match_mode: document.match_mode,
    auth_type: document.auth_type,
    app_code_auth_type: document.auth_opt.app_code_auth_type ?? 'DISABLE',
    ...(document.authorizer_id && { authorizer_id: document.authorizer_id }),
    cors: document.cors,
    ...(document.response_id && { response_id: document.response_id }),
    ...(document.content_type && { content_type: document.content_type }),
    ...(document.is_send_fg_body_base64 === false && { function_body_as_text: true }),
    req_params: document.req_params.map((parameter) => requestParameter(parameter, rules)),
    backend: defaultBackend(document, variables),
    policies: policies(document, variables),
  }
}

function defaultBackend(document: ApiDocument, variables: Variables): Backend {
  const { backend_api, func_info, mock_info } = document
  const params = backendParameters(document.backend_params, document.req_params)
  if (backend_api !== undefined) return httpBackend(backend_api, params, variables)
  if (func_info !== undefined) return functionBackend(func_info, params)
  return mockBackend(mock_info ?? {}, params)
}

/** In the order in which they are tried: backends.md §1. */
function policies(document: ApiDocument, variables: Variables): PolicyBackend[] {
  const parameters = (policy: { backend_params?: BackendParam[] | undefined }) =>
    backendParameters(policy.backend_params ?? [], document.req_params)
  return [
    ...document.policy_https.map((policy) => policyBackend(policy, httpBackend(policy, parameters(policy), variables))),
    ...document.policy_functions.map((policy) => policyBackend(policy, functionBackend(policy, parameters(policy)))),
    ...document.policy_mocks.map((policy) => policyBackend(policy, mockBackend(policy, parameters(policy)))),
  ]
}

function policyBackend(
  { name, effect_mode, conditions }: ApiPolicyHttpResp | ApiPolicyFunctionResp | ApiPolicyMockResp,
  backend: Backend,
): PolicyBackend {
  return { name, effect_mode, conditions: conditions.map(condition), backend }
}

function condition(stored: CoditionResp): Condition {
  const { condition_origin: origin, condition_type: type = 'exact', condition_value: value } = stored
  switch (origin) {
    case 'source':
      return { origin, type, value }
    case 'system':
      return { origin, type, value, ...named(stored.sys_param_name) }
    case 'cookie':
      return { origin, type, value, ...named(stored.cookie_param_name) }
    case 'frontend_authorizer':
      return { origin, type, value, ...named(stored.frontend_authorizer_param_name) }
    case 'orchestration': {
      const { mapped_param_location: location } = stored
      const place = location && ({ location: location === 'header' ? 'HEADER' : 'QUERY' } as const)
      return { origin, type, value, ...named(stored.mapped_param_name), ...place }
    }
    case 'param':
      return { origin, type, value, ...named(stored.req_param_name) }
  }
}

const named = (name: string | undefined): { name?: string } => (name === undefined ? {} : { name })

function requestParameter(stored: ReqParam, rules: ReadonlyMap<string, OrchestrationRule>): RequestParameter {
  const { name, location, type, default_value, enumerations } = stored
  const required = location === 'PATH' ? stored.required !== 2 : stored.required === 1
  const orchestrations = (stored.orchestrations ?? []).flatMap((id) => rules.get(id) ?? [])
  return {
    name,
    location,
    type,
    required,
    validate: stored.valid_enable === 1,
    pass_through: stored.pass_through === 1,
    ...(default_value && { default_value }),
    ...(enumerations && { enumerations }),
    ...(type === 'NUMBER' ? range('min_num', 'max_num', stored) : range('min_size', 'max_size', stored)),
    ...(orchestrations.length > 0 && { orchestrations }),
  }
}

/** Exports write 0 for a limit that is not set: two zeros are no limits (backends.md §5). */
function range<Min extends 'min_num' | 'min_size', Max extends 'max_num' | 'max_size'>(
  min: Min,
  max: Max,
  stored: ReqParam,
): { [Key in Min | Max]?: number } {
  const limits: { [Key in Min | Max]?: number } = {}
  const [least, most] = [stored[min], stored[max]]
  if (!least && !most) return limits
  if (least !== undefined) Object.assign(limits, { [min]: least })
  if (most !== undefined) Object.assign(limits, { [max]: most })
  return limits
}

function backendParameters(stored: readonly BackendParam[], requested: readonly ReqParam[]): BackendParameter[] {
  const reachable = (value: string) => requested.some(({ name }) => name === value)
  return stored
    .filter(({ origin, value }) => origin !== 'REQUEST' || reachable(value))
    .map(({ name, location, origin, value }) => ({
      name,
      location,
      origin,
      value: origin === 'SYSTEM' && !value.startsWith('$context.') ? `$context.${value}` : value,
    }))
}

function httpBackend(
  stored: Omit<ApiPolicyHttpResp, 'name' | 'effect_mode' | 'conditions' | 'vpc_channel_status'> & {
    vpc_channel_status?: number | undefined
    enable_client_ssl?: boolean | undefined
  },
  params: readonly BackendParameter[],
  variables: Variables,
): HttpBackend {
  const { vpc_channel_status: status, vpc_channel_info: channel, url_domain } = stored
  const groups =
    status === BY_GROUP ? stored.member_group_url_infos?.map((group) => groupCall(group, variables)) : undefined
  return {
    type: 'HTTP',
    req_protocol: stored.req_protocol ?? 'HTTP',
    req_method: stored.req_method ?? 'ANY',
    req_uri: substitute(stored.req_uri ?? '/', variables),
    ...(status === 2 && url_domain !== undefined && { url_domain: substitute(url_domain, variables) }),
    ...(status !== 2 && channel !== undefined && { vpc_channel_id: channel.vpc_channel_id }),
    ...(status !== 2 && channel?.vpc_channel_proxy_host && { vpc_channel_proxy_host: channel.vpc_channel_proxy_host }),
    ...(groups && { member_groups: groups }),
    ...(stored.enable_client_ssl === true && { client_ssl: true }),
    timeout: stored.timeout ?? DEFAULT_TIMEOUT,
    retry_count: Number(stored.retry_count ?? '-1'),
    ...authorized(stored),
    params,
  }
}

/** `vpc_channel_status` of a back end whose member groups are called each in a way of its own. */
const BY_GROUP = 4

function groupCall(
  { member_group_id: id, req_protocol, req_method, req_uri }: MemberGroupUrlInfo,
  variables: Variables,
): MemberGroupCall {
  return { id, req_protocol, req_method, req_uri: substitute(req_uri, variables) }
}

function functionBackend(
  stored: Pick<ApiFunc, 'function_urn' | 'version' | 'alias_urn' | 'authorizer_id'> & {
    invocation_type?: 'sync' | 'async' | undefined
    timeout?: number | undefined
  },
  params: readonly BackendParameter[],
): FunctionBackend {
  const { function_urn, version, alias_urn, invocation_type, timeout } = stored
  return {
    type: 'FUNCTION',
    function_urn,
    ...(version && { version }),
    ...(alias_urn && { alias_urn }),
    invocation_type: invocation_type ?? 'sync',
    timeout: timeout ?? DEFAULT_TIMEOUT,
    ...authorized(stored),
    params,
  }
}

/** What has to pass an authorizer before it is called. */
const authorized = ({ authorizer_id: id }: { authorizer_id?: string | undefined }): { authorizer_id?: string } =>
  id ? { authorizer_id: id } : {}

function mockBackend(
  stored: Pick<ApiMock, 'result_content' | 'status_code' | 'header' | 'authorizer_id'>,
  params: readonly BackendParameter[],
): MockBackend {
  const { result_content, status_code, header } = stored
  return {
    type: 'MOCK',
    result_content: result_content ?? '',
    status_code: status_code ?? 200,
    headers: (header ?? []).map(({ key, value }) => ({ key, value })),
    ...authorized(stored),
    params,
  }
}
