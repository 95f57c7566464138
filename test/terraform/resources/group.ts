/** Groups and what hangs on them, environments and variables: calls as in clients.md §4. */
import type { Golangsdk } from '../golangsdk.js'
import { set, type Resource } from '../provider.js'

export interface GroupConfig {
  readonly name: string
  readonly description: string
  readonly domain_access_enabled: boolean
  /** Sets. Variables that are not given are left to others. */
  readonly variables?: readonly Variable[]
  readonly url_domains: readonly {
    readonly name: string
    readonly min_ssl_version: string
    readonly is_http_redirect_to_https: boolean
  }[]
}

interface Variable {
  readonly environment_id: string
  readonly name: string
  readonly value: string
}

export function apigGroup(sdk: Golangsdk, at: string): Resource<GroupConfig> {
  const groups = `${at}/api-groups`
  const addVariable = (group: string, { environment_id, name, value }: Variable) =>
    sdk.post(`${at}/env-variables`, {
      group_id: group,
      env_id: environment_id,
      variable_name: name,
      variable_value: value,
    })
  const addDomain = (group: string, { name, ...settings }: GroupConfig['url_domains'][number]) =>
    sdk.post(`${groups}/${group}/domains`, { url_domain: name, ...settings })
  const setAccess = (group: string, enabled: boolean) =>
    sdk.put(`${groups}/${group}/sl-domain-access-settings`, { sl_domain_access_enabled: enabled }, { only: [204] })
  const missing = <T>(from: readonly T[], others: readonly T[]) =>
    from.filter((one) => !others.some((other) => JSON.stringify(other) === JSON.stringify(one)))

  return {
    async create(config) {
      const group = await sdk.post(groups, { name: config.name, remark: config.description })
      const id = group.text('id')
      for (const variable of config.variables ?? []) await addVariable(id, variable)
      for (const domain of config.url_domains) await addDomain(id, domain)
      await setAccess(id, config.domain_access_enabled)
      return id
    },

    async read(id) {
      const group = await sdk.get(`${groups}/${id}`)
      const variables = await sdk.all(`${at}/env-variables`, 'variables', { group_id: id })
      return {
        name: group.text('name'),
        description: group.text('remark'),
        domain_access_enabled: group.flag('sl_domain_access_enabled'),
        created_at: group.time('register_time'),
        updated_at: group.time('update_time'),
        variables: set(
          variables.map((variable) => ({
            environment_id: variable.text('env_id'),
            name: variable.text('variable_name'),
            value: variable.text('variable_value'),
          })),
        ),
        url_domains: set(
          group.list('url_domains').map((domain) => ({
            name: domain.text('domain'),
            min_ssl_version: domain.text('min_ssl_version'),
            is_http_redirect_to_https: domain.flag('is_http_redirect_to_https'),
          })),
        ),
      }
    },

    async update(id, config, before) {
      await sdk.put(`${groups}/${id}`, { name: config.name, remark: config.description }, { only: [200] })
      const known = await sdk.all(`${at}/env-variables`, 'variables', { group_id: id })
      for (const { environment_id, name } of missing(before.variables ?? [], config.variables ?? [])) {
        const variable = known.find(
          (one) => one.text('env_id') === environment_id && one.text('variable_name') === name,
        )
        await sdk.delete(`${at}/env-variables/${variable?.text('id') ?? ''}`)
      }
      for (const variable of missing(config.variables ?? [], before.variables ?? [])) await addVariable(id, variable)
      const bound = (await sdk.get(`${groups}/${id}`)).list('url_domains')
      for (const { name } of missing(before.url_domains, config.url_domains)) {
        const domain = bound.find((one) => one.text('domain') === name)
        await sdk.delete(`${groups}/${id}/domains/${domain?.text('id') ?? ''}`)
      }
      for (const domain of missing(config.url_domains, before.url_domains)) await addDomain(id, domain)
      await setAccess(id, config.domain_access_enabled)
    },

    /** As with `force_destroy`: what is published is taken offline, what is in the group is deleted first. */
    async delete(id) {
      for (const api of await sdk.list(`${at}/apis`, 'apis', { group_id: id }, 500)) {
        for (const env_id of api.text('run_env_id').split('|').filter(Boolean))
          await sdk.post(`${at}/apis/publish`, { env_id, apis: [api.text('id')] }, { query: { action: 'offline' } })
        await sdk.delete(`${at}/apis/${api.text('id')}`)
      }
      await sdk.delete(`${groups}/${id}`)
    },
  }
}

export interface DomainConfig {
  readonly group_id: string
  readonly url_domain: string
  readonly min_ssl_version: string
  readonly is_http_redirect_to_https: boolean
  readonly ingress_http_port?: number
  readonly ingress_https_port?: number
}

