/** `sluice sign`: prints what makes a request a signed one, without sending it. */
import type { Command } from 'commander'
import { CommandFailure, orFail } from './command-failure.js'
import { describeCall, prepareCall, type CallOptions, type SignedCall } from './signed-call.js'
import { processTerminal, type Terminal } from './terminal.js'

interface Options extends CallOptions {
  readonly curl?: boolean
  readonly json?: boolean
}

export function registerSign(program: Command, terminal: Terminal = processTerminal()): void {
  describeCall(program.command('sign'))
    .description('Print the headers of a signed request; it is valid for 15 minutes.')
    .option('--curl', 'print a curl command that sends it')
    .option('--json', 'print {"method", "url", "headers"} as one line of JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (method: string, path: string, options: Options, command: Command) => {
      await orFail(command, async () => {
        const call = await prepareCall(method, path, options, terminal)
        terminal.output.write(render(call, options) + '\n')
      })
    })
}

function render(call: SignedCall, { curl, json, data }: Options): string {
  const url = call.url.origin + call.target
  if (json === true) return JSON.stringify({ method: call.method, url, headers: call.headers })
  if (curl === true) return curlCommand(call, url, data)
  return Object.entries(call.headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')
}

function curlCommand({ method, headers, body }: SignedCall, url: string, data: string | undefined): string {
  const words = ['curl', '--path-as-is', '--globoff', ...(method === 'HEAD' ? ['--head'] : ['-X', method])]
  // A header that ends in a colon would be left out; a semicolon says that it is empty.
  for (const [name, value] of Object.entries(headers)) words.push('-H', value === '' ? `${name};` : `${name}: ${value}`)
  if (body.length > 0) words.push('--data-binary', data?.startsWith('@') === true ? data : literal(body))
  return [...words, url].map(shellWord).join(' ')
}

/** curl reads a file where a body starts with `@`. */
function literal(body: Buffer): string {
  const text = body.toString()
  if (!Buffer.from(text).equals(body) || text.includes('\0') || text.startsWith('@'))
    throw new CommandFailure('this body cannot be part of a command: put it into a file and use --data @file', 2)
  return text
}

const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

const EXAMPLES = `
Examples:
  sluice sign GET apps --curl
  sluice sign POST http://<group id>.apic.localhost:8000/orders --data @order.json --app-key <key> --app-secret <secret>`
