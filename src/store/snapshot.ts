/** What gateways must know, read in bulk: by id for what changed, or page by page for everything. */
import type { ApiDocument } from '../contract/api-document.js'
import { documentOf } from './apis.js'
import { byKey } from './by-key.js'
import { domainsOfGroups, type UrlDomain } from './domains.js'
import { orchestrationsById, type Orchestration } from './orchestrations.js'
import { variablesOf, type Variables } from './publications.js'
import type {
  AclRow,
  AiApiKeyRow,
  ApiGroupRow,
  AppAclRow,
  AppCodeRow,
  AppQuotaRow,
  AppRow,
  AuthorizerRow,
  CertificateRow,
  FeatureRow,
  GatewayResponseRow,
  IngressPortRow,
  InstanceRow,
  PluginRow,
  SignRow,
  ThrottleRow,
  ThrottleSpecialRow,
} from './schema.js'
import type { Database } from './store.js'

/** Some rows by their ids, or the next page of all rows: those whose id follows `after`. */
export type Selection = { readonly ids: readonly string[] } | { readonly after: string; readonly limit: number }

export interface InstanceContent {
  readonly row: InstanceRow
  readonly environments: readonly { readonly id: string; readonly name: string }[]
  readonly features: readonly FeatureRow[]
  readonly ingressPorts: readonly IngressPortRow[]
}

export interface GroupContent {
  readonly row: ApiGroupRow
  readonly domains: readonly UrlDomain[]
  /** Without a default that overrides nothing. */
  readonly responses: readonly GatewayResponseRow[]
}

export interface AppContent {
  readonly row: AppRow
  readonly projectId: string
  readonly codes: readonly AppCodeRow[]
  readonly authorizations: readonly { readonly apiId: string; readonly environmentId: string }[]
  readonly aiApiKeys: readonly AiApiKeyRow[]
  readonly acl: AppAclRow | undefined
  /** With the time of the binding, in milliseconds since the epoch. */
  readonly quota: (AppQuotaRow & { readonly bound_at: number }) | undefined
}

export interface ThrottleContent {
  readonly row: ThrottleRow
  readonly specials: readonly ThrottleSpecialRow[]
}

export interface PublicationContent {
  readonly publishId: string
  readonly instanceId: string
  readonly groupId: string
  readonly apiId: string
  readonly environmentId: string
  readonly versionId: string
  readonly document: ApiDocument
  readonly variables: Variables
  /** Those that parameters of the document use, by id. */
  readonly rules: ReadonlyMap<string, Orchestration>
  readonly throttleId: string | undefined
  readonly pluginIds: readonly string[]
  readonly acls: readonly Pick<AclRow, 'acl_type' | 'entity_type' | 'value'>[]
  readonly sign: SignRow | undefined
}

/** By the ids of their APIs, or by page in the order of their own ids. */
export async function publicationContents(db: Database, selection: Selection): Promise<PublicationContent[]> {
  let query = db
    .selectFrom('publications')
    .innerJoin('api_versions as versions', 'versions.id', 'publications.version_id')
    .leftJoin('throttle_bindings as bindings', 'bindings.publish_id', 'publications.publish_id')
    .selectAll('publications')
    .select(['versions.definition', 'bindings.throttle_id'])
  if ('ids' in selection) query = query.where('publications.api_id', 'in', selection.ids)
  else
    query = query
      .where('publications.publish_id', '>', selection.after)
      .orderBy('publications.publish_id')
      .limit(selection.limit)
  const rows = await query.execute()
  const publishIds = rows.map(({ publish_id }) => publish_id)
  if (publishIds.length === 0) return []
  const acls = byKey(
    await db
      .selectFrom('acl_bindings as binding')
      .innerJoin('acls', 'acls.id', 'binding.acl_id')
      .select(['binding.publish_id', 'acls.acl_type', 'acls.entity_type', 'acls.value'])
      .where('binding.publish_id', 'in', publishIds)
      .orderBy('acls.entity_type')
      .execute(),
    (row) => row.publish_id,
  )
  const signs = byKey(
    await db
      .selectFrom('sign_bindings as binding')
      .innerJoin('signs', 'signs.id', 'binding.sign_id')
      .selectAll('signs')
      .select('binding.publish_id')
      .where('binding.publish_id', 'in', publishIds)
      .execute(),
    (row) => row.publish_id,
  )
  const plugins = byKey(
    await db
      .selectFrom('publications')
      .innerJoin('plugin_attachments as attached', (join) =>
        join.onRef('attached.api_id', '=', 'publications.api_id').onRef('attached.env_id', '=', 'publications.env_id'),
      )
      .select(['publications.publish_id', 'attached.plugin_id'])
      .where('publications.publish_id', 'in', publishIds)
      .orderBy('attached.plugin_type')
      .execute(),
    (row) => row.publish_id,
  )
  const documents = new Map(rows.map((row) => [row.publish_id, documentOf(row.definition)]))
  const rules = await orchestrationsById(db, [...new Set([...documents.values()].flatMap(rulesUsed))])
  return rows.map((row) => ({
    publishId: row.publish_id,
    instanceId: row.instance_id,
    groupId: row.group_id,
    apiId: row.api_id,
    environmentId: row.env_id,
    versionId: row.version_id,
    document: documents.get(row.publish_id) ?? documentOf(row.definition),
    rules,
    variables: variablesOf(row.variables),
    throttleId: row.throttle_id ?? undefined,
    pluginIds: (plugins.get(row.publish_id) ?? []).map(({ plugin_id }) => plugin_id),
    acls: acls.get(row.publish_id) ?? [],
    sign: signs.get(row.publish_id)?.[0],
  }))
}

