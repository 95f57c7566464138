/** Many resources at once, as a configuration holds them, and lists as data sources read them. */
import { expect, test } from 'vitest'
import { RELEASE } from '../stage.js'
import { plan, provider, readOf, set, type Resource } from './provider.js'
import { apigApi, apigApiPublishment } from './resources/api.js'
import { apigApplication, apigApplicationAuthorization } from './resources/application.js'
import { apigChannel } from './resources/channel.js'
import { apigPlugin, apigPluginBatchApisAssociate } from './resources/extension.js'
import { apigEnvironment, apigEnvironmentVariable, apigGroup } from './resources/group.js'
import { apigInstance } from './resources/instance.js'
import {
  aclBindings,
  apigAclPolicy,
  apigPolicyAssociate,
  apigSignature,
  apigThrottlingPolicy,
  signatureBindings,
  throttlingBindings,
} from './resources/policy.js'

const NETWORK = '5e3f9f53-6c1f-4a1b-9a5e-2d1c7a1f0b11'

interface Applied {
  readonly name: string
  /** What a plan shows now. */
  readonly plan: () => Promise<unknown>
  readonly destroy: () => Promise<unknown>
}

test('107: a configuration of everything is applied, plans nothing, and leaves nothing when it is destroyed', async () => {
  await using tf = await provider(10)
  const { sdk } = tf
  const applied: Applied[] = []
  async function apply<Config extends object>(name: string, resource: Resource<Config>, config: Config) {
    const id = await resource.create(config)
    applied.push({
      name,
      plan: async () => plan(config, await readOf(resource, id)),
      destroy: () => resource.delete(id, config),
    })
    return id
  }

  const instance = await apply('apig_instance', apigInstance(sdk), {
    name: 'gateway_one',
    edition: 'BASIC',
    vpc_id: NETWORK,
    subnet_id: NETWORK,
    security_group_id: NETWORK,
    availability_zones: ['az1'],
    description: '',
    maintain_begin: '22:00:00',
    bandwidth_size: 0,
    ingress_bandwidth_size: 0,
    ingress_bandwidth_charging_mode: '',
    tags: { foo: 'bar' },
    custom_ingress_ports: [],
  })
  const at = `instances/${instance}`
  const group = await apply('apig_group', apigGroup(sdk, at), {
    name: 'orders',
    description: 'of the shop',
    domain_access_enabled: true,
    url_domains: [{ name: 'www.t1.com', min_ssl_version: 'TLSv1.1', is_http_redirect_to_https: false }],
  })
  const env_id = await apply('apig_environment', apigEnvironment(sdk, at), { name: 'DEV', description: '' })
  await apply('apig_environment_variable', apigEnvironmentVariable(sdk, at), {
    group_id: group,
    env_id,
    name: 'path',
    value: '/of-dev',
  })
  const vpc_channel_id = await apply('apig_channel', apigChannel(sdk, at), {
    name: 'channel',
    port: 80,
    balance_strategy: 1,
    member_type: 'ip',
    type: 'builtin',
    member_group: [],
    member: [{ host: '192.168.0.1', weight: 1, is_backup: false, group_name: '', status: 1, port: 80 }],
    health_check: [],
  })
  const api_id = await apply('apig_api', apigApi(sdk, at), {
    group_id: group,
    name: 'order',
    type: 1,
    req_protocol: 'HTTP',
    req_method: 'GET',
    req_uri: '/orders',
    match_mode: 'NORMAL',
    auth_type: 'APP',
    backend_type: 'HTTP',
    backend_api: {
      req_protocol: 'HTTP',
      req_method: 'GET',
      req_uri: '/backend#path#',
      timeout: 5000,
      retry_count: '-1',
      vpc_channel_status: 1,
      vpc_channel_info: { vpc_channel_id },
    },
  })
  const publishments = apigApiPublishment(sdk, at)
  const publishment = await apply('apig_api_publishment', publishments, { env_id, api_id })
  const publish_ids = [String((await publishments.read(publishment))?.['publish_id'])]

  const throttle = await apply('apig_throttling_policy', apigThrottlingPolicy(sdk, at), {
    name: 'few',
    type: 'API-based',
    period: 1,
    period_unit: 'MINUTE',
    max_api_requests: 10,
    max_app_requests: 0,
    max_ip_requests: 0,
    max_user_requests: 0,
    description: '',
    app_throttles: [],
    user_throttles: [],
  })
  const acl = await apply('apig_acl_policy', apigAclPolicy(sdk, at), {
    name: 'guard',
    type: 'DENY',
    entity_type: 'IP',
    value: '10.0.0.1',
  })
  const sign = await apply('apig_signature', apigSignature(sdk, at), { name: 'signing', type: 'hmac' })
  for (const [policy_id, family] of [
    [throttle, throttlingBindings],
    [acl, aclBindings],
    [sign, signatureBindings],
  ] as const)
    await apply(`${family.path} associate`, apigPolicyAssociate(sdk, at, family), { policy_id, publish_ids })
  const plugin = await apply('apig_plugin', apigPlugin(sdk, at), {
    name: 'headers',
    type: 'set_resp_headers',
    description: '',
    content: '{"response_headers":[{"name":"X-A","value":"1","value_type":"custom_value","action":"append"}]}',
  })
  const attachments = apigPluginBatchApisAssociate(sdk, at, plugin)
  await apply('apig_plugin_batch_apis_associate', attachments, { env_id, attached: [api_id] })
  const application_id = await apply('apig_application', apigApplication(sdk, at), {
    name: 'shop',
    description: '',
    app_codes: [],
  })
  const authorizations = apigApplicationAuthorization(sdk, at)
  await apply('apig_application_authorization', authorizations, { application_id, env_id, api_ids: [api_id] })

  for (const resource of applied) expect([resource.name, await resource.plan()]).toEqual([resource.name, {}])

  const [, ...inInstance] = applied
  for (const resource of inInstance.toReversed()) await resource.destroy()
  const left = async (path: string, name: string) => (await sdk.list(`${at}/${path}`, name)).length
  expect({
    groups: await left('api-groups', 'groups'),
    environments: await left('envs', 'envs'),
    apis: await left('apis', 'apis'),
    apps: await left('apps', 'apps'),
    channels: await left('vpc-channels', 'vpc_channels'),
    throttles: await left('throttles', 'throttles'),
    acls: await left('acls', 'acls'),
    signs: await left('signs', 'signs'),
    plugins: await left('plugins', 'plugins'),
  }).toEqual({
    // What an instance is born with.
    groups: 1,
    environments: 1,
    apis: 0,
    apps: 0,
    channels: 0,
    throttles: 0,
    acls: 0,
    signs: 0,
    plugins: 0,
  })
  await applied[0]?.destroy()
  for (const resource of applied) expect([resource.name, await resource.plan()]).toEqual([resource.name, 'create'])
})

