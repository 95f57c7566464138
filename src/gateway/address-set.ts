/** A set of IP addresses written as addresses, CIDR blocks and `a-b` ranges, IPv4 and IPv6. */
import { BlockList, isIP } from 'node:net'

export class AddressSet {
  readonly #blocks = new BlockList()

  /** @throws RangeError naming the first entry that is none of the three. */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      if (!this.#add(entry.trim())) throw new RangeError(`${entry} is not an address, a CIDR block or a range.`)
    }
  }

  /** An IPv4 address is also found in its IPv6 form, `::ffff:10.0.0.1`; what isn't an address is in no set. */
  has(address: string): boolean {
    const version = isIP(address)
    return version !== 0 && this.#blocks.check(address, version === 4 ? 'ipv4' : 'ipv6')
  }

  #add(entry: string): boolean {
    const [address = '', bits, ...more] = entry.split('/')
    const [first = '', last, ...others] = address.split('-')
    const version = isIP(first)
    const family = version === 4 ? 'ipv4' : 'ipv6'
    if (version === 0 || more.length > 0 || others.length > 0) return false
    if (last !== undefined) {
      if (bits !== undefined || isIP(last) !== version) return false
      this.#blocks.addRange(first, last, family)
    } else if (bits !== undefined) {
      if (!/^\d{1,3}$/.test(bits) || Number(bits) > (version === 4 ? 32 : 128)) return false
      this.#blocks.addSubnet(first, Number(bits), family)
    } else this.#blocks.addAddress(first, family)
    return true
  }
}
