/** Signature keys: policies.md §4 and check 8 of §10, by a backend in Python that shares no code with the gateway. */
import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { anExchange } from '../../../test/exchange.js'
import { gateway, type TestGateway } from '../../../test/gateway.js'
import { change, groupPart, instancePart, mockBackend, publicationPart, type ApiSpec } from '../../../test/parts.js'
import { signatureBackend } from '../../../test/signature-backend.js'
import type { BackendSignature, PublicationPart } from '../../snapshot/parts.js'
import type { ForwardPlan } from '../exchange.js'
import { compileBackendSignature } from './backend-signature.js'

function signedApi(signature: BackendSignature, address: string, spec: ApiSpec = {}): PublicationPart {
  const backend = { url_domain: address, req_uri: '/v1', ...spec.backend }
  const api = publicationPart({ req_method: 'ANY', req_uri: '/', match_mode: 'SWA', ...spec, backend })
  return { ...api, signature }
}

interface Seen {
  readonly verdict: string
  readonly headers: readonly (readonly [string, string])[]
}

const called = async (gw: TestGateway, ...args: Parameters<TestGateway['call']>): Promise<Seen> =>
  (await gw.call(...args)).json() as Seen

const valuesOf = ({ headers }: Seen, name: string): string[] =>
  headers.filter(([header]) => header === name).map(([, value]) => value)

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const publicKey = pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' })
const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'der' })
  .toString('base64')
const pkcs8 = pair.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')

const withPublicKeys = instancePart({ features: { public_key: { enable: true, config: '{"enable":"on"}' } } })

const keys: [string, BackendSignature][] = [
  ['hmac', { type: 'hmac', key: 'key_of_sign', secret: 'secret-of-the-sign' }],
  ['basic', { type: 'basic', key: 'user_1', secret: 'pass:word/ä' }],
  ['public_key, PEM', { type: 'public_key', key: publicKey, secret: String(pem) }],
  ['public_key, its body', { type: 'public_key', key: publicKey, secret: pkcs8 }],
  ['aes-128-cfb', { type: 'aes', algorithm: 'aes-128-cfb', key: '0123456789abcdef', secret: 'fedcba9876543210' }],
  [
    'aes-256-cfb',
    { type: 'aes', algorithm: 'aes-256-cfb', key: '0123456789abcdef0123456789ABCDEF', secret: 'fedcba9876543210' },
  ],
]

test.each(keys)('policies.md 8: %s: the backend computes the same', async (_, key) => {
  await using gw = await gateway({ parts: [withPublicKeys, signedApi(key, await signatureBackend(key))] })
  const verdicts = []
  for (const target of ['/', '/a%2Fb/%C3%A4?b=2&a=1&a=&c', '/x?q=a+b%20c&Q=~'])
    verdicts.push((await called(gw, 'GET', target)).verdict)
  verdicts.push((await called(gw, 'POST', '/p', { body: '{"order":1}' })).verdict)
  const chunked = { headers: { 'Transfer-Encoding': 'chunked' }, body: 'streamed' }
  verdicts.push((await called(gw, 'PUT', '/p', chunked)).verdict)
  expect(verdicts).toEqual(Array(5).fill('ok'))
})

test('policies.md 8: the backend refuses what the gateway has not signed with its key', async () => {
  const [, key] = keys[0] ?? []
  if (key === undefined) throw new Error('There is no key.')
  const address = await signatureBackend({ ...key, secret: 'another-secret-altogether' })
  await using gw = await gateway({ parts: [signedApi(key, address)] })
  expect((await called(gw, 'GET', '/')).verdict).toBe('another signature')
})

const hmac: BackendSignature = { type: 'hmac', key: 'key_of_sign', secret: 'secret-of-the-sign' }

