/** One process that has to be there: started, and started again when it ends. */
import type { ChildProcess } from 'node:child_process'
import type { Logger } from 'pino'
import type { ChildReady, FromChild, ToChild } from './process-messages.js'

export interface SupervisedOptions {
  /** For the log: `control`, `gateway 2`. */
  readonly name: string
  readonly spawn: () => ChildProcess
  readonly log: Logger
  /** Everything that the process says, except that it can't start. */
  readonly onMessage: (message: FromChild) => void
  /** The process has ended. */
  readonly onExit: () => void
}

/** Milliseconds that a process must have lived for its end to be an accident, not a habit. */
const HEALTHY = 5_000
/** What ends several processes at once is over before the first of them is back. */
const SHORTEST_DELAY = 20
const FIRST_DELAY = 100
const LONGEST_DELAY = 5_000

export class SupervisedProcess {
  #process: ChildProcess
  #startedAt = performance.now()
  #delay = 0
  #stopping = false
  #complaint: string | undefined
  #respawn: NodeJS.Timeout | undefined
  #failedFirst: (reason: string) => void = () => undefined
  #readyFirst: (ready: ChildReady) => void = () => undefined
  /** The first start: why it failed, or what the process said when it was ready. */
  readonly first = new Promise<ChildReady | string>((resolve) => {
    this.#failedFirst = resolve
    this.#readyFirst = resolve
  })
  #wasReady = false
  #ended: () => void = () => undefined

  constructor(private readonly options: SupervisedOptions) {
    this.#process = this.#spawn()
  }

  send(message: ToChild): void {
    // Whoever is gone is started again, and told everything anew.
    if (this.#process.connected) this.#process.send(message, () => undefined)
  }

  /** Lets the process finish, or kills it after `patience` milliseconds. Resolves when it has ended. */
  async stop(patience: number): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#respawn)
    if (this.#hasEnded()) return
    const ended = new Promise<void>((resolve) => (this.#ended = resolve))
    this.send({ kind: 'drain' })
    const kill = setTimeout(() => {
      this.options.log.warn(`${this.options.name} does not end: it is killed`)
      this.#process.kill('SIGKILL')
    }, patience)
    await ended
    clearTimeout(kill)
  }

  #spawn(): ChildProcess {
    const process = this.options.spawn()
    this.#startedAt = performance.now()
    this.#complaint = undefined
    this.options.log.debug({ child: process.pid }, `${this.options.name} started`)
    process.on('message', (message: FromChild) => {
      if (process === this.#process) this.#hear(message)
    })
    process.on('exit', (code, signal) => {
      // Its last words may still be in the channel.
      if (process.connected) process.once('disconnect', () => this.#exited(code, signal))
      else this.#exited(code, signal)
    })
    process.on('error', (error) => {
      this.#complaint ??= error.message
      if (process.pid === undefined) this.#exited(null, null)
    })
    return process
  }

  #hear(message: FromChild): void {
    if (message.kind === 'failed') {
      this.#complaint = message.message
      return
    }
    if (message.kind === 'ready') {
      this.#wasReady = true
      this.options.log.debug({ child: this.#process.pid }, `${this.options.name} serves`)
      this.#readyFirst(message)
    }
    this.options.onMessage(message)
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    this.options.onExit()
    const how =
      this.#complaint ?? `${this.options.name} ended ${signal === null ? `with code ${code ?? 0}` : `by ${signal}`}`
    if (this.#stopping) this.#ended()
    else if (!this.#wasReady) this.#failedFirst(how)
    else this.#startAgain(how)
  }

  #startAgain(how: string): void {
    const lived = performance.now() - this.#startedAt
    this.#delay = lived > HEALTHY ? SHORTEST_DELAY : Math.min(LONGEST_DELAY, Math.max(FIRST_DELAY, this.#delay * 2))
    this.options.log.error({ pid: this.#process.pid, delay: this.#delay }, `${how}; it is started again`)
    this.#respawn = setTimeout(() => (this.#process = this.#spawn()), this.#delay)
  }

  #hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null || this.#process.pid === undefined
  }
}
