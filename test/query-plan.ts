import { sql, type Compilable } from 'kysely'
import type { Database, Store } from '../src/store/store.js'

/** The engine's own account of how it runs a query, on one line. */
export async function planOf(store: Store, query: (db: Database) => Compilable): Promise<string> {
  return store.read(async (db) => {
    const isSqlite = store.engine === 'sqlite'
    // PostgreSQL reads a small table whole, whatever indexes it has: here it must say what it would do with a large one.
    if (!isSqlite) await sql`set local enable_seqscan = off`.execute(db)
    if (!isSqlite) await sql`set local enable_bitmapscan = off`.execute(db)
    const compiled = query(db).compile()
    const { rows } = await db.executeQuery<Record<string, unknown>>({
      ...compiled,
      sql: `${isSqlite ? 'explain query plan' : 'explain'} ${compiled.sql}`,
    })
    return rows.map((row) => String(row['detail'] ?? row['QUERY PLAN']).trim()).join('; ')
  })
}
