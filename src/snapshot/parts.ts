/**
 * What a gateway knows: a set of parts, each the compiled form of one thing that was published or bound.
 *
 * Parts are small on purpose: publishing one API ships one `publication`, binding a policy ships one `publication`,
 * a new secret ships one `app`. A part is immutable; an update replaces it whole.
 */
import type { ApiDefinition } from './api-definition.js'
import type { PluginType } from './plugin-contents/index.js'

/** Address of a part, `<kind>:<id>`; for publications `publication:<api id>/<environment id>`. */
export type PartKey = `${Part['kind']}:${string}`

export type Part =
  | InstancePart
  | GroupPart
  | PublicationPart
  | AppPart
  | ThrottlePart
  | PluginPart
  | AuthorizerPart
  | CertificatePart
  | ChannelPart

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
  readonly domains?: readonly GroupDomain[]
  /** Every set but a default that overrides nothing. */
  readonly responseSets?: readonly ResponseSet[]
}

/** A name by which a group is called, beside its sub-domains. */
export interface GroupDomain {
  /** In lower case, without trailing dot; `*` may stand for the first label. */
  readonly name: string
  /** 80 stands for the gateway's own HTTP port, −1 for none; another is a custom port of the instance. */
  readonly httpPort: number
  /** As `httpPort`, with 443. */
  readonly httpsPort: number
  readonly redirectToHttps: boolean
  readonly minTls: 'TLSv1.1' | 'TLSv1.2'
  readonly verifyClient: boolean
  /** One of each algorithm type at most. */
  readonly certificateIds: readonly string[]
}

/** How errors are answered: `response_id` of an API names a set, and the default is for those that name none. */
export interface ResponseSet {
  readonly id: string
  readonly isDefault: boolean
  /** By response type; what is absent is as it is by default (responses.md §2). */
  readonly overrides: Readonly<Record<string, ResponseOverride>>
}

interface ResponseOverride {
  /** 200 to 599; absent: the status of the error. */
  readonly status?: number
  /** A template. */
  readonly body?: string
  /** Values are templates. */
  readonly headers?: readonly { readonly key: string; readonly value: string }[]
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
  /** Plug-ins, one of each type at most. */
  readonly pluginIds?: readonly string[]
  /** Who may call: one rule of each entity at most. */
  readonly access?: readonly AccessRule[]
  /** What requests to the backend are signed with. */
  readonly signature?: BackendSignature
}

/** Only who is listed may call, or everyone else (policies.md §3). */
export interface AccessRule {
  readonly type: 'PERMIT' | 'DENY'
  /** Source address; or name or id of the account, which counts for APIs that callers of IAM may call. */
  readonly entity: 'IP' | 'DOMAIN' | 'DOMAIN_ID'
  /** For `IP`: addresses, CIDR blocks and `a-b` ranges. */
  readonly values: readonly string[]
}

/** A signature key (policies.md §4). */
export interface BackendSignature {
  readonly type: 'hmac' | 'basic' | 'public_key' | 'aes'
  /** Of `aes`. */
  readonly algorithm?: 'aes-128-cfb' | 'aes-256-cfb'
  readonly key: string
  readonly secret: string
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
  readonly aiApiKeys?: readonly string[]
  /** From where the app may call. */
  readonly access?: AccessRule
  readonly quota?: AppQuota
}

/** Calls of an app over all its APIs (authentication.md §3.11). */
export interface AppQuota {
  readonly id: string
  /** Calls in one window. */
  readonly limit: number
  readonly windowSeconds: number
  /** Milliseconds since the epoch at which the first window begins; calls before it are not counted. */
  readonly startsAt: number
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

/** A plug-in, whatever it is attached to. */
export interface PluginPart {
  readonly kind: 'plugin'
  readonly id: string
  readonly instanceId: string
  readonly type: PluginType
  /** The text that the client sent, as the JSON that it is. It may hold secrets. */
  readonly content: unknown
}

/** A custom authorizer: a function that decides (authentication.md §5). */
export interface AuthorizerPart {
  readonly kind: 'authorizer'
  readonly id: string
  readonly instanceId: string
  /** Of the function; an alias wins over a version. */
  readonly urn: string
  readonly version?: string
  readonly alias?: string
  /** Where callers show who they are. */
  readonly identities: readonly AuthorizerIdentity[]
  /** Seconds for which answers are kept, by the values of the identities; 0: not at all. */
  readonly ttl: number
  readonly userData: string
  /** The function gets the body of the request. */
  readonly needBody: boolean
  /** Milliseconds for one answer; 5,000 unless it is said. */
  readonly timeout?: number
  /** Times that it is asked again when it gave no answer. */
  readonly retries?: number
  /** Whoever comes passes when it gave no answer at all. */
  readonly isRelaxed?: boolean
}

export interface AuthorizerIdentity {
  readonly name: string
  readonly location: 'HEADER' | 'QUERY'
  /** A pattern that the whole value matches. */
  readonly validation?: string
}

/** What domains are served with over TLS. */
export interface CertificatePart {
  readonly kind: 'certificate'
  readonly id: string
  readonly algorithm: 'RSA' | 'ECC'
  /** PEM, the leaf first. */
  readonly chain: string
  /** PKCS #8 in PEM. */
  readonly privateKey: string
  /** PEM of what client certificates are verified with; absent when they are not. */
  readonly trustedRootCa?: string
}

/** A load balance channel, with whom it can call (backends.md §3). */
export interface ChannelPart {
  readonly kind: 'channel'
  readonly id: string
  readonly instanceId: string
  /** Weighted round robin, least connections by weight, hash of the caller's address, hash of the path. */
  readonly balancing: 'WRR' | 'WLC' | 'SH' | 'URI'
  readonly groups: readonly ChannelGroup[]
  /** Those that are enabled; a channel that stands for others has theirs, in the groups that name them. */
  readonly members: readonly ChannelMember[]
}

export interface ChannelGroup {
  readonly id: string
  readonly name: string
}

export interface ChannelMember {
  readonly id: string
  /** A name, or an address without brackets. */
  readonly host: string
  /** 0 where neither the member nor its group nor its channel has one. */
  readonly port: number
  /** 0 to 10,000; 0 gets no calls. */
  readonly weight: number
  /** Called only while no other member can be. */
  readonly backup: boolean
  readonly groupId?: string
  /** Absent: it counts as healthy. */
  readonly check?: HealthCheck
}

/** How a gateway finds out whether a member can be called (backends.md §3.3). */
export interface HealthCheck {
  readonly protocol: 'tcp' | 'http' | 'https'
  /** 0: the member's own. */
  readonly port: number
  /** Empty for `tcp`, as are method and codes. */
  readonly path: string
  readonly method: 'GET' | 'HEAD' | ''
  /** Status codes and ranges of them, comma separated. */
  readonly codes: string
  /** Results in a row after which a member counts as healthy, or as unhealthy. */
  readonly healthyAfter: number
  readonly unhealthyAfter: number
  /** Milliseconds, as is `timeout`. */
  readonly interval: number
  readonly timeout: number
  /** Whether the gateway shows its certificate to the member (`https` only). */
  readonly clientCertificate: boolean
}

/**
 * The environment of a draft that is called once, by its owner: no instance has it, and it is reached by its name alone,
 * which nobody else knows.
 */
export const draftEnvironment = (stage: string): string => `draft:${stage}`

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
