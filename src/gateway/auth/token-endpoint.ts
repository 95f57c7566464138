/**
 * Where apps get their tokens (authentication.md §3.6): on every host, at the path that instances with the feature
 * `app_token` name. Whose app it is tells the instance. Errors are those of responses.md §3, 400 and 401.
 */
import type { TokenFeature } from '../caller-features.js'
import type { Exchange } from '../exchange.js'
import { queryDecode } from '../percent-encoding.js'
import type { Reply } from '../reply.js'
import type { RefusalName } from '../responses/catalogue.js'
import { refuse } from '../responses/refuse.js'
import type { Outcome } from '../step.js'
import { makeToken, readToken } from './app-token.js'
import type { Apps, KnownApp } from './apps.js'

/** An instance, as far as tokens go. */
export interface TokenIssuer {
  readonly apps: Apps
  readonly feature: TokenFeature
}

/** Bytes of a form. */
const LARGEST_FORM = 16 * 1024
const LONGEST_DATA = 300
const FIELDS = ['grant_type', 'client_id', 'client_secret', 'refresh_token', 'scope', 'through_data'] as const
type Form = Readonly<Partial<Record<(typeof FIELDS)[number], string>>>

const HEADERS = 'Content-Type: application/json\r\nCache-Control: no-store\r\n'

export function serveTokens(exchange: Exchange, issuers: readonly TokenIssuer[]): Outcome {
  const { head, connection } = exchange
  if (head.method !== 'POST') return refuse(exchange, 'APIG.2206')
  const type = head.header('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded *(?:;|$)/i.test(type)) return refuse(exchange, 'APIG.2204')
  return connection.collectBody(exchange, LARGEST_FORM).then((collected) => {
    if (collected === 'too-large') return refuse(exchange, 'APIG.0201 413')
    if (collected === 'timeout') return refuse(exchange, 'APIG.0201 408')
    const form = readForm(exchange.body?.toString('latin1') ?? '')
    const answer = form === undefined ? 'APIG.2205' : issue(form, issuers, exchange.receivedAt)
    return typeof answer === 'string' ? refuse(exchange, answer) : answer
  })
}

function issue(form: Form, issuers: readonly TokenIssuer[], now: number): Reply | RefusalName {
  const { grant_type: grant, client_id: id, client_secret: secret, refresh_token: refresh } = form
  if (!grant) return 'APIG.2210'
  if (grant !== 'client_credentials' && grant !== 'refresh_token') return 'APIG.2209'
  if (!id) return 'APIG.2211'
  if (!secret) return 'APIG.2212'
  if (grant === 'refresh_token' && !refresh) return 'APIG.2213'
  if ((form.through_data?.length ?? 0) > LONGEST_DATA) return 'APIG.2208'
  for (const issuer of issuers) {
    const app = issuer.apps.withKey(id)
    if (app?.isSecret(secret) !== true) continue
    const refused = refresh && grant === 'refresh_token' ? judgeRefresh(refresh, app, issuer, now) : undefined
    return refused ?? tokens(app, issuer.feature, form, now)
  }
  return 'APIG.2201'
}

function judgeRefresh(refresh: string, app: KnownApp, { feature, apps }: TokenIssuer, now: number) {
  const read = readToken(refresh, 'refresh', feature, apps, now)
  if (read === 'expired') return 'APIG.1001'
  if (read === 'invalid' || read === 'app-gone') return 'APIG.2202'
  return read.app === app ? undefined : 'APIG.1003'
}

function tokens(app: KnownApp, feature: TokenFeature, { scope = '', through_data: data }: Form, now: number): Reply {
  const { accessSeconds, refreshSeconds } = feature
  const claims = { scope, ...(data !== undefined && { data }) }
  const body = {
    access_token: makeToken(app, { kind: 'access', until: now + accessSeconds * 1000, ...claims }, feature),
    token_type: 'bearer',
    refresh_token: makeToken(app, { kind: 'refresh', until: now + refreshSeconds * 1000, ...claims }, feature),
    scope,
    expires_in: accessSeconds,
  }
  return { status: 200, headers: HEADERS, body: JSON.stringify(body) }
}

/** `undefined` when it has a malformed escape, or a field twice: two readers could take different ones. */
function readForm(text: string): Form | undefined {
  const form: Partial<Record<string, string>> = {}
  for (const piece of text.split('&')) {
    const equals = piece.indexOf('=')
    const [name, value] = equals === -1 ? [piece, ''] : [piece.slice(0, equals), piece.slice(equals + 1)]
    const decoded = queryDecode(value)
    if (decoded === undefined || (isField(name) && Object.hasOwn(form, name))) return undefined
    if (isField(name)) form[name] = Buffer.from(decoded, 'latin1').toString('utf8')
  }
  return form
}

function isField(name: string): boolean {
  return FIELDS.some((field) => field === name)
}
