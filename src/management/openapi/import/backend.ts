/** `x-apigateway-backend` and its policies, as back ends of an API (openapi-extensions.md §4.5, §4.6). */
import { fault } from '../../../contract/faults.js'
import { isNode, list, member, present, text, truth, upperText, type Node } from '../node.js'

/** What back ends name, and APIs have by id. */
export interface NamedTargets {
  /** @throws {Fault} 404 3023 */
  channel(name: string): { readonly id: string; memberGroup(name: string): string }
  /** @throws {Fault} what made the authorizer impossible; 404 3081 for one that nobody knows */
  authorizer(name: string): string
}

/** Members of a definition that come from its back end. */
export type BackendMembers = Readonly<Record<string, unknown>>

const kinds: ReadonlyMap<string, 'HTTP' | 'FUNCTION' | 'MOCK'> = new Map([
  ['HTTP', 'HTTP'],
  ['HTTP-VPC', 'HTTP'],
  ['FUNCTION', 'FUNCTION'],
  ['MOCK', 'MOCK'],
])

/**
 * @param authorizerId the back-end authorizer that the operation's security names
 * @throws {Fault} 400 2012 `x-apigateway-backend` for a type that is none; 404 3023
 */
export function backendMembers(
  backend: unknown,
  authorizerId: string | undefined,
  targets: NamedTargets,
): BackendMembers {
  const kind = kinds.get(upperText(member(backend, 'type')) ?? '')
  if (!isNode(backend) || kind === undefined) throw fault('APIG.2012', { name: 'x-apigateway-backend' })
  const common = { backend_type: kind, backend_params: backendParameters(backend) }
  const target = present({ ...targetOf(backend, targets), authorizer_id: authorizerId })
  switch (kind) {
    case 'HTTP':
      return { ...common, backend_api: { timeout: DEFAULT_TIMEOUT, ...target } }
    case 'FUNCTION':
      return { ...common, func_info: { timeout: DEFAULT_TIMEOUT, ...target } }
    case 'MOCK':
      return { ...common, mock_info: target }
  }
}

const policyLists = { HTTP: 'policy_https', FUNCTION: 'policy_functions', MOCK: 'policy_mocks' } as const

/** @throws {Fault} 400 2012 `x-apigateway-backend-policies`; 404 3023 */
export function policyMembers(policies: unknown, targets: NamedTargets): BackendMembers {
  const members: Record<string, Record<string, unknown>[]> = {}
  for (const policy of list(policies)) {
    const kind = kinds.get(upperText(member(policy, 'type')) ?? '')
    if (!isNode(policy) || kind === undefined) throw fault('APIG.2012', { name: 'x-apigateway-backend-policies' })
    const authorizer = text(policy['authorizer'])
    const { remark: _, version, ...target } = targetOf(policy, targets)
    const made = present({
      ...target,
      ...(kind === 'FUNCTION' && { version }),
      name: text(policy['name']),
      effect_mode: upperText(policy['effect-mode']) ?? 'ALL',
      conditions: list(policy['conditions']).map(condition),
      backend_params: backendParameters(policy),
      authorizer_id: authorizer === undefined ? undefined : targets.authorizer(authorizer),
    })
    const name = policyLists[kind]
    members[name] = [...(members[name] ?? []), made]
  }
  return members
}

/** A back end that answers by itself. */
export function mockMembers(content: string): BackendMembers {
  return { backend_type: 'MOCK', mock_info: { result_content: content } }
}

/** Milliseconds. */
const DEFAULT_TIMEOUT = 5_000

function targetOf(backend: Node, targets: NamedTargets): Record<string, unknown> {
  switch (upperText(backend['type']) ?? '') {
    case 'HTTP':
      return httpTarget(backend['httpEndpoints'])
    case 'HTTP-VPC':
      return channelTarget(backend['httpVpcEndpoints'], targets)
    case 'FUNCTION':
      return functionTarget(backend['functionEndpoints'])
    default:
      return mockTarget(backend['mockEndpoints'])
  }
}

function httpTarget(endpoints: unknown): Record<string, unknown> {
  // The published table has a list where every file has a text.
  const address = member(endpoints, 'address')
  return { vpc_channel_status: 2, url_domain: text(list(address)[0] ?? address), ...calledTarget(endpoints) }
}

