/** Many clients at the same few things at once: one wins, the others get the catalogue's word, and nothing is torn. */
import { sql } from 'kysely'
import { describe, expect, test, vi } from 'vitest'
import { engines } from '../../test/engines.js'
import { certificate, upload } from '../../test/certificates.js'
import { wantedInstance } from '../../test/instances.js'
import { management, type TestManagement } from '../../test/management.js'
import { random } from '../../test/random.js'
import { anApi, publish, RELEASE } from '../../test/stage.js'
import { brokenInvariants } from '../../test/store-invariants.js'
import { KnownIds, nextMove } from '../../test/turmoil.js'
import { Publisher } from '../snapshot/publisher.js'
import { partKey, type Part } from '../snapshot/parts.js'
import { currentRevision } from '../store/snapshot.js'
import { SnapshotFeed } from './snapshot-feed.js'
import { loadAllParts } from './snapshot-source.js'

const CLIENTS = 16
const MOVES = 50

const suffix = 'apic.localhost'

async function everyPart(sluice: TestManagement): Promise<Part[]> {
  return sluice.store.read(async (db) => {
    const parts: Part[] = []
    const options = {
      vault: sluice.vault,
      subdomainSuffix: suffix,
      onDefect: (key: string, error: unknown) => {
        throw new Error(`${key} cannot be made`, { cause: error })
      },
    }
    for await (const page of loadAllParts(db, options)) parts.push(...page)
    return parts
  })
}

const byKey = (parts: readonly Part[]): Record<string, Part> =>
  Object.fromEntries(parts.map((part) => [partKey(part), part] as const).sort(([a], [b]) => (a < b ? -1 : 1)))

