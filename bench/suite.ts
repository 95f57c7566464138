/**
 * Sluice and its peers in turns, scenario by scenario: ratios, a chart and a JSON file. The method and its limits:
 * bench/README.md. `npm run bench -- suite --help`
 */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { chart } from './chart.js'
import { beside, type Driver, type Measurement, measure as measureLoad, type Target, wrk } from './load.js'
import { SIZES, routed, type Routed } from './many-routes.js'
import { idleMemory, memoryTables, transferMemory } from './memory.js'
import { startPeers } from './peers.js'
import { prepare, type Scenario, scenarios } from './scenarios.js'
import { JSON_LOG, type Running, nginxProxy, sluice, startBackends } from './subjects.js'
import { type Range, type Summary, range, summaries, table } from './summary.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    connections: { type: 'string', default: '64' },
    rate: { type: 'string', default: '4000' },
    only: { type: 'string' },
    json: { type: 'string' },
    svg: { type: 'string' },
    page: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const PAGE = join(import.meta.dirname, '../docs/performance.md')
const [BEGIN, END] = ['<!-- figures -->', '<!-- end of figures -->']

const help = `npm run bench -- suite [options]
  --rounds N --seconds N --connections N   of each measurement (default 5, 1, 64)
  --rate N          requests a second of the open loop (default 4000)
  --only NAME,NAME  scenarios; also latency, memory, routes, policies
  --page            write the tables to docs/performance.md, and the chart and the figures beside it
  --json FILE --svg FILE   figures, chart`

interface Latency {
  readonly p50: number
  readonly p99: number
}

const execute = promisify(execFile)

async function openLoop({ port, path }: Running, rate: number, seconds: number): Promise<Latency> {
  const script = join(import.meta.dirname, 'open-loop.ts')
  const args = ['--import', 'tsx', script, String(port), path, String(rate), String(seconds)]
  return JSON.parse(await beside(process.execPath, args)) as Latency
}

/** In turns as well, and first: before a scenario that a peer does not bear. */
async function latenciesOf(
  subjects: readonly Running[],
  rate: number,
): Promise<{ name: string; p50: Range; p99: Range }[]> {
  const measured = subjects.map((each) => ({ each, rounds: [] as Latency[] }))
  for (const { each } of measured) await measureLoad(each, 1, Number(values.connections), wrk())
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const { each, rounds } of measured) rounds.push(await openLoop(each, rate, Number(values.seconds)))
  }
  return measured.map(({ each: { name }, rounds }) => ({
    name,
    p50: range(rounds.map(({ p50 }) => p50)),
    p99: range(rounds.map(({ p99 }) => p99)),
  }))
}

/** What the project asks of itself: CPU per request of Sluice over that of another in the same round, at most. */
const targets: readonly (readonly [scenario: string, other: string, atMost: number])[] = [
  ['plain', 'nginx', 1.5],
  ['code', 'nginx + Lua', 1],
  ['signed', 'nginx + Lua', 1.1],
  ...['plain', 'post', 'large', 'tls', 'handshake', 'closing', 'socket', 'grpc'].flatMap((scenario) =>
    ['Caddy', 'fast-gateway', '@fastify/http-proxy'].map((other) => [scenario, other, 1] as const),
  ),
]

function judged(results: readonly Result[]): string {
  const rows = targets.flatMap(([scenario, other, atMost]) => {
    const result = results.find((each) => each.scenario === scenario)
    const rounds = (name: string) => result?.results.find((each) => each.name === name)?.rounds
    const [own, theirs] = [rounds('sluice'), rounds(other)]
    if (result === undefined || own === undefined || theirs === undefined) return []
    const ratio = range(own.map((round, at) => round.cpuMicroseconds / (theirs[at]?.cpuMicroseconds ?? NaN)))
    const figure = `${ratio.median.toFixed(2)} (${ratio.least.toFixed(2)}–${ratio.most.toFixed(2)})`
    return [`| ${result.title} | ${other} | ${atMost} | ${figure} | ${ratio.median <= atMost ? 'met' : '**missed**'} |`]
  })
  const own = (scenario: string): number | undefined =>
    results.find((each) => each.scenario === scenario)?.results.find(({ name }) => name === 'sluice')?.ratio.median
  const [cached, plain] = [own('cached'), own('plain')]
  if (cached !== undefined && plain !== undefined) {
    // Of different rounds: each over nginx in its own, which does the same in both.
    const ratio = cached / plain
    const met = ratio <= 0.5 ? 'met' : '**missed**'
    rows.push(`| Reply from the cache | Sluice, GET, 1 KB | 0.5 | ${ratio.toFixed(2)} | ${met} |`)
  }
  return `| scenario | Sluice over | at most | CPU ratio | |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}`
}

