/** The request of a debugging call, as it goes over the wire (responses.md §5). */
import { isIPv6 } from 'node:net'
import { fault } from '../../contract/faults.js'
import type { ApiDebugInfo } from '../../contract/generated/schemas.js'
import { signRequest } from '../../signing/sign.js'

export interface DebugRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** In order; values are bytes, one per character. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

/** Bytes. */
const LARGEST_BODY = 2 * 1024 * 1024

/** What the call says by itself, or what its framing depends on. */
const RESERVED = new Set([
  'host',
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
])

/**
 * @param stage environment that is asked for; undefined leaves the choice to the gateway
 * @param now milliseconds since the epoch, for the signature
 * @throws {Fault} 400 2030; 2011 `body` or `stage`
 */
export function debugRequest(info: ApiDebugInfo, host: string, stage: string | undefined, now: number): DebugRequest {
  const { method, path, header = {}, query = {}, body = '', app_key: key, app_secret: secret } = info
  if (/[?#\s\p{Cc}]/u.test(path)) throw fault('APIG.2030')
  if (stage !== undefined && !/^[\w:-]{1,128}$/.test(stage)) throw fault('APIG.2011', { name: 'stage' })
  if ((key === undefined) !== (secret === undefined)) throw fault('APIG.2030')
  const bytes = Buffer.from(body)
  if (bytes.length > LARGEST_BODY) throw fault('APIG.2011', { name: 'body' })

  const headers: [string, string][] = [
    ['Host', host],
    ['User-Agent', 'APIGatewayDebugClient/1.0'],
    ['X-Apig-Mode', 'debug'],
    ...(stage === undefined ? [] : [['X-Stage', stage] satisfies [string, string]]),
    ...Object.entries(header).flatMap(([name, values]) => values.map((value) => headerLine(name, value))),
    ...(bytes.length > 0 ? [['Content-Length', String(bytes.length)] satisfies [string, string]] : []),
  ]
  const encodedPath = encodeURI(path).replaceAll(/%25([0-9A-Fa-f]{2})/g, '%$1')
  const encodedQuery = Object.entries(query)
    .flatMap(([name, values]) => values.map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`))
    .join('&')
  const target = encodedQuery === '' ? encodedPath : `${encodedPath}?${encodedQuery}`
  if (key === undefined || secret === undefined) return { method, target, headers, body: bytes }

  const unsigned = { method, path: encodedPath, query: encodedQuery, headers: signedHeaders(headers), body: bytes }
  const signature = signRequest(unsigned, { accessKey: key, secretKey: secret }, now)
  return { method, target, headers: [...headers, ...Object.entries(signature)], body: bytes }
}

/** Names are written as clients of the cloud read them back: `x-MY-hEaDer` becomes `X-My-Header`. */
function headerLine(name: string, value: string): [string, string] {
  if (RESERVED.has(name.toLowerCase()) || /[\0-\x08\x0a-\x1f\x7f]/.test(value)) throw fault('APIG.2030')
  const canonical = name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())
  return [canonical, Buffer.from(value).toString('latin1')]
}

/** One value for each name: of a repeated one there is no single way to sign it, so it is left out. */
function signedHeaders(headers: readonly (readonly [string, string])[]): Record<string, string> {
  const signed = new Map<string, string | undefined>()
  for (const [name, value] of headers) signed.set(name, signed.has(name) ? undefined : value)
  const values: Record<string, string> = {}
  for (const [name, value] of signed)
    if (value !== undefined && name !== 'Content-Length') values[name] = Buffer.from(value, 'latin1').toString()
  return values
}

/** The request as its reader is shown it; what concerns nobody but this call is left out. */
export function requestText({ method, target, headers, body }: DebugRequest, hidden: ReadonlySet<string>): string {
  const lines = headers.filter(([name]) => !hidden.has(name)).map(([name, value]) => `${name}: ${utf8(value)}\n`)
  return `${method} ${target} HTTP/1.1\n${lines.join('')}\n${body.toString()}`
}

export const utf8 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString()

/** Host and port of a `domain`; the port is undefined when none is named. */
export function domainOf(domain: string): { readonly name: string; readonly port: number | undefined } {
  const [, name = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(domain) ?? []
  if (name === '' || isIPv6(name)) throw fault('APIG.2011', { name: 'domain' })
  return { name: name.toLowerCase(), port: port === undefined ? undefined : Number(port) }
}
