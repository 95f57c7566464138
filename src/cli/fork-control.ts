/** The control process, as the supervisor and measurements start it. */
import { fork, type ChildProcess } from 'node:child_process'

/**
 * Megabytes of each half of the heap's young space. A page of a list is thousands of short-lived objects: with V8's own 16
 * they outlive it, and collecting them took more than a third of the time that a page of 500 does.
 */
const YOUNG_SPACE = 64

/** `program` is the file of `control-process`; `execArgv`, flags for Node beside those that it needs. */
export function forkControl(program: string, execArgv: readonly string[] = process.execArgv): ChildProcess {
  return fork(program, { execArgv: [...execArgv, `--max-semi-space-size=${YOUNG_SPACE}`] })
}
