import { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/**
 * The accepted socket under a secure one. A server of TLS does not tell which one it was given; what Node keeps it in
 * is asked by its name, and where it has another, the socket is found by its two ends.
 *
 * @param all those that it can be
 */
export function acceptedUnder(secure: TLSSocket, all: Iterable<Socket>): Socket | undefined {
  const parent: unknown = Reflect.get(secure, '_parent')
  if (parent instanceof Socket) return parent
  const wanted = ends(secure)
  for (const socket of all) if (ends(socket) === wanted) return socket
  return undefined
}

function ends({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? 0} ${localAddress ?? ''} ${localPort ?? 0}`
}
