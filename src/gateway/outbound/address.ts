/** Addresses of services, as plug-ins write them. */
import type { OutboundRequest } from './outbound.js'

/** Where a call goes, and what for. */
export type ServiceAddress = Pick<OutboundRequest, 'tls' | 'host' | 'port' | 'target'> & {
  /** Value of the Host header. */
  readonly authority: string
}

/** @param text without a scheme HTTPS is meant; `undefined` where it is no address that could be called. */
export function serviceAddress(text: string): ServiceAddress | undefined {
  const url = parseUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`)
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined
  const tls = url.protocol === 'https:'
  return {
    tls,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (tls ? 443 : 80) : Number(url.port),
    target: `${url.pathname}${url.search}`,
    authority: url.host,
  }
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
