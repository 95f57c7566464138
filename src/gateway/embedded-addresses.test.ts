import fc from 'fast-check'
import { expect, test } from 'vitest'
import { forbiddenAddresses } from './backends/forbidden-addresses.js'
import { embeddedAddresses } from './embedded-addresses.js'

const hex = (...bytes: number[]): string => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')

/** How a, b, c, d is written into an address of IPv6. */
const forms: Readonly<Record<string, (a: number, b: number, c: number, d: number) => string>> = {
  compatible: (...v4) => `::${v4.join('.')}`,
  mapped: (...v4) => `::ffff:${v4.join('.')}`,
  translated: (...v4) => `::ffff:0:${v4.join('.')}`,
  nat64: (a, b, c, d) => `64:ff9b:0::${hex(a, b)}:${hex(c, d)}`,
  'nat64 of a site, /48': (a, b, c, d) => `64:ff9b:1:${hex(a, b)}:${hex(0, c)}:${hex(d, 0)}::`,
  'nat64 of a site, /56': (a, b, c, d) => `64:ff9b:1:${hex(7, a)}:${hex(0, b)}:${hex(c, d)}::`,
  'nat64 of a site, /64': (a, b, c, d) => `64:ff9b:1:7:${hex(0, a)}:${hex(b, c)}:${hex(d, 0)}:0`,
  'nat64 of a site, /96': (...v4) => `64:FF9B:1:7::${v4.join('.')}`,
  '6to4': (a, b, c, d) => `2002:${hex(a, b)}:${hex(c, d)}::1`,
  'teredo, client': (a, b, c, d) => `2001:0:808:808:0:0:${hex(a ^ 255, b ^ 255)}:${hex(c ^ 255, d ^ 255)}`,
  'teredo, server': (a, b, c, d) => `2001::${hex(a, b)}:${hex(c, d)}:8000:63bf:f5f5:f5f5`,
  isatap: (...v4) => `2001:db8::5efe:${v4.join('.')}%eth0`,
}

test.each(Object.entries(forms))('an address that embeds a forbidden one is forbidden in every form: %s', (_, form) => {
  const forbidden = forbiddenAddresses(['169.254.0.0/16', '10.1.0.0-10.2.255.255'])
  const byte = fc.nat(255)
  const v4 = fc.oneof(
    fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
    fc.tuple(fc.constant(10), fc.nat(3), byte, byte),
    fc.tuple(fc.integer({ min: 1, max: 255 }), byte, byte, byte),
  )
  fc.assert(
    fc.property(v4, ([a, b, c, d]) => {
      const address = form(a, b, c, d)
      if (forbidden.has([a, b, c, d].join('.'))) expect([address, forbidden.has(address)]).toEqual([address, true])
      else if (!form(1, 2, 3, 4).startsWith('64:ff9b:1'))
        expect([address, forbidden.has(address)]).toEqual([address, false])
    }),
  )
})

test.each(['::', '::1', '2001:db8::169.254.1.1', 'fd00::a9fe:a9fe', '10.0.0.1', 'a name', '2001:1::', '64:ff9b:2::1'])(
  'nothing is embedded in %s',
  (address) => {
    expect(embeddedAddresses(address)).toEqual([])
  },
)

test('a site that translates can be called, but for what is forbidden', () => {
  const forbidden = forbiddenAddresses()
  for (const address of [
    '::1',
    '64:ff9b:1::10.1.2.3',
    '64:ff9b:1:a01:2:300::',
    '64:ff9b::192.0.2.1',
    '2002:c000:201::',
  ])
    expect([address, forbidden.has(address)]).toEqual([address, false])
})
