/** Makes parts of the snapshot from what is stored: those that changed, or all of them. */
import type { Vault } from '../config/vault.js'
import { compileDefinition } from '../snapshot/compile.js'
import type {
  AccessRule,
  AppPart,
  AppQuota,
  AuthorizerIdentity,
  AuthorizerPart,
  BackendSignature,
  CertificatePart,
  GroupDomain,
  GroupPart,
  InstancePart,
  Part,
  PartKey,
  PluginPart,
  PublicationPart,
  ResponseSet,
  ThrottlePart,
} from '../snapshot/parts.js'
import { partKey } from '../snapshot/parts.js'
import { overridesOf } from './gateway-responses/overrides.js'
import { aiApiKeyContext } from '../store/ai-api-keys.js'
import { channelContents } from '../store/channel-contents.js'
import { appCodeContext, appSecretContext } from '../store/apps.js'
import { certificateKeyContext } from '../store/certificates.js'
import type { UrlDomain } from '../store/domains.js'
import type {
  AppAclRow,
  AuthorizerRow,
  CertificateRow,
  GatewayResponseRow,
  PluginRow,
  SignRow,
} from '../store/schema.js'
import { signKeyContext, signSecretContext } from '../store/signs.js'
import {
  appContents,
  authorizerContents,
  certificateContents,
  groupContents,
  instanceContents,
  pluginContents,
  publicationContents,
  throttleContents,
  type AppContent,
  type GroupContent,
  type InstanceContent,
  type PublicationContent,
  type Selection,
  type ThrottleContent,
} from '../store/snapshot.js'
import type { Database } from '../store/store.js'
import { orchestrationRules } from './orchestrations/rule-part.js'
import { channelPart } from './vpc-channels/channel-part.js'

export interface SnapshotSourceOptions {
  readonly vault: Vault
  /** Sub-domains of groups are `<group id>.<suffix>`. */
  readonly subdomainSuffix: string
  /** Told of a part that cannot be made (a secret sealed with another key, say): gateways keep what they have of it. */
  readonly onDefect: (key: PartKey, error: unknown) => void
}

export interface LoadedParts {
  readonly put: readonly Part[]
  readonly remove: readonly PartKey[]
}

/** Rows or keys in one query. */
const BATCH = 500

/** The parts with these keys as they are now; those that are not there any more are to be removed. */
export async function loadParts(
  db: Database,
  keys: Iterable<PartKey>,
  options: SnapshotSourceOptions,
): Promise<LoadedParts> {
  const wanted = new Set(keys)
  const put: Part[] = []
  const defects = new Set<PartKey>()
  const source = new Source(db, { ...options, onDefect: noteDefect })
  function noteDefect(key: PartKey, error: unknown): void {
    defects.add(key)
    if (wanted.has(key)) options.onDefect(key, error)
  }
  for (const kind of kinds) {
    const ids = idsOf(kind, wanted)
    for (let from = 0; from < ids.length; from += BATCH) {
      const page = await source[kind]({ ids: ids.slice(from, from + BATCH) })
      // An API may be published in more environments than have changed.
      put.push(...page.parts.filter((part) => wanted.has(partKey(part))))
    }
  }
  const found = new Set(put.map(partKey))
  return { put, remove: [...wanted].filter((key) => !found.has(key) && !defects.has(key)) }
}

/** Every part, a batch at a time. */
export async function* loadAllParts(db: Database, options: SnapshotSourceOptions): AsyncGenerator<readonly Part[]> {
  const source = new Source(db, options)
  for (const kind of kinds) {
    let after: string | undefined = ''
    while (after !== undefined) {
      const { parts, last }: LoadedPage = await source[kind]({ after, limit: BATCH })
      yield parts
      after = last
    }
  }
}

const kinds = [
  'instance',
  'certificate',
  'group',
  'throttle',
  'plugin',
  'authorizer',
  'app',
  'channel',
  'publication',
] as const satisfies readonly Part['kind'][]

/** For a publication, the id of its API. */
function idsOf(kind: Part['kind'], keys: ReadonlySet<PartKey>): string[] {
  const ids = new Set<string>()
  for (const key of keys) {
    if (!key.startsWith(`${kind}:`)) continue
    const id = key.slice(kind.length + 1)
    ids.add(kind === 'publication' ? id.slice(0, id.indexOf('/')) : id)
  }
  return [...ids]
}

interface LoadedPage {
  readonly parts: readonly Part[]
  /** Id of the last row, for the next page; undefined at the end. */
  readonly last: string | undefined
}

class Source {
  constructor(
    private readonly db: Database,
    private readonly options: SnapshotSourceOptions,
  ) {}

