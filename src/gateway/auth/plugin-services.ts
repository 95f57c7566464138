/** What plug-ins that authenticate share in a process: connections, keys, sessions, failures. */
import { createHash } from 'node:crypto'
import type { Limiter } from '../../limits/limiter.js'
import type { AddressSet } from '../address-set.js'
import type { BoundPlugin } from '../bound-plugins.js'
import { Outbound } from '../outbound/outbound.js'
import { WeakValues } from '../weak-values.js'
import { BlockedSources } from './blocked-sources.js'
import { KeyRing } from './key-ring.js'
import { RelyingParty } from './oidc/relying-party.js'

export class PluginServices {
  readonly outbound: Outbound
  readonly keys: KeyRing
  readonly #blocked = new Map<string, BlockedSources>()
  readonly #parties = new WeakValues<string, RelyingParty>()

  constructor(
    forbidden: AddressSet,
    private readonly limiter: Limiter,
  ) {
    this.outbound = new Outbound(forbidden)
    this.keys = new KeyRing(this.outbound)
  }

  /** Addresses that failed too often to authenticate by a plug-in. */
  blockedBy(id: string): BlockedSources {
    let blocked = this.#blocked.get(id)
    if (blocked === undefined) this.#blocked.set(id, (blocked = new BlockedSources(id, this.limiter)))
    return blocked
  }

  /** @throws {PluginDefect} */
  relyingParty({ id, content }: BoundPlugin<'oidc_auth'>, trust: readonly string[]): RelyingParty {
    const key = createHash('sha256')
      .update(JSON.stringify([id, content, trust]))
      .digest('base64')
    const { outbound, keys: ring } = this
    return this.#parties.of(key, () => new RelyingParty({ id, content, outbound, ring, trust }))
  }
}
