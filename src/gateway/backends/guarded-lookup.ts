/** Resolves the names of backends, and refuses what resolves to an address that must not be called. */
import dns from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { AddressSet } from '../address-set.js'

/** Code of the error by which a lookup says that the address is forbidden. */
export const FORBIDDEN = 'EFORBIDDENBACKEND'

/**
 * Resolves like `dns.lookup`, and fails when any of the addresses is forbidden. Names are judged each time they are
 * resolved for a connection: a name that changes its mind afterwards gains nothing.
 */
export function guardedLookup(forbidden: AddressSet): LookupFunction {
  return function lookup(hostname, options, callback) {
    dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, [])
        return
      }
      const [first] = addresses
      if (addresses.some(({ address }) => forbidden.has(address))) callback(refusal(hostname), [])
      else if (options.all === true || first === undefined) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

function refusal(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} resolves to an address that must not be called`), { code: FORBIDDEN })
}
