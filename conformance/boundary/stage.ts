/** An instance in which everything that a request can refer to is there, and an acceptable request for each operation. */
import type { OperationId } from '../../src/contract/generated/operations.js'
import { certificate, rsaKey, upload } from '../../test/certificates.js'
import type { TestManagement } from '../../test/management.js'
import { RELEASE } from '../../test/stage.js'
import { resolved, type Operation, type Schema } from './contract.js'
import { aText } from './texts.js'

export interface BaseRequest {
  readonly path: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string | readonly string[]>>
  /** Members of the form, where the body is one. */
  readonly body?: unknown
}

/** An acceptable value of a member or item with this name. */
export type SampleOf = (name: string, schema: Schema) => unknown

export interface Stage {
  readonly sampleOf: SampleOf
  requestFor(operation: Operation): BaseRequest
  /** The body in which a member of it can be looked at: of those that exclude each other, one with this one. */
  bodyFor(operation: Operation, member: string): unknown
}

type Ids = Readonly<Record<string, string>>

export async function setStage(sluice: TestManagement): Promise<Stage> {
  const ids = { ...(await make(sluice)), instance_id: sluice.instanceId }
  const sampleOf = samples(ids)
  const own = ownRequests(ids)
  return {
    sampleOf,
    bodyFor: ({ id }, member) => bodies(ids)[id]?.[member],
    requestFor({ id, path, query, body }) {
      const { [id]: given = {} } = own
      const sampled = body === undefined ? undefined : sampleOf('', body)
      return {
        path: {
          ...Object.fromEntries(
            path
              .filter(({ name }) => !scope.has(name))
              .map(({ name, schema }) => [name, String(sampleOf(name, schema))]),
          ),
          ...given.path,
        },
        query: {
          ...Object.fromEntries(
            query.filter(({ required }) => required).map(({ name, schema }) => [name, String(sampleOf(name, schema))]),
          ),
          ...given.query,
        },
        ...(body !== undefined && { body: given.body ?? sampled }),
      }
    },
  }
}

/** Filled in by whoever calls. */
const scope: ReadonlySet<string> = new Set(['project_id', 'instance_id'])

function samples(ids: Ids): SampleOf {
  const known = objects(ids)
  const sampleOf: SampleOf = (field, declared) => {
    const { schema, name } = resolved(declared)
    if (name in known) return known[name]
    const type = [schema.type].flat()[0]
    switch (type) {
      case 'string':
        return String(schema.enum?.[0] ?? ids[field] ?? ids[field.replace(/s$/, '')] ?? texts[field] ?? aText(schema))
      case 'integer':
        return Number(schema.enum?.[0] ?? numbers[field] ?? schema.minimum ?? 1)
      case 'boolean':
        return false
      case 'array':
        return [sampleOf(field, schema.items ?? {})]
      case undefined:
      default:
        return Object.fromEntries(
          Object.entries(schema.properties ?? {})
            .filter(([member]) => schema.required?.includes(member) === true)
            .map(([member, its]) => [member, sampleOf(member, its)]),
        )
    }
  }
  return sampleOf
}

const texts: Readonly<Record<string, string>> = {
  url_domain: 'www.example.org',
  host: '10.0.0.9',
  ip_address: '10.0.0.8',
  req_uri: '/boundary',
  path: '/',
  function_urn: 'urn:fss:local-1:project:function:default:name',
  authorizer_uri: 'urn:fss:local-1:project:function:default:authorize',
  acl_value: '10.0.0.1',
  app_acl_values: '10.0.0.1',
  from: '1700000000000',
  to: '1700003600000',
  duration: '1h',
  config_name: 'API_NUM_LIMIT',
}

const numbers: Readonly<Record<string, number>> = { port: 8080, timeout: 5000, weight: 1 }