test('§4: what a client or a mapping says in the headers of the signature does not reach the backend', async () => {
  const address = await signatureBackend(hmac)
  const params = [{ name: 'Authorization', location: 'HEADER', origin: 'CONSTANT', value: 'mapped' }] as const
  await using gw = await gateway({ parts: [signedApi(hmac, address, { backend: { params } })] })
  const headers = {
    Authorization: 'mine',
    'X-Sdk-Date': '20200101T000000Z',
    'X-Sdk-Content-Sha256': 'UNSIGNED-PAYLOAD',
  }
  const seen = await called(gw, 'POST', '/', { headers, body: 'x' })
  expect(seen.verdict).toBe('ok')
  expect(valuesOf(seen, 'authorization')).toHaveLength(1)
  expect(valuesOf(seen, 'x-sdk-date')).toHaveLength(1)
  expect(valuesOf(seen, 'x-sdk-content-sha256')).toEqual([])
})

test('features: custom_auth_header.backend_sign_header, live', async () => {
  const address = await signatureBackend({ ...hmac, header: 'X-Gateway-Auth' })
  await using gw = await gateway({ parts: [signedApi(hmac, address)] })
  const headers = { Authorization: 'mine' }
  expect((await called(gw, 'GET', '/', { headers })).verdict).not.toBe('ok')
  const config = JSON.stringify({ enable: 'on', app_auth_header: '', backend_sign_header: 'X-Gateway-Auth' })
  await gw.apply(change([instancePart({ features: { custom_auth_header: { enable: true, config } } })]))
  const seen = await called(gw, 'GET', '/', { headers })
  expect([seen.verdict, valuesOf(seen, 'authorization')]).toEqual(['ok', ['mine']])
})

test('a key that is bound, replaced and unbound counts at once; mocks are not signed', async () => {
  await using gw = await gateway({ api: {} })
  const seen = async () => {
    await gw.get('/orders')
    return gw.backend.requests.at(-1)?.headers['authorization']
  }
  expect(await seen()).toBeUndefined()
  const basic: BackendSignature = { type: 'basic', key: 'user', secret: 'password' }
  await gw.apply(change([{ ...publicationPart(), signature: basic }]))
  expect(await seen()).toBe('Basic dXNlcjpwYXNzd29yZA==')
  expect(await seen()).toBe('Basic dXNlcjpwYXNzd29yZA==')
  await gw.apply(change([publicationPart()]))
  expect(await seen()).toBeUndefined()
  await gw.apply(change([{ ...publicationPart({ backend: mockBackend() }), signature: hmac }]))
  expect((await gw.get('/orders')).body).toBe('{"mock":true}')
})

test.each<[string, BackendSignature]>([
  ['a private key that is none', { type: 'public_key', key: publicKey, secret: 'x'.repeat(16) }],
  ['a private key that is not for RSA', { type: 'public_key', key: 'elliptic', secret: elliptic }],
  ['a key of another length', { type: 'aes', algorithm: 'aes-256-cfb', key: 'short', secret: 'fedcba9876543210' }],
])('%s: 500 APIG.0705, and nothing is sent', async (_, key) => {
  await using gw = await gateway({ parts: [withPublicKeys, groupPart(), { ...publicationPart(), signature: key }] })
  const reply = await gw.get('/orders')
  expect([reply.status, reply.code, gw.backend.requests.length, gw.faults]).toEqual([500, 'APIG.0705', 0, []])
})

test('a repetition to another host is signed for that one, from the plan that was not signed', () => {
  const step = compileBackendSignature(hmac, { signatureHeader: '', publicKeyPrefix: undefined })
  const exchange = anExchange()
  const origin = { host: 'a', port: 80, tls: false }
  const base = { origin, method: 'GET', target: '/', drop: new Set<string>(), add: 'X: 1\r\n', timeout: 1, retries: 1 }
  const plan: ForwardPlan = { ...base, host: 'a', again: (_, failed) => ({ ...failed, host: 'b' }) }
  exchange.plan = plan
  void step?.(exchange)
  const first = exchange.plan
  const second = first.again?.(exchange, first, [])
  const third = second?.again?.(exchange, second, [])
  const signatures = [first, second, third].map((one) => /Signature=(\w+)/.exec(one?.add ?? '')?.[1])
  expect(signatures.every((signature) => signature?.length === 64)).toBe(true)
  expect([second?.host, third?.host]).toEqual(['b', 'b'])
  expect(signatures[0]).not.toBe(signatures[1])
  expect(third?.add.match(/Authorization:/g)).toHaveLength(1)
})
