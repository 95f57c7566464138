/**
 * The data directory: made with mode 0700, used by one Sluice at a time, and home of the secret that control and gateways
 * share. Every failure is one line for the person who started it.
 */
import { randomBytes } from 'node:crypto'
import { accessSync, constants, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'libsql'

/** The message names the file and what is wrong with it. The command ends with exit code 1. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError'
}

export interface DirectoryLock {
  release(): void
}

const LOCK_FILE = 'lock'
const PID_FILE = 'sluice.pid'
const TOKEN_FILE = 'cluster-token'
const TOKEN = /^[\x21-\x7e]{16,256}$/

/** Makes the directory if there is none. Throws `DataDirectoryError` when it can't be used. */
export function prepareDataDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    if (!statSync(path).isDirectory()) throw new DataDirectoryError(`data directory ${path}: is not a directory`)
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw describe(error, `data directory ${path}`)
  }
}

/**
 * Takes the directory for this process until it ends, in whatever way: the lock is the operating system's, on an open
 * file, so that nothing stale can be left behind. Throws `DataDirectoryError` when another process has it.
 */
export function lockDataDirectory(path: string): DirectoryLock {
  const pidFile = join(path, PID_FILE)
  const lockFile = join(path, LOCK_FILE)
  let lock: Sqlite.Database
  try {
    lock = new Sqlite(lockFile)
  } catch (error) {
    throw describe(error, lockFile)
  }
  try {
    // Node can't lock files; SQLite does it with the same system call, on every platform.
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (codeOf(error) !== 'SQLITE_BUSY') throw describe(error, lockFile)
    throw new DataDirectoryError(`data directory ${path}: in use by another Sluice (process ${pidIn(pidFile)})`)
  }
  writeFileSync(pidFile, `${process.pid}\n`)
  return {
    release: () => {
      rmSync(pidFile, { force: true })
      lock.close()
    },
  }
}

/** The token in the directory's `cluster-token` file (mode 0600), made at first use. Throws `DataDirectoryError`. */
export function loadClusterToken(path: string): string {
  const file = join(path, TOKEN_FILE)
  try {
    // Created by whoever comes first; that it exists already is the usual case.
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { flag: 'wx', mode: 0o600, flush: true })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw describe(error, file)
  }
  try {
    const token = readFileSync(file, 'utf8').trim()
    if (!TOKEN.test(token))
      throw new DataDirectoryError(`${file}: holds no token of 16 to 256 characters; remove it to have a new one made`)
    return token
  } catch (error) {
    throw describe(error, file)
  }
}

function pidIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    // Only the message suffers: the other process may be just starting.
    return 'unknown'
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left',
  EEXIST: 'is not a directory',
  ENOTDIR: 'is not in a directory',
}

function describe(error: unknown, what: string): DataDirectoryError {
  if (error instanceof DataDirectoryError) return error
  const code = codeOf(error)
  const reason = REASONS[code] ?? (error instanceof Error ? error.message : String(error))
  return new DataDirectoryError(`${what}: ${reason}`, { cause: error })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
