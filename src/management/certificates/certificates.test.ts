import { beforeAll, describe, expect, test } from 'vitest'
import { certificate, ecKey, rsaKey, upload, type TestCertificate } from '../../../test/certificates.js'
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

const SECONDS = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/

let root: TestCertificate
/** For `www.a.com` and `*.b.com`. */
let leaf: TestCertificate
let rsa: TestCertificate
beforeAll(() => {
  root = certificate({ subject: [['O', 'XXSSL Inc']], san: [], ca: true })
  leaf = certificate({ san: ['www.a.com', '*.b.com'], issuer: root })
  rsa = certificate({ san: ['www.a.com'], key: rsaKey() })
})

const keep = (sluice: TestManagement, name: string, from = leaf, more: Readonly<Record<string, unknown>> = {}) =>
  sluice.given('createCertificateV2', { body: upload(name, from, more) })

describe.each(engines)('Certificates on $name', (engine) => {
  test('38: one for all instances and one for its own; neither shows a key', async () => {
    await using sluice = await management(engine)
    const { instanceId: instance_id, projectId: project_id } = sluice

    const all = await sluice.call('createCertificateV2', {
      body: upload('cert_all', leaf, { type: 'global', trusted_root_ca: root.pem }),
    })
    const own = await sluice.call('createCertificateV2', {
      body: upload('cert_own', rsa, { type: 'instance', instance_id }),
    })

    expect(all.status).toBe(200)
    expect(all.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      name: 'cert_all',
      type: 'global',
      instance_id: 'common',
      project_id,
      create_time: expect.stringMatching(SECONDS),
      update_time: all.body.create_time,
      common_name: 'www.a.com',
      san: ['www.a.com', '*.b.com'],
      version: 3,
      organization: [],
      organizational_unit: [],
      locality: [],
      state: [],
      country: [],
      not_before: expect.stringMatching(SECONDS),
      not_after: expect.stringMatching(SECONDS),
      serial_number: expect.stringMatching(/^\d+$/),
      issuer: ['XXSSL Inc'],
      signature_algorithm: 'ECDSA-SHA256',
      is_has_trusted_root_ca: true,
      algorithm_type: 'ECC',
    })
    expect(own.body).toMatchObject({
      type: 'instance',
      instance_id,
      algorithm_type: 'RSA',
      signature_algorithm: 'SHA256-RSA',
      is_has_trusted_root_ca: false,
    })
    const read = await sluice.given('showDetailsOfCertificateV2', { path: { certificate_id: all.body.id } })
    expect(read).toEqual(all.body)
    const { certs } = await sluice.given('listCertificatesV2', { query: { instance_id } })
    for (const text of [all.body, own.body, read, certs].map((body) => JSON.stringify(body)))
      expect(text).not.toMatch(/PRIVATE|BEGIN|sealed/)

    const unknown = await sluice.call('showDetailsOfCertificateV2', { path: { certificate_id: 'abc0' } })
    expect([unknown.status, unknown.body]).toEqual([
      404,
      { error_code: 'APIG.3021', error_msg: 'ssl with certId abc0 not found' },
    ])
  })

  test('the database has no private key in clear', async () => {
    await using sluice = await management(engine)
    await keep(sluice, 'cert_one')
    const rows = await sluice.store.read((db) => db.selectFrom('certificates').selectAll().execute())
    expect(JSON.stringify(rows)).not.toContain('PRIVATE KEY')
    expect(sluice.vault.open(rows[0]?.key_sealed ?? '', `certificate:${rows[0]?.id}`)).toBe(leaf.keyPem)
  })

  test('what type a certificate has when none is sent, and whose it can be', async () => {
    await using sluice = await management(engine)
    const { instanceId: instance_id } = sluice
    const attempt = (more: Record<string, unknown>, name = 'cert_one') =>
      sluice.call('createCertificateV2', { body: upload(name, leaf, more) })

    expect((await attempt({}, 'cert_all')).body.type).toBe('global')
    expect((await attempt({ instance_id }, 'cert_own')).body).toMatchObject({ type: 'instance', instance_id })
    expect((await attempt({ type: 'global', instance_id }, 'cert_all2')).body.instance_id).toBe('common')
    for (const [more, status, code] of [
      [{ type: 'instance' }, 400, 'APIG.2001'],
      [{ type: 'instance', instance_id: 'unknown' }, 404, 'APIG.3030'],
      [{ type: 'both' }, 400, 'APIG.2011'],
      [{ algorithm_type: 'SM2' }, 400, 'APIG.2001'],
      [{ algorithm_type: 'SM2', cert_content_sign: 'x', private_key_sign: 'y' }, 409, 'APIG.3709'],
      [{ algorithm_type: 'RSA' }, 409, 'APIG.3709'],
    ] as const) {
      const refused = await attempt(more)
      expect([more, refused.status, refused.body.error_code]).toEqual([more, status, code])
    }
  })

  test('39: a certificate that could not serve is refused, and nothing is kept', async () => {
    await using sluice = await management(engine)
    const attempt = async (more: Record<string, unknown>) => {
      const { status, body } = await sluice.call('createCertificateV2', { body: upload('cert_one', leaf, more) })
      return [status, body.error_code, body.error_msg]
    }
    const expired = certificate({ notBefore: new Date(0), notAfter: new Date(Date.now() - 1000) })
    const encrypted = leaf.key.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-128-cbc', passphrase: 'x' })

    expect([
      await attempt({ private_key: rsa.keyPem }),
      await attempt({ cert_content: expired.pem, private_key: expired.keyPem }),
      await attempt({ private_key: encrypted }),
      await attempt({ cert_content: 'garbage' }),
      await attempt({ trusted_root_ca: 'garbage' }),
    ]).toEqual([
      [400, 'APIG.2101', 'The certificate and private key do not match'],
      [400, 'APIG.2102', 'The certificate has expired'],
      [400, 'APIG.2105', 'Encrypted private keys are not supported'],
      [400, 'APIG.2106', 'Invalid certificate or private key'],
      [400, 'APIG.2104', 'The certificate chain is not matched'],
    ])
    // What expires is measured by the clock of the server.
    const brief = certificate({ notAfter: new Date(Date.now() + 60_000) })
    sluice.now += 120_000
    expect((await attempt({ cert_content: brief.pem, private_key: brief.keyPem }))[1]).toBe('APIG.2102')
    const { total } = await sluice.given('listCertificatesV2', { query: { instance_id: 'common' } })
    expect(total).toBe(0)
  })

  test('a name is taken once in a project', async () => {
    await using sluice = await management(engine)
    await keep(sluice, 'cert_one')
    const { id: certificate_id } = await keep(sluice, 'cert_two', rsa)
    const taken = { error_code: 'APIG.3325', error_msg: 'The certificate name already exists' }

    const again = await sluice.call('createCertificateV2', { body: upload('cert_one', rsa) })
    const renamed = await sluice.call('updateCertificateV2', {
      path: { certificate_id: certificate_id as string },
      body: upload('cert_one', rsa),
    })

    for (const { status, body } of [again, renamed]) expect([status, body]).toEqual([400, taken])
    for (const name of ['one', '1cert', 'cert-one', `c${'x'.repeat(50)}`]) {
      const refused = await sluice.call('createCertificateV2', { body: upload(name, leaf) })
      expect([name, refused.status, refused.body.error_code]).toEqual([name, 400, 'APIG.2011'])
    }
    const racing = await Promise.all(
      Array.from({ length: 4 }, () => sluice.call('createCertificateV2', { body: upload('cert_new', leaf) })),
    )
    expect(racing.map(({ status }) => status).toSorted()).toEqual([200, 400, 400, 400])
  })

  test('a project has a hundred certificates', async () => {
    await using sluice = await management(engine)
    const { id } = await keep(sluice, 'cert_one')
    await sluice.store.write([], async ({ db }) => {
      const row = await db.selectFrom('certificates').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
      const copies = Array.from({ length: 99 }, (_, index) => ({ ...row, id: `c${index}`, name: `copy_${index}` }))
      await db.insertInto('certificates').values(copies).execute()
    })
    const refused = await sluice.call('createCertificateV2', { body: upload('cert_two', leaf) })
    expect([refused.status, refused.body.error_code]).toEqual([403, 'APIG.3100'])
    await sluice.given('deleteCertificateV2', { path: { certificate_id: id } })
    await keep(sluice, 'cert_two')
  })

  test('43: the list is that of an instance, with what all instances have', async () => {
    await using sluice = await management(engine)
    const { instanceId: instance_id } = sluice
    const { instance_id: other } = await sluice.given('createInstanceV2', { body: OTHER })
    for (const [name, from, more] of [
      ['cert_all', leaf, {}],
      ['cert_own', rsa, { instance_id }],
      ['cert_other', leaf, { instance_id: other }],
    ] as const) {
      sluice.now += 10
      await keep(sluice, name, from, more)
    }
    const names = async (query: Record<string, string | number>) => {
      const list = await sluice.given('listCertificatesV2', { query: { instance_id, ...query } })
      expect(list.size).toBe(list.certs.length)
      return [list.total, list.certs.map(({ name }: { name: string }) => name)]
    }

    expect(await names({})).toEqual([2, ['cert_own', 'cert_all']])
    expect(await names({ instance_id: other })).toEqual([2, ['cert_other', 'cert_all']])
    expect(await names({ instance_id: 'common' })).toEqual([1, ['cert_all']])
    expect(await names({ name: 'own' })).toEqual([1, ['cert_own']])
    expect(await names({ type: 'instance' })).toEqual([1, ['cert_own']])
    expect(await names({ type: 'global' })).toEqual([1, ['cert_all']])
    expect(await names({ algorithm_type: 'RSA' })).toEqual([1, ['cert_own']])
    expect(await names({ algorithm_type: 'SM2' })).toEqual([0, []])
    expect(await names({ signature_algorithm: 'ECDSA-SHA256' })).toEqual([1, ['cert_all']])
    expect(await names({ common_name: 'a.com' })).toEqual([2, ['cert_own', 'cert_all']])
    expect(await names({ common_name: 'b.com' })).toEqual([0, []])
    expect(await names({ limit: 1, offset: 1 })).toEqual([2, ['cert_all']])
    expect(await names({ offset: 2 })).toEqual([2, []])
    const { certs } = await sluice.given('listCertificatesV2', { query: { instance_id, type: 'global' } })
    expect(Object.keys(certs[0]).toSorted()).toEqual([
      'algorithm_type',
      'common_name',
      'create_time',
      'id',
      'instance_id',
      'is_has_trusted_root_ca',
      'name',
      'not_after',
      'project_id',
      'san',
      'signature_algorithm',
      'type',
      'update_time',
    ])

    const random = 'f0fa1789-3b76-433b-a787-9892951c620e'
    const unknown = await sluice.call('listCertificatesV2', { query: { instance_id: random } })
    expect([unknown.status, unknown.body]).toEqual([
      404,
      { error_code: 'APIG.3030', error_msg: `The instance does not exist;id:${random}` },
    ])
    const missing = await sluice.call('listCertificatesV2')
    expect([missing.status, missing.body.error_code]).toEqual([400, 'APIG.2012'])

    await sluice.given('deleteInstancesV2', { instanceId: other as string })
    expect((await sluice.call('createCertificateV2', { body: upload('cert_other', leaf) })).status).toBe(200)
  })

  test('an update replaces the contents, and not for whom they are', async () => {
    await using sluice = await management(engine)
    const { instanceId: instance_id } = sluice
    const { id, create_time } = await keep(sluice, 'cert_one', leaf, { instance_id, trusted_root_ca: root.pem })
    const path = { certificate_id: id as string }
    sluice.now += 5000

    const { status, body } = await sluice.call('updateCertificateV2', { path, body: upload('cert_new', rsa) })

    expect(status).toBe(200)
    expect(body).toMatchObject({
      id,
      name: 'cert_new',
      type: 'instance',
      instance_id,
      san: ['www.a.com'],
      algorithm_type: 'RSA',
      is_has_trusted_root_ca: false,
      create_time,
    })
    expect(body.update_time > create_time).toBe(true)
    expect(await sluice.given('showDetailsOfCertificateV2', { path })).toEqual(body)
    for (const [more, code] of [
      [{ type: 'global' }, 'APIG.2011'],
      [{ instance_id: 'another' }, 'APIG.2011'],
      [{ private_key: ecKey().export({ format: 'pem', type: 'pkcs8' }) }, 'APIG.2101'],
    ] as const) {
      const refused = await sluice.call('updateCertificateV2', { path, body: upload('cert_new', leaf, more) })
      expect([more, refused.status, refused.body.error_code]).toEqual([more, 400, code])
    }
    await sluice.given('updateCertificateV2', {
      path,
      body: upload('cert_new', leaf, { type: 'instance', instance_id }),
    })
    const unknown = await sluice.call('updateCertificateV2', {
      path: { certificate_id: 'abc0' },
      body: upload('cert_new', leaf),
    })
    expect([unknown.status, unknown.body.error_code]).toEqual([404, 'APIG.3021'])
  })
})
