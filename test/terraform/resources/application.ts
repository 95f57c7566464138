/** Apps and what belongs to them: calls as in clients.md §4. */
import { poll, set, type Resource } from '../provider.js'
import type { Golangsdk } from '../golangsdk.js'

export interface ApplicationConfig {
  readonly name: string
  readonly description: string
  readonly app_key?: string
  readonly app_secret?: string
  /** A set. */
  readonly app_codes: readonly string[]
  /** A number that changes when the secret is to be generated anew. */
  readonly secret_action?: number
}

export function apigApplication(sdk: Golangsdk, at: string): Resource<ApplicationConfig> {
  const apps = `${at}/apps`
  const body = ({ name, description, app_key, app_secret }: ApplicationConfig) => ({
    name,
    remark: description,
    ...(app_key === undefined ? {} : { app_key }),
    ...(app_secret === undefined ? {} : { app_secret }),
  })
  const codesOf = (id: string) => sdk.list(`${apps}/${id}/app-codes`, 'app_codes')
  return {
    async create(config) {
      const id = (await sdk.post(apps, body(config))).text('id')
      for (const app_code of config.app_codes) await sdk.post(`${apps}/${id}/app-codes`, { app_code })
      return id
    },
    async read(id) {
      const app = await sdk.get(`${apps}/${id}`)
      return {
        name: app.text('name'),
        description: app.text('remark'),
        app_key: app.text('app_key'),
        app_secret: app.text('app_secret'),
        registration_time: app.time('register_time'),
        updated_at: app.time('update_time'),
        app_codes: set((await codesOf(id)).map((code) => code.text('app_code'))),
      }
    },
    async update(id, config, before) {
      await sdk.put(`${apps}/${id}`, body(config))
      for (const code of await codesOf(id))
        if (!config.app_codes.includes(code.text('app_code')))
          await sdk.delete(`${apps}/${id}/app-codes/${code.text('id')}`)
      for (const app_code of config.app_codes)
        if (!before.app_codes.includes(app_code)) await sdk.post(`${apps}/${id}/app-codes`, { app_code })
    },
    delete: (id) => sdk.delete(`${apps}/${id}`),
  }
}

export interface AppcodeConfig {
  readonly application_id: string
  /** Generated when not given. */
  readonly value?: string
}

export function apigAppcode(sdk: Golangsdk, at: string, app: string): Resource<AppcodeConfig> {
  const codes = `${at}/apps/${app}/app-codes`
  return {
    create: async ({ value }) =>
      (value === undefined ? await sdk.put(codes, undefined) : await sdk.post(codes, { app_code: value })).text('id'),
    async read(id) {
      // The service answers 201 to this read, and the provider takes it.
      const code = await sdk.get(`${codes}/${id}`, { only: [200, 201] })
      return { application_id: app, value: code.text('app_code'), created_at: code.time('create_time') }
    },
    delete: (id) => sdk.delete(`${codes}/${id}`),
  }
}

export interface AiApiKeyConfig {
  readonly api_key?: string
  readonly alias: string
}

export function apigApplicationAiApiKey(sdk: Golangsdk, at: string, app: string): Resource<AiApiKeyConfig> {
  const keys = `${at}/apps/${app}/ai-api-keys`
  return {
    async create({ api_key, alias }) {
      const body = { ...(api_key === undefined ? {} : { ai_api_key: api_key }), ...(alias === '' ? {} : { alias }) }
      return (await sdk.post(keys, body)).text('id')
    },
    async read(id) {
      const key = await sdk.get(`${keys}/${id}`)
      return { api_key: key.text('ai_api_key'), alias: key.text('alias'), created_at: key.time('create_time') }
    },
    delete: (id) => sdk.delete(`${keys}/${id}`),
  }
}

export interface ApplicationAclConfig {
  readonly type: string
  /** In order. */
  readonly values: readonly string[]
}

/** Its id is that of the app. */
export function apigApplicationAcl(sdk: Golangsdk, at: string, app: string): Resource<ApplicationAclConfig> {
  const acl = `${at}/apps/${app}/app-acl`
  const put = ({ type, values }: ApplicationAclConfig) => sdk.put(acl, { app_acl_type: type, app_acl_values: values })
  return {
    async create(config) {
      await put(config)
      return app
    },
    /** An empty object means that there is none. */
    async read() {
      const found = await sdk.get(acl)
      return found.has('app_acl_type')
        ? { type: found.text('app_acl_type'), values: found.texts('app_acl_values') }
        : undefined
    },
    update: (_, config) => put(config),
    delete: () => sdk.delete(acl),
  }
}

export interface QuotaConfig {
  readonly name: string
  readonly time_unit: string
  readonly call_limits: number
  readonly time_interval: number
  readonly description: string
}

