/**
 * Turns accepted connections into secure ones. A TLS context is made for a profile by the first handshake that needs
 * it, so that a certificate which has been replaced is used by the next connection, and by no kept one.
 */
import { createHash, hkdfSync } from 'node:crypto'
import type { Socket } from 'node:net'
import tls from 'node:tls'
import type { TlsFacts } from '../exchange.js'
import type { ClientHello } from './client-hello.js'
import type { KeyPair } from './default-certificate.js'
import type { TlsProfile } from './profile.js'

export interface SecureServersOptions {
  /** For profiles without certificates. */
  readonly defaultCertificates: readonly KeyPair[]
  /** What session tickets are sealed with: processes that share it accept each other's. */
  readonly ticketSecret: Buffer
  readonly onSecure: (socket: tls.TLSSocket, facts: TlsFacts) => void
  /** A context that cannot be made, for instance because OpenSSL refuses a certificate. */
  readonly fault: (error: unknown) => void
}

const TLS_1_1 = 0x0302
/** Node takes 0 for its default, and keeps no time for what is below. */
const NONE = -1
/** TLS 1.1 has no suites with SHA-2, and OpenSSL 3 takes the ones that it has for insecure. */
const LEGACY_CIPHERS = [
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  '@SECLEVEL=0',
]
const TLS_1_3_CIPHERS = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256']
/** Milliseconds for which tickets are sealed with the same key. */
const TICKET_PERIOD = 12 * 3_600_000
/** Bytes: a name and two keys, as Node takes them. */
const TICKET_KEYS = 48
/** Seconds for which a session can be resumed. */
const SESSION_LIFE = 3_600

interface SecureServer {
  readonly server: tls.Server
  readonly identity: string
  ticketPeriod: number
}

export class SecureServers {
  readonly #modern = new WeakMap<TlsProfile, SecureServer>()
  readonly #legacy = new WeakMap<TlsProfile, SecureServer>()

  constructor(private readonly options: SecureServersOptions) {}

  /** Goes on with the handshake of a connection whose first bytes, put back into it, are this hello. */
  serve(socket: Socket, profile: TlsProfile, hello: ClientHello | 'none'): void {
    // Who can do better gets no context that can do worse; who can do only TLS 1.1 is told so after the handshake.
    const legacy = hello !== 'none' && hello.version === TLS_1_1 && !hello.isFallback
    const known = legacy ? this.#legacy : this.#modern
    let server = known.get(profile)
    if (server === undefined) known.set(profile, (server = this.#make(profile, legacy)))
    this.#renewTicketKeys(server)
    server.server.emit('connection', socket)
  }

  #make(profile: TlsProfile, legacy: boolean): SecureServer {
    try {
      return this.#makeFrom(profile, legacy)
    } catch (error) {
      this.options.fault(error)
      return this.#makeFrom({ ...profile, certificates: [], trustedRoots: undefined }, legacy)
    }
  }

  #makeFrom(profile: TlsProfile, legacy: boolean): SecureServer {
    const { ciphers, trustedRoots, http2 } = profile
    const certificates = profile.certificates.length > 0 ? profile.certificates : this.options.defaultCertificates
    const identity = identityOf(certificates, profile, legacy)
    const server = tls.createServer({
      cert: certificates.map(({ chain }) => chain),
      key: certificates.map(({ privateKey }) => privateKey),
      minVersion: legacy ? 'TLSv1.1' : 'TLSv1.2',
      maxVersion: legacy ? 'TLSv1.1' : 'TLSv1.3',
      ciphers: (legacy ? LEGACY_CIPHERS : [...TLS_1_3_CIPHERS, ...ciphers]).join(':'),
      honorCipherOrder: true,
      // A client without a good certificate is told so in HTTP (routing.md §2).
      requestCert: trustedRoots !== undefined,
      rejectUnauthorized: false,
      ...(trustedRoots !== undefined && { ca: trustedRoots, allowPartialTrustChain: true }),
      // HTTP/2 asks for TLS 1.2 (RFC 9113 §9.2).
      ALPNProtocols: http2 && !legacy ? ['h2', 'http/1.1'] : ['http/1.1'],
      // Whoever accepted the connection looks at the time.
      handshakeTimeout: NONE,
      sessionTimeout: SESSION_LIFE,
      // Whoever was verified for one domain is not by that verified for another.
      sessionIdContext: identity.slice(0, 32),
    })
    server.on('secureConnection', (socket) => {
      this.options.onSecure(socket, {
        version: socket.getProtocol() ?? '',
        verifiedBy: trustedRoots !== undefined && isVerified(socket) ? trustedRoots : undefined,
      })
    })
    return { server, identity, ticketPeriod: -1 }
  }

  #renewTicketKeys(server: SecureServer): void {
    const period = Math.floor(Date.now() / TICKET_PERIOD)
    if (server.ticketPeriod === period) return
    server.ticketPeriod = period
    const keys = hkdfSync('sha256', this.options.ticketSecret, server.identity, `tickets ${period}`, TICKET_KEYS)
    server.server.setTicketKeys(Buffer.from(keys))
  }
}

/** Node counts a TLS 1.3 session that was resumed without any certificate as authorized: it looks at no certificate. */
function isVerified(socket: tls.TLSSocket): boolean {
  return socket.authorized && socket.getPeerX509Certificate() !== undefined
}

/** The same for contexts, in whatever process, that may resume each other's sessions. */
function identityOf(certificates: readonly KeyPair[], profile: TlsProfile, legacy: boolean): string {
  const parts = [legacy, profile.trustedRoots ?? null, profile.ciphers, ...certificates.map(({ chain }) => chain)]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
