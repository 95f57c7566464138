/** Fields 39 to 48 of the access log (telemetry.md §2.3): what the feature `custom_log` names of a request. */
import { quoted } from './field-text.js'

/** The ten fields of a line. */
export type CustomFields = (head: CustomHead) => string

interface CustomHead {
  /** As sent. */
  readonly target: string
  header(name: string): string | undefined
}

type Reader = (head: CustomHead) => string | undefined

const FIELDS = 10
/** Bytes of all values of one request. */
const MOST_BYTES = 2048

/** Never logged, whatever a configuration says (§2.4). */
const SECRET: ReadonlySet<string> = new Set([
  'authorization',
  'x-apig-appcode',
  'x-auth-token',
  'x-security-token',
  'x-hw-appkey',
])

/** @param entries `custom_logs` of the feature; `undefined` when none of it can be read */
export function compileCustomFields(entries: unknown): CustomFields | undefined {
  const readers = Array.isArray(entries) ? entries.slice(0, FIELDS).map(readerOf) : []
  if (readers.every((reader) => reader === nothing)) return undefined
  while (readers.length < FIELDS) readers.push(nothing)
  return function customFields(head) {
    let left = MOST_BYTES
    return readers
      .map((read) => {
        const value = left > 0 ? read(head)?.slice(0, left) : undefined
        left -= value?.length ?? 0
        return quoted(value)
      })
      .join(' ')
  }
}

const nothing: Reader = () => undefined

function readerOf(entry: unknown): Reader {
  const { location, name } = Object(entry) as Readonly<Record<string, unknown>>
  if (typeof name !== 'string' || name === '') return nothing
  switch (location) {
    case 'header': {
      const header = name.toLowerCase()
      return SECRET.has(header) ? nothing : (head) => head.header(header)
    }
    case 'query':
      return ({ target }) => inQuery(target, name)
    case 'cookie':
      return (head) => inCookies(head.header('cookie'), name)
    default:
      return nothing
  }
}

/** As sent, but for `+`, which is a space. */
function inQuery(target: string, name: string): string | undefined {
  const question = target.indexOf('?')
  if (question === -1) return undefined
  const start = `${name}=`
  const piece = target
    .slice(question + 1)
    .split('&')
    .find((one) => one.startsWith(start))
  return piece?.slice(start.length).replaceAll('+', ' ')
}

function inCookies(cookies: string | undefined, name: string): string | undefined {
  const start = `${name}=`
  return cookies
    ?.split(';')
    .map((cookie) => cookie.trim())
    .find((cookie) => cookie.startsWith(start))
    ?.slice(start.length)
}
