import { beforeAll, describe, expect, test } from 'vitest'
import { certificate, rsaKey, upload, type TestCertificate } from '../../../test/certificates.js'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'

const OTHER = {
  instance_name: 'other',
  spec_id: 'BASIC',
  vpc_id: 'v',
  subnet_id: 's',
  security_group_id: '36d0ec18-bd10-4da7-86f3-ad7a5ddc55d7',
  available_zone_ids: ['a'],
}

let ecRoot: TestCertificate
let rsaRoot: TestCertificate
let ecc: TestCertificate
let rsa: TestCertificate
beforeAll(() => {
  ecRoot = certificate({ subject: [['CN', 'EC root']], san: [], ca: true })
  rsaRoot = certificate({ subject: [['CN', 'RSA root']], san: [], ca: true, key: rsaKey() })
  ecc = certificate({ san: ['www.a.com', '*.b.com'] })
  rsa = certificate({ san: ['www.a.com', '*.b.com'], key: rsaKey() })
})

interface Stage {
  readonly sluice: TestManagement
  readonly group_id: string
  /** A domain of the group: its path. */
  readonly bind: (url_domain: string, more?: object) => Promise<{ group_id: string; domain_id: string }>
  readonly keep: (name: string, from: TestCertificate, more?: Readonly<Record<string, unknown>>) => Promise<string>
  /** What the group says of its first domain, or of the one with this name. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads whatever it expects to be there
  readonly domain: (name?: string) => Promise<any>
}

async function stage(sluice: TestManagement): Promise<Stage> {
  const { id: group_id } = await sluice.given('createApiGroupV2', { body: { name: 'shop' } })
  return {
    sluice,
    group_id,
    async bind(url_domain, more = {}) {
      const path = { group_id }
      const { id } = await sluice.given('associateDomainV2', { path, body: { url_domain, ...more } })
      return { ...path, domain_id: id }
    },
    keep: async (name, from, more = {}) =>
      (await sluice.given('createCertificateV2', { body: upload(name, from, more) })).id,
    async domain(name) {
      const { url_domains } = await sluice.given('showDetailsOfApiGroupV2', { path: { group_id } })
      return url_domains.find(({ domain }: { domain: string }) => name === undefined || domain === name)
    },
  }
}

const outcome = ({ status, body }: { status: number; body?: { error_code: string } }) => [status, body?.error_code]

describe.each(engines)('Certificates of domains on $name', (engine) => {
  test('40: attached to a domain by its id, and detached', async () => {
    await using sluice = await management(engine)
    const { bind, keep, domain } = await stage(sluice)
    const path = await bind('www.a.com')
    const id = await keep('cert_one', ecc)
    const second = await keep('cert_two', rsa)
    const attach = (...certificate_ids: unknown[]) =>
      sluice.call('batchAssociateCertsV2', { path, body: { certificate_ids } })

    expect((await attach(id)).status).toBe(204)
    for (const ids of [[], [id, second]]) {
      const refused = await attach(...ids)
      expect(outcome(refused)).toEqual([400, 'APIG.2012'])
      expect(refused.body.error_msg).toContain('certificate_ids')
    }
    expect(outcome(await attach('abc0'))).toEqual([404, 'APIG.3021'])
    expect(await domain()).toMatchObject({
      ssl_id: id,
      ssl_name: 'cert_one',
      ssl_infos: [{ ssl_id: id, ssl_name: 'cert_one', algorithm_type: 'ECC', type: 2, is_has_trusted_root_ca: false }],
    })

    const body = { certificate_ids: [id] }
    expect((await sluice.call('batchDisassociateCertsV2', { path, body })).status).toBe(204)
    const shown = await domain()
    expect([shown.ssl_infos, shown.ssl_id]).toEqual([[], undefined])
    expect(outcome(await sluice.call('batchDisassociateCertsV2', { path, body }))).toEqual([404, 'APIG.3097'])
    const again = await sluice.call('batchDisassociateDomainsV2', {
      path: { certificate_id: id },
      body: { domains: [{ domain: 'www.a.com' }] },
    })
    expect([again.status, again.body]).toEqual([400, { error_code: 'APIG.2000', error_msg: 'no valid domain name' }])
  })

  test('41: attached by the name of the domain, and detached', async () => {
    await using sluice = await management(engine)
    const { bind, keep, group_id } = await stage(sluice)
    const { domain_id } = await bind('www.A.com.')
    await bind('one.b.com')
    const id = await keep('cert_one', ecc)
    const path = { certificate_id: id }

    const { status } = await sluice.call('batchAssociateDomainsV2', {
      path,
      body: { domains: [null, {}, { domain: 'www.a.com' }, { domain: 'unknown.a.com' }] },
    })

    expect(status).toBe(204)
    expect(await sluice.given('listAttachedDomainsV2', { path })).toEqual({
      total: 1,
      size: 1,
      bound_domains: [
        {
          id: domain_id,
          url_domain: 'www.A.com.',
          status: 3,
          min_ssl_version: 'TLSv1.1',
          is_http_redirect_to_https: false,
          verified_client_certificate_enabled: false,
          ingress_http_port: 80,
          ingress_https_port: 443,
          ssl_id: id,
          ssl_name: 'cert_one',
          api_group_id: group_id,
          api_group_name: 'shop',
          instance_id: sluice.instanceId,
        },
      ],
    })
    const bound = await sluice.call('deleteCertificateV2', { path })
    expect([bound.status, bound.body]).toEqual([
      400,
      { error_code: 'APIG.2000', error_msg: 'The certificate is bound to domain names' },
    ])
    const domains = [{ domain: 'WWW.a.com' }, { domain: 'one.b.com' }]
    expect((await sluice.call('batchDisassociateDomainsV2', { path, body: { domains } })).status).toBe(204)
    expect((await sluice.given('listAttachedDomainsV2', { path })).total).toBe(0)
    expect((await sluice.call('deleteCertificateV2', { path })).status).toBe(204)
    for (const call of ['deleteCertificateV2', 'showDetailsOfCertificateV2', 'listAttachedDomainsV2'] as const)
      expect(outcome(await sluice.call(call, { path }))).toEqual([404, 'APIG.3021'])
  })

  test('domains that are not bound, or asked for in the wrong way', async () => {
    await using sluice = await management(engine)
    const { bind, keep } = await stage(sluice)
    await bind('www.a.com')
    await bind('www.c.com')
    const id = await keep('cert_one', ecc)
    const attempt = async (body: object, certificate_id = id) =>
      outcome(await sluice.call('batchAssociateDomainsV2', { path: { certificate_id }, body }))

    expect(await attempt({ domains: [{ domain: 'unknown.a.com' }] })).toEqual([400, 'APIG.2000'])
    expect(await attempt({ domains: [] })).toEqual([400, 'APIG.2001'])
    expect(await attempt({ domains: [null] })).toEqual([400, 'APIG.2001'])
    expect(await attempt({ domains: [{ instance_ids: [] }] })).toEqual([400, 'APIG.2001'])
    expect(await attempt({ domains: Array.from({ length: 101 }, () => ({ domain: 'www.a.com' })) })).toEqual([
      400,
      'APIG.2011',
    ])
    expect(await attempt({ domains: [{ domain: 'www.a.com', instance_ids: ['unknown'] }] })).toEqual([404, 'APIG.3030'])
    expect(await attempt({ domains: [{ domain: 'www.a.com' }] }, 'abc0')).toEqual([404, 'APIG.3021'])
    // Neither of its names covers the second: nothing is attached, the first is not either.
    expect(await attempt({ domains: [{ domain: 'www.a.com' }, { domain: 'www.c.com' }] })).toEqual([400, 'APIG.2103'])
    expect((await sluice.given('listAttachedDomainsV2', { path: { certificate_id: id } })).total).toBe(0)
  })

  test('the names of a certificate cover a domain, and one label by a wildcard', async () => {
    await using sluice = await management(engine)
    const { bind, keep } = await stage(sluice)
    const id = await keep('cert_one', ecc)
    for (const [name, status] of [
      ['www.a.com', 204],
      ['x.b.com', 204],
      ['*.b.com', 204],
      ['b.com', 400],
      ['y.x.b.com', 400],
    ] as const) {
      const path = await bind(name)
      const reply = await sluice.call('batchAssociateCertsV2', { path, body: { certificate_ids: [id] } })
      expect([name, reply.status]).toEqual([name, status])
      if (status === 400) expect(reply.body.error_code).toBe('APIG.2103')
    }
  })

  test('42: client certificates are verified with a root CA only', async () => {
    await using sluice = await management(engine)
    const { bind, keep, domain } = await stage(sluice)
    const path = await bind('www.a.com')
    const rooted = await keep('cert_rooted', ecc, { trusted_root_ca: ecRoot.pem })
    const plain = await keep('cert_plain', ecc)
    const verified = async (id: string, more: object = {}) => {
      await sluice.given('batchAssociateCertsV2', { path, body: { certificate_ids: [id], ...more } })
      const { verified_client_certificate_enabled, is_has_trusted_root_ca } = await domain()
      return [verified_client_certificate_enabled, is_has_trusted_root_ca]
    }
    const flag = { verified_client_certificate_enabled: true }

    expect(await verified(rooted)).toEqual([true, true])
    expect(await verified(rooted, { verified_client_certificate_enabled: false })).toEqual([false, true])
    expect(await verified(plain, flag)).toEqual([false, false])
    expect(await verified(rooted, flag)).toEqual([true, true])

    const off = { min_ssl_version: 'TLSv1.1', verified_client_certificate_enabled: false }
    expect(await sluice.given('updateDomainV2', { path, body: off })).toMatchObject(off)
    const on = { ...off, ...flag }
    expect(await sluice.given('updateDomainV2', { path, body: on })).toMatchObject(on)
    await sluice.given('batchDisassociateCertsV2', { path, body: { certificate_ids: [rooted] } })
    expect(await domain()).toMatchObject({ verified_client_certificate_enabled: false })
    const none = await sluice.call('updateDomainV2', { path, body: on })
    expect(outcome(none)).toEqual([400, 'APIG.2000'])

    await sluice.given('batchAssociateDomainsV2', {
      path: { certificate_id: rooted },
      body: { domains: [{ domain: 'www.a.com' }] },
    })
    const attached = await sluice.given('listAttachedDomainsV2', { path: { certificate_id: rooted } })
    expect(attached.bound_domains[0]).toMatchObject(flag)
  })

  test('a domain has one certificate of each algorithm type; another takes its place', async () => {
    await using sluice = await management(engine)
    const { bind, keep, domain } = await stage(sluice)
    const path = await bind('www.a.com')
    const first = await keep('cert_first', ecc, { trusted_root_ca: ecRoot.pem })
    const second = await keep('cert_second', ecc)
    const third = await keep('cert_third', rsa, { trusted_root_ca: rsaRoot.pem })
    const attach = (id: string) => sluice.call('batchAssociateCertsV2', { path, body: { certificate_ids: [id] } })
    const ids = async () => (await domain()).ssl_infos.map(({ ssl_id }: { ssl_id: string }) => ssl_id)

    expect((await attach(first)).status).toBe(204)
    expect((await attach(first)).status).toBe(204)
    expect(await ids()).toEqual([first])
    // Two root CAs of a domain are of one type.
    expect(outcome(await attach(third))).toEqual([400, 'APIG.3715'])
    expect((await attach(second)).status).toBe(204)
    expect(await ids()).toEqual([second])
    expect((await attach(third)).status).toBe(204)
    expect(await ids()).toEqual([third, second])
    expect(await domain()).toMatchObject({ ssl_id: third, is_has_trusted_root_ca: true })
    expect(outcome(await attach(first))).toEqual([400, 'APIG.3715'])
  })

  test('bindings of one name share certificates and verification', async () => {
    await using sluice = await management(engine)
    const { bind, keep, group_id } = await stage(sluice)
    for (const [protocol, ingress_port] of [
      ['HTTP', 1024],
      ['HTTPS', 1025],
      ['HTTPS', 1026],
    ])
      await sluice.given('addCustomIngressPort', { body: { protocol, ingress_port } })
    const path = await bind('www.a.com')
    await bind('www.a.com', { ingress_http_port: 1024, ingress_https_port: 1025 })
    const id = await keep('cert_one', ecc, { trusted_root_ca: ecRoot.pem })
    await sluice.given('batchAssociateCertsV2', { path, body: { certificate_ids: [id] } })
    await bind('www.a.com', { ingress_http_port: -1, ingress_https_port: 1026 })
    const seen = async () => {
      const { url_domains } = await sluice.given('showDetailsOfApiGroupV2', { path: { group_id } })
      return url_domains.map(
        (domain: { ssl_id?: string; verified_client_certificate_enabled: boolean }) =>
          `${domain.ssl_id === id} ${domain.verified_client_certificate_enabled}`,
      )
    }

    expect(await seen()).toEqual(['true true', 'true true', 'true true'])
    const body = { min_ssl_version: 'TLSv1.1', verified_client_certificate_enabled: false }
    await sluice.given('updateDomainV2', { path, body })
    expect(await seen()).toEqual(['true false', 'true false', 'true false'])
    const list = await sluice.given('listAttachedDomainsV2', { path: { certificate_id: id }, query: { limit: 2 } })
    expect([list.total, list.size]).toEqual([3, 2])
    const filtered = await sluice.given('listAttachedDomainsV2', {
      path: { certificate_id: id },
      query: { url_domain: 'b.com' },
    })
    expect(filtered.total).toBe(0)
    await sluice.given('batchDisassociateCertsV2', { path, body: { certificate_ids: [id] } })
    expect(await seen()).toEqual(['false false', 'false false', 'false false'])
    await sluice.given('deleteCertificateV2', { path: { certificate_id: id } })
  })

  test('certificates for all instances go where the name is bound; those of one stay there', async () => {
    await using sluice = await management(engine)
    const { bind, keep } = await stage(sluice)
    await bind('www.a.com')
    const { instance_id: instanceId } = await sluice.given('createInstanceV2', { body: OTHER })
    const { id: group_id } = await sluice.given('createApiGroupV2', { instanceId, body: { name: 'shop' } })
    const body = { url_domain: 'www.a.com' }
    const { id: domain_id } = await sluice.given('associateDomainV2', { instanceId, path: { group_id }, body })
    const all = await keep('cert_all', ecc)
    const own = await keep('cert_own', rsa, { instance_id: sluice.instanceId })
    const attach = (certificate_id: string, ...instance_ids: string[]) =>
      sluice.call('batchAssociateDomainsV2', {
        path: { certificate_id },
        body: { domains: [{ domain: 'www.a.com', ...(instance_ids.length > 0 && { instance_ids }) }] },
      })
    const instances = async (certificate_id: string) => {
      const { bound_domains } = await sluice.given('listAttachedDomainsV2', { path: { certificate_id } })
      return new Set(bound_domains.map(({ instance_id }: { instance_id: string }) => instance_id))
    }

    await attach(all, instanceId)
    expect(await instances(all)).toEqual(new Set([instanceId]))
    await attach(all)
    expect(await instances(all)).toEqual(new Set([instanceId, sluice.instanceId]))
    await attach(own)
    expect(await instances(own)).toEqual(new Set([sluice.instanceId]))
    expect(outcome(await attach(own, instanceId))).toEqual([400, 'APIG.2000'])
    const foreign = await sluice.call('batchAssociateCertsV2', {
      instanceId,
      path: { group_id, domain_id },
      body: { certificate_ids: [own] },
    })
    expect(outcome(foreign)).toEqual([404, 'APIG.3021'])
    await sluice.given('deleteInstancesV2', { instanceId })
    expect(await instances(all)).toEqual(new Set([sluice.instanceId]))
  })

  test('the older form: uploaded through a domain, shown and detached there', async () => {
    await using sluice = await management(engine)
    const { bind, domain, group_id } = await stage(sluice)
    const path = await bind('www.a.com')

    const { status, body } = await sluice.call('associateCertificateV2', {
      path,
      body: upload('cert_one', ecc, { trusted_root_ca: ecRoot.pem }),
    })

    expect(status).toBe(201)
    expect(body).toEqual({
      url_domain: 'www.a.com',
      id: path.domain_id,
      status: 3,
      min_ssl_version: 'TLSv1.1',
      is_http_redirect_to_https: false,
      verified_client_certificate_enabled: true,
      ingress_http_port: 80,
      ingress_https_port: 443,
      ssl_name: 'cert_one',
      ssl_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      instance_id: sluice.instanceId,
      api_group_id: group_id,
      api_group_name: 'shop',
    })
    const of = { ...path, certificate_id: body.ssl_id as string }
    const detail = await sluice.given('showDetailsOfDomainNameCertificateV2', { path: of })
    expect(detail).toMatchObject({ san: ['www.a.com', '*.b.com'], version: 3, signature_algorithm: 'ECDSA-SHA256' })
    const listed = await sluice.given('listCertificatesV2', { query: { instance_id: sluice.instanceId } })
    expect(listed.certs).toMatchObject([{ id: body.ssl_id, type: 'instance', is_has_trusted_root_ca: true }])

    expect((await sluice.call('disassociateCertificateV2', { path: of })).status).toBe(204)
    expect((await domain()).ssl_infos).toEqual([])
    for (const call of ['showDetailsOfDomainNameCertificateV2', 'disassociateCertificateV2'] as const) {
      expect(outcome(await sluice.call(call, { path: of }))).toEqual([404, 'APIG.3097'])
      expect(outcome(await sluice.call(call, { path: { ...of, certificate_id: 'abc0' } }))).toEqual([404, 'APIG.3025'])
    }
    await sluice.given('showDetailsOfCertificateV2', { path: { certificate_id: of.certificate_id } })
    // Refused, and not kept either.
    const wrong = certificate({ san: ['www.c.com'] })
    const refused = await sluice.call('associateCertificateV2', { path, body: upload('cert_two', wrong) })
    expect(outcome(refused)).toEqual([400, 'APIG.2103'])
    const short = await sluice.call('associateCertificateV2', { path, body: upload('c', ecc) })
    expect(outcome(short)).toEqual([400, 'APIG.2012'])
    const { total } = await sluice.given('listCertificatesV2', { query: { instance_id: sluice.instanceId } })
    expect(total).toBe(1)
  })

  test('what was uploaded through a domain goes with the group, unless another domain has it', async () => {
    await using sluice = await management(engine)
    const { bind, keep, group_id } = await stage(sluice)
    const first = await bind('www.a.com')
    const second = await bind('x.b.com')
    const project = await keep('cert_project', ecc)
    const through = async (path: typeof first, name: string) =>
      (await sluice.given('associateCertificateV2', { path, body: upload(name, rsa) })).ssl_id as string
    const going = await through(first, 'cert_going')
    const staying = await through(second, 'cert_staying')
    await sluice.given('batchAssociateCertsV2', { path: first, body: { certificate_ids: [project] } })
    const { id: other } = await sluice.given('createApiGroupV2', { body: { name: 'other' } })
    const { id: domain_id } = await sluice.given('associateDomainV2', {
      path: { group_id: other },
      body: { url_domain: 'y.b.com' },
    })
    await sluice.given('batchAssociateCertsV2', {
      path: { group_id: other, domain_id },
      body: { certificate_ids: [staying] },
    })

    await sluice.given('deleteApiGroupV2', { path: { group_id } })

    for (const [certificate_id, status] of [
      [going, 404],
      [staying, 200],
      [project, 200],
    ] as const)
      expect((await sluice.call('showDetailsOfCertificateV2', { path: { certificate_id } })).status).toBe(status)
    await sluice.given('deleteCertificateV2', { path: { certificate_id: project } })
  })

  test('a domain of another group, of no group, of nobody', async () => {
    await using sluice = await management(engine)
    const { bind, keep } = await stage(sluice)
    const { domain_id, group_id } = await bind('www.a.com')
    const id = await keep('cert_one', ecc)
    const { id: wrong } = await sluice.given('createApiGroupV2', { body: { name: 'other' } })
    for (const [path, status, code] of [
      [{ group_id: wrong, domain_id }, 403, 'APIG.3474'],
      [{ group_id, domain_id: 'unknown' }, 404, 'APIG.3020'],
      [{ group_id: 'unknown', domain_id }, 404, 'APIG.3001'],
    ] as const) {
      const body = { certificate_ids: [id] }
      const of = { ...path, certificate_id: id }
      for (const reply of [
        await sluice.call('batchAssociateCertsV2', { path, body }),
        await sluice.call('batchDisassociateCertsV2', { path, body }),
        await sluice.call('associateCertificateV2', { path, body: upload('cert_two', rsa) }),
        await sluice.call('showDetailsOfDomainNameCertificateV2', { path: of }),
        await sluice.call('disassociateCertificateV2', { path: of }),
      ])
        expect(outcome(reply)).toEqual([status, code])
    }
  })

  test('new contents must serve the domains that are attached', async () => {
    await using sluice = await management(engine)
    const { bind, keep, domain } = await stage(sluice)
    const path = await bind('www.a.com')
    const id = await keep('cert_one', ecc, { trusted_root_ca: ecRoot.pem })
    const other = await keep('cert_other', rsa)
    for (const certificate_id of [id, other])
      await sluice.given('batchAssociateCertsV2', { path, body: { certificate_ids: [certificate_id] } })
    const update = (from: TestCertificate, more: Readonly<Record<string, unknown>> = {}) =>
      sluice.call('updateCertificateV2', { path: { certificate_id: id }, body: upload('cert_one', from, more) })

    expect(outcome(await update(certificate({ san: ['www.c.com'] })))).toEqual([400, 'APIG.2103'])
    expect(outcome(await update(rsa))).toEqual([400, 'APIG.2051'])
    expect(await domain()).toMatchObject({ verified_client_certificate_enabled: true, ssl_id: other })
    // The root CA goes, and verification with it; a new one does not switch it on again.
    expect((await update(ecc)).status).toBe(200)
    expect(await domain()).toMatchObject({ verified_client_certificate_enabled: false, is_has_trusted_root_ca: false })
    expect((await update(ecc, { trusted_root_ca: ecRoot.pem })).status).toBe(200)
    expect(await domain()).toMatchObject({ verified_client_certificate_enabled: false, is_has_trusted_root_ca: true })
    await sluice.given('batchDisassociateCertsV2', { path, body: { certificate_ids: [other] } })
    expect((await update(rsa)).status).toBe(200)
    expect((await domain()).ssl_infos).toMatchObject([{ ssl_id: id, algorithm_type: 'RSA' }])
  })

  test('each change of a certificate reaches the gateways by the group of its domain', async () => {
    await using sluice = await management(engine)
    const { bind, keep, group_id } = await stage(sluice)
    const path = await bind('www.a.com')
    const id = await keep('cert_one', ecc)
    const revisions: number[] = []
    sluice.store.onRevision((revision) => revisions.push(revision))

    await sluice.given('batchAssociateCertsV2', { path, body: { certificate_ids: [id] } })
    await sluice.given('updateCertificateV2', { path: { certificate_id: id }, body: upload('cert_one', rsa) })
    await sluice.given('batchDisassociateDomainsV2', {
      path: { certificate_id: id },
      body: { domains: [{ domain: 'www.a.com' }] },
    })

    const changes = await sluice.store.read((db) =>
      db.selectFrom('snapshot_changes').select('part_key').where('revision', 'in', revisions).execute(),
    )
    expect(changes.filter(({ part_key }) => part_key === `group:${group_id}`)).toHaveLength(3)
  })

  test('a race for a certificate leaves no binding without one', async () => {
    await using sluice = await management(engine)
    const { bind, keep, group_id } = await stage(sluice)
    const path = await bind('www.a.com')
    const id = await keep('cert_one', ecc)
    const body = { certificate_ids: [id] }
    const domains = { domains: [{ domain: 'www.a.com' }] }

    const replies = await Promise.all([
      sluice.call('batchAssociateCertsV2', { path, body }),
      sluice.call('deleteCertificateV2', { path: { certificate_id: id } }),
      sluice.call('batchAssociateDomainsV2', { path: { certificate_id: id }, body: domains }),
      sluice.call('deleteApiGroupV2', { path: { group_id } }),
      sluice.call('disassociateDomainV2', { path }),
      sluice.call('batchDisassociateCertsV2', { path, body }),
    ])

    for (const { status } of replies) expect(status).toBeLessThan(500)
    const bindings = await sluice.store.read((db) => db.selectFrom('domain_certificates').selectAll().execute())
    expect(bindings).toEqual([])
  })
})
