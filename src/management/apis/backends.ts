/** Rules of the default back end and of policy back ends: lifecycle.md §5.1, backends.md §1, §2, §7, §8. */
import { isIPv4 } from 'node:net'
import { fault } from '../../contract/faults.js'
import { compilePattern } from '../../contract/pattern.js'
import type {
  ApiConditionBase,
  ApiCreate,
  ApiFuncCreate,
  ApiPolicyFunctionCreate,
  ApiPolicyHttpCreate,
  ApiPolicyMockCreate,
  BackendApiCreate,
} from '../../contract/generated/schemas.js'
import { backendAddressMayBeValid } from './backend-address.js'
import { backendParametersFit, frontendAuthorizerExists, type Authorizers } from './parameters.js'
import { backendPathIsValid } from './path.js'

type HttpTarget = BackendApiCreate | ApiPolicyHttpCreate
type FunctionTarget = ApiFuncCreate | ApiPolicyFunctionCreate
type PolicyTarget = ApiPolicyHttpCreate | ApiPolicyFunctionCreate | ApiPolicyMockCreate

/** 1: a channel; 2: an address; 4: a channel with paths for each member group; 3 exists in no instance. */
export function channelStatus({ vpc_channel_status: status, vpc_channel_info: channel }: HttpTarget): 1 | 2 | 3 | 4 {
  return status ?? (channel === undefined ? 2 : 1)
}

/** The policy back ends of an API in the order in which they are tried. */
export function policiesOf({ policy_https, policy_functions, policy_mocks }: ApiCreate): PolicyTarget[] {
  return [...(policy_https ?? []), ...(policy_functions ?? []), ...(policy_mocks ?? [])]
}

/**
 * @param longest the most milliseconds that the feature `backend_timeout` allows
 * @throws {Fault} 2001 or 2011 with the field, 2024, 2025, 2027, 2028, 2036, 3209, 3717
 */
export function defaultBackendFits(api: ApiCreate, longest: number): void {
  const { backend_type: type, backend_params: parameters = [], req_params: requested = [] } = api
  let paths: string[] | undefined
  let authorizer: string | undefined
  if (type === 'MOCK') authorizer = given(api.mock_info, 'mock_info').authorizer_id
  else if (type === 'FUNCTION') {
    const target = given(api.func_info, 'func_info')
    functionFits(target, api, longest)
    authorizer = target.authorizer_id
  } else {
    const target = given(api.backend_api, 'backend_api')
    httpTargetFits(target, api, longest)
    if (target.enable_client_ssl === true && target.req_protocol !== 'HTTPS' && target.req_protocol !== 'GRPCS')
      throw fault('APIG.3717')
    paths = pathsOf(target)
    authorizer = target.authorizer_id
  }
  backendParametersFit(parameters, requested, paths, authorizersOf(api, authorizer))
}

/** @throws {Fault} 3210 duplicate name, 2001 `conditions`, 2011 with the field, and what `defaultBackendFits` throws */
export function policyBackendsFit(api: ApiCreate, longest: number): void {
  const allowed = allowedPolicies(api)
  for (const kind of ['policy_https', 'policy_functions', 'policy_mocks'] as const)
    if ((api[kind]?.length ?? 0) > 0 && !allowed.includes(kind)) throw fault('APIG.2011', { name: kind })
  for (const policy of api.policy_https ?? []) httpTargetFits(policy, api, longest)
  for (const policy of api.policy_functions ?? []) functionFits(policy, api, longest)

  const policies = policiesOf(api)
  if (new Set(policies.map(({ name }) => name)).size < policies.length) throw fault('APIG.3210')
  for (const policy of policies) {
    if (policy.conditions.length === 0) throw fault('APIG.2001', { name: 'conditions' })
    const authorizers = authorizersOf(api, policy.authorizer_id)
    for (const condition of policy.conditions) conditionFits(condition, api, authorizers)
    const paths = 'req_uri' in policy ? pathsOf(policy) : undefined
    backendParametersFit(policy.backend_params ?? [], api.req_params ?? [], paths, authorizers)
  }
}

