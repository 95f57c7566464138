/** One measurement: load by wrk on one core, CPU time of the subject's processes on the other. */
import { execFile } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Subject } from './subjects.js'

export interface Measurement {
  readonly requests: number
  readonly perSecond: number
  /** CPU time of all processes of the subject, user and system, by request. */
  readonly cpuMicroseconds: number
  /** The same for the process that serves, without those that accompany it. */
  readonly servingMicroseconds: number
  /** Milliseconds, as wrk saw them under full load: mostly the length of the queue. */
  readonly p50: number
  readonly p99: number
}

/** What the proxies run on, and what everything else runs on. */
export const PROXY_CORE = 0
export const OTHER_CORE = 1

/** The kernel counts CPU time in hundredths of a second, whatever its own clock does. */
const TICK_MICROSECONDS = 10_000

const run = promisify(execFile)

/** `more` are further arguments of wrk: headers, a script. */
export async function load(
  subject: Subject & { readonly scheme?: 'http' | 'https' },
  seconds: number,
  connections: number,
  more: readonly string[] = [],
): Promise<Measurement> {
  const before = cpuTimes(subject.pid)
  const { stdout } = await run('taskset', [
    ...['-c', String(OTHER_CORE), 'wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency', ...more],
    `${subject.scheme ?? 'http'}://127.0.0.1:${subject.port}${subject.path}`,
  ])
  const after = cpuTimes(subject.pid)
  // A load of errors measures nothing.
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${subject.name} did not answer all requests:\n${stdout}`)
  const requests = number(stdout, /(\d+) requests in/)
  const spent = [...after].map(([pid, ticks]) => ticks - (before.get(pid) ?? 0))
  return {
    requests,
    perSecond: number(stdout, /Requests\/sec:\s+([\d.]+)/),
    cpuMicroseconds: (spent.reduce((sum, ticks) => sum + ticks, 0) * TICK_MICROSECONDS) / requests,
    servingMicroseconds: (Math.max(...spent) * TICK_MICROSECONDS) / requests,
    p50: milliseconds(stdout, '50%'),
    p99: milliseconds(stdout, '99%'),
  }
}

function number(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1]
  if (found === undefined) throw new Error(`wrk said nothing that looks like ${String(pattern)}:\n${text}`)
  return Number(found)
}

function milliseconds(text: string, percentile: string): number {
  const [, value = '', unit = ''] = new RegExp(`${percentile}\\s+([\\d.]+)(us|ms|s)`).exec(text) ?? []
  return Number(value) * (unit === 's' ? 1000 : unit === 'us' ? 0.001 : 1)
}

/** Ticks of CPU by process, of a process and all that descend from it. */
function cpuTimes(root: number): Map<number, number> {
  const parents = new Map<number, number>()
  const ticks = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const fields = statFields(Number(name))
    if (fields === undefined) continue
    parents.set(Number(name), Number(fields[1]))
    ticks.set(Number(name), Number(fields[11]) + Number(fields[12]))
  }
  const family = new Map<number, number>()
  for (const [pid, spent] of ticks) {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at)) {
      if (at === root) family.set(pid, spent)
    }
  }
  return family
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