interface Result {
  readonly scenario: string
  readonly title: string
  /** Peers that answered with errors or closed connections. */
  readonly failed: readonly string[]
  readonly results: readonly Summary[]
}

/** One request before the load, whose reply says what is wrong if something is. */
async function probe({ name, port, path, scheme }: Target, scenario: Scenario): Promise<void> {
  const { stranger } = scenario
  const sent = scenario.probe?.()
  if (sent === undefined) return
  const ask = async (more: readonly string[]): Promise<string> => {
    const url = `${scheme ?? 'http'}://127.0.0.1:${port}${path}`
    const options = ['-ski', '--http1.1', '--max-time', '5', ...more, url]
    return (await execute('curl', options, { maxBuffer: 2 ** 22 })).stdout
  }
  const reply = await ask(sent)
  if (!reply.startsWith('HTTP/1.1 200')) throw new Error(`${name}, ${scenario.name}:\n${reply.slice(0, 1000)}`)
  if (stranger === undefined || name === 'nginx') return
  // A check that lets everybody in would cost nothing, and measure nothing.
  const refused = await ask(stranger.change(sent))
  if (!refused.startsWith(`HTTP/1.1 ${stranger.status}`))
    throw new Error(`${name}, ${scenario.name}: lets a stranger in`)
}

interface Contender {
  readonly each: Running
  readonly target: Target
  readonly driver: Driver
}

/** Rounds in turns. A peer that fails has no figure, and the table says so; the two that are compared must answer. */
async function inTurns(
  contenders: readonly Contender[],
  label: string,
  connections: number,
  before: (target: Target) => Promise<void>,
): Promise<Pick<Result, 'failed' | 'results'>> {
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]
  const measured = new Map<Contender, Measurement[]>(contenders.map((contender) => [contender, []]))
  const failed: string[] = []
  const attempt = async (contender: Contender, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      const { name } = contender.each
      if (name.startsWith('sluice') || name.startsWith('nginx')) throw error
      console.error(String(error))
      failed.push(name)
      measured.delete(contender)
    }
  }
  for (const contender of contenders) {
    await attempt(contender, async () => {
      await before(contender.target)
      await measureLoad(contender.target, 1, connections, contender.driver)
    })
  }
  for (let round = 0; round < rounds; round++) {
    for (const [contender, figures] of [...measured]) {
      const { target, driver } = contender
      await attempt(contender, async () => figures.push(await measureLoad(target, seconds, connections, driver)))
    }
    console.error(`${label}: round ${round + 1} of ${rounds}`)
  }
  const subjects = [...measured.keys()].map(({ each }) => each)
  return { failed, results: summaries(subjects, [...measured.values()]) }
}

async function measure(scenario: Scenario, subjects: readonly Running[]): Promise<Result> {
  const { name, title, path, secure, driver } = scenario
  const contenders = subjects
    .filter(
      (each) =>
        (scenario.subjects === 'all' || scenario.subjects.includes(each.name)) &&
        (secure !== true || each.securePort !== undefined),
    )
    // nginx without policies asks for what has none, at the same backend.
    .map((each): Contender => {
      const at = secure === true ? { port: each.securePort ?? 0, scheme: 'https' as const } : { port: each.port }
      return { each, driver, target: { name: each.name, pid: each.pid, path, ...at } }
    })
  const connections = scenario.connections ?? Number(values.connections)
  const measured = await inTurns(contenders, name, connections, (target) => probe(target, scenario))
  return { scenario: name, title, ...measured }
}

interface RoutesResult extends Pick<Result, 'failed' | 'results'> {
  readonly memory: readonly { readonly name: string; readonly all: number; readonly serving: number }[]
}

/** 100,000 routes beside 10, in proxies of their own. */
async function measureRoutes(backend: number, withHaproxy: boolean): Promise<RoutesResult> {
  const all: Routed[] = []
  try {
    for (const start of routed(backend, withHaproxy)) {
      const one = await start()
      all.push(one)
      console.error(`${one.running.name}: ready`)
    }
    const contenders = all.map(({ running, driver }) => ({ each: running, target: running, driver }))
    const measured = await inTurns(contenders, 'routes', Number(values.connections), () => Promise.resolve())
    return { ...measured, memory: all.map(({ running, memory }) => ({ name: running.name, ...memory() })) }
  } finally {
    for (const { running } of all) await running[Symbol.asyncDispose]()
  }
}

