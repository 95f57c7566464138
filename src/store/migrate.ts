import { Migrator } from 'kysely'
import { migrations } from './migrations/index.js'
import type { Database } from './store.js'

export class NewerDatabase extends Error {
  constructor(readonly unknown: readonly string[]) {
    super(
      `the database was written by a newer version of sluice (unknown migration ${unknown.join(', ')}): ` +
        'start that version, or restore a backup made before the upgrade',
    )
  }
}

/**
 * Brings the database to the program's version, under the engine's migration lock. Refuses a database that has
 * migrations which this program does not know.
 */
export async function migrateToLatest(db: Database): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } })
  const unknown = (await appliedMigrations(db)).filter((name) => !(name in migrations))
  if (unknown.length > 0) throw new NewerDatabase(unknown)
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined)
    throw new Error('the database could not be brought to the version of this program', { cause: error })
}

/** Names of the migrations that a database has; empty when it is new. */
async function appliedMigrations(db: Database): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some((table) => table.name === MIGRATIONS)) return []
  const rows = await db
    .withTables<{ [MIGRATIONS]: { name: string } }>()
    .selectFrom(MIGRATIONS)
    .select('name')
    .orderBy('name')
    .execute()
  return rows.map((row) => row.name)
}

const MIGRATIONS = 'kysely_migration'
