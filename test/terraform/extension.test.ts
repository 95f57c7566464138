import { describe, expect, test } from 'vitest'
import { anApi, publish, RELEASE } from '../stage.js'
import { lifecycle, provider, set, type Provider } from './provider.js'
import {
  apigApiBatchPluginsAssociate,
  apigCustomAuthorizer,
  apigOrchestrationRule,
  apigPlugin,
  apigPluginBatchApisAssociate,
} from './resources/extension.js'

const cors = (age: number) =>
  `{ "allow_origin": "*", "allow_methods": "GET,POST",\n "allow_headers": "x", "expose_headers": "x", "max_age": ${age}, "allow_credentials": true }`
const headers = '{"response_headers":[{"name":"X-A","value":"1","value_type":"custom_value","action":"append"}]}'

test('108, 109: apig_plugin, its content as it was written', async () => {
  await using tf = await provider()

  await lifecycle(
    apigPlugin(tf.sdk, tf.at),
    { name: 'plugin_one', type: 'cors', description: 'first', content: cors(1) },
    { name: 'plugin-two', type: 'cors', description: '', content: cors(172800) },
  )
})

async function publishedApis({ sluice }: Provider, count: number): Promise<string[]> {
  const ids = []
  for (let index = 0; index < count; index += 1) {
    const { id } = await anApi(sluice)
    await publish(sluice, id)
    ids.push(id)
  }
  return ids
}

test('108, 109: apig_plugin_batch_apis_associate', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const config = { name: 'plugin', type: 'cors', description: '', content: cors(1) }
  const plugin = await apigPlugin(sdk, at).create(config)
  const [one = '', two = '', three = ''] = await publishedApis(tf, 3)

  await lifecycle(
    apigPluginBatchApisAssociate(sdk, at, plugin),
    { env_id: RELEASE, attached: set([one, two]) },
    { env_id: RELEASE, attached: set([two, three]) },
  )
})

test('108, 109: apig_api_batch_plugins_associate', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const plugins = apigPlugin(sdk, at)
  const one = await plugins.create({ name: 'one', type: 'cors', description: '', content: cors(1) })
  const two = await plugins.create({ name: 'two', type: 'set_resp_headers', description: '', content: headers })
  const [api = ''] = await publishedApis(tf, 1)

  await lifecycle(
    apigApiBatchPluginsAssociate(sdk, at, api),
    { env_id: RELEASE, attached: [one] },
    { env_id: RELEASE, attached: set([one, two]) },
    { env_id: RELEASE, attached: [two] },
  )
})

test('108, 109: apig_custom_authorizer of the front end and of the back end', async () => {
  await using tf = await provider()
  const resource = apigCustomAuthorizer(tf.sdk, tf.at)
  const function_urn = 'urn:fss:local-1:0123456789abcdef0123456789abcdef:function:default:check'
  const frontend = {
    name: 'check',
    type: 'FRONTEND',
    function_urn,
    function_version: 'latest',
    network_type: 'V1',
    is_body_send: true,
    cache_age: 60,
    user_data: 'demo',
    identity: [{ name: 'token', location: 'QUERY', validation: '^[a-z]+$' }],
  }

  await lifecycle(
    resource,
    frontend,
    {
      ...frontend,
      network_type: 'V2',
      function_alias_uri: `${function_urn}:!pilot`,
      is_body_send: false,
      cache_age: 0,
      user_data: '',
      identity: set([
        { name: 'token', location: 'HEADER', validation: '' },
        { name: 'token', location: 'QUERY', validation: '' },
      ]),
    },
    { ...frontend, name: 'check_again', identity: [] },
  )
  await lifecycle(resource, { ...frontend, type: 'BACKEND', identity: [], cache_age: 0 })
})

describe('108, 109: apig_orchestration_rule', () => {
  const mapped_param = { mapped_param_name: 'stage', mapped_param_type: 'string', mapped_param_location: 'header' }
  test.each([
    [
      'list',
      ['{"map_param_list":["a","b"],"mapped_param_value":"1"}', '{"map_param_list":["c"],"mapped_param_value":"2"}'],
    ],
    ['range', ['{"map_param_range":{"range_end":"1000","range_start":"1"},"mapped_param_value":"1"}']],
    [
      'hash_range',
      ['{"map_param_range":{"range_end":"9223372036854775807","range_start":"0"},"mapped_param_value":"1"}'],
    ],
    ['hash', []],
    ['none_value', ['{"mapped_param_value":"1"}']],
    ['default', ['{"mapped_param_value":"1"}']],
    ['head_n', ['{"intercept_length":5,"mapped_param_value":""}']],
    ['tail_n', ['{"intercept_length":5,"mapped_param_value":""}']],
  ])('%s', async (strategy, map) => {
    await using tf = await provider()
    const rule = { name: 'rule_one', strategy, is_preprocessing: false, mapped_param, map }

    await lifecycle(apigOrchestrationRule(tf.sdk, tf.at), rule, { ...rule, name: 'rule_two' })
  })

  test('unknown rules and strategies are told in the words that tests wait for', async () => {
    await using tf = await provider()
    const resource = apigOrchestrationRule(tf.sdk, tf.at)

    await expect(resource.read('5e3f9f53-6c1f-4a1b-9a5e-2d1c7a1f0b11')).rejects.toThrow(
      'The orchestrations does not exist',
    )
    const wrong = { name: 'rule_one', strategy: 'none', is_preprocessing: false, mapped_param, map: [] }
    await expect(resource.create(wrong)).rejects.toThrow(/Invalid parameter value.*orchestration_strategy/)
  })
})