export function apigGroupDomainAssociate(sdk: Golangsdk, at: string, group: string): Resource<DomainConfig> {
  const domains = `${at}/api-groups/${group}/domains`
  const find = async (match: (name: string, id: string) => boolean) =>
    (await sdk.get(`${at}/api-groups/${group}`))
      .list('url_domains')
      .find((domain) => match(domain.text('domain'), domain.text('id')))
  return {
    create: async ({ group_id: _, ...body }) => (await sdk.post(domains, body)).text('id'),
    async read(id) {
      const domain = await find((_, one) => one === id)
      return domain === undefined
        ? undefined
        : {
            group_id: group,
            url_domain: domain.text('domain'),
            min_ssl_version: domain.text('min_ssl_version'),
            is_http_redirect_to_https: domain.flag('is_http_redirect_to_https'),
            ingress_http_port: domain.number('ingress_http_port'),
            ingress_https_port: domain.number('ingress_https_port'),
          }
    },
    update: (id, { group_id: _, url_domain: __, ...body }) => sdk.put(`${domains}/${id}`, body),
    delete: (id) => sdk.delete(`${domains}/${id}`),
    find: async ({ url_domain }) => (await find((name) => name === url_domain))?.text('id') ?? '',
  }
}

export interface EnvironmentConfig {
  readonly name: string
  readonly description: string
}

export function apigEnvironment(sdk: Golangsdk, at: string): Resource<EnvironmentConfig> {
  const body = ({ name, description }: EnvironmentConfig) => ({ name, remark: description })
  return {
    create: async (config) => (await sdk.post(`${at}/envs`, body(config))).text('id'),
    async read(id) {
      const found = (await sdk.all(`${at}/envs`, 'envs')).find((environment) => environment.text('id') === id)
      return found === undefined
        ? undefined
        : { name: found.text('name'), description: found.text('remark'), created_at: found.time('create_time') }
    },
    update: (id, config) => sdk.put(`${at}/envs/${id}`, body(config), { only: [200] }),
    delete: (id) => sdk.delete(`${at}/envs/${id}`),
    async find({ name }) {
      const found = (await sdk.all(`${at}/envs`, 'envs', { name })).find((one) => one.text('name') === name)
      return found?.text('id') ?? ''
    },
  }
}

export interface VariableConfig {
  readonly group_id: string
  readonly env_id: string
  readonly name: string
  readonly value: string
}

export function apigEnvironmentVariable(sdk: Golangsdk, at: string): Resource<VariableConfig> {
  const variables = `${at}/env-variables`
  return {
    async create({ name, value, ...parents }) {
      const created = await sdk.post(variables, { ...parents, variable_name: name, variable_value: value })
      return created.text('id')
    },
    async read(id) {
      const variable = await sdk.get(`${variables}/${id}`)
      return {
        group_id: variable.text('group_id'),
        env_id: variable.text('env_id'),
        name: variable.text('variable_name'),
        value: variable.text('variable_value'),
      }
    },
    update: (id, { value }) => sdk.put(`${variables}/${id}`, { variable_value: value }),
    delete: (id) => sdk.delete(`${variables}/${id}`),
    async find({ group_id, env_id, name }) {
      const found = await sdk.list(variables, 'variables', { group_id, env_id, variable_name: name }, 500)
      return found.find((one) => one.text('variable_name') === name)?.text('id') ?? ''
    },
  }
}

export interface ResponseConfig {
  readonly name: string
  readonly rules: Readonly<
    Record<
      string,
      {
        readonly status_code: number
        readonly body: string
        readonly headers: readonly { readonly key: string; readonly value: string }[]
      }
    >
  >
}

export function apigResponse(sdk: Golangsdk, at: string, group: string): Resource<ResponseConfig> {
  const responses = `${at}/api-groups/${group}/gateway-responses`
  const body = ({ name, rules }: ResponseConfig) => ({
    name,
    responses: Object.fromEntries(
      Object.entries(rules).map(([type, { status_code, body: text, headers }]) => [
        type,
        { status: status_code, body: text, headers },
      ]),
    ),
  })
  return {
    create: async (config) => (await sdk.post(responses, body(config))).text('id'),
    /** Only the types that are not as they are by default. */
    async read(id) {
      const response = await sdk.get(`${responses}/${id}`)
      const types = response.object('responses')
      const own = Object.keys(types.value)
        .map((type) => [type, types.object(type)] as const)
        .filter(([, rule]) => !rule.flag('default'))
      return {
        name: response.text('name'),
        created_at: response.time('create_time'),
        updated_at: response.time('update_time'),
        rules: Object.fromEntries(
          own.map(([type, rule]) => [
            type,
            {
              status_code: rule.number('status'),
              body: rule.text('body'),
              headers: (rule.has('headers') ? rule.list('headers') : []).map((header) => ({
                key: header.text('key'),
                value: header.text('value'),
              })),
            },
          ]),
        ),
      }
    },
    update: (id, config) => sdk.put(`${responses}/${id}`, body(config), { only: [200] }),
    delete: (id) => sdk.delete(`${responses}/${id}`),
    async find({ name }) {
      const found = (await sdk.all(responses, 'responses')).find((response) => response.text('name') === name)
      return found?.text('id') ?? ''
    },
  }
}
