/** What a database is like, for whoever only wants to look: nothing is made, migrated or locked. */
import { existsSync } from 'node:fs'
import Libsql from 'libsql'
import pg from 'pg'
import { migrations } from './migrations/index.js'

export interface DatabaseState {
  readonly engine: 'SQLite' | 'PostgreSQL'
  /** Migrations that it has; none when it is new, or not there yet. */
  readonly applied: readonly string[]
  /** Those of this program that it does not have. */
  readonly missing: readonly string[]
  /** Those that this program does not know. */
  readonly unknown: readonly string[]
}

const NAMES = 'select name from kysely_migration order by name'
/** Milliseconds. */
const PATIENCE = 5_000

/** @throws what the driver throws when the database cannot be reached or read. */
export async function databaseState(url: string): Promise<DatabaseState> {
  const sqlite = url.startsWith('sqlite:')
  const applied = sqlite ? sqliteMigrations(url.slice('sqlite:'.length)) : await postgresMigrations(url)
  return {
    engine: sqlite ? 'SQLite' : 'PostgreSQL',
    applied,
    missing: Object.keys(migrations).filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !(name in migrations)),
  }
}

function sqliteMigrations(path: string): string[] {
  if (!existsSync(path)) return []
  const db = new Libsql(path, { readonly: true })
  try {
    const known = db.prepare("select 1 from sqlite_master where name = 'kysely_migration'").get()
    return known === undefined ? [] : (db.prepare(NAMES).all() as { name: string }[]).map(({ name }) => name)
  } finally {
    db.close()
  }
}

async function postgresMigrations(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: PATIENCE, query_timeout: PATIENCE })
  // A connection that breaks also fails the query; without a listener it would end the process.
  client.on('error', () => undefined)
  await client.connect()
  try {
    const known = await client.query<{ name: string | null }>("select to_regclass('kysely_migration')::text as name")
    if (known.rows[0]?.name == null) return []
    return (await client.query<{ name: string }>(NAMES)).rows.map(({ name }) => name)
  } finally {
    await client.end()
  }
}
