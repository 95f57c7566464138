/** The query of a request in pieces, so that those which nobody touches go on exactly as they came. */
import { queryDecode } from '../percent-encoding.js'

export interface QueryPiece {
  /** `name=value` as sent. */
  readonly text: string
  /** Decoded; as sent when it is malformed. */
  readonly name: string
  /** As sent. */
  readonly value: string
}

export function queryPieces(query: string): readonly QueryPiece[] {
  if (query === '') return NONE
  return query.split('&').map((text) => {
    const equals = text.indexOf('=')
    const name = equals === -1 ? text : text.slice(0, equals)
    return { text, name: queryDecode(name) ?? name, value: equals === -1 ? '' : text.slice(equals + 1) }
  })
}

const NONE: readonly QueryPiece[] = []
