import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { isAddressRange } from './address-ranges.js'

describe('an address range', () => {
  test.each([
    '192.168.0.1',
    '192.168.0.100/28',
    '0.0.0.0/0',
    '10.0.0.1/32',
    '192.168.0.5-192.168.0.10',
    '192.168.0.5-192.168.0.5',
    '9.255.255.255-10.0.0.0',
    '::1',
    '2001:db8::/32',
    '::/128',
    '2001:db8::1-2001:db8::ffff',
    '::ffff:10.0.0.1',
  ])('is %s', (text) => {
    expect(isAddressRange(text)).toBe(true)
  })

  test.each([
    '',
    '-',
    '/',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.1',
    ' 10.0.0.1',
    '10.0.0.1/33',
    '10.0.0.1/',
    '10.0.0.1/-1',
    '10.0.0.1/8/8',
    '2001:db8::/129',
    '10.0.0.10-10.0.0.9',
    '10.0.0.0-9.255.255.255',
    '10.0.0.1-',
    '-10.0.0.1',
    '10.0.0.1-10.0.0.2-10.0.0.3',
    '10.0.0.1-::2',
    '2001:db8::2-2001:db8::1',
    '10.0.0.0/8-11.0.0.0/8',
    'fe80::1%eth0',
    ':::',
    'localhost',
  ])('is not %j', (text) => {
    expect(isAddressRange(text)).toBe(false)
  })

  it('goes from the lower to the higher address', () => {
    fc.assert(
      fc.property(fc.tuple(fc.ipV4(), fc.ipV4()), ([one, other]) => {
        const value = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
        expect(isAddressRange(`${one}-${other}`)).toBe(value(one) <= value(other))
      }),
    )
  })

  it('is what it is for any text, without an exception', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9abf.:/% -]*$/), (text) => {
        expect(typeof isAddressRange(text)).toBe('boolean')
      }),
    )
  })
})
