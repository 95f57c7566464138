/** `sluice start`: everything on this machine. */
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import type { Logger } from 'pino'
import {
  lockDataDirectory,
  loadClusterToken,
  prepareDataDirectory,
  DataDirectoryError,
  type DirectoryLock,
} from '../config/data-directory.js'
import { formatListenAddress, localUrl } from '../config/listen-address.js'
import { printConfig } from '../config/print-config.js'
import { SettingsError, type Settings } from '../config/settings.js'
import { banner } from './banner.js'
import { orFail } from './command-failure.js'
import { createLogger } from './logger.js'
import { addSettingFlags, settingsFrom, type FlagValues } from './setting-flags.js'
import { StartFailure } from './start-failure.js'
import { Supervisor, type Ready } from './supervisor.js'
import { processTerminal, type Terminal } from './terminal.js'
import { programVersion } from './version.js'

export function registerStart(program: Command, terminal: Terminal = processTerminal()): void {
  addSettingFlags(program.command('start'))
    .description('Run the management API and the gateway.')
    .option('--print-config', 'print the settings, with secrets masked, and end')
    .addHelpText('after', '\nEvery setting is also an environment variable: --data-dir is SLUICE_DATA_DIR.')
    .action(async (values: FlagValues, command: Command) => {
      await orFail(command, async () => {
        const settings = settingsFrom(values, terminal)
        if (values['printConfig'] === true) terminal.output.write(printConfig(settings))
        else await run(settings, values, terminal)
      })
    })
}

async function run(settings: Settings, values: FlagValues, terminal: Terminal): Promise<void> {
  // Whatever the directory permits, files in it are not for everybody. Children inherit it.
  process.umask(0o027)
  const { lock, clusterToken } = openDataDirectory(settings)
  const log = await createLogger(settings, 'supervisor')
  if (settings.redisUrl !== undefined)
    log.warn('redis_url is set, but limits are kept on this node: it is the only one that counts')
  const supervisor = new Supervisor({
    settings,
    clusterToken,
    log,
    programs: { control: programFile('control-process'), gateway: programFile('gateway-process') },
  })
  const ended = endOnSignal(supervisor, log, () => lock.release())
  process.on('SIGHUP', () => reload(settings, values, terminal, supervisor, log))
  process.on('SIGUSR1', () => supervisor.reopenLogs())
  try {
    const ready = await supervisor.ready()
    announce(settings, ready, terminal, log)
  } catch (error) {
    lock.release()
    throw error
  }
  await ended
}

function openDataDirectory({ dataDir, clusterToken }: Settings): { lock: DirectoryLock; clusterToken: string } {
  try {
    prepareDataDirectory(dataDir)
    const lock = lockDataDirectory(dataDir)
    return { lock, clusterToken: clusterToken ?? loadClusterToken(dataDir) }
  } catch (error) {
    if (error instanceof DataDirectoryError) throw new StartFailure(error.message, { cause: error })
    throw error
  }
}

/** Beside this file, and like it: JavaScript when built, TypeScript under a loader. */
function programFile(name: string): string {
  const here = fileURLToPath(import.meta.url)
  return fileURLToPath(new URL(`${name}${extname(here)}`, import.meta.url))
}

function announce(settings: Settings, ready: Ready, terminal: Terminal, log: Logger): void {
  if (settings.logFormat === 'pretty')
    terminal.output.write(
      banner({
        settings,
        ready,
        version: programVersion(),
        colours: terminal.output.isTTY === true && terminal.environment['NO_COLOR'] === undefined,
        program: process.argv[1] ?? 'sluice',
        // npm runs scripts in the package's directory, and tells where it was called.
        directory: terminal.environment['INIT_CWD'] ?? terminal.directory,
      }),
    )
  log.info(
    {
      management: localUrl('http', ready.management),
      http: localUrl('http', ready.http),
      https: localUrl('https', ready.https),
      managementListen: formatListenAddress(ready.management),
      httpListen: formatListenAddress(ready.http),
      httpsListen: formatListenAddress(ready.https),
      dataDir: settings.dataDir,
      workers: settings.workers,
      version: programVersion(),
    },
    'ready',
  )
}

/** Milliseconds in which a signal is the same one again: npm passes on what the terminal has already sent to all. */
const SAME_SIGNAL = 500

/** Resolves when a signal has brought everything to its end; the process then exits with 0. */
function endOnSignal(supervisor: Supervisor, log: Logger, release: () => void): Promise<void> {
  return new Promise((resolve) => {
    let since: number | undefined
    const end = (signal: NodeJS.Signals) => {
      if (since !== undefined) {
        // Who asks twice doesn't want to wait. Children end with their supervisor.
        if (performance.now() - since > SAME_SIGNAL) process.exit(1)
        return
      }
      since = performance.now()
      log.info(`${signal}: finishing what is in flight`)
      void supervisor.stop().then(() => {
        release()
        log.info('stopped')
        resolve()
        process.exit(0)
      })
    }
    process.on('SIGTERM', end)
    process.on('SIGINT', end)
  })
}

function reload(current: Settings, values: FlagValues, terminal: Terminal, supervisor: Supervisor, log: Logger): void {
  let next: Settings
  try {
    next = settingsFrom(values, terminal)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    log.error({ problems: error.problems }, 'the settings are wrong: those that were valid go on to hold')
    return
  }
  const names = Object.keys({ ...current, ...next }) as (keyof Settings)[]
  const fixed = names.filter(
    (name) => name !== 'logLevel' && JSON.stringify(current[name]) !== JSON.stringify(next[name]),
  )
  if (fixed.length > 0) log.warn({ settings: fixed }, 'these settings changed, and need a restart')
  log.level = next.logLevel
  supervisor.reload(next.logLevel)
  log.info({ logLevel: next.logLevel }, 'settings reloaded')
}
