/**
 * Plain GET through Sluice and through nginx, in turns: CPU per request from the operating system, requests per second
 * from wrk, medians over the rounds. The method and its limits: bench/README.md.
 */
import { writeFileSync } from 'node:fs'
import { arch, cpus, release } from 'node:os'
import { parseArgs } from 'node:util'
import { measure, wrk, type Measurement } from './load.js'
import { type Subject, nginxBackend, nginxProxy, sluice } from './subjects.js'
import { table, summaries } from './summary.js'

const help = `npm run bench -- [options]
  --rounds N        measured rounds of each subject, in turns (default 5)
  --seconds N       length of one measurement (default 4)
  --connections N   kept connections (default 64)
  --json FILE       also write all figures there
  --at-most RATIO   exit with 1 when Sluice's CPU per request is above RATIO times nginx's (median of the rounds)`

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    connections: { type: 'string', default: '64' },
    json: { type: 'string' },
    'at-most': { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  console.log(help)
} else {
  await run(Number(values.rounds), Number(values.seconds), Number(values.connections))
}

async function run(rounds: number, seconds: number, connections: number): Promise<void> {
  await using backend = await nginxBackend()
  await using reference = await nginxProxy(backend.port)
  await using subject = await sluice(backend.port)
  const subjects: readonly Subject[] = [reference, subject]
  const measured: Measurement[][] = subjects.map(() => [])
  for (const each of subjects) await measure(each, 3, connections, wrk())
  for (let round = 0; round < rounds; round++) {
    for (const [index, each] of subjects.entries()) {
      const figures = await measure(each, seconds, connections, wrk())
      measured[index]?.push(figures)
      console.error(
        `round ${round + 1}: ${each.name} ${figures.cpuMicroseconds.toFixed(1)} µs, ${figures.perSecond.toFixed(0)}/s`,
      )
    }
  }
  const results = summaries(subjects, measured)
  console.log(table(results))
  const ratio = results.at(-1)?.ratio.median ?? Infinity
  if (values.json !== undefined) {
    const machine = {
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      arch: arch(),
      kernel: release(),
      node: process.version,
    }
    const report = {
      date: new Date().toISOString(),
      scenario: 'plain GET, 1 KB',
      machine,
      seconds,
      connections,
      results,
    }
    writeFileSync(values.json, `${JSON.stringify(report, undefined, 2)}\n`)
  }
  if (values['at-most'] !== undefined && ratio > Number(values['at-most'])) {
    console.error(
      `Sluice takes ${ratio.toFixed(2)} times nginx's CPU per request; at most ${values['at-most']} was asked for.`,
    )
    process.exitCode = 1
  }
}
