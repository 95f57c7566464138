/**
 * One PostgreSQL for the whole test run, started from the machine's own binaries on a free port, in a directory that
 * disappears with it. `SLUICE_TEST_POSTGRES_URL` names another one that is already running.
 */
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { openStore } from '../src/store/store.js'
import { freePort } from './free-port.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of a database whose role may create databases; empty when the machine has no PostgreSQL. */
    postgresUrl: string
    /** What the names of this run's databases begin with. All of them are dropped at its end. */
    postgresPrefix: string
    /** Name of a database of the current version, to be copied. */
    postgresTemplate: string
  }
}

type Settings = Readonly<Record<string, string>>

/** What tests write need not outlive the machine, and their queries are too short to be compiled. */
// Without autovacuum no plan depends on when its statistics were taken.
const FOR_TESTS: Settings = { full_page_writes: 'off', synchronous_commit: 'off', jit: 'off', autovacuum: 'off' }

const run = promisify(execFile)

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const server = await startPostgres(FOR_TESTS)
  if (server === undefined) {
    const hint = 'PostgreSQL is not installed: apt-get install postgresql'
    if (process.env['CI'] === 'true') throw new Error(hint)
    console.warn(`tests on PostgreSQL are skipped. ${hint}`)
    project.provide('postgresUrl', '')
    return undefined
  }
  const prefix = `sluice_test_${randomBytes(4).toString('hex')}_`
  const name = `${prefix}template`
  project.provide('postgresUrl', server.url)
  project.provide('postgresPrefix', prefix)
  project.provide('postgresTemplate', name)
  await administer(server.url, `create database ${name}`)
  const template = new URL(server.url)
  template.pathname = `/${name}`
  await (await openStore(template.href)).close()
  return async () => {
    if (server.isOurs) await server.stop()
    else await dropAll(server.url, prefix)
  }
}

export interface RunningPostgres {
  /** Of a database whose role may create databases. */
  readonly url: string
  /** Not one that was there: it goes with all that is in it. */
  readonly isOurs: boolean
  readonly stop: () => Promise<void>
}

/** Undefined when the machine has no PostgreSQL. */
export async function startPostgres(more: Settings = {}): Promise<RunningPostgres | undefined> {
  const given = process.env['SLUICE_TEST_POSTGRES_URL']
  if (given !== undefined) return { url: given, isOurs: false, stop: () => Promise.resolve() }
  const binaries = await findBinaries()
  return binaries === undefined ? undefined : start(binaries, more)
}

async function dropAll(url: string, prefix: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ datname: string }>(
      'select datname from pg_database where starts_with(datname, $1)',
      [prefix],
    )
    for (const { datname } of rows) await client.query(`drop database ${datname} with (force)`)
  } finally {
    await client.end()
  }
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

async function findBinaries(): Promise<string | undefined> {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return undefined
  const versions = (await readdir(root)).sort((a, b) => Number(b) - Number(a))
  return versions.map((version) => join(root, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')))
}

async function start(bin: string, more: Settings): Promise<RunningPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-postgres-'))
  const data = join(directory, 'data')
  const identity = await unprivileged()
  if (identity !== undefined) await chown(directory, identity.uid, identity.gid)
  await run(join(bin, 'initdb'), ['-D', data, '-U', 'sluice', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
    ...identity,
  })
  const port = await freePort()
  const settings = {
    port,
    unix_socket_directories: directory,
    listen_addresses: '127.0.0.1',
    fsync: 'off',
    max_connections: 200,
    ...more,
  }
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { stdio: 'ignore', ...identity },
  )
  const url = `postgres://sluice@127.0.0.1:${port}/postgres`
  await untilReady(url)
  return {
    url,
    isOurs: true,
    async stop() {
      const gone = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGQUIT')
      await gone
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** PostgreSQL refuses to run as root; the package brings a user for it. */
async function unprivileged(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'postgres'])).stdout)),
  )
  return { uid: uid ?? 0, gid: gid ?? 0 }
}

async function untilReady(url: string): Promise<void> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const client = new pg.Client({ connectionString: url })
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      if (Date.now() > deadline) throw new Error('PostgreSQL did not start', { cause: error })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
