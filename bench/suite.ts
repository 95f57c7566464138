/**
 * Sluice and its peers in turns, scenario by scenario: ratios, a chart and a JSON file. The method and its limits:
 * bench/README.md. `npm run bench -- suite --help`
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { signRequest } from '../src/signing/sign.js'
import { chart } from './chart.js'
import { OTHER_CORE, type Measurement, load } from './load.js'
import type { Management } from './management.js'
import { APP, startPeers } from './peers.js'
import { RELEASE, type Running, type Subject, nginxBackend, nginxProxy, publishApi, sluice } from './subjects.js'
import { type Range, type Summary, range, summaries, table } from './summary.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
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
  --rounds N --seconds N --connections N   of each measurement (default 5, 2, 64)
  --rate N          requests a second of the open loop (default 4000)
  --only NAME       one scenario
  --page            write the tables to docs/performance.md, and the chart and the figures beside it
  --json FILE --svg FILE   figures, chart`

interface Scenario {
  readonly name: string
  readonly title: string
  readonly path: string
  /** Those that have what the scenario needs; nginx without any policy is the reference everywhere. */
  readonly subjects: 'all' | 'policies'
  readonly secure?: boolean
  readonly arguments: () => readonly string[]
}

const code = (): string[] => ['-H', `X-Apig-AppCode: ${APP.code}`]
const scripts = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
const post = join(scripts, 'post.lua')
writeFileSync(post, 'wrk.method = "POST"\nwrk.body = string.rep("x", 10240)\n')

const scenarios: readonly Scenario[] = [
  { name: 'plain', title: 'GET, 1 KB', path: '/orders/1', subjects: 'all', arguments: () => [] },
  {
    name: 'code',
    title: 'TLS, AppCode, throttle, JSON log',
    path: '/code/1',
    subjects: 'policies',
    secure: true,
    arguments: code,
  },
  {
    name: 'signed',
    title: 'Signature, throttle, JSON log',
    path: '/signed/1',
    subjects: 'policies',
    arguments: signed,
  },
  {
    name: 'listed',
    title: 'TLS, AppCode, ACL, reply headers',
    path: '/listed/1',
    subjects: 'policies',
    secure: true,
    arguments: code,
  },
  { name: 'post', title: 'POST, 10 KB', path: '/post/1', subjects: 'all', arguments: () => ['-s', post] },
  { name: 'large', title: 'Reply of 1 MB', path: '/large/1', subjects: 'all', arguments: () => [] },
  {
    name: 'tls',
    title: 'TLS, GET, kept connections',
    path: '/orders/1',
    subjects: 'all',
    secure: true,
    arguments: () => [],
  },
  {
    ...{ name: 'handshake', title: 'TLS, GET, a connection each', path: '/orders/1', subjects: 'all', secure: true },
    arguments: () => ['-H', 'Connection: close'],
  },
  {
    ...{ name: 'closing', title: 'GET, a connection each', path: '/orders/1', subjects: 'all' },
    arguments: () => ['-H', 'Connection: close'],
  },
]

/** A signature is good for 15 minutes: each measurement has its own. */
function signed(): string[] {
  const request = { method: 'GET', path: '/signed/1', headers: { Host: '127.0.0.1' } }
  const signature = signRequest(request, { accessKey: APP.key, secretKey: APP.secret })
  return ['-H', 'Host: 127.0.0.1', ...Object.entries(signature).flatMap(([name, value]) => ['-H', `${name}: ${value}`])]
}

