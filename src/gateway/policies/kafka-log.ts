/**
 * Plug-in `kafka_log` (policies.md §8.1): tells a topic of every request of the API, when it is over. A record is one
 * JSON object. It is made of what is at hand; whatever becomes of it, the request knows nothing of it.
 */
import { StringDecoder } from 'node:string_decoder'
import type { PluginContent } from '../../snapshot/plugin-contents/index.js'
import { octetText } from '../../telemetry/kafka/octet-text.js'
import type { KafkaSink, SinkTarget } from '../../telemetry/kafka/sink.js'
import type { KafkaSinks } from '../../telemetry/kafka/sinks.js'
import { systemFields, type LoggedApi } from '../../telemetry/kafka/system-fields.js'
import { maskTarget } from '../../telemetry/mask-target.js'
import { parseAddress } from '../backends/origins.js'
import { PluginDefect, type BoundPlugin } from '../bound-plugins.js'
import type { AppModes } from '../caller-features.js'
import type { Exchange } from '../exchange.js'
import type { BackendHead } from '../handler.js'
import type { Reply } from '../reply.js'
import { eachHeader } from '../responses/reply-lines.js'
import type { RouteObserver } from '../routing/route.js'
import type { Step } from '../step.js'
import { tapReply, tapRequest, type BodyTap, type ReplyTap } from '../taps.js'

type Content = PluginContent<'kafka_log'>

export interface KafkaLogContext {
  readonly sinks: KafkaSinks
  readonly api: LoggedApi
  /** Where callers show credentials. */
  readonly modes: AppModes
  /** Names of headers and query parameters, in lower case, in which plug-ins look for credentials. */
  readonly secrets?: ReadonlySet<string> | undefined
}

export interface KafkaLog {
  /** Absent where the record is made of nothing that has to be read along. */
  readonly step: Step | undefined
  readonly observer: RouteObserver
}

/** Bytes of a body that are told. */
const MOST_BODY = 1024 * 1024
const DEFAULT_PORT = 9092

/** Headers whose values are never told (telemetry.md §2.4), and those that carry sessions. */
const SECRETS: readonly string[] = [
  'authorization',
  'proxy-authorization',
  'x-apig-appcode',
  'x-auth-token',
  'x-security-token',
  'x-hw-security-token',
  'x-hw-appkey',
  'x-hw-id',
  'apikey',
  'cookie',
  'set-cookie',
]

const NO_MORE: ReadonlySet<string> = new Set()

/** @throws {PluginDefect} */
export function compileKafkaLog(
  plugin: BoundPlugin<'kafka_log'> | undefined,
  { sinks, api, modes, secrets: more = NO_MORE }: KafkaLogContext,
): KafkaLog | undefined {
  if (plugin === undefined) return undefined
  const { content, id } = plugin
  const sink = sinks.of(id, targetOf(content))
  const system = systemFields(content.meta_config?.system ?? {}, api)
  const data = content.meta_config?.call_data ?? {}
  const secrets = new Set([...SECRETS, modes.credentialHeader, modes.jwtHeader ?? '', ...more])
  const frontend = data.custom_authorizer?.frontend ?? []
  const backend = data.custom_authorizer?.backend ?? []

  // What a record says besides, in its order.
  const additions: ((exchange: Exchange, collected: Collected | undefined) => Readonly<Record<string, unknown>>)[] = []
  if (data.log_request_header === true) {
    const isTold = nameFilter(data.request_header_filter)
    additions.push(({ head }) => {
      const headers = new HeaderObject(isTold, secrets)
      head.eachHeader((name, value) => headers.add(name, value))
      return { request_header: headers.values }
    })
  }
  if (data.log_request_query_string === true) {
    const isTold = nameFilter(data.request_query_string_filter)
    additions.push(({ head }) => ({ request_query_string: queryObject(head.target, isTold, more) }))
  }
  const toldHeaders = data.log_response_header === true ? nameFilter(data.response_header_filter) : undefined
  if (data.log_request_body === true)
    additions.push((_, collected) => ({ request_body: collected?.request?.text() ?? '' }))
  if (toldHeaders !== undefined) additions.push((_, collected) => ({ response_header: collected?.headers ?? {} }))
  if (data.log_response_body === true)
    additions.push((_, collected) => ({ response_body: collected?.reply?.text() ?? '' }))
  if (frontend.length + backend.length > 0) {
    additions.push(({ frontendContext, backendContext }) => ({
      custom_authorizer: {
        frontend: contextObject(frontendContext, frontend),
        backend: contextObject(backendContext, backend),
      },
    }))
  }

  const collects = data.log_request_body === true || data.log_response_body === true || toldHeaders !== undefined
  const underWay = new WeakMap<Exchange, Collected>()
  return {
    step: collects
      ? function collectForKafka(exchange) {
          const collected = new Collected(sink, secrets, toldHeaders, data.log_response_body === true)
          underWay.set(exchange, collected)
          if (data.log_request_body === true) tapRequest(exchange, (collected.request = new BodyText(sink)))
          if (toldHeaders !== undefined || data.log_response_body === true) tapReply(exchange, collected)
          return undefined
        }
      : undefined,
    observer: {
      done(exchange) {
        const collected = collects ? underWay.get(exchange) : undefined
        const record: Record<string, unknown> = system(exchange)
        for (const read of additions) Object.assign(record, read(exchange, collected))
        collected?.release()
        sink.push(Buffer.from(JSON.stringify(record)))
      },
    },
  }
}

