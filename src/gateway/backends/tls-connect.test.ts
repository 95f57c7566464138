/** TLS towards backends (backends.md §2), by a real server. */
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { certificate, type TestCertificate } from '../../../test/certificates.js'
import { gateway, type TestGateway } from '../../../test/gateway.js'
import { change, instancePart, publicationPart } from '../../../test/parts.js'

const root = certificate({ subject: [['CN', 'root']], san: [], ca: true })
const own = certificate({ subject: [['CN', 'the gateway']], issuer: root })

interface Seen {
  /** Server name of the handshake; `false` when there was none. */
  readonly serverName: unknown
  readonly client: string | undefined
  readonly resumed: boolean
}

interface SecureBackend extends AsyncDisposable {
  readonly port: number
  readonly seen: Seen[]
}

/** Asks for a certificate of the gateway, takes any, and says which. Keeps no connection. */
async function secureBackend(pair: TestCertificate): Promise<SecureBackend> {
  const seen: Seen[] = []
  const server = createServer(
    { cert: pair.pem, key: pair.keyPem, ca: root.pem, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const { socket } = request
      if (!(socket instanceof TLSSocket)) throw new Error('this request did not come by TLS')
      const client = /CN=(.*)/.exec(socket.getPeerX509Certificate()?.subject ?? '')?.[1]
      seen.push({ serverName: Reflect.get(socket, 'servername'), client, resumed: socket.isSessionReused() })
      response.setHeader('Connection', 'close').end('secure')
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The configuration of `backend_client_certificate`. */
const feature = (more: Readonly<Record<string, string>> = {}) =>
  instancePart({
    features: {
      backend_client_certificate: {
        enable: true,
        config: JSON.stringify({ enable: 'on', content: own.pem, key: own.keyPem, ca: root.pem, ...more }),
      },
    },
  })

function calling(
  port: number,
  client_ssl: boolean,
  host = 'localhost',
  instance = instancePart(),
): Promise<TestGateway> {
  const backend = { req_protocol: 'HTTPS', url_domain: `${host}:${port}`, client_ssl, retry_count: 0 } as const
  return gateway({ api: { backend }, parts: [instance] })
}

test('a certificate that signed itself is good enough, the name is said, and nothing is shown', async () => {
  await using backend = await secureBackend(certificate({ san: ['elsewhere.example'] }))
  await using gw = await calling(backend.port, false, 'localhost', feature())
  expect((await gw.get('/orders')).body).toBe('secure')
  expect(backend.seen).toEqual([{ serverName: 'localhost', client: undefined, resumed: false }])
})

test('an address is not said as a name', async () => {
  await using backend = await secureBackend(certificate())
  await using gw = await calling(backend.port, false, '127.0.0.1')
  expect((await gw.get('/orders')).body).toBe('secure')
  expect(backend.seen[0]?.serverName).toBe(false)
})

test('the instance’s certificate is shown where the API asks for it, and the backend is verified', async () => {
  const good = certificate({ san: ['localhost'], issuer: root })
  await using backend = await secureBackend(good)
  await using gw = await calling(backend.port, true, 'localhost', feature())
  expect((await gw.get('/orders')).body).toBe('secure')
  expect(backend.seen[0]?.client).toBe('the gateway')
  // Switched off again, nothing is shown.
  await gw.apply(change([instancePart()]))
  expect((await gw.get('/orders')).body).toBe('secure')
  expect(backend.seen[1]?.client).toBeUndefined()
})

test.each([
  ['of another name', certificate({ san: ['elsewhere.example'], issuer: root })],
  ['that signed itself', certificate({ san: ['localhost'] })],
  ['that has expired', certificate({ san: ['localhost'], issuer: root, notAfter: new Date(Date.now() - 1000) })],
])('a backend with a certificate %s is not called', async (_name, pair) => {
  await using backend = await secureBackend(pair)
  await using gw = await calling(backend.port, true, 'localhost', feature())
  const { status, code } = await gw.get('/orders')
  expect([status, code, backend.seen]).toEqual([502, 'APIG.0202', []])
  // Without roots there is nothing to verify with; the certificate is shown all the same.
  await gw.apply(change([feature({ ca: '' })]))
  expect((await gw.get('/orders')).body).toBe('secure')
  expect(backend.seen[0]?.client).toBe('the gateway')
})

test('a certificate that cannot be used is as if there were none', async () => {
  await using backend = await secureBackend(certificate())
  await using gw = await calling(backend.port, true, 'localhost', feature({ key: certificate().keyPem }))
  expect((await gw.get('/orders')).body).toBe('secure')
  expect(backend.seen[0]?.client).toBeUndefined()
})

test('sessions are resumed, and not by those who show another certificate', async () => {
  await using backend = await secureBackend(certificate({ san: ['localhost'], issuer: root }))
  await using gw = await calling(backend.port, true, 'localhost', feature())
  await gw.get('/orders')
  await gw.get('/orders')
  const plain = { req_protocol: 'HTTPS', url_domain: `localhost:${backend.port}` } as const
  await gw.apply(change([publicationPart({ backend: plain })]))
  await gw.get('/orders')
  expect(backend.seen.map(({ client, resumed }) => [client, resumed])).toEqual([
    ['the gateway', false],
    ['the gateway', true],
    [undefined, false],
  ])
})
