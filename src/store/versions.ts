import type { ApiDocument } from '../contract/api-document.js'
import { documentOf } from './apis.js'
import { selectPage, type Page, type Paging } from './page.js'
import { ROWS_PER_INSERT, type Database } from './store.js'
import { contains } from './text.js'

/** A definition as it was when it was published. */
export interface Version {
  readonly id: string
  /** `yyyyMMddHHmmss` of the moment in UTC+8. */
  readonly number: string
  readonly instanceId: string
  readonly apiId: string
  readonly environmentId: string
  readonly remark: string
  /** Milliseconds since the epoch; grows strictly from version to version of an API in an environment. */
  readonly publishedAt: number
  readonly document: ApiDocument
}

/** What the history of an API shows. */
export interface VersionInfo extends Omit<Version, 'document' | 'instanceId'> {
  readonly environmentName: string
  /** Whether callers reach it. */
  readonly isCurrent: boolean
}

export interface VersionStamp {
  readonly id: string
  readonly apiId: string
  readonly publishedAt: number
}

export interface VersionFilter {
  readonly env_id?: string | undefined
  readonly env_name?: string | undefined
}

export async function insertVersions(db: Database, versions: readonly Version[]): Promise<void> {
  const rows = versions.map((version) => ({
    id: version.id,
    version_no: version.number,
    instance_id: version.instanceId,
    api_id: version.apiId,
    env_id: version.environmentId,
    remark: version.remark,
    published_at: version.publishedAt,
    definition: JSON.stringify(version.document),
  }))
  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT)
    await db
      .insertInto('api_versions')
      .values(rows.slice(from, from + ROWS_PER_INSERT))
      .execute()
}

export async function findVersion(db: Database, instanceId: string, id: string): Promise<Version | undefined> {
  const row = await db
    .selectFrom('api_versions')
    .selectAll()
    .where('id', '=', id)
    .where('instance_id', '=', instanceId)
    .executeTakeFirst()
  return (
    row && {
      id: row.id,
      number: row.version_no,
      instanceId: row.instance_id,
      apiId: row.api_id,
      environmentId: row.env_id,
      remark: row.remark,
      publishedAt: row.published_at,
      document: documentOf(row.definition),
    }
  )
}

/** Newest first. */
export async function listVersions(
  db: Database,
  apiId: string,
  { env_id, env_name }: VersionFilter,
  paging: Paging,
): Promise<Page<VersionInfo>> {
  let query = db
    .selectFrom('api_versions as versions')
    .innerJoin('environments as envs', (join) =>
      join.onRef('envs.instance_id', '=', 'versions.instance_id').onRef('envs.id', '=', 'versions.env_id'),
    )
    .leftJoin('publications', 'publications.version_id', 'versions.id')
    .select(['versions.id', 'versions.version_no', 'versions.api_id', 'versions.env_id', 'versions.remark'])
    .select(['versions.published_at', 'envs.name as env_name', 'publications.publish_id'])
    .where('versions.api_id', '=', apiId)
    .orderBy('versions.published_at', 'desc')
    .orderBy('versions.id')
  if (env_id) query = query.where('versions.env_id', '=', env_id)
  if (env_name) query = query.where((eb) => contains(eb.ref('envs.name'), env_name))
  const { total, rows } = await selectPage(query, paging)
  return {
    total,
    rows: rows.map((row) => ({
      id: row.id,
      number: row.version_no,
      apiId: row.api_id,
      environmentId: row.env_id,
      environmentName: row.env_name,
      remark: row.remark,
      publishedAt: row.published_at,
      isCurrent: row.publish_id !== null,
    })),
  }
}

/** Versions of APIs in an environment, newest first, by API. */
export async function versionStamps(
  db: Database,
  environmentId: string,
  apiIds: readonly string[],
): Promise<ReadonlyMap<string, readonly VersionStamp[]>> {
  const stamps = new Map<string, VersionStamp[]>()
  if (apiIds.length === 0) return stamps
  const rows = await db
    .selectFrom('api_versions')
    .select(['id', 'api_id', 'published_at'])
    .where('api_id', 'in', apiIds)
    .where('env_id', '=', environmentId)
    .orderBy('published_at', 'desc')
    .orderBy('id')
    .execute()
  for (const { id, api_id, published_at } of rows) {
    const known = stamps.get(api_id)
    const stamp = { id, apiId: api_id, publishedAt: published_at }
    if (known === undefined) stamps.set(api_id, [stamp])
    else known.push(stamp)
  }
  return stamps
}

/** Only versions that callers don't reach. */
export async function deleteVersions(db: Database, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += ROWS_PER_INSERT)
    await db
      .deleteFrom('api_versions')
      .where('id', 'in', ids.slice(from, from + ROWS_PER_INSERT))
      .execute()
}

/** The whole history of APIs in an environment. */
export async function deleteHistory(db: Database, environmentId: string, apiIds: readonly string[]): Promise<void> {
  await db.deleteFrom('api_versions').where('env_id', '=', environmentId).where('api_id', 'in', apiIds).execute()
}