/** By the name of the schema: what the rules between members ask for. */
function objects(ids: Ids): Readonly<Record<string, unknown>> {
  const condition = {
    ...{
      condition_origin: 'cookie',
      cookie_param_name: 'session',
      condition_type: 'exact',
      condition_value: '10.0.0.1',
    },
  }
  const http = {
    ...{ url_domain: '127.0.0.1:8080', req_protocol: 'HTTP', req_method: 'GET', req_uri: '/', timeout: 5000 },
    vpc_channel_status: 2,
  }
  const func = {
    function_urn: texts['function_urn'],
    ...{ invocation_type: 'sync', network_type: 'V1', version: 'latest', timeout: 5000 },
  }
  const policy = { name: 'policy', effect_mode: 'ALL', conditions: [condition] }
  const health = { protocol: 'HTTP', path: '/', http_code: '200', threshold_normal: 1, threshold_abnormal: 1 }
  return {
    ApiConditionBase: condition,
    BackendApiCreate: http,
    ApiPolicyHttpCreate: {
      ...http,
      ...policy,
      vpc_channel_status: 1,
      vpc_channel_info: { vpc_channel_id: ids['vpc_channel_id'] },
    },
    ApiFuncCreate: func,
    ApiPolicyFunctionCreate: { ...func, ...policy },
    ApiMockCreate: { result_content: 'hello' },
    ApiPolicyMockCreate: policy,
    ReqParamBase: { name: 'page', type: 'STRING', location: 'QUERY' },
    BackendParamBase: { name: 'page', origin: 'CONSTANT', location: 'QUERY', value: '1' },
    MockHeader: { key: 'X-Mock', value: 'a' },
    VpcHealthConfig: { ...health, time_interval: 5, timeout: 2 },
    MicroServiceInfoCCECreate: {
      ...{ cluster_id: 'cluster', namespace: 'default', workload_type: 'deployment', app_name: 'orders', port: 8080 },
    },
    MicroServiceInfoCCEBase: {
      cluster_id: 'cluster',
      namespace: 'default',
      workload_type: 'deployment',
      app_name: 'orders',
    },
    MicroServiceCreate: { service_type: 'CSE', cse_info: { engine_id: 'engine', service_id: 'service' } },
    OrchestrationMap: { map_param_list: ['a'], mapped_param_value: '1' },
    OrchestrationMapParamRange: { range_start: '1', range_end: '1000' },
    MemberInfo: { host: '10.0.0.9' },
    ResponseInfoHeader: { key: 'X-Some', value: 'a' },
    TmsKeyValue: { key: 'stage', value: 'test' },
    TmsKeyValues: { key: 'stage', values: ['test'] },
    TmsMatchesKeyValue: { key: 'resource_name', value: 'known' },
    AttachOrDetachDomainInfo: { domain: 'free.example.com' },
    NacosServerConfig: { ip_address: '10.0.0.8', port: 8848 },
    InstanceCreateReqV2: wantedInstance,
    MemberGroupUrlInfo: {
      member_group_id: ids['member_group_id'],
      req_protocol: 'HTTP',
      req_method: 'GET',
      req_uri: '/',
    },
  }
}

const wantedInstance = {
  instance_name: 'boundary',
  spec_id: 'BASIC',
  vpc_id: '0957108c-257c-4ce0-9e93-527d279ce763',
  subnet_id: 'a938121c-11c4-4c91-b983-bc9acd347bb5',
  security_group_id: '36d0ec18-bd10-4da7-86f3-ad7a5ddc55d7',
  available_zone_ids: ['local-1a'],
}

