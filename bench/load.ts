/** One measurement: a load on one core, CPU time of the subject's processes on the other. */
import { execFile } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Subject } from './subjects.js'

/** What a load generator has seen. */
export interface Counted {
  readonly requests: number
  readonly perSecond: number
  /** Milliseconds, under full load: mostly the length of the queue. */
  readonly p50: number
  readonly p99: number
}

export interface Measurement extends Counted {
  /** CPU time of all processes of the subject, user and system, by request. */
  readonly cpuMicroseconds: number
  /** The same for the process that serves, without those that accompany it. */
  readonly servingMicroseconds: number
}

export type Target = Subject & { readonly scheme?: 'http' | 'https' }

/** Loads a target for a while, from so many connections; throws when anything but success is answered. */
export type Driver = (target: Target, seconds: number, connections: number) => Promise<Counted>

/** What the proxies run on, and what everything else runs on. */
export const PROXY_CORE = 0
export const OTHER_CORE = 1

/** The kernel counts CPU time in hundredths of a second, whatever its own clock does. */
const TICK_MICROSECONDS = 10_000

const execute = promisify(execFile)

/** What a command prints that runs beside the backend. */
export async function beside(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute('taskset', ['-c', String(OTHER_CORE), command, ...args], { maxBuffer: 2 ** 24 })
  return stdout
}

export async function measure(
  target: Target,
  seconds: number,
  connections: number,
  driver: Driver,
): Promise<Measurement> {
  const before = cpuTimes(target.pid)
  const counted = await driver(target, seconds, connections)
  const after = cpuTimes(target.pid)
  const spent = [...after].map(([pid, ticks]) => ticks - (before.get(pid) ?? 0))
  return {
    ...counted,
    cpuMicroseconds: (spent.reduce((sum, ticks) => sum + ticks, 0) * TICK_MICROSECONDS) / counted.requests,
    servingMicroseconds: (Math.max(...spent) * TICK_MICROSECONDS) / counted.requests,
  }
}

/** `more` are further arguments of wrk: headers, a script. */
export function wrk(more: () => readonly string[] = () => []): Driver {
  return async ({ name, scheme = 'http', port, path }, seconds, connections) => {
    const url = `${scheme}://127.0.0.1:${port}${path}`
    const said = await beside('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', ...more(), url])
    // A load of errors measures nothing.
    if (/Non-2xx|Socket errors/.test(said)) throw new Error(`${name} did not answer all requests:\n${said}`)
    return {
      requests: number(said, /(\d+) requests in/),
      perSecond: number(said, /Requests\/sec:\s+([\d.]+)/),
      p50: milliseconds(said, '50%'),
      p99: milliseconds(said, '99%'),
    }
  }
}

export function number(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1]
  if (found === undefined) throw new Error(`nothing looks like ${String(pattern)}:\n${text}`)
  return Number(found)
}

function milliseconds(text: string, percentile: string): number {
  const [, value = '', unit = ''] = new RegExp(`${percentile}\\s+([\\d.]+)(us|ms|s)`).exec(text) ?? []
  return Number(value) * (unit === 's' ? 1000 : unit === 'us' ? 0.001 : 1)
}

/** Ticks of CPU by process, of a process and all that descend from it. */
function cpuTimes(root: number): Map<number, number> {
  return new Map(family(root).map(({ pid, ticks }) => [pid, ticks]))
}

/** A process and all that descend from it. */
export function family(root: number): { readonly pid: number; readonly ticks: number }[] {
  const parents = new Map<number, number>()
  const ticks = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const fields = statFields(Number(name))
    if (fields === undefined) continue
    parents.set(Number(name), Number(fields[1]))
    ticks.set(Number(name), Number(fields[11]) + Number(fields[12]))
  }
  const descends = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at)) {
      if (at === root) return true
    }
    return false
  }
  return [...ticks].flatMap(([pid, spent]) => (descends(pid) ? [{ pid, ticks: spent }] : []))
}

/** Fields of /proc/PID/stat after the command, which may hold spaces: state, parent, …; undefined when it has ended. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
}
