/** TLS towards callers, by real clients: routing.md §2 and the checks of its §8 by number. */
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { certificate, rsaKey, type TestCertificate } from '../../../test/certificates.js'
import { gateway, type GatewaySpec, type TestGateway } from '../../../test/gateway.js'
import { appPart, change, groupDomain, groupPart, instancePart, mockBackend } from '../../../test/parts.js'
import { certificatePart, secureCall, secureOptions, type SecureCall } from '../../../test/secure-call.js'
import type { GroupDomain, Part } from '../../snapshot/parts.js'

const port = ({ gateway }: TestGateway): number => gateway.secureAddresses[0]?.port ?? 0

/** A gateway whose group has domains, with certificates. */
function domains(list: readonly GroupDomain[], certificates: Readonly<Record<string, TestCertificate>>): Part[] {
  const parts = Object.entries(certificates).map(([id, one]) => certificatePart(id, one))
  return [groupPart({ domains: list }), ...parts]
}

const secureGateway = (spec: GatewaySpec): Promise<TestGateway> =>
  gateway({ api: { backend: mockBackend() }, ...spec, options: secureOptions(spec.options) })

test('the default certificate for debugging domains, unknown names and no name at all', async () => {
  await using gw = await secureGateway({})
  const replies = [
    await secureCall(port(gw), '/orders'),
    await secureCall(port(gw), '/orders', { tls: { servername: 'unknown.example' } }),
    await secureCall(port(gw), '/orders', { tls: { servername: '' } }),
  ]
  expect(replies.map(({ status, subject, version }) => [status, subject, version])).toEqual(
    Array(3).fill([200, 'Sluice default', 'TLSv1.3']),
  )
})

test('the certificate of the exact name, else of the wildcard for one label', async () => {
  const exact = certificate({ san: ['x.a.com'] })
  const wildcard = certificate({ san: ['*.a.com'] })
  const list = [
    groupDomain({ name: '*.a.com', certificateIds: ['c1'] }),
    groupDomain({ name: 'x.a.com', certificateIds: ['c2'] }),
  ]
  await using gw = await secureGateway({ parts: domains(list, { c1: wildcard, c2: exact }) })
  const shown = async (host: string) => (await secureCall(port(gw), '/orders', { host })).subject
  expect([await shown('x.a.com'), await shown('Y.A.com'), await shown('z.y.a.com'), await shown('a.com')]).toEqual([
    'x.a.com',
    '*.a.com',
    'Sluice default',
    'Sluice default',
  ])
})

test('a client gets the kind of key that it can use, of two certificates for one name', async () => {
  const list = [groupDomain({ name: 'a.com', certificateIds: ['rsa', 'ecc'] })]
  const both = { rsa: certificate({ san: ['a.com'], key: rsaKey() }), ecc: certificate({ san: ['a.com'] }) }
  await using gw = await secureGateway({ parts: domains(list, both) })
  const by = async (ciphers: string) => {
    const { subject, keyType } = await secureCall(port(gw), '/orders', {
      host: 'a.com',
      tls: { ciphers, maxVersion: 'TLSv1.2' },
    })
    return [subject, keyType]
  }
  expect(await by('ECDHE-RSA-AES128-GCM-SHA256')).toEqual(['a.com', 'rsa'])
  expect(await by('ECDHE-ECDSA-AES128-GCM-SHA256')).toEqual(['a.com', 'ec'])
})

test('a client that can use none of the domain’s certificates never gets the default one', async () => {
  const list = [groupDomain({ name: 'a.com', certificateIds: ['rsa'] })]
  await using gw = await secureGateway({
    parts: domains(list, { rsa: certificate({ san: ['a.com'], key: rsaKey() }) }),
  })
  const call: SecureCall = { host: 'a.com', tls: { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } }
  await expect(secureCall(port(gw), '/orders', call)).rejects.toThrow(/handshake failure/)
})

test('a replaced certificate is that of the next connection', async () => {
  const list = [groupDomain({ name: 'a.com', certificateIds: ['c1'] })]
  const [before, after] = [1, 2].map((n) => certificate({ san: ['a.com'], subject: [['CN', `version ${n}`]] })) as [
    TestCertificate,
    TestCertificate,
  ]
  await using gw = await secureGateway({ parts: domains(list, { c1: before }) })
  const shown = async () => (await secureCall(port(gw), '/orders', { host: 'a.com' })).subject
  expect(await shown()).toBe('version 1')
  await gw.apply(change([certificatePart('c1', after)]))
  expect(await shown()).toBe('version 2')
  await gw.apply(change([groupPart({ domains: [] })], ['certificate:c1']))
  expect(await shown()).toBe('Sluice default')
})

test('a certificate that OpenSSL refuses is a fault, and the default one is shown', async () => {
  const list = [groupDomain({ name: 'a.com', certificateIds: ['c1'] })]
  const { pem } = certificate()
  const broken = certificatePart('c1', certificate({ san: ['a.com'] }), { chain: pem })
  await using gw = await secureGateway({ parts: [groupPart({ domains: list }), broken] })
  const { status, subject } = await secureCall(port(gw), '/orders', { host: 'a.com' })
  expect([status, subject, gw.faults.length]).toEqual([200, 'Sluice default', 1])
})

const legacy = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const

