/** Conditions of policy backends (backends.md §1.1). A missing value never matches. */
import { compilePattern } from '../../contract/pattern.js'
import type { Condition, PolicyBackend, RequestParameter } from '../../snapshot/api-definition.js'
import { AddressRanges } from '../address-ranges.js'
import type { Exchange } from '../exchange.js'
import type { Features } from '../features.js'
import { percentDecode, utf8Bytes } from '../percent-encoding.js'
import { cookieValue } from './cookies.js'
import { madeParameters } from './orchestration.js'
import type { Values } from './parameters.js'

export type Matches = (exchange: Exchange, values: Values) => boolean

export function compileConditions(
  policy: PolicyBackend,
  declared: readonly RequestParameter[],
  features: Features,
): Matches {
  const conditions = policy.conditions.map((condition) => compileCondition(condition, declared, features))
  return policy.effect_mode === 'ALL'
    ? (exchange, values) => conditions.length > 0 && conditions.every((matches) => matches(exchange, values))
    : (exchange, values) => conditions.some((matches) => matches(exchange, values))
}

function compileCondition(condition: Condition, declared: readonly RequestParameter[], features: Features): Matches {
  if (condition.origin === 'source') return sourceMatches(condition.value)
  const read = reader(condition, declared, features)
  const test = compileTest(condition)
  return (exchange, values) => {
    const value = read(exchange, values)
    return value !== undefined && test(value)
  }
}

type Read = (exchange: Exchange, values: Values) => string | undefined

const nothing: Read = () => undefined

function reader(
  { origin, name = '', location }: Condition,
  declared: readonly RequestParameter[],
  features: Features,
): Read {
  switch (origin) {
    case 'source':
      return ({ sourceAddress }) => sourceAddress
    case 'param': {
      const index = declared.findIndex((parameter) => parameter.name === name)
      return (_, values) => values[index]
    }
    case 'system':
      if (name === 'req_method' || name === 'reqMethod') return ({ head }) => head.method
      if (name !== 'req_path' && name !== 'reqPath') return nothing
      if (features.pathsAsSent) return ({ head }) => head.path
      return ({ head }) => percentDecode(head.path) ?? head.path
    case 'cookie': {
      if (!features.cookieConditions) return nothing
      const cookie = utf8Bytes(name)
      return ({ head }) => cookieValue(head, cookie)
    }
    case 'frontend_authorizer': {
      const key = name.replace(/^(?:\$context\.)?authorizer\.frontend\./, '')
      return ({ frontendContext }) => frontendContext?.get(key)
    }
    case 'orchestration': {
      const found = madeParameters(declared).findIndex(
        (made) => made.name === name && (location === undefined || made.location === location),
      )
      const index = found === -1 ? -1 : declared.length + found
      return (_, values) => values[index]
    }
  }
}

const never: Matches = () => false

function sourceMatches(list: string): Matches {
  try {
    const addresses = new AddressRanges(list.split(','))
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
      // What is no pattern here matches nothing.
      const matches = compilePattern(value)
      return (actual) => matches !== undefined && matches(Buffer.from(actual, 'latin1').toString('utf8'))
    }
  }
}
