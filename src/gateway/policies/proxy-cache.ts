/**
 * Plug-in `proxy_cache` (policies.md §8.2): replies to GET are kept and shown again, by the rules of a shared cache
 * (RFC 9111) beside those of the plug-in.
 */
import { createHash } from 'node:crypto'
import type { PublicationPart } from '../../snapshot/parts.js'
import { systemValue, type ServerIdentity } from '../backends/system-parameters.js'
import { queryPieces } from '../backends/query.js'
import type { BoundPlugin } from '../bound-plugins.js'
import { ageOf, replyControl, requestControl, type RequestControl } from '../cache/cache-control.js'
import { Flights, type Landing } from '../cache/flights.js'
import { joinedHeader, ReplyStore, type StoredReply } from '../cache/store.js'
import type { Exchange } from '../exchange.js'
import type { BackendHead } from '../handler.js'
import type { Reply } from '../reply.js'
import { refuse } from '../responses/refuse.js'
import { eachHeader, isOwn } from '../responses/reply-lines.js'
import type { Outcome, Step } from '../step.js'
import { tapReply, type ReplyTap } from '../taps.js'

/** Bytes of bodies that are kept. */
const MOST_BODY = 1024 * 1024
/** Up to here, a body is written as one string with its head. */
const SMALL = 8 * 1024

/** All that is kept in one process, by whatever plug-in. */
export class ReplyCache {
  readonly store: ReplyStore
  readonly flights = new Flights()

  /** @param mostBytes of memory */
  constructor(mostBytes: number) {
    this.store = new ReplyStore(mostBytes)
  }
}

interface ProxyCacheContext {
  readonly publication: PublicationPart
  readonly stage: string
  readonly server: ServerIdentity
  readonly replies: ReplyCache
  /** Feature `sse_strategy`: streams of events are not kept. */
  readonly passesEvents: boolean
}

/** The look-up (28); a request that has to go on is read along, for what can be kept of its reply (36). */
export function compileProxyCache(
  plugin: BoundPlugin<'proxy_cache'> | undefined,
  context: ProxyCacheContext,
): Step | undefined {
  if (plugin === undefined || context.publication.definition.req_protocol === 'GRPCS') return undefined
  const { content } = plugin
  const { store, flights } = context.replies
  const keyOf = compileKey(plugin, context)
  const controlOf = compileClientControl(content.client_cache_control)
  const rules = { ...keepingRules(content), passesEvents: context.passesEvents }

  function shown(exchange: Exchange, key: string, control: RequestControl | undefined): Reply | undefined {
    const found = store.find(key, exchange.head)
    if (found === undefined) return undefined
    const age = ageAt(found, Date.now())
    const reply = isFresh(found, age, control) ? show(found, age, exchange.head) : undefined
    exchange.cacheStatus = reply === undefined ? 'EXPIRED' : 'HIT'
    return reply
  }

  return function lookUp(exchange): Outcome {
    const control = controlOf === undefined ? undefined : controlOf(exchange)
    if (!mayBeKept(exchange) || control?.noStore === true) {
      exchange.cacheStatus = 'BYPASS'
      return undefined
    }
    const key = keyOf(exchange)
    exchange.cacheStatus = 'MISS'
    return shown(exchange, key, control) ?? miss(exchange, key, control)
  }

  /** Apart from the look-up, so that what is shown pays for none of the functions that are made here. */
  function miss(exchange: Exchange, key: string, control: RequestControl | undefined): Outcome {
    if (control?.onlyIfCached === true) return refuse(exchange, 'APIG.0203')
    // What comes back for HEAD is no reply to GET, and nobody waits for it.
    if (exchange.head.method !== 'GET') return undefined
    const fill = (lands: boolean): void => tapReply(exchange, new Fill(key, rules, context.replies, lands))
    if (control?.noCache === true || flights.passes(key)) {
      fill(false)
      return undefined
    }
    if (flights.isUnderWay(key))
      return flights.wait(
        key,
        exchange,
        () => shown(exchange, key, control),
        () => fill(true),
      )
    flights.begin(key)
    fill(true)
    return undefined
  }
}

/** A token of IAM is an authorization as well: backends get it by `backend_token_allow`. */
const CREDENTIALS: readonly string[] = ['authorization', 'x-auth-token']

/**
 * Headers with which a caller could make a backend answer something else than what the key says: what they bring is not
 * kept, and nobody else is shown it.
 */
const OVERRIDES: ReadonlySet<string> = new Set([
  'forwarded',
  'front-end-https',
  'range',
  'upgrade',
  'x-forwarded-prefix',
  'x-forwarded-scheme',
  'x-forwarded-server',
  'x-forwarded-ssl',
  'x-host',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-host',
  'x-original-url',
  'x-rewrite-url',
])

function mayBeKept({ head }: Exchange): boolean {
  if ((head.method !== 'GET' && head.method !== 'HEAD') || head.contentLength !== 0) return false
  return !head.hasAny(OVERRIDES)
}

