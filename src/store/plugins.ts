import { forgetPolicies } from './draft-bindings.js'
import { isPrecise, selectPage, type Page, type Paging } from './page.js'
import type { PluginReferenceRow, PluginRow } from './schema.js'
import type { Database } from './store.js'
import { named } from './text.js'

export interface PluginFilter {
  readonly plugin_id?: string | undefined
  readonly plugin_name?: string | undefined
  readonly plugin_type?: string | undefined
  readonly plugin_scope?: string | undefined
  readonly precise_search?: string | undefined
}

/** What the content of a plug-in points at. */
export type PluginReference = Pick<PluginReferenceRow, 'kind' | 'target_id'>

export async function insertPlugin(
  db: Database,
  plugin: PluginRow,
  references: readonly PluginReference[],
): Promise<void> {
  await db.insertInto('plugins').values(plugin).execute()
  await insertReferences(db, plugin.id, references)
}

export async function updatePlugin(
  db: Database,
  { id, ...changes }: PluginRow,
  references: readonly PluginReference[],
): Promise<void> {
  await db.updateTable('plugins').set(changes).where('id', '=', id).execute()
  await db.deleteFrom('plugin_references').where('plugin_id', '=', id).execute()
  await insertReferences(db, id, references)
}

/** A plug-in that is attached cannot go. */
export async function deletePlugin(db: Database, id: string): Promise<void> {
  await forgetPolicies(db, 'plugin', [id])
  await db.deleteFrom('plugins').where('id', '=', id).execute()
}

export async function findPlugin(db: Database, instanceId: string, id: string): Promise<PluginRow | undefined> {
  return (await pluginsAmong(db, instanceId, [id]))[0]
}

/** Those of the plug-ins that exist. */
export async function pluginsAmong(
  db: Database,
  instanceId: string,
  ids: readonly string[],
): Promise<readonly PluginRow[]> {
  if (ids.length === 0) return []
  return db.selectFrom('plugins').selectAll().where('instance_id', '=', instanceId).where('id', 'in', ids).execute()
}

/** Those of the plug-ins with these names that exist. */
export async function pluginsNamed(
  db: Database,
  instanceId: string,
  names: readonly string[],
): Promise<readonly PluginRow[]> {
  if (names.length === 0) return []
  return db.selectFrom('plugins').selectAll().where('instance_id', '=', instanceId).where('name', 'in', names).execute()
}

export async function listPlugins(
  db: Database,
  instanceId: string,
  filter: PluginFilter,
  paging: Paging,
): Promise<Page<PluginRow>> {
  const { precise_search, ...rest } = filter
  const query = matching(db, instanceId, rest, isPrecise(precise_search, 'plugin_name'))
    .orderBy('plugins.created_at', 'desc')
    .orderBy('plugins.id')
  return selectPage(query, paging)
}

/** Plug-ins that are not attached to an API, in one environment or in any. */
export async function listAttachablePlugins(
  db: Database,
  instanceId: string,
  apiId: string,
  { env_id, ...filter }: PluginFilter & { readonly env_id?: string | undefined },
  paging: Paging,
): Promise<Page<PluginRow>> {
  const query = matching(db, instanceId, filter, false)
    .where((eb) => {
      let attached = eb
        .selectFrom('plugin_attachments as attached')
        .select('attached.id')
        .whereRef('attached.plugin_id', '=', 'plugins.id')
        .where('attached.api_id', '=', apiId)
      if (env_id) attached = attached.where('attached.env_id', '=', env_id)
      return eb.not(eb.exists(attached))
    })
    .orderBy('plugins.created_at', 'desc')
    .orderBy('plugins.id')
  return selectPage(query, paging)
}

/** @param except a plug-in that may have the name: the one that is changed. */
export async function isPluginNameTaken(db: Database, instanceId: string, name: string, except = ''): Promise<boolean> {
  const row = await db
    .selectFrom('plugins')
    .select('id')
    .where('instance_id', '=', instanceId)
    .where('name', '=', name)
    .where('id', '<>', except)
    .executeTakeFirst()
  return row !== undefined
}

/** How many of a type an instance has. */
export async function countPluginsOfType(db: Database, instanceId: string, type: PluginRow['type']): Promise<number> {
  const { count } = await db
    .selectFrom('plugins')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('instance_id', '=', instanceId)
    .where('type', '=', type)
    .executeTakeFirstOrThrow()
  return count
}

/** Whether the content of some plug-in points at it, so that it has to stay. */
export async function isReferredToByPlugin(
  db: Database,
  kind: PluginReferenceRow['kind'],
  targetId: string,
): Promise<boolean> {
  const row = await db
    .selectFrom('plugin_references')
    .select('plugin_id')
    .where('kind', '=', kind)
    .where('target_id', '=', targetId)
    .executeTakeFirst()
  return row !== undefined
}

async function insertReferences(db: Database, pluginId: string, references: readonly PluginReference[]): Promise<void> {
  if (references.length === 0) return
  await db
    .insertInto('plugin_references')
    .values(references.map((reference) => ({ plugin_id: pluginId, ...reference })))
    .execute()
}

function matching(
  db: Database,
  instanceId: string,
  { plugin_id, plugin_name, plugin_type, plugin_scope }: PluginFilter,
  whole: boolean,
) {
  let query = db.selectFrom('plugins').selectAll('plugins').where('plugins.instance_id', '=', instanceId)
  if (plugin_id) query = query.where('plugins.id', '=', plugin_id)
  if (plugin_name) query = query.where((eb) => named(eb.ref('plugins.name'), plugin_name, whole))
  // Texts of the query string: one that is no type simply matches nothing.
  if (plugin_type) query = query.where((eb) => eb(eb.ref('plugins.type').$castTo<string>(), '=', plugin_type))
  if (plugin_scope) query = query.where((eb) => eb(eb.ref('plugins.scope').$castTo<string>(), '=', plugin_scope))
  return query
}