/** Where an operation asks for more than samples: a free thing to delete, a member that others need. */
function ownRequests(ids: Ids): Partial<Record<OperationId, Partial<BaseRequest>>> {
  const at = (name: string, id: string) => ({ path: { [name]: ids[id] ?? '' } })
  const api = {
    ...{ name: 'boundary', type: 1, req_protocol: 'HTTPS', req_method: 'GET', req_uri: '/boundary', auth_type: 'NONE' },
    ...{ backend_type: 'HTTP', group_id: ids['group_id'], backend_api: objects(ids)['BackendApiCreate'] },
  }
  const channel = { name: 'boundary', port: 8080, balance_strategy: 1, member_type: 'ip' }
  const cert = upload('boundary', certificate({ san: ['*.boundary.org'] }))
  const nacos = { service_name: 'orders', server_config: [{ ip_address: '10.0.0.8', port: 8848 }] }
  const orchestration = {
    orchestration_name: 'boundary',
    orchestration_strategy: 'list',
    orchestration_mapped_param: {
      mapped_param_name: 'tag',
      mapped_param_type: 'string',
      mapped_param_location: 'header',
    },
    orchestration_map: [objects(ids)['OrchestrationMap']],
  }
  const importing = {
    body: {
      file_name: JSON.stringify({
        ...{ swagger: '2.0', info: { title: 'boundary', version: '1' } },
        paths: { '/boundary': { get: { operationId: 'imported', responses: { default: { description: '' } } } } },
      }),
    },
  }
  const bindings = { publish_ids: [ids['publish_id'] ?? ''] }
  return {
    createInstanceV2: { body: wantedInstance },
    createOrder: { body: { product_id: 'product', instance_info: wantedInstance } },
    createPrepayResize: {
      ...at('instance_id', 'other_instance_id'),
      body: { product_id: 'product', resize_info: { spec_id: 'PROFESSIONAL' } },
    },
    createPostPayResizeOrder: { ...at('instance_id', 'other_instance_id'), body: { spec_id: 'PROFESSIONAL' } },
    createApiV2: { body: api },
    updateApiV2: { ...at('api_id', 'draft_api_id'), body: api },
    deleteApiV2: at('api_id', 'draft_api_id'),
    checkApisV2: { body: { type: 'name', name: 'nothing' } },
    checkApiGroupsV2: { body: { group_name: 'nothing' } },
    debugApiV2: { body: { method: 'GET', mode: 'DEVELOPER', path: '/test', scheme: 'HTTPS' } },
    batchPublishOrOfflineApiV2: { body: { env_id: RELEASE, apis: [ids['api_id'] ?? ''] } },
    changeApiVersionV2: { body: { version_id: ids['old_version_id'] } },
    deleteApiByVersionIdV2: at('version_id', 'old_version_id'),
    deleteApiGroupV2: at('group_id', 'empty_group_id'),
    deleteEnvironmentV2: at('env_id', 'free_env_id'),
    updateEnvironmentV2: at('env_id', 'free_env_id'),
    deleteRequestThrottlingPolicyV2: at('throttle_id', 'free_throttle_id'),
    deleteAclV2: at('acl_id', 'free_acl_id'),
    deletePlugin: at('plugin_id', 'free_plugin_id'),
    updatePlugin: { body: pluginBody('boundary') },
    createPlugin: { body: pluginBody('boundary') },
    deleteVpcChannelV2: at('vpc_channel_id', 'free_vpc_channel_id'),
    deleteCustomAuthorizerV2: at('authorizer_id', 'free_authorizer_id'),
    deleteOrchestration: at('orchestration_id', 'orchestration_id'),
    deleteGatewayResponseV2: at('response_id', 'response_id'),
    deleteCertificateV2: at('certificate_id', 'free_certificate_id'),
    updateCertificateV2: { ...at('certificate_id', 'free_certificate_id'), body: cert },
    createCertificateV2: { body: cert },
    associateCertificateV2: {
      ...at('domain_id', 'free_domain_id'),
      body: upload('boundary', certificate({ san: ['free.example.com'] })),
    },
    batchAssociateCertsV2: {
      ...at('domain_id', 'free_domain_id'),
      body: { certificate_ids: [ids['certificate_id'] ?? ''] },
    },
    batchAssociateDomainsV2: { body: { domains: [{ domain: 'free.example.com' }] } },
    batchDisassociateDomainsV2: { body: { domains: [{ domain: 'known.example.com' }] } },
    createVpcChannelV2: { body: channel },
    updateVpcChannelV2: { body: { ...channel } },
    addingBackendInstancesV2: { body: { members: [{ host: '10.0.0.9', weight: 1 }] } },
    updateBackendInstancesV2: { body: { members: [{ host: '10.0.0.9', weight: 1 }] } },
    createMemberGroup: { body: { member_groups: [{ member_group_name: 'boundary' }] } },
    deleteMemberGroup: at('member_group_id', 'free_member_group_id'),
    batchDisableMembers: { body: { member_ids: [ids['member_id'] ?? ''] } },
    batchEnableMembers: { body: { member_ids: [ids['member_id'] ?? ''] } },
    importMicroservice: {
      body: {
        ...{
          group_info: { group_id: ids['group_id'] },
          service_type: 'NACOS',
          apis: [{ name: 'imported', req_uri: '/imported' }],
        },
        nacos_info: { ...nacos, user_info: { user_name: 'nacos', password: 'secret' } },
      },
    },
    createOrchestration: { body: orchestration },
    updateOrchestration: { body: orchestration },
    importApiDefinitionsV2: importing,
    importApiDefinitionsAsync: importing,
    exportApiDefinitionsV2: { body: { env_id: RELEASE, group_id: ids['group_id'] } },
    exportApiDefinitionsAsync: { body: { env_id: RELEASE, group_id: ids['group_id'] } },
    createFeatureV2: { body: { name: 'ratelimit', enable: true, config: '{"api_limits":100}' } },
    createSignatureKeyV2: { body: { name: 'boundary' } },
    updateSignatureKeyV2: { body: { name: 'boundary' } },
    associateSignatureKeyV2: { body: { sign_id: ids['sign_id'], ...bindings } },
    associateRequestThrottlingPolicyV2: { body: { strategy_id: ids['throttle_id'], ...bindings } },
    createApiAclBindingV2: { body: { acl_id: ids['acl_id'], ...bindings } },
    batchDeleteApiAclBindingV2: { body: { acl_bindings: [ids['acl_bindings_id'] ?? ''] } },
    batchDisassociateThrottlingPolicyV2: { body: { throttle_bindings: [ids['throttle_binding_id'] ?? ''] } },
    batchDeleteAclV2: { body: { acls: [ids['free_acl_id'] ?? ''] } },
    attachApiToPlugin: { body: { env_id: RELEASE, api_ids: [ids['api_id'] ?? ''] } },
    attachPluginToApi: { body: { env_id: RELEASE, plugin_ids: [ids['plugin_id'] ?? ''] } },
    createAuthorizingAppsV2: {
      body: { env_id: RELEASE, app_ids: [ids['free_app_id'] ?? ''], api_ids: [ids['api_id'] ?? ''] },
    },
    createSpecialThrottlingConfigurationV2: {
      body: { object_type: 'APP', object_id: ids['free_app_id'], call_limits: 1 },
    },
    associateAppsForAppQuota: { body: { app_ids: [ids['free_app_id'] ?? ''] } },
    deleteAppQuota: at('app_quota_id', 'app_quota_id'),
    createEnvironmentVariableV2: {
      body: { variable_name: 'boundary', variable_value: 'a', group_id: ids['group_id'], env_id: RELEASE },
    },
    associateDomainV2: { body: { url_domain: 'boundary.example.com' } },
    updateDomainV2: { body: { min_ssl_version: 'TLSv1.2' } },
    deleteCustomIngressPort: at('ingress_port_id', 'free_ingress_port_id'),
    addCustomIngressPort: { body: { protocol: 'HTTP', ingress_port: 2000 } },
    acceptOrRejectEndpointConnections: { body: { action: 'receive', endpoints: [ids['connection_id'] ?? ''] } },
    addEngressEipV2: { ...at('instance_id', 'other_instance_id'), body: { bandwidth_size: 5 } },
    updateEngressEipV2: { body: { bandwidth_size: 6 } },
    addIngressEipV2: { body: { bandwidth_size: 5 } },
    updateIngressEipV2: { ...at('instance_id', 'other_instance_id'), body: { bandwidth_size: 6 } },
    removeIngressEipV2: at('instance_id', 'other_instance_id'),
    addEipV2: { ...at('instance_id', 'lvs_instance_id'), body: { eip_id: 'eip-1' } },
    removeEipV2: at('instance_id', 'lvs_instance_id'),
    listMetricData: {
      query: { dim: 'inbound_eip', metric_name: 'upstream_bandwidth', period: '1', filter: 'average' },
    },
    updateSpecialThrottlingConfigurationV2: { ...at('strategy_id', 'special_id'), body: { call_limits: 2 } },
    deleteSpecialThrottlingConfigurationV2: at('strategy_id', 'special_id'),
    updateAppAcl: { body: { app_acl_type: 'PERMIT', app_acl_values: ['10.0.0.1'] } },
    createAppCodeV2: { body: { app_code: 'boundary'.repeat(8) } },
  }
}