function routesTable({ results, memory }: RoutesResult): string {
  const of = (name: string): Summary | undefined => results.find((each) => each.name === name)
  const rows = memory.map(({ name, all, serving }) => {
    const cpu = of(name)?.cpuMicroseconds
    return `| ${name} | ${cpu === undefined ? '' : show(cpu)} | ${serving.toFixed(0)} | ${all.toFixed(0)} |`
  })
  const [few, many] = SIZES.map((size) => of(`sluice, ${size} APIs`)?.rounds ?? [])
  const growth = range((few ?? []).map((round, at) => (many?.[at]?.cpuMicroseconds ?? NaN) / round.cpuMicroseconds))
  return (
    '### Routes: 100,000 beside 10\n\n' +
    '| subject | CPU µs/request | serving process, MB | all processes, MB |\n| --- | --- | --- | --- |\n' +
    `${rows.join('\n')}\n\n` +
    `Sluice with 100,000 APIs over Sluice with 10, at most 1.05: ${show(growth)}, ` +
    `${growth.median <= 1.05 ? 'met' : '**missed**'}.`
  )
}

const show = ({ median, least, most }: Range): string => `${median.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`

/** Puts the tables between the marks of the page, and leaves what is written around them. */
function writePage(text: string): void {
  const page = readFileSync(PAGE, 'utf8')
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (before < 0 || after < before) throw new Error(`${PAGE} has no ${BEGIN} … ${END}`)
  writeFileSync(PAGE, `${page.slice(0, before + BEGIN.length)}\n\n${text}\n\n${page.slice(after)}`)
}

const asked = (name: string): boolean => values.only === undefined || values.only.split(',').includes(name)

async function run(): Promise<void> {
  await using backends = await startBackends()
  await using reference = await nginxProxy(backends.http.port, backends)
  await using subject = await sluice(backends.http.port, (call) => prepare(call, backends))
  await using logging = await sluice(backends.http.port, (call) => prepare(call, backends), { environment: JSON_LOG })
  const peers = await startPeers(backends)
  try {
    const subjects = [reference, subject, ...peers.running]
    const chosen = scenarios.filter(({ name }) => asked(name))
    const rate = Number(values.rate)
    const latencies = asked('latency')
      ? await latenciesOf([{ ...backends.http, path: '/orders/1', name: 'the backend itself' }, ...subjects], rate)
      : []
    // Before the scenarios as well: what has been under load has memory to spare, and would need none.
    const memory = asked('memory')
      ? { idle: await idleMemory(subjects), transfer: await transferMemory(backends) }
      : undefined
    const results: Result[] = []
    for (const scenario of chosen) {
      const own = scenario.jsonLog === true ? logging : subject
      results.push(await measure(scenario, [reference, own, ...peers.running]))
    }
    const routes = asked('routes')
      ? await measureRoutes(
          backends.http.port,
          peers.running.some(({ name }) => name === 'HAProxy'),
        )
      : undefined
    const policies = asked('policies')
      ? await beside(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'policies.ts')])
      : undefined
    const machine = `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Linux ${release()}, Node ${process.version}`
    const text = [
      `${machine}; ${new Date().toISOString().slice(0, 10)}; ${values.rounds} rounds of ${values.seconds} s.`,
      ...(peers.missing.length === 0 ? [] : [`Not on this machine: ${peers.missing.join(', ')}.`]),
      `### Targets\n\n${judged(results)}`,
      ...results.map(
        ({ title, failed, results: of }) =>
          `### ${title}\n\n${table(of)}${failed.length === 0 ? '' : `\n\nAnswered with errors: ${failed.join(', ')}.`}`,
      ),
      ...(latencies.length === 0
        ? []
        : [
            `### Latency at ${rate} requests/s, open loop\n\n| subject | p50 ms | p99 ms |\n| --- | --- | --- |\n` +
              latencies.map(({ name, p50, p99 }) => `| ${name} | ${show(p50)} | ${show(p99)} |`).join('\n'),
          ]),
      ...(memory === undefined ? [] : [memoryTables(memory.idle, memory.transfer)]),
      ...(routes === undefined ? [] : [routesTable(routes)]),
      ...(policies === undefined
        ? []
        : [`### What policies cost, µs of CPU without sockets\n\n${policies.trim()}\n\nMedians of five rounds.`]),
    ].join('\n\n')
    console.log(text)
    if (values.page) writePage(text)
    const svg = values.svg ?? (values.page ? PAGE.replace(/md$/, 'svg') : undefined)
    if (svg !== undefined) {
      const groups = results.map(({ title, results: of }) => ({
        title,
        bars: of.map(({ name, ratio }) => ({ name, value: ratio.median })),
      }))
      writeFileSync(svg, chart('CPU per request, × nginx without policies', groups))
    }
    const json = values.json ?? (values.page ? PAGE.replace(/md$/, 'json') : undefined)
    if (json !== undefined) {
      writeFileSync(json, `${JSON.stringify({ machine, results, latencies, memory, routes }, undefined, 2)}\n`)
    }
  } finally {
    for (const each of peers.running) await each[Symbol.asyncDispose]()
  }
}

if (values.help) console.log(help)
else if (values.page && values.only !== undefined) throw new Error('--page is of the whole suite, not of --only one')
else await run()
