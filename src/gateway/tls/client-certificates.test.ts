/** Client certificates (routing.md §2, §8 check 13). */
import { expect, test } from 'vitest'
import { certificate } from '../../../test/certificates.js'
import { gateway, type TestGateway } from '../../../test/gateway.js'
import { http2Client } from '../../../test/http2-client.js'
import {
  appPart,
  change,
  groupDomain,
  groupPart,
  instancePart,
  mockBackend,
  publicationPart,
} from '../../../test/parts.js'
import { certificatePart, secureCall, secureOptions } from '../../../test/secure-call.js'

const root = certificate({ subject: [['CN', 'root']], san: [], ca: true })
const otherRoot = certificate({ subject: [['CN', 'other root']], san: [], ca: true })
const good = certificate({ subject: [['CN', 'client']], issuer: root })
const ofOther = certificate({ subject: [['CN', 'client']], issuer: otherRoot })
const expired = certificate({ issuer: root, notBefore: new Date(1e12), notAfter: new Date(1.1e12) })
const server = certificate({ san: ['a.com', 'b.com', 'open.com'] })

const identity = ({ pem, keyPem }: typeof good) => ({ cert: pem, key: keyPem })
const port = ({ gateway }: TestGateway): number => gateway.secureAddresses[0]?.port ?? 0

/** `a.com` trusts one root, `b.com` the other; `open.com` asks for nothing. */
async function mutual(): Promise<TestGateway> {
  const domains = [
    groupDomain({ name: 'a.com', certificateIds: ['c1'], verifyClient: true }),
    groupDomain({ name: 'b.com', certificateIds: ['c2'], verifyClient: true }),
    groupDomain({ name: 'open.com', certificateIds: ['c3'] }),
  ]
  const parts = [
    groupPart({ domains }),
    certificatePart('c1', server, { trustedRootCa: root.pem }),
    certificatePart('c2', server, { trustedRootCa: otherRoot.pem }),
    certificatePart('c3', server, { trustedRootCa: root.pem }),
  ]
  return gateway({ api: { backend: mockBackend() }, parts, options: secureOptions() })
}

test.each([
  ['none', {}],
  ['one of another root', identity(ofOther)],
  ['one that signed itself', identity(certificate())],
  ['one that has expired', identity(expired)],
])('routing.md 13: refused in HTTP with %s', async (_name, tls) => {
  await using gw = await mutual()
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { status, code } = await secureCall(port(gw), '/orders', { host: 'a.com', tls: { ...tls, maxVersion } })
    expect([status, code]).toEqual([400, 'APIG.0205'])
  }
})

test('a group has no words of its own for that', async () => {
  await using gw = await mutual()
  const domains = [groupDomain({ name: 'a.com', certificateIds: ['c1'], verifyClient: true })]
  const overrides = { DEFAULT_4XX: { status: 418, body: 'ours' }, NOT_FOUND: { status: 410 } }
  await gw.apply(change([groupPart({ domains, responseSets: [{ id: 'r1', isDefault: true, overrides }] })]))
  expect((await secureCall(port(gw), '/orders', { host: 'a.com' })).status).toBe(400)
  expect((await secureCall(port(gw), '/x', { host: 'a.com', tls: identity(good) })).status).toBe(410)
})

test('admitted with a good one', async () => {
  await using gw = await mutual()
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const tls = { ...identity(good), maxVersion }
    expect((await secureCall(port(gw), '/orders', { host: 'a.com', tls })).status).toBe(200)
  }
})

test('a domain that does not verify asks for none', async () => {
  await using gw = await mutual()
  expect((await secureCall(port(gw), '/orders', { host: 'open.com' })).status).toBe(200)
})

test('the rules are those of the Host, whatever server was named in the handshake', async () => {
  await using gw = await mutual()
  const call = async (host: string, servername: string) =>
    (await secureCall(port(gw), '/orders', { host, tls: { ...identity(good), servername } })).code
  expect(await call('b.com', 'a.com')).toBe('APIG.0205')
  expect(await call('a.com', 'open.com')).toBe('APIG.0205')
  expect(await call('a.com', '')).toBe('APIG.0205')
  expect(await call('open.com', 'a.com')).toBeUndefined()
})

test('no other way to write the Host leads around the rules', async () => {
  await using gw = await mutual()
  const call = async (host: string, servername: string) =>
    (await secureCall(port(gw), '/orders', { host, tls: { servername } })).code
  for (const host of ['A.COM', 'a.com.', 'a.com:8443', 'A.com.:443'])
    for (const servername of ['open.com', 'a.com', ''])
      expect([host, servername, await call(host, servername)]).toEqual([host, servername, 'APIG.0205'])
  const target = `https://a.com/orders`
  expect((await secureCall(port(gw), target, { host: 'open.com', tls: { servername: 'open.com' } })).status).toBe(400)
})

