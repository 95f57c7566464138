import {
  attachmentsOf,
  deleteAttachments,
  listAttachableApis,
  listAttachedApis,
  listAttachedPlugins,
} from '../../store/plugin-attachments.js'
import { listAttachablePlugins } from '../../store/plugins.js'
import { notePlaces } from '../binding-plan.js'
import type { Handlers, OperationContext } from '../operation.js'
import { distinctIds, theApi, theEnvironment } from '../references.js'
import { readTime } from '../time.js'
import { attach } from './attaching.js'
import { thePlugin } from './rules.js'
import { attachedPluginView, pluginApiView, pluginView } from './views.js'

export const pluginAttachmentOperations = {
  attachApiToPlugin: async ({ path, body }, context) => {
    const plugin = await thePlugin(context, path.plugin_id)
    const apiIds = distinctIds(body.api_ids, 'api_ids')
    const attached = await attach(context, { envId: body.env_id, pluginIds: [plugin.id], apiIds })
    return { status: 201, body: { attached_plugins: attached } }
  },

  attachPluginToApi: async ({ path, body }, context) => {
    await theApi(context, path.api_id)
    const pluginIds = distinctIds(body.plugin_ids, 'plugin_ids')
    const attached = await attach(context, { envId: body.env_id, pluginIds, apiIds: [path.api_id] })
    return { status: 201, body: { attached_plugins: attached } }
  },

  detachApiFromPlugin: async ({ path, body }, context) => {
    const plugin = await thePlugin(context, path.plugin_id)
    await detach(context, body.env_id, [plugin.id], distinctIds(body.api_ids, 'api_ids'))
    return { status: 204 }
  },

  detachPluginFromApi: async ({ path, body }, context) => {
    await theApi(context, path.api_id)
    await detach(context, body.env_id, distinctIds(body.plugin_ids, 'plugin_ids'), [path.api_id])
    return { status: 204 }
  },

  listPluginAttachedApis: async ({ path, query }, context) => {
    const plugin = await thePlugin(context, path.plugin_id)
    const { total, rows } = await listAttachedApis(context.db, plugin, query, query)
    return { status: 200, body: { total, size: rows.length, apis: rows.map(pluginApiView) } }
  },

  listPluginAttachableApis: async ({ path, query }, context) => {
    const plugin = await thePlugin(context, path.plugin_id)
    await theEnvironment(context, query.env_id)
    const { total, rows } = await listAttachableApis(context.db, plugin, query, query)
    return { status: 200, body: { total, size: rows.length, apis: rows.map(pluginApiView) } }
  },

  listApiAttachedPlugins: async ({ path, query }, context) => {
    await theApi(context, path.api_id)
    const { total, rows } = await listAttachedPlugins(context.db, path.api_id, query, query)
    return { status: 200, body: { total, size: rows.length, plugins: rows.map(attachedPluginView) } }
  },

  listApiAttachablePlugins: async ({ path, query }, context) => {
    await theApi(context, path.api_id)
    const { db, instanceId } = context
    const { total, rows } = await listAttachablePlugins(db, instanceId, path.api_id, query, query)
    const plugins = rows.map((plugin) => pluginView(plugin, readTime))
    return { status: 200, body: { total, size: plugins.length, plugins } }
  },
} satisfies Handlers

/** What is not attached, or not there at all, is passed over. */
async function detach(
  context: OperationContext,
  envId: string,
  pluginIds: readonly string[],
  apiIds: readonly string[],
): Promise<void> {
  await theEnvironment(context, envId)
  const attachments = (await attachmentsOf(context.db, envId, apiIds)).filter(
    ({ instance_id, plugin_id }) => instance_id === context.instanceId && pluginIds.includes(plugin_id),
  )
  await deleteAttachments(context.db, attachments)
  notePlaces(context.changed, attachments)
}