describe.each(engines)('two at once on $name', (engine) => {
  test(`${CLIENTS} clients at everything: no call fails but by the catalogue, and the store stays sound`, async () => {
    await using sluice = await management(engine)
    const publisher = new Publisher({ revision: -1, parts: [] })
    const troubles: string[] = []
    const feed = await SnapshotFeed.start({
      store: sluice.store,
      vault: sluice.vault,
      subdomainSuffix: suffix,
      sink: publisher,
      log: { error: (details, message) => troubles.push(`${message}: ${JSON.stringify(details)}`) },
    })
    const known = new KnownIds()
    const verdicts = new Map<string, number>()
    const seed = Number(process.env['SLUICE_TEST_SEED'] ?? 1)

    const clients = await Promise.allSettled(
      Array.from({ length: CLIENTS }, async (_, client) => {
        const chance = random(seed * 1_000 + client)
        for (let move = 0; move < MOVES; move += 1) {
          const { id, call, learn } = nextMove(chance, known)
          // A refusal that is not of the catalogue does not fit the contract, and `call` throws.
          const reply = await sluice.call(id, call)
          if (reply.status >= 500) throw new Error(`${id}: ${JSON.stringify(reply.body)} (seed ${seed})`)
          if (reply.status < 300) learn?.(reply.body)
          const verdict = reply.status < 300 ? 'done' : String(reply.body.error_code)
          verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1)
        }
      }),
    )
    for (const client of clients) if (client.status === 'rejected') throw client.reason

    expect(await brokenInvariants(sluice.store), `seed ${seed}`).toEqual([])
    // The turmoil was one: much was done, and much was refused for many reasons.
    expect(verdicts.get('done')).toBeGreaterThan((CLIENTS * MOVES) / 5)
    expect(verdicts.size).toBeGreaterThan(12)

    // What gateways were told step by step is what a gateway is told that starts now.
    const revision = await sluice.store.read(currentRevision)
    await vi.waitFor(() => expect(publisher.revision).toBe(revision), { timeout: 10_000 })
    await feed.stop()
    expect(troubles).toEqual([])
    expect(byKey(publisher.current().parts)).toEqual(byKey(await everyPart(sluice)))
    await countsAreTrue(sluice)
  }, 60_000)

  test('one of many gets a name, a path, a key, a port; the others are told that it is taken', async () => {
    await using sluice = await management(engine)
    const { groupId } = await anApi(sluice)
    const api = { ...apiIn(groupId), name: 'wanted', req_uri: '/wanted' }
    const wishes = [
      [() => sluice.call('createApiGroupV2', { body: { name: 'wanted' } }), 'APIG.3201'],
      [() => sluice.call('createApiV2', { body: api }), 'APIG.3202'],
      [() => sluice.call('createAnAppV2', { body: { name: 'wanted' } }), 'APIG.3203'],
      [() => sluice.call('createEnvironmentV2', { body: { name: 'wanted' } }), 'APIG.3205'],
      [() => sluice.call('addCustomIngressPort', { body: { protocol: 'HTTP', ingress_port: 9001 } }), 'APIC.7258'],
    ] as const
    for (const [wish, taken] of wishes) {
      const replies = await Promise.all(Array.from({ length: CLIENTS }, wish))
      const codes = replies.map(({ status, body }) => (status < 300 ? 'done' : String(body.error_code))).sort()
      expect(codes).toEqual([...Array.from({ length: CLIENTS - 1 }, () => taken), 'done'])
    }
    expect(await brokenInvariants(sluice.store)).toEqual([])
  })

  test('a quota holds against all who come at once', async () => {
    await using sluice = await management(engine)
    const { id: app_id } = await sluice.given('createAnAppV2', { body: { name: 'codes' } })

    const replies = await Promise.all(
      Array.from({ length: CLIENTS }, () => sluice.call('createAppCodeAutoV2', { path: { app_id } })),
    )

    expect(replies.filter(({ status }) => status < 300)).toHaveLength(5)
    expect(replies.filter(({ body }) => body.error_code === 'APIG.3131')).toHaveLength(CLIENTS - 5)
    expect((await sluice.given('listAppCodesV2', { path: { app_id } })).total).toBe(5)
  })

  test('a parent goes or a child comes, never both', async () => {
    await using sluice = await management(engine)
    for (let round = 0; round < 8; round += 1) {
      const { id: group_id } = await sluice.given('createApiGroupV2', { body: { name: `parent_${round}` } })
      const [deleted, created] = await Promise.all([
        sluice.call('deleteApiGroupV2', { path: { group_id } }),
        sluice.call('createApiV2', { body: apiIn(group_id) }),
      ])
      const gone = deleted.status === 204
      expect([deleted.status, created.status]).toEqual(gone ? [204, 404] : [412, 201])
    }
    expect(await brokenInvariants(sluice.store)).toEqual([])
  })

  test('an API goes offline or is bound, and no binding is left of what is not published', async () => {
    await using sluice = await management(engine)
    const { id: strategy_id } = await sluice.given('createRequestThrottlingPolicyV2', {
      body: { name: 'policy', api_call_limits: 1, time_interval: 1, time_unit: 'DAY' },
    })
    for (let round = 0; round < 8; round += 1) {
      const { id: api_id } = await anApi(sluice)
      const publish_id = await publish(sluice, api_id)
      const [, bound] = await Promise.all([
        sluice.given('createOrDeletePublishRecordForApiV2', { body: { action: 'offline', api_id, env_id: RELEASE } }),
        sluice.call('associateRequestThrottlingPolicyV2', { body: { strategy_id, publish_ids: [publish_id] } }),
      ])
      expect([201, 404]).toContain(bound.status)
    }
    const { bind_num } = await sluice.given('showDetailsOfRequestThrottlingPolicyV2', {
      path: { throttle_id: strategy_id },
    })
    expect(bind_num).toBe(0)
    expect(await brokenInvariants(sluice.store)).toEqual([])
  })

  test('instances of a project share its names, its quota and its certificates', async () => {
    await using sluice = await management(engine)
    const created = await Promise.all(
      Array.from({ length: CLIENTS }, (_, client) =>
        sluice.call('createInstanceV2', { body: wantedInstance({ instance_name: `instance-${client % 8}` }) }),
      ),
    )
    const ids = created.flatMap(({ status, body }) => (status < 300 ? [String(body.instance_id)] : []))
    expect(ids).toHaveLength(4)

    const { id: certificate_id } = await sluice.given('createCertificateV2', {
      body: upload('shared', certificate({ san: ['*.example.com'] })),
    })
    // Each client binds a name in one of the instances, gives it the certificate, and lets its group go.
    const domains = [{ domain: 'a.example.com' }]
    const path = { certificate_id }
    await Promise.all(
      Array.from({ length: CLIENTS }, async (_, client) => {
        const instanceId = ids[client % ids.length] ?? ''
        const name = `group_${client}`
        const { id: group_id } = await sluice.given('createApiGroupV2', { instanceId, body: { name } })
        const replies = [
          await sluice.call('associateDomainV2', {
            instanceId,
            path: { group_id },
            body: { url_domain: 'a.example.com' },
          }),
          await sluice.call('batchAssociateDomainsV2', { path, body: { domains } }),
          await sluice.call('batchDisassociateDomainsV2', { path, body: { domains } }),
          await sluice.call('deleteApiGroupV2', { instanceId, path: { group_id } }),
        ]
        expect(replies.map(({ status }) => status).filter((status) => status >= 500)).toEqual([])
      }),
    )
    expect(await brokenInvariants(sluice.store)).toEqual([])
    await Promise.all(ids.map((instanceId) => sluice.given('deleteInstancesV2', { instanceId })))
    expect((await sluice.call('deleteCertificateV2', { path })).status).toBe(204)
  })

  test('no update is lost: of all who publish at once, each makes a version', async () => {
    await using sluice = await management(engine)
    const { id: api_id } = await anApi(sluice)

    await Promise.all(Array.from({ length: 8 }, () => publish(sluice, api_id)))

    const { total, api_versions } = await sluice.given('listApiVersionsV2', { path: { api_id } })
    expect(total).toBe(8)
    expect(api_versions.map(({ status }: { status: number }) => status)).toEqual([1, 2, 2, 2, 2, 2, 2, 2])
  })
})