/** Bodies for members that an operation's usual body excludes. */
function bodies(ids: Ids): Partial<Record<OperationId, Readonly<Record<string, unknown>>>> {
  const api = {
    ...{ name: 'boundary', type: 1, req_protocol: 'HTTPS', req_method: 'GET', req_uri: '/boundary', auth_type: 'NONE' },
    group_id: ids['group_id'],
  }
  const mock = { ...api, backend_type: 'MOCK', mock_info: {} }
  const func = { ...api, backend_type: 'FUNCTION', func_info: objects(ids)['ApiFuncCreate'] }
  const ofApi = { mock_info: mock, policy_mocks: mock, func_info: func, policy_functions: func }
  return { createApiV2: ofApi, updateApiV2: ofApi }
}

const pluginBody = (plugin_name: string) => ({
  plugin_name,
  plugin_type: 'set_resp_headers',
  plugin_scope: 'global',
  plugin_content: '{"response_headers":[{"name":"X-A","value":"b","action":"override"}]}',
})

async function make(sluice: TestManagement): Promise<Ids> {
  const made = async (id: OperationId, body: unknown, path?: Record<string, string>, field = 'id'): Promise<string> =>
    String(((await sluice.given(id, { body, ...(path && { path }) })) as Record<string, unknown>)[field])
  const api = (name: string, group_id: string) =>
    made('createApiV2', {
      ...{ name, type: 1, req_protocol: 'HTTP', req_method: 'GET', req_uri: `/${name}`, auth_type: 'APP', group_id },
      ...{ backend_type: 'MOCK', mock_info: { result_content: 'hello' }, tags: ['blue'] },
    })
  const publish = (api_id: string): Promise<{ publish_id: string; version_id: string }> =>
    sluice.given('createOrDeletePublishRecordForApiV2', {
      body: { action: 'online', env_id: RELEASE, api_id },
    }) as never
  const throttle = (name: string) =>
    made('createRequestThrottlingPolicyV2', { name, api_call_limits: 9, time_interval: 1, time_unit: 'DAY' })
  const acl = (acl_name: string) =>
    made('createAclStrategyV2', { acl_name, acl_type: 'DENY', entity_type: 'IP', acl_value: '10.0.0.1' })
  const channel = (name: string, more = {}) =>
    made('createVpcChannelV2', { name, port: 80, balance_strategy: 1, member_type: 'ip', ...more })
  const authorizer = (name: string) =>
    made('createCustomAuthorizerV2', {
      name,
      type: 'FRONTEND',
      authorizer_type: 'FUNC',
      authorizer_uri: texts['authorizer_uri'],
    })

  const group_id = await made('createApiGroupV2', { name: 'known_group' })
  const empty_group_id = await made('createApiGroupV2', { name: 'empty_group' })
  const api_id = await api('known_api', group_id)
  const draft_api_id = await api('draft_api', group_id)
  const { version_id: old_version_id } = await publish(api_id)
  const { publish_id, version_id } = await publish(api_id)
  const app_id = await made('createAnAppV2', { name: 'known_app' })
  const free_app_id = await made('createAnAppV2', { name: 'free_app' })
  const throttle_id = await throttle('known_throttle')
  const acl_id = await acl('known_acl')
  const sign_id = await made('createSignatureKeyV2', { name: 'known_sign' })
  const plugin_id = await made('createPlugin', pluginBody('known_plugin'), undefined, 'plugin_id')
  const vpc_channel_id = await channel('known_channel', {
    member_groups: [{ member_group_name: 'known_group' }, { member_group_name: 'free_group' }],
    members: [{ host: '10.0.0.1', weight: 1, member_group_name: 'known_group' }],
  })
  const groups = ((await sluice.given('listMemberGroups', { path: { vpc_channel_id } })) as Lists)['member_groups']
  const members = ((await sluice.given('listBackendInstancesV2', { path: { vpc_channel_id } })) as Lists)['members']
  const groupNamed = (name: string) =>
    groups?.find((each) => each['member_group_name'] === name)?.['member_group_id'] ?? ''
  const domain_id = await made('associateDomainV2', { url_domain: 'known.example.com' }, { group_id })
  const free_domain_id = await made('associateDomainV2', { url_domain: 'free.example.com' }, { group_id })
  const certificate_id = await made(
    'createCertificateV2',
    upload('known_cert', certificate({ san: ['*.example.com'] })),
  )
  const free = upload('free_cert', certificate({ san: ['*.boundary.org'], key: rsaKey() }))
  await sluice.given('batchAssociateCertsV2', {
    path: { group_id, domain_id },
    body: { certificate_ids: [certificate_id] },
  })
  const bind = async (id: OperationId, list: string, policy: object): Promise<string> => {
    const body = { publish_ids: [publish_id], ...policy }
    return ((await sluice.given(id, { body })) as Lists)[list]?.[0]?.['id'] ?? ''
  }
  const quota = { name: 'known_quota', call_limits: 1, time_unit: 'DAY', time_interval: 1 }
  const app_quota_id = await made('createAppQuota', quota, undefined, 'app_quota_id')
  await sluice.given('associateAppsForAppQuota', { path: { app_quota_id }, body: { app_ids: [app_id] } })
  const auths = (await sluice.given('createAuthorizingAppsV2', {
    body: { env_id: RELEASE, app_ids: [app_id], api_ids: [api_id] },
  })) as Lists
  await sluice.given('attachApiToPlugin', { path: { plugin_id }, body: { env_id: RELEASE, api_ids: [api_id] } })
  await sluice.given('updateAppAcl', { path: { app_id }, body: { app_acl_type: 'DENY', app_acl_values: ['10.0.0.1'] } })
  await sluice.given('addEngressEipV2', { body: { bandwidth_size: 5 } })
  await sluice.given('batchCreateOrDeleteInstanceTags', {
    body: { action: 'create', tags: [{ key: 'k', value: 'v' }] },
  })
  const connection_id = '01234567-89ab-cdef-0123-456789abcdef'
  await sluice.store.write([], ({ db }) =>
    db
      .insertInto('endpoint_connections')
      .values({
        ...{ id: connection_id, instance_id: sluice.instanceId, marker_id: 1, domain_id: 'domain' },
        ...{ status: 'pendingAcceptance', created_at: sluice.now, updated_at: sluice.now },
      })
      .execute(),
  )
  const instance = (instance_name: string, more: object) =>
    made('createInstanceV2', { ...wantedInstance, instance_name, ...more }, undefined, 'instance_id')
  const rule = { orchestration_name: 'known_rule', orchestration_strategy: 'hash' }
  const mapped = { mapped_param_name: 'tag', mapped_param_type: 'string', mapped_param_location: 'header' }
  const port = (ingress_port: number) =>
    made('addCustomIngressPort', { protocol: 'HTTP', ingress_port }, undefined, 'ingress_port_id')
  const apiDefinition = {
    file_name: JSON.stringify({ swagger: '2.0', info: { title: 'staged', version: '1' }, paths: {} }),
  }
  const task = (await sluice.given('importApiDefinitionsAsync', { form: apiDefinition })) as { task_id: string }
  return {
    ...{ group_id, empty_group_id, api_id, draft_api_id, publish_id, version_id, old_version_id, app_id, free_app_id },
    ...{ throttle_id, strategy_id: throttle_id, acl_id, sign_id, plugin_id, vpc_channel_id, domain_id, free_domain_id },
    ...{ certificate_id, app_quota_id, connection_id, task_id: task.task_id, env_id: RELEASE },
    other_instance_id: await instance('other', {
      ingress_bandwidth_size: 5,
      ingress_bandwidth_charging_mode: 'bandwidth',
    }),
    lvs_instance_id: await instance('lvs', { loadbalancer_provider: 'lvs', eip_id: 'eip-0' }),
    free_env_id: await made('createEnvironmentV2', { name: 'free_env' }),
    free_throttle_id: await throttle('free_throttle'),
    free_acl_id: await acl('free_acl'),
    free_plugin_id: await made('createPlugin', pluginBody('free_plugin'), undefined, 'plugin_id'),
    free_vpc_channel_id: await channel('free_channel'),
    authorizer_id: await authorizer('known_authorizer'),
    free_authorizer_id: await authorizer('free_authorizer'),
    free_certificate_id: await made('createCertificateV2', free),
    response_id: await made('createGatewayResponseV2', { name: 'known' }, { group_id }),
    response_type: 'THROTTLED',
    member_group_id: groupNamed('known_group'),
    free_member_group_id: groupNamed('free_group'),
    member_id: members?.[0]?.['id'] ?? '',
    env_variable_id: await made('createEnvironmentVariableV2', {
      ...{ variable_name: 'known', variable_value: 'a', group_id, env_id: RELEASE },
    }),
    app_code_id: await made('createAppCodeAutoV2', undefined, { app_id }),
    ai_api_key_id: await made('createAiApiKey', {}, { app_id }),
    throttle_binding_id: await bind('associateRequestThrottlingPolicyV2', 'throttle_applys', {
      strategy_id: throttle_id,
    }),
    acl_bindings_id: await bind('createApiAclBindingV2', 'acl_bindings', { acl_id }),
    sign_bindings_id: await bind('associateSignatureKeyV2', 'bindings', { sign_id }),
    special_id: await made(
      'createSpecialThrottlingConfigurationV2',
      { object_type: 'APP', object_id: app_id, call_limits: 1 },
      { throttle_id },
    ),
    app_auth_id: auths['auths']?.[0]?.['id'] ?? '',
    orchestration_id: await made(
      'createOrchestration',
      { ...rule, orchestration_mapped_param: mapped },
      undefined,
      'orchestration_id',
    ),
    ingress_port_id: await port(8080),
    free_ingress_port_id: await port(1101),
  }
}

type Lists = Readonly<Record<string, readonly Readonly<Record<string, string>>[]>>
