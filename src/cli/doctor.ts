/** `sluice doctor`: would it start here, and what is in the way. */
import { styleText } from 'node:util'
import type { Command } from 'commander'
import { localUrl } from '../config/listen-address.js'
import { orFail } from './command-failure.js'
import {
  checkClock,
  checkDatabase,
  checkDataDirectory,
  checkNode,
  checkPort,
  checkServerClock,
  checkSettings,
  checkSpace,
  isRunning,
  type Finding,
} from './doctor-checks.js'
import { addSettingFlags, settingsFrom, type FlagValues } from './setting-flags.js'
import { processTerminal, type Terminal } from './terminal.js'

export function registerDoctor(program: Command, terminal: Terminal = processTerminal()): void {
  addSettingFlags(program.command('doctor'))
    .description('Check ports, data directory, database and clock, and say what to do.')
    .option('--server <url>', 'also compare the clock with that of this server')
    .option('--json', 'print the findings as one line of JSON')
    .action(async (values: FlagValues, command: Command) => {
      await orFail(command, async () => {
        const findings = await examine(values, terminal)
        const ok = findings.every(({ status }) => status !== 'failed')
        terminal.output.write(
          values['json'] === true ? `${JSON.stringify({ ok, findings })}\n` : render(findings, terminal),
        )
        if (!ok) terminal.exitWith(1)
      })
    })
}

async function examine(values: FlagValues, terminal: Terminal): Promise<Finding[]> {
  const settings = settingsFrom(values, terminal)
  const running = isRunning(settings.dataDir)
  const own = running ? `${localUrl('http', settings.managementListen)}/healthz` : undefined
  const server = typeof values['server'] === 'string' ? values['server'] : own
  return [
    checkNode(),
    ...checkSettings(settings),
    checkDataDirectory(settings.dataDir),
    checkSpace(settings.dataDir),
    await checkPort('management_listen', settings.managementListen, running),
    await checkPort('http_listen', settings.httpListen, running),
    await checkPort('https_listen', settings.httpsListen, running),
    await checkDatabase(settings.databaseUrl),
    checkClock(settings.dataDir),
    ...(server === undefined ? [] : [await checkServerClock(server)]),
  ]
}

const COLOURS = { ok: 'green', warning: 'yellow', failed: 'red' } as const

function render(findings: readonly Finding[], { output, environment }: Terminal): string {
  const colours = output.isTTY === true && environment['NO_COLOR'] === undefined
  const width = Math.max(...findings.map(({ check }) => check.length))
  const lines = findings.flatMap(({ check, status, detail, next }) => {
    const shown = colours ? styleText(COLOURS[status], status.padEnd(7), { validateStream: false }) : status.padEnd(7)
    const line = `${shown}  ${check.padEnd(width)}  ${detail}`
    return next === undefined ? [line] : [line, `${' '.repeat(width + 11)}→ ${next}`]
  })
  return `${lines.join('\n')}\n`
}
