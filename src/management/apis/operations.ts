import { fault } from '../../contract/faults.js'
import type { ApiDocument } from '../../contract/api-document.js'
import {
  appsAuthorizedFor,
  deleteApi,
  findApi,
  groupsOfApis,
  listApis,
  listTags,
  type GroupOfApi,
} from '../../store/apis.js'
import { isReferredToByPlugin } from '../../store/plugins.js'
import { isPublished, publicationInfos } from '../../store/publications.js'
import type { Handlers, OperationContext } from '../operation.js'
import { readTime, writtenTime } from '../time.js'
import { frontendPathIsValid } from './path.js'
import { createApi, nameIsFree, pathIsFree, replaceApi } from './saving.js'
import { apiView, listedApiView, listedMembers } from './views.js'

export const apiOperations = {
  createApiV2: async ({ body }, context) => {
    const group = await theGroupOf(context, body)
    const document = await createApi(context, body)
    const surroundings = { group, publications: [], subdomainSuffix: context.settings.subdomainSuffix }
    return { status: 201, body: apiView(document, surroundings, writtenTime) }
  },

  updateApiV2: async ({ path, body }, context) => {
    const before = await theApiDocument(context, path.api_id)
    const group = await theGroupOf(context, body)
    const publications = (await publicationInfos(context.db, [before.id])).get(before.id) ?? []
    if (group.id !== before.group_id && publications.length > 0) throw fault('APIG.2011', { name: 'group_id' })
    const document = await replaceApi(context, before, body)
    const surroundings = { group, publications, subdomainSuffix: context.settings.subdomainSuffix }
    return { status: 200, body: apiView(document, surroundings, writtenTime) }
  },

  showDetailsOfApiV2: async ({ path }, context) => {
    const document = await theApiDocument(context, path.api_id)
    const { db, settings } = context
    const group = await theGroupOf(context, document)
    const publications = (await publicationInfos(db, [document.id])).get(document.id) ?? []
    const surroundings = { group, publications, subdomainSuffix: settings.subdomainSuffix }
    return { status: 200, body: apiView(document, surroundings, readTime) }
  },

  listApisV2: async ({ query }, { db, instanceId, settings }) => {
    const { total, rows } = await listApis(db, instanceId, query, query)
    const members = listedMembers(query.return_data_mode)
    const groupIds = [...new Set(rows.map(({ group_id }) => group_id))]
    const groups = await groupsOfApis(db, instanceId, groupIds, { domains: members.group })
    const published = await publicationInfos(
      db,
      rows.map(({ id }) => id),
    )
    const apis = rows.flatMap((document) => {
      const group = groups.get(document.group_id)
      const publications = published.get(document.id) ?? []
      const { subdomainSuffix } = settings
      return group === undefined ? [] : listedApiView(document, { group, publications, subdomainSuffix }, members)
    })
    return { status: 200, body: { total, size: apis.length, apis } }
  },

  deleteApiV2: async ({ path }, context) => {
    const { db, changed } = context
    const { id } = await theApiDocument(context, path.api_id)
    if (await isPublished(db, id)) throw fault('APIG.3416')
    if (await isReferredToByPlugin(db, 'api', id))
      throw fault('APIG.2000', { detail: 'The API is used by an oidc_auth plug-in' })
    const apps = await appsAuthorizedFor(db, id)
    await deleteApi(db, id)
    for (const app of apps) changed(`app:${app}`)
    return { status: 204 }
  },

  checkApisV2: async ({ body }, context) => {
    const { type, name = '', group_id: groupId, api_id: apiId = '' } = body
    if (groupId) await theGroupOf(context, { group_id: groupId })
    const scope = groupId ? { groupId } : { instanceId: context.instanceId }
    if (type === 'name') await nameIsFree(context, scope, name, apiId)
    else {
      const { req_uri = '', match_mode = 'NORMAL', req_method = 'ANY' } = body
      frontendPathIsValid(req_uri, match_mode)
      await pathIsFree(context, scope, { req_uri, match_mode, req_method }, apiId)
    }
    return { status: 204 }
  },

  listTagsV2: async ({ query }, { db, instanceId }) => {
    const { total, tags } = await listTags(db, instanceId, query)
    return { status: 200, body: { total, size: tags.length, tags: [...tags] } }
  },
} satisfies Handlers

/** @throws {Fault} 404 3002 */
export async function theApiDocument({ db, instanceId }: OperationContext, id: string): Promise<ApiDocument> {
  const document = await findApi(db, instanceId, id)
  if (document === undefined) throw fault('APIG.3002', { id })
  return document
}

/** @throws {Fault} 404 3001 */
export async function theGroupOf(
  { db, instanceId }: OperationContext,
  { group_id: id }: { readonly group_id: string },
): Promise<GroupOfApi> {
  const group = (await groupsOfApis(db, instanceId, [id])).get(id)
  if (group === undefined) throw fault('APIG.3001', { id })
  return group
}
