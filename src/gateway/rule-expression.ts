/**
 * Rule expressions of plug-ins (policies.md §9), compiled once: what they compare is texts of a request. A pattern is
 * searched for by an engine that cannot be made slow; one that it does not know is a defect of the plug-in, for a rule
 * that never matches could let callers in.
 */
import { compilePattern } from '../contract/pattern.js'
import type { PublicationPart } from '../snapshot/parts.js'
import { queryPieces } from './backends/query.js'
import { systemValue, type ServerIdentity } from './backends/system-parameters.js'
import { PluginDefect } from './bound-plugins.js'
import type { Exchange } from './exchange.js'
import { percentDecode, queryDecode } from './percent-encoding.js'

/** A value that rules compare: a byte string, empty where there is none. */
export type RuleVariable = (exchange: Exchange) => string

/** Whether a rule matches a request. */
export type RuleMatch = (exchange: Exchange) => boolean

export interface RuleParameter {
  readonly type: 'path' | 'method' | 'header' | 'query' | 'system'
  readonly name: string
  readonly value?: string | null | undefined
}

export interface RuleSurroundings {
  readonly publication: PublicationPart
  readonly stage: string
  readonly server: ServerIdentity
  /** Feature `api_uri_no_escape`. */
  readonly pathsAsSent: boolean
}

/** Variables by the names of a plug-in's parameters, and `$context.…`; any other name stands for the empty text. */
export function ruleVariables(
  parameters: readonly RuleParameter[],
  surroundings: RuleSurroundings,
): (name: string) => RuleVariable {
  const known = new Map(parameters.map((parameter) => [parameter.name, variableOf(parameter, surroundings)]))
  return (name) => known.get(name) ?? (name.startsWith('$context.') ? system(name, surroundings) : nothing)
}

/**
 * @param text a JSON array (management has checked its shape)
 * @throws {PluginDefect}
 */
export function compileRule(text: string, variable: (name: string) => RuleVariable): RuleMatch {
  return compile(JSON.parse(text) as unknown, variable)
}

const nothing: RuleVariable = () => ''

function variableOf({ type, value }: RuleParameter, surroundings: RuleSurroundings): RuleVariable {
  const name = value ?? ''
  switch (type) {
    case 'path':
      return surroundings.pathsAsSent ? ({ head }) => head.path : ({ head }) => percentDecode(head.path) ?? head.path
    case 'method':
      return ({ head }) => head.method
    case 'header': {
      const lower = name.toLowerCase()
      return ({ head }) => head.header(lower) ?? ''
    }
    case 'query':
      return ({ head }) => {
        const piece = head.query === '' ? undefined : queryPieces(head.query).find((one) => one.name === name)
        return piece === undefined ? '' : (queryDecode(piece.value) ?? piece.value)
      }
    case 'system':
      return system(name, surroundings)
  }
}

function system(name: string, { publication, stage, server }: RuleSurroundings): RuleVariable {
  const value = systemValue(name, publication, stage, server)
  return typeof value === 'string' ? () => value : value
}

function compile(expression: unknown, variable: (name: string) => RuleVariable): RuleMatch {
  if (!Array.isArray(expression)) throw new PluginDefect('a rule is no expression')
  const [first, ...rest] = expression as unknown[]
  if (rest.length > 0 && rest.every(Array.isArray) && typeof first === 'string') {
    const connective = connectives.get(first)
    if (connective !== undefined) return connective(rest.map((one) => compile(one, variable)))
  }
  const [operator, operand] = rest
  const comparison = typeof operator === 'string' ? comparisons.get(operator) : undefined
  if (typeof first !== 'string' || comparison === undefined) throw new PluginDefect('a rule is no expression')
  const compare = comparison(operand)
  const read = variable(first)
  return (exchange) => compare(asText(read(exchange)))
}

const connectives = new Map<string, (rules: readonly RuleMatch[]) => RuleMatch>([
  ['AND', (rules) => (exchange) => rules.every((rule) => rule(exchange))],
  ['OR', (rules) => (exchange) => rules.some((rule) => rule(exchange))],
  ['!AND', (rules) => (exchange) => !rules.every((rule) => rule(exchange))],
  ['!OR', (rules) => (exchange) => !rules.some((rule) => rule(exchange))],
])

type Comparison = (operand: unknown) => (value: string) => boolean

const unequal: Comparison = (operand) => (value) => value !== String(operand)

/** What is no number is neither more nor less than one. */
const numeric =
  (holds: (value: number, operand: number) => boolean): Comparison =>
  (operand) => {
    const limit = operand === '' ? NaN : Number(operand)
    return (value) => value.trim() !== '' && holds(Number(value), limit)
  }

const comparisons = new Map<string, Comparison>([
  ['==', (operand) => (value) => value === String(operand)],
  ['~=', unequal],
  ['!=', unequal],
  [
    '~~',
    (operand) => {
      const pattern = compilePattern(String(operand))
      if (pattern === undefined) throw new PluginDefect('a rule has a pattern that cannot be searched for')
      return pattern
    },
  ],
  [
    'in',
    (operand) => {
      const list: readonly unknown[] = Array.isArray(operand) ? operand : String(operand).split(',')
      const values = new Set(list.map((one) => String(one).trim()))
      return (value) => values.has(value)
    },
  ],
  ['>', numeric((value, operand) => value > operand)],
  ['<', numeric((value, operand) => value < operand)],
  ['>=', numeric((value, operand) => value >= operand)],
  ['<=', numeric((value, operand) => value <= operand)],
])

/** Octets of the wire, which were meant as UTF-8. */
function asText(octets: string): string {
  return /[\x80-\xff]/.test(octets) ? Buffer.from(octets, 'latin1').toString('utf8') : octets
}
