/** With what a server name is served: worked out from the group's domain once per change, and compared by identity. */
import type { CertificatePart, GroupDomain } from '../../snapshot/parts.js'
import { defaultFeatures } from '../features.js'
import type { HostBinding } from '../routing/domains.js'
import type { Instance } from '../routing/instance.js'
import type { KeyPair } from './default-certificate.js'

export interface TlsProfile {
  /** At most one of each kind of key; none stands for the gateway's own. */
  readonly certificates: readonly KeyPair[]
  /** OpenSSL's names of the suites that TLS 1.2 may use. */
  readonly ciphers: readonly string[]
  readonly http2: boolean
  /** PEM of what client certificates are verified with; `undefined` when none is asked for. */
  readonly trustedRoots: string | undefined
}

const defaultProfile: TlsProfile = {
  certificates: [],
  ciphers: defaultFeatures.ciphers,
  http2: defaultFeatures.http2,
  trustedRoots: undefined,
}

export class TlsProfiles {
  #ofDomains = new WeakMap<GroupDomain, TlsProfile>()
  #ofInstances = new WeakMap<Instance, TlsProfile>()

  constructor(private readonly certificates: ReadonlyMap<string, CertificatePart>) {}

  /** A certificate or an instance has changed. */
  forget(): void {
    this.#ofDomains = new WeakMap()
    this.#ofInstances = new WeakMap()
  }

  of(binding: HostBinding | undefined): TlsProfile {
    if (binding === undefined) return defaultProfile
    const { domain, group } = binding
    if (domain !== undefined) return remember(this.#ofDomains, domain, () => this.#make(domain, group.instance))
    return remember(this.#ofInstances, group.instance, () => this.#make(undefined, group.instance))
  }

  #make(domain: GroupDomain | undefined, { features }: Instance): TlsProfile {
    const { ciphers, http2 } = features
    const bound = (domain?.certificateIds ?? []).flatMap((id) => this.certificates.get(id) ?? [])
    const roots = bound.map(({ trustedRootCa = '' }) => trustedRootCa).join('')
    return {
      certificates: bound,
      ciphers,
      http2,
      // Without roots a context would verify with those of the platform; nobody is verified instead.
      trustedRoots: domain?.verifyClient === true && roots !== '' ? roots : undefined,
    }
  }
}

function remember<K extends object, V>(map: WeakMap<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
