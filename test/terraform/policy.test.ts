import { describe, expect, test } from 'vitest'
import { anApi, publish } from '../stage.js'
import { lifecycle, provider, set, type Provider } from './provider.js'
import {
  aclBindings,
  apigAclPolicy,
  apigPolicyAssociate,
  apigSignature,
  apigThrottlingPolicy,
  signatureBindings,
  throttlingBindings,
} from './resources/policy.js'

const throttling = {
  name: 'few',
  type: 'API-based',
  period: 1,
  period_unit: 'MINUTE',
  max_api_requests: 70,
  max_app_requests: 45,
  max_ip_requests: 45,
  max_user_requests: 60,
  description: 'first',
  app_throttles: [],
  user_throttles: [],
}

test('108, 109: apig_throttling_policy, with limits of single apps and users', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const app = async (name: string) => ({
    throttling_object_id: (await sdk.post(`${at}/apps`, { name })).text('id'),
    max_api_requests: 30,
  })
  const [one, two] = [await app('one'), await app('two')]
  const user = { throttling_object_id: tf.sluice.identities.domainId, max_api_requests: 10 }

  await lifecycle(
    apigThrottlingPolicy(sdk, at),
    throttling,
    { ...throttling, app_throttles: set([one, two]), user_throttles: [user] },
    { ...throttling, app_throttles: [{ ...two, max_api_requests: 20 }], description: '' },
    { ...throttling, name: 'fewer', type: 'API-shared', period: 2, period_unit: 'HOUR', max_ip_requests: 0 },
  )
})

test('a special limit that is negative is refused in the words that tests wait for', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const app = (await sdk.post(`${at}/apps`, { name: 'one' })).text('id')
  const id = await apigThrottlingPolicy(sdk, at).create(throttling)

  const special = { object_id: app, object_type: 'APP', call_limits: -1 }
  await expect(sdk.post(`${at}/throttles/${id}/throttle-specials`, special)).rejects.toThrow(
    'The parameter value is too small',
  )
})

test('108, 109: apig_acl_policy for addresses and for accounts', async () => {
  await using tf = await provider()
  const resource = apigAclPolicy(tf.sdk, tf.at)

  await lifecycle(
    resource,
    { name: 'guard', type: 'PERMIT', entity_type: 'IP', value: '10.201.33.4,10.30.2.15' },
    { name: 'guard_two', type: 'DENY', entity_type: 'IP', value: '10.201.33.8,10.30.2.23' },
  )
  await lifecycle(
    resource,
    { name: 'guard', type: 'PERMIT', entity_type: 'DOMAIN', value: 'account_one,account_two' },
    { name: 'guard', type: 'DENY', entity_type: 'DOMAIN', value: 'account_one' },
  )
  const value = tf.sluice.identities.domainId
  await lifecycle(resource, { name: 'guard', type: 'PERMIT', entity_type: 'DOMAIN_ID', value })
})

describe('108, 109: apig_signature', () => {
  test.each([
    ['basic', { key: 'basic_key', secret: 'basic-secret' }, { key: 'other_key', secret: 'other-secret' }],
    ['hmac', { key: 'hmac_key_1', secret: 'hmac-secret-00001' }, { key: 'hmac_key_2', secret: 'hmac-secret-00002' }],
    [
      'aes',
      { key: 'a'.repeat(16), secret: 'b'.repeat(16), algorithm: 'aes-128-cfb' },
      { key: 'c'.repeat(32), secret: 'd'.repeat(16), algorithm: 'aes-256-cfb' },
    ],
  ])('%s', async (type, material, changed) => {
    await using tf = await provider()

    await lifecycle(
      apigSignature(tf.sdk, tf.at),
      { name: 'signing', type, ...material },
      { name: 'signing_two', type, ...changed },
    )
  })

  test('generated', async () => {
    await using tf = await provider()

    expect(await lifecycle(apigSignature(tf.sdk, tf.at), { name: 'signing', type: 'hmac' })).toMatchObject({
      key: expect.stringMatching(/^[0-9a-f]{32}$/),
      secret: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
  })
})

/** Publications of three APIs. */
async function publications({ sluice }: Provider): Promise<string[]> {
  const found = []
  for (let index = 0; index < 3; index += 1) found.push(await publish(sluice, (await anApi(sluice)).id))
  return found
}

describe('108, 109: associations', () => {
  test.each([
    [
      'apig_throttling_policy_associate',
      throttlingBindings,
      (tf: Provider) => apigThrottlingPolicy(tf.sdk, tf.at).create(throttling),
    ],
    [
      'apig_acl_policy_associate',
      aclBindings,
      (tf: Provider) =>
        apigAclPolicy(tf.sdk, tf.at).create({ name: 'guard', type: 'DENY', entity_type: 'IP', value: '10.0.0.1' }),
    ],
    [
      'apig_signature_associate',
      signatureBindings,
      (tf: Provider) => apigSignature(tf.sdk, tf.at).create({ name: 'signing', type: 'hmac' }),
    ],
  ])('%s', async (_, family, create) => {
    await using tf = await provider()
    const policy_id = await create(tf)
    const [one = '', two = '', three = ''] = await publications(tf)

    await lifecycle(
      apigPolicyAssociate(tf.sdk, tf.at, family),
      { policy_id, publish_ids: set([one, two]) },
      { policy_id, publish_ids: set([two, three]) },
    )
  })
})
