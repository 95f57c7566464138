/**
 * From sending a publication to its effect on every gateway process, under load and beside other APIs:
 * `npm run bench -- publishing`. Sixteen kept connections, which all gateway processes share, ask for one API until each
 * has seen the version that was published last.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Management } from './management.js'
import { sluiceWith } from './many-routes.js'
import { defaultGroup, nginxBackend, publish } from './subjects.js'

const help = `npm run bench -- publishing [options]
  --apis N          that are published already (default 100000)
  --rounds N        publications (default 200)
  --rate N          requests a second beside them, of another API (default 2000)
  --at-most MS      exit with 1 when one in a hundred takes longer, or a request fails`

const { values } = parseArgs({
  options: {
    apis: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '200' },
    rate: { type: 'string', default: '2000' },
    'at-most': { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const CONNECTIONS = 16
const WORKERS = '2'

/** Asks once: the body of the reply, or what went wrong. */
type Probe = () => Promise<string>

function probe(port: number): Probe {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return () =>
    new Promise((resolve) => {
      const asked = get({ host: '127.0.0.1', port, path: '/version', agent }, (reply) => {
        let text = ''
        reply.setEncoding('utf8')
        reply.on('data', (piece: string) => (text += piece))
        reply.on('end', () => resolve(reply.statusCode === 200 ? text : `status ${reply.statusCode ?? 0}`))
        reply.on('error', (error) => resolve(error.message))
      })
      asked.on('error', (error) => resolve(error.message))
    })
}

async function run(): Promise<void> {
  await using backend = await nginxBackend()
  let call: Management | undefined
  await using subject = await sluiceWith(backend.port, Number(values.apis), {
    environment: { SLUICE_WORKERS: WORKERS },
    prepare: async (management) => void (call = management),
  })
  if (call === undefined) throw new Error('Sluice is not ready')
  const figures = await measured(call, subject.port)
  const row = (what: string, of: (round: Round) => number): string =>
    `| ${what} | ${[0.5, 0.99, 1].map((share) => percentile(figures.rounds.map(of), share).toFixed(1)).join(' | ')} |\n`
  console.log(
    `${figures.rounds.length} publications beside ${values.apis} APIs, ${WORKERS} gateway processes; ${figures.asked} requests ` +
      `and ${values.rate}/s of another API meanwhile, ${figures.failures.length} failed\n\n` +
      `| from sending it to | p50 ms | p99 ms | most ms |\n| --- | --- | --- | --- |\n` +
      row('the reply of the management API', ({ answered }) => answered) +
      row('the effect on the first connection', ({ first }) => first) +
      row('the effect on all connections', ({ all }) => all),
  )
  for (const failure of new Set(figures.failures)) console.log(failure)
  const p99 = percentile(
    figures.rounds.map(({ all }) => all),
    0.99,
  )
  if (figures.failures.length > 0 || p99 > Number(values['at-most'] ?? Infinity)) process.exitCode = 1
}

/** Milliseconds from sending a publication. */
interface Round {
  readonly answered: number
  readonly first: number
  readonly all: number
}

function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Infinity
}

async function measured(call: Management, port: number) {
  const group_id = await defaultGroup(call)
  const definition = (version: number) => ({
    ...{ group_id, name: 'version', type: 1, req_protocol: 'BOTH', req_method: 'GET' },
    ...{ req_uri: '/version', auth_type: 'NONE', backend_type: 'MOCK', mock_info: { result_content: `${version}` } },
  })
  const api = String((await call('POST', 'apis', definition(0)))['id'])
  await publish(call, api)
  const probes = Array.from({ length: CONNECTIONS }, () => probe(port))
  for (const ask of probes) while ((await ask()) !== '0') await delay(10)

  const seconds = String(Math.ceil(Number(values.rounds) * 0.2) + 5)
  const load = spawn(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, 'open-loop.ts'), String(port), '/orders/1', values.rate, seconds],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let loaded = ''
  load.stdout.setEncoding('utf8').on('data', (piece: string) => (loaded += piece))
  const loadEnded = once(load, 'exit')
  await delay(2_000)

  const rounds: Round[] = []
  const failures: string[] = []
  let asked = 0
  for (let round = 1; round <= Number(values.rounds); round++) {
    await call('PUT', `apis/${api}`, definition(round))
    const from = performance.now()
    const since = (): number => performance.now() - from
    const published = publish(call, api).then(since)
    const seen = await Promise.all(
      probes.map(async (ask) => {
        for (;;) {
          const answer = await ask()
          asked++
          if (answer === `${round}`) return since()
          if (answer !== `${round - 1}`) failures.push(answer)
          await delay(1)
        }
      }),
    )
    rounds.push({ answered: await published, first: Math.min(...seen), all: Math.max(...seen) })
  }
  const [code] = (await loadEnded) as [number | null]
  if (code !== 0) failures.push(`the load beside it failed: ${loaded}`)
  return { rounds, failures, asked }
}

if (values.help) console.log(help)
else await run()
