/**
 * A process that runs one function, one event at a time. Whatever becomes of it, its call gets an answer, and nothing
 * else is harmed (docs/decisions/0010-functions-in-processes.md).
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { dirname } from 'node:path'
import { Duplex } from 'node:stream'
import { readFrames, writeFrame, type Frame } from './frames.js'
import type { FunctionAnswer } from './functions.js'
import { isAnswer, type Call, type FunctionFacts, type Setup } from './messages.js'

export interface ProcessOptions {
  /** What runs in every process. */
  readonly runner: string
  readonly code: string
  readonly file: string
  readonly handler: string
  readonly facts: FunctionFacts
  /** What the function, or the runtime, has to say; a line. */
  readonly onLine: (line: string) => void
  /** The process is no more, or ends; its last call is answered next. */
  readonly onEnd: () => void
}

const LONGEST_LINE = 4_096
/** Bytes of an answer with its head; callers say what they take of it. */
const LARGEST_FRAME = 65 * 1024 * 1024

export class FunctionProcess {
  readonly #child: ChildProcess
  readonly #pipe: Duplex
  readonly #options: ProcessOptions
  #call: { readonly id: number; readonly answer: (answer: FunctionAnswer) => void } | undefined
  #calls = 0
  #ended = false
  /** Monotonic milliseconds since which it has nothing to do. */
  idleSince = performance.now()

  constructor(options: ProcessOptions) {
    const { runner, code, file, handler, facts, onLine } = options
    this.#options = options
    const limits = [`--max-old-space-size=${facts.memory}`, '--max-semi-space-size=4']
    this.#child = spawn(process.execPath, [...limits, '--input-type=commonjs', '-e', runner], {
      cwd: dirname(file),
      // The gateway's own holds secrets.
      env: visibleEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) if (stream !== null) eachLine(stream, onLine)
    const pipe = this.#child.stdio[3]
    if (!(pipe instanceof Duplex)) throw new Error('a pipe is readable and writable')
    this.#pipe = pipe
    // What could not be written is told by the end of the process.
    pipe.on('error', ignore)
    readFrames(
      pipe,
      LARGEST_FRAME,
      (frame) => this.#receive(frame),
      () => this.stop(),
    )
    this.#child.on('error', (error) => {
      onLine(`cannot be started: ${error.message}`)
      this.#end()
    })
    this.#child.on('exit', (code, signal) => {
      if (!this.#ended) onLine(`the process ended: ${signal ?? `exit code ${String(code)}`}`)
      this.#end()
    })
    writeFrame(pipe, { file, handler, function: facts } satisfies Setup, code)
  }

  get isIdle(): boolean {
    return this.#call === undefined && !this.#ended
  }

  run(call: Omit<Call, 'id'>, event: string, answer: (answer: FunctionAnswer) => void): void {
    const id = ++this.#calls
    this.#call = { id, answer }
    writeFrame(this.#pipe, { ...call, id } satisfies Call, event)
  }

  /** Ends it, whatever it is doing. */
  stop(): void {
    if (this.#ended) return
    this.#child.kill('SIGKILL')
    this.#end()
  }

  #receive({ head, text }: Frame): void {
    const call = this.#call
    if (call === undefined || !isAnswer(head) || head.id !== call.id) return
    this.#call = undefined
    this.idleSince = performance.now()
    if (head.outcome === 'answered') call.answer({ text })
    else {
      this.#options.onLine(text)
      call.answer(head.outcome)
    }
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    const call = this.#call
    this.#call = undefined
    this.#options.onEnd()
    call?.answer('failed')
  }
}

const ignore = (): void => undefined

const VISIBLE = ['PATH', 'TZ', 'LANG', 'LC_ALL', 'NODE_EXTRA_CA_CERTS', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']

function visibleEnvironment(): Record<string, string> {
  const visible: Record<string, string> = {}
  for (const name of VISIBLE) {
    const value = process.env[name]
    if (value !== undefined) visible[name] = value
  }
  return visible
}

/** Long lines are cut, so that what is held of one that does not end is bounded. */
function eachLine(stream: NodeJS.ReadableStream, visit: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (piece: string) => {
    const lines = (rest + piece).split('\n')
    rest = (lines.pop() ?? '').slice(0, LONGEST_LINE)
    for (const line of lines) if (line !== '') visit(line.slice(0, LONGEST_LINE))
  })
  stream.on('end', () => {
    if (rest !== '') visit(rest)
  })
}
