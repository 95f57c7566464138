/**
 * Cross-origin requests (policies.md §5): by the plug-in `cors`, or by `cors: true` of the API where it has no plug-in.
 */
import type { ApiDefinition } from '../../snapshot/api-definition.js'
import type { BoundPlugin } from '../bound-plugins.js'
import type { Exchange } from '../exchange.js'
import type { Reply } from '../reply.js'
import type { ReplyLines, ReplyStep } from '../responses/reply-lines.js'
import type { Step } from '../step.js'

export interface Cors {
  /** Answers preflights (13). */
  readonly preflight: Step | undefined
  /** Headers of replies (37). */
  readonly headers: ReplyStep
}

export function compileCors(plugin: BoundPlugin<'cors'> | undefined, definition: ApiDefinition): Cors | undefined {
  if (plugin !== undefined) return byPlugin(plugin)
  return definition.cors ? byDefinition(definition) : undefined
}

const EMPTY: Reply = { status: 200, headers: '', body: '' }

/** What a backend says of CORS does not count beside the plug-in. */
const ANSWERED = ['origin', 'methods', 'headers', 'credentials'].map((name) => `access-control-allow-${name}`)
const REPLACED: ReadonlySet<string> = new Set([...ANSWERED, 'access-control-expose-headers', 'access-control-max-age'])

function byPlugin({ content }: BoundPlugin<'cors'>): Cors {
  const origins = new Set(listed(content.allow_origin).map((origin) => origin.toLowerCase()))
  const anyone = origins.has('*')
  const always: Fields = [
    ['Access-Control-Expose-Headers', joined(content.expose_headers)],
    ['Access-Control-Allow-Credentials', content.allow_credentials === true ? 'true' : ''],
  ].filter(isSaid)
  const preflight: Fields = [
    ['Access-Control-Allow-Methods', joined(content.allow_methods).toUpperCase()],
    ['Access-Control-Allow-Headers', joined(content.allow_headers)],
    ['Access-Control-Max-Age', String(content.max_age ?? '')],
    ...always,
  ].filter(isSaid)

  function originFor(exchange: Exchange): string | undefined {
    if (anyone) return '*'
    const origin = exchange.head.header('origin')
    return origin !== undefined && origins.has(origin.toLowerCase()) ? origin : undefined
  }

  return {
    preflight: (exchange) => (isPreflight(exchange) ? EMPTY : undefined),
    headers(lines, exchange) {
      lines.removeAll(REPLACED)
      // What is kept of a reply for one origin must not be shown to another, even where it is kept without CORS headers.
      if (!anyone) lines.add('Vary', 'Origin')
      const origin = originFor(exchange)
      if (origin === undefined) return
      lines.add('Access-Control-Allow-Origin', origin)
      add(lines, isPreflight(exchange) ? preflight : always)
    },
  }
}

type Fields = (readonly string[])[]

const isSaid = ([, value]: readonly string[]): boolean => value !== undefined && value !== ''

function add(lines: ReplyLines, fields: Fields): void {
  for (const [name = '', value = ''] of fields) lines.add(name, value)
}

const isPreflight = ({ head }: Exchange): boolean => head.method === 'OPTIONS'

const listed = (text: string | null | undefined): string[] => (text ?? '').split(',').map((one) => one.trim())

const joined = (text: string | null | undefined): string => listed(text).join(',')

/** §5.1, as the service has them. */
const LEGACY: Fields = [
  [
    'Access-Control-Allow-Headers',
    'X-Stage,X-Sdk-Date,X-Sdk-Nonce,X-Proxy-Signed-Headers,X-Sdk-Content-Sha256,X-Forwarded-For,Authorization,' +
      'Content-Type,Accept,Accept-Ranges,Cache-Control,Range',
  ],
  [
    'Access-Control-Expose-Headers',
    'X-Request-Id,X-Apig-Latency,X-Apig-Upstream-Latency,X-Apig-RateLimit-Api,X-Apig-RateLimit-User,' +
      'X-Apig-RateLimit-App,X-Apig-RateLimit-Ip,X-Apig-RateLimit-Api-Allenv',
  ],
  ['Access-Control-Allow-Methods', 'GET,POST,PUT,DELETE,HEAD,OPTIONS,PATCH'],
  ['Access-Control-Max-Age', '172800'],
]

/** What the backend says counts: the gateway adds what it doesn't say. Preflights are answered by an API of their own. */
function byDefinition({ req_method }: ApiDefinition): Cors {
  const fields: Fields = [['Access-Control-Allow-Origin', '*'], ...(req_method === 'OPTIONS' ? LEGACY : [])]
  return {
    preflight: undefined,
    headers(lines) {
      add(
        lines,
        fields.filter(([name = '']) => !lines.has(name.toLowerCase())),
      )
    },
  }
}
