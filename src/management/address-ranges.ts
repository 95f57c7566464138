/** How lists of access control name source addresses: one by one, as a network or as a range (policies.md §3). */
import { BlockList, isIP } from 'node:net'

const families = {
  4: { name: 'ipv4', bits: 32, first: '0.0.0.0' },
  6: { name: 'ipv6', bits: 128, first: '::' },
} as const

/** `10.0.0.1`, `10.0.0.0/8`, `10.0.0.1-10.0.0.9`, or the like of IPv6. A range may not end before it begins. */
export function isAddressRange(text: string): boolean {
  const [, address = '', , bits, last] = /^([^/-]+)(\/(\d{1,3})|-([^/-]+))?$/.exec(text) ?? []
  const family = familyOf(address)
  if (family === undefined) return false
  if (bits !== undefined) return Number(bits) <= family.bits
  if (last === undefined) return true
  if (familyOf(last) !== family) return false
  const upToLast = new BlockList()
  upToLast.addRange(family.first, last, family.name)
  return upToLast.check(address, family.name)
}

/** Undefined for what is no address. One with a zone names an interface of one machine, not a caller. */
function familyOf(address: string) {
  const version = address.includes('%') ? 0 : isIP(address)
  return version === 4 || version === 6 ? families[version] : undefined
}
