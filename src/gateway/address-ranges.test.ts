import { BlockList, isIP } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AddressRanges } from './address-ranges.js'

test.each([
  ['10.0.0.1', ['10.0.0.1', '::ffff:10.0.0.1', '::ffff:a00:1'], ['10.0.0.0', '10.0.0.2', '::a00:1']],
  ['10.1.2.3/8', ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0']],
  ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255'], ['::1', '']],
  ['10.0.0.5-10.0.1.5', ['10.0.0.5', '10.0.0.255', '10.0.1.5'], ['10.0.0.4', '10.0.1.6']],
  ['2001:db8::/33', ['2001:db8::1', '2001:db8:7fff::'], ['2001:db8:8000::', '2001:db7::']],
  ['fe80::1', ['fe80::1', 'fe80::1%eth0', 'FE80:0:0:0::1'], ['fe80::2']],
  ['::1-::ffff', ['::1', '::0.0.255.255'], ['::', '::1:0']],
  ['::ffff:10.0.0.0/104', ['10.9.9.9'], ['11.0.0.0']],
  ['::ffff:0:0/96', ['10.9.9.9', '::ffff:a00:1'], ['::1']],
  ['::ffff:0:0/0', ['::1', '2001:db8::1'], ['10.9.9.9']],
  ['::ffff:10.0.0.0/90', ['::ffc0:0:1', '::fffe:0:0'], ['::1', '10.0.0.0']],
])('%s', (entry, inside, outside) => {
  const ranges = new AddressRanges([entry])
  expect(inside.filter((address) => !ranges.has(address))).toEqual([])
  expect(outside.filter((address) => ranges.has(address))).toEqual([])
})

test.each(['', 'x', '10.0.0', '10.0.0.01', '10.0.0.256', '10.0.0.1/33', '10.0.0.2-10.0.0.1', '10.0.0.1-::1', '::/129'])(
  'no entry: %j',
  (entry) => {
    expect(() => new AddressRanges(['10.0.0.1', entry])).toThrow(RangeError)
  },
)

test.each(['', '1.2.3', '1.2.3.4.5', '1.2.3.4 ', '01.2.3.4', '1..3.4', '-1.2.3.4', '::ffff:1.2.3.4:1', 'localhost'])(
  'no address is in a list: %j',
  (address) => {
    expect(new AddressRanges(['0.0.0.0/0', '::/0']).has(address)).toBe(false)
  },
)

const byte = fc.nat(255)
const v4 = fc.oneof(
  fc.tuple(byte, byte, byte, byte).map((parts) => parts.join('.')),
  fc.tuple(fc.nat(1), fc.nat(3)).map(([a, b]) => `10.0.${a}.${b}`),
)
const group = fc.oneof(fc.nat(0xffff), fc.constantFrom(0, 0xffff)).map((n) => n.toString(16))
const v6 = fc.oneof(
  fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(':')),
  fc.tuple(group, group).map(([a, b]) => `2001:${a}::${b}`),
)

test('agrees with the list of Node about whatever addresses and networks', () => {
  const network = fc.oneof(
    fc.tuple(v4, fc.nat(32)).map(([address, bits]) => `${address}/${bits}`),
    fc.tuple(v6, fc.nat(128)).map(([address, bits]) => `${address}/${bits}`),
  )
  fc.assert(
    fc.property(fc.array(network, { maxLength: 20 }), fc.array(fc.oneof(v4, v6), { maxLength: 20 }), (list, asked) => {
      const ranges = new AddressRanges(list)
      const blocks = new BlockList()
      for (const entry of list) {
        const [address = '', bits] = entry.split('/')
        blocks.addSubnet(address, Number(bits), isIP(address) === 4 ? 'ipv4' : 'ipv6')
      }
      for (const address of [...asked, ...list.map((entry) => entry.split('/')[0] ?? '')]) {
        // A network of IPv6 that holds all IPv4 addresses in their other form is not one of IPv4.
        if (isIP(address) === 4 && list.some((entry) => entry.includes(':'))) continue
        if (/^(?:0:){5}ffff:|^::ffff:/.test(address)) continue
        expect([address, ranges.has(address)]).toEqual([
          address,
          blocks.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6'),
        ])
      }
    }),
    { numRuns: 500 },
  )
})
