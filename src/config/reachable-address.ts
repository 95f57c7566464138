import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'

type Interfaces = ReturnType<typeof networkInterfaces>

/**
 * An address at which what listens on `host` is found. A wildcard is no address to call: for it, the first one by which
 * others reach this machine, or its own when there is none. IPv4 comes first where both are listened on.
 */
export function reachableAddress(host: string, interfaces: Interfaces = networkInterfaces()): string {
  if (host !== '0.0.0.0' && host !== '::') return host
  const external = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address)
  const [ipv4] = external.filter((address) => !isIPv6(address))
  if (ipv4 !== undefined) return ipv4
  if (host === '0.0.0.0') return '127.0.0.1'
  return external[0] ?? '::1'
}
