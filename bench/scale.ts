/**
 * The management API with fifty thousand APIs in a thousand groups, on both databases: medians of real calls, and the
 * memory of the control process. See bench/README.md.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startPostgres } from '../test/postgres.js'
import { startControl, type Control } from './control.js'
import { crowd, model, type Crowd } from './crowd.js'
import { measurements, type Measured } from './scale-calls.js'

const help = `npm run bench:management -- [options]
  --apis N          how many APIs, in a fiftieth as many groups (default 50000)
  --rounds N        measured calls of each kind (default 15)
  --only WORD       only calls whose name has the word
  --json FILE       also write all figures there
  --at-most MS      exit with 1 when the median of a call is above it
  --memory MB       exit with 1 when the control process ever needs more`

const { values } = parseArgs({
  options: {
    apis: { type: 'string', default: '50000' },
    rounds: { type: 'string', default: '15' },
    only: { type: 'string', default: '' },
    json: { type: 'string' },
    'at-most': { type: 'string' },
    memory: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

interface Result {
  readonly engine: string
  readonly startSeconds: number
  readonly residentAtStart: number
  readonly resident: number
  readonly most: number
  readonly calls: readonly Measured[]
}

if (values.help) console.log(help)
else await run()

async function run(): Promise<void> {
  const apis = Number(values.apis)
  const size = { apis, groups: Math.ceil(apis / 50) }
  const results = [await onSqlite(size)]
  const postgres = await startPostgres()
  if (postgres === undefined) console.error('PostgreSQL is not installed: only SQLite is measured')
  else {
    try {
      results.push(await onPostgres(postgres.url, size))
    } finally {
      await postgres.stop()
    }
  }
  console.log(table(results))
  if (values.json !== undefined)
    writeFileSync(values.json, JSON.stringify({ cpu: cpus()[0]?.model, ...size, results }, null, 1))
  const slow = Number(values['at-most'] ?? Infinity)
  const large = Number(values.memory ?? Infinity)
  if (results.some(({ calls, most }) => most > large || calls.some(({ median }) => median > slow))) process.exitCode = 1
}

function onSqlite(size: Crowd): Promise<Result> {
  return inDirectory((directory) => measure('SQLite', directory, `sqlite:${join(directory, 'sluice.db')}`, size))
}

async function onPostgres(server: string, size: Crowd): Promise<Result> {
  const url = new URL(server)
  url.pathname = '/sluice_scale'
  await administer(server, 'create database sluice_scale')
  try {
    return await inDirectory((directory) => measure('PostgreSQL', directory, url.href, size))
  } finally {
    await administer(server, 'drop database sluice_scale with (force)')
  }
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(statement)
  await client.end()
}

async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  try {
    return await work(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function measure(engine: string, directory: string, url: string, size: Crowd): Promise<Result> {
  const first = await startControl(directory, url)
  const of = await model(first.call)
  const { instanceId } = first
  await first[Symbol.asyncDispose]()
  console.error(`${engine}: filling`)
  await crowd(url, instanceId, of, size)
  // What autovacuum does by itself within a minute of such a change.
  if (engine === 'PostgreSQL') await administer(url, 'vacuum analyze')
  const from = performance.now()
  await using control: Control = await startControl(directory, url)
  const startSeconds = (performance.now() - from) / 1000
  const residentAtStart = control.memory().resident
  console.error(`${engine}: ready after ${startSeconds.toFixed(1)} s, ${residentAtStart.toFixed(0)} MB`)
  const calls: Measured[] = []
  for await (const measured of measurements(control, of, size, Number(values.rounds), values.only)) {
    console.error(`${engine}: ${measured.name} ${measured.median.toFixed(1)} ms`)
    calls.push(measured)
  }
  return { engine, startSeconds, residentAtStart, ...control.memory(), calls }
}

function table(results: readonly Result[]): string {
  const rows = (results[0]?.calls ?? []).map(({ name }) => [
    name,
    ...results.flatMap(({ calls }) => {
      const call = calls.find((each) => each.name === name)
      return call === undefined ? ['', '', ''] : [call.median, call.p95, call.cpu].map((value) => value.toFixed(1))
    }),
  ])
  const memory = results.flatMap(({ most }) => [`${most.toFixed(0)} MB`, '', ''])
  const start = results.flatMap(({ startSeconds }) => [`${startSeconds.toFixed(1)} s`, '', ''])
  const head = ['call', ...results.flatMap(({ engine }) => [`${engine} ms`, 'p95', 'CPU'])]
  return [head, head.map(() => '---'), ...rows, ['start', ...start], ['most memory', ...memory]]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}
