/** Headers of a backend request: which of the caller's do not go on, and which lines are added (backends.md §4.3). */
import type { RequestParameter } from '../../snapshot/api-definition.js'
import { droppedBy, type ConsumedHeaders, type Dropped } from '../auth/consumed-headers.js'
import type { Exchange } from '../exchange.js'
import { compileCookies, rewritesCookies } from './map-cookies.js'
import { isHeaderValue } from './header-lines.js'
import { ParameterFault, type Values } from './parameters.js'
import type { Source } from './source.js'

/** Lower-case names of client headers that do not go on. */
export function droppedHeaders(
  sources: readonly Source[],
  declared: readonly RequestParameter[],
  consumed: ConsumedHeaders,
): Dropped {
  const names = [
    ...sources.map(({ name }) => name),
    ...declared.filter(({ location, pass_through }) => location === 'HEADER' && !pass_through).map(({ name }) => name),
    ...(rewritesCookies(declared) ? ['cookie'] : []),
  ].map((name) => name.toLowerCase())
  return droppedBy(consumed, names)
}

/** Header lines, each ended by CRLF. */
export type MakeHeaders = (exchange: Exchange, values: Values) => string | ParameterFault

/** Lines that never change are a string already. */
export function compileHeaders(
  sources: readonly Source[],
  declared: readonly RequestParameter[],
): string | MakeHeaders {
  let constant = ''
  const added: Source[] = []
  for (const source of sources) {
    if (source.constant === undefined) added.push(source)
    else constant += `${source.name}: ${source.constant}\r\n`
  }
  const replaced = new Set(sources.map(({ name }) => name.toLowerCase()))
  declared.forEach(({ name, location, pass_through, default_value }, index) => {
    const header = name.toLowerCase()
    if (location !== 'HEADER' || !pass_through || !default_value || replaced.has(header)) return
    // A default counts as if it had been sent.
    const read: Source['read'] = ({ head }, values) => (head.header(header) === undefined ? values[index] : undefined)
    added.push({ name, parameter: index, read })
  })
  const isTaken = replaced.has('cookie') || declared.some(isConsumedCookieHeader)
  if (rewritesCookies(declared) && !isTaken) added.push(compileCookies(declared))
  if (added.length === 0) return constant

  return function makeHeaders(exchange, values) {
    let lines = constant
    for (const { name, read } of added) {
      const value = read(exchange, values)
      if (value === undefined) continue
      if (!isHeaderValue(value)) return new ParameterFault(`the value for ${name} cannot stand in a header`)
      lines += `${name}: ${value}\r\n`
    }
    return lines
  }
}

const isConsumedCookieHeader = ({ name, location, pass_through }: RequestParameter): boolean =>
  location === 'HEADER' && !pass_through && name.toLowerCase() === 'cookie'
