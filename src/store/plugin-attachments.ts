import { describeApis, type DescribedApi } from './api-outlines.js'
import { namesOfEnvironments } from './environments.js'
import { selectPage, type Page, type Paging } from './page.js'
import { publicationInfos } from './publications.js'
import { placeMatches, type PublishedFilter } from './published-apis.js'
import type { PluginAttachmentRow, PluginRow } from './schema.js'
import { ROWS_PER_INSERT, type Database } from './store.js'
import { contains } from './text.js'

/** An API in an environment, published there or not any more, and how the plug-in is attached to it. */
export interface PluginApi extends DescribedApi {
  readonly api_id: string
  readonly env_id: string
  readonly env_name: string
  /** Null when callers do not reach the API there. */
  readonly publish_id: string | null
  readonly attach_id: string | null
  readonly attached_at: number | null
}

export interface AttachedPlugin extends PluginRow {
  readonly attach_id: string
  readonly attached_at: number
  readonly env_id: string
  readonly env_name: string
}

export interface AttachedPluginFilter {
  readonly env_id?: string | undefined
  readonly env_name?: string | undefined
  readonly plugin_id?: string | undefined
  readonly plugin_name?: string | undefined
  readonly plugin_type?: string | undefined
}

/** An API as far as rules of attaching look at it. */
export interface AttachableApi {
  readonly id: string
  readonly name: string
  readonly req_method: string
  readonly group_id: string
  readonly path_key: string
  /** Whether callers reach it in the environment asked for. */
  readonly is_published: boolean
}

/** Those of the APIs that exist. */
export async function attachableApis(
  db: Database,
  instanceId: string,
  envId: string,
  apiIds: readonly string[],
): Promise<readonly AttachableApi[]> {
  const rows = await db
    .selectFrom('apis')
    .leftJoin('publications', (join) =>
      join.onRef('publications.api_id', '=', 'apis.id').on('publications.env_id', '=', envId),
    )
    .select(['apis.id', 'apis.name', 'apis.req_method', 'apis.group_id', 'apis.path_key', 'publications.publish_id'])
    .where('apis.instance_id', '=', instanceId)
    .where('apis.id', 'in', apiIds)
    .execute()
  return rows.map(({ publish_id, ...api }) => ({ ...api, is_published: publish_id !== null }))
}

/** Other APIs of a group that have the same path, with the CORS plug-in that is attached to them in an environment. */
export async function apisOnPath(
  db: Database,
  envId: string,
  { id, group_id, path_key }: AttachableApi,
): Promise<readonly { readonly id: string; readonly req_method: string; readonly cors_plugin_id: string | null }[]> {
  return db
    .selectFrom('apis')
    .leftJoin('plugin_attachments as attached', (join) =>
      join
        .onRef('attached.api_id', '=', 'apis.id')
        .on('attached.env_id', '=', envId)
        .on('attached.plugin_type', '=', 'cors'),
    )
    .select(['apis.id', 'apis.req_method', 'attached.plugin_id as cors_plugin_id'])
    .where('apis.group_id', '=', group_id)
    .where('apis.path_key', '=', path_key)
    .where('apis.id', '<>', id)
    .execute()
}

/** Attachments of any plug-in to the APIs in an environment. */
export async function attachmentsOf(
  db: Database,
  envId: string,
  apiIds: readonly string[],
): Promise<readonly PluginAttachmentRow[]> {
  return db
    .selectFrom('plugin_attachments')
    .selectAll()
    .where('env_id', '=', envId)
    .where('api_id', 'in', apiIds)
    .execute()
}

export async function isAttached(db: Database, pluginId: string): Promise<boolean> {
  const row = await db
    .selectFrom('plugin_attachments')
    .select('id')
    .where('plugin_id', '=', pluginId)
    .executeTakeFirst()
  return row !== undefined
}

export async function insertAttachments(db: Database, rows: readonly PluginAttachmentRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT)
    await db
      .insertInto('plugin_attachments')
      .values(rows.slice(from, from + ROWS_PER_INSERT))
      .execute()
}

export async function deleteAttachments(db: Database, rows: readonly PluginAttachmentRow[]): Promise<void> {
  if (rows.length === 0) return
  const ids = rows.map(({ id }) => id)
  await db.deleteFrom('plugin_attachments').where('id', 'in', ids).execute()
}

