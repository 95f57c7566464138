import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { sqlite } from '../engines.js'
import { management } from '../management.js'
import { UnexpectedStatus } from './golangsdk.js'
import { lifecycle, planIsEmpty, poll, provider, set } from './provider.js'
import {
  apigEndpointWhitelist,
  apigInstance,
  apigInstanceFeature,
  apigInstanceIngressPort,
  apigInstanceRoutes,
} from './resources/instance.js'

const NETWORK = '5e3f9f53-6c1f-4a1b-9a5e-2d1c7a1f0b11'

const instance = {
  name: 'gateway_one',
  edition: 'BASIC',
  vpc_id: NETWORK,
  subnet_id: NETWORK,
  security_group_id: NETWORK,
  availability_zones: ['az1', 'az2'],
  description: 'first',
  maintain_begin: '14:00:00',
  bandwidth_size: 0,
  ingress_bandwidth_size: 0,
  ingress_bandwidth_charging_mode: '',
  tags: {},
  custom_ingress_ports: [],
}

test('108, 109: apig_instance through every kind of change', async () => {
  await using tf = await provider(20)

  const state = await lifecycle(
    apigInstance(tf.sdk),
    {
      ...instance,
      bandwidth_size: 5,
      ingress_bandwidth_size: 5,
      ingress_bandwidth_charging_mode: 'bandwidth',
      tags: { foo: 'bar' },
      custom_ingress_ports: [{ protocol: 'HTTP', port: 8081 }],
    },
    {
      ...instance,
      name: 'gateway_two',
      edition: 'PROFESSIONAL',
      description: '',
      maintain_begin: '18:00:00',
      vpcep_service_name: 'mine',
      bandwidth_size: 6,
      ingress_bandwidth_size: 7,
      ingress_bandwidth_charging_mode: 'traffic',
      tags: { foo: 'baz', key: 'value' },
      custom_ingress_ports: set([
        { protocol: 'HTTP', port: 8082 },
        { protocol: 'HTTPS', port: 8443 },
      ]),
    },
    { ...instance, edition: 'PROFESSIONAL', vpcep_service_name: 'mine' },
    { ...instance, edition: 'PROFESSIONAL', vpcep_service_name: 'mine', bandwidth_size: 5 },
  )

  expect(state).toMatchObject({
    status: 'Running',
    loadbalancer_provider: 'elb',
    maintain_end: '18:00:00',
    ingress_address: '',
    vpcep_service_address: expect.stringMatching(/^local-1\.mine\.[a-f0-9-]{36}$/),
    vpc_ingress_address: expect.stringMatching(/./),
    egress_address: expect.stringMatching(/./),
  })
})

test('an instance without anything: the name of its endpoint service is `apig`, what is off reads as off', async () => {
  await using tf = await provider()
  const resource = apigInstance(tf.sdk)

  const state = await planIsEmpty(resource, await resource.create(instance), instance)

  expect(state).toMatchObject({ vpcep_service_name: 'apig', egress_address: '', ingress_address: '' })
})

test('108: apig_instance_feature, its configuration as it was written, left behind when it is destroyed', async () => {
  await using tf = await provider()
  const resource = apigInstanceFeature(tf.sdk, tf.at)

  for (const config of [
    { name: 'ratelimit', enabled: true, config: '{ "api_limits" : 300 }' },
    { name: 'ratelimit', enabled: true, config: '{"api_limits":200}' },
    { name: 'backend_timeout', enabled: true, config: '{"max_timeout": 500}' },
    { name: 'request_body_size', enabled: true, config: '104857600' },
    { name: 'app_basic', enabled: true, config: 'on' },
    { name: 'app_basic', enabled: false, config: 'off' },
  ])
    await planIsEmpty(resource, await resource.create(config), config)
})

test('a feature that was changed a moment ago is tried again until it may be', async () => {
  await using patient = await management(sqlite, { settings: { featureInterval: 60_000 } })
  const put = () =>
    patient.call('createFeatureV2', { body: { name: 'ratelimit', enable: true, config: '{"api_limits":300}' } })
  expect((await put()).status).toBe(201)

  const tried: number[] = []
  await poll(
    async () => {
      const { status, body } = await put()
      if (status === 409) expect(body.error_code).toBe('APIG.3711')
      tried.push(status)
      patient.now += 30_000
      return status
    },
    (status) => status === 201,
  )

  expect(tried).toEqual([409, 409, 201])
})

test('108, 109: apig_instance_routes, read though nobody has set them', async () => {
  await using tf = await provider()
  const resource = apigInstanceRoutes(tf.sdk, tf.at)
  expect(await resource.read(tf.at)).toBeUndefined()

  await lifecycle(
    resource,
    { nexthops: set(['172.16.3.0/24', '172.16.7.0/24']) },
    { nexthops: set(['172.16.3.0/24', '172.16.8.0/24']) },
  )
})

test('108, 109: apig_instance_ingress_port', async () => {
  await using tf = await provider()
  const resource = apigInstanceIngressPort(tf.sdk, tf.at)

  expect(await lifecycle(resource, { protocol: 'HTTP', port: 8081 })).toMatchObject({ status: 'normal' })
  await lifecycle(resource, { protocol: 'HTTPS', port: 1024 }, { protocol: 'HTTP', port: 49151 })
})

test('108, 109: apig_endpoint_whitelist', async () => {
  await using tf = await provider()
  const account = (digit: string) => `iam:domain::${digit.repeat(32)}`

  await lifecycle(
    apigEndpointWhitelist(tf.sdk, tf.at),
    { whitelists: set([account('1'), account('2')]) },
    { whitelists: set([account('2'), account('3')]) },
  )
})

test('apig_endpoint_connection_management: accepted or rejected when the list says so', async () => {
  await using tf = await provider()
  const { sdk, at, sluice } = tf
  const id = randomUUID()
  const now = sluice.now
  const row = { id, instance_id: sluice.instanceId, marker_id: 1, domain_id: 'd', created_at: now, updated_at: now }
  await sluice.store.write([], ({ db }) =>
    db
      .insertInto('endpoint_connections')
      .values({ ...row, status: 'pendingAcceptance' })
      .execute(),
  )
  const connections = `${at}/vpc-endpoint/connections`

  for (const [action, status] of [
    ['receive', 'accepted'],
    ['reject', 'rejected'],
  ] as const) {
    await sdk.post(`${connections}/action`, { action, endpoints: [id] })
    const seen = await poll(
      async () => (await sdk.get(connections, { query: { id } })).list('connections')[0]?.text('status'),
      (now) => now === 'accepted' || now === 'rejected' || now === 'failed',
    )
    expect(seen).toBe(status)
  }
})

test('an instance that is not there is told in the words that tests wait for, by both planes', async () => {
  await using tf = await provider()

  await expect(tf.sdk.get(`instances/${NETWORK}/apps`)).rejects.toThrow('The instance does not exist')
  await expect(tf.sdk.get(`instances/${NETWORK}`)).rejects.toThrow(UnexpectedStatus)
})