const rulesUsed = ({ req_params }: ApiDocument): readonly string[] =>
  req_params.flatMap(({ orchestrations }) => orchestrations ?? [])

/** Instances that are being deleted are empty, and left out. */
export async function instanceContents(db: Database, selection: Selection): Promise<InstanceContent[]> {
  let query = db.selectFrom('instances').selectAll().where('job_kind', '<>', 'delete')
  if ('ids' in selection) query = query.where('id', 'in', selection.ids)
  else query = query.where('id', '>', selection.after).orderBy('id').limit(selection.limit)
  const rows = await query.execute()
  const ids = rows.map(({ id }) => id)
  if (ids.length === 0) return []
  const environments = byKey(
    await db
      .selectFrom('environments')
      .select(['instance_id', 'id', 'name'])
      .where('instance_id', 'in', ids)
      .orderBy('created_at')
      .orderBy('id')
      .execute(),
    (row) => row.instance_id,
  )
  const features = byKey(
    await db.selectFrom('features').selectAll().where('instance_id', 'in', ids).orderBy('name').execute(),
    (row) => row.instance_id,
  )
  const ports = byKey(
    await db.selectFrom('ingress_ports').selectAll().where('instance_id', 'in', ids).orderBy('port').execute(),
    (row) => row.instance_id,
  )
  return rows.map((row) => ({
    row,
    environments: (environments.get(row.id) ?? []).map(({ id, name }) => ({ id, name })),
    features: features.get(row.id) ?? [],
    ingressPorts: ports.get(row.id) ?? [],
  }))
}

export async function groupContents(db: Database, selection: Selection): Promise<GroupContent[]> {
  let query = db.selectFrom('api_groups').selectAll()
  if ('ids' in selection) query = query.where('id', 'in', selection.ids)
  else query = query.where('id', '>', selection.after).orderBy('id').limit(selection.limit)
  const rows = await query.execute()
  const ids = rows.map(({ id }) => id)
  if (ids.length === 0) return []
  const domains = await domainsOfGroups(db, ids)
  const responses = byKey(
    await db
      .selectFrom('gateway_responses')
      .selectAll()
      .where('group_id', 'in', ids)
      .where((eb) => eb.or([eb('is_default', '=', 0), eb('responses', '<>', '{}')]))
      .orderBy('id')
      .execute(),
    (row) => row.group_id,
  )
  return rows.map((row) => ({ row, domains: domains.get(row.id) ?? [], responses: responses.get(row.id) ?? [] }))
}

export async function certificateContents(db: Database, selection: Selection): Promise<CertificateRow[]> {
  let query = db.selectFrom('certificates').selectAll()
  if ('ids' in selection) query = query.where('id', 'in', selection.ids)
  else query = query.where('id', '>', selection.after).orderBy('id').limit(selection.limit)
  return query.execute()
}

