/**
 * What a gateway knows: a set of parts, each the compiled form of one thing that was published or bound.
 *
 * Parts are small on purpose: publishing one API ships one `publication`, binding a policy ships one `publication`,
 * a new secret ships one `app`. A part is immutable; an update replaces it whole.
 */
import type { ApiDefinition } from './api-definition.js'

/** Address of a part, `<kind>:<id>`; for publications `publication:<api id>/<environment id>`. */
export type PartKey = `${Part['kind']}:${string}`

export type Part = InstancePart | GroupPart | PublicationPart | AppPart | ThrottlePart

export interface InstancePart {
  readonly kind: 'instance'
  readonly id: string
  readonly projectId: string
  /** Milliseconds since the epoch: a Host that is an address leads to the oldest instance (routing.md §3). */
  readonly createdAt: number
  readonly environments: readonly { readonly id: string; readonly name: string }[]
  /** Features that were set, by name: `config` is the text that the client sent. */
  readonly features: Readonly<Record<string, { readonly enable: boolean; readonly config: string }>>
  /** Where gateways listen for this instance beside their own ports. A port is there once. */
  readonly ingressPorts: readonly IngressPort[]
}

interface IngressPort {
  readonly port: number
  readonly protocol: 'HTTP' | 'HTTPS'
}

export interface GroupPart {
  readonly kind: 'group'
  readonly id: string
  readonly instanceId: string
  readonly name: string
  /** The group that answers when the Host is an address of the gateway. */
  readonly isDefault: boolean
  readonly subDomains: readonly string[]
  readonly subDomainEnabled: boolean
}

/** One API in one environment, as it was when it was published; bindings as they are now. */
export interface PublicationPart {
  readonly kind: 'publication'
  readonly instanceId: string
  readonly groupId: string
  readonly apiId: string
  readonly environmentId: string
  readonly publishId: string
  readonly versionId: string
  /** Environment variables are already resolved. */
  readonly definition: ApiDefinition
  readonly throttleId?: string
}

export interface AppPart {
  readonly kind: 'app'
  readonly id: string
  readonly instanceId: string
  /** Project of the owner: the "user" that throttling by user counts (policies.md §1.4). */
  readonly projectId: string
  readonly name: string
  readonly key: string
  readonly secret: string
  readonly codes: readonly string[]
  /** `<api id>/<environment id>` of every API that the app may call. */
  readonly authorizations: readonly string[]
}

export interface ThrottlePart {
  readonly kind: 'throttle'
  readonly id: string
  readonly instanceId: string
  /** Each bound API counts for itself, or all of them together. */
  readonly scope: 'api' | 'shared'
  readonly interval: number
  readonly unit: 'SECOND' | 'MINUTE' | 'HOUR' | 'DAY'
  /** Calls per window; absent means no limit in that dimension. */
  readonly apiLimit: number
  readonly userLimit?: number
  readonly appLimit?: number
  readonly ipLimit?: number
  readonly specials: readonly { readonly type: 'APP' | 'USER'; readonly objectId: string; readonly limit: number }[]
}

export function partKey(part: Part): PartKey {
  return part.kind === 'publication'
    ? `publication:${part.apiId}/${part.environmentId}`
    : (`${part.kind}:${part.id}` as PartKey)
}

/**
 * One step from a revision to the next. `reset` says that `put` is everything: what the receiver had before is void.
 * An update is applied as a whole or not at all.
 */
export interface Update {
  readonly revision: number
  readonly reset: boolean
  readonly put: readonly Part[]
  readonly remove: readonly PartKey[]
}
