/** `x-apigateway-plugins` (openapi-extensions.md §4.1). */
import { pluginsNamed } from '../../../store/plugins.js'
import type { PluginRow } from '../../../store/schema.js'
import type { OperationContext } from '../../operation.js'
import { pluginOperations } from '../../plugins/operations.js'
import { member, present, text } from '../node.js'
import { withSecretsOf } from '../../plugins/secrets.js'
import type { DefinitionScope } from './definitions.js'
import { perform } from '../../perform.js'

/** @throws {Fault} as creating or changing the plug-in does */
export async function pluginOf(
  { context, overrides }: DefinitionScope,
  name: string,
  definition: unknown,
): Promise<string> {
  const stored = await storedPlugin(context, name)
  if (stored !== undefined && !overrides) return stored.id
  const said = member(definition, 'content')
  const content = typeof said === 'object' && said !== null ? JSON.stringify(said) : text(said)
  const isKept = stored !== undefined && content !== undefined
  const body = present({
    plugin_name: name,
    plugin_type: text(member(definition, 'type')),
    plugin_scope: text(member(definition, 'scope')) ?? 'global',
    plugin_content: isKept ? withSecretsOf(stored.type, content, stored.content) : content,
    remark: text(member(definition, 'remark')),
  })
  if (stored === undefined) {
    const { body: made } = await perform(context, pluginOperations, 'createPlugin', body)
    return made.plugin_id
  }
  await perform(context, pluginOperations, 'updatePlugin', body, { plugin_id: stored.id })
  return stored.id
}

export async function storedPlugin({ db, instanceId }: OperationContext, name: string): Promise<PluginRow | undefined> {
  return (await pluginsNamed(db, instanceId, [name]))[0]
}
