/** The Cookie header of a backend request: without the cookies that are declared and do not pass (backends.md §4.3). */
import type { RequestParameter } from '../../snapshot/api-definition.js'
import { utf8Bytes } from '../percent-encoding.js'
import { cookiesExcept, cookieValue } from './cookies.js'
import type { Source } from './source.js'

/** Whether the header may have to change; otherwise it goes on as it came. */
export function rewritesCookies(declared: readonly RequestParameter[]): boolean {
  return declared.some(
    ({ location, pass_through, default_value }) => location === 'COOKIE' && (!pass_through || !!default_value),
  )
}

export function compileCookies(declared: readonly RequestParameter[]): Source {
  const cookies = declared.flatMap((parameter, index) =>
    parameter.location === 'COOKIE' ? [{ parameter, name: utf8Bytes(parameter.name), index }] : [],
  )
  const dropped = new Set(cookies.filter(({ parameter }) => !parameter.pass_through).map(({ name }) => name))
  const passing = cookies.filter(({ parameter }) => parameter.pass_through && parameter.default_value)
  const read: Source['read'] = ({ head }, values) => {
    let line = cookiesExcept(head, dropped)
    // A default counts as if it had been sent.
    for (const { name, index } of passing) {
      if (cookieValue(head, name) !== undefined || values[index] === undefined) continue
      line += `${line === '' ? '' : '; '}${name}=${values[index]}`
    }
    return line === '' ? undefined : line
  }
  return { name: 'Cookie', parameter: -1, read }
}
