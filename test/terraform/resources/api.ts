/** APIs and their publications: calls as in clients.md §4. Attributes have the names that they are sent under. */
import type { Golangsdk } from '../golangsdk.js'
import type { Attributes, Resource } from '../provider.js'
import { readAs, type Shape } from '../shape.js'

/** Everything that is sent, and nothing that is zero. */
export type ApiConfig = Readonly<Record<string, unknown>> & { readonly name: string }

const requestParameter: Shape = {
  name: 'text',
  type: 'text',
  location: 'text',
  required: 'number',
  valid_enable: 'number',
  pass_through: 'number',
  default_value: 'text',
  sample_value: 'text',
  remark: 'text',
  enumerations: 'text',
  min_num: 'number',
  max_num: 'number',
  min_size: 'number',
  max_size: 'number',
  regular: 'text',
  json_schema: 'text',
  orchestrations: 'texts',
}

const backendParameter: Shape = { origin: 'text', name: 'text', remark: 'text', location: 'text', value: 'text' }

const mock: Shape = { result_content: 'text', authorizer_id: 'text' }

const functionCall: Shape = {
  function_urn: 'text',
  invocation_type: 'text',
  network_type: 'text',
  version: 'text',
  alias_urn: 'text',
  timeout: 'number',
  authorizer_id: 'text',
  req_protocol: 'text',
}

const web: Shape = {
  url_domain: 'text',
  req_protocol: 'text',
  req_method: 'text',
  req_uri: 'text',
  timeout: 'number',
  retry_count: 'text',
  authorizer_id: 'text',
  vpc_channel_status: 'number',
  vpc_channel_info: { object: { vpc_channel_id: 'text', vpc_channel_proxy_host: 'text' } },
}

const policy: Shape = {
  name: 'text',
  effect_mode: 'text',
  backend_params: { set: backendParameter },
  conditions: {
    set: {
      condition_origin: 'text',
      condition_type: 'text',
      condition_value: 'text',
      req_param_name: 'text',
      sys_param_name: 'text',
      cookie_param_name: 'text',
      frontend_authorizer_param_name: 'text',
      mapped_param_name: 'text',
      mapped_param_location: 'text',
    },
  },
}

const api: Shape = {
  name: 'text',
  group_id: 'text',
  type: 'number',
  version: 'text',
  req_protocol: 'text',
  req_method: 'text',
  req_uri: 'text',
  match_mode: 'text',
  auth_type: 'text',
  auth_opt: { object: { app_code_auth_type: 'text' } },
  authorizer_id: 'text',
  cors: 'flag',
  remark: 'text',
  body_remark: 'text',
  result_normal_sample: 'text',
  result_failure_sample: 'text',
  response_id: 'text',
  content_type: 'text',
  is_send_fg_body_base64: 'flag',
  tags: 'texts',
  backend_type: 'text',
  req_params: { set: requestParameter },
  backend_params: { set: backendParameter },
  backend_api: { object: { ...web, enable_client_ssl: 'flag' } },
  mock_info: { object: mock },
  func_info: { object: functionCall },
  policy_mocks: { set: { ...policy, ...mock } },
  policy_functions: { set: { ...policy, ...functionCall } },
  policy_https: { set: { ...policy, ...web } },
}

export function apigApi(sdk: Golangsdk, at: string): Resource<ApiConfig> {
  const apis = `${at}/apis`
  return {
    create: async (config) => (await sdk.post(apis, config)).text('id'),
    async read(id) {
      const document = await sdk.get(`${apis}/${id}`)
      document.time('register_time')
      document.time('update_time')
      const state = readAs(document, api)
      const withAddress = (backend: unknown) => withoutChannelAddress(backend as Attributes)
      return {
        ...state,
        ...(state['backend_api'] !== undefined && { backend_api: withAddress(state['backend_api']) }),
        ...(state['policy_https'] !== undefined && {
          policy_https: (state['policy_https'] as Attributes[]).map(withAddress),
        }),
      }
    },
    update: (id, config) => sdk.put(`${apis}/${id}`, config),
    delete: (id) => sdk.delete(`${apis}/${id}`),
    async find({ name }) {
      const found = (await sdk.list(apis, 'apis', { name }, 500)).find((one) => one.text('name') === name)
      return found?.text('id') ?? ''
    },
  }
}

/** An address is one only where there is no channel. */
function withoutChannelAddress(backend: Attributes): Attributes {
  const { url_domain, ...rest } = backend
  return rest['vpc_channel_status'] === 2 ? { url_domain, ...rest } : rest
}

export interface PublishmentConfig {
  readonly env_id: string
  readonly api_id: string
  /** Of an older version, to go back to it. */
  readonly version_id?: string
}

/** Its id is made of those of the environment and the API. */
export function apigApiPublishment(sdk: Golangsdk, at: string): Resource<PublishmentConfig> {
  const versions = (api: string, env_id: string) => sdk.list(`${at}/apis/publish/${api}`, 'api_versions', { env_id })
  const act = (action: string, { env_id, api_id }: PublishmentConfig) =>
    sdk.post(`${at}/apis/action`, { action, env_id, api_id })
  async function publish(config: PublishmentConfig): Promise<string> {
    const { env_id, api_id, version_id } = config
    if (version_id === undefined) await act('online', config)
    else {
      if (!(await versions(api_id, env_id)).some((version) => version.text('version_id') === version_id))
        throw new Error(`no version ${version_id}`)
      await sdk.put(`${at}/apis/publish/${api_id}`, { version_id })
    }
    return `${env_id}/${api_id}`
  }
  return {
    create: publish,
    async read(id) {
      const [env_id = '', api_id = ''] = id.split('/')
      const histories = await versions(api_id, env_id)
      if (histories.length === 0) return undefined
      const current = histories.find((version) => version.number('status') === 1)
      if (current === undefined) throw new Error('no version is current')
      const document = await sdk.get(`${at}/apis/${api_id}`)
      const place = document.text('run_env_id').split('|').indexOf(env_id)
      return {
        env_id,
        api_id,
        version_id: current.text('version_id'),
        env_name: current.text('env_name'),
        published_at: current.time('publish_time'),
        publish_id: document.text('publish_id').split('|')[place],
        histories: histories.map((version) => version.text('version_id')),
      }
    },
    update: (_, config) => publish(config),
    delete: (_, config) => act('offline', config),
  }
}