export async function appContents(db: Database, selection: Selection): Promise<AppContent[]> {
  let query = db
    .selectFrom('apps')
    .innerJoin('instances', 'instances.id', 'apps.instance_id')
    .selectAll('apps')
    .select('instances.project_id')
  if ('ids' in selection) query = query.where('apps.id', 'in', selection.ids)
  else query = query.where('apps.id', '>', selection.after).orderBy('apps.id').limit(selection.limit)
  const rows = await query.execute()
  const ids = rows.map(({ id }) => id)
  if (ids.length === 0) return []
  const codes = byKey(
    await db.selectFrom('app_codes').selectAll().where('app_id', 'in', ids).orderBy('id').execute(),
    (row) => row.app_id,
  )
  const authorizations = byKey(
    await db
      .selectFrom('app_authorizations')
      .select(['app_id', 'api_id', 'env_id'])
      .where('app_id', 'in', ids)
      .orderBy('api_id')
      .orderBy('env_id')
      .execute(),
    (row) => row.app_id,
  )
  const aiApiKeys = byKey(
    await db.selectFrom('ai_api_keys').selectAll().where('app_id', 'in', ids).orderBy('id').execute(),
    (row) => row.app_id,
  )
  const acls = byKey(
    await db.selectFrom('app_acls').selectAll().where('app_id', 'in', ids).execute(),
    (row) => row.app_id,
  )
  const quotas = byKey(
    await db
      .selectFrom('app_quota_bindings as binding')
      .innerJoin('app_quotas as quota', 'quota.id', 'binding.quota_id')
      .selectAll('quota')
      .select(['binding.app_id', 'binding.created_at as bound_at'])
      .where('binding.app_id', 'in', ids)
      .execute(),
    (row) => row.app_id,
  )
  return rows.map(({ project_id, ...row }) => ({
    row,
    projectId: project_id,
    codes: codes.get(row.id) ?? [],
    authorizations: (authorizations.get(row.id) ?? []).map(({ api_id, env_id }) => ({
      apiId: api_id,
      environmentId: env_id,
    })),
    aiApiKeys: aiApiKeys.get(row.id) ?? [],
    acl: acls.get(row.id)?.[0],
    quota: quotas.get(row.id)?.[0],
  }))
}

export async function throttleContents(db: Database, selection: Selection): Promise<ThrottleContent[]> {
  let query = db.selectFrom('throttles').selectAll()
  if ('ids' in selection) query = query.where('id', 'in', selection.ids)
  else query = query.where('id', '>', selection.after).orderBy('id').limit(selection.limit)
  const rows = await query.execute()
  const ids = rows.map(({ id }) => id)
  if (ids.length === 0) return []
  const specials = byKey(
    await db.selectFrom('throttle_specials').selectAll().where('throttle_id', 'in', ids).orderBy('id').execute(),
    (row) => row.throttle_id,
  )
  return rows.map((row) => ({ row, specials: specials.get(row.id) ?? [] }))
}

export async function pluginContents(db: Database, selection: Selection): Promise<PluginRow[]> {
  let query = db.selectFrom('plugins').selectAll()
  if ('ids' in selection) query = query.where('id', 'in', selection.ids)
  else query = query.where('id', '>', selection.after).orderBy('id').limit(selection.limit)
  return query.execute()
}

export async function authorizerContents(db: Database, selection: Selection): Promise<AuthorizerRow[]> {
  let query = db.selectFrom('authorizers').selectAll()
  if ('ids' in selection) query = query.where('id', 'in', selection.ids)
  else query = query.where('id', '>', selection.after).orderBy('id').limit(selection.limit)
  return query.execute()
}

export async function currentRevision(db: Database): Promise<number> {
  const { value } = await db
    .selectFrom('snapshot_revision')
    .select('value')
    .where('id', '=', 1)
    .executeTakeFirstOrThrow()
  return value
}

/** The first revision whose changes are still recorded; undefined when none is. */
export async function oldestChange(db: Database): Promise<number | undefined> {
  const row = await db.selectFrom('snapshot_changes').select('revision').orderBy('revision').limit(1).executeTakeFirst()
  return row?.revision
}

/** Keys of the parts that changed after a revision, each once. */
export async function changedParts(db: Database, after: number): Promise<string[]> {
  const rows = await db
    .selectFrom('snapshot_changes')
    .select('part_key')
    .distinct()
    .where('revision', '>', after)
    .execute()
  return rows.map(({ part_key }) => part_key)
}

export async function forgetChanges(db: Database, upTo: number): Promise<void> {
  await db.deleteFrom('snapshot_changes').where('revision', '<=', upTo).execute()
}
