import { operations, type OperationId } from '../../contract/generated/operations.js'
import { fault, type Fault } from '../../contract/faults.js'
import { isReadOperation } from '../../iam/permissions.js'
import { findInstance, instanceState, lockingOrder, type InstanceState } from '../../store/instances.js'
import type { InstanceRow } from '../../store/schema.js'
import type { Database } from '../../store/store.js'
import { planeOf, unknownInstance } from '../failures.js'
import type { OperationContext } from '../operation.js'

/** Status names and numbers that this server shows, of the table in lifecycle.md §1.1. */
export const statusNumbers = { Creating: 1, Running: 6, Deleting: 23, Resizing: 42 } as const

export type InstanceStatus = keyof typeof statusNumbers

/** The name of a status that a filter gives by name or by number. */
export const statusName = (status: string | undefined): string | undefined =>
  Object.entries(statusNumbers).find(([, number]) => String(number) === status)?.[0] ?? status

/**
 * Whether an instance in this state admits an operation: reading always, deleting unless it is being deleted, all
 * else only while it is running (lifecycle.md §1.4).
 */
export function admits(state: InstanceState, operation: OperationId): boolean {
  if (state === 'Running' || isReadOperation(operation)) return true
  return operation === 'deleteInstancesV2' && state !== 'Deleting'
}

/** What an order that is under way keeps others from doing (lifecycle.md §1.3). */
const REFUSED_BY_LOCK: ReadonlySet<OperationId> = new Set([
  'deleteInstancesV2',
  'createPostPayResizeOrder',
  'createPrepayResize',
] satisfies OperationId[])

/**
 * The instance that a request names. Throws the 404 of the operation's plane when the project has none of this id,
 * 409 APIC.7712 when an order locks it against the operation, and 409 APIC.7701 when its state does not admit it.
 */
export async function requireInstance(
  db: Database,
  request: {
    readonly id: OperationId
    readonly projectId: string
    readonly instanceId: string
    /** Milliseconds since the epoch. */
    readonly now: number
  },
): Promise<InstanceRow> {
  const { id, projectId, instanceId, now } = request
  const row = await findInstance(db, projectId, instanceId, now)
  if (row === undefined) throw notFound(id, instanceId)
  if (REFUSED_BY_LOCK.has(id) && lockingOrder(row, now) !== undefined) throw fault('APIC.7712')
  if (!admits(instanceState(row, now), id)) throw fault(id === 'addIngressEipV2' ? 'APIC.7710' : 'APIC.7701')
  return row
}

/** An instance that is not there has no endpoint service either, and that is what those operations say. */
const notFound = (id: OperationId, instanceId: string): Fault =>
  operations[id].path.includes('/vpc-endpoint/') ? fault('APIC.7314') : unknownInstance(planeOf(id), instanceId)

/** The instance of an operation's path, which the server has found before. */
export async function ownInstance({ db, projectId, instanceId, now }: OperationContext): Promise<InstanceRow> {
  const row = await findInstance(db, projectId, instanceId, now)
  if (row === undefined) throw fault('APIC.7302')
  return row
}
