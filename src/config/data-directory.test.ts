import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lockDataDirectory, loadClusterToken, prepareDataDirectory } from './data-directory.js'

async function directory() {
  const path = await mkdtemp(join(tmpdir(), 'sluice-data-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

const mode = async (path: string) => (await stat(path)).mode & 0o777

test('a missing directory is made, for its owner alone', async () => {
  await using here = await directory()
  const path = join(here.path, 'a', 'b')
  prepareDataDirectory(path)
  prepareDataDirectory(path)
  expect(await mode(path)).toBe(0o700)
})

test('a file in its place is named', async () => {
  await using here = await directory()
  const path = join(here.path, 'file')
  await writeFile(path, '')
  expect(() => prepareDataDirectory(path)).toThrow(`data directory ${path}: is not a directory`)
  expect(() => prepareDataDirectory(join(path, 'below'))).toThrow(`data directory ${path}/below: is not in a directory`)
})

test('a directory without permission is named', async () => {
  await using here = await directory()
  await chmod(here.path, 0o500)
  const path = join(here.path, 'below')
  expect(() => withoutPrivileges(() => prepareDataDirectory(path))).toThrow(`data directory ${path}: permission denied`)
})

/** Permissions mean nothing to root, which is who tests run as in a container. */
function withoutPrivileges(work: () => void): void {
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(65_534)
  try {
    work()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}

test('two processes do not use one directory; the second is told who has it', async () => {
  await using here = await directory()
  const first = lockDataDirectory(here.path)
  expect(() => lockDataDirectory(here.path)).toThrow(
    `data directory ${here.path}: in use by another Sluice (process ${process.pid})`,
  )
  first.release()
  lockDataDirectory(here.path).release()
})

test('a process that was killed leaves no lock behind', async () => {
  await using here = await directory()
  const holder = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', HOLDER, here.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  expect(() => lockDataDirectory(here.path)).toThrow(`(process ${holder.pid ?? 0})`)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  lockDataDirectory(here.path).release()
})

const HOLDER = `
  const { lockDataDirectory } = await import(${JSON.stringify(new URL('./data-directory.ts', import.meta.url).href)})
  lockDataDirectory(process.argv[1])
  console.log('locked')
  setInterval(() => undefined, 1000)
`

test('the cluster token is made once, and is for its owner alone', async () => {
  await using here = await directory()
  const token = loadClusterToken(here.path)
  expect(token).toMatch(/^[\w-]{43}$/)
  expect(loadClusterToken(here.path)).toBe(token)
  expect(await mode(join(here.path, 'cluster-token'))).toBe(0o600)
})

test('a cluster token that somebody wrote is taken if it is long enough', async () => {
  await using here = await directory()
  const file = join(here.path, 'cluster-token')
  await writeFile(file, 'sixteen-letters!\n')
  expect(loadClusterToken(here.path)).toBe('sixteen-letters!')
  await writeFile(file, 'short')
  expect(() => loadClusterToken(here.path)).toThrow(`${file}: holds no token`)
  expect(await readFile(file, 'utf8')).toBe('short')
})
