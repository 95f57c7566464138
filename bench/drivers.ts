/** Loads of other protocols than wrk's. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beside, number, type Counted, type Driver } from './load.js'

/** A message of gRPC: not compressed, its length, its bytes. */
const MESSAGE = Buffer.concat([Buffer.of(0, 0, 0, 0, 32), Buffer.alloc(32, 'x')])
/** Calls that are under way on one connection. */
const STREAMS = 8

/** Unary calls by h2load, on an eighth of the connections: as many are under way as in the other scenarios. */
export const grpcCalls: Driver = async ({ name, scheme, port, path }, seconds, connections) => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const [data, log] = [join(directory, 'message'), join(directory, 'log')]
  writeFileSync(data, MESSAGE)
  try {
    const said = await beside('h2load', [
      ...['-t1', `-c${Math.max(1, Math.round(connections / STREAMS))}`, `-m${STREAMS}`, `-D${seconds}`, '-d', data],
      ...['-H', 'content-type: application/grpc', '-H', 'te: trailers', `--log-file=${log}`],
      `${scheme ?? 'http'}://127.0.0.1:${port}${path}`,
    ])
    const requests = number(said, /(\d+) succeeded/)
    const bad = ['failed', 'errored', 'timeout', '3xx', '4xx', '5xx'].map((word) =>
      number(said, new RegExp(`(\\d+) ${word}`)),
    )
    if (bad.some((count) => count > 0) || requests === 0) throw new Error(`${name} did not answer all calls:\n${said}`)
    // Start, status and microseconds of each.
    const times = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => Number(line.split('\t')[2]) / 1000)
      .sort((a, b) => a - b)
    const at = (part: number): number => times[Math.floor(times.length * part)] ?? NaN
    return { requests, perSecond: requests / seconds, p50: at(0.5), p99: at(0.99) }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

export const webSocketMessages: Driver = async ({ port, path }, seconds, connections) => {
  const script = join(import.meta.dirname, 'echo-load.ts')
  const args = [String(port), path, String(connections), String(seconds)]
  return JSON.parse(await beside(process.execPath, ['--import', 'tsx', script, ...args])) as Counted
}

export const hasH2load = existsSync('/usr/bin/h2load')
