/** Everything that an export says, with names in place of ids. */
import type { ApiDocument } from '../../../contract/api-document.js'
import type { AclRow, ApiGroupRow, AuthorizerRow, GatewayResponseRow, PluginRow } from '../../../store/schema.js'
import type { Throttle, ThrottleSpecial } from '../../../store/throttles.js'

/**
 * `spec` the front end; `proxy` with back ends; `all` with policies, authorizers and responses as well; `dev` like
 * `proxy`, of what is not published.
 */
export type ExportKind = 'spec' | 'proxy' | 'all' | 'dev'

export type OasVersion = '2.0' | '3.0'

export interface ExportedApi {
  readonly document: ApiDocument
  readonly throttleId: string | undefined
  readonly aclId: string | undefined
  readonly pluginIds: readonly string[]
}

export interface ExportContent {
  readonly kind: ExportKind
  readonly version: OasVersion
  /** Of the document, not of OpenAPI. */
  readonly documentVersion: string
  readonly group: ApiGroupRow
  readonly environmentName: string
  readonly host: string
  readonly apis: readonly ExportedApi[]
  /** Channels by id. */
  readonly channels: ReadonlyMap<string, { readonly name: string; readonly groups: ReadonlyMap<string, string> }>
  /** Those that the APIs use, by id. */
  readonly authorizers: ReadonlyMap<string, AuthorizerRow>
  /** Names by id. */
  readonly orchestrations: ReadonlyMap<string, string>
  readonly responses: readonly GatewayResponseRow[]
  readonly throttles: ReadonlyMap<string, ExportedThrottle>
  readonly acls: ReadonlyMap<string, AclRow>
  readonly plugins: ReadonlyMap<string, PluginRow>
}

export interface ExportedThrottle {
  readonly throttle: Throttle
  readonly specials: readonly ThrottleSpecial[]
}

export const hasBackends = ({ kind }: ExportContent): boolean => kind !== 'spec'
export const hasPolicies = ({ kind }: ExportContent): boolean => kind === 'all'
