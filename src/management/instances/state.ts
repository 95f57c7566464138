import type { OperationId } from '../../contract/generated/operations.js'
import { fault } from '../../contract/faults.js'
import { isReadOperation } from '../../iam/permissions.js'
import { findInstance, instanceState, type InstanceState } from '../../store/instances.js'
import type { InstanceRow } from '../../store/schema.js'
import type { Database } from '../../store/store.js'
import { planeOf, unknownInstance } from '../failures.js'

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

/**
 * The instance that a request names. Throws the 404 of the operation's plane when the project has none of this id,
 * and 409 APIC.7701 when its state does not admit the operation.
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
  if (row === undefined) throw unknownInstance(planeOf(id), instanceId)
  if (!admits(instanceState(row, now), id)) throw fault('APIC.7701')
  return row
}
