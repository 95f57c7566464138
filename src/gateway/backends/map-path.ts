/** The target path of a backend request: literal text, inserted values, what follows the prefix (backends.md §2). */
import type { Exchange } from '../exchange.js'
import { encodeLiteral, encodePathTail, encodePathValue, percentDecode } from '../percent-encoding.js'
import { hasDotSegment } from '../routing/path.js'
import { ParameterFault, type Values } from './parameters.js'
import type { BackendContext } from './sender.js'
import type { Source } from './source.js'

export type MakePath = (exchange: Exchange, values: Values) => string | ParameterFault

/** A path without placeholders is a string already. */
export function compilePath(uri: string, sources: readonly Source[], context: BackendContext): string | MakePath {
  const { publication, placeholders } = context
  const { pathsAsSent } = context.features
  const tails = new Set(publication.definition.req_uri.match(/(?<=\{)[^{}/]+(?=\+\})/g) ?? [])
  const pieces = (uri.startsWith('/') ? uri : `/${uri}`).split(/\{([^{}/]+?)\+?\}/).map((text, index) => {
    if (index % 2 === 0) return encodeLiteral(text)
    const source = sources.find((candidate) => candidate.name === text)
    const declared = source === undefined ? undefined : publication.definition.req_params[source.parameter]
    // A placeholder that nobody maps takes the value of the one with its name in front.
    const position = placeholders.indexOf(text)
    const read = source?.read ?? ((exchange: Exchange) => exchange.pathValues[position])
    const front = source === undefined ? text : declared?.location === 'PATH' ? declared.name : ''
    // What was matched as it was sent goes on as it was sent.
    const isWritten = pathsAsSent && front !== ''
    const encode = isWritten ? encodeLiteral : tails.has(front) ? encodePathTail : encodePathValue
    return (exchange: Exchange, values: Values): string => encode(read(exchange, values) ?? '')
  })
  const prefix = publication.definition.match_mode === 'SWA'
  const [only] = pieces
  if (pieces.length === 1 && typeof only === 'string') {
    return prefix ? (exchange) => joinRest(only, exchange.pathRest) : only
  }
  return function makePath(exchange, values) {
    let path = ''
    for (const piece of pieces) path += typeof piece === 'string' ? piece : piece(exchange, values)
    // A backend that decodes and resolves segments must not be walked out of the path that it is called with.
    if (hasDotSegment(percentDecode(path) ?? path))
      return new ParameterFault('a value makes a dot segment of the backend path')
    return prefix ? joinRest(path, exchange.pathRest) : path
  }
}

/** Joins with exactly one slash. */
function joinRest(path: string, rest: string): string {
  return rest !== '' && path.endsWith('/') ? path + rest.slice(1) : path + rest
}
