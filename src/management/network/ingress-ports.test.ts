import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { anInstance, refusalOf } from '../../../test/instances.js'
import { management, type TestManagement } from '../../../test/management.js'
import { aGroup } from '../../../test/stage.js'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const open = (sluice: TestManagement, ingress_port: unknown, protocol: unknown = 'HTTP', instanceId?: string) =>
  sluice.call('addCustomIngressPort', {
    body: { protocol, ingress_port },
    ...(instanceId === undefined ? {} : { instanceId }),
  })

async function changesAfter(sluice: TestManagement, revision: number): Promise<string[]> {
  const rows = await sluice.store.read((db) =>
    db.selectFrom('snapshot_changes').select('part_key').where('revision', '>', revision).execute(),
  )
  return rows.map((row) => row.part_key)
}

const revisionOf = async (sluice: TestManagement): Promise<number> =>
  (await sluice.store.read((db) => db.selectFrom('snapshot_revision').select('value').executeTakeFirstOrThrow())).value

describe.each(engines)('custom ingress ports on $name', (engine) => {
  test('24: a port is opened once, listed, closed, and then unknown', async () => {
    await using sluice = await management(engine)
    const before = await revisionOf(sluice)

    const opened = await open(sluice, 8080)
    expect(opened.status).toBe(201)
    expect(opened.body).toEqual({
      ingress_port_id: expect.stringMatching(UUID),
      protocol: 'HTTP',
      ingress_port: 8080,
      status: 'normal',
    })
    expect(await changesAfter(sluice, before)).toEqual([`instance:${sluice.instanceId}`])
    expect(await refusalOf(open(sluice, 8080, 'HTTPS'))).toEqual([400, 'APIC.7258'])
    expect(await refusalOf(open(sluice, 8080))).toEqual([400, 'APIC.7258'])
    expect(await refusalOf(open(sluice, 80))).toEqual([400, 'APIC.7211'])

    const listed = await sluice.given('listCustomIngressPorts', { query: { protocol: 'HTTP', ingress_port: 8080 } })
    expect(listed).toEqual({ total: 1, size: 1, ingress_port_infos: [opened.body] })
    const path = { ingress_port_id: opened.body.ingress_port_id }
    const closing = await revisionOf(sluice)
    expect((await sluice.call('deleteCustomIngressPort', { path })).status).toBe(204)
    expect(await changesAfter(sluice, closing)).toEqual([`instance:${sluice.instanceId}`])
    expect(await refusalOf(sluice.call('deleteCustomIngressPort', { path }))).toEqual([400, 'APIC.7200'])
    expect(await refusalOf(sluice.call('listCustomIngressPortDomains', { path }))).toEqual([400, 'APIC.7200'])
    expect((await open(sluice, 8080, 'HTTPS')).status).toBe(201)
  })

  test('what a port may be', async () => {
    await using sluice = await management(engine)

    for (const [port, protocol, field] of [
      [1_023, 'HTTP', 'ingressPort'],
      [49_152, 'HTTP', 'ingressPort'],
      ['8080', 'HTTP', 'ingressPort'],
      [undefined, 'HTTP', 'ingressPort'],
      [8080, 'TCP', 'protocol'],
      [8080, 'http', 'protocol'],
    ]) {
      const { status, body } = await open(sluice, port, protocol)
      expect([status, body.error_msg]).toEqual([
        400,
        `Parameter value does not match the rules, parameter name[${field}]`,
      ])
    }
    expect((await open(sluice, 1_024)).status).toBe(201)
    expect((await open(sluice, 49_151, 'HTTPS')).status).toBe(201)
    const malformed = await sluice.call('deleteCustomIngressPort', { path: { ingress_port_id: 'a b' } })
    expect(malformed.body).toEqual({
      error_code: 'APIC.7211',
      error_msg: 'Parameter value does not match the rules, parameter name[ingress_port_id]',
    })
  })

  test('an instance has forty, and its own', async () => {
    await using sluice = await management(engine)
    const other = await anInstance(sluice)
    for (let port = 2_000; port < 2_040; port += 1)
      expect((await open(sluice, port, port % 2 === 0 ? 'HTTP' : 'HTTPS')).status).toBe(201)

    expect(await refusalOf(open(sluice, 2_040))).toEqual([403, 'APIC.7403'])
    const elsewhere = await open(sluice, 2_000, 'HTTPS', other)
    expect(elsewhere.status).toBe(201)
    const path = { ingress_port_id: elsewhere.body.ingress_port_id }
    expect(await refusalOf(sluice.call('deleteCustomIngressPort', { path }))).toEqual([400, 'APIC.7200'])

    const ports = async (query: Record<string, string | number>) => {
      const { total, size, ingress_port_infos } = await sluice.given('listCustomIngressPorts', { query })
      expect(size).toBe(ingress_port_infos.length)
      return [total, size]
    }
    expect(await ports({})).toEqual([40, 20])
    expect(await ports({ limit: 500 })).toEqual([40, 40])
    expect(await ports({ limit: 100, offset: 40 })).toEqual([40, 0])
    expect(await ports({ protocol: 'HTTPS', limit: 500 })).toEqual([20, 20])
    expect(await ports({ protocol: 'HTTPS', ingress_port: 2_000 })).toEqual([0, 0])
    expect(await refusalOf(sluice.call('listCustomIngressPorts', { query: { protocol: 'TCP' } }))).toEqual([
      400,
      'APIC.7211',
    ])
    const all = await sluice.given('listCustomIngressPorts', { query: { limit: 500 } })
    const first = await sluice.given('listCustomIngressPorts', { query: { limit: 25 } })
    const rest = await sluice.given('listCustomIngressPorts', { query: { limit: 25, offset: 25 } })
    expect([...first.ingress_port_infos, ...rest.ingress_port_infos]).toEqual(all.ingress_port_infos)
  })

  test('one of many who open the same port at once gets it', async () => {
    await using sluice = await management(engine)

    const replies = await Promise.all(Array.from({ length: 8 }, () => open(sluice, 5_000)))

    expect(replies.map(({ status }) => status).toSorted()).toEqual([201, ...Array<number>(7).fill(400)])
    expect(await sluice.given('listCustomIngressPorts')).toMatchObject({ total: 1 })
  })

  test('36: a port that a domain name is reached by lists it, and is not closed', async () => {
    await using sluice = await management(engine)
    const group_id = await aGroup(sluice, 'shop')
    const { ingress_port_id } = (await open(sluice, 1_024)).body
    const path = { ingress_port_id }
    const https = (await open(sluice, 1_025, 'HTTPS')).body
    expect(await sluice.given('listCustomIngressPortDomains', { path })).toEqual({
      total: 0,
      size: 0,
      domain_infos: [],
    })
    for (const url_domain of ['www.one.com', 'www.two.com'])
      await sluice.given('associateDomainV2', {
        path: { group_id },
        body: { url_domain, ingress_http_port: 1_024, ingress_https_port: 1_025 },
      })

    const listed = await sluice.given('listCustomIngressPortDomains', { path })
    expect(listed).toMatchObject({ total: 2, size: 2 })
    expect(listed.domain_infos).toContainEqual({ group_id, group_name: 'shop', domain_name: 'www.one.com' })
    const filtered = await sluice.given('listCustomIngressPortDomains', {
      path: { ingress_port_id: https.ingress_port_id },
      query: { domain_name: 'two' },
    })
    expect(filtered).toMatchObject({ total: 1, domain_infos: [{ domain_name: 'www.two.com' }] })
    expect(await sluice.given('listCustomIngressPortDomains', { path, query: { offset: 1 } })).toMatchObject({
      total: 2,
      size: 1,
    })
    expect(await refusalOf(sluice.call('deleteCustomIngressPort', { path }))).toEqual([400, 'APIC.7257'])
  })
})
