import { fault } from '../../contract/faults.js'
import { isAttached } from '../../store/plugin-attachments.js'
import { deletePlugin, insertPlugin, listPlugins, updatePlugin } from '../../store/plugins.js'
import type { PluginRow } from '../../store/schema.js'
import type { Handlers } from '../operation.js'
import { readTime, writtenTime } from '../time.js'
import { pluginAttachmentOperations } from './attachments.js'
import { unmasked } from './secrets.js'
import { readContent } from './content.js'
import { nameIsFree, scopeIsGlobal, targetsExist, thePlugin, thereIsRoomFor } from './rules.js'
import { pluginView } from './views.js'

export const pluginOperations = {
  createPlugin: async ({ body }, context) => {
    const { db, instanceId, now } = context
    scopeIsGlobal(body)
    const references = readContent(body.plugin_type, body.plugin_content)
    await targetsExist(context, references)
    await thereIsRoomFor(context, body.plugin_type)
    await nameIsFree(context, body.plugin_name)
    const plugin: PluginRow = {
      id: context.newId(),
      instance_id: instanceId,
      name: body.plugin_name,
      type: body.plugin_type,
      scope: 'global',
      content: body.plugin_content,
      remark: body.remark ?? '',
      created_at: now,
      updated_at: now,
    }
    await insertPlugin(db, plugin, references)
    context.changed(`plugin:${plugin.id}`)
    return { status: 201, body: pluginView(plugin, writtenTime) }
  },

  /** Type and scope stay what they are. Every API that it is attached to behaves by the new content at once. */
  updatePlugin: async ({ path, body }, context) => {
    const { db } = context
    const before = await thePlugin(context, path.plugin_id)
    if (body.plugin_type !== before.type) throw fault('APIG.2011', { name: 'plugin_type' })
    scopeIsGlobal(body)
    const content = unmasked(before.type, body.plugin_content, before.content)
    const references = readContent(before.type, content)
    await targetsExist(context, references)
    await nameIsFree(context, body.plugin_name, before.id)
    const plugin: PluginRow = {
      ...before,
      name: body.plugin_name,
      content,
      remark: body.remark ?? '',
      updated_at: context.now,
    }
    await updatePlugin(db, plugin, references)
    context.changed(`plugin:${plugin.id}`)
    return { status: 200, body: pluginView(plugin, writtenTime) }
  },

  showPlugin: async ({ path }, context) => {
    const plugin = await thePlugin(context, path.plugin_id)
    return { status: 200, body: pluginView(plugin, readTime) }
  },

  listPlugins: async ({ query }, { db, instanceId }) => {
    const { total, rows } = await listPlugins(db, instanceId, query, query)
    const plugins = rows.map((plugin) => pluginView(plugin, readTime))
    return { status: 200, body: { total, size: plugins.length, plugins } }
  },

  deletePlugin: async ({ path }, context) => {
    const plugin = await thePlugin(context, path.plugin_id)
    if (await isAttached(context.db, plugin.id)) throw fault('APIG.3462')
    await deletePlugin(context.db, plugin.id)
    context.changed(`plugin:${plugin.id}`)
    return { status: 204 }
  },

  ...pluginAttachmentOperations,
} satisfies Handlers