/** What tells replies apart. A part that is absent differs from one that is empty; no part can hold a line feed. */
function compileKey(
  { id, content }: BoundPlugin<'proxy_cache'>,
  { publication, stage, server }: ProxyCacheContext,
): (exchange: Exchange) => string {
  const { system_params, parameters, headers } = content.cache_key
  const system = elements(system_params).map((name) => systemValue(name, publication, stage, server))
  const queries = elements(parameters)
  const names = elements(headers).map((name) => name.toLowerCase())
  const { apiId, environmentId, publishId, versionId } = publication
  // What was kept before the API was published anew, or the plug-in changed, is never found again.
  // A key is hashed as often as it is asked for: what it begins with is as short as can be trusted to differ.
  const version = createHash('sha256')
    .update(JSON.stringify([apiId, environmentId, id, content, publishId, versionId]))
    .digest('base64')
    .slice(0, 22)
  const [open, closed] = [`${version}\n`, `${version}s\n`]
  const noQueries = '\n-'.repeat(queries.length)

  return (exchange) => {
    const { head, secure } = exchange
    // Backends are told how they were called, and may repeat it.
    let key = `${secure ? closed : open}${head.host.toLowerCase()}\n${head.path}`
    for (const value of system) key += `\n${typeof value === 'string' ? value : value(exchange)}`
    if (head.query === '') key += noQueries
    else if (queries.length > 0) {
      const pieces = queryPieces(head.query)
      for (const wanted of queries) {
        const values = pieces.filter(({ name }) => name === wanted).map(({ value }) => value)
        key += values.length === 0 ? '\n-' : `\n=${values.join('&')}`
      }
    }
    for (const name of names) {
      const values = head.headers(name)
      key += values.length === 0 ? '\n-' : `\n=${values.join(', ')}`
    }
    return key
  }
}

/** Elements of lists that clients also send joined with commas in one element. */
const elements = (list: readonly string[] | null | undefined): string[] =>
  (list ?? []).flatMap((text) => text.split(',').map((one) => one.trim())).filter((one) => one !== '')

type Content = BoundPlugin<'proxy_cache'>['content']

/** What a client may say about what it is shown: nothing, unless the plug-in lets it. */
function compileClientControl(
  settings: Content['client_cache_control'],
): ((exchange: Exchange) => RequestControl | undefined) | undefined {
  const read = ({ head }: Exchange): RequestControl =>
    requestControl(head.headers('cache-control'), head.header('pragma'))
  switch (settings?.mode) {
    case 'all':
      return read
    case 'apps': {
      const apps = new Set(elements(settings.datas))
      return (exchange) => (apps.has(exchange.caller?.appId ?? '') ? read(exchange) : undefined)
    }
    case 'off':
    case null:
    case undefined:
      return undefined
  }
}

/** Seconds. */
const ageAt = ({ age, storedAt }: StoredReply, now: number): number =>
  age + Math.max(0, Math.floor((now - storedAt) / 1000))

function isFresh(reply: StoredReply, age: number, control: RequestControl | undefined): boolean {
  if (age >= reply.lifetime) return false
  if (control === undefined) return true
  if (control.noCache || (control.maxAge !== undefined && age > control.maxAge)) return false
  return reply.lifetime - age >= (control.minFresh ?? 0)
}

function show(kept: StoredReply, age: number, head: Exchange['head']): Reply {
  const { status, date, body, shown } = kept
  if (status === 200 && isKnown(kept, head)) {
    return { status: 304, headers: `${kept.headers}Age: ${age}\r\n`, date, body: '' }
  }
  if (shown?.age === age) return shown.reply
  const reply = { status, headers: `${kept.headers}Age: ${age}\r\n`, date, body, shared: { head: '' } }
  kept.shown = { age, reply }
  return reply
}

/** Whether the client has it already (RFC 9110 §13.2.2). */
function isKnown({ etag, lastModified }: StoredReply, head: Exchange['head']): boolean {
  if (head.header('if-none-match') !== undefined) {
    const known = head.headers('if-none-match').join(',')
    if (known.trim() === '*') return true
    const opaque = (tag: string): string => tag.replace(/^W\//, '')
    return etag !== undefined && (known.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) => opaque(tag) === opaque(etag))
  }
  const since = lastModified === undefined ? undefined : head.header('if-modified-since')
  return since !== undefined && lastModified !== undefined && lastModified <= Date.parse(since)
}

interface KeepingRules {
  /** Seconds, by status; `undefined`: as long as the backend says. */
  readonly lifetimes: ReadonlyMap<number, number | undefined>
  /** Lower-case names of headers that are kept. */
  readonly headers: ReadonlySet<string>
  readonly passesEvents: boolean
}

/** Kept in any case: of the content, and what tells others how long they may keep it, and what it depends on. */
const ALWAYS = [
  ...['content-type', 'content-encoding', 'content-language'],
  ...['cache-control', 'etag', 'expires', 'last-modified', 'vary'],
]
/** Part of another reply, and no reply of its own. */
const NEVER: ReadonlySet<number> = new Set([206, 304])
/** The gateway's own, or a connection's. */
const NOT_KEPT: ReadonlySet<string> = new Set(
  'age connection content-length date keep-alive server set-cookie te trailer transfer-encoding upgrade'.split(' '),
)