async function prepare(call: Management, backend: number): Promise<void> {
  const auth_opt = { app_code_auth_type: 'HEADER' }
  const published = {
    code: await publishApi(call, backend, 'code', { auth_type: 'APP', auth_opt }),
    signed: await publishApi(call, backend, 'signed', { auth_type: 'APP' }),
    listed: await publishApi(call, backend, 'listed', { auth_type: 'APP', auth_opt }),
  }
  await publishApi(call, backend, 'post', { req_method: 'POST' })
  await publishApi(call, backend, 'large', {})
  const app = await call('POST', 'apps', { name: 'bench', app_key: APP.key, app_secret: APP.secret })
  await call('POST', `apps/${String(app['id'])}/app-codes`, { app_code: APP.code })
  const api_ids = Object.values(published).map(({ api }) => api)
  await call('POST', 'app-auths', { app_ids: [app['id']], api_ids, env_id: RELEASE })
  const limits = { api_call_limits: 100_000_000, ip_call_limits: 100_000_000, time_interval: 1, time_unit: 'MINUTE' }
  const throttle = await call('POST', 'throttles', { name: 'bench', type: 1, ...limits })
  await call('POST', 'throttle-bindings', {
    strategy_id: throttle['id'],
    publish_ids: [published.code.publication, published.signed.publication],
  })
  const acl_entry = { acl_type: 'PERMIT', entity_type: 'IP', acl_value: '127.0.0.0/8' }
  const acl = await call('POST', 'acls', { acl_name: 'bench', ...acl_entry })
  await call('POST', 'acl-bindings', { acl_id: acl['id'], publish_ids: [published.listed.publication] })
  const response_headers = ['X-Bench', 'X-Frame-Options'].map((name) => ({ name, value: 'DENY', action: 'override' }))
  const plugin = await call('POST', 'plugins', {
    ...{ plugin_name: 'bench', plugin_type: 'set_resp_headers', plugin_scope: 'global' },
    plugin_content: JSON.stringify({ response_headers }),
  })
  const attached = { env_id: RELEASE, api_ids: [published.listed.api] }
  await call('POST', `plugins/${String(plugin['plugin_id'])}/attach`, attached)
}

interface Latency {
  readonly p50: number
  readonly p99: number
}

const execute = promisify(execFile)

async function openLoop({ port, path }: Running, rate: number, seconds: number): Promise<Latency> {
  const script = join(import.meta.dirname, 'open-loop.ts')
  const { stdout } = await execute('taskset', [
    ...['-c', String(OTHER_CORE), process.execPath, '--import', 'tsx', script],
    ...[String(port), path, String(rate), String(seconds)],
  ])
  return JSON.parse(stdout) as Latency
}

/** In turns as well, and first: before a scenario that a peer does not bear. */
async function latenciesOf(
  subjects: readonly Running[],
  rate: number,
): Promise<{ name: string; p50: Range; p99: Range }[]> {
  const measured = subjects.map((each) => ({ each, rounds: [] as Latency[] }))
  for (const { each } of measured) await load(each, 1, Number(values.connections))
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
  ...['plain', 'post', 'large', 'tls', 'handshake', 'closing'].flatMap((scenario) =>
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
  return `| scenario | Sluice over | at most | CPU ratio | |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}`
}

interface Result {
  readonly scenario: string
  readonly title: string
  /** Peers that answered with errors or closed connections. */
  readonly failed: readonly string[]
  readonly results: readonly Summary[]
}

type Target = Subject & { readonly scheme: 'http' | 'https' }

/** One request before the load, whose reply says what is wrong if something is. */
async function probe({ name, port, path, scheme }: Target, scenario: Scenario): Promise<void> {
  const more = scenario.name === 'post' ? ['--data', 'x'] : scenario.arguments()
  const url = `${scheme}://127.0.0.1:${port}${path}`
  const { stdout } = await execute('curl', ['-ski', '--http1.1', '--max-time', '5', ...more, url], {
    maxBuffer: 2 ** 22,
  })
  if (!stdout.startsWith('HTTP/1.1 200')) throw new Error(`${name}, ${scenario.name}:\n${stdout.slice(0, 1000)}`)
  if (scenario.subjects !== 'policies' || name === 'nginx') return
  // A check that lets everybody in would cost nothing, and measure nothing: one wrong character has to be refused.
  const wrong = more.map((header) =>
    header.replace(
      /(AppCode: |Signature=)(.)/,
      (_, label: string, first: string) => `${label}${first === 'a' ? 'b' : 'a'}`,
    ),
  )
  const refused = await execute('curl', ['-ski', '--http1.1', '--max-time', '5', ...wrong, url])
  if (!refused.stdout.startsWith('HTTP/1.1 401')) throw new Error(`${name}, ${scenario.name}: lets a stranger in`)
}

async function measure(scenario: Scenario, subjects: readonly Running[]): Promise<Result> {
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]
  const taking = subjects.filter(
    ({ name, securePort }) =>
      (scenario.subjects === 'all' || ['nginx', 'sluice', 'nginx + Lua'].includes(name)) &&
      (scenario.secure !== true || securePort !== undefined),
  )
  // nginx without policies asks for what has none, at the same backend.
  const target = (each: Running): Target => ({
    ...{ name: each.name, pid: each.pid, path: scenario.path },
    ...(scenario.secure === true
      ? { port: each.securePort ?? 0, scheme: 'https' }
      : { port: each.port, scheme: 'http' }),
  })
  const connections = scenario.name === 'large' ? 8 : Number(values.connections)
  const measured = new Map<Running, Measurement[]>(taking.map((each) => [each, []]))
  const failed: string[] = []
  /** A peer that answers with errors has no figure, and the table says so; the two that are compared must answer. */
  const attempt = async (each: Running, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      if (each.name === 'sluice' || each.name === 'nginx') throw error
      console.error(String(error))
      failed.push(each.name)
      measured.delete(each)
    }
  }
  for (const each of taking) {
    await attempt(each, async () => {
      await probe(target(each), scenario)
      await load(target(each), 1, connections, scenario.arguments())
    })
  }
  for (let round = 0; round < rounds; round++) {
    for (const [each, figures] of [...measured]) {
      await attempt(each, async () =>
        figures.push(await load(target(each), seconds, connections, scenario.arguments())),
      )
    }
    console.error(`${scenario.name}: round ${round + 1} of ${rounds}`)
  }
  const results = summaries([...measured.keys()], [...measured.values()])
  return { scenario: scenario.name, title: scenario.title, failed, results }
}

