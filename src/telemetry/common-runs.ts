/**
 * Runs of fields that most lines of a route have in common with the line before. They are made anew only when something
 * has changed that they are made of, which is told by comparing references: callers and texts are the same objects from
 * one request to the next.
 */
import type { AccessRecord } from './access-record.js'
import { octets } from './field-text.js'

type Caller = AccessRecord['caller']

/** What a line says of a route, made once per route. */
export interface RouteFacts {
  readonly apiId: string
  readonly apiName: string
  readonly authType: string
}

/** How fields are written: in a line of text or of JSON. Values are empty where they are absent. */
export interface FieldForm {
  readonly separator: string
  /** A text of the gateway's own that needs no escape in a line of text. */
  own(name: string, value: string): string
  /** A byte string that is not quoted in a line of text. */
  bare(name: string, value: string): string
  /** A byte string that is. */
  quoted(name: string, value: string): string
  /** Fields 39 to 48, as a line of text has them; undefined: they are absent. */
  custom(line: string | undefined): string
  /** By caller. They live as long as their apps do. */
  readonly identities: WeakMap<NonNullable<Caller>, Identity>
}

/** What lines say of a caller, whatever it calls. */
interface Identity {
  /** Fields 4 and 5. */
  readonly ids: string
  /** Field 28. */
  readonly model: string
  /** Field 36. */
  readonly name: string
}

export class CommonRuns {
  /** Fields 3 to 5: API, user, app. */
  caller = ''
  /** Fields 26 to 29: whether it was throttled, and how the caller was known. */
  access = ''
  /** Fields 35 to 54: names, custom fields, outcome. */
  end = ''
  /** Whether the runs above are one piece of memory each. */
  #isFlat = false
  // Parts of the last of them: fields 35 to 38; 39 to 48; 49 to 54: source, compression, scheme, group, error, function.
  #names = ''
  #customRun: string
  #outcome = ''
  // What the runs were made of; `#caller` is at first nobody's.
  #caller: Caller | null = null
  #identity: Identity
  #secondFactor = ''
  #errorType = ''
  #errorCode = ''
  #functionUrn = ''
  #groupId: string | undefined = undefined
  #custom: string | undefined = undefined
  #ratio = ''
  #isRemote = false
  #scheme = ''
  readonly #apiId: string
  readonly #apiName: string
  readonly #authType: string
  readonly #providers: string
  // Fields 9 and 10.
  #secure = false
  #sentHost = ''
  #host: string

  constructor(
    { apiId, apiName, authType }: RouteFacts,
    private readonly form: FieldForm,
  ) {
    this.#apiId = form.own('api_id', apiId)
    this.#apiName = form.quoted('api_name', octets(apiName))
    this.#authType = form.own('auth_type', authType)
    this.#providers = joined(form, form.own('provider_app_id', ''), form.own('provider_app_name', ''))
    this.#identity = identityOf(undefined, form)
    this.#host = joined(form, form.own('scheme', 'http'), form.bare('host', ''))
    this.#customRun = form.custom(undefined)
  }

  /** Brings all but the host up to this request. */
  see(record: AccessRecord, called: boolean): void {
    const { caller, secondFactor, errorType, errorCode, functionUrn, groupId, gzip } = record
    const { form } = this
    const { separator } = form
    const isOther = caller !== this.#caller
    let isNew = isOther
    if (isOther) {
      this.#caller = caller
      const identity = (this.#identity = identityOf(caller, form))
      this.caller = this.#apiId + separator + identity.ids
      this.#names = this.#apiName + separator + identity.name + separator + this.#providers
    }
    if (isOther || errorType !== this.#errorType || secondFactor !== this.#secondFactor) {
      isNew = true
      this.#errorType = errorType
      this.#secondFactor = secondFactor
      const throttled = form.own('errorType', errorType === 'THROTTLED' ? '1' : '0')
      const second = form.own('access_model2', secondFactor)
      this.access = throttled + separator + this.#authType + separator + this.#identity.model + separator + second
    }
    const custom = record.customFields?.(record.head)
    if (custom !== this.#custom) {
      isNew = true
      this.#custom = custom
      this.#customRun = form.custom(custom)
    }
    const scheme = called ? schemeOf(record.plan?.origin) : ''
    const isRemote = record.upstreamStatus !== 0 && errorCode === ''
    const ratio = gzip === undefined ? '' : gzipRatio(gzip)
    if (
      errorCode !== this.#errorCode ||
      isRemote !== this.#isRemote ||
      scheme !== this.#scheme ||
      groupId !== this.#groupId ||
      ratio !== this.#ratio ||
      functionUrn !== this.#functionUrn
    ) {
      isNew = true
      this.#setOutcome(errorCode, isRemote, scheme, groupId, ratio, functionUrn)
    }
    if (isNew) {
      this.#isFlat = false
      this.end = this.#names + separator + this.#customRun + separator + this.#outcome
    } else if (!this.#isFlat) {
      // Only now: where callers take turns, flattening costs more than walking a few pieces.
      this.#isFlat = true
      this.caller = flat(this.caller)
      this.access = flat(this.access)
      this.end = flat(this.end)
    }
  }

  #setOutcome(
    errorCode: string,
    isRemote: boolean,
    scheme: string,
    groupId: string,
    ratio: string,
    functionUrn: string,
  ): void {
    const { form } = this
    this.#errorCode = errorCode
    this.#isRemote = isRemote
    this.#scheme = scheme
    this.#groupId = groupId
    this.#ratio = ratio
    this.#functionUrn = functionUrn
    this.#outcome = flat(
      joined(
        form,
        form.own('response_source', isRemote ? 'remote' : 'local'),
        form.own('gzip_ratio', ratio),
        form.own('upstream_scheme', scheme),
        form.own('group_id', groupId),
        form.own('apig_err_code', errorCode),
        form.quoted('function_urn', functionUrn),
      ),
    )
  }

  /** Fields 9 and 10: scheme and host. */
  host(secure: boolean, sent: string): string {
    if (secure === this.#secure && sent === this.#sentHost) return this.#host
    this.#secure = secure
    this.#sentHost = flat(sent)
    const { form } = this
    const scheme = form.own('scheme', secure ? 'https' : 'http')
    return (this.#host = flat(joined(form, scheme, form.bare('host', hostOnly(sent)))))
  }
}

function identityOf(caller: Caller, form: FieldForm): Identity {
  const known = caller && form.identities.get(caller)
  if (known !== undefined) return known
  const user = form.own('user_id', (caller?.projectId ?? caller?.userId) || '')
  const made = {
    ids: flat(joined(form, user, form.own('app_id', caller?.appId ?? ''))),
    model: form.own('access_model1', caller?.accessModel ?? ''),
    name: flat(form.quoted('app_name', octets(caller?.appName ?? ''))),
  }
  if (caller !== undefined) form.identities.set(caller, made)
  return made
}

function joined({ separator }: FieldForm, ...fields: readonly string[]): string {
  return fields.join(separator)
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
