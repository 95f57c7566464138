/**
 * Where the time of a request goes: a CPU profile of the gateway under load, summed up by phase. `npm run bench -- profile`
 *
 * A sample belongs to the phase of the innermost frame that has one: what Node and the kernel do for a write is part of
 * that write. Frames that several phases share (the parser of header lines, buffers) leave it to who called them.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { family, measure } from './load.js'
import { prepare, scenarios } from './scenarios.js'
import { JSON_LOG, type Running, sluice, startBackends } from './subjects.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    only: { type: 'string', default: 'plain,code,signed' },
    functions: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const help = `npm run bench -- profile [options]
  --seconds N       of each profile (default 5)
  --only NAME,NAME  scenarios (default plain,code,signed)
  --functions       the dearest functions of each phase, too
  --page            write the table to docs/performance.md`

interface Frame {
  readonly functionName: string
  readonly url: string
}

/** As V8 writes it; times in microseconds. */
interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame; readonly children?: readonly number[] }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const NATIVE = 'epoll, read, decrypt; calls into JavaScript'
/** What frames belong to, the first rule that fits; in the order of the table. The files are those of `dist/`. */
const rules: readonly (readonly [phase: string, file: RegExp, functions?: RegExp])[] = [
  [NATIVE, /^$/, /^(\(program\)|dispatch)$/],
  [NATIVE, /http1\/read-buffer|^node:internal\/stream_base_commons/, /^(callback|onStreamRead|onWriteComplete)$/],
  [NATIVE, /^node:internal\/process\/(task_queues|promises)/],
  ['read and parse the request', /http1\/request-(head|target)/],
  ['read and parse the request', /http1\/client-connection/, /^(receive|#run|#readHead)$/],
  ['exchange, request id', /gateway\/exchange|http1\/(new-exchange|request-id)/],
  ['route', /gateway\/(routing|configuration|percent-encoding)/],
  ['step: signature', /signing\/|auth\/app-signature/],
  ['step: app', /gateway\/auth\//],
  ['step: throttle', /\/limits\/|policies\/throttle|gateway\/limit-counters/],
  ['step: other policies', /gateway\/policies\//],
  ['step: backend request', /backends\/(compile-backends|mapping|map-|parameters|source|orchestration|query|sender)/],
  ['head for the backend', /backends\/backend-request/],
  ['write to the backend', /backends\/backend-connection/, /^write$/],
  ['read and parse the reply', /http1\/response-head/],
  ['read and parse the reply', /backends\/backend-connection/, /^(receive|#read|#readHead)$/],
  ['head for the client', /backends\/backend-reply|gateway\/responses\//],
  ['write to the client', /http1\/client-connection/, /^write$/],
  ['statistics', /telemetry\/(statistics|latency)/],
  ['access log', /telemetry\//],
  ['time-outs, pools, the engine', /gateway\/(backends|http1|listeners|pipeline|taps|tls|circuits)/],
  ['garbage collection', /^$/, /^\(garbage collector\)$/],
]
const OTHER = 'other'
const phases = [...new Set([...rules.map(([phase]) => phase), OTHER])]

function phaseOf({ url, functionName }: Frame): string | undefined {
  const file = url.replace(/^.*\/dist\//, 'dist/')
  // The parser of header lines and what else both directions use, who hands a piece to a socket among it.
  if (/http1\/(header-|octets|batch|body-|held-|piece)/.test(file)) return undefined
  return rules.find(([, files, functions]) => files.test(file) && (functions?.test(functionName) ?? true))?.[0]
}

interface Share {
  /** Of the samples that are not idle. */
  readonly share: number
  readonly functions: ReadonlyMap<string, number>
}

function shares({ nodes, samples, timeDeltas }: Profile): ReadonlyMap<string, Share> {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const spent = new Map<number, number>()
  samples.forEach((id, index) => spent.set(id, (spent.get(id) ?? 0) + (timeDeltas[index] ?? 0)))
  const phaseAt = (leaf: number): string => {
    for (let at: number | undefined = leaf; at !== undefined; at = parents.get(at)) {
      const frame = frames.get(at)
      const phase = frame && phaseOf(frame)
      if (phase !== undefined) return phase
    }
    return OTHER
  }
  const busy = [...spent].filter(([id]) => frames.get(id)?.functionName !== '(idle)')
  const all = busy.reduce((sum, [, time]) => sum + time, 0)
  const found = new Map<string, { share: number; functions: Map<string, number> }>()
  for (const [id, time] of busy) {
    const phase = phaseAt(id)
    const sum = found.get(phase) ?? { share: 0, functions: new Map<string, number>() }
    found.set(phase, sum)
    const { functionName = '', url = '' } = frames.get(id) ?? {}
    const name = `${functionName} ${url.replace(/^.*\//, '')}`
    sum.share += time / all
    sum.functions.set(name, (sum.functions.get(name) ?? 0) + time / all)
  }
  return found
}

/** The process of a family that works most. */
async function server(subject: Running, work: () => Promise<unknown>): Promise<number> {
  const before = new Map(family(subject.pid).map(({ pid, ticks }) => [pid, ticks]))
  await work()
  const spent = family(subject.pid).map(({ pid, ticks }) => ({ pid, ticks: ticks - (before.get(pid) ?? 0) }))
  return spent.reduce((most, each) => (each.ticks > most.ticks ? each : most)).pid
}

interface Profiled {
  readonly title: string
  /** Microseconds of CPU. */
  readonly perRequest: number
  readonly shares: ReadonlyMap<string, Share>
}

async function profiled(seconds: number, names: readonly string[]): Promise<Profiled[]> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-profiles-'))
  await using backends = await startBackends()
  const environment = {
    NODE_OPTIONS: `--import ${join(import.meta.dirname, 'profiler.js')}`,
    SLUICE_PROFILES: directory,
  }
  const start = (log: NodeJS.ProcessEnv) =>
    sluice(backends.http.port, (call) => prepare(call, backends), { environment: { ...environment, ...log } })
  await using plain = await start({})
  await using logging = await start(JSON_LOG)
  const results: Profiled[] = []
  for (const { name, title, path, secure, jsonLog, driver, connections = 64 } of scenarios) {
    if (!names.includes(name)) continue
    const subject = jsonLog === true ? logging : plain
    const target =
      secure === true
        ? ({ ...subject, path, port: subject.securePort ?? 0, scheme: 'https' } as const)
        : ({ ...subject, path, scheme: 'http' } as const)
    const pid = await server(subject, () => measure(target, 3, connections, driver))
    process.kill(pid, 'SIGWINCH')
    const { cpuMicroseconds } = await measure(target, seconds, connections, driver)
    process.kill(pid, 'SIGWINCH')
    const file = join(directory, `${pid}.json`)
    for (let waited = 0; !existsSync(file) && waited < 300; waited++) await delay(100)
    results.push({
      title,
      perRequest: cpuMicroseconds,
      shares: shares(JSON.parse(readFileSync(file, 'utf8')) as Profile),
    })
    rmSync(file)
  }
  rmSync(directory, { recursive: true })
  return results
}

function table(results: readonly Profiled[]): string {
  const rows = phases
    .map((phase) => [phase, ...results.map(({ perRequest, shares }) => perRequest * (shares.get(phase)?.share ?? 0))])
    .filter(([, ...times]) => times.some((time) => Number(time) >= 0.05))
    .map((cells) => cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(1) : cell)))
  const lines = [
    ['µs of CPU per request', ...results.map(({ title }) => title)],
    ['---', ...results.map(() => '---:')],
    ...rows,
    ['**all**', ...results.map(({ perRequest }) => `**${perRequest.toFixed(1)}**`)],
  ]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function dearest({ title, perRequest, shares }: Profiled): string {
  const lines = phases.flatMap((phase) => {
    const all = [...(shares.get(phase)?.functions ?? [])].sort(([, a], [, b]) => b - a).slice(0, 6)
    return all.map(([name, share]) => `${(share * perRequest).toFixed(2).padStart(6)}  ${phase.padEnd(45)} ${name}`)
  })
  return `${title}\n${lines.join('\n')}`
}

const PAGE = join(import.meta.dirname, '../docs/performance.md')
const [BEGIN, END] = ['<!-- profile -->', '<!-- end of profile -->']

/** Puts the table between its marks. */
function writePage(text: string): void {
  const page = readFileSync(PAGE, 'utf8')
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (before < 0 || after < before) throw new Error(`${PAGE} has no ${BEGIN} … ${END}`)
  writeFileSync(PAGE, `${page.slice(0, before + BEGIN.length)}\n\n${text}\n\n${page.slice(after)}`)
}

if (values.help) {
  console.log(help)
} else {
  const results = await profiled(Number(values.seconds), values.only.split(','))
  const text = table(results)
  console.log(text)
  if (values.functions) for (const each of results) console.log(`\n${dearest(each)}`)
  if (values.page) writePage(text)
}
