/**
 * Rules that make another parameter of a request parameter's value (backends.md §10, phase 24). What they make follows
 * the values of the declared parameters: see `madeParameters`.
 */
import { crc32 } from 'node:zlib'
import type {
  MappedParameter,
  OrchestrationEntry,
  OrchestrationRule,
  RequestParameter,
} from '../../snapshot/api-definition.js'
import { utf8Bytes } from '../percent-encoding.js'
import type { Values } from './parameters.js'

export type OrchestrationFault = 'APIG.0106 not found' | 'APIG.0106 unmatched'

/** The values of the declared parameters, followed by those that were made. */
export type Orchestrate = (values: Values) => Values | OrchestrationFault

/** What rules can make, each once, in the order of the values that follow those of the declared parameters. */
export function madeParameters(declared: readonly RequestParameter[]): readonly MappedParameter[] {
  const made = new Map<string, MappedParameter>()
  for (const { orchestrations = [] } of declared) {
    for (const { mapped_param } of orchestrations) {
      if (mapped_param !== undefined && !made.has(placeOf(mapped_param))) made.set(placeOf(mapped_param), mapped_param)
    }
  }
  return [...made.values()]
}

/** Names of headers differ by more than case. */
function placeOf({ name, location }: MappedParameter): string {
  return location === 'HEADER' ? `HEADER ${name.toLowerCase()}` : `QUERY ${name}`
}

/** `undefined` when no parameter has rules. */
export function compileOrchestration(declared: readonly RequestParameter[]): Orchestrate | undefined {
  const made = madeParameters(declared).map(placeOf)
  const chains = declared.flatMap(({ orchestrations = [] }, index) =>
    orchestrations.length === 0 ? [] : [{ index, run: compileChain(orchestrations, made, declared.length) }],
  )
  if (chains.length === 0) return undefined
  return function orchestrate(values) {
    const all = values.slice()
    for (const { index, run } of chains) {
      const fault = run(values[index], all)
      if (fault !== undefined) return fault
    }
    return all
  }
}

/** Reads one value and puts what is made of it among all values. */
type Chain = (value: string | undefined, all: (string | undefined)[]) => OrchestrationFault | undefined

/** What a rule makes of a value; `undefined`: it does not match. */
type Make = (value: string) => string | undefined

interface Stage {
  readonly make: Make
  /** Where its result goes among all values; −1: it is the value that later rules see. */
  readonly at: number
}

/** @param offset of the first value that is made */
function compileChain(rules: readonly OrchestrationRule[], made: readonly string[], offset: number): Chain {
  const at = ({ mapped_param: mapped, is_preprocessing }: OrchestrationRule): number =>
    mapped === undefined || is_preprocessing ? -1 : offset + made.indexOf(placeOf(mapped))
  const fixed = (strategy: OrchestrationRule['strategy']): { value: string; at: number } | undefined => {
    const rule = rules.find((one) => one.strategy === strategy)
    return rule && { value: utf8Bytes(rule.map[0]?.value ?? ''), at: at(rule) }
  }
  const absent = fixed('none_value')
  const otherwise = fixed('default')
  const stages: readonly Stage[] = rules.flatMap((rule) => {
    const make = compileRule(rule)
    return make === undefined ? [] : [{ make, at: at(rule) }]
  })

  return function chain(value, all) {
    if (value === undefined || value === '') {
      if (absent === undefined) return 'APIG.0106 not found'
      all[absent.at] = absent.value
      return undefined
    }
    let current = value
    for (const { make, at: place } of stages) {
      const result = make(current)
      if (result === undefined) continue
      if (place === -1) {
        current = result
        continue
      }
      all[place] = result
      return undefined
    }
    if (otherwise === undefined) return 'APIG.0106 unmatched'
    all[otherwise.at] = otherwise.value
    return undefined
  }
}

/** `undefined` for the two strategies that look at no value. */
function compileRule({ strategy, map }: OrchestrationRule): Make | undefined {
  switch (strategy) {
    case 'list':
      return listed(map)
    case 'range':
      return inRange(map)
    case 'hash':
      return hashOf
    case 'hash_range': {
      const ranged = inRange(map)
      return (value) => ranged(hashOf(value))
    }
    case 'head_n': {
      const count = map[0]?.length ?? 0
      return (value) => characters(value, 0, count)
    }
    case 'tail_n': {
      const count = map[0]?.length ?? 0
      return (value) => characters(value, -count)
    }
    case 'none_value':
    case 'default':
      return undefined
  }
}

function listed(map: readonly OrchestrationEntry[]): Make {
  const results = new Map<string, string>()
  for (const { list = [], value } of map) {
    for (const one of list) if (!results.has(utf8Bytes(one))) results.set(utf8Bytes(one), utf8Bytes(value))
  }
  return (value) => results.get(value)
}

/** Decimal digits that a number of this language holds exactly. */
const EXACT_DIGITS = 15

/** The first range that holds the number counts. Numbers beyond 2^53 are compared as big integers, others are not. */
function inRange(map: readonly OrchestrationEntry[]): Make {
  const ranges = map.flatMap(({ range, value }) =>
    range === undefined ? [] : [{ start: BigInt(range[0]), end: BigInt(range[1]), value: utf8Bytes(value) }],
  )
  // What a bound beyond 2^53 is rounded to lies beyond every number of 15 digits too.
  const small = ranges.map(({ start, end, value }) => ({ start: Number(start), end: Number(end), value }))
  return (text) => {
    if (!/^\d+$/.test(text)) return undefined
    if (text.length <= EXACT_DIGITS) {
      const number = Number(text)
      for (const { start, end, value } of small) if (number >= start && number <= end) return value
      return undefined
    }
    // A number that long is in no range, and expensive to read.
    const digits = text.replace(/^0+(?=\d)/, '')
    if (digits.length > MOST_DIGITS) return undefined
    const number = BigInt(digits)
    for (const { start, end, value } of ranges) if (number >= start && number <= end) return value
    return undefined
  }
}

/** Of 2^63 − 1. */
const MOST_DIGITS = 19

/** CRC-32 (IEEE) of the value's octets, an unsigned decimal number. */
function hashOf(value: string): string {
  return String(crc32(Buffer.from(value, 'latin1')))
}

/** Characters of the UTF-8 text that a byte string holds, as `slice` counts them. */
function characters(bytes: string, from: number, to?: number): string {
  if (/^[\0-\x7f]*$/.test(bytes)) return bytes.slice(from, to)
  const text = Array.from(Buffer.from(bytes, 'latin1').toString('utf8'))
  return utf8Bytes(text.slice(from, to).join(''))
}