const apiIn = (group_id: string) => ({
  name: 'child',
  type: 1,
  req_protocol: 'HTTP',
  req_method: 'GET',
  req_uri: '/child',
  auth_type: 'APP',
  backend_type: 'MOCK',
  mock_info: {},
  group_id,
})

/** What replies count is what is there. */
async function countsAreTrue(sluice: TestManagement): Promise<void> {
  const limit = { query: { limit: 500 } }
  const counted = [
    ['acl_bindings', 'acl_id', (await sluice.given('listAclStrategiesV2', limit)).acls],
    ['sign_bindings', 'sign_id', (await sluice.given('listSignatureKeysV2', limit)).signs],
    ['throttle_bindings', 'throttle_id', (await sluice.given('listRequestThrottlingPolicyV2', limit)).throttles],
    ['app_authorizations', 'app_id', (await sluice.given('listAppsV2', limit)).apps],
  ] as const
  for (const [table, column, policies] of counted)
    for (const { id, bind_num } of policies as { id: string; bind_num: number }[])
      expect(bind_num, `${table} of ${id}`).toBe(await rowsIn(sluice, table, sql`${sql.ref(column)} = ${id}`))
  const apis = await rowsIn(sluice, 'apis')
  expect((await sluice.given('listApisV2', limit)).total).toBe(apis)
  expect(await sluice.given('listApiQuantitiesV2')).toMatchObject({ instance_num: apis })
  for (const { config_name, used } of (await sluice.given('listProjectCofigsV2', limit)).configs)
    if (config_name === 'APIGROUP_NUM_LIMIT') expect(used).toBe(await rowsIn(sluice, 'api_groups'))
}

async function rowsIn(sluice: TestManagement, table: string, condition = sql`1 = 1`): Promise<number> {
  return sluice.store.read(async (db) => {
    const { rows } = await sql<{ n: number }>`select count(*) as n from ${sql.table(table)} where ${condition}`.execute(
      db,
    )
    return Number(rows[0]?.n)
  })
}
