import { expect, test } from 'vitest'
import { reachableAddress } from './reachable-address.js'

const at = (address: string, internal = false) => ({
  address,
  netmask: '',
  mac: '',
  internal,
  cidr: null,
  ...(address.includes(':') ? { family: 'IPv6' as const, scopeid: 0 } : { family: 'IPv4' as const }),
})
const loopback = [at('127.0.0.1', true), at('::1', true)]
const ethernet = [at('fe80::1'), at('2001:db8::7'), at('192.0.2.7')]

test.each([
  ['192.0.2.9', { lo: loopback, eth0: ethernet }, '192.0.2.9'],
  ['gateway.internal', { lo: loopback }, 'gateway.internal'],
  ['0.0.0.0', { lo: loopback, eth0: ethernet }, '192.0.2.7'],
  ['::', { lo: loopback, eth0: ethernet }, '192.0.2.7'],
  ['::', { lo: loopback, eth0: [at('fe80::1'), at('2001:db8::7')] }, '2001:db8::7'],
  ['0.0.0.0', { lo: loopback, eth0: [at('2001:db8::7')] }, '127.0.0.1'],
  ['0.0.0.0', { lo: loopback }, '127.0.0.1'],
  ['::', { lo: loopback }, '::1'],
])('what listens on %s is found at an address to call', (host, interfaces, address) => {
  expect(reachableAddress(host, interfaces)).toBe(address)
})

test('the machine itself is asked when nothing is said', () => {
  expect(['0.0.0.0', '::']).not.toContain(reachableAddress('0.0.0.0'))
})
