/**
 * Renders the gateway's error replies: the one place where a refusal becomes bytes, by the response set of the API or
 * of its group (responses.md §2), or as the catalogue has it.
 */
import type { Exchange } from '../exchange.js'
import type { Failure } from '../handler.js'
import { hasNoContent, type Reply } from '../reply.js'
import { catalogue, codeOf, type CatalogueRow, type RefusalName } from './catalogue.js'
import type { CompiledResponse } from './response-sets.js'

const HEADERS = 'Content-Type: application/json\r\n'

interface Template extends CatalogueRow {
  readonly code: string
  /** Body up to the request id, for a reply without a detail. */
  readonly start: string
}

const templates = new Map<string, Template>(
  Object.entries<CatalogueRow>(catalogue).map(([name, row]) => {
    const code = codeOf(name)
    return [name, { ...row, code, start: bodyStart(code, row.message) }]
  }),
)

/**
 * The reply for an error of the catalogue, which is also noted in the exchange's record.
 *
 * @param detail follows the message after a colon. It may hold what the caller sent; never a secret.
 */
export function refuse(exchange: Exchange, name: RefusalName, detail?: string): Reply {
  const template = templates.get(name)
  if (template === undefined) throw new Error(`No refusal is named ${name}.`)
  const { status, code, type } = template
  exchange.errorCode = code
  exchange.errorType = type
  // One look-up, and only where the group answers something in its own words.
  const own = exchange.responses?.find(exchange.route?.publication.definition.response_id, type)
  if (own !== undefined) return inOwnWords(own, exchange, template, detail)
  const start = detail === undefined ? template.start : bodyStart(code, withDetail(template.message, detail))
  return { status, headers: HEADERS, body: `${start}${exchange.requestId}"}`, errorCode: code, errorType: type }
}

function inOwnWords(own: CompiledResponse, exchange: Exchange, template: Template, detail: string | undefined): Reply {
  const { code, type } = template
  const message = detail === undefined ? template.message : withDetail(template.message, detail)
  const error = { code, message, type }
  const status = own.status ?? template.status
  const body = (): string =>
    own.body?.(exchange, error, insideJson) ?? `${bodyStart(code, message)}${exchange.requestId}"}`
  return {
    status,
    headers: own.headers(exchange, error),
    body: hasNoContent(status) ? '' : body(),
    errorCode: code,
    errorType: type,
  }
}

/** A value as part of a JSON text, so that a quotation mark in it doesn't end that. */
function insideJson(value: string): string {
  return JSON.stringify(value).slice(1, -1)
}

/** The catalogue's name for what can go wrong in the engine. */
const failureNames: Readonly<Record<Failure, RefusalName>> = {
  'bad-request': 'APIG.0201',
  'uri-too-large': 'APIG.0201 414',
  'headers-too-large': 'APIG.0201 494',
  'body-too-large': 'APIG.0201 413',
  'request-timeout': 'APIG.0201 408',
  overloaded: 'APIG.0201 503',
  'backend-unavailable': 'APIG.0202',
  'backend-timeout': 'APIG.0203',
  'backend-unresolved': 'APIG.0605',
  'backend-forbidden': 'APIG.0404',
  internal: 'APIG.0601',
}

export function refuseFailure(exchange: Exchange, failure: Failure): Reply {
  return refuse(exchange, failureNames[failure])
}

function withDetail(message: string, detail: string): string {
  return `${message.replace(/\.$/, '')}: ${detail}`
}

function bodyStart(code: string, message: string): string {
  return `{"error_code":"${code}","error_msg":${JSON.stringify(message)},"request_id":"`
}
