/**
 * Clients that get in each other's way: they all create, change, bind, publish and delete the same few things, under the
 * same few names, by chance.
 */
import type { OperationId } from '../src/contract/generated/operations.js'
import type { Call, CallReply } from './management.js'
import { operation, swagger } from './open-api.js'
import type { Random } from './random.js'
import { RELEASE } from './stage.js'

/** Kinds of things that clients make; ids of those that may be gone stay known. */
export type Kind =
  | 'acl'
  | 'aclBinding'
  | 'api'
  | 'app'
  | 'appQuota'
  | 'authorization'
  | 'authorizer'
  | 'channel'
  | 'code'
  | 'domain'
  | 'env'
  | 'group'
  | 'memberGroup'
  | 'orchestration'
  | 'plugin'
  | 'port'
  | 'published'
  | 'response'
  | 'sign'
  | 'signBinding'
  | 'special'
  | 'throttle'
  | 'throttleBinding'
  | 'variable'
  | 'version'

export class KnownIds {
  readonly #ids = new Map<Kind, string[]>()

  add(kind: Kind, id: unknown): void {
    if (typeof id !== 'string' || id === '') return
    const known = this.#ids.get(kind)
    if (known === undefined) this.#ids.set(kind, [id])
    else known.push(id)
    // The oldest are forgotten: most calls should meet something that is there.
    if (known !== undefined && known.length > 6) known.shift()
  }

  of(kind: Kind): readonly string[] {
    return this.#ids.get(kind) ?? []
  }
}

export interface Move {
  readonly id: OperationId
  readonly call: Call
  /** Takes up what a success has made. */
  readonly learn?: (body: CallReply['body']) => void
}

/** What one client does next. */
export function nextMove(chance: Random, known: KnownIds): Move {
  const choices = moves({
    chance,
    known,
    name: (kind) => `${kind}_${chance.below(4)}`,
    id: (kind) => chance.of(known.of(kind)) ?? 'nobody',
    env: () => (chance.below(3) === 0 ? (chance.of(known.of('env')) ?? RELEASE) : RELEASE),
  })
  const choice = chance.of(choices)
  if (choice === undefined) throw new Error('there are moves')
  return choice()
}

interface Hand {
  readonly chance: Random
  readonly known: KnownIds
  readonly name: (kind: string) => string
  readonly id: (kind: Kind) => string
  readonly env: () => string
}

type Choice = () => Move

function moves(hand: Hand): Choice[] {
  // What others build on comes more often than what takes it away.
  return [
    ...[...creations(hand), ...publishing(hand), ...publishing(hand), ...bindings(hand), ...bindings(hand)],
    ...changes(hand),
    ...deletions(hand),
  ]
}

