/**
 * The query of a backend request: what nobody declared goes on in its order and encoding, then comes what is mapped
 * (backends.md §2, §4.3).
 */
import type { RequestParameter } from '../../snapshot/api-definition.js'
import type { Exchange } from '../exchange.js'
import { encodeQueryValue, queryDecode, utf8Bytes } from '../percent-encoding.js'
import type { Values } from './parameters.js'
import type { QueryPiece } from './query.js'
import type { Source } from './source.js'

export type MakeQuery = (exchange: Exchange, values: Values, pieces: readonly QueryPiece[]) => string

/** `undefined` when every query goes on as it came. */
export function compileQuery(sources: readonly Source[], declared: readonly RequestParameter[]): MakeQuery | undefined {
  const ours = declared.flatMap((parameter, index) => (parameter.location === 'QUERY' ? [{ parameter, index }] : []))
  if (sources.length === 0 && ours.length === 0) return undefined
  const drop = new Set<string>()
  for (const { parameter } of ours) if (!parameter.pass_through) drop.add(parameter.name)
  for (const { name } of sources) drop.add(utf8Bytes(name))
  const kept = ours.filter(({ parameter }) => !drop.has(parameter.name))
  const added = sources.map((source) => {
    const copied = declared[source.parameter]
    return {
      source,
      name: encodeQueryValue(utf8Bytes(source.name)),
      copiedName: copied?.location === 'QUERY' ? copied.name : undefined,
    }
  })

  return function makeQuery(exchange, values, pieces) {
    let query = ''
    for (const { text, name } of pieces) if (!drop.has(name)) query = join(query, text)
    // A default counts as if it had been sent.
    for (const { parameter, index } of kept) {
      const value = values[index]
      if (value !== undefined && !pieces.some(({ name }) => name === parameter.name)) {
        query = join(query, `${parameter.name}=${encodeQueryValue(value)}`)
      }
    }
    for (const { source, name, copiedName } of added) {
      let copied = false
      for (const piece of pieces) {
        if (piece.name !== copiedName) continue
        query = join(query, `${name}=${encodeQueryValue(queryDecode(piece.value) ?? piece.value)}`)
        copied = true
      }
      const value = copied ? undefined : source.read(exchange, values)
      if (value !== undefined) query = join(query, `${name}=${encodeQueryValue(value)}`)
    }
    return query
  }
}

function join(query: string, piece: string): string {
  return query === '' ? piece : `${query}&${piece}`
}
