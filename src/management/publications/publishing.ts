/**
 * Publishing copies definitions, points callers at the copies and keeps a short history; going offline removes both
 * (lifecycle.md §5.2). Many APIs at once cost as many queries as one.
 */
import type { ApiDocument } from '../../contract/api-document.js'
import { fault, isFault, type Fault } from '../../contract/faults.js'
import { existingTargets, setPublishedReferences, type PublishedReferences } from '../../store/api-references.js'
import {
  deletePublications,
  latestPublications,
  publicationsIn,
  savePublications,
  variablesIn,
  type Publication,
  type Variables,
} from '../../store/publications.js'
import { deleteHistory, deleteVersions, insertVersions, versionStamps, type Version } from '../../store/versions.js'
import { httpTexts, substitute, variableNames } from '../../snapshot/variables.js'
import { backendAddressIsValid } from '../apis/backend-address.js'
import { backendPathIsValid } from '../apis/path.js'
import { isThere, referencesOf } from '../apis/references.js'
import type { OperationContext } from '../operation.js'
import { limitOf } from '../quotas.js'
import { bindDrafts } from './draft-bindings.js'

const CHINA_STANDARD_TIME = 8 * 3_600_000

export type Outcome = { readonly publication: Publication } | { readonly failure: Fault }

/**
 * Publishes the APIs as they are defined now. An API that cannot be published is a failure beside the others; nothing
 * of it is written. Outcomes are in the order of the APIs.
 */
export async function publish(
  context: OperationContext,
  environmentId: string,
  documents: readonly ApiDocument[],
  remark: string,
): Promise<Outcome[]> {
  const { db, instanceId, now, newId } = context
  const ids = documents.map(({ id }) => id)
  const variables = await variablesIn(db, environmentId, distinct(documents.map(({ group_id }) => group_id)))
  const published = await publicationsIn(db, environmentId, ids)
  const latest = await latestPublications(db, ids)
  const history = await versionStamps(db, environmentId, ids)
  const kept = await limitOf(context, 'API_VERSION_NUM_LIMIT')
  const existing = await existingTargets(db, instanceId, documents.flatMap(referencesOf))

  const versions: Version[] = []
  const publications: Publication[] = []
  const used: PublishedReferences[] = []
  const outcomes = documents.map((document): Outcome => {
    const references = referencesOf(document)
    const resolved = attempt(() => {
      for (const reference of references) isThere(reference, existing)
      return resolveVariables(document, variables.get(document.group_id) ?? {})
    })
    if ('failure' in resolved) return resolved
    const publishedAt = after(latest.get(document.id), now)
    const version = {
      id: newId(),
      number: versionNumber(publishedAt),
      instanceId,
      apiId: document.id,
      environmentId,
      remark,
      publishedAt,
      document,
    }
    const publication = {
      publishId: published.get(document.id)?.publishId ?? newId(),
      instanceId,
      groupId: document.group_id,
      apiId: document.id,
      environmentId,
      versionId: version.id,
      publishedAt,
      variables: resolved.value,
    }
    versions.push(version)
    publications.push(publication)
    used.push({ apiId: document.id, publishId: publication.publishId, references })
    return { publication }
  })

  await insertVersions(db, versions)
  await savePublications(db, publications)
  await setPublishedReferences(db, used, now)
  await deleteVersions(
    db,
    publications.flatMap(({ apiId }) => (history.get(apiId) ?? []).slice(Math.max(0, kept - 1)).map(({ id }) => id)),
  )
  await bindDrafts(context, environmentId, publications)
  for (const { apiId } of publications) context.changed(`publication:${apiId}/${environmentId}`)
  return outcomes
}

/** Makes a version of the history current: the record is kept, no version is added. */
export async function switchTo(
  context: OperationContext,
  publication: Publication,
  version: Version,
): Promise<Publication> {
  const { db, instanceId, now } = context
  const references = referencesOf(version.document)
  const existing = await existingTargets(db, instanceId, references)
  for (const reference of references) isThere(reference, existing)
  const latest = await latestPublications(db, [publication.apiId])
  const variables = await variablesIn(db, publication.environmentId, [publication.groupId])
  const switched = {
    ...publication,
    versionId: version.id,
    publishedAt: after(latest.get(publication.apiId), now),
    variables: resolveVariables(version.document, variables.get(publication.groupId) ?? {}),
  }
  await savePublications(db, [switched])
  const { apiId, publishId } = switched
  await setPublishedReferences(db, [{ apiId, publishId, references }], now)
  context.changed(`publication:${publication.apiId}/${publication.environmentId}`)
  return switched
}

/** Publications of one environment end, with their history and their bindings. */
export async function takeOffline(
  { db, changed }: OperationContext,
  environmentId: string,
  publications: readonly Publication[],
): Promise<void> {
  if (publications.length === 0) return
  await deletePublications(
    db,
    publications.map(({ publishId }) => publishId),
  )
  await deleteHistory(
    db,
    environmentId,
    publications.map(({ apiId }) => apiId),
  )
  for (const { apiId } of publications) changed(`publication:${apiId}/${environmentId}`)
}

/**
 * The values of the variables that an API uses.
 *
 * @throws {Fault} 404 3011 with the name of one that is missing; 2024, 2025, 2011 when no address or path comes out
 */
function resolveVariables(document: ApiDocument, variables: Variables): Variables {
  const used: Record<string, string> = {}
  for (const name of variableNames(document)) {
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined
    if (value === undefined) throw fault('APIG.3011', { id: name })
    used[name] = value
  }
  for (const { url_domain, req_uri } of httpTexts(document)) {
    if (url_domain !== undefined) backendAddressIsValid(substitute(url_domain, used))
    if (req_uri !== undefined) backendPathIsValid(substitute(req_uri, used))
  }
  return used
}

/** `yyyyMMddHHmmss` in UTC+8, whatever the machine's zone. */
export function versionNumber(moment: number): string {
  return new Date(moment + CHINA_STANDARD_TIME).toISOString().slice(0, 19).replace(/\D/g, '')
}

/** Two publications of an API in one millisecond still have an order. */
const after = (latest: number | undefined, now: number): number => Math.max(now, (latest ?? 0) + 1)

function attempt<T>(work: () => T): { readonly value: T } | { readonly failure: Fault } {
  try {
    return { value: work() }
  } catch (error) {
    if (isFault(error)) return { failure: error }
    throw error
  }
}

const distinct = (ids: readonly string[]): string[] => [...new Set(ids)]
