/** TLS towards backends (backends.md §2). */
import net from 'node:net'
import tls from 'node:tls'
import type { BackendIdentity, Origin } from '../exchange.js'

/**
 * Backends sign their certificates themselves, as a rule: they are verified where the API presents the gateway's own,
 * and there is something to verify with.
 */
const anonymous = tls.createSecureContext()
const contexts = new WeakMap<BackendIdentity, tls.SecureContext>()
/** The last session of an address that can be resumed. */
const sessions = new WeakMap<Origin, Buffer>()

/**
 * Connects to a backend; the first thing that the handshake tells it is its name.
 *
 * @param protocols for ALPN
 * @throws when the certificate that is to be presented cannot be read
 */
export function connectTls(origin: Origin, lookup: net.LookupFunction, protocols?: readonly string[]): tls.TLSSocket {
  const { host, port, identity } = origin
  const session = sessions.get(origin)
  const socket = tls.connect({
    host,
    port,
    lookup,
    // An address is no name that SNI could carry.
    servername: net.isIP(host) === 0 ? host : '',
    secureContext: identity === undefined ? anonymous : contextOf(identity),
    rejectUnauthorized: identity?.ca !== undefined,
    // Without a name there is only the address that the certificate could be for.
    checkServerIdentity: (name, certificate) => tls.checkServerIdentity(name === '' ? host : name, certificate),
    ...(protocols !== undefined && { ALPNProtocols: [...protocols] }),
    ...(session !== undefined && { session }),
  })
  socket.on('session', (ticket: Buffer) => sessions.set(origin, ticket))
  return socket
}

function contextOf(identity: BackendIdentity): tls.SecureContext {
  const known = contexts.get(identity)
  if (known !== undefined) return known
  const { ca, certificate, key } = identity
  const made = tls.createSecureContext({ cert: certificate, key, ...(ca !== undefined && { ca }) })
  contexts.set(identity, made)
  return made
}
