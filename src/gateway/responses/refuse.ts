/**
 * Renders the gateway's error replies: the one place where a refusal becomes bytes. The response sets of groups
 * (responses.md §2) belong here too.
 */
import type { Exchange } from '../exchange.js'
import type { Failure } from '../handler.js'
import type { Reply } from '../reply.js'
import { catalogue, codeOf, type CatalogueRow, type RefusalName } from './catalogue.js'

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
  const start =
    detail === undefined ? template.start : bodyStart(code, `${template.message.replace(/\.$/, '')}: ${detail}`)
  exchange.errorCode = code
  exchange.errorType = type
  return { status, headers: HEADERS, body: `${start}${exchange.requestId}"}`, errorCode: code, errorType: type }
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

function bodyStart(code: string, message: string): string {
  return `{"error_code":"${code}","error_msg":${JSON.stringify(message)},"request_id":"`
}
