/** Resolves the names of backends, and refuses what resolves to an address that must not be called. */
import { isIP, type LookupFunction } from 'node:net'
import type { AddressSet } from '../address-set.js'
import { NameCache } from './name-cache.js'

/** Code of the error by which a lookup says that the address is forbidden. */
export const FORBIDDEN = 'EFORBIDDENBACKEND'

/** One for the process: what a name means does not depend on who asks. */
const shared = new NameCache()

/**
 * Resolves like `dns.lookup`, and fails when any of the addresses is forbidden. Names are judged each time a connection
 * is made, and it is made to one of the addresses that were judged: a name that changes its mind afterwards gains
 * nothing. When a name has several, Node tries them one after the other, both families in turn (RFC 8305).
 */
export function guardedLookup(forbidden: AddressSet, names: NameCache = shared): LookupFunction {
  return function lookup(hostname, options, callback) {
    names.addresses(hostname, (error, known) => {
      if (error !== null) {
        callback(error, [])
        return
      }
      const addresses = known.filter(({ family }) => !options.family || options.family === family)
      const [first] = addresses
      if (first === undefined) callback(noAddress(hostname), [])
      else if (known.some(({ address }) => forbidden.has(address))) callback(refusal(hostname), [])
      else if (options.all === true) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

/** Whether a host, a name or an address, is or resolves to what is forbidden. A name without an address is not. */
export function isForbiddenHost(host: string, forbidden: AddressSet, names: NameCache = shared): Promise<boolean> {
  if (isIP(host) !== 0) return Promise.resolve(forbidden.has(host))
  return new Promise((resolve) =>
    names.addresses(host, (error, known) =>
      resolve(error === null && known.some(({ address }) => forbidden.has(address))),
    ),
  )
}

function noAddress(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' })
}

function refusal(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} resolves to an address that must not be called`), { code: FORBIDDEN })
}