export async function listAttachedApis(
  db: Database,
  { id, instance_id }: PluginRow,
  filter: PublishedFilter,
  paging: Paging,
): Promise<Page<PluginApi>> {
  const query = db
    .selectFrom('plugin_attachments as binding')
    .select(['binding.api_id', 'binding.env_id', 'binding.id as attach_id', 'binding.created_at as attached_at'])
    .where('binding.plugin_id', '=', id)
    .where(placeMatches('binding', instance_id, filter))
    .orderBy('binding.created_at', 'desc')
    .orderBy('binding.id')
  const { total, rows } = await selectPage(query, paging)
  return { total, rows: await pluginApis(db, instance_id, rows) }
}

/** APIs that callers reach in an environment and that do not have this plug-in there; another of its type may be. */
export async function listAttachableApis(
  db: Database,
  { id, instance_id }: PluginRow,
  filter: PublishedFilter & { readonly env_id: string },
  paging: Paging,
): Promise<Page<PluginApi>> {
  const query = db
    .selectFrom('publications')
    .select(['publications.api_id', 'publications.env_id'])
    .where('publications.instance_id', '=', instance_id)
    .where(placeMatches('publications', instance_id, filter))
    .where((eb) =>
      eb(
        'publications.api_id',
        'not in',
        eb
          .selectFrom('plugin_attachments as attached')
          .select('attached.api_id')
          .where('attached.plugin_id', '=', id)
          .where('attached.env_id', '=', filter.env_id),
      ),
    )
    .orderBy('publications.published_at', 'desc')
    .orderBy('publications.publish_id')
  const { total, rows } = await selectPage(query, paging)
  const unattached = rows.map((row) => ({ ...row, attach_id: null, attached_at: null }))
  return { total, rows: await pluginApis(db, instance_id, unattached) }
}

export async function listAttachedPlugins(
  db: Database,
  apiId: string,
  { env_id, env_name, plugin_id, plugin_name, plugin_type }: AttachedPluginFilter,
  paging: Paging,
): Promise<Page<AttachedPlugin>> {
  let query = db
    .selectFrom('plugin_attachments as attached')
    .innerJoin('plugins', 'plugins.id', 'attached.plugin_id')
    .innerJoin('environments as envs', (join) =>
      join.onRef('envs.instance_id', '=', 'attached.instance_id').onRef('envs.id', '=', 'attached.env_id'),
    )
    .selectAll('plugins')
    .select(['attached.id as attach_id', 'attached.created_at as attached_at', 'attached.env_id'])
    .select('envs.name as env_name')
    .where('attached.api_id', '=', apiId)
    .orderBy('attached.created_at', 'desc')
    .orderBy('attached.id')
  if (env_id) query = query.where('attached.env_id', '=', env_id)
  if (plugin_id) query = query.where('plugins.id', '=', plugin_id)
  // A text of the query string: one that is no type simply matches nothing.
  if (plugin_type) query = query.where((eb) => eb(eb.ref('plugins.type').$castTo<string>(), '=', plugin_type))
  if (plugin_name) query = query.where((eb) => contains(eb.ref('plugins.name'), plugin_name))
  if (env_name) query = query.where((eb) => contains(eb.ref('envs.name'), env_name))
  return selectPage(query, paging)
}

type PluginPlace = Pick<PluginApi, 'api_id' | 'env_id' | 'attach_id' | 'attached_at'>

/** What lists show of the APIs at these places, in the same order. */
async function pluginApis(
  db: Database,
  instanceId: string,
  places: readonly PluginPlace[],
): Promise<readonly PluginApi[]> {
  if (places.length === 0) return []
  const ids = places.map((place) => place.api_id)
  const apis = await describeApis(db, ids)
  const publications = await publicationInfos(db, ids)
  const environments = await namesOfEnvironments(db, instanceId)
  return places.flatMap((place) => {
    const api = apis.get(place.api_id)
    const env_name = environments.get(place.env_id)
    const published = publications.get(place.api_id)?.find(({ environmentId }) => environmentId === place.env_id)
    if (api === undefined || env_name === undefined) return []
    return { ...place, ...api, env_name, publish_id: published?.publishId ?? null }
  })
}
