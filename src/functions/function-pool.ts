/** The calls of one function, and the processes that run them. */
import { FunctionProcess } from './function-process.js'
import type { FunctionAnswer, FunctionCall } from './functions.js'
import type { FunctionFacts } from './messages.js'
import type { ProcessBudget, ProcessOwner } from './process-budget.js'

/** What processes are started with. */
export interface Program {
  /** What runs in every process. */
  readonly runner: string
  readonly code: string
  readonly file: string
  readonly handler: string
  readonly facts: FunctionFacts
  /** Milliseconds that a call may take; undefined: as long as its caller waits. */
  readonly timeout: number | undefined
}

export interface PoolOptions {
  readonly budget: ProcessBudget
  /** Processes of one function. */
  readonly mostProcesses: number
  /** Calls that wait. */
  readonly mostWaiting: number
  readonly onLine: (line: string) => void
}

interface Job {
  readonly call: FunctionCall
  /** Nobody waits for its answer. */
  readonly queued: boolean
  readonly answer: (answer: FunctionAnswer) => void
  /** Monotonic milliseconds. */
  readonly until: number
  timer: NodeJS.Timeout | undefined
}

/** Characters of events that wait. */
const MOST_CHARACTERS = 64 * 1024 * 1024
/** Milliseconds that what was queued may run where its function says nothing else. */
const LONGEST_RUN = 30_000

export class FunctionPool implements ProcessOwner {
  #program: Program
  readonly #processes = new Set<FunctionProcess>()
  /** Those of a program that has been replaced: they end when they have answered. */
  readonly #retiring = new Set<FunctionProcess>()
  #waiting: Job[] = []
  #characters = 0
  #closed = false

  constructor(
    program: Program,
    private readonly options: PoolOptions,
  ) {
    this.#program = program
  }

  submit(call: FunctionCall): Promise<FunctionAnswer> {
    return new Promise((resolve) => {
      if (!this.#add(call, false, resolve)) resolve('overloaded')
    })
  }

  enqueue(call: FunctionCall): 'accepted' | 'overloaded' {
    return this.#add(call, true, nobody) ? 'accepted' : 'overloaded'
  }

  /** From now on, this is run. Calls that are being run end as they began. */
  replace(program: Program): void {
    this.#program = program
    for (const process of this.#processes) {
      this.#processes.delete(process)
      this.#retiring.add(process)
      if (process.isIdle) process.stop()
    }
    this.#pump()
  }

  get isBusy(): boolean {
    return this.#waiting.length > 0 || [...this.#processes, ...this.#retiring].some((process) => !process.isIdle)
  }

  /** Ends processes that had nothing to do since then, in monotonic milliseconds. */
  endIdleSince(moment: number): void {
    for (const process of this.#processes) if (process.isIdle && process.idleSince <= moment) process.stop()
  }

  endIdle(): boolean {
    for (const process of this.#processes) {
      if (!process.isIdle) continue
      process.stop()
      return true
    }
    return false
  }

  mayStart(): void {
    this.#pump()
  }

  /** Ends everything: what waits or runs has failed. */
  close(): void {
    this.#closed = true
    for (const job of this.#waiting.splice(0)) this.#finish(job, 'failed')
    for (const process of [...this.#processes, ...this.#retiring]) process.stop()
  }

  #add(call: FunctionCall, queued: boolean, answer: Job['answer']): boolean {
    const { event, timeout } = call
    const isFull = this.#waiting.length >= this.options.mostWaiting || this.#characters > MOST_CHARACTERS
    if (this.#closed || (isFull && !this.#hasRoom)) return false
    const limit = Math.min(timeout, this.#program.timeout ?? Infinity)
    const job: Job = { call, queued, answer, until: queued ? Infinity : performance.now() + limit, timer: undefined }
    this.#waiting.push(job)
    this.#characters += event.length
    // Whoever waits for an answer waits here as well.
    if (!queued) {
      job.timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((one) => one !== job)
        this.#characters -= event.length
        this.#finish(job, 'timeout')
      }, limit)
    }
    this.#pump()
    return true
  }

  get #hasRoom(): boolean {
    for (const process of this.#processes) if (process.isIdle) return true
    return false
  }

  #pump(): void {
    for (let job = this.#waiting[0]; job !== undefined && !this.#closed; job = this.#waiting[0]) {
      const process = this.#idle() ?? this.#start()
      if (process === undefined) return
      this.#waiting.shift()
      this.#characters -= job.call.event.length
      this.#run(job, process)
    }
  }

  #idle(): FunctionProcess | undefined {
    for (const process of this.#processes) if (process.isIdle) return process
    return undefined
  }

  #start(): FunctionProcess | undefined {
    const { budget, mostProcesses, onLine } = this.options
    if (this.#processes.size >= mostProcesses || !budget.take(this)) return undefined
    const process = new FunctionProcess({
      ...this.#program,
      onLine,
      onEnd: () => {
        this.#processes.delete(process)
        this.#retiring.delete(process)
        budget.release()
        // After its call was answered, which may bring the next one.
        setImmediate(() => this.#pump())
      },
    })
    this.#processes.add(process)
    return process
  }

  #run(job: Job, process: FunctionProcess): void {
    clearTimeout(job.timer)
    const { address, event, requestId, mostBytes } = job.call
    const left = job.queued ? (this.#program.timeout ?? LONGEST_RUN) : Math.max(0, job.until - performance.now())
    // A function that hangs, or computes for ever, cannot be asked to end.
    job.timer = setTimeout(() => {
      this.#finish(job, 'timeout')
      process.stop()
    }, left)
    process.run({ requestId, alias: address.alias ?? '', timeout: left, mostBytes }, event, (answer) => {
      this.#finish(job, answer)
      if (this.#retiring.has(process)) process.stop()
      else this.#pump()
      this.options.budget.next()
    })
  }

  #finish(job: Job, answer: FunctionAnswer): void {
    clearTimeout(job.timer)
    job.answer(answer)
  }
}

const nobody = (): void => undefined