function keepingRules({
  cache_http_status_and_ttl: statuses,
  cacheable_headers,
}: Content): Omit<KeepingRules, 'passesEvents'> {
  const listed = (statuses ?? []).flatMap(({ http_status, ttl }) => http_status.map((status) => [status, ttl] as const))
  const headers = [...ALWAYS, ...elements(cacheable_headers).map((name) => name.toLowerCase())]
  return {
    lifetimes: listed.length === 0 ? new Map([[200, undefined]]) : new Map(listed),
    headers: new Set(headers.filter((name) => !NOT_KEPT.has(name))),
  }
}

/** Reads a reply along, and keeps it when it has come as a whole. */
class Fill implements ReplyTap {
  #kept: Omit<StoredReply, 'body'> | undefined
  #pieces: Buffer[] = []
  #size = 0
  #landing: Landing = 'failed'

  constructor(
    private readonly key: string,
    private readonly rules: KeepingRules,
    private readonly replies: ReplyCache,
    /** Whether others may wait for it. */
    private lands: boolean,
  ) {}

  head(exchange: Exchange, reply: Reply | BackendHead): void {
    // A refusal is for this caller alone; what a function answered is the reply of a backend.
    if (isOwn(reply) && (exchange.upstreamStatus === 0 || exchange.errorCode !== '')) return
    this.#kept = judge(exchange, reply, this.rules)
    if (this.#kept === undefined) this.#giveUp()
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (this.#kept === undefined) return
    this.#size += end - start
    if (this.#size > MOST_BODY) this.#giveUp()
    else this.#pieces.push(Buffer.from(bytes.subarray(start, end)))
  }

  end(whole: boolean): void {
    if (whole && this.#kept !== undefined) {
      this.replies.store.put(this.key, { ...this.#kept, body: compact(Buffer.concat(this.#pieces)) })
      this.#landing = 'kept'
    }
    this.#land()
  }

  /** It cannot be kept, and nobody has to wait until it has come. */
  #giveUp(): void {
    this.#kept = undefined
    this.#pieces = []
    this.#landing = 'not to be kept'
    this.#land()
  }

  #land(): void {
    if (!this.lands) return
    this.lands = false
    this.replies.flights.land(this.key, this.#landing)
  }
}

const compact = (body: Buffer): Buffer | string => {
  const text = body.length <= SMALL ? body.toString('latin1') : undefined
  return text !== undefined && Buffer.byteLength(text) === text.length ? text : body
}

/** What is kept of a reply but for its body; `undefined`: nothing. */
function judge(
  exchange: Exchange,
  reply: Reply | BackendHead,
  rules: KeepingRules,
): Omit<StoredReply, 'body'> | undefined {
  const { status } = exchange
  const now = Date.now()
  if (NEVER.has(status) || !rules.lifetimes.has(status)) return undefined
  const lines = new Map<string, string[]>()
  let headers = ''
  eachHeader(reply, (spelled, value) => {
    const name = spelled.toLowerCase()
    lines.set(name, [...(lines.get(name) ?? []), value])
    if (rules.headers.has(name)) headers += `${spelled}: ${value}\r\n`
  })
  const values = (name: string): readonly string[] => lines.get(name) ?? []
  if (rules.passesEvents && /^text\/event-stream\s*(?:;|$)/i.test(values('content-type')[0] ?? '')) return undefined
  const control = replyControl(values, now)
  const age = ageOf(values)
  const lifetime = control.lifetime ?? rules.lifetimes.get(status)
  const vary = variedBy(values('vary'))
  if (control.forbidden || lifetime === undefined || age >= lifetime || vary === undefined) return undefined
  if (lines.has('set-cookie') || Number(values('content-length')[0] ?? 0) > MOST_BODY) return undefined
  // Credentials that went on to the backend: what it answered to them is theirs (RFC 9111 §3.5).
  const isAuthorized = CREDENTIALS.some(
    (name) => exchange.head.header(name) !== undefined && exchange.plan?.drop.has(name) !== true,
  )
  if (isAuthorized && !control.isForAll) return undefined
  const modified = Date.parse(values('last-modified')[0] ?? '')
  return {
    status,
    headers,
    date: `Date: ${values('date')[0] ?? new Date(now).toUTCString()}\r\n`,
    etag: values('etag')[0],
    lastModified: Number.isNaN(modified) ? undefined : modified,
    storedAt: now,
    age,
    lifetime,
    vary: vary.map((name) => [name, joinedHeader(exchange.head, name)]),
    shown: undefined,
  }
}

/** Sorted lower-case names; `undefined` when it depends on anything. */
function variedBy(lines: readonly string[]): string[] | undefined {
  const names = new Set(elements(lines).map((name) => name.toLowerCase()))
  return names.has('*') ? undefined : [...names].sort()
}
