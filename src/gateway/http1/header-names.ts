/**
 * Header names as numbers. A name is hashed while it is read; the names that mean something to the engine are found
 * by that hash, and every other question ("has the request an `x-stage`?") compares hashes before it compares text.
 */
import { NAME } from './octets.js'

const PRIME = 0x01000193

/** What a header means to the engine. */
export const Kind = {
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  /** Ends at this hop, for requests and replies alike (RFC 9110 §7.6.1, responses.md §5). */
  hop: 5,
  keepAlive: 6,
  expect: 7,
  forwardedFor: 8,
  /** Set by the gateway on the way to the backend (responses.md §7); what the client sent does not go on. */
  forwarded: 9,
  requestId: 10,
  server: 11,
  date: 12,
  /** Spelled so that a lax backend would take it for a header which frames the message. */
  disguise: 13,
} as const

const known: readonly (readonly [name: string, kind: number])[] = [
  ['host', Kind.host],
  ['content-length', Kind.contentLength],
  ['transfer-encoding', Kind.transferEncoding],
  ['connection', Kind.connection],
  ['keep-alive', Kind.keepAlive],
  ['te', Kind.hop],
  ['trailer', Kind.hop],
  ['upgrade', Kind.hop],
  ['http2-settings', Kind.hop],
  ['expect', Kind.expect],
  ['x-forwarded-for', Kind.forwardedFor],
  ['x-real-ip', Kind.forwarded],
  ['x-forwarded-proto', Kind.forwarded],
  ['x-forwarded-port', Kind.forwarded],
  ['x-forwarded-host', Kind.forwarded],
  ['x-request-id', Kind.requestId],
  ['server', Kind.server],
  ['date', Kind.date],
]

/** Hash of a name that is given as text; the same as hashing its bytes with `mix`. */
export function hashName(name: string): number {
  let hash = 0
  for (let i = 0; i < name.length; i++) hash = mix(hash, NAME[name.charCodeAt(i)] ?? 0)
  return hash
}

/** One more normalised byte (see `NAME`) of a name. */
export function mix(hash: number, normalised: number): number {
  return Math.imul(hash ^ normalised, PRIME)
}

const SLOTS = 256
const slotHash = new Int32Array(SLOTS)
const slotKind = new Uint8Array(SLOTS)
const slotName: string[] = new Array<string>(SLOTS).fill('')

for (const [name, kind] of known) {
  const hash = hashName(name)
  let slot = hash & (SLOTS - 1)
  while (slotKind[slot] !== 0) slot = (slot + 1) & (SLOTS - 1)
  slotHash[slot] = hash
  slotKind[slot] = kind
  slotName[slot] = name
}

/** Kind of the name whose bytes are `bytes[start…end)`. */
export function kindOf(bytes: Uint8Array, start: number, end: number, hash: number): number {
  let slot = hash & (SLOTS - 1)
  while (slotKind[slot] !== 0) {
    if (slotHash[slot] === hash) {
      const likeness = resembles(bytes, start, end, slotName[slot] ?? '')
      if (likeness !== 0) {
        const kind = slotKind[slot] as number
        return likeness === 1 && kind <= Kind.transferEncoding ? Kind.disguise : kind
      }
    }
    slot = (slot + 1) & (SLOTS - 1)
  }
  return isProxyName(bytes, start, end) ? Kind.hop : Kind.other
}

/** 2: the name itself, in any case; 1: the name with `_` or `.` where it has `-`; 0: another name. */
function resembles(bytes: Uint8Array, start: number, end: number, name: string): 0 | 1 | 2 {
  if (end - start !== name.length) return 0
  let exact: 1 | 2 = 2
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[start + i] as number
    const wanted = name.charCodeAt(i)
    if (byte === wanted || (byte | 0x20) === wanted) continue
    if (NAME[byte] !== wanted) return 0
    exact = 1
  }
  return exact
}

/** `Proxy-Connection`, `Proxy-Authorization` and their kind are per hop (responses.md §5). */
function isProxyName(bytes: Uint8Array, start: number, end: number): boolean {
  if (NAME[bytes[start] as number] !== 0x70 || end - start < 7) return false
  for (let i = 0; i < 6; i++) if (NAME[bytes[start + i] as number] !== 'proxy-'.charCodeAt(i)) return false
  return true
}

/** A set of names, ready to be asked by hash. */
export class NameFilter {
  readonly #names = new Map<number, string[]>()
  /** One bit per `hash & 31`: a header that misses here, as most do, costs one test. */
  readonly #bits: number

  constructor(names: Iterable<string>) {
    let bits = 0
    for (const name of names) {
      const hash = hashName(name)
      bits |= 1 << (hash & 31)
      this.#names.set(hash, [...(this.#names.get(hash) ?? []), normalised(name)])
    }
    this.#bits = bits
  }

  /** Whether `text[start…end)`, whose hash is given, is one of the names or an alias of one. */
  has(hash: number, text: string, start: number, end: number): boolean {
    if ((this.#bits & (1 << (hash & 31))) === 0) return false
    const names = this.#names.get(hash)
    if (names === undefined) return false
    for (const name of names) if (isAlias(text, start, end, name)) return true
    return false
  }
}

/** Whether `text[start…end)` is a name, given in lower case, in any case. Compared in place: no text is made of it. */
export function isNamed(text: string, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false
  for (let i = 0; i < name.length; i++) {
    const code = text.charCodeAt(start + i)
    const lower = code >= 0x41 && code <= 0x5a ? code | 0x20 : code
    if (lower !== name.charCodeAt(i)) return false
  }
  return true
}

/** Whether `text[start…end)` is a normalised name or an alias of it. */
function isAlias(text: string, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false
  for (let i = 0; i < name.length; i++) if (NAME[text.charCodeAt(start + i)] !== name.charCodeAt(i)) return false
  return true
}

/** A name as `NAME` maps it, so that aliases are equal. */
export function normalised(name: string): string {
  return name.toLowerCase().replace(/[_.]/g, '-')
}

const filters = new WeakMap<ReadonlySet<string>, NameFilter>()
let lastNames: ReadonlySet<string> | undefined
let lastFilter = new NameFilter([])

/** Filter of a set of lower-case names. Sets live as long as the route that made them, so each is hashed once. */
export function filterOf(names: ReadonlySet<string>): NameFilter {
  if (names === lastNames) return lastFilter
  let filter = filters.get(names)
  if (filter === undefined) filters.set(names, (filter = new NameFilter(names)))
  lastNames = names
  lastFilter = filter
  return filter
}
