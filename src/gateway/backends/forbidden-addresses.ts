/**
 * Addresses that the gateway must not call as backends, lest an API definition reach what only the gateway's machine
 * may reach, such as a cloud's metadata service (backends.md §2). The answer is 403 APIG.0404.
 *
 * A host that is an address is judged when its route is compiled. A name is judged by the connector, by the addresses
 * it resolves to.
 */
import { AddressSet } from '../address-set.js'
import { embeddedAddresses } from '../embedded-addresses.js'

/** The documented default, and its counterparts in IPv6: unspecified, link-local, multicast. */
export const DEFAULT_FORBIDDEN: readonly string[] = [
  '0.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  'fe80::/10',
  'ff00::/8',
]

/** @throws RangeError naming an entry that is not an address, a CIDR block or a range. */
export function forbiddenAddresses(entries: readonly string[] = DEFAULT_FORBIDDEN): AddressSet {
  return new ForbiddenAddresses(entries)
}

/** An address is also judged by the addresses of IPv4 that it embeds: it may be a way to them. */
class ForbiddenAddresses extends AddressSet {
  override has(address: string): boolean {
    return super.has(address) || embeddedAddresses(address).some((embedded) => super.has(embedded))
  }
}
