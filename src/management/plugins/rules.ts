import { fault } from '../../contract/faults.js'
import type { PluginCreate } from '../../contract/generated/schemas.js'
import { countIn } from '../../store/counts.js'
import { countPluginsOfType, findPlugin, isPluginNameTaken, type PluginReference } from '../../store/plugins.js'
import { namesOfApis } from '../../store/references.js'
import type { PluginRow } from '../../store/schema.js'
import { findChannel } from '../../store/vpc-channels.js'
import type { OperationContext } from '../operation.js'
import type { PluginType } from './content.js'

/** Plug-ins of an instance, in all and of types that cost a gateway much (quotas.md §2, policies.md §8, authentication.md §7). */
const MOST_PLUGINS = 500
const mostOfType: Readonly<Partial<Record<PluginType, number>>> = { kafka_log: 5, jwt_auth: 5, oidc_auth: 5 }

/** @throws {Fault} 403 3100 */
export async function thereIsRoomFor({ db, instanceId }: OperationContext, type: PluginType): Promise<void> {
  if ((await countIn(db, 'plugins', instanceId)) >= MOST_PLUGINS) throw fault('APIG.3100')
  const most = mostOfType[type]
  if (most !== undefined && (await countPluginsOfType(db, instanceId, type)) >= most) throw fault('APIG.3100')
}

/** A plug-in for one app, which examples show, exists in no edition. */
export function scopeIsGlobal({ plugin_scope }: PluginCreate): void {
  if (plugin_scope !== 'global') throw fault('APIG.2011', { name: 'plugin_scope' })
}

export async function nameIsFree({ db, instanceId }: OperationContext, name: string, except?: string): Promise<void> {
  if (await isPluginNameTaken(db, instanceId, name, except)) throw fault('APIG.3326')
}

export async function thePlugin({ db, instanceId }: OperationContext, id: string): Promise<PluginRow> {
  const plugin = await findPlugin(db, instanceId, id)
  if (plugin === undefined) throw fault('APIG.3068', { id })
  return plugin
}

/** @throws {Fault} 404 3023 channel, 3002 API */
export async function targetsExist(
  { db, instanceId }: OperationContext,
  references: readonly PluginReference[],
): Promise<void> {
  const apis = references.filter(({ kind }) => kind === 'api').map(({ target_id }) => target_id)
  const names = apis.length === 0 ? new Map<string, string>() : await namesOfApis(db, instanceId, apis)
  for (const id of apis) if (!names.has(id)) throw fault('APIG.3002', { id })
  for (const { kind, target_id: id } of references)
    if (kind === 'vpc_channel' && (await findChannel(db, instanceId, id)) === undefined)
      throw fault('APIG.3023', { id })
}
