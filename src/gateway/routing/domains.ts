/**
 * The domains that groups are called by (routing.md §3.1). A name may be bound several times: on other ports, or in
 * another instance on this gateway, where the oldest instance has it.
 */
import type { GroupDomain } from '../../snapshot/parts.js'
import type { Group } from './group.js'
import { hostName } from './host.js'

/** Where a Host leads. */
export interface HostBinding {
  readonly group: Group
  /** Whether the Host is a debugging domain, whose calls are limited. */
  readonly debugging: boolean
}

interface Bound {
  readonly domain: GroupDomain
  readonly binding: HostBinding
}

/** Ports of domains that stand for the gateway's own. */
const STANDARD_HTTP = 80
const STANDARD_HTTPS = 443

export class Domains {
  readonly #bound = new Map<string, Bound[]>()
  #wildcards = 0

  put(group: Group, domain: GroupDomain): void {
    const name = hostName(domain.name)
    const known = this.#bound.get(name)
    const bound: Bound = { domain, binding: { group, debugging: false } }
    if (known === undefined) this.#bound.set(name, [bound])
    else known.push(bound)
    if (name.startsWith('*')) this.#wildcards++
  }

  remove(group: Group, domain: GroupDomain): void {
    const name = hostName(domain.name)
    const known = this.#bound.get(name)
    const at = known?.findIndex((one) => one.domain === domain && one.binding.group === group) ?? -1
    if (known === undefined || at === -1) return
    known.splice(at, 1)
    if (known.length === 0) this.#bound.delete(name)
    if (name.startsWith('*')) this.#wildcards--
  }

  /**
   * The name itself wins over the wildcard for its first label; a port on which it is not bound is no match.
   *
   * @param custom whether the port is one that was opened beside the gateway's own, whatever numbers those have here
   */
  find(name: string, port: number, secure: boolean, custom: boolean): HostBinding | undefined {
    const wanted = custom ? port : secure ? STANDARD_HTTPS : STANDARD_HTTP
    const exact = reached(this.#bound.get(name), wanted, secure)
    if (exact !== undefined || this.#wildcards === 0) return exact
    const dot = name.indexOf('.')
    // A first label that is none is covered by none.
    return dot < 1 ? undefined : reached(this.#bound.get(`*${name.slice(dot)}`), wanted, secure)
  }
}

function reached(bound: readonly Bound[] | undefined, port: number, secure: boolean): HostBinding | undefined {
  if (bound === undefined) return undefined
  let found: HostBinding | undefined
  for (const { domain, binding } of bound) {
    if ((secure ? domain.httpsPort : domain.httpPort) !== port) continue
    if (found === undefined || isOlder(binding, found)) found = binding
  }
  return found
}

function isOlder({ group: { instance } }: HostBinding, { group: { instance: other } }: HostBinding): boolean {
  const [age, otherAge] = [instance.part?.createdAt ?? Infinity, other.part?.createdAt ?? Infinity]
  return age < otherAge || (age === otherAge && instance.id < other.id)
}
