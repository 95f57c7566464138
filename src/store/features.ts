import type { FeatureRow } from './schema.js'
import type { Database } from './store.js'

/** Features that were set in an instance, by name; all others are as they are by default. */
export async function featuresSet(db: Database, instanceId: string): Promise<ReadonlyMap<string, FeatureRow>> {
  const rows = await db.selectFrom('features').selectAll().where('instance_id', '=', instanceId).execute()
  return new Map(rows.map((row) => [row.name, row]))
}

export async function setFeature(db: Database, row: FeatureRow): Promise<void> {
  await db
    .insertInto('features')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(['instance_id', 'name'])
        .doUpdateSet({ enable: row.enable, config: row.config, updated_at: row.updated_at }),
    )
    .execute()
}