  async instance(selection: Selection): Promise<LoadedPage> {
    const rows = await instanceContents(this.db, selection)
    return this.#page(
      rows,
      ({ row }) => row.id,
      ({ row }) => `instance:${row.id}`,
      instancePart,
    )
  }

  async group(selection: Selection): Promise<LoadedPage> {
    const rows = await groupContents(this.db, selection)
    const part = (content: GroupContent) => groupPart(content, this.options.subdomainSuffix)
    return this.#page(
      rows,
      ({ row }) => row.id,
      ({ row }) => `group:${row.id}`,
      part,
    )
  }

  async certificate(selection: Selection): Promise<LoadedPage> {
    const rows = await certificateContents(this.db, selection)
    const part = (row: CertificateRow) => certificatePart(row, this.options.vault)
    return this.#page(
      rows,
      ({ id }) => id,
      ({ id }) => `certificate:${id}`,
      part,
    )
  }

  async throttle(selection: Selection): Promise<LoadedPage> {
    const rows = await throttleContents(this.db, selection)
    return this.#page(
      rows,
      ({ row }) => row.id,
      ({ row }) => `throttle:${row.id}`,
      throttlePart,
    )
  }

  async plugin(selection: Selection): Promise<LoadedPage> {
    const rows = await pluginContents(this.db, selection)
    return this.#page(
      rows,
      ({ id }) => id,
      ({ id }) => `plugin:${id}`,
      pluginPart,
    )
  }

  async authorizer(selection: Selection): Promise<LoadedPage> {
    const rows = await authorizerContents(this.db, selection)
    return this.#page(
      rows,
      ({ id }) => id,
      ({ id }) => `authorizer:${id}`,
      authorizerPart,
    )
  }

  async app(selection: Selection): Promise<LoadedPage> {
    const rows = await appContents(this.db, selection)
    const part = (content: AppContent) => appPart(content, this.options.vault)
    return this.#page(
      rows,
      ({ row }) => row.id,
      ({ row }) => `app:${row.id}`,
      part,
    )
  }

  async channel(selection: Selection): Promise<LoadedPage> {
    const rows = await channelContents(this.db, selection)
    return this.#page(
      rows,
      ({ channel }) => channel.id,
      ({ channel }) => `channel:${channel.id}`,
      channelPart,
    )
  }

  async publication(selection: Selection): Promise<LoadedPage> {
    const rows = await publicationContents(this.db, selection)
    const key = ({ apiId, environmentId }: PublicationContent): PartKey => `publication:${apiId}/${environmentId}`
    const part = (content: PublicationContent) => publicationPart(content, this.options.vault)
    return this.#page(rows, ({ publishId }) => publishId, key, part)
  }

  #page<Row>(
    rows: readonly Row[],
    id: (row: Row) => string,
    key: (row: Row) => PartKey,
    make: (row: Row) => Part,
  ): LoadedPage {
    const parts: Part[] = []
    for (const row of rows) {
      try {
        parts.push(make(row))
      } catch (error) {
        this.options.onDefect(key(row), error)
      }
    }
    const last = rows.at(-1)
    return { parts, last: last === undefined ? undefined : id(last) }
  }
}

function instancePart({ row, environments, features, ingressPorts }: InstanceContent): InstancePart {
  return {
    kind: 'instance',
    id: row.id,
    projectId: row.project_id,
    createdAt: row.created_at,
    environments,
    features: Object.fromEntries(features.map(({ name, enable, config }) => [name, { enable: enable === 1, config }])),
    ingressPorts: ingressPorts.map(({ port, protocol }) => ({ port, protocol })),
  }
}

function groupPart({ row, domains, responses }: GroupContent, subdomainSuffix: string): GroupPart {
  return {
    kind: 'group',
    id: row.id,
    instanceId: row.instance_id,
    name: row.name,
    isDefault: row.is_default === 1,
    subDomains: [`${row.id}.${subdomainSuffix}`],
    subDomainEnabled: row.sl_domain_access_enabled === 1,
    ...(domains.length > 0 && { domains: domains.map(groupDomain) }),
    ...(responses.length > 0 && { responseSets: responses.map(responseSet) }),
  }
}

function groupDomain(domain: UrlDomain): GroupDomain {
  return {
    name: domain.host,
    httpPort: domain.ingress_http_port,
    httpsPort: domain.ingress_https_port,
    redirectToHttps: domain.is_http_redirect_to_https === 1,
    minTls: domain.min_ssl_version,
    verifyClient: domain.verified_client_certificate_enabled === 1,
    certificateIds: domain.certificates.map(({ id }) => id),
  }
}

function responseSet(row: GatewayResponseRow): ResponseSet {
  return { id: row.id, isDefault: row.is_default === 1, overrides: overridesOf(row) as ResponseSet['overrides'] }
}

function certificatePart(row: CertificateRow, vault: Vault): CertificatePart {
  return {
    kind: 'certificate',
    id: row.id,
    algorithm: row.algorithm_type,
    chain: row.content,
    privateKey: vault.open(row.key_sealed, certificateKeyContext(row.id)),
    ...(row.trusted_root_ca !== '' && { trustedRootCa: row.trusted_root_ca }),
  }
}

