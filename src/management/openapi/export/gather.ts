/** Reads what an export says: the versions that callers reach in an environment, or drafts. */
import type { ApiDocument } from '../../../contract/api-document.js'
import { fault } from '../../../contract/faults.js'
import type { ExportOpenApiReq } from '../../../contract/generated/schemas.js'
import { aclBindingsOfPublications } from '../../../store/acl-bindings.js'
import { aclsAmong } from '../../../store/acls.js'
import { apisOfGroup } from '../../../store/apis.js'
import { authorizersAmong } from '../../../store/authorizers.js'
import { byKey } from '../../../store/by-key.js'
import { groupsOfChannels } from '../../../store/channel-groups.js'
import { domainsOfGroups } from '../../../store/domains.js'
import { listResponses } from '../../../store/gateway-responses.js'
import { findGroup } from '../../../store/groups.js'
import { orchestrationsAmong } from '../../../store/orchestrations.js'
import { attachmentsOf } from '../../../store/plugin-attachments.js'
import { pluginsAmong } from '../../../store/plugins.js'
import type { ApiGroupRow } from '../../../store/schema.js'
import { publicationContents } from '../../../store/snapshot.js'
import { listSpecials, throttlesAmong } from '../../../store/throttles.js'
import { channelsAmong } from '../../../store/vpc-channels.js'
import { referencesOf } from '../../apis/references.js'
import type { OperationContext } from '../../operation.js'
import { theEnvironment } from '../../references.js'
import type { ExportContent, ExportedApi, ExportedThrottle, ExportKind, OasVersion } from './content.js'

const ALL = { offset: 0, limit: 10_000 }

/** @throws {Fault} 400 2001 `env_id`; 404 3003, 3001, 3002 */
export async function gather(
  context: OperationContext,
  { env_id, group_id, define = 'spec', version, apis: chosen = [] }: ExportOpenApiReq,
  oasVersion: OasVersion,
): Promise<ExportContent> {
  const { db, instanceId, now } = context
  if (!env_id && define !== 'dev') throw fault('APIG.2001', { name: 'env_id' })
  const environmentName = env_id ? await theEnvironment(context, env_id) : ''
  const group = await findGroup(db, instanceId, group_id)
  if (group === undefined) throw fault('APIG.3001', { id: group_id })
  const drafts = await apisOfGroup(db, group.id)
  for (const id of chosen) if (!drafts.some((draft) => draft.id === id)) throw fault('APIG.3002', { id })

  const wanted = drafts.filter(({ id }) => chosen.length === 0 || chosen.includes(id))
  const apis = define === 'dev' || !env_id ? wanted.map(asDraft) : await published(context, define, env_id, wanted)
  // A gRPC API cannot be described by OpenAPI.
  const described = apis.filter(({ document }) => document.req_protocol !== 'GRPCS')
  return {
    kind: define,
    version: oasVersion,
    documentVersion: version || new Date(now).toISOString().slice(0, 19).replace('T', '-'),
    group,
    environmentName,
    host: await hostOf(context, group),
    apis: described,
    ...(await namesOf(context, described)),
    ...(await policiesOf(context, define, group, described)),
  }
}

const asDraft = (document: ApiDocument): ExportedApi => ({
  document,
  throttleId: undefined,
  aclId: undefined,
  pluginIds: [],
})

/** Newest drafts first, as in lists; with what is bound to them only where that is said. */
async function published(
  { db }: OperationContext,
  kind: ExportKind,
  envId: string,
  wanted: readonly ApiDocument[],
): Promise<ExportedApi[]> {
  const ids = wanted.map(({ id }) => id)
  if (ids.length === 0) return []
  const contents = (await publicationContents(db, { ids })).filter(({ environmentId }) => environmentId === envId)
  const byApi = new Map(contents.map((content) => [content.apiId, content]))
  const publishIds = contents.map(({ publishId }) => publishId)
  const saysPolicies = kind === 'all' && publishIds.length > 0
  const acls = saysPolicies ? await aclBindingsOfPublications(db, publishIds, 'IP') : []
  const attachments = byKey(saysPolicies ? await attachmentsOf(db, envId, ids) : [], ({ api_id }) => api_id)
  return wanted.flatMap(({ id }): ExportedApi[] => {
    const content = byApi.get(id)
    if (content === undefined) return []
    return [
      {
        document: content.document,
        throttleId: saysPolicies ? content.throttleId : undefined,
        aclId: acls.find(({ api_id }) => api_id === id)?.acl_id,
        pluginIds: (attachments.get(id) ?? []).map(({ plugin_id }) => plugin_id),
      },
    ]
  })
}

/** The first domain of its own, else the one that every group has. */
async function hostOf({ db, settings }: OperationContext, { id }: ApiGroupRow): Promise<string> {
  const [domain] = (await domainsOfGroups(db, [id])).get(id) ?? []
  return domain?.name ?? `${id}.${settings.subdomainSuffix}`
}

async function namesOf(
  { db, instanceId }: OperationContext,
  apis: readonly ExportedApi[],
): Promise<Pick<ExportContent, 'channels' | 'authorizers' | 'orchestrations'>> {
  const used = apis.flatMap(({ document }) => referencesOf(document))
  const ids = (kind: string) => [...new Set(used.filter((one) => one.kind === kind).map(({ id }) => id))]
  const channels = await channelsAmong(db, instanceId, ids('channel'))
  const groups = await groupsOfChannels(db, [...channels.keys()])
  const authorizers = await authorizersAmong(db, instanceId, ids('authorizer'))
  const orchestrations = await orchestrationsAmong(db, instanceId, ids('orchestration'))
  return {
    channels: new Map(
      [...channels].map(([id, { name }]) => [
        id,
        { name, groups: new Map((groups.get(id) ?? []).map((group) => [group.id, group.name])) },
      ]),
    ),
    authorizers: new Map(authorizers.map((row) => [row.id, row])),
    orchestrations: new Map([...orchestrations.values()].map(({ id, name }) => [id, name])),
  }
}

async function policiesOf(
  { db, instanceId }: OperationContext,
  kind: ExportKind,
  { id: groupId }: ApiGroupRow,
  apis: readonly ExportedApi[],
): Promise<Pick<ExportContent, 'responses' | 'throttles' | 'acls' | 'plugins'>> {
  const distinct = (ids: readonly (string | undefined)[]) => [...new Set(ids.flatMap((id) => id ?? []))]
  const throttles = await throttlesAmong(db, instanceId, distinct(apis.map(({ throttleId }) => throttleId)))
  const exported: [string, ExportedThrottle][] = []
  for (const throttle of throttles)
    exported.push([throttle.id, { throttle, specials: (await listSpecials(db, throttle.id, {}, ALL)).rows }])
  const acls = await aclsAmong(db, instanceId, distinct(apis.map(({ aclId }) => aclId)))
  const plugins = await pluginsAmong(db, instanceId, distinct(apis.flatMap(({ pluginIds }) => pluginIds)))
  return {
    responses: kind === 'all' ? (await listResponses(db, groupId, ALL)).rows : [],
    throttles: new Map(exported),
    acls: new Map(acls.map((acl) => [acl.id, acl])),
    plugins: new Map(plugins.map((plugin) => [plugin.id, plugin])),
  }
}
