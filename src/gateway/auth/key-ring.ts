/** The keys that plug-ins verify tokens with: one object for the same source, whoever refers to it. */
import { createPublicKey } from 'node:crypto'
import type { ServiceAddress } from '../outbound/address.js'
import { Fetched } from '../outbound/fetched.js'
import type { Outbound } from '../outbound/outbound.js'
import { WeakValues } from '../weak-values.js'
import { FetchedKeys, type Keys } from './keys.js'
import { KeySet, LARGEST_KEY_SET } from './key-set.js'

export interface KeyService {
  readonly address: ServiceAddress
  /** Value of the Host header. */
  readonly host: string
  /** Milliseconds, as is `ttl`. */
  readonly timeout: number
  readonly ttl: number
  /** What the service is verified with besides the roots of the system, in PEM. */
  readonly trust: readonly string[]
  /** Whether verdicts are remembered. */
  readonly remembers: boolean
}

export class KeyRing {
  readonly #known = new WeakValues<string, Keys>()

  constructor(private readonly outbound: Outbound) {}

  /** @param text a set of keys; `undefined` when it is none */
  fixed(text: string, remembers = true): Keys | undefined {
    const set = KeySet.parse(text, remembers)
    return set && this.#known.of(`${remembers} ${text}`, () => set)
  }

  /** @param pem a public key, alone; `undefined` when it is none */
  single(pem: string, remembers: boolean): Keys | undefined {
    try {
      return this.fixed(JSON.stringify({ keys: [createPublicKey(pem).export({ format: 'jwk' })] }), remembers)
    } catch {
      return undefined
    }
  }

  fetched(service: KeyService): Keys {
    const { address, host, timeout, ttl, trust, remembers } = service
    return this.#known.of(JSON.stringify(service), () => {
      const fetch = () => this.outbound.read(address, { host, timeout, mostBytes: LARGEST_KEY_SET, trust })
      return new FetchedKeys(new Fetched({ fetch, parse: (text) => KeySet.parse(text, remembers), ttl }))
    })
  }
}
