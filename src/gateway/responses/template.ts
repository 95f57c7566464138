/** Texts with variables, `$context.…`, as gateway responses have them (responses.md §2.3). */
import type { Exchange } from '../exchange.js'

export interface ErrorFacts {
  /** `APIG.xxxx` */
  readonly code: string
  readonly message: string
  readonly type: string
}

/** @param escape applied to every value that is put in, and to nothing else */
export type Template = (exchange: Exchange, error: ErrorFacts, escape: (value: string) => string) => string

type Variable = (exchange: Exchange, error: ErrorFacts) => string

const VARIABLE = /\$context\.((?:authorizer\.(?:frontend|backend)|error)\.[\w-]+|[A-Za-z]+)/

/** An unknown variable, and one that has no value, is the empty text. */
export function compileTemplate(text: string): Template {
  // What stands between two variables has an even index, a variable's name an odd one.
  const pieces = text
    .split(VARIABLE)
    .map((piece, index) => (index % 2 === 0 ? piece : (variables.get(piece) ?? authorizerValue(piece))))
  return (exchange, error, escape) => {
    let rendered = ''
    for (const piece of pieces) rendered += typeof piece === 'string' ? piece : escape(piece(exchange, error))
    return rendered
  }
}

const empty: Variable = () => ''

/** What an authorizer said, whether it allowed or denied. */
function authorizerValue(name: string): Variable {
  const [, side, key] = /^authorizer\.(frontend|backend)\.(.+)$/.exec(name) ?? []
  if (key === undefined) return empty
  return ({ frontendContext, backendContext }) =>
    asText((side === 'frontend' ? frontendContext : backendContext)?.get(key) ?? '')
}

const variables: ReadonlyMap<string, Variable> = new Map<string, Variable>([
  ['apiId', ({ route }) => route?.publication.apiId ?? ''],
  ['apiName', ({ route }) => route?.publication.definition.name ?? ''],
  ['appId', ({ caller }) => caller?.appId ?? ''],
  ['appName', ({ caller }) => caller?.appName ?? ''],
  ['requestId', ({ requestId }) => requestId],
  ['stage', ({ stage }) => asText(stage)],
  ['sourceIp', ({ sourceAddress }) => sourceAddress],
  ['reqPath', ({ head }) => asText(head.path)],
  ['reqUri', ({ head }) => asText(head.target)],
  ['reqMethod', ({ head }) => head.method],
  ['error.code', (_, { code }) => code],
  ['error.message', (_, { message }) => message],
  ['error.type', (_, { type }) => type],
])

/** Octets of the wire, which were meant as UTF-8. */
function asText(octets: string): string {
  return /[\x80-\xff]/.test(octets) ? Buffer.from(octets, 'latin1').toString('utf8') : octets
}
