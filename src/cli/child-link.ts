/** A child process' end of the channel to its supervisor. Without a supervisor a child has nothing to do, and ends. */
import type { Settings } from '../config/settings.js'
import type { FromChild, Start, ToChild } from './process-messages.js'
import { failureLine } from './start-failure.js'

export interface RunningChild {
  /** Rejects when the process can't do what it was started for. */
  readonly started: Promise<void>
  /** Called with everything that comes after the start, except `drain`. */
  receive(message: ToChild): void
  /** Finishes what is in flight. The process exits when it resolves. */
  drain(): Promise<void>
}

/**
 * Runs a child: says hello, is told to start, and from then on obeys. Signals are the supervisor's business: a terminal
 * and systemd send them to every process at once, and the order in which processes end matters.
 *
 * @param setting the setting whose address could not be listened on, for an error of a socket
 */
export function runChild(
  setting: string | ((error: unknown, settings: Settings) => string),
  start: (message: Start) => Promise<RunningChild>,
): void {
  let running: Promise<RunningChild> | undefined
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => undefined)
  process.on('SIGHUP', () => undefined)
  // Without this Node.js would open its debugger to whoever is on the machine.
  process.on('SIGUSR1', () => void running?.then((child) => child.receive({ kind: 'reopen' })))
  process.on('disconnect', () => process.exit(1))
  // For one process alone: it finishes, and its supervisor puts another one in its place.
  process.on('SIGUSR2', () => drain())

  const drain = (): void => {
    if (running === undefined) process.exit(0)
    void running.then((child) => child.drain()).then(() => process.exit(0))
  }
  process.on('message', (message: ToChild) => {
    if (message.kind === 'start') {
      running = start(message)
      running
        .then(({ started }) => started)
        .catch((error: unknown) => {
          failed(failureLine(error, typeof setting === 'string' ? setting : setting(error, message.settings)))
        })
    } else if (message.kind === 'drain') {
      drain()
    } else void running?.then((child) => child.receive(message))
  })
  tellSupervisor({ kind: 'hello' })
}

export function tellSupervisor(message: FromChild): void {
  // A channel that is closed ends this process anyway.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
}

function failed(message: string): void {
  const last: FromChild = { kind: 'failed', message }
  if (process.send === undefined) process.exit(1)
  process.send(last, undefined, undefined, () => process.exit(1))
}
