/**
 * Runs of fields that most lines of a route have in common with the line before. They are made anew only when something
 * has changed that they are made of, which is told by comparing references: callers and texts are the same objects from
 * one request to the next.
 */
import type { AccessRecord } from './access-record.js'

type Caller = AccessRecord['caller']

/** What a line says of a route, made once per route. */
export interface RouteFacts {
  readonly apiId: string
  readonly apiName: string
  readonly authType: string
}

/** Fields 35 to 54; what is not known is empty. */
export interface OutcomeFacts {
  readonly appName: string
  /** Fields 39 to 48 as a line has them; undefined: they are absent. */
  readonly custom: string | undefined
  readonly isRemote: boolean
  readonly gzipRatio: string
  readonly scheme: string
  readonly groupId: string
  readonly errorCode: string
  readonly functionUrn: string
}

/** How runs are written: as text or as JSON. All but `custom` are texts of the gateway's own or of whoever called. */
export interface RunForm {
  caller(api: RouteFacts, userId: string, appId: string): string
  host(scheme: string, host: string): string
  access(api: RouteFacts, throttled: boolean, accessModel: string, secondFactor: string): string
  outcome(api: RouteFacts, facts: OutcomeFacts): string
}

export class CommonRuns {
  /** Fields 3 to 5: API, user, app. */
  caller = ''
  /** Fields 26 to 29: whether it was throttled, and how the caller was known. */
  access = ''
  /** Fields 35 to 54: names, custom fields, source, compression, scheme, group, error, function. */
  outcome = ''
  // What the runs above were made of; `#caller` is at first nobody's.
  #caller: Caller | null = null
  #secondFactor = ''
  #errorType = ''
  #errorCode = ''
  #functionUrn = ''
  #groupId = ''
  #custom: string | undefined = undefined
  #ratio = ''
  #isRemote = false
  #scheme = ''
  // Fields 9 and 10.
  #secure = false
  #sentHost = ''
  #host: string

  constructor(
    private readonly api: RouteFacts,
    private readonly form: RunForm,
  ) {
    this.#host = form.host('http', '')
  }

  /** Brings `caller`, `access` and `outcome` up to this request. */
  see(record: AccessRecord, called: boolean): void {
    const { caller, secondFactor, errorType, errorCode, functionUrn, groupId, gzip } = record
    const scheme = called ? schemeOf(record.plan?.origin) : ''
    const isRemote = record.upstreamStatus !== 0 && errorCode === ''
    const custom = record.customFields?.(record.head)
    const ratio = gzip === undefined ? '' : gzipRatio(gzip)
    if (
      caller === this.#caller &&
      errorCode === this.#errorCode &&
      errorType === this.#errorType &&
      isRemote === this.#isRemote &&
      scheme === this.#scheme &&
      groupId === this.#groupId &&
      custom === this.#custom &&
      ratio === this.#ratio &&
      secondFactor === this.#secondFactor &&
      functionUrn === this.#functionUrn
    ) {
      return
    }
    this.#caller = caller
    this.#errorCode = errorCode
    this.#errorType = errorType
    this.#isRemote = isRemote
    this.#scheme = scheme
    this.#groupId = groupId
    this.#custom = custom
    this.#ratio = ratio
    this.#secondFactor = secondFactor
    this.#functionUrn = functionUrn

    const { api, form } = this
    const model = caller?.accessModel ?? ''
    this.caller = flat(form.caller(api, (caller?.projectId ?? caller?.userId) || '', caller?.appId ?? ''))
    this.access = flat(form.access(api, errorType === 'THROTTLED', model, secondFactor))
    const appName = caller?.appName ?? ''
    this.outcome = flat(
      form.outcome(api, { appName, custom, isRemote, gzipRatio: ratio, scheme, groupId, errorCode, functionUrn }),
    )
  }

  /** Fields 9 and 10: scheme and host. */
  host(secure: boolean, sent: string): string {
    if (secure === this.#secure && sent === this.#sentHost) return this.#host
    this.#secure = secure
    this.#sentHost = flat(sent)
    return (this.#host = flat(this.form.host(secure ? 'https' : 'http', hostOnly(sent))))
  }
}

/** An origin that is spoken to by HTTP/2 carries gRPC. */
function schemeOf(origin: NonNullable<AccessRecord['plan']>['origin'] | undefined): string {
  if (origin?.http2 === true) return origin.tls ? 'grpcs' : 'grpc'
  return origin?.tls === true ? 'https' : 'http'
}

function gzipRatio({ before, after }: { readonly before: number; readonly after: number }): string {
  return after === 0 ? '' : (before / after).toFixed(2)
}

function hostOnly(host: string): string {
  const port = host.lastIndexOf(':')
  return port === -1 || host.endsWith(']') ? host : host.slice(0, port)
}

/** One piece of memory: joined text is a tree of its pieces, which would be walked for every line. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