test('streams of one HTTP/2 connection are judged by their own authority', async () => {
  await using gw = await mutual()
  const codes = async (servername: string, tls = {}) => {
    await using client = await http2Client(port(gw), servername, tls)
    const call = async (more: Record<string, string>) => (await client.call('/orders', more)).code ?? 'admitted'
    const named = (authority: string) => call({ ':authority': authority })
    const two = await call({ ':authority': 'open.com', host: 'a.com' })
    return [await named('a.com'), await named('A.com:443'), await named('b.com'), await named('open.com'), two]
  }
  // Two names in one request are none.
  expect(await codes('open.com')).toEqual(['APIG.0205', 'APIG.0205', 'APIG.0205', 'admitted', 'APIG.0201'])
  expect(await codes('a.com', identity(good))).toEqual(['admitted', 'admitted', 'APIG.0205', 'admitted', 'APIG.0201'])
})

const verifying = (more: object = {}) =>
  groupDomain({ name: 'a.com', certificateIds: ['c1'], verifyClient: true, ...more })

/** Of calls to an address, by HTTP and by TLS: with nothing, and with certificates for the servers that are named. */
async function byAddress(gw: TestGateway, headers: Readonly<Record<string, string>> = {}): Promise<unknown[]> {
  const secure = async (tls: object) => {
    const reply = await secureCall(port(gw), '/orders', { host: '127.0.0.1', headers, tls })
    return reply.code ?? reply.status
  }
  const plain = await gw.get('/orders', { host: '127.0.0.1', headers })
  return [
    plain.code ?? plain.status,
    await secure({ servername: '' }),
    await secure({ ...identity(good), servername: '' }),
    await secure({ ...identity(ofOther), servername: 'a.com' }),
    await secure({ ...identity(good), servername: 'a.com' }),
  ]
}
const REFUSED = 'APIG.0205'

test('§3.3: an address is no way around domains that all verify their callers', async () => {
  await using gw = await mutual()
  const domains = (...all: ReturnType<typeof groupDomain>[]) => change([groupPart({ isDefault: true, domains: all })])
  await gw.apply(domains(verifying({ httpPort: -1 })))
  expect(await byAddress(gw)).toEqual([REFUSED, REFUSED, REFUSED, REFUSED, 200])
  // What is open by a name is open by an address.
  await gw.apply(domains(verifying()))
  expect(await byAddress(gw)).toEqual([200, REFUSED, REFUSED, REFUSED, 200])
  await gw.apply(domains(verifying({ httpPort: -1 }), groupDomain({ name: 'open.com', certificateIds: ['c3'] })))
  expect(await byAddress(gw)).toEqual([200, 200, 200, 200, 200])
  await gw.apply(domains())
  expect(await byAddress(gw)).toEqual([200, 200, 200, 200, 200])
})

test('§3.4: nor is a call that finds its API by the app', async () => {
  await using gw = await mutual()
  const on = { enable: true, config: 'on' }
  await gw.apply(
    change([
      instancePart({ features: { app_route: on, app_secret: on } }),
      groupPart({ domains: [verifying({ httpPort: -1 })] }),
      publicationPart({ auth_type: 'APP', backend: mockBackend() }),
      appPart(),
    ]),
  )
  const headers = { 'X-HW-ID': 'key-of-app1', 'X-HW-AppKey': 'secret-of-app1' }
  expect(await byAddress(gw, headers)).toEqual([REFUSED, REFUSED, REFUSED, REFUSED, 200])
})

test('lifecycle §1: public keys, which are for everybody, are told before rules of a domain', async () => {
  await using gw = await mutual()
  await gw.apply(
    change([instancePart({ features: { public_key: { enable: true, config: JSON.stringify({ enable: 'on' }) } } })]),
  )
  const call = async (target: string) => (await secureCall(port(gw), target, { host: 'a.com' })).code
  expect(await call('/apigw/authadv/v2/public-key/nobody')).toBe('APIG.2102')
  expect(await call('/orders')).toBe(REFUSED)
})

test('a session keeps what was verified, and gives nothing to whom showed nothing', async () => {
  await using gw = await mutual()
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const call = async (tls: object) => secureCall(port(gw), '/orders', { host: 'a.com', tls: { maxVersion, ...tls } })
    const known = await call(identity(good))
    const resumed = await call({ session: known.session })
    expect([resumed.resumed, resumed.status]).toEqual([true, 200])
    const unknown = await call({})
    const again = await call({ session: unknown.session })
    expect([again.resumed, again.status, again.code]).toEqual([true, 400, 'APIG.0205'])
  }
})

test('a session is worth nothing when the roots have changed', async () => {
  await using gw = await mutual()
  const known = await secureCall(port(gw), '/orders', { host: 'a.com', tls: identity(good) })
  await gw.apply(change([certificatePart('c1', server, { trustedRootCa: otherRoot.pem })]))
  const tls = known.session === undefined ? {} : { session: known.session }
  const { resumed, code } = await secureCall(port(gw), '/orders', { host: 'a.com', tls })
  expect([resumed, code]).toEqual([false, 'APIG.0205'])
})

test('a domain that verifies, but has lost its roots, admits nobody', async () => {
  await using gw = await mutual()
  await gw.apply(change([certificatePart('c1', server)]))
  const { code } = await secureCall(port(gw), '/orders', { host: 'a.com', tls: identity(good) })
  expect(code).toBe('APIG.0205')
})