export function apigApplicationQuota(sdk: Golangsdk, at: string, resetTime?: string): Resource<QuotaConfig> {
  const quotas = `${at}/app-quotas`
  const body = ({ description, ...limits }: QuotaConfig) => ({
    ...limits,
    remark: description,
    ...(resetTime === undefined ? {} : { reset_time: resetTime }),
  })
  return {
    create: async (config) => (await sdk.post(quotas, body(config))).text('app_quota_id'),
    async read(id) {
      const quota = await sdk.get(`${quotas}/${id}`)
      return {
        name: quota.text('name'),
        time_unit: quota.text('time_unit'),
        call_limits: quota.number('call_limits'),
        time_interval: quota.number('time_interval'),
        description: quota.text('remark'),
        created_at: quota.time('create_time'),
        bind_num: quota.number('bound_app_num'),
      }
    },
    update: (id, config) => sdk.put(`${quotas}/${id}`, body(config)),
    delete: (id) => sdk.delete(`${quotas}/${id}`),
  }
}

export interface QuotaAssociateConfig {
  readonly quota_id: string
  /** A set. */
  readonly applications: readonly string[]
}

/** Its id is that of the quota. */
export function apigApplicationQuotaAssociate(
  sdk: Golangsdk,
  at: string,
  quota: string,
): Resource<QuotaAssociateConfig> {
  const of = `${at}/app-quotas/${quota}`
  const bound = async () => (await sdk.list(`${of}/bound-apps`, 'apps')).map((app) => app.text('app_id'))
  async function bind(apps: readonly string[]): Promise<void> {
    if (apps.length === 0) return
    // Without paging parameters, as the provider asks: new apps must be on the first page.
    await poll(
      async () => (await sdk.get(`${of}/bindable-apps`)).list('apps').map((app) => app.text('app_id')),
      (bindable) => apps.every((app) => bindable.includes(app)),
    )
    await sdk.post(`${of}/binding-apps`, { app_ids: apps })
    await poll(bound, (now) => apps.every((app) => now.includes(app)))
  }
  async function unbind(apps: readonly string[]): Promise<void> {
    for (const app of apps) await sdk.delete(`${of}/bound-apps/${app}`)
    await poll(bound, (now) => apps.every((app) => !now.includes(app)))
  }
  return {
    async create({ applications }) {
      await bind(applications)
      return quota
    },
    async read() {
      const applications = set(await bound())
      return applications.length === 0 ? undefined : { quota_id: quota, applications }
    },
    async update(_, { applications }, before) {
      await unbind(before.applications.filter((app) => !applications.includes(app)))
      await bind(applications.filter((app) => !before.applications.includes(app)))
    },
    delete: (_, { applications }) => unbind(applications),
  }
}

export interface AuthorizationConfig {
  readonly application_id: string
  readonly env_id: string
  /** A set. */
  readonly api_ids: readonly string[]
}

/** Its id is made of those of the environment and the app. */
export function apigApplicationAuthorization(sdk: Golangsdk, at: string): Resource<AuthorizationConfig> {
  const authorizations = (app_id: string, env_id: string) =>
    sdk.list(`${at}/app-auths/binded-apis`, 'auths', { app_id, env_id })
  async function authorize({ application_id, env_id }: AuthorizationConfig, api_ids: readonly string[]): Promise<void> {
    if (api_ids.length === 0) return
    const done = await sdk.post(`${at}/app-auths`, { env_id, app_ids: [application_id], api_ids })
    const failed = done.list('auths').filter((auth) => auth.object('auth_result').text('status') === 'FAILED')
    if (failed.length > 0) throw new Error(JSON.stringify(failed))
  }
  async function withdraw(
    { application_id, env_id }: AuthorizationConfig,
    gone: (api: string) => boolean,
  ): Promise<void> {
    for (const auth of await authorizations(application_id, env_id))
      if (gone(auth.text('api_id')))
        await sdk.delete(`${at}/app-auths/${auth.text('id')}`, { query: { app_id: application_id, env_id } })
  }
  return {
    async create(config) {
      await authorize(config, config.api_ids)
      return `${config.env_id}/${config.application_id}`
    },
    async read(id) {
      const [env_id = '', application_id = ''] = id.split('/')
      const auths = await authorizations(application_id, env_id)
      const api_ids = set(auths.map((auth) => auth.text('api_id')))
      for (const auth of auths) auth.time('auth_time')
      return api_ids.length === 0 ? undefined : { application_id, env_id, api_ids }
    },
    async update(_, config, before) {
      await withdraw(before, (api) => !config.api_ids.includes(api))
      await authorize(
        config,
        config.api_ids.filter((api) => !before.api_ids.includes(api)),
      )
    },
    delete: (_, config) => withdraw(config, () => true),
  }
}
