/**
 * Runs of fields that most lines of a route have in common with the line before. They are made anew only when something
 * has changed that they are made of, which is told by comparing references: callers and texts are the same objects from
 * one request to the next.
 */
import type { AccessRecord } from './access-record.js'
import { bareValue, octets, quoted } from './field-text.js'

type Caller = AccessRecord['caller']

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
  #custom = ''
  #ratio = ''
  #isRemote = false
  #scheme = ''
  // Fields 9 and 10.
  #secure = false
  #sentHost = ''
  #host = 'http -'

  /** @param apiName as a field */
  constructor(
    readonly apiId: string,
    private readonly apiName: string,
    private readonly authType: string,
  ) {}

  /** Brings `caller`, `access` and `outcome` up to this request. */
  see(record: AccessRecord, called: boolean): void {
    const { caller, secondFactor, errorType, errorCode, functionUrn, groupId, gzip } = record
    const scheme = called ? schemeOf(record.plan?.origin) : '-'
    const isRemote = record.upstreamStatus !== 0 && errorCode === ''
    const custom = record.customFields === undefined ? NO_CUSTOM_FIELDS : record.customFields(record.head)
    const ratio = gzip === undefined ? '-' : gzipRatio(gzip)
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

    const user = caller === undefined ? '-' : (caller.projectId ?? caller.userId) || '-'
    const app = caller === undefined ? '-' : quoted(octets(caller.appName))
    const throttled = errorType === 'THROTTLED' ? 1 : 0
    const source = isRemote ? 'remote' : 'local'
    this.caller = flat(`${this.apiId} ${user} ${caller?.appId || '-'}`)
    this.access = flat(`${throttled} ${this.authType} ${caller?.accessModel ?? '-'} ${secondFactor || '-'}`)
    this.outcome = flat(
      `${this.apiName} ${app} - - ${custom} ${source} ${ratio} ${scheme} ${groupId || '-'} ${errorCode || '-'} ${quoted(functionUrn)}`,
    )
  }

  /** Fields 9 and 10: scheme and host. */
  host(secure: boolean, sent: string): string {
    if (secure === this.#secure && sent === this.#sentHost) return this.#host
    this.#secure = secure
    this.#sentHost = flat(sent)
    return (this.#host = flat(`${secure ? 'https' : 'http'} ${bareValue(hostOnly(sent))}`))
  }
}

/** An origin that is spoken to by HTTP/2 carries gRPC. */
function schemeOf(origin: NonNullable<AccessRecord['plan']>['origin'] | undefined): string {
  if (origin?.http2 === true) return origin.tls ? 'grpcs' : 'grpc'
  return origin?.tls === true ? 'https' : 'http'
}

const NO_CUSTOM_FIELDS = '- - - - - - - - - -'

function gzipRatio({ before, after }: { readonly before: number; readonly after: number }): string {
  return after === 0 ? '-' : (before / after).toFixed(2)
}

function hostOnly(host: string): string {
  const port = host.lastIndexOf(':')
  return port === -1 || host.endsWith(']') ? host : host.slice(0, port)
}

/** One piece of memory: joined text is a tree of its pieces, which would be walked for every line. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
