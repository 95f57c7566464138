/** From what a client sent to what is stored: defaults filled in, nested objects named by ids (lifecycle.md §5.1). */
import type { ApiDocument } from '../../contract/api-document.js'
import type {
  ApiConditionBase,
  ApiCreate,
  ApiFuncCreate,
  ApiMockCreate,
  ApiPolicyFunctionCreate,
  ApiPolicyHttpCreate,
  ApiPolicyMockCreate,
  BackendApiCreate,
  BackendParam,
  BackendParamBase,
  CoditionResp,
  ReqParam,
  ReqParamBase,
} from '../../contract/generated/schemas.js'
import { writtenTime } from '../time.js'
import { channelStatus } from './backends.js'

/** Milliseconds that a back end gets when the client didn't say. */
const DEFAULT_TIMEOUT = 5_000

export interface Stamp {
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly newId: () => string
}

type Policy = ApiDocument['policy_https' | 'policy_functions' | 'policy_mocks'][number]
type PolicyCreate = ApiPolicyHttpCreate | ApiPolicyFunctionCreate | ApiPolicyMockCreate

/**
 * @param before what is replaced: nested objects that are still there keep their ids, and the API its own
 */
export function apiDocument(api: ApiCreate, before: ApiDocument | undefined, { now, newId }: Stamp): ApiDocument {
  const time = writtenTime(now)
  const isHttp = api.backend_type === 'HTTP' || api.backend_type === 'GRPC'
  const parameters = (api.req_params ?? []).map((parameter) => requestParameter(parameter, before?.req_params, newId))
  const nested = new Nested(parameters, newId)
  return {
    id: before?.id ?? newId(),
    group_id: api.group_id,
    status: 1,
    arrange_necessary: 2,
    register_time: before?.register_time ?? time,
    update_time: time,
    name: api.name,
    type: api.type,
    version: api.version ?? 'V0.0.1',
    req_protocol: api.req_protocol,
    req_method: api.req_method,
    req_uri: api.req_uri,
    match_mode: api.match_mode ?? 'NORMAL',
    auth_type: api.auth_type,
    auth_opt: { app_code_auth_type: api.auth_opt?.app_code_auth_type ?? 'DISABLE' },
    authorizer_id: api.authorizer_id,
    cors: api.cors ?? false,
    trace_enabled: api.trace_enabled ?? false,
    sampling_strategy: api.sampling_strategy,
    sampling_param: api.sampling_param ?? (api.trace_enabled === true ? '100' : undefined),
    backend_type: api.backend_type,
    remark: api.remark ?? '',
    body_remark: api.body_remark,
    result_normal_sample: api.result_normal_sample,
    result_failure_sample: api.result_failure_sample,
    tags: [...new Set(api.tags)],
    // oxlint-disable-next-line typescript/no-deprecated -- who still sends it reads it back
    tag: api.tag,
    response_id: api.response_id === '' ? undefined : api.response_id,
    roma_app_id: api.roma_app_id,
    domain_name: api.domain_name,
    content_type: api.content_type,
    is_send_fg_body_base64: api.is_send_fg_body_base64 ?? true,
    backend_api:
      isHttp && api.backend_api !== undefined
        ? { ...httpTarget(api.backend_api), ...identity(before?.backend_api, time, newId) }
        : undefined,
    func_info:
      api.backend_type === 'FUNCTION' && api.func_info !== undefined
        ? { ...functionTarget(api.func_info), ...identity(before?.func_info, time, newId) }
        : undefined,
    mock_info:
      api.backend_type === 'MOCK' && api.mock_info !== undefined
        ? { ...mockTarget(api.mock_info), ...identity(before?.mock_info, time, newId) }
        : undefined,
    req_params: parameters,
    backend_params: nested.backendParameters(api.backend_params, before?.backend_params),
    policy_https: (api.policy_https ?? []).map((policy) => ({
      ...nested.policy(policy, before?.policy_https),
      ...policyHttpTarget(policy),
    })),
    policy_functions: (api.policy_functions ?? []).map((policy) => ({
      ...nested.policy(policy, before?.policy_functions),
      ...policyFunctionTarget(policy),
    })),
    policy_mocks: (api.policy_mocks ?? []).map((policy) => ({
      ...nested.policy(policy, before?.policy_mocks),
      ...policyMockTarget(policy),
    })),
  }
}

/** Nested objects that point at request parameters. */
class Nested {
  constructor(
    private readonly parameters: readonly ReqParam[],
    private readonly newId: () => string,
  ) {}

  policy(policy: PolicyCreate, before: readonly Policy[] | undefined) {
    const same = before?.find(({ name }) => name === policy.name)
    return {
      id: same?.id ?? this.newId(),
      name: policy.name,
      effect_mode: policy.effect_mode,
      authorizer_id: policy.authorizer_id,
      backend_params: this.backendParameters(policy.backend_params, same?.backend_params),
      conditions: policy.conditions.map((condition) => this.condition(condition, same?.conditions)),
    }
  }

  backendParameters(given: readonly BackendParamBase[] = [], before: readonly BackendParam[] = []): BackendParam[] {
    return given.map(({ origin, name, location, value, remark }) => ({
      id: sameParameter(before, { name, location })?.id ?? this.newId(),
      origin,
      name,
      location,
      value,
      remark,
      req_param_id: origin === 'REQUEST' ? this.parameters.find((one) => one.name === value)?.id : undefined,
    }))
  }

