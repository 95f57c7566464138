/** Plugins, custom authorizers and orchestration rules: calls as in clients.md §4. */
import { sortedJson } from '../document.js'
import type { Golangsdk } from '../golangsdk.js'
import { set, type Resource } from '../provider.js'

export interface PluginConfig {
  readonly name: string
  readonly type: string
  readonly description: string
  /** JSON. */
  readonly content: string
}

export function apigPlugin(sdk: Golangsdk, at: string): Resource<PluginConfig> {
  const plugins = `${at}/plugins`
  const body = ({ name, type, description, content }: PluginConfig) => ({
    plugin_name: name,
    plugin_type: type,
    plugin_scope: 'global',
    plugin_content: content,
    remark: description,
  })
  return {
    create: async (config) => (await sdk.post(plugins, body(config))).text('plugin_id'),
    async read(id) {
      const plugin = await sdk.get(`${plugins}/${id}`)
      return {
        name: plugin.text('plugin_name'),
        type: plugin.text('plugin_type'),
        description: plugin.text('remark'),
        content: plugin.text('plugin_content'),
        created_at: plugin.time('create_time'),
        updated_at: plugin.time('update_time'),
      }
    },
    update: (id, config) => sdk.put(`${plugins}/${id}`, body(config)),
    delete: (id) => sdk.delete(`${plugins}/${id}`),
  }
}

/** Either one plugin and its APIs, or one API and its plugins, in one environment. */
export interface AttachmentConfig {
  readonly env_id: string
  /** A set. */
  readonly attached: readonly string[]
}

interface Side {
  readonly path: string
  readonly bodyName: string
  readonly list: string
  readonly listName: string
  readonly idName: string
}

export const apigPluginBatchApisAssociate = (sdk: Golangsdk, at: string, plugin: string) =>
  attachments(sdk, {
    path: `${at}/plugins/${plugin}`,
    bodyName: 'api_ids',
    list: `${at}/plugins/${plugin}/attached-apis`,
    listName: 'apis',
    idName: 'api_id',
  })

export const apigApiBatchPluginsAssociate = (sdk: Golangsdk, at: string, api: string) =>
  attachments(sdk, {
    path: `${at}/apis/${api}/plugins`,
    bodyName: 'plugin_ids',
    list: `${at}/apis/${api}/attached-plugins`,
    listName: 'plugins',
    idName: 'plugin_id',
  })

function attachments(sdk: Golangsdk, side: Side): Resource<AttachmentConfig> {
  const call = { attach: sdk.post, detach: sdk.put }
  const change = async (action: 'attach' | 'detach', env_id: string, ids: readonly string[]) => {
    if (ids.length === 0) return
    const only = action === 'detach' ? [204] : [201]
    await call[action](`${side.path}/${action}`, { env_id, [side.bodyName]: ids }, { only })
  }
  return {
    async create({ env_id, attached }) {
      await change('attach', env_id, attached)
      return env_id
    },
    async read(env_id) {
      const found = await sdk.list(side.list, side.listName, { env_id })
      const attached = set(found.map((one) => one.text(side.idName)))
      return attached.length === 0 ? undefined : { env_id, attached }
    },
    async update(env_id, { attached }, before) {
      const without = (all: readonly string[], others: readonly string[]) => all.filter((id) => !others.includes(id))
      await change('detach', env_id, without(before.attached, attached))
      await change('attach', env_id, without(attached, before.attached))
    },
    delete: (env_id, { attached }) => change('detach', env_id, attached),
  }
}

export interface AuthorizerConfig {
  readonly name: string
  readonly type: string
  readonly function_urn: string
  readonly function_version?: string
  readonly function_alias_uri?: string
  readonly network_type: string
  readonly is_body_send: boolean
  readonly cache_age: number
  readonly user_data: string
  /** A set. */
  readonly identity: readonly { readonly name: string; readonly location: string; readonly validation: string }[]
}

export function apigCustomAuthorizer(sdk: Golangsdk, at: string): Resource<AuthorizerConfig> {
  const authorizers = `${at}/authorizers`
  const body = (config: AuthorizerConfig) => ({
    name: config.name,
    type: config.type,
    authorizer_type: 'FUNC',
    authorizer_uri: config.function_urn,
    ...(config.function_version === undefined ? {} : { authorizer_version: config.function_version }),
    ...(config.function_alias_uri === undefined ? {} : { authorizer_alias_uri: config.function_alias_uri }),
    network_type: config.network_type,
    need_body: config.is_body_send,
    ttl: config.cache_age,
    user_data: config.user_data,
    identities: config.identity,
  })
  return {
    create: async (config) => (await sdk.post(authorizers, body(config))).text('id'),
    async read(id) {
      const authorizer = await sdk.get(`${authorizers}/${id}`)
      return {
        name: authorizer.text('name'),
        type: authorizer.text('type'),
        function_urn: authorizer.text('authorizer_uri'),
        function_version: authorizer.text('authorizer_version'),
        function_alias_uri: authorizer.text('authorizer_alias_uri'),
        network_type: authorizer.text('network_type'),
        is_body_send: authorizer.flag('need_body'),
        cache_age: authorizer.number('ttl'),
        user_data: authorizer.text('user_data'),
        created_at: authorizer.time('create_time'),
        identity: set(
          authorizer.list('identities').map((identity) => ({
            name: identity.text('name'),
            location: identity.text('location'),
            validation: identity.text('validation'),
          })),
        ),
      }
    },
    update: (id, config) => sdk.put(`${authorizers}/${id}`, body(config), { only: [200] }),
    delete: (id) => sdk.delete(`${authorizers}/${id}`),
    /** The first of those that the name finds. */
    async find({ name }) {
      const [first] = await sdk.all(authorizers, 'authorizer_list', { name })
      return first?.text('id') ?? ''
    },
  }
}

export interface OrchestrationConfig {
  readonly name: string
  readonly strategy: string
  readonly is_preprocessing: boolean
  readonly mapped_param: Readonly<Record<string, string>>
  /** JSON texts, with sorted keys. */
  readonly map: readonly string[]
}

export function apigOrchestrationRule(sdk: Golangsdk, at: string): Resource<OrchestrationConfig> {
  const orchestrations = `${at}/orchestrations`
  const body = (config: OrchestrationConfig) => ({
    orchestration_name: config.name,
    orchestration_strategy: config.strategy,
    is_preprocessing: config.is_preprocessing,
    orchestration_mapped_param: config.mapped_param,
    ...(config.map.length === 0 ? {} : { orchestration_map: config.map.map((entry) => JSON.parse(entry) as unknown) }),
  })
  return {
    create: async (config) => (await sdk.post(orchestrations, body(config))).text('orchestration_id'),
    async read(id) {
      const rule = await sdk.get(`${orchestrations}/${id}`)
      return {
        name: rule.text('orchestration_name'),
        strategy: rule.text('orchestration_strategy'),
        is_preprocessing: rule.flag('is_preprocessing'),
        mapped_param: rule.object('orchestration_mapped_param').value,
        created_at: rule.time('orchestration_create_time'),
        updated_at: rule.time('orchestration_update_time'),
        map: (rule.has('orchestration_map') ? rule.list('orchestration_map') : []).map((entry) =>
          sortedJson(entry.value),
        ),
      }
    },
    update: (id, config) => sdk.put(`${orchestrations}/${id}`, body(config)),
    delete: (id) => sdk.delete(`${orchestrations}/${id}`),
  }
}
