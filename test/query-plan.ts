import { sql, type Compilable, type CompiledQuery } from 'kysely'
import type { Database, Store } from '../src/store/store.js'

/** The engine's own account of how it runs a query, on one line. */
export async function planOf(store: Store, query: (db: Database) => Compilable): Promise<string> {
  return (await explained(store, (db) => query(db).compile())).join('; ')
}

/** As `planOf`, line by line, of a query that is compiled. */
export async function explained(store: Store, query: (db: Database) => CompiledQuery): Promise<string[]> {
  return store.read(async (db) => {
    const isSqlite = store.engine === 'sqlite'
    // PostgreSQL reads and sorts what is small, whatever indexes there are: here it must say what it would do with much.
    for (const way of isSqlite ? [] : ['seqscan', 'bitmapscan', 'sort'])
      await sql`set local ${sql.raw(`enable_${way}`)} = off`.execute(db)
    const compiled = query(db)
    const { rows } = await db.executeQuery<Record<string, unknown>>({
      ...compiled,
      sql: `${isSqlite ? 'explain query plan' : 'explain'} ${compiled.sql}`,
    })
    return rows.map((row) => String(row['detail'] ?? row['QUERY PLAN']).trim())
  })
}
