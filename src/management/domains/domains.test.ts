import { describe, expect, test } from 'vitest'
import { mockApi } from '../../../test/definitions.js'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { setConfig } from '../../store/configs.js'

async function groupOf(sluice: TestManagement, name = 'shop'): Promise<string> {
  return (await sluice.given('createApiGroupV2', { body: { name } })).id as string
}

async function bind(sluice: TestManagement, group_id: string, url_domain: string, more: object = {}) {
  return sluice.given('associateDomainV2', { path: { group_id }, body: { url_domain, ...more } })
}

const domainsOf = async (sluice: TestManagement, group_id: string) =>
  (await sluice.given('showDetailsOfApiGroupV2', { path: { group_id } })).url_domains

async function ports(sluice: TestManagement, ...wanted: [protocol: string, ingress_port: number][]): Promise<string[]> {
  const ids = []
  for (const [protocol, ingress_port] of wanted)
    ids.push((await sluice.given('addCustomIngressPort', { body: { protocol, ingress_port } })).ingress_port_id)
  return ids
}

describe.each(engines)('Domains on $name', (engine) => {
  test('35: a domain is bound once, and a group has five', async () => {
    await using sluice = await management(engine)
    const group_id = await groupOf(sluice)
    const path = { group_id }
    const other = { group_id: await groupOf(sluice, 'other') }

    const { status, body: domain } = await sluice.call('associateDomainV2', {
      path,
      body: { url_domain: 'www.t1.com' },
    })

    expect(status).toBe(201)
    expect(domain).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      url_domain: 'www.t1.com',
      status: 3,
      min_ssl_version: 'TLSv1.1',
      is_http_redirect_to_https: false,
      verified_client_certificate_enabled: false,
      ingress_http_port: 80,
      ingress_https_port: 443,
    })
    expect(await domainsOf(sluice, group_id)).toEqual([
      {
        id: domain.id,
        domain: 'www.t1.com',
        cname_status: 3,
        min_ssl_version: 'TLSv1.1',
        is_http_redirect_to_https: false,
        verified_client_certificate_enabled: false,
        is_has_trusted_root_ca: false,
        ingress_http_port: 80,
        ingress_https_port: 443,
        ssl_infos: [],
      },
    ])
    // The same host, whatever its case and the dot of a zone file.
    for (const url_domain of ['www.t1.com', 'WWW.t1.com', 'www.t1.com.']) {
      const again = await sluice.call('associateDomainV2', { path: other, body: { url_domain } })
      expect([again.status, again.body]).toEqual([
        400,
        { error_code: 'APIG.3305', error_msg: 'The URL domain name already exists' },
      ])
    }
    for (const url_domain of [
      'INVALID_URL_DOMAIN',
      'a.*.com',
      '-a.com',
      'a.com:80',
      'apic.localhost',
      '*.apic.localhost',
    ]) {
      const refused = await sluice.call('associateDomainV2', { path, body: { url_domain } })
      expect([url_domain, refused.status, refused.body.error_code]).toEqual([url_domain, 400, 'APIG.2024'])
    }
    for (const name of ['*.t1.com', 'Mixed.Case.com.', 'b.com', 'c.com']) await bind(sluice, group_id, name)
    const sixth = await sluice.call('associateDomainV2', { path, body: { url_domain: 'd.com' } })
    expect([sixth.status, sixth.body]).toEqual([
      403,
      { error_code: 'APIG.3108', error_msg: 'The number of domain names exceeds the maximum allowed limit' },
    ])
    expect((await domainsOf(sluice, group_id)).map(({ domain }: { domain: string }) => domain).toSorted()).toEqual([
      '*.t1.com',
      'Mixed.Case.com.',
      'b.com',
      'c.com',
      'www.t1.com',
    ])
    await sluice.store.write([], ({ db }) => setConfig(db, sluice.instanceId, 'APIGROUP_DOMAIN_NUM_LIMIT', '6'))
    await bind(sluice, group_id, 'd.com')
  })

  test('36: custom ports are open ones, and stay open while a domain has them', async () => {
    await using sluice = await management(engine)
    const group_id = await groupOf(sluice)
    const path = { group_id }
    const [http = '', https = ''] = await ports(sluice, ['HTTP', 1024], ['HTTPS', 1025])
    const attempt = (body: object) =>
      sluice.call('associateDomainV2', { path, body: { url_domain: 'www.t1.com', ...body } })

    const { body: domain } = await attempt({ ingress_http_port: 1024, ingress_https_port: 1025 })
    expect(domain).toMatchObject({ ingress_http_port: 1024, ingress_https_port: 1025 })

    for (const [body, code, name] of [
      [{ ingress_http_port: 1024 }, 'APIG.2001', 'ingress_https_port'],
      [{ ingress_https_port: 1025 }, 'APIG.2001', 'ingress_http_port'],
      [{ ingress_http_port: -1, ingress_https_port: -1 }, 'APIG.2011', 'ingress_http_port'],
      [{ ingress_http_port: 9999, ingress_https_port: -1 }, 'APIG.2049', ''],
      // Open, but for the other protocol.
      [{ ingress_http_port: 1025, ingress_https_port: -1 }, 'APIG.2049', ''],
      [{ ingress_http_port: 1023, ingress_https_port: -1 }, 'APIG.2011', 'ingress_http_port'],
    ] as const) {
      const refused = await attempt(body)
      expect([body, refused.status, refused.body.error_code]).toEqual([body, 400, code])
      expect(refused.body.error_msg).toContain(name)
    }

    const of = { group_id, domain_id: domain.id as string }
    const update = await sluice.call('updateDomainV2', {
      path: of,
      body: { min_ssl_version: 'TLSv1.2', ingress_http_port: -1 },
    })
    expect([update.status, update.body.ingress_http_port, update.body.ingress_https_port]).toEqual([201, -1, 1025])
    expect(await domainsOf(sluice, group_id)).toMatchObject([
      { ingress_http_port: -1, ingress_https_port: 1025, min_ssl_version: 'TLSv1.2' },
    ])
    const closed = await sluice.call('deleteCustomIngressPort', { path: { ingress_port_id: https } })
    expect([closed.status, closed.body.error_code]).toEqual([400, 'APIC.7257'])
    await sluice.given('deleteCustomIngressPort', { path: { ingress_port_id: http } })
    const both = await sluice.call('updateDomainV2', {
      path: of,
      body: { min_ssl_version: 'TLSv1.2', ingress_https_port: -1 },
    })
    expect([both.status, both.body.error_code]).toEqual([400, 'APIG.2011'])
    const gone = await sluice.call('updateDomainV2', {
      path: of,
      body: { min_ssl_version: 'TLSv1.2', ingress_http_port: 1024 },
    })
    expect([gone.status, gone.body.error_code]).toEqual([400, 'APIG.2049'])
  })

  test('ports that clients read, they send back', async () => {
    await using sluice = await management(engine)
    const group_id = await groupOf(sluice)
    const { id: domain_id } = await bind(sluice, group_id, 'www.t1.com')
    const path = { group_id, domain_id: domain_id as string }
    for (const [http, https] of [
      [80, -1],
      [-1, 443],
      [80, 443],
    ]) {
      const body = { min_ssl_version: 'TLSv1.1', ingress_http_port: http, ingress_https_port: https }
      expect(await sluice.given('updateDomainV2', { path, body })).toMatchObject(body)
    }
    for (const body of [
      { min_ssl_version: 'TLSv1.1', ingress_http_port: 443 },
      { min_ssl_version: 'TLSv1.0' },
      { min_ssl_version: 'TLSv1.1', is_http_redirect_to_https: 'yes' },
      {},
    ])
      expect((await sluice.call('updateDomainV2', { path, body })).status).toBe(400)
  })

  test('a name may be bound again on other ports, also in another group', async () => {
    await using sluice = await management(engine)
    const first = await groupOf(sluice)
    const second = await groupOf(sluice, 'other')
    await ports(sluice, ['HTTP', 1024], ['HTTPS', 1025], ['HTTPS', 1026])
    await bind(sluice, first, 'www.t1.com')
    const attempt = async (ingress_http_port: number, ingress_https_port: number) => {
      const body = { url_domain: 'www.t1.com', ingress_http_port, ingress_https_port }
      const reply = await sluice.call('associateDomainV2', { path: { group_id: second }, body })
      return reply.status === 201 ? (reply.body.id as string) : (reply.body.error_code as string)
    }

    const domain_id = await attempt(1024, 1025)
    expect(domain_id).toMatch(/^[0-9a-f]{32}$/)
    expect(await attempt(1024, 1025)).toBe('APIG.3305')
    expect(await attempt(1024, 1026)).toBe('APIG.2050')
    expect(await attempt(1024, -1)).toBe('APIG.2050')
    expect(await attempt(-1, 1026)).toMatch(/^[0-9a-f]{32}$/)
    const path = { group_id: second, domain_id }
    const moved = async (body: object) =>
      (await sluice.call('updateDomainV2', { path, body: { min_ssl_version: 'TLSv1.1', ...body } })).body.error_code
    expect(await moved({ ingress_http_port: 80, ingress_https_port: 443 })).toBe('APIG.3305')
    expect(await moved({ ingress_http_port: 80 })).toBe('APIG.2050')
    expect(await moved({ ingress_http_port: 1024 })).toBeUndefined()
  })

  test('37: a domain is changed through its own group only', async () => {
    await using sluice = await management(engine)
    const group_id = await groupOf(sluice)
    const wrong = await groupOf(sluice, 'other')
    const { id: domain_id } = await bind(sluice, group_id, 'www.t1.com')
    const body = { min_ssl_version: 'TLSv1.2' }

    for (const [path, status, code] of [
      [{ group_id: wrong, domain_id }, 400, 'APIG.3474'],
      [{ group_id, domain_id: 'unknown' }, 404, 'APIG.3020'],
      [{ group_id: 'unknown', domain_id }, 404, 'APIG.3001'],
    ] as const) {
      const update = await sluice.call('updateDomainV2', { path, body })
      const deletion = await sluice.call('disassociateDomainV2', { path })
      expect([update.status, update.body.error_code]).toEqual([status, code])
      expect([deletion.status, deletion.body.error_code]).toEqual([status, code])
    }
    const unknown = await sluice.call('associateDomainV2', {
      path: { group_id: 'unknown' },
      body: { url_domain: 'a.com' },
    })
    expect([unknown.status, unknown.body.error_code]).toEqual([404, 'APIG.3001'])

    expect((await sluice.call('disassociateDomainV2', { path: { group_id, domain_id } })).status).toBe(204)
    expect(await domainsOf(sluice, group_id)).toEqual([])
    await bind(sluice, wrong, 'www.t1.com')
  })

  test('an update changes what is sent', async () => {
    await using sluice = await management(engine)
    const group_id = await groupOf(sluice)
    const { id } = await bind(sluice, group_id, 'www.t1.com', { is_http_redirect_to_https: true })
    const path = { group_id, domain_id: id as string }

    const kept = await sluice.given('updateDomainV2', { path, body: { min_ssl_version: 'TLSv1.2' } })
    expect(kept).toMatchObject({ min_ssl_version: 'TLSv1.2', is_http_redirect_to_https: true })
    const body = { min_ssl_version: 'TLSv1.1', is_http_redirect_to_https: false }
    expect(await sluice.given('updateDomainV2', { path, body })).toMatchObject(body)
    const verified = await sluice.call('updateDomainV2', {
      path,
      body: { min_ssl_version: 'TLSv1.1', verified_client_certificate_enabled: true },
    })
    expect([verified.status, verified.body.error_code]).toEqual([400, 'APIG.2000'])
  })

  test('every reply of a group shows its domains, oldest first; they go with it', async () => {
    await using sluice = await management(engine)
    const group_id = await groupOf(sluice)
    const path = { group_id }
    for (const name of ['b.com', 'a.com']) {
      sluice.now += 10
      await bind(sluice, group_id, name)
    }
    const names = (group: { url_domains: { domain: string }[] }) => group.url_domains.map(({ domain }) => domain)

    expect(names(await sluice.given('showDetailsOfApiGroupV2', { path }))).toEqual(['b.com', 'a.com'])
    expect(names(await sluice.given('updateApiGroupV2', { path, body: { name: 'new' } }))).toEqual(['b.com', 'a.com'])
    const { groups } = await sluice.given('listApiGroupsV2', { query: { id: group_id } })
    expect(names(groups[0])).toEqual(['b.com', 'a.com'])
    const { id: api_id } = await sluice.given('createApiV2', { body: mockApi(group_id, { name: 'api_one' }) })
    const api = await sluice.given('showDetailsOfApiV2', { path: { api_id } })
    expect(api.api_group_info.url_domains).toEqual(groups[0].url_domains)
    const listed = await sluice.given('listApisV2', { query: { return_data_mode: 'include_group' } })
    expect(names(listed.apis[0].api_group_info)).toEqual(['b.com', 'a.com'])
    await sluice.given('deleteApiV2', { path: { api_id } })

    await sluice.given('deleteApiGroupV2', { path })
    await bind(sluice, await groupOf(sluice, 'next'), 'a.com')
  })

  test('another instance has names of its own', async () => {
    await using sluice = await management(engine)
    const group_id = await groupOf(sluice)
    const { id } = await bind(sluice, group_id, 'www.t1.com')
    const { instance_id: instanceId } = await sluice.given('createInstanceV2', { body: OTHER })
    const other = await sluice.given('createApiGroupV2', { instanceId, body: { name: 'shop' } })

    const body = { url_domain: 'www.t1.com' }
    await sluice.given('associateDomainV2', { instanceId, path: { group_id: other.id }, body })
    const stolen = await sluice.call('disassociateDomainV2', {
      instanceId,
      path: { group_id: other.id, domain_id: id },
    })
    expect([stolen.status, stolen.body.error_code]).toEqual([404, 'APIG.3020'])
    await sluice.given('deleteInstancesV2', { instanceId })
    expect(await domainsOf(sluice, group_id)).toHaveLength(1)
  })

  test('of many at once with one name, one is bound', async () => {
    await using sluice = await management(engine)
    const groups = [await groupOf(sluice), await groupOf(sluice, 'other')]

    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        sluice.call('associateDomainV2', {
          path: { group_id: groups[index % 2] ?? '' },
          body: { url_domain: 'www.t1.com' },
        }),
      ),
    )

    expect(replies.map((reply) => reply.body.error_code ?? 'bound').toSorted()).toEqual([
      ...Array.from({ length: 7 }, () => 'APIG.3305'),
      'bound',
    ])
  })

  test('each change reaches the gateways', async () => {
    await using sluice = await management(engine)
    const group_id = await groupOf(sluice)
    const revisions: number[] = []
    sluice.store.onRevision((revision) => revisions.push(revision))
    const { id: domain_id } = await bind(sluice, group_id, 'www.t1.com')
    const path = { group_id, domain_id: domain_id as string }
    await sluice.given('updateDomainV2', { path, body: { min_ssl_version: 'TLSv1.2' } })
    await sluice.given('disassociateDomainV2', { path })

    const changes = await sluice.store.read((db) =>
      db.selectFrom('snapshot_changes').select('part_key').where('revision', 'in', revisions).execute(),
    )
    expect(changes.map(({ part_key }) => part_key)).toEqual(Array.from({ length: 3 }, () => `group:${group_id}`))
  })
})

const OTHER = {
  instance_name: 'other',
  spec_id: 'BASIC',
  vpc_id: 'v',
  subnet_id: 's',
  security_group_id: '36d0ec18-bd10-4da7-86f3-ad7a5ddc55d7',
  available_zone_ids: ['a'],
}