/** A policy back end is of the default's kind; a gRPC API may also be answered by functions. */
function allowedPolicies({ backend_type: type }: ApiCreate): readonly string[] {
  switch (type) {
    case 'HTTP':
      return ['policy_https']
    case 'GRPC':
      return ['policy_https', 'policy_functions']
    case 'FUNCTION':
      return ['policy_functions']
    case 'MOCK':
      return ['policy_mocks']
  }
}

function httpTargetFits(target: HttpTarget, { backend_type: type }: ApiCreate, longest: number): void {
  const status = channelStatus(target)
  if (status === 3) throw fault('APIG.2011', { name: 'vpc_channel_status' })
  if (status === 2) backendAddressMayBeValid(given(target.url_domain, 'url_domain'))
  if (status === 1 || status === 4) given(target.vpc_channel_info, 'vpc_channel_info')
  const calls =
    status === 4
      ? given(target.member_group_url_infos, 'member_group_url_infos')
      : [
          {
            req_protocol: given(target.req_protocol, 'req_protocol'),
            req_method: given(target.req_method, 'req_method'),
            req_uri: given(target.req_uri, 'req_uri'),
          },
        ]
  for (const { req_protocol, req_method, req_uri } of calls) {
    const isGrpc = req_protocol === 'GRPC' || req_protocol === 'GRPCS'
    if (isGrpc !== (type === 'GRPC')) throw fault('APIG.2011', { name: 'req_protocol' })
    if (isGrpc && req_method !== 'POST') throw fault('APIG.2011', { name: 'req_method' })
    if (isGrpc && req_uri !== '/') throw fault('APIG.2011', { name: 'req_uri' })
    backendPathIsValid(req_uri)
  }
  timeoutFits(target.timeout, longest)
}

function functionFits(target: FunctionTarget, { req_protocol: frontend }: ApiCreate, longest: number): void {
  timeoutFits(target.timeout, longest)
  const speaksGrpc = target.req_protocol === 'GRPCS'
  if (speaksGrpc !== (frontend === 'GRPCS')) throw fault('APIG.2011', { name: 'req_protocol' })
  if (speaksGrpc && target.network_type !== 'V2') throw fault('APIG.2011', { name: 'network_type' })
  if (speaksGrpc && target.invocation_type !== 'sync') throw fault('APIG.2011', { name: 'invocation_type' })
}

function timeoutFits(timeout: number | undefined, longest: number): void {
  if (timeout !== undefined && timeout > longest) throw fault('APIG.2011', { name: 'timeout' })
}

function conditionFits(condition: ApiConditionBase, { req_params }: ApiCreate, authorizers: Authorizers): void {
  const { condition_origin: origin, condition_type: type, condition_value: value } = condition
  if (origin === 'source' && !value.split(',').every(isAddressOrBlock)) refuse('condition_value')
  if (origin === 'param' && !req_params?.some(({ name }) => name === condition.req_param_name)) refuse('req_param_name')
  if (origin === 'system' && type === 'pattern' && /^req_?method$/i.test(condition.sys_param_name ?? ''))
    refuse('condition_type')
  if (origin === 'frontend_authorizer') frontendAuthorizerExists(authorizers)
  if (origin !== 'source' && type === 'pattern' && compilePattern(value) === undefined) refuse('condition_value')
}

function refuse(name: string): never {
  throw fault('APIG.2011', { name })
}

function isAddressOrBlock(text: string): boolean {
  const [address = '', length, ...more] = text.trim().split('/')
  if (!isIPv4(address) || more.length > 0) return false
  return length === undefined || (/^\d{1,2}$/.test(length) && Number(length) <= 32)
}

function pathsOf(target: HttpTarget): string[] {
  if (channelStatus(target) === 4) return (target.member_group_url_infos ?? []).map(({ req_uri }) => req_uri)
  return [target.req_uri ?? '']
}

function authorizersOf({ auth_type }: ApiCreate, backendAuthorizer: string | undefined): Authorizers {
  return { frontend: auth_type === 'AUTHORIZER', backend: Boolean(backendAuthorizer) }
}

function given<T>(value: T | undefined, name: string): T {
  if (value === undefined || value === '') throw fault('APIG.2001', { name })
  return value
}
