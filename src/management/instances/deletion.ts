/**
 * How an instance ends: everything in it goes at once, together with what gateways know of it; the bare row stays for
 * as long as the job takes, so that readers see `Deleting` before they see nothing.
 */
import { editionOf, emptyInstance, partsOfInstance, removeGoneInstances } from '../../store/instances.js'
import type { InstanceRow } from '../../store/schema.js'
import type { Transaction } from '../../store/store.js'

/** `duration` in milliseconds. */
export async function deleteInstance(
  { db, changed }: Transaction,
  row: InstanceRow,
  now: number,
  duration: number,
): Promise<void> {
  for (const key of await partsOfInstance(db, row.id)) changed(key)
  await emptyInstance(db, {
    ...row,
    spec_id: editionOf(row, now),
    job_kind: 'delete',
    job_started_at: now,
    job_ends_at: now + duration,
    updated_at: now,
  })
}

/**
 * Removes what is left of instances whose deletion is over. Needed before a name or an id is said to be taken, and at
 * start for those that nobody asked for since; readers do without.
 */
export async function purgeEndedDeletions({ db, changed }: Transaction, now: number): Promise<void> {
  for (const id of await removeGoneInstances(db, now)) changed(`instance:${id}`)
}
