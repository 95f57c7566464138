import type { FilePart } from './operation-parts.js'

export interface NamedPart {
  readonly name: string
  readonly part: FilePart
}

const maximumParts = 64
const boundaryParameter =
  /^multipart\/form-data\s*;(?:[^"]*;)?\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))\s*(?:;|$)/i
const disposition = /^form-data\s*;(.*)$/i
const CRLF = Buffer.from('\r\n')
const HEAD_END = Buffer.from('\r\n\r\n')

/**
 * Parts of a `multipart/form-data` body (RFC 7578) in their order; undefined when the body is not one. Strict: lines
 * end with CRLF, every part has a name, the closing boundary is there. What follows that boundary is ignored.
 */
export function parseMultipart(body: Uint8Array, contentType: string | undefined): NamedPart[] | undefined {
  const match = boundaryParameter.exec(contentType ?? '')
  const boundary = match?.[1] ?? match?.[2]
  if (boundary === undefined) return undefined
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  // The first boundary may stand at the very start, without the line end before it.
  const opening = delimiter.subarray(CRLF.length)
  let at = bytes.subarray(0, opening.length).equals(opening) ? opening.length : after(bytes, delimiter, 0)
  const parts: NamedPart[] = []
  while (at !== undefined) {
    if (bytes.subarray(at, at + 2).toString('latin1') === '--') return parts
    const start = at + CRLF.length
    if (parts.length === maximumParts || !bytes.subarray(at, start).equals(CRLF)) return undefined
    const end = bytes.indexOf(delimiter, at)
    if (end === -1) return undefined
    const part = parsePart(bytes.subarray(at, end))
    if (part === undefined) return undefined
    parts.push(part)
    at = end + delimiter.length
  }
  return undefined
}

function after(bytes: Buffer, wanted: Buffer, from: number): number | undefined {
  const found = bytes.indexOf(wanted, from)
  return found === -1 ? undefined : found + wanted.length
}

/** `bytes` begins with the line end of the boundary. */
function parsePart(bytes: Buffer): NamedPart | undefined {
  const headEnd = bytes.indexOf(HEAD_END)
  if (headEnd === -1) return undefined
  const headers = new Map<string, string>()
  for (const line of bytes.subarray(CRLF.length, headEnd).toString('utf8').split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon < 1) return undefined
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
  }
  const parameters = disposition.exec(headers.get('content-disposition') ?? '')?.[1]
  const name = parameters === undefined ? undefined : quotedParameter(parameters, 'name')
  if (parameters === undefined || name === undefined) return undefined
  return {
    name,
    part: {
      fileName: quotedParameter(parameters, 'filename') ?? '',
      contentType: headers.get('content-type') ?? '',
      content: bytes.subarray(headEnd + HEAD_END.length),
    },
  }
}

/** Browsers and libraries write a quote inside a name as %22 or with a backslash. */
function quotedParameter(parameters: string, wanted: string): string | undefined {
  for (const [, name, value] of parameters.matchAll(/;?\s*([\w*-]+)="((?:[^"\\]|\\.)*)"/g))
    if (name === wanted) return value?.replaceAll(/\\(.)/g, '$1').replaceAll('%22', '"')
  return undefined
}