  private condition(given: ApiConditionBase, before: readonly CoditionResp[] = []): CoditionResp {
    const condition = {
      condition_origin: given.condition_origin,
      condition_type: given.condition_origin === 'source' ? undefined : given.condition_type,
      condition_value: given.condition_value,
      req_param_name: given.req_param_name,
      sys_param_name: systemParameter(given.sys_param_name),
      cookie_param_name: given.cookie_param_name,
      frontend_authorizer_param_name: given.frontend_authorizer_param_name,
      mapped_param_name: given.mapped_param_name,
      mapped_param_location: given.mapped_param_location,
    }
    const same = before.find((one) => isSameCondition(one, condition))
    const parameter =
      condition.condition_origin === 'param'
        ? this.parameters.find(({ name }) => name === condition.req_param_name)
        : undefined
    return {
      ...condition,
      id: same?.id ?? this.newId(),
      req_param_id: parameter?.id,
      req_param_location: parameter?.location,
    }
  }
}

function isSameCondition(a: CoditionResp, b: CoditionResp): boolean {
  return (
    a.condition_origin === b.condition_origin &&
    a.condition_value === b.condition_value &&
    a.req_param_name === b.req_param_name &&
    a.sys_param_name === b.sys_param_name &&
    a.cookie_param_name === b.cookie_param_name &&
    a.frontend_authorizer_param_name === b.frontend_authorizer_param_name &&
    a.mapped_param_name === b.mapped_param_name &&
    a.mapped_param_location === b.mapped_param_location
  )
}

/** The camel-case names are deprecated and never answered. */
function systemParameter(name: ApiConditionBase['sys_param_name']): CoditionResp['sys_param_name'] {
  if (name === 'reqPath') return 'req_path'
  return name === 'reqMethod' ? 'req_method' : name
}

function requestParameter(given: ReqParamBase, before: readonly ReqParam[] | undefined, newId: () => string): ReqParam {
  return {
    ...given,
    required: given.required ?? (given.location === 'PATH' ? 1 : 2),
    valid_enable: given.valid_enable ?? 2,
    pass_through: given.pass_through ?? 2,
    id: sameParameter(before ?? [], given)?.id ?? newId(),
  }
}

function sameParameter<P extends { name: string; location: string }>(
  among: readonly P[],
  { name, location }: { readonly name: string; readonly location: string },
): P | undefined {
  return among.find((one) => one.name === name && one.location === location)
}

/** The object of a back end keeps its id as long as the kind of back end stays. */
function identity(
  before: { id?: string | undefined; register_time?: string | undefined } | undefined,
  time: string,
  newId: () => string,
) {
  return {
    id: before?.id ?? newId(),
    status: 1,
    register_time: before?.register_time ?? time,
    update_time: time,
  }
}

function httpTarget(given: BackendApiCreate) {
  return {
    ...policyHttpTarget(given),
    remark: given.remark,
    version: given.version,
    authorizer_id: given.authorizer_id,
    enable_client_ssl: given.enable_client_ssl ?? false,
  }
}

function policyHttpTarget(given: BackendApiCreate | ApiPolicyHttpCreate) {
  const status = channelStatus(given)
  const channel = status === 2 ? undefined : given.vpc_channel_info
  return {
    // With a channel, clients read its id here.
    url_domain: channel?.vpc_channel_id ?? given.url_domain,
    req_protocol: given.req_protocol,
    req_method: given.req_method,
    req_uri: given.req_uri,
    timeout: given.timeout ?? DEFAULT_TIMEOUT,
    retry_count: given.retry_count ?? '-1',
    enable_sm_channel: given.enable_sm_channel,
    member_group_url_infos: given.member_group_url_infos,
    vpc_channel_status: status,
    vpc_channel_info:
      channel === undefined
        ? undefined
        : {
            vpc_channel_id: channel.vpc_channel_id,
            vpc_channel_proxy_host: channel.vpc_channel_proxy_host,
            vpc_channel_port: 0,
            cascade_flag: false,
          },
  }
}

function functionTarget(given: ApiFuncCreate) {
  return { ...policyFunctionTarget(given), remark: given.remark, authorizer_id: given.authorizer_id }
}

function policyFunctionTarget(given: ApiFuncCreate | ApiPolicyFunctionCreate) {
  return {
    function_urn: given.function_urn,
    invocation_type: given.invocation_type,
    network_type: given.network_type,
    version: given.version,
    alias_urn: given.alias_urn,
    timeout: given.timeout ?? DEFAULT_TIMEOUT,
    req_protocol: given.req_protocol ?? ('HTTPS' as const),
  }
}

function mockTarget(given: ApiMockCreate) {
  return {
    ...policyMockTarget(given),
    remark: given.remark,
    version: given.version,
    authorizer_id: given.authorizer_id,
  }
}

/** Status and headers are answered to those who sent them. */
function policyMockTarget({ result_content, status_code, header }: ApiMockCreate | ApiPolicyMockCreate) {
  return { result_content: result_content ?? '', status_code, header }
}