function channelTarget(endpoints: unknown, targets: NamedTargets): Record<string, unknown> {
  const name = text(member(endpoints, 'name'))
  if (!name) throw fault('APIG.2001', { name: 'name' })
  const channel = targets.channel(name)
  const groups = list(member(endpoints, 'memberGroups'))
  return {
    vpc_channel_status: groups.length > 0 ? 4 : 1,
    vpc_channel_info: present({ vpc_channel_id: channel.id, vpc_channel_proxy_host: text(member(endpoints, 'host')) }),
    ...calledTarget(endpoints),
    member_group_url_infos:
      groups.length === 0
        ? undefined
        : groups.map((group) =>
            present({
              member_group_id: channel.memberGroup(text(member(group, 'name')) ?? ''),
              req_protocol: upperText(member(group, 'scheme')),
              req_method: upperText(member(group, 'method')),
              req_uri: text(member(group, 'path')),
            }),
          ),
  }
}

function calledTarget(endpoints: unknown): Record<string, unknown> {
  return present({
    req_protocol: upperText(member(endpoints, 'scheme')),
    req_method: upperText(member(endpoints, 'method')),
    req_uri: text(member(endpoints, 'path')),
    timeout: member(endpoints, 'timeout'),
    remark: text(member(endpoints, 'description')),
    retry_count: text(member(endpoints, 'retryCount')),
    enable_client_ssl: truth(member(endpoints, 'enableClientSsl')),
    enable_sm_channel: truth(member(endpoints, 'enableSmChannel')),
  })
}

function functionTarget(endpoints: unknown): Record<string, unknown> {
  const invocation = text(member(endpoints, 'invocation-type'))?.toLowerCase()
  return present({
    function_urn: text(member(endpoints, 'function-urn')),
    version: text(member(endpoints, 'version')),
    alias_urn: text(member(endpoints, 'alias-urn')),
    // A published sample writes it out.
    invocation_type: invocation?.replace(/^(a?sync)hronous$/, '$1'),
    network_type: upperText(member(endpoints, 'network-type')) ?? 'V1',
    req_protocol: upperText(member(endpoints, 'req_protocol')),
    timeout: member(endpoints, 'timeout'),
    remark: text(member(endpoints, 'description')),
  })
}

function mockTarget(endpoints: unknown): Record<string, unknown> {
  const headers = list(member(endpoints, 'headers'))
  return present({
    result_content: text(member(endpoints, 'result-content')),
    status_code: member(endpoints, 'status-code'),
    header: headers.length === 0 ? undefined : headers,
    remark: text(member(endpoints, 'description')),
  })
}

function backendParameters(backend: Node): Record<string, unknown>[] {
  return list(backend['parameters']).map((parameter) =>
    present({
      name: text(member(parameter, 'name')),
      value: text(member(parameter, 'value')),
      location: upperText(member(parameter, 'in')),
      origin: upperText(member(parameter, 'origin')),
      remark: text(member(parameter, 'description')),
    }),
  )
}

const conditionOrigins: ReadonlyMap<string, string> = new Map([
  ['request', 'param'],
  ['request_parameter', 'param'],
])

/** The published example spells two names unlike the published table. */
function condition(given: unknown): Record<string, unknown> {
  const said = text(member(given, 'origin')) ?? ''
  const origin = conditionOrigins.get(said) ?? said
  const type = text(member(given, 'type')) ?? ''
  const name = text(member(given, 'parameter') ?? member(given, 'parameter_name'))
  return present({
    condition_origin: origin,
    condition_type: origin === 'source' ? undefined : type === 'equal' ? 'exact' : type,
    condition_value: text(member(given, 'value')),
    ...(origin === 'param' && { req_param_name: name }),
    ...(origin === 'system' && { sys_param_name: name }),
    ...(origin === 'cookie' && { cookie_param_name: name }),
    ...(origin === 'frontend_authorizer' && { frontend_authorizer_param_name: name }),
    ...(origin === 'orchestration' && {
      mapped_param_name: name,
      mapped_param_location: text(member(given, 'location')),
    }),
  })
}
