import { expect, test } from 'vitest'
import { RELEASE } from '../stage.js'
import { lifecycle, provider } from './provider.js'
import {
  apigEnvironment,
  apigEnvironmentVariable,
  apigGroup,
  apigGroupDomainAssociate,
  apigResponse,
} from './resources/group.js'

const NONE = { description: '', domain_access_enabled: false, variables: [], url_domains: [] }

test('108, 109: apig_group with variables and domains', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const dev = (await sdk.post(`${at}/envs`, { name: 'DEV' })).text('id')
  const domain = { min_ssl_version: 'TLSv1.1', is_http_redirect_to_https: false }
  const variable = { environment_id: RELEASE, name: 'host', value: 'one.test' }

  const state = await lifecycle(
    apigGroup(sdk, at),
    { ...NONE, name: 'orders', description: 'first', domain_access_enabled: true, variables: [variable] },
    { ...NONE, name: 'orders', url_domains: [{ ...domain, name: 'www.t1.com' }] },
    {
      ...NONE,
      name: 'orders_two',
      variables: [{ ...variable, environment_id: dev, value: 'two.test' }],
      url_domains: [{ ...domain, name: 'www.t2.com', is_http_redirect_to_https: true }],
    },
  )

  expect(state).toMatchObject({ domain_access_enabled: false })
})

test('apig_group with `force_destroy`: what is published in two environments goes with it', async () => {
  await using tf = await provider()
  const { sdk, at, sluice } = tf
  const group = await apigGroup(sdk, at).create({ ...NONE, name: 'full' })
  const dev = (await sdk.post(`${at}/envs`, { name: 'DEV' })).text('id')
  const api = await sluice.given('createApiV2', {
    body: {
      group_id: group,
      name: 'one',
      type: 1,
      req_protocol: 'HTTP',
      req_method: 'GET',
      req_uri: '/one',
      auth_type: 'NONE',
      backend_type: 'MOCK',
      mock_info: { result_content: '' },
    },
  })
  for (const env_id of [RELEASE, dev]) await sdk.post(`${at}/apis/action`, { action: 'online', env_id, api_id: api.id })

  await apigGroup(sdk, at).delete(group, { ...NONE, name: 'full' })

  expect(await sdk.list(`${at}/apis`, 'apis')).toEqual([])
})

test('108, 109: apig_group_domain_associate, with ports and a name that ends in a dot', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const group = await apigGroup(sdk, at).create({ ...NONE, name: 'orders' })
  const domain = { group_id: group, min_ssl_version: 'TLSv1.1', is_http_redirect_to_https: false }
  await sdk.post(`${at}/custom-ingress-ports`, { protocol: 'HTTP', ingress_port: 8081 })
  await sdk.post(`${at}/custom-ingress-ports`, { protocol: 'HTTPS', ingress_port: 8443 })

  const standard = await lifecycle(
    apigGroupDomainAssociate(sdk, at, group),
    { ...domain, url_domain: 'www.t1.com.' },
    { ...domain, url_domain: 'www.t1.com.', min_ssl_version: 'TLSv1.2', is_http_redirect_to_https: true },
  )
  expect(standard).toMatchObject({ ingress_http_port: 80, ingress_https_port: 443 })

  await lifecycle(
    apigGroupDomainAssociate(sdk, at, group),
    { ...domain, url_domain: 'www.t2.com', ingress_http_port: 8081, ingress_https_port: 8443 },
    { ...domain, url_domain: 'www.t2.com', ingress_http_port: -1, ingress_https_port: 8443 },
  )
})

test('108, 109: apig_environment', async () => {
  await using tf = await provider()

  await lifecycle(
    apigEnvironment(tf.sdk, tf.at),
    { name: 'DEV', description: 'for developers' },
    { name: 'TEST', description: '' },
  )
})

test('108, 109: apig_environment_variable', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const group_id = await apigGroup(sdk, at).create({ ...NONE, name: 'orders' })
  const variable = { group_id, env_id: RELEASE, name: 'host' }

  await lifecycle(
    apigEnvironmentVariable(sdk, at),
    { ...variable, value: 'one.test' },
    { ...variable, value: '/two:8080/x-y_z' },
  )
})

test('108, 109: apig_response', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const group = await apigGroup(sdk, at).create({ ...NONE, name: 'orders' })
  const headers = [{ key: 'Retry-After', value: '1' }]
  const throttled = { status_code: 503, body: '{"code":"$context.error.code"}', headers }
  const notFound = { status_code: 410, body: 'gone', headers: [] }

  await lifecycle(
    apigResponse(sdk, at, group),
    { name: 'own', rules: { THROTTLED: throttled } },
    { name: 'own', rules: { NOT_FOUND: notFound, THROTTLED: { ...throttled, headers: [] } } },
    { name: 'renamed', rules: {} },
  )
})
