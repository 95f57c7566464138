/** Cache-Control and its older relatives, read for a shared cache (RFC 9111 §5.2). What cannot be read forbids. */

export interface ReplyControl {
  /** A shared cache must not keep it, or must not use it unasked. */
  readonly forbidden: boolean
  /** Seconds that the backend grants, of which `Age` is not taken off; `undefined`: it says nothing. */
  readonly lifetime: number | undefined
  /** It may be kept although the request was authorized (RFC 9111 §3.5). */
  readonly isForAll: boolean
}

export interface RequestControl {
  readonly noStore: boolean
  readonly noCache: boolean
  readonly onlyIfCached: boolean
  /** Seconds. */
  readonly maxAge: number | undefined
  readonly minFresh: number | undefined
}

/** The longest time that counts: 2^31 seconds (RFC 9111 §1.2.2). */
const MOST_SECONDS = 2_147_483_648

const DIRECTIVE = /[ \t,]*([\w!#$%&'*+.^`|~-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([\w!#$%&'*+.^`|~-]*)))?[ \t]*(?:,|$)/y

/** By lower-case name; a directive that is there twice has both values. `undefined`: it cannot be read. */
function directives(lines: readonly string[]): ReadonlyMap<string, readonly string[]> | undefined {
  let text = lines.join(',')
  let end = text.length
  while (end > 0 && ' \t,'.includes(text.charAt(end - 1))) end--
  text = text.slice(0, end)
  const found = new Map<string, string[]>()
  for (DIRECTIVE.lastIndex = 0; DIRECTIVE.lastIndex < text.length;) {
    const [whole, name = '', quoted, token] = DIRECTIVE.exec(text) ?? []
    if (whole === undefined) return undefined
    const values = found.get(name.toLowerCase()) ?? []
    values.push(quoted ?? token ?? '')
    found.set(name.toLowerCase(), values)
  }
  return found
}

/** The least of the values: what contradicts itself, or is no number, is as short as can be. */
function seconds(values: readonly string[] | undefined): number | undefined {
  if (values === undefined) return undefined
  return Math.min(...values.map((value) => (/^\d+$/.test(value) ? Math.min(Number(value), MOST_SECONDS) : 0)))
}

/**
 * @param headers values of the lines with a lower-case name
 * @param now milliseconds since the epoch
 */
export function replyControl(headers: (name: string) => readonly string[], now: number): ReplyControl {
  const found = directives(headers('cache-control'))
  if (found === undefined) return { forbidden: true, lifetime: undefined, isForAll: false }
  const lifetime = seconds(found.get('s-maxage')) ?? seconds(found.get('max-age')) ?? untilExpiry(headers, now)
  return {
    forbidden: found.has('no-store') || found.has('no-cache') || found.has('private'),
    lifetime,
    isForAll: found.has('public') || found.has('s-maxage') || found.has('must-revalidate'),
  }
}

function untilExpiry(headers: (name: string) => readonly string[], now: number): number | undefined {
  const [expires] = headers('expires')
  if (expires === undefined) return undefined
  const at = Date.parse(expires)
  const date = Date.parse(headers('date')[0] ?? '')
  // `0` and other words mean the past (RFC 9111 §5.3).
  if (!/^\w{3}, /.test(expires) || Number.isNaN(at)) return 0
  return Math.max(0, Math.floor((at - (Number.isNaN(date) ? now : date)) / 1000))
}

/** Seconds for which others have kept the reply. */
export function ageOf(headers: (name: string) => readonly string[]): number {
  const values = headers('age')
  return values.length === 0 ? 0 : Math.max(...values.map((value) => (/^\d+$/.test(value) ? Number(value) : 0)))
}

export function requestControl(lines: readonly string[], pragma: string | undefined): RequestControl {
  const found = directives(lines) ?? new Map<string, string[]>()
  return {
    noStore: found.has('no-store'),
    noCache: found.has('no-cache') || (lines.length === 0 && pragma?.toLowerCase().includes('no-cache') === true),
    onlyIfCached: found.has('only-if-cached'),
    maxAge: seconds(found.get('max-age')),
    minFresh: seconds(found.get('min-fresh')),
  }
}
