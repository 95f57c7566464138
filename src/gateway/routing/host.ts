/** What a Host header names (routing.md §3). */
import { networkInterfaces } from 'node:os'

/** Without port and trailing dot, in lower case; an IPv6 address without its brackets. */
export function hostName(host: string): string {
  if (host.charCodeAt(0) === 91) return host.slice(1, host.indexOf(']')).toLowerCase()
  const port = host.indexOf(':')
  let end = port === -1 ? host.length : port
  if (host.charCodeAt(end - 1) === 46) end--
  return host.slice(0, end).toLowerCase()
}

/**
 * Addresses that are the gateway's own: those of the machine's interfaces, loopback, and configured ones, for instance
 * of a load balancer or a container's host. A Host that is one of them leads to the group DEFAULT.
 */
export class InboundAddresses {
  readonly #known = new Set<string>(['localhost', '127.0.0.1', '::1'])

  constructor(configured: readonly string[] = []) {
    for (const address of configured) this.#known.add(hostName(address))
    for (const one of Object.values(networkInterfaces()).flat()) if (one !== undefined) this.#known.add(one.address)
  }

  has(host: string): boolean {
    return this.#known.has(host)
  }
}
