/**
 * The one door to the database. Every operation of the management plane is one transaction, opened here.
 *
 * Writers name what they lock (an instance, a project): writers of one instance run one after another on both
 * engines, so a check and the write that relies on it cannot be torn apart (docs/decisions/0004-write-locks.md).
 * Readers never wait for writers.
 */
import type { Kysely } from 'kysely'
import { openPostgres } from './postgres.js'
import type { Schema } from './schema.js'
import { openSqlite } from './sqlite.js'

export type Database = Kysely<Schema>

export interface Transaction {
  readonly db: Database
  /** Notes that a part of the snapshot (`publication:<api>/<env>`, `app:<id>`, …) must be compiled again. */
  readonly changed: (partKey: string) => void
}

export interface Store {
  readonly engine: 'sqlite' | 'postgres'
  /** One consistent view. */
  read<T>(work: (db: Database) => Promise<T>): Promise<T>
  /**
   * One atomic change. `locks` are taken in the given order: parents before children.
   * When `work` throws, nothing has happened.
   */
  write<T>(locks: readonly string[], work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Called after each commit that changed parts of the snapshot, with the new revision. */
  onRevision(listener: (revision: number) => void): void
  close(): Promise<void>
}

/** What an engine has to provide; all that is common to both is below. */
export interface Engine {
  readonly kind: Store['engine']
  readonly reader: Database
  readonly writer: Database
  /** Waits until no other transaction holds `name`; released by the end of the transaction. */
  lock(db: Database, name: string): Promise<void>
  close(): Promise<void>
}

/** `sqlite:<path>` or `postgres://…`. Runs the migrations. */
export async function openStore(url: string): Promise<Store> {
  const engine = url.startsWith('sqlite:') ? await openSqlite(url.slice('sqlite:'.length)) : await openPostgres(url)
  const listeners: ((revision: number) => void)[] = []
  return {
    engine: engine.kind,

    read: (work) =>
      engine.reader.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(work),

    async write(locks, work) {
      const changes = new Set<string>()
      let revision = 0
      const result = await engine.writer.transaction().execute(async (db) => {
        for (const name of locks) await engine.lock(db, name)
        const value = await work({ db, changed: (key) => changes.add(key) })
        if (changes.size > 0) revision = await recordChanges(db, changes)
        return value
      })
      if (revision > 0) for (const listener of listeners) listener(revision)
      return result
    },

    onRevision: (listener) => listeners.push(listener),
    close: () => engine.close(),
  }
}

/**
 * The last thing in a transaction: the row of `snapshot_revision` is a lock that orders all writers, so revisions
 * become visible in the order of their numbers.
 */
async function recordChanges(db: Database, keys: ReadonlySet<string>): Promise<number> {
  const { value } = await db
    .updateTable('snapshot_revision')
    .set((eb) => ({ value: eb('value', '+', 1) }))
    .where('id', '=', 1)
    .returning('value')
    .executeTakeFirstOrThrow()
  const rows = [...keys].map((key) => ({ revision: value, part_key: key }))
  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT)
    await db
      .insertInto('snapshot_changes')
      .values(rows.slice(from, from + ROWS_PER_INSERT))
      .execute()
  return value
}

/** Far below the 32,766 bound variables that SQLite allows in one statement. */
export const ROWS_PER_INSERT = 1_000
