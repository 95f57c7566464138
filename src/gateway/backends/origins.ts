/**
 * One `Origin` object per backend address, because pools compare origins by identity. Addresses come and go with what
 * is published: one that nobody refers to any more is forgotten.
 */
import type { HttpBackend } from '../../snapshot/api-definition.js'
import type { BackendIdentity, Origin } from '../exchange.js'
import type { Features } from '../features.js'
import { WeakValues } from '../weak-values.js'

export class Origins {
  readonly #known = new WeakValues<string, Origin>()

  of(host: string, port: number, tls: boolean, { http2 = false, identity }: OriginOptions = {}): Origin {
    const key = `${tls ? 'https' : 'http'}://${host}:${port}${http2 ? ' h2' : ''} ${identity?.digest ?? ''}`
    return this.#known.of(key, () => ({ host, port, tls, http2, identity }))
  }
}

interface OriginOptions {
  readonly http2?: boolean
  readonly identity?: BackendIdentity | undefined
}

/** The certificate that a backend is shown, if its API is to show one and its instance has it. */
export function identityFor(
  { client_ssl, req_protocol }: Pick<HttpBackend, 'client_ssl' | 'req_protocol'>,
  { backendIdentity }: Features,
): BackendIdentity | undefined {
  return client_ssl === true && (req_protocol === 'HTTPS' || req_protocol === 'GRPCS') ? backendIdentity : undefined
}

export interface Address {
  /** An IPv6 address is without its brackets. */
  readonly host: string
  readonly port: number
}

/** Reads `host[:port]`; `undefined` for what is no address. */
export function parseAddress(text: string, defaultPort: number): Address | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(text)
  if (match === null) return undefined
  const port = match[3] === undefined ? defaultPort : Number(match[3])
  return port >= 1 && port <= 65535 ? { host: (match[1] ?? match[2] ?? '').toLowerCase(), port } : undefined
}

/** How the address is written in a Host header: with its port only where that isn't the scheme's own. */
export function hostHeader({ host, port }: Address, defaultPort: number): string {
  const name = host.includes(':') ? `[${host}]` : host
  return port === defaultPort ? name : `${name}:${port}`
}
