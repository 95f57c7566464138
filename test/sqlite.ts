/** One SQLite database of the current version, made once for the whole run: tests begin with a copy of it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Libsql from 'libsql'
import type { TestProject } from 'vitest/node'
import { openStore } from '../src/store/store.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** File to be copied. */
    sqliteTemplate: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-template-'))
  const file = join(directory, 'sluice.db')
  await (await openStore(`sqlite:${file}`)).close()
  // The driver leaves what was written in a file beside it until its statements are collected.
  const database = new Libsql(file)
  database.exec('pragma wal_checkpoint(truncate)')
  database.close()
  project.provide('sqliteTemplate', file)
  return () => rm(directory, { recursive: true, force: true })
}
