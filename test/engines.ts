/** The database engines that a suite runs on: the real ones. Each `open` is a fresh, empty database. */
import { randomUUID } from 'node:crypto'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { inject } from 'vitest'

export interface TestDatabase extends AsyncDisposable {
  readonly url: string
}

export interface TestEngine {
  readonly name: 'SQLite' | 'PostgreSQL'
  readonly open: () => Promise<TestDatabase>
  /** As `open`, already brought to the current version: a copy of one that was, which is faster. */
  readonly openMigrated: () => Promise<TestDatabase>
}

export const sqlite: TestEngine = {
  name: 'SQLite',
  open: () => sqliteDatabase(),
  openMigrated: () => sqliteDatabase(inject('sqliteTemplate')),
}

async function sqliteDatabase(template?: string): Promise<TestDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-sqlite-'))
  const file = join(directory, 'sluice.db')
  if (template !== undefined) await copyFile(template, file)
  return {
    url: `sqlite:${file}`,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

const postgres: TestEngine = {
  name: 'PostgreSQL',
  open: () => postgresDatabase('template1'),
  openMigrated: borrowedPostgresDatabase,
}

/**
 * Databases of the current version that no test uses now: emptying one is far cheaper than making one. They go with the
 * run, because files share them.
 */
const idle: TestDatabase[] = []

async function borrowedPostgresDatabase(): Promise<TestDatabase> {
  const database = idle.pop() ?? (await postgresDatabase(inject('postgresTemplate')))
  return {
    url: database.url,
    async [Symbol.asyncDispose]() {
      await empty(database.url)
      idle.push(database)
    },
  }
}

/** Leaves every table as the migrations made it; those that never held a row are not looked at. */
async function empty(url: string): Promise<void> {
  await administer(
    `do $$ declare name text; begin
      set local session_replication_role = replica;
      for name in
        select relname from pg_class
        where relnamespace = 'public'::regnamespace and relkind = 'r' and relname not like 'kysely%'
          and pg_relation_size(oid) > 0
      loop
        execute format('delete from %I', name);
      end loop;
      insert into snapshot_revision (id, value) values (1, 0);
    end $$`,
    url,
  )
}

async function postgresDatabase(template: string): Promise<TestDatabase> {
  const url = new URL(inject('postgresUrl'))
  const name = `${inject('postgresPrefix')}${randomUUID().replaceAll('-', '')}`
  await administer(`create database ${name} template ${template}`)
  url.pathname = `/${name}`
  return {
    url: url.href,
    [Symbol.asyncDispose]: () => administer(`drop database ${name} with (force)`),
  }
}

async function administer(statement: string, url = inject('postgresUrl')): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** PostgreSQL is left out, with a warning at the start of the run, where the machine has none (never in CI). */
export const engines: readonly TestEngine[] = inject('postgresUrl') === '' ? [sqlite] : [sqlite, postgres]