function appPart(content: AppContent, vault: Vault): AppPart {
  const { row, projectId, codes, authorizations, aiApiKeys, acl, quota } = content
  return {
    kind: 'app',
    id: row.id,
    instanceId: row.instance_id,
    projectId,
    name: row.name,
    key: row.app_key,
    secret: vault.open(row.secret_sealed, appSecretContext(row.id)),
    codes: codes.map(({ id, code_sealed }) => vault.open(code_sealed, appCodeContext(id))),
    authorizations: authorizations.map(({ apiId, environmentId }) => `${apiId}/${environmentId}`),
    ...(aiApiKeys.length > 0 && {
      aiApiKeys: aiApiKeys.map(({ id, key_sealed }) => vault.open(key_sealed, aiApiKeyContext(id))),
    }),
    ...(acl !== undefined && { access: appAccess(acl) }),
    ...(quota !== undefined && { quota: appQuota(quota) }),
  }
}

function appAccess({ acl_type, acl_values }: AppAclRow): AccessRule {
  return { type: acl_type, entity: 'IP', values: JSON.parse(acl_values) as string[] }
}

const SECONDS = { SECOND: 1, MINUTE: 60, HOUR: 3600, DAY: 86_400 } as const

/** Windows begin at `reset_time`, UTC; without one at the moment at which the app was given the quota. */
function appQuota(quota: NonNullable<AppContent['quota']>): AppQuota {
  const { id, call_limits, time_interval, time_unit, reset_time, bound_at } = quota
  return {
    id,
    limit: call_limits,
    windowSeconds: time_interval * SECONDS[time_unit],
    startsAt: reset_time === '' ? bound_at : Date.parse(`${reset_time.replace(' ', 'T')}Z`),
  }
}

function throttlePart({ row, specials }: ThrottleContent): ThrottlePart {
  return {
    kind: 'throttle',
    id: row.id,
    instanceId: row.instance_id,
    scope: row.type === 2 ? 'shared' : 'api',
    interval: row.time_interval,
    unit: row.time_unit,
    apiLimit: row.api_call_limits,
    // 0 stands for no limit.
    ...(row.user_call_limits > 0 && { userLimit: row.user_call_limits }),
    ...(row.app_call_limits > 0 && { appLimit: row.app_call_limits }),
    ...(row.ip_call_limits > 0 && { ipLimit: row.ip_call_limits }),
    specials: specials.map(({ object_type, object_id, call_limits }) => ({
      type: object_type,
      objectId: object_id,
      limit: call_limits,
    })),
  }
}

function pluginPart({ id, instance_id, type, content }: PluginRow): PluginPart {
  return { kind: 'plugin', id, instanceId: instance_id, type, content: JSON.parse(content) as unknown }
}

function authorizerPart(row: AuthorizerRow): AuthorizerPart {
  const { id, instance_id, authorizer_version: version, authorizer_alias_uri: alias } = row
  // Written by the operations of authorizers: an identity without validation may say so by null.
  const identities = JSON.parse(row.identities) as (Omit<AuthorizerIdentity, 'validation'> & {
    validation?: string | null
  })[]
  return {
    kind: 'authorizer',
    id,
    instanceId: instance_id,
    urn: row.authorizer_uri,
    ...(version !== '' && { version }),
    ...(alias !== '' && { alias }),
    identities: identities.map(({ name, location, validation }) => ({
      name,
      location,
      ...(validation && { validation }),
    })),
    ttl: row.ttl,
    userData: row.user_data,
    needBody: row.need_body === 1,
    timeout: row.timeout,
    ...(row.retry_attempts > 0 && { retries: row.retry_attempts }),
    ...(row.auth_downgrade_enabled === 1 && { isRelaxed: true }),
  }
}

function publicationPart(content: PublicationContent, vault: Vault): PublicationPart {
  const { acls, sign, pluginIds } = content
  return {
    kind: 'publication',
    instanceId: content.instanceId,
    groupId: content.groupId,
    apiId: content.apiId,
    environmentId: content.environmentId,
    publishId: content.publishId,
    versionId: content.versionId,
    definition: compileDefinition(content.document, content.variables, orchestrationRules(content.rules)),
    ...(content.throttleId !== undefined && { throttleId: content.throttleId }),
    ...(pluginIds.length > 0 && { pluginIds }),
    ...(acls.length > 0 && { access: acls.map(accessRule) }),
    ...(sign !== undefined && { signature: backendSignature(sign, vault) }),
  }
}

function accessRule({ acl_type, entity_type, value }: PublicationContent['acls'][number]): AccessRule {
  const values = value.split(',').map((one) => one.trim())
  return { type: acl_type, entity: entity_type, values: values.filter((one) => one !== '') }
}

function backendSignature({ id, sign_type, sign_algorithm, key_sealed, secret_sealed }: SignRow, vault: Vault) {
  return {
    type: sign_type,
    ...(sign_algorithm !== '' && { algorithm: sign_algorithm }),
    key: vault.open(key_sealed, signKeyContext(id)),
    secret: vault.open(secret_sealed, signSecretContext(id)),
  } satisfies BackendSignature
}
