import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { migrateToLatest } from './migrate.js'
import type { Schema } from './schema.js'
import type { Engine } from './store.js'

const INT8 = 20

/** Connections of one control process: writers of different instances and a few readers at once. */
const POOL_SIZE = 10

export async function openPostgres(url: string): Promise<Engine> {
  const types = new pg.TypeOverrides()
  // Every bigint of the schema is a moment or a count, far below 2^53.
  types.setTypeParser(INT8, (text) => Number(text))
  const pool = new pg.Pool({ connectionString: url, max: POOL_SIZE, types, application_name: 'sluice' })
  // An idle connection that the server closes is replaced at its next use; without a listener it would end the process.
  pool.on('error', () => undefined)
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) })
  try {
    await migrateToLatest(db)
  } catch (error) {
    await db.destroy()
    throw error
  }
  return {
    kind: 'postgres',
    reader: db,
    writer: db,
    async lock(transaction, name) {
      await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(transaction)
    },
    close: () => db.destroy(),
  }
}