const show = ({ median, least, most }: Range): string => `${median.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`

/** Puts the tables between the marks of the page, and leaves what is written around them. */
function writePage(text: string): void {
  const page = readFileSync(PAGE, 'utf8')
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (before < 0 || after < before) throw new Error(`${PAGE} has no ${BEGIN} … ${END}`)
  writeFileSync(PAGE, `${page.slice(0, before + BEGIN.length)}\n\n${text}\n\n${page.slice(after)}`)
}

async function run(): Promise<void> {
  await using backend = await nginxBackend()
  await using reference = await nginxProxy(backend.port)
  await using subject = await sluice(backend.port, (call) => prepare(call, backend.port))
  const peers = await startPeers(backend.port)
  try {
    const subjects = [reference, subject, ...peers.running]
    const chosen = scenarios.filter(({ name }) => values.only === undefined || values.only === name)
    const rate = Number(values.rate)
    const latencies = await latenciesOf(
      [{ ...backend, path: '/orders/1', name: 'the backend itself' }, ...subjects],
      rate,
    )
    const results: Result[] = []
    for (const scenario of chosen) results.push(await measure(scenario, subjects))
    const machine = `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Linux ${release()}, Node ${process.version}`
    const text = [
      `${machine}; ${new Date().toISOString().slice(0, 10)}; ${values.rounds} rounds of ${values.seconds} s.`,
      ...(peers.missing.length === 0 ? [] : [`Not on this machine: ${peers.missing.join(', ')}.`]),
      `### Targets\n\n${judged(results)}`,
      ...results.map(
        ({ title, failed, results: of }) =>
          `### ${title}\n\n${table(of)}${failed.length === 0 ? '' : `\n\nAnswered with errors: ${failed.join(', ')}.`}`,
      ),
      `### Latency at ${rate} requests/s, open loop\n\n| subject | p50 ms | p99 ms |\n| --- | --- | --- |\n` +
        latencies.map(({ name, p50, p99 }) => `| ${name} | ${show(p50)} | ${show(p99)} |`).join('\n'),
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
      writeFileSync(json, `${JSON.stringify({ machine, results, latencies }, undefined, 2)}\n`)
    }
  } finally {
    for (const each of peers.running) await each[Symbol.asyncDispose]()
    rmSync(scripts, { recursive: true })
  }
}

if (values.help) console.log(help)
else if (values.page && values.only !== undefined) throw new Error('--page is of the whole suite, not of --only one')
else await run()
