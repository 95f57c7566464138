import { describe, expect, onTestFinished, test } from 'vitest'
import { certificate, upload } from '../../test/certificates.js'
import { engines } from '../../test/engines.js'
import { httpApi, mockApi } from '../../test/definitions.js'
import { management, type TestManagement } from '../../test/management.js'
import type { Part, PartKey, Update } from '../snapshot/parts.js'
import { Publisher } from '../snapshot/publisher.js'
import { SnapshotFeed, type SnapshotFeedOptions } from './snapshot-feed.js'

const RELEASE = 'DEFAULT_ENVIRONMENT_RELEASE_ID'

interface Fed {
  readonly publisher: Publisher
  readonly updates: Update[]
  readonly errors: string[]
}

/** A feed that ends with the test. */
async function feed(sluice: TestManagement, options: Partial<SnapshotFeedOptions> = {}): Promise<Fed> {
  const publisher = new Publisher({ revision: -1, parts: [] })
  const updates: Update[] = []
  publisher.subscribe((update) => updates.push(update))
  const errors: string[] = []
  const running = await SnapshotFeed.start({
    store: sluice.store,
    vault: sluice.vault,
    subdomainSuffix: 'apic.example.com',
    sink: publisher,
    log: { error: (_, message) => errors.push(message) },
    retryDelay: 1,
    ...options,
  })
  onTestFinished(() => running.stop())
  return { publisher, updates, errors }
}

const revisionOf = (sluice: TestManagement) =>
  sluice.store.read(
    async (db) => (await db.selectFrom('snapshot_revision').select('value').executeTakeFirstOrThrow()).value,
  )

/** Waits until everything that is committed has been published. */
const caughtUp = async (sluice: TestManagement, { publisher }: Fed) => {
  const revision = await revisionOf(sluice)
  await expect.poll(() => publisher.revision).toBe(revision)
}

const partsOf = ({ publisher }: Fed, kind: Part['kind']) =>
  publisher.current().parts.filter((part) => part.kind === kind)

async function stage(sluice: TestManagement) {
  const { id: group } = await sluice.given('createApiGroupV2', { body: { name: 'group' } })
  const { id: api } = await sluice.given('createApiV2', { body: mockApi(group, { name: 'mock', auth_type: 'APP' }) })
  return { group, api }
}

const act = (sluice: TestManagement, action: string, api_id: string, env_id = RELEASE) =>
  sluice.given('createOrDeletePublishRecordForApiV2', { body: { action, api_id, env_id } })

