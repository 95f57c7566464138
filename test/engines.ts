/** The database engines that a suite runs on: the real ones. Each `open` is a fresh, empty database. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
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
}

const sqlite: TestEngine = {
  name: 'SQLite',
  async open() {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-sqlite-'))
    return {
      url: `sqlite:${join(directory, 'sluice.db')}`,
      [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
    }
  },
}

const postgres: TestEngine = {
  name: 'PostgreSQL',
  async open() {
    const url = new URL(inject('postgresUrl'))
    const name = `test_${randomUUID().replaceAll('-', '')}`
    await administer(`create database ${name}`)
    url.pathname = `/${name}`
    return {
      url: url.href,
      [Symbol.asyncDispose]: () => administer(`drop database ${name} with (force)`),
    }
  },
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** PostgreSQL is left out, with a warning at the start of the run, where the machine has none (never in CI). */
export const engines: readonly TestEngine[] = inject('postgresUrl') === '' ? [sqlite] : [sqlite, postgres]
