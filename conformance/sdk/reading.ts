/** What an SDK made of a reply, beside the reply itself. */

type Members = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Places where the SDK has another value than the reply, or one where the reply has none. Passwords are not read back. */
export function misread(raw: unknown, decoded: unknown): string[] {
  return [...differences(raw, unwrapped(raw, decoded), '')].flatMap(({ at, sent, read }) =>
    read === undefined || same(sent, read) || (sent === undefined && at.endsWith('.password'))
      ? []
      : [`${at} is ${JSON.stringify(sent)}, and ${JSON.stringify(read)} to the SDK`],
  )
}

/** Members that the SDK's types do not have. What is empty may be read as nothing. */
export function lost(raw: unknown, decoded: unknown): string[] {
  const empty: readonly unknown[] = [null, undefined, '']
  return [...differences(raw, unwrapped(raw, decoded), '')].flatMap(({ at, sent, read }) =>
    read === undefined && !empty.includes(sent) ? [at.replaceAll(/\[\d+\]/g, '').replace(/.*\./, '')] : [],
  )
}

interface Difference {
  readonly at: string
  readonly sent: unknown
  readonly read: unknown
}

/** A reply that is no object is the member `body` of one. */
function unwrapped(raw: unknown, decoded: unknown): unknown {
  if (!isObject(decoded) || !('body' in decoded) || Object.keys(decoded).length > 1) return decoded
  return isObject(raw) && 'body' in raw ? decoded : decoded['body']
}

function* differences(sent: unknown, read: unknown, at: string): Generator<Difference> {
  if (isObject(sent) && isObject(read))
    for (const name of new Set([...Object.keys(sent), ...Object.keys(read)]))
      yield* differences(sent[name], read[name], `${at}.${name}`.replace(/^\./, ''))
  else if (Array.isArray(sent) && Array.isArray(read) && sent.length === read.length)
    for (const [index, item] of sent.entries()) yield* differences(item, read[index], `${at}[${index}]`)
  else if (sent !== read) yield { at, sent, read }
}

/** No value at all is null, or nothing; an instant may be written in several ways, and Go has none that is empty. */
function same(sent: unknown, read: unknown): boolean {
  if (sent === null || sent === undefined) return read === null
  if (sent === '') return read === '0001-01-01T00:00:00Z'
  if (typeof sent !== 'string' || typeof read !== 'string') return false
  const [first, second] = [instant(sent), instant(read)]
  return first !== undefined && first === second
}

/** Seconds since the epoch of a text that is an instant; where it names no zone it is in UTC. */
function instant(text: string): number | undefined {
  const parts = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{2}:\d{2})?$/.exec(text)
  return parts === null ? undefined : Date.parse(`${parts[1]}T${parts[2]}${parts[3] ?? 'Z'}`) / 1000
}
