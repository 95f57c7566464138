/**
 * Routes at scale: what 10 to 100,000 published APIs cost a gateway. `node --expose-gc --import tsx bench/routes.ts`
 */
import { backends } from '../test/backends.js'
import { anExchange } from '../test/exchange.js'
import { change, groupPart, instancePart, publicationPart, reset } from '../test/parts.js'
import { Configuration } from '../src/gateway/configuration.js'
import { Pipeline } from '../src/gateway/pipeline.js'
import { InboundAddresses } from '../src/gateway/routing/host.js'
import { LocalLimiter } from '../src/limits/local.js'
import type { Part } from '../src/snapshot/parts.js'
import { Statistics } from '../src/telemetry/statistics.js'

const features = { ratelimit: { enable: true, config: JSON.stringify({ api_limits: 1_000_000_000 }) } }
const CALLS = 100_000
/** APIs that are called: as many at every size, so that the caches of the processor see the same. */
const CALLED = 10

function parts(apis: number): Part[] {
  const groups = Math.max(1, apis / 100)
  return [
    instancePart({ features }),
    ...Array.from({ length: groups }, (_, i) => groupPart({ id: `g${i}` })),
    ...Array.from({ length: apis }, (_, i) =>
      publicationPart({ id: `a${i}`, groupId: `g${i % groups}`, req_uri: `/shop/${i}/orders/{id}` }),
    ),
  ]
}

function megabytes(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}

const milliseconds = (work: () => void): number => {
  const from = performance.now()
  work()
  return performance.now() - from
}

async function measure(apis: number): Promise<string[]> {
  const before = megabytes()
  const limiter = new LocalLimiter()
  const configuration = new Configuration({
    ...{ limiter, ...backends(), server: { address: '192.0.2.1', name: 'bench' }, statistics: new Statistics() },
    ...{ debugDomainLimit: 'off', inbound: new InboundAddresses() },
  })
  // As a gateway gets them: text, which becomes parts.
  const text = JSON.stringify(parts(apis))
  let put: Part[] = []
  const parsing = milliseconds(() => (put = JSON.parse(text) as Part[]))
  const applying = milliseconds(() => configuration.apply(reset(...put)))
  put = []
  const kept = megabytes() - before - text.length / 2 ** 20
  const pipeline = new Pipeline(configuration, limiter, undefined)
  const groups = Math.max(1, apis / 100)
  const targets = Array.from({ length: CALLED }, (_, i) => {
    const api = Math.floor((i * apis) / CALLED)
    return { target: `/shop/${api}/orders/4711`, headers: { host: `g${api % groups}.apic.test` } }
  })
  const call = (index: number): void => {
    const exchange = anExchange(targets[index % CALLED] ?? {})
    const outcome = pipeline.begin(exchange)
    if (outcome !== undefined || exchange.plan === undefined) throw new Error('an API does not answer')
  }
  const first = milliseconds(() => call(0))
  for (let i = 0; i < CALLS; i++) call(i)
  const rounds: number[] = []
  for (let round = 0; round < 7; round++) {
    const { user, system } = process.cpuUsage()
    for (let i = 0; i < CALLS; i++) call(i)
    const after = process.cpuUsage()
    rounds.push((after.user + after.system - user - system) / CALLS)
    await new Promise(setImmediate)
  }
  rounds.sort((a, b) => a - b)
  const one = publicationPart({ id: 'a0', groupId: 'g0', req_uri: '/shop/0/orders/{id}' })
  const publishing = milliseconds(() => configuration.apply(change([one])))
  const figures = [rounds[3] ?? 0, first, parsing, applying, publishing, kept]
  return [String(apis), ...figures.map((figure) => figure.toFixed(2))]
}

console.log('| APIs | µs a request | first, ms | read, ms | applied, ms | one published, ms | MB |')
console.log('| --- | --- | --- | --- | --- | --- | --- |')
for (const apis of [10, 100, 1_000, 10_000, 100_000]) console.log(`| ${(await measure(apis)).join(' | ')} |`)