function targetOf({ broker_list, topic, key, max_retry_count, retry_backoff, sasl_config }: Content): SinkTarget {
  const { security_protocol, sasl_username, sasl_password, ssl_ca_content } = sasl_config ?? {}
  const authenticates = security_protocol === 'SASL_PLAINTEXT' || security_protocol === 'SASL_SSL'
  return {
    brokers: broker_list.map((text) => {
      const address = parseAddress(text, DEFAULT_PORT)
      if (address === undefined) throw new PluginDefect('a broker has no address')
      return { host: address.host, port: address.port }
    }),
    topic,
    key: key || undefined,
    retries: max_retry_count ?? 0,
    backoff: (retry_backoff ?? 1) * 1000,
    credentials: authenticates ? { username: sasl_username ?? '', password: sasl_password ?? '' } : undefined,
    tls: security_protocol === 'SASL_SSL' ? { ca: ssl_ca_content || undefined } : undefined,
  }
}

/** What is read along of one exchange. */
class Collected implements ReplyTap {
  request: BodyText | undefined = undefined
  reply: BodyText | undefined = undefined
  headers: Readonly<Record<string, string>> = {}

  constructor(
    private readonly sink: KafkaSink,
    private readonly secrets: ReadonlySet<string>,
    private readonly toldHeaders: NameFilter | undefined,
    toldBody: boolean,
  ) {
    if (toldBody) this.reply = new BodyText(sink)
  }

  head(_exchange: Exchange, reply: Reply | BackendHead): void {
    if (this.toldHeaders === undefined) return
    const headers = new HeaderObject(this.toldHeaders, this.secrets)
    eachHeader(reply, (name, value) => headers.add(name, value))
    this.headers = headers.values
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.reply?.data(bytes, start, end)
  }

  end(): void {
    // What was cut is told as far as it came.
  }

  release(): void {
    this.sink.release((this.request?.length ?? 0) + (this.reply?.length ?? 0))
  }
}

/** The beginning of a body. What finds no room in the sink's memory is left out as well. */
class BodyText implements BodyTap {
  readonly #pieces: Buffer[] = []
  #isCut = false
  length = 0

  constructor(private readonly sink: KafkaSink) {}

  data(bytes: Buffer, start: number, end: number): void {
    if (this.#isCut) return
    const size = Math.min(end - start, MOST_BODY - this.length)
    if (size < end - start) this.#isCut = true
    if (size <= 0) return
    if (!this.sink.reserve(size)) {
      this.#isCut = true
      return
    }
    // The bytes are those of a connection's buffer.
    this.#pieces.push(Buffer.from(bytes.subarray(start, start + size)))
    this.length += size
  }

  end(): void {
    // What was cut is told as far as it came.
  }

  text(): string {
    const body = Buffer.concat(this.#pieces)
    // A character that the cut went through is left out.
    return this.#isCut ? new StringDecoder('utf8').write(body) : body.toString('utf8')
  }
}

type NameFilter = (name: string) => boolean

/** @param list names with wildcards, between commas; an empty one lets all pass */
export function nameFilter(list: string | null | undefined): NameFilter {
  const patterns = (list ?? '')
    .toLowerCase()
    .split(',')
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '')
  if (patterns.length === 0) return () => true
  const literal = new Set(patterns.filter((pattern) => !pattern.includes('*')))
  const wild = patterns.filter((pattern) => pattern.includes('*')).map((pattern) => pattern.split('*'))
  return (name) => {
    const lower = name.toLowerCase()
    return literal.has(lower) || wild.some((pieces) => matches(lower, pieces))
  }
}

/** Whether a text is these pieces with anything between them: each is taken where it comes first. */
function matches(text: string, pieces: readonly string[]): boolean {
  const first = pieces[0] ?? ''
  const last = pieces.at(-1) ?? ''
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
  const end = text.length - last.length
  let at = first.length
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at)
    if (found === -1 || found + piece.length > end) return false
    at = found + piece.length
  }
  return true
}

/** Header lines as an object by lower-case name; several of one name are joined. */
class HeaderObject {
  // Without a prototype: names come from outside.
  readonly values = Object.create(null) as Record<string, string>

  constructor(
    private readonly isTold: NameFilter,
    private readonly secrets: ReadonlySet<string>,
  ) {}

  add(name: string, value: string): void {
    const lower = name.toLowerCase()
    if (!this.isTold(lower)) return
    const told = this.secrets.has(lower) ? '***' : octetText(value)
    const known = this.values[lower]
    this.values[lower] = known === undefined ? told : `${known}, ${told}`
  }
}

function queryObject(target: string, isTold: NameFilter, secrets: ReadonlySet<string>): Record<string, string> {
  const values = Object.create(null) as Record<string, string>
  const masked = maskTarget(target, secrets)
  const start = masked.indexOf('?')
  if (start === -1) return values
  for (const [name, value] of new URLSearchParams(octetText(masked.slice(start + 1)))) {
    if (!isTold(name)) continue
    const known = values[name]
    values[name] = known === undefined ? value : `${known},${value}`
  }
  return values
}

function contextObject(
  context: ReadonlyMap<string, string> | undefined,
  names: readonly string[],
): Record<string, string> {
  const values = Object.create(null) as Record<string, string>
  for (const name of names) {
    const value = context?.get(name)
    if (value !== undefined) values[name] = octetText(value)
  }
  return values
}