function creations({ chance, known, name, id, env }: Hand): Choice[] {
  const make = (
    id: OperationId,
    kind: Kind,
    field: string,
    body: () => unknown,
    path?: () => Record<string, string>,
  ) => {
    const choice: Choice = () => ({
      id,
      call: { body: body(), ...(path && { path: path() }) },
      learn: (made) => known.add(kind, (made as Record<string, unknown>)[field]),
    })
    return choice
  }
  const api = () => apiBody({ chance, known, name, id, env })
  const member = { member_host: '127.0.0.1' }
  return [
    make('createApiGroupV2', 'group', 'id', () => ({ name: name('group') })),
    make('createApiV2', 'api', 'id', api),
    make('createApiV2', 'api', 'id', api),
    make('createApiV2', 'api', 'id', api),
    make('createEnvironmentV2', 'env', 'id', () => ({ name: name('env') })),
    make('createAnAppV2', 'app', 'id', () => ({ name: name('app') })),
    make('createAnAppV2', 'app', 'id', () => ({ name: name('app'), app_key: `same_key_${chance.below(2)}` })),
    make(
      'createAppCodeAutoV2',
      'code',
      'id',
      () => undefined,
      () => ({ app_id: id('app') }),
    ),
    make('createEnvironmentVariableV2', 'variable', 'id', () => ({
      variable_name: name('var'),
      variable_value: `v${chance.below(9)}`,
      group_id: id('group'),
      env_id: env(),
    })),
    make('createRequestThrottlingPolicyV2', 'throttle', 'id', () => ({
      name: name('throttle'),
      api_call_limits: 100,
      time_interval: 1,
      time_unit: 'SECOND',
    })),
    make(
      'createSpecialThrottlingConfigurationV2',
      'special',
      'id',
      () => ({ object_type: 'APP', object_id: id('app'), call_limits: 5 }),
      () => ({ throttle_id: id('throttle') }),
    ),
    make('createAclStrategyV2', 'acl', 'id', () => ({
      acl_name: name('acl'),
      acl_type: 'DENY',
      entity_type: 'IP',
      acl_value: '10.0.0.1',
    })),
    make('createSignatureKeyV2', 'sign', 'id', () => ({ name: name('sign') })),
    make('createPlugin', 'plugin', 'plugin_id', () => ({
      plugin_name: name('plugin'),
      plugin_type: chance.of(['cors', 'set_resp_headers']),
      plugin_scope: 'global',
      plugin_content: '{"allow_origin":"*","response_headers":[{"name":"X-A","value":"b","action":"override"}]}',
    })),
    make('createVpcChannelV2', 'channel', 'id', () => ({
      name: name('channel'),
      port: 80,
      balance_strategy: 1,
      member_type: 'ip',
      vpc_channel_type: 'builtin',
      members: [{ host: '127.0.0.1', weight: 1, port: 80 + chance.below(5) }],
      ...member,
    })),
    make('createCustomAuthorizerV2', 'authorizer', 'id', () => ({
      name: name('authorizer'),
      type: 'FRONTEND',
      authorizer_type: 'FUNC',
      authorizer_uri: 'urn:fss:local-1:project:function:default:authorize',
    })),
    make('createOrchestration', 'orchestration', 'orchestration_id', () => ({
      orchestration_name: name('rule'),
      orchestration_strategy: 'hash',
      orchestration_mapped_param: {
        mapped_param_name: 'target',
        mapped_param_type: 'string',
        mapped_param_location: 'header',
      },
    })),
    make('createAppQuota', 'appQuota', 'app_quota_id', () => ({
      name: name('quota'),
      call_limits: 5,
      time_unit: 'DAY',
      time_interval: 1,
    })),
    make('addCustomIngressPort', 'port', 'ingress_port_id', () => ({
      protocol: chance.of(['HTTP', 'HTTPS']),
      ingress_port: 9000 + chance.below(3),
    })),
    make(
      'createGatewayResponseV2',
      'response',
      'id',
      () => ({ name: name('response') }),
      () => ({ group_id: id('group') }),
    ),
    make(
      'associateDomainV2',
      'domain',
      'id',
      () => ({
        url_domain: `d${chance.below(3)}.example.com`,
        ...(chance.below(2) === 0 && { ingress_http_port: 9000 + chance.below(3), ingress_https_port: -1 }),
      }),
      () => ({ group_id: id('group') }),
    ),
    make('createApiV2', 'api', 'id', () => ({ ...api(), tags: ['blue', name('tag')] })),
  ]
}

/** Half of the APIs use something that somebody may be deleting. */
function apiBody({ chance, known, name, id }: Hand): Record<string, unknown> {
  const path = name('path')
  const rules = known.of('orchestration').slice(0, 1)
  const parts: Record<string, unknown>[] = [
    { backend_type: 'MOCK', mock_info: { result_content: 'hello' } },
    {
      backend_type: 'HTTP',
      backend_api: {
        vpc_channel_status: 1,
        vpc_channel_info: { vpc_channel_id: id('channel') },
        req_protocol: 'HTTP',
        req_method: 'GET',
        req_uri: '/',
        timeout: 5000,
      },
    },
    { backend_type: 'MOCK', mock_info: {}, auth_type: 'AUTHORIZER', authorizer_id: id('authorizer') },
    { backend_type: 'MOCK', mock_info: {}, response_id: id('response') },
    {
      backend_type: 'MOCK',
      mock_info: {},
      req_params: [{ name: 'colour', type: 'STRING', location: 'HEADER', orchestrations: rules }],
    },
    {
      backend_type: 'HTTP',
      backend_api: {
        url_domain: '#var_1#.example.com',
        req_protocol: 'HTTP',
        req_method: 'GET',
        req_uri: '/',
        timeout: 5000,
      },
    },
  ]
  return {
    name: name('api'),
    type: 1,
    req_protocol: 'HTTP',
    req_method: chance.of(['GET', 'POST', 'ANY']),
    req_uri: `/${path}`,
    auth_type: 'APP',
    group_id: id('group'),
    ...(chance.below(2) === 0 ? parts[0] : chance.of(parts)),
  }
}

