/**
 * Conditions of policy backends (backends.md §1.1). An origin that this gateway does not evaluate never matches, as a
 * missing value never does.
 */
import type { Condition, PolicyBackend, RequestParameter } from '../../snapshot/api-definition.js'
import { AddressSet } from '../address-set.js'
import type { Exchange } from '../exchange.js'
import { percentDecode, utf8Bytes } from '../percent-encoding.js'
import type { Values } from './parameters.js'

export type Matches = (exchange: Exchange, values: Values) => boolean

export function compileConditions(policy: PolicyBackend, declared: readonly RequestParameter[]): Matches {
  const conditions = policy.conditions.map((condition) => compileCondition(condition, declared))
  return policy.effect_mode === 'ALL'
    ? (exchange, values) => conditions.length > 0 && conditions.every((matches) => matches(exchange, values))
    : (exchange, values) => conditions.some((matches) => matches(exchange, values))
}

function compileCondition(condition: Condition, declared: readonly RequestParameter[]): Matches {
  switch (condition.origin) {
    case 'source':
      return sourceMatches(condition.value)
    case 'param': {
      const index = declared.findIndex(({ name }) => name === condition.name)
      const test = compileTest(condition)
      return (_, values) => {
        const value = values[index]
        return value !== undefined && test(value)
      }
    }
    case 'system': {
      const test = compileTest(condition)
      const name = condition.name
      if (name === 'req_method' || name === 'reqMethod') return ({ head }) => test(head.method)
      if (name === 'req_path' || name === 'reqPath') return ({ head }) => test(percentDecode(head.path) ?? head.path)
      return never
    }
    case 'cookie':
    case 'frontend_authorizer':
    case 'orchestration':
      return never
  }
}

const never: Matches = () => false

function sourceMatches(list: string): Matches {
  try {
    const addresses = new AddressSet(list.split(','))
    return ({ sourceAddress }) => addresses.has(sourceAddress)
  } catch (error) {
    if (error instanceof RangeError) return never
    throw error
  }
}

/** Compares byte strings; a pattern is searched for in the text that they are. */
function compileTest({ type, value }: Condition): (actual: string) => boolean {
  switch (type) {
    case 'exact': {
      const expected = utf8Bytes(value)
      return (actual) => actual === expected
    }
    case 'enum': {
      const expected = new Set(utf8Bytes(value).split(','))
      return (actual) => expected.has(actual)
    }
    case 'pattern': {
      const pattern = patternOf(value)
      return (actual) => pattern !== undefined && pattern.test(Buffer.from(actual, 'latin1').toString('utf8'))
    }
  }
}

/** `undefined` for what is no pattern here: it matches nothing. */
function patternOf(source: string): RegExp | undefined {
  try {
    return new RegExp(source)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
