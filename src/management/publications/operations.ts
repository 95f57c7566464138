import type { ApiDocument } from '../../contract/api-document.js'
import { fault, type Fault } from '../../contract/faults.js'
import type { BatchFailure, PublishResp } from '../../contract/generated/schemas.js'
import { apisOfGroup, findApis } from '../../store/apis.js'
import { RELEASE } from '../../store/environments.js'
import { publicationInfos, publicationsIn, type Publication } from '../../store/publications.js'
import { deleteVersions, findVersion, listVersions, type Version } from '../../store/versions.js'
import { theApiDocument, theGroupOf } from '../apis/operations.js'
import { runtimeView, versionView } from '../apis/views.js'
import type { Handlers, OperationContext } from '../operation.js'
import { theEnvironment } from '../references.js'
import { readTime, writtenTime } from '../time.js'
import { publish, switchTo, takeOffline, type Outcome } from './publishing.js'

export const publicationOperations = {
  createOrDeletePublishRecordForApiV2: async ({ body }, context) => {
    const { action, env_id: environmentId, remark = '' } = body
    const document = await theApiDocument(context, body.api_id)
    await theEnvironment(context, environmentId)
    const [outcome] =
      action === 'online'
        ? await publish(context, environmentId, [document], remark)
        : await endPublications(context, environmentId, [document])
    if (outcome === undefined) throw new Error('publishing one API has one outcome')
    if ('failure' in outcome) throw outcome.failure
    return { status: 201, body: recordView(outcome.publication, document, remark) }
  },

  batchPublishOrOfflineApiV2: async ({ query, body }, context) => {
    const { env_id: environmentId, remark = '' } = body
    await theEnvironment(context, environmentId)
    const { documents, missing } = await selectedApis(context, body)
    const outcomes =
      query.action === 'online'
        ? await publish(context, environmentId, documents, remark)
        : await endPublications(context, environmentId, documents)
    const success: PublishResp[] = []
    const failure: BatchFailure[] = missing.map((id) => failureView(fault('APIG.3002', { id }, 'batchItem'), id))
    documents.forEach((document, index) => {
      const outcome = outcomes[index]
      if (outcome === undefined) return
      if ('failure' in outcome) failure.push(failureView(outcome.failure, document.id, document.name))
      else success.push(recordView(outcome.publication, document, remark))
    })
    return { status: 200, body: { success, failure } }
  },

  listApiVersionsV2: async ({ path, query }, context) => {
    const { id } = await theApiDocument(context, path.api_id)
    const { total, rows } = await listVersions(context.db, id, query, query)
    const versions = rows.map((version) => ({
      version_id: version.id,
      version_no: version.number,
      api_id: version.apiId,
      env_id: version.environmentId,
      env_name: version.environmentName,
      remark: version.remark,
      publish_time: readTime(version.publishedAt),
      status: version.isCurrent ? (1 as const) : (2 as const),
    }))
    return { status: 200, body: { total, size: versions.length, api_versions: versions } }
  },

  changeApiVersionV2: async ({ path, body }, context) => {
    const document = await theApiDocument(context, path.api_id)
    const version = await theVersion(context, body.version_id)
    if (version.apiId !== document.id) throw fault('APIG.3022', { id: version.id })
    const publication = await publicationOf(context, version)
    const isCurrent = publication.versionId === version.id
    const current = isCurrent ? publication : await switchTo(context, publication, version)
    return { status: 200, body: recordView(current, document, version.remark) }
  },

  listApiVersionDetailV2: async ({ path }, context) => {
    const version = await theVersion(context, path.version_id)
    const surroundings = await surroundingsOf(context, version.document, version.environmentId)
    return { status: 200, body: versionView(version.document, version, surroundings) }
  },

  deleteApiByVersionIdV2: async ({ path }, context) => {
    const version = await theVersion(context, path.version_id)
    const publication = await publicationOf(context, version)
    if (publication.versionId === version.id) await takeOffline(context, version.environmentId, [publication])
    else await deleteVersions(context.db, [version.id])
    return { status: 204 }
  },

  listApiRuntimeDefinitionV2: async ({ path, query }, context) => {
    const { db, instanceId } = context
    const environmentId = query.env_id ?? RELEASE.id
    const { id } = await theApiDocument(context, path.api_id)
    const publication = (await publicationsIn(db, environmentId, [id])).get(id)
    const version = publication && (await findVersion(db, instanceId, publication.versionId))
    if (version === undefined) throw fault('APIG.3015')
    const surroundings = await surroundingsOf(context, version.document, environmentId)
    return { status: 200, body: runtimeView(version.document, surroundings) }
  },
} satisfies Handlers

/** The APIs of a batch, each once: those that are named, else all of the group. */
async function selectedApis(
  context: OperationContext,
  { apis = [], group_id }: { readonly apis?: readonly string[] | undefined; readonly group_id?: string | undefined },
): Promise<{ readonly documents: readonly ApiDocument[]; readonly missing: readonly string[] }> {
  const { db, instanceId } = context
  const ids = [...new Set(apis)]
  if (ids.length === 0) {
    if (!group_id) throw fault('APIG.2001', { name: 'apis' })
    const group = await theGroupOf(context, { group_id })
    return { documents: await apisOfGroup(db, group.id), missing: [] }
  }
  const found = new Map((await findApis(db, instanceId, ids)).map((document) => [document.id, document]))
  return {
    documents: ids.flatMap((id) => found.get(id) ?? []),
    missing: ids.filter((id) => !found.has(id)),
  }
}

/** Outcomes in the order of the APIs; an API that is not published is a failure. */
async function endPublications(
  context: OperationContext,
  environmentId: string,
  documents: readonly ApiDocument[],
): Promise<Outcome[]> {
  const published = await publicationsIn(
    context.db,
    environmentId,
    documents.map(({ id }) => id),
  )
  await takeOffline(context, environmentId, [...published.values()])
  return documents.map(({ id }) => {
    const publication = published.get(id)
    if (publication === undefined) return { failure: fault('APIG.3015') }
    return { publication: { ...publication, publishId: '', versionId: '', publishedAt: context.now } }
  })
}

async function theVersion({ db, instanceId }: OperationContext, id: string): Promise<Version> {
  const version = await findVersion(db, instanceId, id)
  if (version === undefined) throw fault('APIG.3022', { id })
  return version
}

/** Every version has one, for going offline ends the history. */
async function publicationOf({ db }: OperationContext, version: Version): Promise<Publication> {
  const publication = (await publicationsIn(db, version.environmentId, [version.apiId])).get(version.apiId)
  if (publication === undefined) throw fault('APIG.3022', { id: version.id })
  return publication
}

async function surroundingsOf(context: OperationContext, document: ApiDocument, environmentId: string) {
  const publications = (await publicationInfos(context.db, [document.id])).get(document.id) ?? []
  return {
    group: await theGroupOf(context, document),
    publications: publications.filter((publication) => publication.environmentId === environmentId),
    subdomainSuffix: context.settings.subdomainSuffix,
  }
}

function recordView(publication: Publication, { name }: ApiDocument, remark: string): PublishResp {
  return {
    publish_id: publication.publishId,
    api_id: publication.apiId,
    api_name: name,
    env_id: publication.environmentId,
    remark,
    publish_time: writtenTime(publication.publishedAt),
    version_id: publication.versionId,
  }
}

const failureView = (failure: Fault, id: string, name?: string): BatchFailure => ({
  api_id: id,
  ...(name !== undefined && { api_name: name }),
  error_code: failure.code,
  error_msg: failure.message,
})
