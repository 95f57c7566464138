/** What a function answers (backends.md §7), read strictly: anything else is no reply. */
import { readJson } from '../../contract/json-text.js'
import { isHeaderValue, isWritableHeader } from '../backends/header-lines.js'
import { utf8Bytes } from '../percent-encoding.js'
import { hasNoContent, type Reply } from '../reply.js'

/** Headers that the gateway writes on every reply. */
const OWN_NAMES: ReadonlySet<string> = new Set(['date', 'server', 'x-request-id'])

export interface FunctionReply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer | string
}

/** Status, headers as they are, body; `undefined` for what is no answer to a request. */
export function readFunctionReply(text: string): FunctionReply | undefined {
  const value = readJson(text)
  if (!isRecord(value)) return undefined
  const { statusCode: status, headers = {}, isBase64Encoded: encoded = false, body: sent } = value
  const body = sent === undefined || sent === null ? '' : sent
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599) return undefined
  if (!(headers === null || isRecord(headers)) || typeof encoded !== 'boolean' || typeof body !== 'string')
    return undefined
  const bytes = encoded ? fromBase64(body) : body
  return bytes === undefined ? undefined : { status, headers: headers ?? {}, body: bytes }
}

/** The reply for the client; `undefined` where a header could not stand in one. */
export function asReply({ status, headers, body }: FunctionReply): Reply | undefined {
  let lines = ''
  let typed = false
  for (const [name, value] of Object.entries(headers)) {
    const values = Array.isArray(value) ? (value as unknown[]) : [value]
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) return undefined
    for (const one of values) {
      if (typeof one !== 'string' && typeof one !== 'number' && typeof one !== 'boolean') return undefined
      const bytes = utf8Bytes(String(one))
      if (!isHeaderValue(bytes)) return undefined
      if (!isWritableHeader(name) || OWN_NAMES.has(name.toLowerCase())) continue
      typed ||= name.toLowerCase() === 'content-type'
      lines += `${name}: ${bytes}\r\n`
    }
  }
  const empty = hasNoContent(status)
  if (!typed && !empty) lines += 'Content-Type: application/json\r\n'
  // The engine sends ASCII text together with the head; anything else is made bytes here.
  const bytes = typeof body !== 'string' || /^[\0-\x7f]*$/.test(body) ? body : Buffer.from(body, 'utf8')
  return { status, headers: lines, body: empty ? '' : bytes }
}

/** Both alphabets, with or without padding, in lines or not: runtimes differ. */
function fromBase64(text: string): Buffer | undefined {
  const packed = text.replace(/[\r\n]/g, '')
  return /^[A-Za-z0-9+/_-]*={0,2}$/.test(packed) ? Buffer.from(packed, 'base64') : undefined
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
