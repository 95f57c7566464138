/** Calls to a gateway over TLS, with all that a test wants to say in the handshake. */
import { request } from 'node:https'
import type { OutgoingHttpHeaders } from 'node:http'
import { TLSSocket, type ConnectionOptions } from 'node:tls'
import { makeCertificates } from '../src/gateway/tls/default-certificate.js'
import type { CertificatePart } from '../src/snapshot/parts.js'
import type { GatewaySpec } from './gateway.js'
import type { TestCertificate } from './certificates.js'

/** Made once: an RSA key takes its time. */
const defaults = makeCertificates()

/** Options of a gateway that also listens for HTTPS. */
export function secureOptions(options: GatewaySpec['options'] = {}): NonNullable<GatewaySpec['options']> {
  return { https: [{ host: '127.0.0.1', port: 0 }], tls: { defaultCertificates: defaults }, ...options }
}

export function certificatePart(
  id: string,
  certificate: TestCertificate,
  part: Partial<CertificatePart> = {},
): CertificatePart {
  const algorithm = certificate.key.asymmetricKeyType === 'rsa' ? 'RSA' : 'ECC'
  return { kind: 'certificate', id, algorithm, chain: certificate.pem, privateKey: certificate.keyPem, ...part }
}

export interface SecureCall {
  /** Default: the debugging domain of group `g1`. Also the server name, unless `tls` has another. */
  readonly host?: string
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
  readonly tls?: ConnectionOptions
}

export interface SecureReply {
  readonly status: number
  readonly body: string
  readonly code: string | undefined
  readonly headers: Record<string, string | string[] | undefined>
  readonly version: string | null
  readonly cipher: string
  /** Common name of the certificate that the gateway showed. */
  readonly subject: string
  readonly keyType: string | undefined
  readonly resumed: boolean
  /** What the next connection may resume. */
  readonly session: Buffer | undefined
}

/** One request on a connection of its own. Certificates are not verified unless `tls` says so. */
export function secureCall(port: number, path: string, call: SecureCall = {}): Promise<SecureReply> {
  const { host = 'g1.apic.test', method = 'GET', headers = {}, body, tls = {} } = call
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port,
      path,
      method,
      agent: false,
      servername: host,
      rejectUnauthorized: false,
      headers: { Host: host, ...headers },
      ...tls,
    })
    let session: Buffer | undefined
    sent.on('error', reject)
    sent.on('socket', (socket) => socket.on('session', (ticket: Buffer) => (session = ticket)))
    sent.on('response', (response) => {
      const { socket } = response
      if (!(socket instanceof TLSSocket)) throw new Error('this reply did not come by TLS')
      const shown = socket.getPeerX509Certificate()
      const facts = {
        version: socket.getProtocol(),
        cipher: socket.getCipher().name,
        subject: /CN=(.*)/.exec(shown?.subject ?? '')?.[1] ?? '',
        keyType: shown?.publicKey.asymmetricKeyType,
        resumed: socket.isSessionReused(),
      }
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(pieces).toString()
        const code = /"error_code":"([^"]*)"/.exec(text)?.[1]
        resolve({ status: response.statusCode ?? 0, body: text, code, headers: response.headers, ...facts, session })
      })
    })
    sent.end(body)
  })
}
