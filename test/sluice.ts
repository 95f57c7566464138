/** Sluice as an operator runs it: `sluice start` with all its processes, built, on ports and a directory of its own. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { inject } from 'vitest'
import { signRequest } from '../src/signing/sign.js'

interface LogLine {
  readonly msg: string
  readonly component: string
  readonly pid: number
  readonly [name: string]: unknown
}

export interface Command {
  readonly pid: number
  readonly output: () => string
  readonly errors: () => string
  readonly lines: () => readonly LogLine[]
  /** Resolves with the exit code, or the signal that ended the command. */
  readonly ended: Promise<number | string>
  kill(signal: NodeJS.Signals): void
}

/** Runs `sluice` with these arguments. */
export function sluice(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  directory: string,
  program: string = inject('program'),
): Command {
  const child = spawn(process.execPath, ['--no-deprecation', program, ...args], {
    cwd: directory,
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk))
  return {
    pid: child.pid ?? 0,
    output: () => output,
    errors: () => errors,
    lines: () =>
      output
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as LogLine),
    ended: new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal ?? ''))),
    kill: (signal) => child.kill(signal),
  }
}

export interface Reply {
  readonly status: number
  readonly body: unknown
}

export interface Running extends AsyncDisposable {
  readonly command: Command
  readonly directory: string
  readonly dataDir: string
  readonly management: string
  readonly http: string
  readonly https: string
  /** A signed request to the management API; the path is below the first instance. */
  call(method: string, path: string, body?: unknown): Promise<Reply>
  /** Process ids of what runs now, by what it is: `control`, `gateway 1`, … Needs the log level `debug`. */
  processes(): ReadonlyMap<string, number>
  /** A request to the gateway. */
  get(host: string, path: string): Promise<Reply>
}

/** Starts everything and waits until it is ready. `program` is for what is no test run: the file of the command line. */
export async function startSluice(
  environment: Readonly<Record<string, string>> = {},
  directory?: string,
  program?: string,
): Promise<Running> {
  const own = directory ?? (await mkdtemp(join(tmpdir(), 'sluice-start-')))
  const dataDir = join(own, 'data')
  const ports = {
    SLUICE_MANAGEMENT_LISTEN: '127.0.0.1:0',
    SLUICE_HTTP_LISTEN: '127.0.0.1:0',
    SLUICE_HTTPS_LISTEN: '127.0.0.1:0',
    SLUICE_WORKERS: '2',
    // Tests call the sub-domains of groups; on a slow machine they wait for longer than a day's thousand calls last.
    SLUICE_DEBUG_DOMAIN_LIMIT: 'off',
  }
  const command = sluice(['start'], { ...ports, SLUICE_DATA_DIR: dataDir, ...environment }, own, program)
  const ready = await until(() => command.lines().find(({ msg }) => msg === 'ready'), command)
  const [management, http, https] = ['management', 'http', 'https'].map((name) => String(ready[name])) as [
    string,
    string,
    string,
  ]
  return {
    command,
    directory: own,
    dataDir,
    management,
    http,
    https,
    call: (method, path, body) => signedCall(dataDir, management, method, path, body),
    processes: () => processes(command),
    get: (host, path) => send(new URL(path, http), 'GET', { Host: host }),
    async [Symbol.asyncDispose]() {
      command.kill('SIGTERM')
      await command.ended
      if (directory === undefined) await rm(own, { recursive: true, force: true })
    },
  }
}

/** Milliseconds; shorter than what tests have, so that they say what they waited for and end what they started. */
const LONGEST_WAIT = 60_000

/** Waits until there is an answer; fails with what the command has said when it ends first, or when there is none. */
export async function until<T>(answer: () => Promise<T | undefined> | T | undefined, command?: Command): Promise<T> {
  const givesUpAt = performance.now() + LONGEST_WAIT
  let end: number | string | undefined
  void command?.ended.then((code) => (end = code))
  for (;;) {
    const found = await answer()
    if (found !== undefined) return found
    if (end !== undefined)
      throw new Error(`sluice ended with ${end}: ${command?.output() ?? ''}${command?.errors() ?? ''}`)
    if (performance.now() > givesUpAt) throw new Error(`still waiting for: ${answer.toString()}${tail(command)}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const tail = (command: Command | undefined): string =>
  command === undefined ? '' : `\n${command.output().slice(-2_000)}${command.errors().slice(-2_000)}`

function signedCall(dataDir: string, base: string, method: string, path: string, body: unknown): Promise<Reply> {
  const credentials = JSON.parse(readFileSync(join(dataDir, 'credentials.json'), 'utf8')) as Record<string, string>
  const { access_key: accessKey = '', secret_key: secretKey = '', project_id = '', instance_id = '' } = credentials
  const url = new URL(`/v2/${project_id}/apigw/instances/${instance_id}/${path}`, base)
  const bytes = Buffer.from(body === undefined ? '' : JSON.stringify(body))
  const headers = { Host: url.host, 'Content-Type': 'application/json' }
  const { pathname, search } = url
  const signed = signRequest(
    { method, path: pathname, query: search.slice(1), headers, body: bytes },
    { accessKey, secretKey },
  )
  return send(url, method, { ...headers, ...signed }, bytes)
}

function send(url: URL, method: string, headers: Record<string, string>, body = Buffer.alloc(0)): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const length = body.length > 0 ? { 'Content-Length': String(body.length) } : {}
    const outgoing = request(url, { method, headers: { ...headers, ...length }, agent: false })
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: parsed(answer) }), reject)
    })
    outgoing.end(body)
  })
}

function processes(command: Command): ReadonlyMap<string, number> {
  const started = command.lines().filter(({ msg }) => msg.endsWith(' started'))
  return new Map(started.map(({ msg, child }) => [msg.replace(' started', ''), Number(child)]))
}

function parsed(answer: string): unknown {
  return answer.startsWith('{') ? JSON.parse(answer) : answer
}