test('110: the pager reads 45 items on pages of 20, 20 and 5', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  for (let index = 0; index < 45; index += 1)
    await sdk.post(`${at}/throttles`, {
      name: `policy_${index}`,
      api_call_limits: 1,
      time_interval: 1,
      time_unit: 'SECOND',
    })

  const pages = await sdk.pages(`${at}/throttles`, 'throttles')

  expect(pages.map((page) => page.length)).toEqual([20, 20, 5])
  expect(new Set(pages.flat().map((throttle) => throttle.text('id'))).size).toBe(45)
})

test('data sources: every list goes on with its offset, and finds by a filter or finds nothing', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const group_id = (await sdk.post(`${at}/api-groups`, { name: 'one_group' })).text('id')
  await sdk.post(`${at}/env-variables`, { group_id, env_id: RELEASE, variable_name: 'one', variable_value: 'v' })
  await sdk.post(`${at}/envs`, { name: 'one_env' })
  await sdk.post(`${at}/apps`, { name: 'one_app' })
  await sdk.post(`${at}/acls`, { acl_name: 'one_acl', acl_type: 'DENY', entity_type: 'IP', acl_value: '10.0.0.1' })
  await sdk.post(`${at}/signs`, { name: 'one_sign' })
  await sdk.post(`${at}/throttles`, { name: 'one_throttle', api_call_limits: 1, time_interval: 1, time_unit: 'DAY' })
  await sdk.post(`${at}/app-quotas`, { name: 'one_quota', call_limits: 1, time_interval: 1, time_unit: 'DAY' })
  await sdk.post(`${at}/vpc-channels`, { name: 'one_channel', port: 80, balance_strategy: 1, member_type: 'ip' })
  await sdk.post(`${at}/apis`, {
    group_id,
    name: 'one_api',
    type: 1,
    req_protocol: 'HTTP',
    req_method: 'GET',
    req_uri: '/one',
    auth_type: 'NONE',
    backend_type: 'MOCK',
    mock_info: { result_content: '' },
    tags: ['b', 'a'],
  })

  for (const [path, list, filter, query = {}] of [
    ['api-groups', 'groups', 'name'],
    ['env-variables', 'variables', 'variable_name', { group_id }],
    ['envs', 'envs', 'name'],
    ['apis', 'apis', 'name'],
    ['apps', 'apps', 'name'],
    ['acls', 'acls', 'acl_name'],
    ['acls', 'acls', 'name'],
    ['signs', 'signs', 'name'],
    ['throttles', 'throttles', 'name'],
    ['app-quotas', 'quotas', 'name'],
    ['vpc-channels', 'vpc_channels', 'name'],
  ] as const) {
    const found = async (value: string) => (await sdk.list(`${at}/${path}`, list, { ...query, [filter]: value })).length
    expect([path, filter, await found('one'), await found('not_found')]).toEqual([path, filter, 1, 0])
  }
  expect((await sdk.get(`${at}/tags`, { query: { limit: 500 } })).texts('tags')).toEqual(['a', 'b'])
})