describe.each(engines)('the snapshot feed on $name', (engine) => {
  test('a start publishes everything, whole, at the current revision', async () => {
    await using sluice = await management(engine)
    const { group, api } = await stage(sluice)
    const { publish_id, version_id } = await act(sluice, 'online', api)
    const app = await sluice.given('createAnAppV2', {
      body: { name: 'app', app_key: 'key-of-the-app', app_secret: 'secret-of-the-app' },
    })
    const { app_code } = await sluice.given('createAppCodeAutoV2', { path: { app_id: app.id } })
    await sluice.given('createAuthorizingAppsV2', { body: { env_id: RELEASE, app_ids: [app.id], api_ids: [api] } })
    const throttle = await sluice.given('createRequestThrottlingPolicyV2', {
      body: {
        name: 'throttle',
        type: 2,
        api_call_limits: 100,
        user_call_limits: 10,
        time_interval: 2,
        time_unit: 'MINUTE',
      },
    })
    await sluice.given('createSpecialThrottlingConfigurationV2', {
      path: { throttle_id: throttle.id },
      body: { object_type: 'APP', object_id: app.id, call_limits: 5 },
    })
    await sluice.given('associateRequestThrottlingPolicyV2', {
      body: { strategy_id: throttle.id, publish_ids: [publish_id] },
    })
    await sluice.given('createFeatureV2', { body: { name: 'ratelimit', enable: true, config: '{"api_limits":300}' } })
    await sluice.given('addCustomIngressPort', { body: { protocol: 'HTTPS', ingress_port: 8081 } })

    const fed = await feed(sluice)

    expect(fed.updates).toMatchObject([{ reset: true, revision: await revisionOf(sluice), remove: [] }])
    expect(partsOf(fed, 'instance')).toEqual([
      {
        kind: 'instance',
        id: sluice.instanceId,
        projectId: sluice.projectId,
        createdAt: expect.any(Number) as unknown,
        environments: [{ id: RELEASE, name: 'RELEASE' }],
        features: { ratelimit: { enable: true, config: '{"api_limits":300}' } },
        ingressPorts: [{ port: 8081, protocol: 'HTTPS' }],
      },
    ])
    expect(partsOf(fed, 'group')).toHaveLength(2)
    expect(partsOf(fed, 'group')).toContainEqual({
      kind: 'group',
      id: group,
      instanceId: sluice.instanceId,
      name: 'group',
      isDefault: false,
      subDomains: [`${group}.apic.example.com`],
      subDomainEnabled: true,
    })
    expect(partsOf(fed, 'app')).toEqual([
      {
        kind: 'app',
        id: app.id,
        instanceId: sluice.instanceId,
        projectId: sluice.projectId,
        name: 'app',
        key: 'key-of-the-app',
        secret: 'secret-of-the-app',
        codes: [app_code],
        authorizations: [`${api}/${RELEASE}`],
      },
    ])
    expect(partsOf(fed, 'throttle')).toEqual([
      {
        kind: 'throttle',
        id: throttle.id,
        instanceId: sluice.instanceId,
        scope: 'shared',
        interval: 2,
        unit: 'MINUTE',
        apiLimit: 100,
        userLimit: 10,
        specials: [{ type: 'APP', objectId: app.id, limit: 5 }],
      },
    ])
    expect(partsOf(fed, 'publication')).toMatchObject([
      {
        kind: 'publication',
        instanceId: sluice.instanceId,
        groupId: group,
        apiId: api,
        environmentId: RELEASE,
        publishId: publish_id,
        versionId: version_id,
        throttleId: throttle.id,
        definition: { id: api, name: 'mock', backend: { type: 'MOCK', result_content: 'mocked' } },
      },
    ])
  })

  test('what limits, admits and signs callers goes with the API or the app that it is bound to', async () => {
    await using sluice = await management(engine)
    const { api } = await stage(sluice)
    const { publish_id } = await act(sluice, 'online', api)
    const { id: app } = await sluice.given('createAnAppV2', { body: { name: 'app' } })
    const fed = await feed(sluice)
    const acl = await sluice.given('createAclStrategyV2', {
      body: { acl_name: 'acl', acl_type: 'DENY', entity_type: 'IP', acl_value: '10.0.0.1, 10.1.0.0/16' },
    })
    await sluice.given('createApiAclBindingV2', { body: { acl_id: acl.id, publish_ids: [publish_id] } })
    const sign = await sluice.given('createSignatureKeyV2', {
      body: { name: 'sign', sign_type: 'hmac', sign_key: 'key_of_sign', sign_secret: 'secret-of-the-sign' },
    })
    await sluice.given('associateSignatureKeyV2', { body: { sign_id: sign.id, publish_ids: [publish_id] } })
    const key = await sluice.given('createAiApiKey', { path: { app_id: app } })
    await sluice.given('updateAppAcl', {
      path: { app_id: app },
      body: { app_acl_type: 'PERMIT', app_acl_values: ['192.168.0.0/24'] },
    })
    const quota = await sluice.given('createAppQuota', {
      body: { name: 'quota', call_limits: 5, time_unit: 'HOUR', time_interval: 2, reset_time: '2026-01-02 03:04:05' },
    })
    await sluice.given('associateAppsForAppQuota', {
      path: { app_quota_id: quota.app_quota_id },
      body: { app_ids: [app] },
    })
    await caughtUp(sluice, fed)

    expect(partsOf(fed, 'publication')).toMatchObject([
      {
        access: [{ type: 'DENY', entity: 'IP', values: ['10.0.0.1', '10.1.0.0/16'] }],
        signature: { type: 'hmac', key: 'key_of_sign', secret: 'secret-of-the-sign' },
      },
    ])
    expect(partsOf(fed, 'app')).toMatchObject([
      {
        aiApiKeys: [key.ai_api_key],
        access: { type: 'PERMIT', entity: 'IP', values: ['192.168.0.0/24'] },
        quota: {
          id: quota.app_quota_id,
          limit: 5,
          windowSeconds: 7200,
          startsAt: Date.UTC(2026, 0, 2, 3, 4, 5),
        },
      },
    ])
    // A gateway that starts now is told the same.
    const other = await feed(sluice)
    expect(partsOf(other, 'publication')).toEqual(partsOf(fed, 'publication'))
    expect(partsOf(other, 'app')).toEqual(partsOf(fed, 'app'))
  })

  test('each commit becomes one update with what it changed', async () => {
    await using sluice = await management(engine)
    const { group, api } = await stage(sluice)
    const fed = await feed(sluice)
    const next = async (work: () => Promise<unknown>): Promise<[string[], readonly PartKey[]]> => {
      fed.updates.length = 0
      await work()
      await caughtUp(sluice, fed)
      const [update] = fed.updates
      if (update === undefined || fed.updates.length > 1) throw new Error(`${fed.updates.length} updates`)
      expect(update.reset).toBe(false)
      return [update.put.map((part) => part.kind), update.remove]
    }

    expect(await next(() => act(sluice, 'online', api))).toEqual([['publication'], []])
    expect(
      await next(() =>
        sluice.given('updateSlDomainSettingV2', {
          path: { group_id: group },
          body: { sl_domain_access_enabled: false },
        }),
      ),
    ).toEqual([['group'], []])
    expect(await next(() => act(sluice, 'offline', api))).toEqual([[], [`publication:${api}/${RELEASE}`]])
    expect(partsOf(fed, 'publication')).toEqual([])
  })

  test('only the environment that changed is sent', async () => {
    await using sluice = await management(engine)
    const { api } = await stage(sluice)
    const { id: dev } = await sluice.given('createEnvironmentV2', { body: { name: 'DEV' } })
    await act(sluice, 'online', api)
    const fed = await feed(sluice)

    await act(sluice, 'online', api, dev)
    await caughtUp(sluice, fed)

    expect(fed.updates.at(-1)?.put).toMatchObject([{ kind: 'publication', environmentId: dev }])
    expect(partsOf(fed, 'publication')).toHaveLength(2)
  })

  test('a new value of a variable is compiled into the back end', async () => {
    await using sluice = await management(engine)
    const { group } = await stage(sluice)
    const backend_api = {
      url_domain: '#host#',
      req_protocol: 'HTTP',
      req_method: 'GET',
      req_uri: '/',
      timeout: 5000,
    } as const
    const { id: api } = await sluice.given('createApiV2', { body: httpApi(group, { backend_api }) })
    const variable = await sluice.given('createEnvironmentVariableV2', {
      body: { group_id: group, env_id: RELEASE, variable_name: 'host', variable_value: 'old' },
    })
    await act(sluice, 'online', api)
    const fed = await feed(sluice)

    await sluice.given('updateEnvironmentVariableV2', {
      path: { env_variable_id: variable.id },
      body: { variable_value: 'new' },
    })
    await caughtUp(sluice, fed)

    expect(partsOf(fed, 'publication')).toMatchObject([{ definition: { backend: { url_domain: 'new' } } }])
  })

  test('many writers at once: updates leave in order, and the end is what is stored', async () => {
    await using sluice = await management(engine)
    const fed = await feed(sluice)

    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const { id } = await sluice.given('createApiGroupV2', { body: { name: `group_${i}` } })
        if (i % 2 === 0) await sluice.given('deleteApiGroupV2', { path: { group_id: id } })
      }),
    )
    await caughtUp(sluice, fed)

    const revisions = fed.updates.map(({ revision }) => revision)
    expect(revisions).toEqual(revisions.toSorted((a, b) => a - b))
    expect(partsOf(fed, 'group')).toHaveLength(11)
    expect(fed.errors).toEqual([])
  })

  test('what could not be published is tried again, and nothing is lost', async () => {
    await using sluice = await management(engine)
    const { api } = await stage(sluice)
    const publisher = new Publisher({ revision: -1, parts: [] })
    let failures = 0
    const sink = {
      publish(update: Update) {
        if (!update.reset && failures < 3) {
          failures += 1
          throw new Error('on purpose')
        }
        publisher.publish(update)
      },
    }
    const { errors } = await feed(sluice, { sink })

    await act(sluice, 'online', api)
    const revision = await revisionOf(sluice)
    await expect.poll(() => publisher.revision).toBe(revision)

    expect(errors).toEqual(Array(3).fill('the configuration could not be published'))
    expect(publisher.current().parts).toContainEqual(expect.objectContaining({ kind: 'publication', apiId: api }))
  })

  test('a secret that cannot be opened keeps nobody else from changing', async () => {
    await using sluice = await management(engine)
    const { api } = await stage(sluice)
    const app = await sluice.given('createAnAppV2', { body: { name: 'app' } })
    const fed = await feed(sluice)
    await sluice.store.write([], async ({ db, changed }) => {
      await db.updateTable('apps').set({ secret_sealed: 'v1.spoilt' }).execute()
      changed(`app:${app.id}`)
      changed(`publication:${api}/${RELEASE}`)
    })
    await act(sluice, 'online', api)
    await caughtUp(sluice, fed)

    expect(fed.errors).toContain('a part of the configuration cannot be made: gateways keep what they have of it')
    expect(partsOf(fed, 'app')).toMatchObject([{ id: app.id, secret: app.app_secret }])
    expect(partsOf(fed, 'publication')).toHaveLength(1)
  })

  test('an instance that is deleted takes all its parts along', async () => {
    await using sluice = await management(engine)
    const { api } = await stage(sluice)
    await act(sluice, 'online', api)
    await sluice.given('createAnAppV2', { body: { name: 'app' } })
    const fed = await feed(sluice)

    await sluice.given('deleteInstancesV2')
    await caughtUp(sluice, fed)

    expect(fed.publisher.current().parts).toEqual([])
  })

  test('records of what was sent are removed in time', async () => {
    await using sluice = await management(engine)
    const fed = await feed(sluice, { remembered: 3 })
    for (let i = 0; i < 10; i += 1) await sluice.given('createApiGroupV2', { body: { name: `group_${i}` } })
    await caughtUp(sluice, fed)

    const kept = () => sluice.store.read((db) => db.selectFrom('snapshot_changes').select('revision').execute())
    await expect.poll(async () => (await kept()).length).toBeLessThanOrEqual(6)
    expect((await kept()).length).toBeGreaterThanOrEqual(3)
  })

  test('when changes in between are not recorded any more, everything is sent again', async () => {
    await using sluice = await management(engine)
    const fed = await feed(sluice)
    await sluice.store.write([], async ({ db, changed }) => {
      await db.deleteFrom('snapshot_changes').execute()
      await db
        .updateTable('snapshot_revision')
        .set((eb) => ({ value: eb('value', '+', 5) }))
        .execute()
      changed(`instance:${sluice.instanceId}`)
    })
    await caughtUp(sluice, fed)

    expect(fed.updates.map(({ reset }) => reset)).toEqual([true, true])
    expect(fed.publisher.current().parts.map(({ kind }) => kind)).toEqual(['instance', 'group'])
  })

  test('domains, certificates and response sets reach gateways with their group', async () => {
    await using sluice = await management(engine)
    const fed = await feed(sluice)
    const { id: group_id } = await sluice.given('createApiGroupV2', { body: { name: 'group' } })
    const path = { group_id: group_id as string }
    await sluice.given('addCustomIngressPort', { body: { protocol: 'HTTPS', ingress_port: 1025 } })
    const leaf = certificate({ san: ['www.a.com'] })
    const root = certificate({ subject: [['CN', 'root']], san: [], ca: true })
    const { id } = await sluice.given('createCertificateV2', {
      body: upload('cert_one', leaf, { trusted_root_ca: root.pem }),
    })
    const { id: domain_id } = await sluice.given('associateDomainV2', {
      path,
      body: {
        url_domain: 'WWW.a.com.',
        ingress_http_port: -1,
        ingress_https_port: 1025,
        is_http_redirect_to_https: true,
      },
    })
    await sluice.given('batchAssociateCertsV2', { path: { ...path, domain_id }, body: { certificate_ids: [id] } })
    const override = { status: 503, body: 'x', headers: [{ key: 'X-A', value: '$context.stage' }] }
    const { id: set } = await sluice.given('createGatewayResponseV2', {
      path,
      body: { name: 'own', responses: { THROTTLED: override } },
    })
    await caughtUp(sluice, fed)

    const part = () => partsOf(fed, 'group').find((one) => 'id' in one && one.id === group_id)
    expect(part()).toMatchObject({
      domains: [
        {
          name: 'www.a.com',
          httpPort: -1,
          httpsPort: 1025,
          redirectToHttps: true,
          minTls: 'TLSv1.1',
          verifyClient: true,
          certificateIds: [id],
        },
      ],
      responseSets: [{ id: set, isDefault: false, overrides: { THROTTLED: override } }],
    })
    expect(partsOf(fed, 'certificate')).toEqual([
      {
        kind: 'certificate',
        id,
        algorithm: 'ECC',
        chain: leaf.pem,
        privateKey: leaf.keyPem,
        trustedRootCa: root.pem,
      },
    ])
    await sluice.given('deleteApiGroupV2', { path })
    await sluice.given('deleteCertificateV2', { path: { certificate_id: id } })
    await caughtUp(sluice, fed)
    expect([part(), partsOf(fed, 'certificate')]).toEqual([undefined, []])
    expect(fed.errors).toEqual([])
  })
})
