/** Puts plug-ins at APIs in an environment: one of each type, whichever side the request came from (lifecycle.md §7.4). */
import { fault } from '../../contract/faults.js'
import type { PluginApiAttachInfo } from '../../contract/generated/schemas.js'
import {
  apisOnPath,
  attachableApis,
  attachmentsOf,
  deleteAttachments,
  insertAttachments,
  type AttachableApi,
} from '../../store/plugin-attachments.js'
import { pluginsAmong } from '../../store/plugins.js'
import type { PluginAttachmentRow, PluginRow } from '../../store/schema.js'
import { notePlaces } from '../binding-plan.js'
import type { OperationContext } from '../operation.js'
import { theEnvironment } from '../references.js'
import { readTime, writtenTime } from '../time.js'
import { methodsOfCors } from './content.js'
import { attachmentView } from './views.js'

export interface AttachRequest {
  readonly envId: string
  readonly pluginIds: readonly string[]
  readonly apiIds: readonly string[]
}

/**
 * All of them or none. Another plug-in of the type gives way, the same one stays as it is; of several of one type in
 * the request the last one stays.
 *
 * @returns what is attached afterwards, for each API and plug-in of the request
 * @throws {Fault} 404 3003, 3068, 3002; 409 3707 for an API that callers do not reach there; 400 2000 for CORS that
 *   contradicts what answers at the path already
 */
export async function attach(
  context: OperationContext,
  { envId, pluginIds, apiIds }: AttachRequest,
): Promise<PluginApiAttachInfo[]> {
  const { db, now } = context
  const envName = await theEnvironment(context, envId)
  const plugins = lastOfEachType(await allPlugins(context, pluginIds))
  const apis = await allPublishedApis(context, envId, apiIds)
  const cors = plugins.find(({ type }) => type === 'cors')
  if (cors !== undefined) for (const api of apis) await corsFits(context, envId, cors, api, apiIds)

  const before = new Map((await attachmentsOf(db, envId, apiIds)).map((one) => [placeOf(one), one]))
  const added: PluginAttachmentRow[] = []
  const replaced: PluginAttachmentRow[] = []
  const views = apis.flatMap((api) =>
    plugins.map((plugin) => {
      const known = before.get(placeOf({ api_id: api.id, plugin_type: plugin.type }))
      const names = { plugin, apiName: api.name, envName }
      if (known?.plugin_id === plugin.id) return attachmentView(known, names, readTime)
      const attachment: PluginAttachmentRow = {
        id: context.newId(),
        instance_id: context.instanceId,
        plugin_id: plugin.id,
        plugin_type: plugin.type,
        api_id: api.id,
        env_id: envId,
        created_at: now,
      }
      if (known !== undefined) replaced.push(known)
      added.push(attachment)
      return attachmentView(attachment, names, writtenTime)
    }),
  )
  await deleteAttachments(db, replaced)
  await insertAttachments(db, added)
  notePlaces(context.changed, added)
  return views
}

async function allPlugins({ db, instanceId }: OperationContext, ids: readonly string[]): Promise<PluginRow[]> {
  const known = new Map((await pluginsAmong(db, instanceId, ids)).map((plugin) => [plugin.id, plugin]))
  return ids.map((id) => {
    const plugin = known.get(id)
    if (plugin === undefined) throw fault('APIG.3068', { id })
    return plugin
  })
}

async function allPublishedApis(
  { db, instanceId }: OperationContext,
  envId: string,
  ids: readonly string[],
): Promise<AttachableApi[]> {
  const known = new Map((await attachableApis(db, instanceId, envId, ids)).map((api) => [api.id, api]))
  const apis = ids.map((id) => {
    const api = known.get(id)
    if (api === undefined) throw fault('APIG.3002', { id })
    return api
  })
  if (!apis.every((api) => api.is_published)) throw fault('APIG.3707')
  return apis
}

/**
 * The gateway answers preflights of a path from one plug-in (policies.md §5.2): it has to allow the API's own method,
 * no API may answer OPTIONS there, and no other plug-in may be responsible for another API on the path.
 */
async function corsFits(
  { db }: OperationContext,
  envId: string,
  plugin: PluginRow,
  api: AttachableApi,
  together: readonly string[],
): Promise<void> {
  const allowed = methodsOfCors(plugin.content)
  if (api.req_method !== 'ANY' && !allowed.has('*') && !allowed.has(api.req_method))
    throw fault('APIG.2000', { detail: `The CORS plug-in does not allow the method ${api.req_method} of the API` })
  for (const other of await apisOnPath(db, envId, api)) {
    if (other.req_method === 'OPTIONS')
      throw fault('APIG.2000', { detail: 'An API with method OPTIONS exists on the path' })
    const plugged = together.includes(other.id) ? plugin.id : (other.cors_plugin_id ?? plugin.id)
    if (plugged !== plugin.id) throw fault('APIG.2000', { detail: 'APIs on one path must have the same CORS plug-in' })
  }
}

function lastOfEachType(plugins: readonly PluginRow[]): PluginRow[] {
  return [...new Map(plugins.map((plugin) => [plugin.type, plugin])).values()]
}

const placeOf = ({ api_id, plugin_type }: Pick<PluginAttachmentRow, 'api_id' | 'plugin_type'>): string =>
  `${api_id} ${plugin_type}`
