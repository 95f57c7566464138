import { expect, test } from 'vitest'
import { backendAddressIsValid, backendAddressMayBeValid } from './backend-address.js'

const both = [backendAddressIsValid, backendAddressMayBeValid]

test.each([
  'localhost',
  'backend:1',
  'www.example.com:65535',
  'www.example.com.',
  'my_service.internal:8080',
  '192.168.189.156:12346',
  '[::1]:8080',
  '1.example.com',
])('%s is an address', (address) => {
  for (const check of both) expect(() => check(address)).not.toThrow()
})

test.each(['', ':80', '-a.com', 'a..b', 'a b', 'http://a', 'a/b', '256.1.1.1', '1.2.3', '[::1', '[1.2.3.4]', 'a:1:2'])(
  '%s has no host',
  (address) => {
    for (const check of both) expect(() => check(address)).toThrow('Invalid URL domain name')
  },
)

test.each(['a:0', 'a:65536', 'a:', 'a:x', 'a:080', '#host#:0', '#host#:65536'])('%s has no port', (address) => {
  expect(() => backendAddressMayBeValid(address)).toThrow('Invalid port number')
})

test.each(['#host#', '#host#:8080', '#host#:#port#', '#host##port#', 'api.#zone#.example.com'])(
  '%s may become an address',
  (address) => {
    expect(() => backendAddressMayBeValid(address)).not.toThrow()
  },
)

test.each(['#host#/x', '#h#', 'a#host', 'é.#zone#'])('%s can never become an address', (address) => {
  expect(() => backendAddressMayBeValid(address)).toThrow('Invalid URL domain name')
})
