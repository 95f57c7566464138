import { describe, expect, test } from 'vitest'
import { anApi, publish, RELEASE } from '../stage.js'
import { UnexpectedStatus } from './golangsdk.js'
import { lifecycle, planIsEmpty, provider, set } from './provider.js'
import {
  apigAppcode,
  apigApplication,
  apigApplicationAcl,
  apigApplicationAiApiKey,
  apigApplicationAuthorization,
  apigApplicationQuota,
  apigApplicationQuotaAssociate,
} from './resources/application.js'

const code = (letter: string) => letter.repeat(64)

test('108, 109: apig_application, its key and secret in clear, its codes by difference', async () => {
  await using tf = await provider()
  const app = { name: 'shop', description: 'first', app_key: 'key_of_shop', app_secret: 'secret-of-shop' }

  await lifecycle(
    apigApplication(tf.sdk, tf.at),
    { ...app, app_codes: set([code('a'), code('b')]) },
    { ...app, name: 'shop_two', description: '', app_secret: 'another-secret', app_codes: set([code('b'), code('c')]) },
    { name: 'shop_two', description: '', app_codes: [] },
  )
})

test('apig_application: a secret that is generated anew stays what it is', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const id = await apigApplication(sdk, at).create({ name: 'shop', description: '', app_codes: [] })
  const before = (await sdk.get(`${at}/apps/${id}`)).text('app_secret')

  const reset = (await sdk.put(`${at}/apps/secret/${id}`, {})).text('app_secret')

  expect(reset).not.toBe(before)
  expect((await sdk.get(`${at}/apps/${id}`)).text('app_secret')).toBe(reset)
})

describe('what belongs to an app', () => {
  async function withApp() {
    const tf = await provider()
    const { sdk, at } = tf
    const app = await apigApplication(sdk, at).create({ name: 'shop', description: '', app_codes: [] })
    return { sdk, at, app, sluice: tf.sluice, [Symbol.asyncDispose]: () => tf[Symbol.asyncDispose]() }
  }

  test('108, 109: apig_appcode, given and generated', async () => {
    await using tf = await withApp()
    const resource = apigAppcode(tf.sdk, tf.at, tf.app)

    await lifecycle(resource, { application_id: tf.app, value: code('a') })
    const generated = await lifecycle(resource, { application_id: tf.app })
    expect(generated['value']).toMatch(/^[0-9A-Za-z+_!@#$%\-/=]{64,180}$/)
  })

  test('108, 109: apig_application_ai_api_key, given and generated', async () => {
    await using tf = await withApp()
    const resource = apigApplicationAiApiKey(tf.sdk, tf.at, tf.app)

    await lifecycle(resource, { api_key: 'key-of-the-model', alias: 'notebook' })
    expect(await lifecycle(resource, { alias: '' })).toMatchObject({
      api_key: expect.stringMatching(/^[a-zA-Z0-9_+/=-]{8,128}$/),
    })
  })

  test('108, 109: apig_application_acl, its values in order', async () => {
    await using tf = await withApp()

    await lifecycle(
      apigApplicationAcl(tf.sdk, tf.at, tf.app),
      { type: 'PERMIT', values: ['192.168.0.5-192.168.0.9', '127.0.0.1', '10.0.0.0/8'] },
      { type: 'DENY', values: ['10.0.0.0/8', '127.0.0.1'] },
    )
  })

  test('108, 109: apig_application_quota, with and without a first reset', async () => {
    await using tf = await provider()
    const quota = { name: 'few', call_limits: 10, time_interval: 1, time_unit: 'DAY', description: 'first' }

    await lifecycle(apigApplicationQuota(tf.sdk, tf.at), quota, { ...quota, call_limits: 20, description: '' })
    await lifecycle(apigApplicationQuota(tf.sdk, tf.at, '2030-01-01 00:00:00'), { ...quota, time_unit: 'HOUR' })
  })

  test('108, 109: apig_application_quota_associate, though more apps wait than one page shows', async () => {
    await using tf = await provider()
    const { sdk, at } = tf
    for (let index = 0; index < 21; index += 1) await sdk.post(`${at}/apps`, { name: `older_${index}` })
    const [one, two] = [
      (await sdk.post(`${at}/apps`, { name: 'one' })).text('id'),
      (await sdk.post(`${at}/apps`, { name: 'two' })).text('id'),
    ]
    const quota_id = await apigApplicationQuota(sdk, at).create({
      name: 'few',
      call_limits: 10,
      time_interval: 1,
      time_unit: 'DAY',
      description: '',
    })

    await lifecycle(
      apigApplicationQuotaAssociate(sdk, at, quota_id),
      { quota_id, applications: [one] },
      { quota_id, applications: set([one, two]) },
      { quota_id, applications: [two] },
    )
  })

  test('108, 109: apig_application_authorization', async () => {
    await using tf = await withApp()
    const apis = [await anApi(tf.sluice), await anApi(tf.sluice), await anApi(tf.sluice)]
    for (const { id } of apis) await publish(tf.sluice, id)
    const [one = '', two = '', three = ''] = apis.map(({ id }) => id)
    const authorization = { application_id: tf.app, env_id: RELEASE }

    await lifecycle(
      apigApplicationAuthorization(tf.sdk, tf.at),
      { ...authorization, api_ids: set([one, two]) },
      { ...authorization, api_ids: set([two, three]) },
    )
  })

  test('an authorization that is there already is no failure', async () => {
    await using tf = await withApp()
    const { id } = await anApi(tf.sluice)
    const resource = apigApplicationAuthorization(tf.sdk, tf.at)
    const config = { application_id: tf.app, env_id: RELEASE, api_ids: [id] }

    await resource.create(config)
    await planIsEmpty(resource, await resource.create(config), config)
  })

  test('an unknown app is told in the words that tests wait for', async () => {
    await using tf = await provider()
    const unknown = '5e3f9f53-6c1f-4a1b-9a5e-2d1c7a1f0b11'

    for (const path of ['app-codes', 'app-acl']) {
      const refused = tf.sdk.get(`${tf.at}/apps/${unknown}/${path}`)
      await expect(refused).rejects.toThrow(UnexpectedStatus)
      await expect(refused).rejects.toThrow(`App ${unknown} does not exist`)
    }
  })
})
