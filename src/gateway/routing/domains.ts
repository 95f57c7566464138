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
  /** The group's own domain that the Host is; its rules hold. */
  readonly domain?: GroupDomain
}

interface BoundDomain extends HostBinding {
  readonly domain: GroupDomain
}

/** Ports of domains that stand for the gateway's own. */
const STANDARD_HTTP = 80
const STANDARD_HTTPS = 443

export class Domains {
  readonly #bound = new Map<string, BoundDomain[]>()
  #wildcards = 0

  put(group: Group, domain: GroupDomain): void {
    const name = hostName(domain.name)
    const known = this.#bound.get(name)
    const bound: BoundDomain = { group, debugging: false, domain }
    if (known === undefined) this.#bound.set(name, [bound])
    else known.push(bound)
    if (name.startsWith('*')) this.#wildcards++
  }

  remove(group: Group, domain: GroupDomain): void {
    const name = hostName(domain.name)
    const known = this.#bound.get(name)
    const at = known?.findIndex((one) => one.domain === domain && one.group === group) ?? -1
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
    const wildcard = wildcardOf(name)
    return wildcard === undefined ? undefined : reached(this.#bound.get(wildcard), wanted, secure)
  }

  /** As `find`, on any port: with whose certificate a client is told that there is nothing on this one. */
  findOnAnyPort(name: string): HostBinding | undefined {
    return oldest(this.#bound.get(name)) ?? oldest(this.#bound.get(wildcardOf(name) ?? ''))
  }
}

/** A first label that is none is covered by none. */
function wildcardOf(name: string): string | undefined {
  const dot = name.indexOf('.')
  return dot < 1 ? undefined : `*${name.slice(dot)}`
}

function reached(bound: readonly BoundDomain[] | undefined, port: number, secure: boolean): HostBinding | undefined {
  if (bound === undefined) return undefined
  let found: HostBinding | undefined
  for (const binding of bound) {
    const { domain } = binding
    if ((secure ? domain.httpsPort : domain.httpPort) !== port) continue
    if (found === undefined || isOlder(binding, found)) found = binding
  }
  return found
}

function oldest(bound: readonly BoundDomain[] | undefined): HostBinding | undefined {
  return bound?.reduce((found, binding) => (isOlder(binding, found) ? binding : found))
}

function isOlder({ group: { instance } }: HostBinding, { group: { instance: other } }: HostBinding): boolean {
  const [age, otherAge] = [instance.part?.createdAt ?? Infinity, other.part?.createdAt ?? Infinity]
  return age < otherAge || (age === otherAge && instance.id < other.id)
}
