/** The target path of a backend request: literal text, inserted values, what follows the prefix (backends.md §2). */
import type { Exchange } from '../exchange.js'
import { encodePathTail, encodePathValue, utf8Bytes } from '../percent-encoding.js'
import { hasDotSegment } from '../routing/path.js'
import { ParameterFault, type Values } from './parameters.js'
import type { BackendContext } from './sender.js'
import type { Source } from './source.js'

export type MakePath = (exchange: Exchange, values: Values) => string | ParameterFault

/** A path without placeholders is a string already. */
export function compilePath(uri: string, sources: readonly Source[], context: BackendContext): string | MakePath {
  const { publication, placeholders } = context
  const tails = new Set(publication.definition.req_uri.match(/(?<=\{)[^{}/]+(?=\+\})/g) ?? [])
  const pieces = (uri.startsWith('/') ? uri : `/${uri}`).split(/\{([^{}/]+?)\+?\}/).map((text, index) => {
    if (index % 2 === 0) return encodeLiteral(text)
    const source = sources.find((candidate) => candidate.name === text)
    const declared = source === undefined ? undefined : publication.definition.req_params[source.parameter]
    // A placeholder that nobody maps takes the value of the one with its name in front.
    const position = placeholders.indexOf(text)
    const read = source?.read ?? ((exchange: Exchange) => exchange.pathValues[position])
    const front = source === undefined ? text : declared?.location === 'PATH' ? declared.name : ''
    const encode = tails.has(front) ? encodePathTail : encodePathValue
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
    // A backend that resolves dot segments must not be walked out of the path that it is called with.
    if (hasDotSegment(path)) return new ParameterFault('a value makes a dot segment of the backend path')
    return prefix ? joinRest(path, exchange.pathRest) : path
  }
}

/** Encodes what a request line cannot carry as it is; what is encoded already stays. */
function encodeLiteral(text: string): string {
  return utf8Bytes(text).replace(/[\x00-\x20\x7f-\xff"#<>?\\^`{|}]/g, encodePathValue)
}

/** Joins with exactly one slash. */
function joinRest(path: string, rest: string): string {
  return rest !== '' && path.endsWith('/') ? path + rest.slice(1) : path + rest
}
