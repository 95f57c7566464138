import type { ExtraElbRow } from './schema.js'
import { ROWS_PER_INSERT, type Database } from './store.js'

/** Oldest first. */
export async function elbsOfInstance(db: Database, instanceId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('extra_elbs')
    .select('elb_id')
    .where('instance_id', '=', instanceId)
    .orderBy('created_at')
    .orderBy('elb_id')
    .execute()
  return rows.map((row) => row.elb_id)
}

/** Adds load balancers; one that is there gets the new flag. */
export async function setElbs(db: Database, rows: readonly ExtraElbRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT)
    await db
      .insertInto('extra_elbs')
      .values(rows.slice(from, from + ROWS_PER_INSERT))
      .onConflict((conflict) =>
        conflict
          .columns(['instance_id', 'elb_id'])
          .doUpdateSet((eb) => ({ force_overwrite_enabled: eb.ref('excluded.force_overwrite_enabled') })),
      )
      .execute()
}

export async function deleteElbs(db: Database, instanceId: string, ids: readonly string[]): Promise<void> {
  await db.deleteFrom('extra_elbs').where('instance_id', '=', instanceId).where('elb_id', 'in', ids).execute()
}
