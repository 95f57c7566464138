/** Public keys for backends: policies.md §4, features.md §2, request-lifecycle.md §1 phase 5. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { expect, test } from 'vitest'
import { gateway, type CallOptions, type TestGateway } from '../../test/gateway.js'
import { change, groupPart, instancePart, publicationPart, type ApiSpec } from '../../test/parts.js'
import type { BackendSignature, InstancePart, PublicationPart } from '../snapshot/parts.js'
import { PublicKeys } from './public-keys.js'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const other = generateKeyPairSync('rsa', { modulusLength: 2048 })

const bare = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'der' }).toString('base64')
const pemOf = (key: KeyObject): string => String(key.export({ type: 'spki', format: 'pem' }))
const secret = bare(rsa.privateKey)

const signature = (key: string, of = secret): BackendSignature => ({ type: 'public_key', key, secret: of })

const signed = (key: BackendSignature, spec: ApiSpec = {}): PublicationPart => ({
  ...publicationPart(spec),
  signature: key,
})

const withPublicKeys = (config: object = {}, part: Partial<InstancePart> = {}): InstancePart =>
  instancePart({
    ...part,
    features: { public_key: { enable: true, config: JSON.stringify({ enable: 'on', ...config }) } },
  })

const PREFIX = '/apigw/authadv/v2/public-key/'

async function asked(gw: TestGateway, target: string, options?: CallOptions) {
  const reply = await gw.get(target, options)
  return reply.code === undefined ? reply.body : `${reply.status} ${reply.code}`
}

const NONE = '400 APIG.2102'
const NO_API = '404 APIG.0101'

test('§4: the public half of a key that signs, by its name, while the feature is on', async () => {
  await using gw = await gateway({ parts: [signed(signature('my-key-1'))] })
  expect(await asked(gw, `${PREFIX}my-key-1`)).toBe(NO_API)
  await gw.apply(change([withPublicKeys()]))
  const reply = await gw.get(`${PREFIX}my-key-1`)
  expect([reply.status, reply.headers['content-type'], reply.body]).toEqual([
    200,
    'application/x-pem-file',
    pemOf(rsa.publicKey),
  ])
  expect(createPublicKey(reply.body).equals(rsa.publicKey)).toBe(true)
  expect(gw.backend.requests).toEqual([])
  await gw.apply(change([withPublicKeys({ enable: 'off' })]))
  expect(await asked(gw, `${PREFIX}my-key-1`)).toBe(NO_API)
})

test('§4: where the feature says; a path beside it, and another method, are those of APIs', async () => {
  const api = { id: 'a2', req_uri: '/keys', match_mode: 'SWA', req_method: 'ANY' } as const
  const parts = [withPublicKeys({ public_key_uri_prefix: '/keys/' }), signed(signature('my-key-1'))]
  await using gw = await gateway({ parts, api })
  expect(await asked(gw, '/keys/my-key-1')).toContain('BEGIN PUBLIC KEY')
  expect((await gw.call('HEAD', '/keys/my-key-1')).status).toBe(200)
  expect(gw.backend.requests).toEqual([])
  expect((await gw.get('/keys')).status).toBe(200)
  expect((await gw.post('/keys/my-key-1', 'x')).status).toBe(200)
  expect(gw.backend.requests).toHaveLength(2)
  expect(await asked(gw, `${PREFIX}my-key-1`)).toBe(NO_API)
  await gw.apply(change([withPublicKeys({ public_key_uri_prefix: '/' })]))
  expect(await asked(gw, `${PREFIX}my-key-1`)).toContain('BEGIN PUBLIC KEY')
  expect((await gw.get('/keys/my-key-1')).status).toBe(200)
})

test('§4: a name that is Base64 can be sent as it is, or encoded', async () => {
  const name = rsa.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  await using gw = await gateway({ parts: [withPublicKeys(), signed(signature(name))] })
  for (const sent of [name, encodeURIComponent(name)]) expect(await asked(gw, PREFIX + sent)).toBe(pemOf(rsa.publicKey))
})

test('§4: names that nothing is signed under: 400 APIG.2102', async () => {
  const parts = [
    withPublicKeys(),
    signed(signature('my-key-1')),
    signed({ type: 'hmac', key: 'hmac-key-1', secret: 'secret-of-the-sign' }, { id: 'a2', req_uri: '/2' }),
    signed(signature('none-key', 'x'.repeat(16)), { id: 'a3', req_uri: '/3' }),
  ]
  await using gw = await gateway({ parts })
  const names = ['', 'nobody', 'my-key', 'my-key-1/', '%ff', 'hmac-key-1', 'none-key', 'x'.repeat(9_000)]
  for (const name of names) expect([name, await asked(gw, PREFIX + name)]).toEqual([name, NONE])
})

test('§4: what is bound, replaced and unbound counts at once', async () => {
  await using gw = await gateway({ parts: [withPublicKeys(), publicationPart()] })
  const get = () => asked(gw, `${PREFIX}my-key-1`)
  expect(await get()).toBe(NONE)
  await gw.apply(change([signed(signature('my-key-1')), signed(signature('my-key-1'), { id: 'a2', req_uri: '/2' })]))
  expect(await get()).toBe(pemOf(rsa.publicKey))
  await gw.apply(change([publicationPart()]))
  expect(await get()).toBe(pemOf(rsa.publicKey))
  await gw.apply(change([signed(signature('my-key-1', bare(other.privateKey)), { id: 'a2', req_uri: '/2' })]))
  expect(await get()).toBe(pemOf(other.publicKey))
  await gw.apply(change([], ['publication:a2/release']))
  expect(await get()).toBe(NONE)
})

test('§4: two keys of one name are both told', async () => {
  const parts = [
    withPublicKeys(),
    signed(signature('my-key-1')),
    signed(signature('my-key-1', bare(other.privateKey)), { id: 'a2', req_uri: '/2' }),
  ]
  await using gw = await gateway({ parts })
  expect(await asked(gw, `${PREFIX}my-key-1`)).toBe(pemOf(rsa.publicKey) + pemOf(other.publicKey))
})

test('§4: an instance tells its own keys only, and on its own hosts', async () => {
  const parts = [
    withPublicKeys(),
    withPublicKeys({}, { id: 'i2', createdAt: 2 }),
    groupPart({ id: 'g2', instanceId: 'i2' }),
    signed(signature('my-key-1')),
    signed(signature('my-key-1', bare(other.privateKey)), { id: 'a2', instanceId: 'i2', groupId: 'g2' }),
  ]
  await using gw = await gateway({ parts })
  expect(await asked(gw, `${PREFIX}my-key-1`)).toBe(pemOf(rsa.publicKey))
  expect(await asked(gw, `${PREFIX}my-key-1`, { host: 'g2.apic.test' })).toBe(pemOf(other.publicKey))
  expect(await asked(gw, `${PREFIX}my-key-1`, { host: 'nowhere.test' })).toBe(NO_API)
})

test('features §2: while public_key is off, keys of that type do not sign: 500 APIG.0705, and nothing is sent', async () => {
  await using gw = await gateway({ parts: [signed(signature('my-key-1'))] })
  const answer = async () => {
    const { status, code } = await gw.get('/orders')
    return code ?? status
  }
  expect([await answer(), gw.backend.requests.length]).toEqual(['APIG.0705', 0])
  await gw.apply(change([withPublicKeys()]))
  expect([await answer(), gw.backend.requests.length]).toEqual([200, 1])
  await gw.apply(change([instancePart()]))
  expect([await answer(), gw.backend.requests.length]).toEqual(['APIG.0705', 1])
})

test('what was added and removed leaves nothing, whatever the order', () => {
  const keys = new PublicKeys()
  keys.remove(signature('my-key-1'))
  keys.add(signature('my-key-1'))
  keys.add(signature('my-key-1'))
  keys.remove(signature('my-key-1', 'another'))
  keys.remove(signature('my-key-1'))
  expect(keys.pemOf('my-key-1')).toBe(pemOf(rsa.publicKey))
  keys.remove(signature('my-key-1'))
  expect(keys.pemOf('my-key-1')).toBeUndefined()
})
