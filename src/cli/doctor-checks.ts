/** What `sluice doctor` looks at. A check changes nothing, and answers in words for the person who asked. */
import { accessSync, constants, existsSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { DataDirectoryError, lockDataDirectory } from '../config/data-directory.js'
import { flagName } from '../config/setting-fields.js'
import { formatListenAddress, type ListenAddress } from '../config/listen-address.js'
import type { Settings } from '../config/settings.js'
import { failureLine } from './start-failure.js'

export interface Finding {
  readonly check: string
  readonly status: 'ok' | 'warning' | 'failed'
  /** What was found. */
  readonly detail: string
  /** What to do, unless all is well. */
  readonly next?: string
}

const OLDEST_NODE = [20, 19] as const
const MEBIBYTE = 1024 * 1024
const LITTLE_SPACE = 1024 * MEBIBYTE
const TOO_LITTLE_SPACE = 100 * MEBIBYTE
/** Seconds. The SDKs' signatures are valid for 15 minutes; certificates and tokens want better. */
const SOME_SKEW = 5
const TOO_MUCH_SKEW = 60

export function checkNode(version = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor, oldestMinor] = OLDEST_NODE
  const check = 'Node.js'
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor))
    return { check, status: 'ok', detail: version }
  return { check, status: 'failed', detail: version, next: `install Node.js ${oldestMajor}.${oldestMinor} or newer` }
}

export function checkDataDirectory(path: string): Finding {
  const check = 'data directory'
  if (!existsSync(path)) {
    const parent = nearestExisting(path)
    return allows(parent)
      ? { check, status: 'ok', detail: `${path} will be made at the first start` }
      : { check, status: 'failed', detail: `${path} cannot be made`, next: `make it, or permit writing to ${parent}` }
  }
  const state = statSync(path)
  if (!state.isDirectory())
    return { check, status: 'failed', detail: `${path} is not a directory`, next: 'remove the file, or set --data-dir' }
  if (!allows(path))
    return {
      check,
      status: 'failed',
      detail: `${path} cannot be read and written`,
      next: `chown it to the user who runs Sluice`,
    }
  if ((state.mode & 0o077) !== 0)
    return { check, status: 'warning', detail: `${path} is open to other users`, next: `chmod 700 ${path}` }
  return { check, status: 'ok', detail: path }
}

export function checkSpace(path: string): Finding {
  const { bavail, bsize } = statfsSync(nearestExisting(path))
  const free = bavail * bsize
  const check = 'free space'
  const detail = `${Math.floor(free / MEBIBYTE)} MiB`
  if (free < TOO_LITTLE_SPACE)
    return { check, status: 'failed', detail, next: 'make room: the database must be able to grow' }
  if (free < LITTLE_SPACE) return { check, status: 'warning', detail, next: 'make room before the access log fills it' }
  return { check, status: 'ok', detail }
}

/** Whether a Sluice is running on the directory; its ports are then taken, and rightly so. */
export function isRunning(path: string): boolean {
  if (!existsSync(join(path, 'lock'))) return false
  try {
    lockDataDirectory(path).release()
    return false
  } catch (error) {
    if (error instanceof DataDirectoryError) return error.message.includes('in use')
    throw error
  }
}

export async function checkPort(
  key: 'management_listen' | 'http_listen' | 'https_listen',
  address: ListenAddress,
  running: boolean,
): Promise<Finding> {
  const check = key.replace('_listen', ' address')
  const detail = formatListenAddress(address)
  const error = await listenError(address)
  if (error === undefined) return { check, status: 'ok', detail: `${detail} is free` }
  if (error.code === 'EADDRINUSE' && running)
    return { check, status: 'ok', detail: `${detail}, in use while Sluice runs` }
  const next = error.code === 'EADDRINUSE' ? `end that program, or set ${flagName(key)}` : `set ${flagName(key)}`
  return { check, status: 'failed', detail: failureLine(error, key), next }
}

function listenError({ host, port }: ListenAddress): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen({ host, port }, () => server.close(() => resolve(undefined)))
  })
}

export async function checkDatabase(url: string): Promise<Finding> {
  const check = 'database'
  // The drivers are only needed here.
  const { databaseState } = await import('../store/database-state.js')
  try {
    const { engine, applied, missing, unknown } = await databaseState(url)
    if (unknown.length > 0)
      return {
        check,
        status: 'failed',
        detail: `${engine}, made by a newer Sluice (${unknown.join(', ')})`,
        next: 'install that version, or restore a backup',
      }
    if (applied.length === 0) return { check, status: 'ok', detail: `${engine}, new: it is set up at the first start` }
    const version = applied.at(-1) ?? ''
    if (missing.length > 0)
      return {
        check,
        status: 'warning',
        detail: `${engine} at ${version}`,
        next: `make a backup: the next start brings it to ${missing.at(-1) ?? ''}`,
      }
    return { check, status: 'ok', detail: `${engine} at ${version}` }
  } catch (error) {
    return {
      check,
      status: 'failed',
      detail: failureLine(error, 'database_url'),
      next: 'see that it runs, and that --database-url is right',
    }
  }
}

/** Compares the clock with that of the file system: they differ on shares, and on machines whose clock is being set. */
export function checkClock(path: string): Finding {
  const directory = nearestExisting(path)
  const probe = join(directory, `.sluice-clock-${process.pid}`)
  if (!allows(directory))
    return {
      check: 'clock',
      status: 'warning',
      detail: `no comparison: ${directory} cannot be written`,
      next: 'run this as the user who runs Sluice',
    }
  writeFileSync(probe, '')
  try {
    return skewFinding('clock', statSync(probe).mtimeMs - Date.now(), 'the file system')
  } finally {
    rmSync(probe, { force: true })
  }
}

export async function checkServerClock(url: string): Promise<Finding> {
  const check = 'clock of server'
  try {
    const asked = Date.now()
    const reply = await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(5_000) })
    const date = Date.parse(reply.headers.get('date') ?? '')
    if (Number.isNaN(date))
      return { check, status: 'warning', detail: `${url} sends no date`, next: 'name another server' }
    // The header has whole seconds, and was written some time between the question and now.
    const now = Date.now()
    const skew = date + 1_000 < asked ? date + 1_000 - asked : date > now ? date - now : 0
    return skewFinding(check, skew, url)
  } catch (error) {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return {
      check,
      status: 'failed',
      detail: failureLine(reason, url),
      next: 'see that the server runs, and that its URL is right',
    }
  }
}

function skewFinding(check: string, milliseconds: number, whose: string): Finding {
  const seconds = Math.abs(milliseconds) / 1000
  const detail = `differs from ${whose} by ${seconds.toFixed(1)} s`
  const next = 'let a time service (chrony, systemd-timesyncd) set it: signatures are refused when clocks differ'
  if (seconds > TOO_MUCH_SKEW) return { check, status: 'failed', detail, next }
  return seconds > SOME_SKEW ? { check, status: 'warning', detail, next } : { check, status: 'ok', detail }
}

export function checkSettings({ redisUrl }: Settings): readonly Finding[] {
  if (redisUrl === undefined) return []
  const next = 'remove it: this version keeps limits on the node'
  return [{ check: 'redis_url', status: 'warning', detail: 'is set, and not used', next }]
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path))
}

function allows(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}
