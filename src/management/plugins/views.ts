import type {
  AttachedPluginInfo,
  PluginApiAttachInfo,
  PluginApiInfo,
  PluginInfo,
} from '../../contract/generated/schemas.js'
import type { AttachedPlugin, PluginApi } from '../../store/plugin-attachments.js'
import type { PluginAttachmentRow, PluginRow } from '../../store/schema.js'
import { readTime } from '../time.js'
import { masked } from './secrets.js'

type Time = (moment: number) => string

export function pluginView(plugin: PluginRow, time: Time) {
  return {
    plugin_id: plugin.id,
    plugin_name: plugin.name,
    plugin_type: plugin.type,
    plugin_scope: plugin.scope,
    plugin_content: masked(plugin.type, plugin.content),
    remark: plugin.remark,
    create_time: time(plugin.created_at),
    update_time: time(plugin.updated_at),
  } satisfies PluginInfo
}

export function attachedPluginView(plugin: AttachedPlugin): AttachedPluginInfo {
  return {
    plugin_attach_id: plugin.attach_id,
    ...pluginView(plugin, readTime),
    env_id: plugin.env_id,
    env_name: plugin.env_name,
    attached_time: readTime(plugin.attached_at),
  }
}

/** What an attachment says beside its row. */
export interface AttachmentNames {
  readonly plugin: PluginRow
  readonly apiName: string
  readonly envName: string
}

export function attachmentView(
  attachment: PluginAttachmentRow,
  { plugin, apiName, envName }: AttachmentNames,
  time: Time,
): PluginApiAttachInfo {
  return {
    plugin_attach_id: attachment.id,
    plugin_id: plugin.id,
    plugin_name: plugin.name,
    plugin_type: plugin.type,
    plugin_scope: plugin.scope,
    env_id: attachment.env_id,
    env_name: envName,
    api_id: attachment.api_id,
    api_name: apiName,
    attached_time: time(attachment.created_at),
  }
}

export function pluginApiView(api: PluginApi): PluginApiInfo {
  return {
    api_id: api.api_id,
    api_name: api.name,
    type: api.type,
    req_protocol: api.req_protocol,
    req_method: api.req_method,
    req_uri: api.req_uri,
    auth_type: api.auth_type,
    match_mode: api.match_mode,
    remark: api.remark,
    group_id: api.group_id,
    group_name: api.group_name,
    env_id: api.env_id,
    env_name: api.env_name,
    publish_id: api.publish_id ?? '',
    tags: [...api.tags],
    ...(api.attach_id !== null && {
      plugin_attach_id: api.attach_id,
      attached_time: readTime(api.attached_at ?? 0),
    }),
  }
}
