/** Databases as older versions of the program left them. */
import Libsql from 'libsql'
import { Kysely, Migrator, PostgresDialect, SqliteDialect } from 'kysely'
import pg from 'pg'
import { migrations } from '../src/store/migrations/index.js'

/** Without what the program itself sets on its connections. */
export function plainDatabase(url: string): Kysely<never> {
  const dialect = url.startsWith('sqlite:')
    ? new SqliteDialect({ database: new Libsql(url.slice('sqlite:'.length)) })
    : new PostgresDialect({ pool: new pg.Pool({ connectionString: url, max: 1 }) })
  return new Kysely<never>({ dialect })
}

/** Brings an empty database to the version that had this migration for its last one. */
export async function migrateTo(db: Kysely<never>, last: string): Promise<void> {
  const known = Object.fromEntries(Object.entries(migrations).filter(([name]) => name <= last))
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(known) } })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw new Error(`no database of ${last}`, { cause: error })
}
