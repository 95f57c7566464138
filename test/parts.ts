/** Parts of a snapshot for tests, complete but for what a test says. */
import type { ApiDefinition, HttpBackend, MockBackend, RequestParameter } from '../src/snapshot/api-definition.js'
import type {
  AppPart,
  AuthorizerPart,
  ChannelMember,
  ChannelPart,
  GroupDomain,
  GroupPart,
  InstancePart,
  PluginPart,
  PublicationPart,
  ThrottlePart,
  Update,
} from '../src/snapshot/parts.js'
import type { Part } from '../src/snapshot/parts.js'

export function instancePart(part: Partial<InstancePart> = {}): InstancePart {
  return {
    kind: 'instance',
    id: 'i1',
    projectId: 'p1',
    createdAt: 1,
    environments: [
      { id: 'release', name: 'RELEASE' },
      { id: 'test', name: 'TEST' },
    ],
    features: {},
    ingressPorts: [],
    ...part,
  }
}

export function groupPart(part: Partial<GroupPart> = {}): GroupPart {
  const id = part.id ?? 'g1'
  return {
    kind: 'group',
    id,
    instanceId: 'i1',
    name: id,
    isDefault: false,
    subDomains: [`${id}.apic.test`],
    subDomainEnabled: true,
    ...part,
  }
}

export function groupDomain(domain: Partial<GroupDomain> & Pick<GroupDomain, 'name'>): GroupDomain {
  return {
    httpPort: 80,
    httpsPort: 443,
    redirectToHttps: false,
    minTls: 'TLSv1.2',
    verifyClient: false,
    certificateIds: [],
    ...domain,
  }
}

export interface ApiSpec extends Partial<Omit<ApiDefinition, 'backend' | 'req_params'>> {
  readonly groupId?: string
  readonly instanceId?: string
  readonly environmentId?: string
  readonly throttleId?: string
  readonly pluginIds?: readonly string[]
  readonly backend?: Partial<HttpBackend> | MockBackend | ApiDefinition['backend']
  readonly req_params?: readonly (Partial<RequestParameter> & Pick<RequestParameter, 'name' | 'location'>)[]
}

export function publicationPart(spec: ApiSpec = {}): PublicationPart {
  const {
    groupId = 'g1',
    instanceId = 'i1',
    environmentId = 'release',
    throttleId,
    pluginIds,
    backend,
    req_params,
    ...definition
  } = spec
  const id = definition.id ?? 'a1'
  return {
    kind: 'publication',
    instanceId,
    groupId,
    apiId: id,
    environmentId,
    publishId: `publish-${id}`,
    versionId: `version-${id}`,
    ...(throttleId === undefined ? {} : { throttleId }),
    ...(pluginIds === undefined ? {} : { pluginIds }),
    definition: {
      id,
      name: `api_${id}`,
      req_protocol: 'BOTH',
      req_method: 'GET',
      req_uri: '/orders',
      match_mode: 'NORMAL',
      auth_type: 'NONE',
      app_code_auth_type: 'DISABLE',
      cors: false,
      policies: [],
      ...definition,
      req_params: (req_params ?? []).map((parameter) => requestParameter(parameter)),
      backend: completeBackend(backend ?? {}, definition.req_uri),
    },
  }
}

function requestParameter(
  parameter: Partial<RequestParameter> & Pick<RequestParameter, 'name' | 'location'>,
): RequestParameter {
  const required = parameter.location === 'PATH'
  return { type: 'STRING', required, validate: false, pass_through: false, ...parameter }
}

function completeBackend(backend: NonNullable<ApiSpec['backend']>, path = '/orders'): ApiDefinition['backend'] {
  if (backend.type === 'MOCK' || backend.type === 'FUNCTION') return backend
  return {
    type: 'HTTP',
    req_protocol: 'HTTP',
    req_method: 'ANY',
    req_uri: path,
    url_domain: 'backend.test',
    timeout: 5000,
    retry_count: -1,
    params: [],
    ...backend,
  }
}

export function mockBackend(backend: Partial<MockBackend> = {}): MockBackend {
  return { type: 'MOCK', result_content: '{"mock":true}', status_code: 200, headers: [], params: [], ...backend }
}

export function appPart(part: Partial<AppPart> = {}): AppPart {
  const id = part.id ?? 'app1'
  return {
    kind: 'app',
    id,
    instanceId: 'i1',
    projectId: 'p1',
    name: id,
    key: `key-of-${id}`,
    secret: `secret-of-${id}`,
    codes: [],
    authorizations: ['a1/release'],
    ...part,
  }
}

export function throttlePart(part: Partial<ThrottlePart> = {}): ThrottlePart {
  return {
    kind: 'throttle',
    id: 't1',
    instanceId: 'i1',
    scope: 'api',
    interval: 1,
    unit: 'DAY',
    apiLimit: 1000,
    specials: [],
    ...part,
  }
}

/** Asks the function `authorize` in the package `default`. */
export function authorizerPart(part: Partial<AuthorizerPart> = {}): AuthorizerPart {
  return {
    kind: 'authorizer',
    id: 'auth1',
    instanceId: 'i1',
    urn: 'urn:fss:local-1:p1:function:default:authorize',
    identities: [],
    ttl: 0,
    userData: '',
    needBody: false,
    ...part,
  }
}

/** The plug-in is called `<type>1` unless it is named. */
export function pluginPart(type: PluginPart['type'], content: unknown, id = `${type}1`): PluginPart {
  return { kind: 'plugin', id, instanceId: 'i1', type, content }
}

export function channelPart(
  part: Partial<Omit<ChannelPart, 'members'>> & { readonly members: readonly Partial<ChannelMember>[] },
): ChannelPart {
  return {
    kind: 'channel',
    id: 'c1',
    instanceId: 'i1',
    balancing: 'WRR',
    groups: [],
    ...part,
    members: part.members.map((member, index) => ({
      id: `m${index + 1}`,
      host: '127.0.0.1',
      port: 0,
      weight: 1,
      backup: false,
      ...member,
    })),
  }
}

export function reset(...put: readonly Part[]): Update {
  return { revision: 1, reset: true, put, remove: [] }
}

export function change(put: readonly Part[], remove: Update['remove'] = [], revision = 2): Update {
  return { revision, reset: false, put, remove }
}
