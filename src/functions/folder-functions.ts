/**
 * Runs the functions of a folder, each in processes of its own. What is in the folder is looked at when a function is
 * called, so that a change counts from the next call on; no watching, which not every file system can.
 */
import { FunctionDefect, locate, type Located } from './folder.js'
import { FunctionPool, type Program } from './function-pool.js'
import type { FunctionAnswer, FunctionCall, FunctionFailure, Functions } from './functions.js'
import { compileFunction, compileRunner } from './program.js'
import { ProcessBudget } from './process-budget.js'
import { formatAddress, type FunctionAddress } from './urn.js'

export interface FolderOptions {
  readonly directory: string
  /** Processes that run at once. Default 8, of which one function gets half. */
  readonly processes?: number
  /** MiB of heap for a function that says nothing else. Default 128. */
  readonly memory?: number
  /** Calls of one function that wait for a process. Default 1,000. */
  readonly mostWaiting?: number
  /** Milliseconds for which the folder is believed to be as it was. Default 500. */
  readonly checkEvery?: number
  /** Milliseconds after which a process with nothing to do ends. Default 60,000. */
  readonly keepFor?: number
  /** What a function prints, and what is wrong with it. */
  readonly onLine: (name: string, line: string) => void
}

/** What an address stands for, as it was found the last time. */
interface Known {
  checkedAt: number
  checking: Promise<void> | undefined
  /** Undefined: nothing, or nothing that could be run. */
  key: string | undefined
  failure: 'unknown' | 'failed'
  /** What was wrong, told once. */
  why: string
}

interface Deployed {
  readonly fingerprint: string
  readonly pool: FunctionPool
}

/** Lines of one function in a second; more are counted. */
const MOST_LINES = 200

export class FolderFunctions implements Functions {
  readonly #known = new Map<string, Known>()
  readonly #deployed = new Map<string, Deployed>()
  /** Code that cannot be compiled, until it changes. */
  readonly #broken = new Map<string, { readonly fingerprint: string; readonly defect: FunctionDefect }>()
  readonly #budget: ProcessBudget
  readonly #sweep: NodeJS.Timeout
  #closed = false

  constructor(private readonly options: FolderOptions) {
    const { processes = 8, keepFor = 60_000 } = options
    this.#budget = new ProcessBudget(processes)
    this.#sweep = setInterval(() => {
      for (const { pool } of this.#deployed.values()) pool.endIdleSince(performance.now() - keepFor)
    }, keepFor / 2).unref()
  }

  async invoke(call: FunctionCall): Promise<FunctionAnswer> {
    const pool = await this.#pool(call.address)
    return typeof pool === 'string' ? pool : pool.submit(call)
  }

  async enqueue(call: FunctionCall): Promise<'accepted' | FunctionFailure> {
    const pool = await this.#pool(call.address)
    return typeof pool === 'string' ? pool : pool.enqueue(call)
  }

  async close(graceMs: number): Promise<void> {
    this.#closed = true
    clearInterval(this.#sweep)
    const until = performance.now() + graceMs
    const pools = [...this.#deployed.values()].map(({ pool }) => pool)
    while (performance.now() < until && pools.some((pool) => pool.isBusy))
      await new Promise((resolve) => setTimeout(resolve, 10))
    for (const pool of pools) pool.close()
  }

  async #pool(address: FunctionAddress): Promise<FunctionPool | FunctionFailure> {
    if (this.#closed) return 'failed'
    const name = formatAddress(address)
    let known = this.#known.get(name)
    if (known === undefined)
      this.#known.set(
        name,
        (known = { checkedAt: -Infinity, checking: undefined, key: undefined, failure: 'unknown', why: '' }),
      )
    const { checkEvery = 500 } = this.options
    if (performance.now() - known.checkedAt >= checkEvery) await (known.checking ??= this.#check(address, known))
    const deployed = known.key === undefined ? undefined : this.#deployed.get(known.key)
    return deployed?.pool ?? known.failure
  }

  async #check(address: FunctionAddress, known: Known): Promise<void> {
    try {
      const located = await locate(this.options.directory, address)
      if (located === undefined) this.#forget(known, 'unknown')
      else {
        await this.#deploy(located, address)
        known.key = located.key
        known.why = ''
      }
    } catch (error) {
      // A defect of the folder, or a file that cannot be read.
      this.#forget(known, 'failed')
      const why = error instanceof Error ? error.message : String(error)
      if (why !== known.why) this.#tell(nameOf(address), why)
      known.why = why
    } finally {
      known.checkedAt = performance.now()
      known.checking = undefined
    }
  }

  #forget(known: Known, failure: Known['failure']): void {
    known.key = undefined
    known.failure = failure
  }

  async #deploy(located: Located, address: FunctionAddress): Promise<void> {
    const { key, fingerprint } = located
    const before = this.#deployed.get(key)
    if (before?.fingerprint === fingerprint) return
    const broken = this.#broken.get(key)
    if (broken?.fingerprint === fingerprint) throw broken.defect
    const program = await this.#program(located, address).catch((error: unknown) => {
      if (error instanceof FunctionDefect) this.#broken.set(key, { fingerprint, defect: error })
      throw error
    })
    this.#broken.delete(key)
    if (this.#closed) return
    const now = this.#deployed.get(key)
    // Another address of the same version was faster.
    if (now !== before) return
    if (before !== undefined) before.pool.replace(program)
    const pool = before?.pool ?? this.#newPool(program, address)
    this.#deployed.set(key, { fingerprint, pool })
  }

  #newPool(program: Program, address: FunctionAddress): FunctionPool {
    const { processes = 8, mostWaiting = 1_000 } = this.options
    return new FunctionPool(program, {
      budget: this.#budget,
      mostProcesses: Math.max(1, Math.ceil(processes / 2)),
      mostWaiting,
      onLine: limited((line) => this.#tell(nameOf(address), line)),
    })
  }

  async #program(located: Located, { project, package: inPackage, name }: FunctionAddress): Promise<Program> {
    const { file, handler, version, timeout, userData, memory = this.options.memory ?? 128 } = located
    const [runner, code] = await Promise.all([compileRunner(), compileFunction(located)])
    const facts = { project, package: inPackage, name, version, memory, userData }
    return { runner, code, file, handler, facts, timeout }
  }

  #tell(name: string, line: string): void {
    this.options.onLine(name, line)
  }
}

const nameOf = ({ package: inPackage, name }: FunctionAddress): string => `${inPackage}/${name}`

function limited(visit: (line: string) => void): (line: string) => void {
  let second = 0
  let lines = 0
  return (line) => {
    const now = Math.floor(performance.now() / 1_000)
    if (now !== second) {
      if (lines > MOST_LINES) visit(`${lines - MOST_LINES} more lines`)
      second = now
      lines = 0
    }
    if (++lines <= MOST_LINES) visit(line)
  }
}
