import type { PublicationRow } from './schema.js'
import { ROWS_PER_INSERT, type Database } from './store.js'
import { contains } from './text.js'

/** Variable name → value. */
export type Variables = Readonly<Record<string, string>>

/** That callers reach a version of an API in an environment. */
export interface Publication {
  readonly publishId: string
  readonly instanceId: string
  readonly groupId: string
  readonly apiId: string
  readonly environmentId: string
  readonly versionId: string
  /** Milliseconds since the epoch. */
  readonly publishedAt: number
  /** See `PublicationRow.variables`. */
  readonly variables: Variables
}

/** What an API shows of its publications. */
export interface PublicationInfo {
  readonly publishId: string
  readonly environmentId: string
  readonly environmentName: string
  readonly publishedAt: number
}

/** Publications of APIs in all environments, newest first, by API. */
export async function publicationInfos(
  db: Database,
  apiIds: readonly string[],
): Promise<ReadonlyMap<string, readonly PublicationInfo[]>> {
  const infos = new Map<string, PublicationInfo[]>()
  if (apiIds.length === 0) return infos
  const rows = await db
    .selectFrom('publications')
    .innerJoin('environments as envs', (join) =>
      join.onRef('envs.instance_id', '=', 'publications.instance_id').onRef('envs.id', '=', 'publications.env_id'),
    )
    .select(['publications.api_id', 'publications.publish_id', 'publications.env_id', 'envs.name'])
    .select('publications.published_at')
    .where('publications.api_id', 'in', apiIds)
    .orderBy('publications.published_at', 'desc')
    .orderBy('publications.publish_id')
    .execute()
  for (const row of rows) {
    const info = {
      publishId: row.publish_id,
      environmentId: row.env_id,
      environmentName: row.name,
      publishedAt: row.published_at,
    }
    const known = infos.get(row.api_id)
    if (known === undefined) infos.set(row.api_id, [info])
    else known.push(info)
  }
  return infos
}

/** Publications of those of the APIs that are published in an environment, by API. */
export async function publicationsIn(
  db: Database,
  environmentId: string,
  apiIds: readonly string[],
): Promise<ReadonlyMap<string, Publication>> {
  if (apiIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('publications')
    .selectAll()
    .where('env_id', '=', environmentId)
    .where('api_id', 'in', apiIds)
    .execute()
  return new Map(rows.map((row) => [row.api_id, publicationOf(row)]))
}

/** The moment of the last publication or switch of each API, in any environment. */
export async function latestPublications(
  db: Database,
  apiIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (apiIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('publications')
    .select('api_id')
    .select((eb) => eb.fn.max<number>('published_at').as('latest'))
    .where('api_id', 'in', apiIds)
    .groupBy('api_id')
    .execute()
  return new Map(rows.map(({ api_id, latest }) => [api_id, latest]))
}

export async function isPublished(db: Database, apiId: string): Promise<boolean> {
  const row = await db.selectFrom('publications').select('publish_id').where('api_id', '=', apiId).executeTakeFirst()
  return row !== undefined
}

/** Inserts publications, or points those that exist (of the same API and environment) at another version. */
export async function savePublications(db: Database, publications: readonly Publication[]): Promise<void> {
  const rows = publications.map(rowOf)
  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT)
    await db
      .insertInto('publications')
      .values(rows.slice(from, from + ROWS_PER_INSERT))
      .onConflict((conflict) =>
        conflict.columns(['api_id', 'env_id']).doUpdateSet((eb) => ({
          version_id: eb.ref('excluded.version_id'),
          published_at: eb.ref('excluded.published_at'),
          variables: eb.ref('excluded.variables'),
        })),
      )
      .execute()
}

/** Bindings hang on publications and go with them. */
export async function deletePublications(db: Database, publishIds: readonly string[]): Promise<void> {
  await db.deleteFrom('publications').where('publish_id', 'in', publishIds).execute()
}

/** Values of the variables of groups in an environment, by group. */
export async function variablesIn(
  db: Database,
  environmentId: string,
  groupIds: readonly string[],
): Promise<ReadonlyMap<string, Variables>> {
  const variables = new Map<string, Record<string, string>>()
  if (groupIds.length === 0) return variables
  const rows = await db
    .selectFrom('variables')
    .select(['group_id', 'name', 'value'])
    .where('env_id', '=', environmentId)
    .where('group_id', 'in', groupIds)
    .execute()
  for (const { group_id, name, value } of rows) variables.set(group_id, { ...variables.get(group_id), [name]: value })
  return variables
}

/**
 * Gives a variable's new value to every API of the group that is published in the environment and uses it, and answers
 * the ids of these APIs: their publications must be compiled again.
 */
export async function changePublishedVariable(
  db: Database,
  { groupId, environmentId }: { readonly groupId: string; readonly environmentId: string },
  name: string,
  value: string,
): Promise<string[]> {
  const rows = await db
    .selectFrom('publications')
    .selectAll()
    .where('group_id', '=', groupId)
    .where('env_id', '=', environmentId)
    .where((eb) => contains(eb.ref('variables'), JSON.stringify(name)))
    .execute()
  const using = rows.map(publicationOf).filter(({ variables }) => Object.hasOwn(variables, name))
  await savePublications(
    db,
    using.map((publication) => ({ ...publication, variables: { ...publication.variables, [name]: value } })),
  )
  return using.map(({ apiId }) => apiId)
}

/** The column was written by `rowOf`. */
export function variablesOf(column: string): Variables {
  return JSON.parse(column) as Variables
}

function publicationOf(row: PublicationRow): Publication {
  return {
    publishId: row.publish_id,
    instanceId: row.instance_id,
    groupId: row.group_id,
    apiId: row.api_id,
    environmentId: row.env_id,
    versionId: row.version_id,
    publishedAt: row.published_at,
    variables: variablesOf(row.variables),
  }
}

function rowOf(publication: Publication): PublicationRow {
  return {
    publish_id: publication.publishId,
    instance_id: publication.instanceId,
    group_id: publication.groupId,
    api_id: publication.apiId,
    env_id: publication.environmentId,
    version_id: publication.versionId,
    published_at: publication.publishedAt,
    variables: JSON.stringify(publication.variables),
  }
}