test('data sources of the project and of the instance', async () => {
  await using tf = await provider()
  const { sdk, at, sluice } = tf
  const tag = { key: 'team', value: 'red' }
  await sdk.post(`${at}/instance-tags/action`, { action: 'create', tags: [tag] }, { only: [204] })

  const filter = { tags: [{ key: 'team', values: ['red'] }] }
  const tagged = await sdk.post('resource-instances/filter', filter, { query: { limit: 500, offset: 0 } })
  expect(
    tagged.list('resources').map((resource) => ({
      id: resource.text('resource_id'),
      name: resource.text('resource_name'),
      tags: resource.list('tags').map(({ value }) => value),
    })),
  ).toEqual([{ id: sluice.instanceId, name: 'sluice-default', tags: [tag] }])

  const zones = (await sdk.get('available-zones')).list('available_zones')
  for (const zone of zones) expect(zone.object('specs').flag('BASIC')).toBe(true)
  const quotas = await sdk.list(`${at}/project/configs`, 'configs', {}, 500)
  for (const quota of quotas) {
    quota.time('config_time')
    expect(quota.text('config_name')).not.toBe('')
    quota.text('config_value')
    expect(quota.number('used')).toBeGreaterThanOrEqual(0)
  }
  expect(quotas.length).toBeGreaterThanOrEqual(40)
  expect((await sdk.get('instance/configs')).list('configs').length).toBeGreaterThan(0)
  expect((await sdk.get(`${at}/restriction`)).texts('restrict_cidrs').length).toBeGreaterThan(0)
  expect(set((await sdk.get(`${at}/instance-features`, { query: { limit: 500 } })).texts('features'))).toContain(
    'route',
  )
  const apps = await sdk.get(`${at}/resources/outline/apps`)
  expect([apps.number('authed_nums'), apps.number('unauthed_nums')]).toEqual([0, 0])
})
