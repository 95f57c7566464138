/**
 * Declared request parameters: read, defaulted, validated (backends.md §4.1, §5). A fault answers 400 APIG.0106.
 *
 * Values are byte strings, decoded. The value of a parameter that wasn't sent and has no default is `undefined`.
 */
import type { RequestParameter } from '../../snapshot/api-definition.js'
import type { Exchange } from '../exchange.js'
import { cookieValue } from './cookies.js'
import { queryDecode, utf8Bytes } from '../percent-encoding.js'
import type { QueryPiece } from './query.js'

export type Values = readonly (string | undefined)[]

/** What is wrong with a parameter: the detail of the refusal. */
export class ParameterFault {
  constructor(readonly detail: string) {}
}

/** Reads all parameters of one request, in the order of their declaration. */
export type ReadParameters = (exchange: Exchange, query: readonly QueryPiece[]) => Values | ParameterFault

type Read = (exchange: Exchange, query: readonly QueryPiece[]) => string | undefined

/** What a reader answers for a malformed percent-encoding. No octet has this code, so that no value is equal. */
const MALFORMED = '\uffff'

export function compileParameters(
  declared: readonly RequestParameter[],
  placeholders: readonly string[],
): ReadParameters {
  const parameters = declared.map((parameter) => ({
    name: parameter.name,
    read: reader(parameter, placeholders),
    required: parameter.required,
    // An empty default is how clients write that there is none.
    fallback: parameter.default_value ? utf8Bytes(parameter.default_value) : undefined,
    faultOf: parameter.validate ? validator(parameter) : undefined,
  }))
  return function readParameters(exchange, query) {
    const values: (string | undefined)[] = []
    for (const { name, read, required, fallback, faultOf } of parameters) {
      const sent = read(exchange, query)
      if (sent === MALFORMED) return new ParameterFault(`${name} is not correctly percent-encoded`)
      if (sent === undefined && required) return new ParameterFault(`${name} is missing`)
      const value = sent ?? fallback
      const fault = value === undefined ? undefined : faultOf?.(value)
      if (fault !== undefined) return new ParameterFault(`${name} ${fault}`)
      values.push(value)
    }
    return values
  }
}

function reader({ name, location }: RequestParameter, placeholders: readonly string[]): Read {
  switch (location) {
    case 'PATH': {
      const index = placeholders.indexOf(name)
      return (exchange) => exchange.pathValues[index]
    }
    case 'HEADER': {
      const header = name.toLowerCase()
      return (exchange) => exchange.head.header(header)
    }
    case 'COOKIE': {
      const cookie = utf8Bytes(name)
      return ({ head }) => cookieValue(head, cookie)
    }
    case 'QUERY':
      return (_, query) => {
        for (const piece of query) if (piece.name === name) return queryDecode(piece.value) ?? MALFORMED
        return undefined
      }
  }
}

/** What a value must be, or `undefined` when it is; read after the parameter's name. */
function validator(parameter: RequestParameter): (value: string) => string | undefined {
  const { type, enumerations, min_num, max_num, min_size, max_size } = parameter
  const allowed =
    enumerations === undefined || enumerations === '' ? undefined : new Set(utf8Bytes(enumerations).split(','))
  // Exports write 0 for every bound that isn't set, so that a 0 above a bound that is set doesn't count either.
  const limited = [min_num, max_num, min_size, max_size].some((bound) => bound !== undefined && bound !== 0)
  const [least, most] = limited ? bounds(min_num, max_num) : [-Infinity, Infinity]
  const [shortest, longest] = limited ? bounds(min_size, max_size === 0 ? undefined : max_size) : [0, Infinity]
  return (value) => {
    if (type === 'NUMBER') {
      if (!/^[+-]?\d+(?:\.\d+)?$/.test(value)) return 'is not a number'
      const number = Number(value)
      if (number < least) return `is less than ${least}`
      if (number > most) return `is greater than ${most}`
    } else {
      const length = characters(value)
      if (length < shortest) return `is shorter than ${shortest}`
      if (length > longest) return `is longer than ${longest}`
    }
    return allowed === undefined || allowed.has(value) ? undefined : 'is not one of the values that are allowed'
  }
}

function bounds(low = -Infinity, high = Infinity): readonly [number, number] {
  return high === 0 && low > 0 ? [low, Infinity] : [low, high]
}

/** Characters of the UTF-8 text that a byte string holds: octets that don't continue one. */
function characters(bytes: string): number {
  let count = 0
  for (let i = 0; i < bytes.length; i++) if ((bytes.charCodeAt(i) & 0xc0) !== 0x80) count++
  return count
}
