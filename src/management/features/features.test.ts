import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management } from '../../../test/management.js'
import { isFault } from '../../contract/faults.js'
import { features } from './catalogue.js'
import { acceptedConfig } from './rules.js'

describe.each(engines)('features on $name', (engine) => {
  test('25: a feature is set and read back as it was sent', async () => {
    await using sluice = await management(engine)
    const config = '{ "api_limits": 300, "unknown": true }'

    const { status, body } = await sluice.call('createFeatureV2', { body: { name: 'ratelimit', enable: true, config } })

    expect([status, body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        name: 'ratelimit',
        enable: true,
        config,
        instance_id: sluice.instanceId,
        update_time: expect.stringMatching(/\.\d{3}Z$/),
      },
    ])
    const list = await sluice.given('listFeaturesV2', { query: { limit: 500 } })
    expect(list.features).toContainEqual({ ...body, update_time: `${body.update_time.slice(0, 19)}Z` })
    const unknown = await sluice.call('createFeatureV2', { body: { name: 'teleport', enable: true } })
    expect([unknown.status, unknown.body.error_code]).toEqual([400, 'APIG.2000'])
    expect(unknown.body.error_msg).toContain('unrecognized feature teleport')
  })

  test('25: with an interval, a feature cannot be changed twice within it', async () => {
    await using sluice = await management(engine, { settings: { featureInterval: 60_000 } })
    const set = (name: string) => sluice.call('createFeatureV2', { body: { name, enable: true, config: 'on' } })
    expect((await set('app_basic')).status).toBe(201)

    const second = await set('app_basic')
    expect([second.status, second.body]).toEqual([
      409,
      { error_code: 'APIG.3711', error_msg: 'A configuration parameter can be modified only once per minute' },
    ])
    expect((await set('app_route')).status).toBe(201)
    sluice.now += 60_000
    expect((await set('app_basic')).status).toBe(201)
  })

  test('26: the list has every feature, set or not, and ends', async () => {
    await using sluice = await management(engine)

    const all = await sluice.given('listFeaturesV2', { query: { limit: 500 } })

    expect(all.total).toBe(Object.keys(features).length)
    expect(all.size).toBe(all.total)
    const route = all.features.find((feature: { name: string }) => feature.name === 'route')
    expect(JSON.parse(route.config)).toEqual({ user_routes: [] })
    const end = await sluice.given('listFeaturesV2', { query: { limit: 500, offset: all.total } })
    expect(end).toEqual({ total: all.total, size: 0, features: [] })
    const second = await sluice.given('listFeaturesV2', { query: { offset: 20 } })
    expect(second.features).toEqual(all.features.slice(20))
  })

  test('an id is the same before and after a feature is first set', async () => {
    await using sluice = await management(engine)
    const idOf = async (name: string) => {
      const list = await sluice.given('listFeaturesV2', { query: { limit: 500 } })
      return list.features.find((feature: { name: string }) => feature.name === name).id as string
    }
    const before = await idOf('gzip')

    const { id } = await sluice.given('createFeatureV2', { body: { name: 'gzip', enable: true } })

    expect(id).toBe(before)
    expect(await idOf('gzip')).toBe(before)
    expect(await idOf('app_jwt')).not.toBe(before)
  })

  test('without a config the feature keeps the one it has', async () => {
    await using sluice = await management(engine)
    const first = await sluice.given('createFeatureV2', { body: { name: 'backend_timeout', enable: true } })
    expect(first.config).toBe('{"max_timeout":60000}')
    const config = '{"max_timeout":90000}'
    await sluice.given('createFeatureV2', { body: { name: 'backend_timeout', enable: true, config } })

    const off = await sluice.given('createFeatureV2', { body: { name: 'backend_timeout', enable: false } })

    expect(off).toMatchObject({ enable: false, config })
  })

  test('features.md 10: a config that comes as an object is kept as its text', async () => {
    await using sluice = await management(engine)
    const config = { enable: 'on', xff_index: 1 }

    const feature = await sluice.given('createFeatureV2', { body: { name: 'real_ip_from_xff', enable: true, config } })

    expect(feature.config).toBe(JSON.stringify(config))
    const { features } = await sluice.given('listFeaturesV2', { query: { limit: 500 } })
    expect(features).toContainEqual(expect.objectContaining({ name: 'real_ip_from_xff', config: feature.config }))
  })

  test('features.md 4: app_secret and app_api_key exclude each other', async () => {
    await using sluice = await management(engine)
    const set = (name: string, config: string) =>
      sluice.call('createFeatureV2', { body: { name, enable: true, config } })
    expect((await set('app_api_key', 'on')).status).toBe(201)

    const second = await set('app_secret', 'on')
    expect([second.status, second.body.error_code]).toEqual([400, 'APIG.2000'])
    expect((await set('app_secret', 'off')).status).toBe(201)
    expect((await set('app_api_key', 'off')).status).toBe(201)
    expect((await set('app_secret', 'on')).status).toBe(201)
    expect((await set('app_api_key', 'on')).status).toBe(400)
  })

  test('what is always there can be asked for, but not configured', async () => {
    await using sluice = await management(engine)
    const marker = { name: 'sign_basic', enable: true }

    expect((await sluice.call('createFeatureV2', { body: marker })).status).toBe(201)
    for (const body of [
      { ...marker, config: 'on' },
      { ...marker, enable: false },
    ]) {
      const { status, body: refusal } = await sluice.call('createFeatureV2', { body })
      expect([status, refusal]).toEqual([
        412,
        { error_code: 'APIG.3458', error_msg: 'The feature is not supported by the current instance' },
      ])
    }
  })

  test('the names of what an instance supports, in pages', async () => {
    await using sluice = await management(engine)

    const all = await sluice.given('listInstanceFeatures', { query: { limit: 500 } })
    const page = await sluice.given('listInstanceFeatures', { query: { limit: 5, offset: 3 } })

    expect(all.features).toEqual(expect.arrayContaining(['route', 'ratelimit', 'gateway_responses', 'breakerv2']))
    expect(all.features).toEqual((await sluice.given('showDetailsOfInstanceV2')).supported_features)
    expect(page).toEqual({ total: all.total, size: 5, features: all.features.slice(3, 8) })
  })
})

