/**
 * Runs in a process of its own: one function, one event at a time, with the handler and the context that FunctionGraph's
 * runtime for Node.js gives it. It is compiled by itself (program.ts) and imports nothing that it does not need.
 */
import { createRequire } from 'node:module'
import { Socket } from 'node:net'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compileFunction, constants } from 'node:vm'
import { readFrames, writeFrame } from './frames.js'
import type { Answer, Call, FunctionFacts, Setup } from './messages.js'

type Callback = (error: unknown, value?: unknown) => void
type Handler = (event: unknown, context: object, callback: Callback) => unknown
type Initializer = (context: object, callback: Callback) => unknown

const LONGEST_MESSAGE = 4_096
const LARGEST_FRAME = 256 * 1024 * 1024
const started = performance.now()
const pipe = new Socket({ fd: 3 })

function tell(answer: Answer, text: string): void {
  writeFrame(pipe, answer, text)
}

function load(code: string, file: string): Record<string, unknown> {
  const module = { exports: {} as Record<string, unknown> }
  const names = ['exports', 'require', 'module', '__filename', '__dirname', '__sluice_url']
  const options = { filename: file, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER }
  const run = compileFunction(code, names, options) as (...values: unknown[]) => void
  run(module.exports, createRequire(file), module, file, dirname(file), pathToFileURL(file).href)
  return module.exports
}

function member(exported: Record<string, unknown>, name: string): unknown {
  if (typeof exported[name] === 'function') return exported[name]
  const { default: inside } = exported
  return typeof inside === 'object' && inside !== null ? Reflect.get(inside, name) : undefined
}

/** What can be asked of the context; there are no credentials, since there is no cloud account. */
function contextOf(
  { project, package: inPackage, name, version, memory, userData }: FunctionFacts,
  { requestId, alias, timeout }: Pick<Call, 'requestId' | 'alias' | 'timeout'>,
): object {
  const until = performance.now() + timeout
  const log =
    (level: string) =>
    (...values: unknown[]): void =>
      console.log(`[${level}]`, ...values)
  return {
    getRequestID: () => requestId,
    getRemainingTimeInMilliSeconds: () => Math.max(0, Math.round(until - performance.now())),
    getRunningTimeInSeconds: () => Math.round((performance.now() - started) / 1_000),
    getUserData: (key: string) => (Object.hasOwn(userData, key) ? userData[key] : ''),
    getFunctionName: () => name,
    getPackage: () => inPackage,
    getVersion: () => version,
    getAlias: () => alias,
    getProjectID: () => project,
    getMemorySize: () => memory,
    getCPUNumber: () => 1,
    getAccessKey: () => '',
    getSecretKey: () => '',
    getSecurityAccessKey: () => '',
    getSecuritySecretKey: () => '',
    getSecurityToken: () => '',
    getToken: () => '',
    getLogger: () => ({ debug: log('DEBUG'), info: log('INFO'), warn: log('WARN'), error: log('ERROR') }),
  }
}

/** A promise counts, else what is returned, unless the function takes a callback: then that. What comes first holds. */
function settle(takesCallback: boolean, call: (callback: Callback) => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const callback: Callback = (error, value) => {
      if (error == null) resolve(value)
      else reject(error instanceof Error ? error : new Error(describe(error)))
    }
    const returned = call(callback)
    const isPromise = typeof returned === 'object' && returned !== null && 'then' in returned
    if (isPromise || !takesCallback) resolve(returned)
  })
}

function describe(error: unknown): string {
  const text =
    error instanceof Error ? (error.stack ?? error.message) : typeof error === 'string' ? error : asJson(error)
  return text.slice(0, LONGEST_MESSAGE)
}

function asJson(value: unknown): string {
  try {
    return toJson(value)
  } catch (error) {
    return `a value that is no JSON: ${String(error)}`
  }
}

/** @throws for what is in a circle */
function toJson(value: unknown): string {
  const text: unknown = JSON.stringify(value)
  // `undefined` has none.
  return typeof text === 'string' ? text : 'null'
}

let setup: Setup | undefined
let code = ''
let initialized: Promise<Handler> | undefined

/** What is wrong with the code fails the call that needs it, and is told to whoever reads the log. */
async function initialize({ file, handler: name, function: facts }: Setup, call: Call): Promise<Handler> {
  const exported = load(code, file)
  const found = member(exported, name)
  if (typeof found !== 'function') throw new Error(`${file} exports no function ${name}`)
  const first = member(exported, 'initializer')
  if (typeof first === 'function') {
    const initializer = first as Initializer
    await settle(initializer.length > 1, (callback) => initializer(contextOf(facts, call), callback))
  }
  return found as Handler
}

async function serve(to: Setup, call: Call, event: string): Promise<void> {
  const { id, mostBytes } = call
  try {
    const handler = await (initialized ??= initialize(to, call))
    const context = contextOf(to.function, call)
    const value = await settle(handler.length > 2, (callback) =>
      handler(JSON.parse(event) as unknown, context, callback),
    )
    const text = typeof value === 'string' ? value : toJson(value)
    const isTooLarge = text.length > mostBytes || Buffer.byteLength(text) > mostBytes
    if (isTooLarge) tell({ id, outcome: 'too-large' }, `the answer is over ${mostBytes} bytes`)
    else tell({ id, outcome: 'answered' }, text)
  } catch (error) {
    tell({ id, outcome: 'failed' }, describe(error))
  }
}

readFrames(
  pipe,
  LARGEST_FRAME,
  ({ head, text }) => {
    // The runtime writes what messages.ts says.
    if (setup === undefined) {
      setup = head as Setup
      code = text
    } else void serve(setup, head as Call, text)
  },
  () => process.exit(1),
)
// Whoever started it is gone.
pipe.on('close', () => process.exit(0))
pipe.on('error', () => process.exit(0))