test('routing.md 14: TLS 1.1 is told in HTTP that it is not enough, unless the domain admits it', async () => {
  const list = [
    groupDomain({ name: 'old.com', certificateIds: ['c1'], minTls: 'TLSv1.1' }),
    groupDomain({ name: 'new.com', certificateIds: ['c1'] }),
  ]
  const parts = domains(list, { c1: certificate({ san: ['old.com', 'new.com'] }) })
  await using gw = await secureGateway({ parts })
  const old = await secureCall(port(gw), '/orders', { host: 'old.com', tls: legacy })
  expect([old.status, old.version, old.subject]).toEqual([200, 'TLSv1.1', 'old.com'])
  const modern = await secureCall(port(gw), '/orders', { host: 'new.com', tls: legacy })
  expect([modern.status, modern.code, JSON.parse(modern.body)]).toMatchObject([
    400,
    'APIG.0204',
    { error_msg: 'SSL protocol is not supported: TLSv1.1' },
  ])
  expect((await secureCall(port(gw), '/orders', { tls: legacy })).code).toBe('APIG.0204')
  // A name that admits it, for the Host of one that doesn't.
  const crossed = await secureCall(port(gw), '/orders', { host: 'new.com', tls: { ...legacy, servername: 'old.com' } })
  expect(crossed.code).toBe('APIG.0204')
})

test('TLS 1.0 gets no handshake', async () => {
  await using gw = await secureGateway({})
  const tls = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
  await expect(secureCall(port(gw), '/orders', { tls })).rejects.toThrow(/protocol version/)
})

test('ssl_ciphers limits TLS 1.2, and does not touch 1.3', async () => {
  const config = JSON.stringify({ ssl_ciphers: ['ECDHE-ECDSA-AES256-GCM-SHA384'] })
  const limited = instancePart({ features: { ssl_ciphers: { enable: true, config } } })
  await using gw = await secureGateway({ parts: [limited] })
  const by = async (ciphers: string) =>
    (await secureCall(port(gw), '/orders', { tls: { ciphers, maxVersion: 'TLSv1.2' } })).cipher
  expect(await by('ECDHE-ECDSA-AES256-GCM-SHA384')).toBe('ECDHE-ECDSA-AES256-GCM-SHA384')
  await expect(by('ECDHE-ECDSA-AES128-GCM-SHA256')).rejects.toThrow(/handshake failure/)
  expect((await secureCall(port(gw), '/orders')).version).toBe('TLSv1.3')
  await gw.apply(change([instancePart()]))
  expect(await by('ECDHE-ECDSA-AES128-GCM-SHA256')).toBe('ECDHE-ECDSA-AES128-GCM-SHA256')
})

test('AppCode over HTTPS, and not over HTTP', async () => {
  const api = { auth_type: 'APP', app_code_auth_type: 'HEADER', backend: mockBackend() } as const
  await using gw = await secureGateway({ api, parts: [appPart({ codes: ['code-of-app1'] })] })
  const headers = { 'X-Apig-AppCode': 'code-of-app1' }
  expect((await secureCall(port(gw), '/orders', { headers })).status).toBe(200)
  expect((await gw.get('/orders', { headers })).code).toBe('APIG.0303')
  expect((await secureCall(port(gw), '/orders', { headers: { 'X-Apig-AppCode': 'another' } })).code).toBe('APIG.0303')
})

test('a backend is told that the caller came by https', async () => {
  await using gw = await secureGateway({ api: {} })
  await secureCall(port(gw), '/orders')
  expect(gw.backend.requests[0]?.headers).toMatchObject({
    'x-forwarded-proto': 'https',
    'x-forwarded-port': String(port(gw)),
  })
})

test('a body of 300 KB goes there and back', async () => {
  await using gw = await secureGateway({ api: { req_method: 'POST' } })
  gw.backend.answer = (response, request) => response.end(request.body)
  const body = 'x'.repeat(300_000)
  const reply = await secureCall(port(gw), '/orders', { method: 'POST', body })
  expect([reply.status, reply.body === body]).toEqual([200, true])
})

test('sessions are resumed, also by another process of the node, but not for another domain', async () => {
  const list = [
    groupDomain({ name: 'a.com', certificateIds: ['c1'] }),
    groupDomain({ name: 'b.com', certificateIds: ['c2'] }),
  ]
  const parts = domains(list, { c1: certificate({ san: ['a.com'] }), c2: certificate({ san: ['b.com'] }) })
  const ticketSecret = Buffer.alloc(32, 7)
  const tls = { ...secureOptions().tls, ticketSecret }
  await using one = await secureGateway({ parts, options: { tls } })
  await using two = await secureGateway({ parts, options: { tls } })
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const first = await secureCall(port(one), '/orders', { host: 'a.com', tls: { maxVersion } })
    const again = { maxVersion, ...(first.session && { session: first.session }) }
    const resumed = await secureCall(port(two), '/orders', { host: 'a.com', tls: again })
    const elsewhere = await secureCall(port(two), '/orders', { host: 'b.com', tls: again })
    expect([first.resumed, resumed.resumed, elsewhere.resumed, elsewhere.status]).toEqual([false, true, false, 200])
  }
})

test('what is no TLS is closed, and so is a client that says nothing', async () => {
  await using gw = await secureGateway({ options: { engine: { handshakeTimeout: 100 } } })
  const reply = (sent: string) =>
    new Promise<Buffer>((resolve, reject) => {
      const pieces: Buffer[] = []
      const socket = connect(port(gw), '127.0.0.1', () => socket.write(sent))
      socket.on('data', (piece: Buffer) => pieces.push(piece))
      socket.on('error', reject)
      socket.on('close', () => resolve(Buffer.concat(pieces)))
    })
  expect((await reply('GET / HTTP/1.1\r\nHost: a\r\n\r\n')).toString('latin1')).not.toContain('HTTP')
  expect(await reply('')).toHaveLength(0)
  expect(await reply('\x16\x03\x01\x02')).toHaveLength(0)
})