test('every default is a configuration that the feature accepts', () => {
  for (const [name, { config }] of Object.entries(features)) expect(acceptedConfig(name, true, config)).toBe(config)
})

test.each([
  ['ratelimit', '{"api_limits":1000000}', true],
  ['ratelimit', '{"api_limits":0}', false],
  ['ratelimit', '{"api_limits":"5"}', false],
  ['ratelimit', '5', false],
  ['ratelimit', 'on', false],
  ['request_body_size', '1048576', true],
  ['request_body_size', '9999220736', true],
  ['request_body_size', '1048575', false],
  ['request_body_size', '9999220737', false],
  ['request_body_size', '1e9', false],
  ['request_body_size', '"2097152"', false],
  ['backend_timeout', '{"max_timeout":600000}', true],
  ['backend_timeout', '{"max_timeout":600001}', false],
  ['app_token', '{"enable":"on","app_token_expire_time":72000,"app_token_uri":"/token"}', true],
  ['app_token', '{"enable":"on","app_token_expire_time":72001}', false],
  ['app_token', '{"enable":"on","app_token_uri":"token"}', false],
  ['app_token', '{"enable":true}', false],
  ['app_basic', 'on', true],
  ['app_basic', 'ON', false],
  ['app_basic', '"on"', false],
  ['app_jwt', '{"enable":"on","auth_header":"X-Jwt"}', true],
  ['app_jwt', '{"enable":"on","auth_header":"X Jwt"}', false],
  ['public_key', '{"enable":"on","public_key_uri_prefix":"/keys/"}', true],
  ['public_key', '{"enable":"on","public_key_uri_prefix":"/"}', false],
  ['backend_token_allow', '{"backend_token_allow_users":["user_\\\\d+"]}', true],
  ['backend_token_allow', '{"backend_token_allow_users":["("]}', false],
  ['backend_token_allow', '{"backend_token_allow_users":[""]}', false],
  ['backend_token_allow', '{"backend_token_allow_users":["(?=a)b"]}', false],
  ['backend_token_allow', '{"backend_token_allow_users":["(a+)+$"]}', true],
  ['backend_client_certificate', '{"enable":"off","content":"whatever"}', true],
  ['backend_client_certificate', '{"enable":"on","content":"whatever","key":"whatever"}', false],
  ['backend_client_certificate', '{"enable":"on"}', false],
  ['ssl_ciphers', '{"ssl_ciphers":["ECDHE-RSA-AES128-SHA256"]}', true],
  ['ssl_ciphers', '{"ssl_ciphers":[]}', false],
  ['ssl_ciphers', '{"ssl_ciphers":["RC4-MD5"]}', false],
  ['real_ip_from_xff', '{"enable":"on","xff_index":-2147483648}', true],
  ['real_ip_from_xff', '{"enable":"on","xff_index":2147483648}', false],
  ['real_ip_header_getter', '{"enable":"on","header_getter":"header:X-Real-IP"}', true],
  ['real_ip_header_getter', '{"enable":"on","header_getter":"X-Real-IP"}', false],
  ['real_ip_header_getter', '{"enable":"on"}', false],
  ['default_group_host_trustlist', '{"enable":"on","hosts":["123.2.2.2","::1"]}', true],
  ['default_group_host_trustlist', '{"enable":"on","hosts":["a.example"]}', false],
  ['throttle_strategy', '{"enable":"on","strategy":"local"}', true],
  ['throttle_strategy', '{"enable":"on","strategy":"global"}', false],
  ['custom_log', '{"custom_logs":[{"location":"cookie","name":"a"}]}', true],
  ['custom_log', '{"custom_logs":[{"location":"body","name":"a"}]}', false],
  ['custom_log', JSON.stringify({ custom_logs: Array(11).fill({ location: 'header', name: 'a' }) }), false],
  ['custom_auth_header', '{"enable":"on","app_auth_header":"X-My-Auth"}', true],
  ['gzip', '{"enable":"on","comp_level":9}', true],
  ['gzip', '{"enable":"on","comp_level":10}', false],
  ['request_custom_config', '{"http2_enable":false,"request_body_timeout":30}', true],
  ['request_custom_config', '{"http2_enable":"no"}', false],
  ['route', '{"user_routes":null}', true],
  ['route', '{"user_routes":["10.0.0.0/8","fd00::/8"]}', true],
  ['route', '{"user_routes":["10.0.0.0/33"]}', false],
  ['route', '{"user_routes":["10.0.0/8"]}', false],
  ['lts', '{"group_id":"1"}', true],
  ['lts', '{"group_id":', false],
])('%s takes %s: %s', (name, config, accepted) => {
  if (accepted) expect(acceptedConfig(name, true, config)).toBe(config)
  else expect(() => acceptedConfig(name, true, config)).toThrow('Invalid parameter value,parameterName:config')
})

test('any text is taken as it is, or refused', () => {
  const text = fc.oneof(fc.string(), fc.json(), fc.constantFrom(...Object.values(features).map(({ config }) => config)))
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(features)), text, (name, config) => {
      try {
        expect(acceptedConfig(name, true, config)).toBe(config === '' ? undefined : config)
      } catch (error) {
        if (!isFault(error)) throw error
        expect(error.message).toContain('parameterName:config')
      }
    }),
  )
})
