/**
 * IPv4 addresses that hide in addresses of IPv6: a translator, a relay or the machine itself sends to them what is sent
 * to the longer form. The mapped form, `::ffff:10.0.0.1`, is not among them: lists of addresses know it as IPv4.
 */
import { groupsOfV6 } from './address-ranges.js'

/**
 * | form | document |
 * | --- | --- |
 * | `::a.b.c.d`, IPv4-compatible | RFC 4291 §2.5.5.1 |
 * | `::ffff:0:a.b.c.d`, IPv4-translated | RFC 2765 §2.1 |
 * | `64:ff9b::a.b.c.d`, NAT64 | RFC 6052 §2.1 |
 * | `64:ff9b:1::/48`, NAT64 of a site, wherever a prefix may end | RFC 8215, RFC 6052 §2.2 |
 * | `2002:a.b.c.d::/48`, 6to4 | RFC 3056 §2 |
 * | `2001:0::/32`, Teredo: of the server and of the client | RFC 4380 §4 |
 * | `…:0:5efe:a.b.c.d`, ISATAP | RFC 5214 §6.1 |
 *
 * @param address any text
 * @returns all that the address may stand for, mostly none
 */
export function embeddedAddresses(address: string): string[] {
  const groups = groupsOfV6(address)
  if (groups === undefined) return []
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups
  const last = dotted(g, h)
  const found: string[] = []
  if (a === 0x64 && b === 0xff9b) {
    if (c === 0 && d === 0 && e === 0 && f === 0) found.push(last)
    else if (c === 1) {
      const low = ((e & 0xff) << 8) | (f >>> 8)
      const readings = [last]
      // Bits 64 to 71 are never part of it.
      if (e >>> 8 === 0) {
        readings.push(
          dotted(d, low),
          dotted(((d & 0xff) << 8) | (e & 0xff), f),
          dotted(low, ((f & 0xff) << 8) | (g >>> 8)),
        )
      }
      // No translator sends to 0.0.0.0/8: that is a prefix read as an address.
      found.push(...readings.filter((reading) => !reading.startsWith('0.')))
    }
  } else if (a === 0x2002) found.push(dotted(b, c))
  else if (a === 0x2001 && b === 0) found.push(dotted(c, d), dotted(g ^ 0xffff, h ^ 0xffff))
  else if ((a | b | c | d) === 0) {
    const compatible = e === 0 && f === 0 && (g !== 0 || h > 1)
    if (compatible || (e === 0xffff && f === 0)) found.push(last)
  }
  if ((e === 0 || e === 0x200) && f === 0x5efe) found.push(last)
  return found
}

const dotted = (high: number, low: number): string => `${high >>> 8}.${high & 0xff}.${low >>> 8}.${low & 0xff}`
