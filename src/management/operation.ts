import type { OperationId } from '../contract/generated/operations.js'
import type { ReplyOf, RequestOf } from '../contract/operation.js'
import type { Vault } from '../config/vault.js'
import type { Caller } from '../iam/caller.js'
import type { Part } from '../snapshot/parts.js'
import type { Database } from '../store/store.js'
import type { MemberHealth } from './vpc-channels/member-health.js'
import type { RegistryStates } from './vpc-channels/registry-status.js'

/**
 * What an operation works with. The server has already checked, in this order: the caller, the project, the
 * permission, the instance, the shape of the request; and has opened one transaction, which is committed when the
 * handler returns and undone when it throws.
 */
export interface OperationContext {
  readonly db: Database
  /** Notes that a part of the snapshot must be compiled again: `publication:<api>/<env>`, `app:<id>`, … */
  readonly changed: (partKey: string) => void
  readonly caller: Caller
  readonly projectId: string
  /** Empty on operations of the project. */
  readonly instanceId: string
  /** Milliseconds since the epoch; one value for the whole operation. */
  readonly now: number
  /** 32 lower-case hex digits. */
  readonly newId: () => string
  readonly vault: Vault
  readonly settings: ManagementSettings
  /** What gateways report of members of channels; absent where nobody reports. */
  readonly memberHealth?: MemberHealth | undefined
  /** Absent where no registry is followed. */
  readonly registries?: RegistryStates | undefined
}

/** What management needs to know of how the server was started. */
export interface ManagementSettings {
  readonly region: string
  /** `apic.localhost`: sub-domains are `<group id>.<suffix>`. */
  readonly subdomainSuffix: string
  /** Addresses shown as the instance's ingress: where the gateway listens. */
  readonly ingressAddress: string
  /** Milliseconds that must pass between two changes of one feature; the cloud has 60,000. */
  readonly featureInterval: number
  /** Milliseconds that creating, resizing and deleting an instance takes; progress is shown meanwhile. */
  readonly instanceJobDuration: number
  /** Minutes east of UTC of the zone that statistics are shown in (telemetry.md §4.2). Default 480, the cloud's. */
  readonly statisticsOffset?: number
}

export type Handler<Id extends OperationId> = (
  request: RequestOf<Id>,
  context: OperationContext,
) => Promise<ReplyOf<Id>>

export type Handlers = { readonly [Id in OperationId]?: Handler<Id> }

/**
 * The transactions of an operation that takes longer than one may be open. Each has found the instance, and fails like
 * the operation when it is gone.
 */
export interface Transactions {
  read<T>(work: (context: OperationContext) => Promise<T>): Promise<T>
  /** Under the operation's locks. */
  write<T>(work: (context: OperationContext) => Promise<T>): Promise<T>
}

/** An operation that works between its transactions: it parses a large file, calls the gateway, leaves work behind. */
export type LongHandler<Id extends OperationId> = (
  request: RequestOf<Id>,
  transactions: Transactions,
  services: OperationServices,
) => Promise<ReplyOf<Id>>

export type LongHandlers = { readonly [Id in OperationId]?: LongHandler<Id> }

/** What runs beside operations. */
export interface OperationServices {
  readonly memberHealth?: MemberHealth
  readonly registries?: RegistryStates
  readonly tasks: TaskQueue
  readonly gateway: GatewayAccess
}

/** The gateways that this process configures, as a caller of APIs reaches them. */
export interface GatewayAccess {
  readonly host: string
  readonly httpPort: number
  readonly httpsPort: number
  /** Makes a part of the snapshot known to gateways until the returned function is called. */
  lend(part: Part): () => void
}

/** Runs what was stored to be done later. */
export interface TaskQueue {
  /** Says that there may be something new. */
  wake(): void
}
