import { isIPv4, isIPv6 } from 'node:net'

export interface ListenAddress {
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
}

const BRACKETED = /^\[([^\]]*)\]:(\d{1,5})$/
const PLAIN = /^([^:[\]]+):(\d{1,5})$/
const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/
const LOOKS_LIKE_IPV4 = /^[\d.]+$/

/** Parses `host:port` or `[IPv6]:port`; undefined when it is neither. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const [host, digits] = splitAddress(text)
  const port = Number(digits)
  return host === undefined || port > 65_535 ? undefined : { host, port }
}

function splitAddress(text: string): readonly [host: string | undefined, digits: string | undefined] {
  const bracketed = BRACKETED.exec(text)
  if (bracketed !== null) return [isIPv6(bracketed[1] ?? '') ? bracketed[1] : undefined, bracketed[2]]
  const [, host, digits] = PLAIN.exec(text) ?? []
  if (host === undefined) return [undefined, digits]
  // `127.0.0.256` would pass for a host name, and be looked up.
  const valid = LOOKS_LIKE_IPV4.test(host) ? isIPv4(host) : HOST_NAME.test(host)
  return [valid ? host : undefined, digits]
}

/** The form that `parseListenAddress` reads. */
export function formatListenAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** A URL at which a client on this machine reaches a listener, also one that listens on every address. */
export function localUrl(scheme: 'http' | 'https', { host, port }: ListenAddress): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `${scheme}://${formatListenAddress({ host: reachable, port })}`
}
