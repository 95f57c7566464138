/** `sluice call`: sends a signed request and prints the reply. */
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Command } from 'commander'
import { CommandFailure, orFail } from './command-failure.js'
import { collect, describeCall, prepareCall, type CallOptions, type SignedCall } from './signed-call.js'
import { processTerminal, type Terminal } from './terminal.js'

interface Options extends CallOptions {
  readonly include?: boolean
  readonly json?: boolean
  readonly insecure?: boolean
}

/** Milliseconds without a byte. */
const PATIENCE = 60_000

export function registerCall(program: Command, terminal: Terminal = processTerminal()): void {
  describeCall(program.command('call'))
    .description('Call the management API, or an API behind the gateway, with a signed request.')
    .option('-F, --form <name=value>', 'one field of a form, or name=@file; may be repeated', collect, [])
    .option('-i, --include', 'print the status line and the headers too')
    .option('--json', 'print {"status", "headers", "body"} as one line of JSON')
    .option('-k, --insecure', 'accept any certificate of an https endpoint')
    .addHelpText('after', EXAMPLES)
    .action(async (method: string, path: string, options: Options, command: Command) => {
      await orFail(command, async () => {
        const call = await prepareCall(method, path, options, terminal)
        const reply = await send(call, options.insecure === true)
        terminal.output.write(render(reply, options, terminal.output.isTTY === true))
        if (reply.status >= 400) terminal.exitWith(1)
      })
    })
}

interface Reply {
  readonly status: number
  readonly statusText: string
  /** Names as sent, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly isJson: boolean
  readonly body: Buffer
}

function send({ method, url, target, headers, body }: SignedCall, insecure: boolean): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).request({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      method,
      path: target,
      headers: { ...headers, ...(body.length > 0 ? { 'Content-Length': body.length } : {}) },
      lookup: localNames,
      servername: hostName(headers['Host'] ?? url.host),
      rejectUnauthorized: !insecure,
      timeout: PATIENCE,
      agent: false,
    })
    const failed = (error: Error & { readonly code?: string }) => {
      reject(new CommandFailure(`no reply from ${url.origin}: ${error.code ?? error.message}`, 1, { cause: error }))
    }
    request.on('error', failed)
    request.on('timeout', () => request.destroy(new Error(`nothing came for ${PATIENCE / 1000} seconds`)))
    request.on('response', (reply) => {
      readReply(reply).then(resolve, failed)
    })
    request.end(body)
  })
}

async function readReply(reply: IncomingMessage): Promise<Reply> {
  const headers: [string, string][] = []
  for (let i = 0; i < reply.rawHeaders.length; i += 2)
    headers.push([reply.rawHeaders[i] ?? '', reply.rawHeaders[i + 1] ?? ''])
  return {
    status: reply.statusCode ?? 0,
    statusText: reply.statusMessage ?? '',
    headers,
    isJson: /^application\/([\w.-]+\+)?json/i.test(reply.headers['content-type'] ?? ''),
    body: await buffer(reply),
  }
}

/** Names below `localhost` are this machine (RFC 6761 §6.3), also where the system's resolver does not know them. */
const localNames: LookupFunction = (name, options, done) => {
  if (!/(^|\.)localhost$/i.test(name)) lookup(name, options, done)
  else if (options.all === true) done(null, LOOPBACK)
  else done(null, '127.0.0.1', 4)
}

const LOOPBACK = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
]

/** Without port; empty for an address, which has no place in SNI. */
const hostName = (host: string): string => {
  const name = host.replace(/:\d+$/, '')
  return /^[\d.]+$|:/.test(name) ? '' : name
}

function render(reply: Reply, { include, json }: Options, forPerson: boolean): Buffer {
  const parsed = reply.isJson ? parse(reply.body) : undefined
  if (json === true) {
    const body = parsed === undefined ? reply.body.toString() : parsed.value
    const headers = Object.fromEntries(reply.headers.map(([name, value]) => [name.toLowerCase(), value]))
    return Buffer.from(`${JSON.stringify({ status: reply.status, headers, body })}\n`)
  }
  const head =
    include === true
      ? `HTTP/1.1 ${reply.status} ${reply.statusText}\n${reply.headers.map(([n, v]) => `${n}: ${v}\n`).join('')}\n`
      : ''
  // A program gets the bytes as they came, a person gets them readable.
  const body =
    forPerson && parsed !== undefined ? Buffer.from(`${JSON.stringify(parsed.value, undefined, 2)}\n`) : reply.body
  const status = forPerson && include !== true && body.length === 0 ? `${reply.status} ${reply.statusText}\n` : ''
  return Buffer.concat([Buffer.from(head + status), body])
}

function parse(body: Buffer): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(body.toString()) }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const EXAMPLES = `
Examples:
  sluice call GET apps
  sluice call POST api-groups --data '{"name": "shop"}'
  sluice call GET '/v2/{project_id}/apigw/instances' --query limit=5
  sluice call POST openapi/import --form file_name=@orders.yaml
  sluice call GET http://<group id>.apic.localhost:8000/orders --app-key <key> --app-secret <secret>`
