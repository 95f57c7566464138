/** Medians, ranges, and the ratio to the first subject within each round. */
import type { Measurement } from './load.js'
import type { Subject } from './subjects.js'

export interface Range {
  readonly median: number
  readonly least: number
  readonly most: number
}

export interface Summary {
  readonly name: string
  readonly cpuMicroseconds: Range
  readonly servingMicroseconds: Range
  readonly perSecond: Range
  readonly p50: Range
  readonly p99: Range
  /** CPU per request, as a multiple of that of the first subject in the same round. */
  readonly ratio: Range
  readonly rounds: readonly Measurement[]
}

export function summaries(subjects: readonly Subject[], measured: readonly (readonly Measurement[])[]): Summary[] {
  const reference = measured[0] ?? []
  return subjects.map(({ name }, index) => {
    const rounds = measured[index] ?? []
    return {
      name,
      cpuMicroseconds: range(rounds.map((round) => round.cpuMicroseconds)),
      servingMicroseconds: range(rounds.map((round) => round.servingMicroseconds)),
      perSecond: range(rounds.map((round) => round.perSecond)),
      p50: range(rounds.map((round) => round.p50)),
      p99: range(rounds.map((round) => round.p99)),
      ratio: range(rounds.map((round, at) => round.cpuMicroseconds / (reference[at]?.cpuMicroseconds ?? NaN))),
      rounds,
    }
  })
}

export function range(values: readonly number[]): Range {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const median = ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2
  return { median, least: sorted[0] ?? NaN, most: sorted.at(-1) ?? NaN }
}

export function table(results: readonly Summary[]): string {
  const show = ({ median, least, most }: Range, digits: number): string =>
    `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`
  const rows = results.map(({ name, cpuMicroseconds, servingMicroseconds, perSecond, p50, p99, ratio }) => [
    name,
    show(cpuMicroseconds, 1),
    show(servingMicroseconds, 1),
    show(ratio, 2),
    show(perSecond, 0),
    show(p50, 2),
    show(p99, 2),
  ])
  const head = ['subject', 'CPU µs/request', 'serving process', '× nginx', 'requests/s', 'p50 ms', 'p99 ms']
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