function publishing({ chance, known, id, env }: Hand): Choice[] {
  const learn: NonNullable<Move['learn']> = (body) => {
    const { publish_id, version_id } = body as Record<string, unknown>
    known.add('published', publish_id)
    known.add('version', version_id)
  }
  const action = (wanted: string): Choice => {
    return () => ({
      id: 'createOrDeletePublishRecordForApiV2',
      call: { body: { action: wanted, api_id: id('api'), env_id: env() } },
      learn,
    })
  }
  return [
    ...[action('online'), action('online'), action('online'), action('offline')],
    () => ({
      id: 'batchPublishOrOfflineApiV2',
      call: {
        query: { action: chance.of(['online', 'offline']) ?? '' },
        body: { apis: [...new Set([id('api'), id('api')])], env_id: env() },
      },
      learn: (body) => (body as { success: unknown[] }).success.forEach((one) => learn(one)),
    }),
    () => ({ id: 'changeApiVersionV2', call: { path: { api_id: id('api') }, body: { version_id: id('version') } } }),
    () => ({ id: 'deleteApiByVersionIdV2', call: { path: { version_id: id('version') } } }),
  ]
}

function bindings({ chance, known, id, env }: Hand): Choice[] {
  const publish_ids = () => [...new Set([id('published'), chance.of(known.of('published')) ?? 'nobody'])]
  const learnFrom = (list: string, kind: Kind): NonNullable<Move['learn']> => {
    return (body) =>
      (body as Record<string, { id: unknown }[]>)[list]?.forEach((binding) => known.add(kind, binding.id))
  }
  const path = (name: string, kind: Kind) => ({ [name]: id(kind) })
  return [
    () => ({
      id: 'associateRequestThrottlingPolicyV2',
      call: { body: { strategy_id: id('throttle'), publish_ids: publish_ids() } },
      learn: learnFrom('throttle_applys', 'throttleBinding'),
    }),
    () => ({
      id: 'createApiAclBindingV2',
      call: { body: { acl_id: id('acl'), publish_ids: publish_ids() } },
      learn: learnFrom('acl_bindings', 'aclBinding'),
    }),
    () => ({
      id: 'associateSignatureKeyV2',
      call: { body: { sign_id: id('sign'), publish_ids: publish_ids() } },
      learn: learnFrom('bindings', 'signBinding'),
    }),
    () => ({
      id: 'createAuthorizingAppsV2',
      call: { body: { env_id: env(), app_ids: [id('app')], api_ids: [id('api')] } },
      learn: learnFrom('auths', 'authorization'),
    }),
    () => ({
      id: 'attachApiToPlugin',
      call: { path: path('plugin_id', 'plugin'), body: { env_id: env(), api_ids: [id('api')] } },
    }),
    () => ({
      id: 'detachPluginFromApi',
      call: { path: path('api_id', 'api'), body: { env_id: env(), plugin_ids: [id('plugin')] } },
    }),
    () => ({
      id: 'associateAppsForAppQuota',
      call: { path: path('app_quota_id', 'appQuota'), body: { app_ids: [id('app')] } },
    }),
    () => ({
      id: 'disassociateRequestThrottlingPolicyV2',
      call: { path: path('throttle_binding_id', 'throttleBinding') },
    }),
    () => ({
      id: 'batchDeleteApiAclBindingV2',
      call: { query: { action: 'delete' }, body: { acl_bindings: [id('aclBinding'), id('aclBinding')] } },
    }),
    () => ({ id: 'disassociateSignatureKeyV2', call: { path: path('sign_bindings_id', 'signBinding') } }),
    () => ({ id: 'cancelingAuthorizationV2', call: { path: path('app_auth_id', 'authorization') } }),
  ]
}

