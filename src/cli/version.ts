/** `sluice version`. */
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { processTerminal, type Terminal } from './terminal.js'

export function programVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string
  }
  return version
}

export function registerVersion(program: Command, terminal: Terminal = processTerminal()): void {
  program
    .command('version')
    .description('Print the version of Sluice, and of what it runs on.')
    .option('--json', 'print one line of JSON')
    .action(({ json }: { readonly json?: boolean }) => {
      const facts = {
        version: programVersion(),
        node: process.versions.node,
        platform: `${process.platform}-${process.arch}`,
      }
      terminal.output.write(
        json === true
          ? `${JSON.stringify(facts)}\n`
          : `sluice ${facts.version} (Node.js ${facts.node}, ${facts.platform})\n`,
      )
    })
}
