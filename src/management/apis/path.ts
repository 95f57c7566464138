/** Paths of the front end and of back ends, with their `{name}` placeholders: conventions.md §5, routing.md §5. */
import { fault } from '../../contract/faults.js'

const PLACEHOLDER = /\{([^{}]*)\}/g
const NAME = /^[a-zA-Z][a-zA-Z0-9._-]{0,31}$/
const WHOLE_SEGMENT = /^\{[^{}]*\}$/
const PATH_CHARACTERS = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/
const VARIABLE = /#[a-zA-Z][a-zA-Z0-9_-]{2,31}#/g

/** Names of the placeholders in order, without the `+` of one that takes the rest of the path. */
export function placeholders(path: string): string[] {
  return Array.from(path.matchAll(PLACEHOLDER), ([, name = '']) => name.replace(/\+$/, ''))
}

/**
 * A placeholder stands for one whole segment; `{name+}`, in an exact path only, for one or more at the end.
 *
 * @throws {Fault} 2011 `req_uri`
 */
export function frontendPathIsValid(path: string, matchMode: 'SWA' | 'NORMAL'): void {
  const segments = path.split('/')
  const names = placeholders(path)
  const valid =
    path.startsWith('/') &&
    PATH_CHARACTERS.test(path.replace(PLACEHOLDER, '')) &&
    new Set(names).size === names.length &&
    names.every((name) => NAME.test(name)) &&
    segments.every((segment) => WHOLE_SEGMENT.test(segment) || !/[{}]/.test(segment)) &&
    segments.every((segment, index) => !segment.endsWith('+}') || isRest(segments, index, matchMode))
  if (!valid) throw fault('APIG.2011', { name: 'req_uri' })
}

const isRest = (segments: readonly string[], index: number, matchMode: 'SWA' | 'NORMAL') =>
  index === segments.length - 1 && matchMode === 'NORMAL'

/**
 * A back end's path may have placeholders anywhere in a segment, and `#variables#`; it may begin with a variable.
 *
 * @throws {Fault} 2011 `req_uri`
 */
export function backendPathIsValid(path: string): void {
  const rest = path.replace(VARIABLE, '')
  const valid =
    /^[/#]/.test(path) &&
    PATH_CHARACTERS.test(rest.replace(PLACEHOLDER, '')) &&
    placeholders(rest).every((name) => NAME.test(name)) &&
    !/\+\}/.test(rest)
  if (!valid) throw fault('APIG.2011', { name: 'req_uri' })
}

/**
 * Two paths that no caller can tell apart have the same key: names of placeholders don't count, nor does the percent
 * encoding of what needs none.
 */
export function pathKey(path: string): string {
  return path
    .split(/(\{[^{}]*\})/)
    .map((piece, index) => (index % 2 === 0 ? decoded(piece) : piece.endsWith('+}') ? '{+}' : '{}'))
    .join('')
}

/** Braces and percent signs stay encoded, so that no text can be mistaken for a placeholder or for an encoding. */
function decoded(text: string): string {
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (encoded) => {
    try {
      return decodeURIComponent(encoded).replace(/[{}%]/g, encodeURIComponent)
    } catch (error) {
      if (error instanceof URIError) return encoded.toUpperCase()
      throw error
    }
  })
}