function changes(hand: Hand): Choice[] {
  const { chance, name, id } = hand
  return [
    () => ({
      id: 'updateApiGroupV2',
      call: { path: { group_id: id('group') }, body: { name: name('group'), remark: name('remark') } },
    }),
    () => ({ id: 'updateApiV2', call: { path: { api_id: id('api') }, body: apiBody(hand) } }),
    () => ({ id: 'updateApiV2', call: { path: { api_id: id('api') }, body: { ...apiBody(hand), tags: ['red'] } } }),
    () => ({ id: 'importApiDefinitionsV2', call: { form: importForm(hand) } }),
    () => ({ id: 'importApiDefinitionsV2', call: { form: importForm(hand) } }),
    () => ({ id: 'importApiDefinitionsAsync', call: { form: importForm(hand) } }),
    () => ({
      id: 'exportApiDefinitionsV2',
      call: { body: { env_id: RELEASE, group_id: id('group'), define: 'all' } },
    }),
    () => ({ id: 'updateAppV2', call: { path: { app_id: id('app') }, body: { name: name('app') } } }),
    () => ({ id: 'resettingAppSecretV2', call: { path: { app_id: id('app') }, body: { app_secret: '' } } }),
    () => ({ id: 'updateEnvironmentV2', call: { path: { env_id: id('env') }, body: { name: name('env') } } }),
    () => ({
      id: 'updateEnvironmentVariableV2',
      call: { path: { env_variable_id: id('variable') }, body: { variable_value: `w${chance.below(9)}` } },
    }),
    () => ({
      id: 'updateAppAcl',
      call: {
        path: { app_id: id('app') },
        body: { app_acl_type: 'PERMIT', app_acl_values: [`10.0.0.${chance.below(9)}`] },
      },
    }),
    () => ({
      id: 'addingBackendInstancesV2',
      call: {
        path: { vpc_channel_id: id('channel') },
        body: { members: [{ host: `10.0.0.${chance.below(9)}`, weight: 1, member_group_name: name('member') }] },
      },
    }),
    () => ({
      id: 'createMemberGroup',
      call: {
        path: { vpc_channel_id: id('channel') },
        body: { member_groups: [{ member_group_name: name('member') }] },
      },
    }),
    () => ({
      id: 'createFeatureV2',
      call: { body: { name: 'ratelimit', enable: true, config: `{"api_limits":${200 + chance.below(9)}}` } },
    }),
    () => ({
      id: 'batchCreateOrDeleteInstanceTags',
      call: {
        body: { action: chance.of(['create', 'delete']), tags: [{ key: name('tag'), value: name('value') }] },
      },
    }),
  ]
}

/** Some APIs of the same names and paths that others create, with a policy that may be gone. */
function importForm({ chance, name, id }: Hand): Record<string, string> {
  const described = (api: string) =>
    operation({
      operationId: api,
      ...(chance.below(2) === 0 && { 'x-apigateway-ratelimit': name('throttle') }),
    })
  return {
    is_create_group: 'false',
    group_id: id('group'),
    api_mode: chance.of(['merge', 'override']) ?? '',
    file_name: JSON.stringify(
      swagger({
        [`/${name('path')}`]: { get: described(name('api')) },
        [`/${name('path')}/imported`]: { post: described(name('imported')) },
      }),
    ),
  }
}

function deletions({ id }: Hand): Choice[] {
  const gone = (operation: OperationId, ...places: readonly (readonly [string, Kind])[]): Choice => {
    return () => ({
      id: operation,
      call: { path: Object.fromEntries(places.map(([name, kind]) => [name, id(kind)])) },
    })
  }
  return [
    gone('deleteApiGroupV2', ['group_id', 'group']),
    gone('deleteApiV2', ['api_id', 'api']),
    gone('deleteEnvironmentV2', ['env_id', 'env']),
    gone('deleteEnvironmentVariableV2', ['env_variable_id', 'variable']),
    gone('deleteAppV2', ['app_id', 'app']),
    gone('deleteAppCodeV2', ['app_id', 'app'], ['app_code_id', 'code']),
    gone('deleteRequestThrottlingPolicyV2', ['throttle_id', 'throttle']),
    gone('deleteSpecialThrottlingConfigurationV2', ['throttle_id', 'throttle'], ['strategy_id', 'special']),
    gone('deleteAclV2', ['acl_id', 'acl']),
    gone('deleteSignatureKeyV2', ['sign_id', 'sign']),
    gone('deletePlugin', ['plugin_id', 'plugin']),
    gone('deleteVpcChannelV2', ['vpc_channel_id', 'channel']),
    gone('deleteCustomAuthorizerV2', ['authorizer_id', 'authorizer']),
    gone('deleteOrchestration', ['orchestration_id', 'orchestration']),
    gone('deleteAppQuota', ['app_quota_id', 'appQuota']),
    gone('deleteCustomIngressPort', ['ingress_port_id', 'port']),
    gone('deleteGatewayResponseV2', ['group_id', 'group'], ['response_id', 'response']),
    gone('disassociateDomainV2', ['group_id', 'group'], ['domain_id', 'domain']),
  ]
}
