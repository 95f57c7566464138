import Libsql from 'libsql'
import { Kysely, SqliteAdapter, SqliteDialect } from 'kysely'
import { migrateToLatest } from './migrate.js'
import type { Schema } from './schema.js'
import type { Engine } from './store.js'

/**
 * Two connections to one file in WAL mode: writers queue on the first, readers on the second, and a reader sees the
 * last commit while a write is under way. `synchronous = full`: an acknowledged write survives a power cut.
 */
export async function openSqlite(path: string): Promise<Engine> {
  const writer = connect(path)
  try {
    await migrateToLatest(writer)
  } catch (error) {
    await writer.destroy()
    throw error
  }
  const reader = connect(path)
  return {
    kind: 'sqlite',
    reader,
    writer,
    // The only connection that writes is in use: whoever is inside a transaction is alone.
    lock: () => Promise.resolve(),
    async close() {
      await reader.destroy()
      await writer.destroy()
    },
  }
}

function connect(path: string): Kysely<Schema> {
  const database = new Libsql(path)
  database.exec('pragma journal_mode = wal')
  database.exec('pragma synchronous = full')
  database.exec('pragma foreign_keys = on')
  database.exec('pragma busy_timeout = 5000')
  return new Kysely<Schema>({ dialect: new Dialect({ database }) })
}

/** A migration is done or not done, also when the process is killed in the middle: SQLite can, Kysely does not ask. */
class Dialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new (class extends SqliteAdapter {
      override get supportsTransactionalDdl(): boolean {
        return true
      }
    })()
  }
}
