import { operationShape, specification } from './document.js'
import type { Fault } from './faults.js'
import { operations, type OperationId } from './generated/operations.js'
import { isObject } from './known-members.js'
import { parseMultipart } from './multipart.js'
import type { FilePart } from './operation-parts.js'
import { serializationFault } from './parameter-faults.js'
import { resolveSchema, type Schema } from './specification.js'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Schema of an operation's body, if it has one. */
export function bodySchema(id: OperationId): Schema | undefined {
  return Object.values(operationShape(id).operation.requestBody?.content ?? {})[0]?.schema
}

/**
 * The body as a value, whatever value that is. `Content-Type` is looked at for forms only: clients leave it out, or
 * send whatever their library puts there.
 *
 * @throws Fault APIG.2000 when the text is not JSON, or missing where one is needed (APIC.7211 on the other plane).
 */
export function readBody(id: OperationId, rawBody: Uint8Array, contentType: string | undefined): unknown {
  switch (operations[id].body) {
    case 'none':
      return undefined
    case 'optional-json':
      return rawBody.length === 0 ? {} : readJson(id, rawBody)
    case 'json':
      return readJson(id, rawBody)
    case 'multipart':
      return readForm(id, rawBody, contentType)
  }
}

function readJson(id: OperationId, rawBody: Uint8Array): unknown {
  if (rawBody.length > unscannedLength && isDeep(rawBody)) throw serializationFault(id, 'exceeded max depth')
  try {
    return JSON.parse(utf8.decode(rawBody))
  } catch (error) {
    throw unreadable(id, error)
  }
}

/** The contract nests five levels deep; a parser needs seconds for millions of levels, wanted or not. */
const maximumDepth = 1000
const unscannedLength = 65_536

function isDeep(json: Uint8Array): boolean {
  let depth = 0
  let inText = false
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at]
    if (inText) {
      if (byte === 0x5c) at += 1
      else if (byte === 0x22) inText = false
    } else if (byte === 0x22) inText = true
    else if (byte === 0x5b || byte === 0x7b) {
      depth += 1
      if (depth > maximumDepth) return true
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1
  }
  return false
}

function unreadable(id: OperationId, error: unknown): Fault {
  if (!(error instanceof SyntaxError)) return serializationFault(id, 'invalid UTF-8 text')
  const truncated = error.message.startsWith('Unexpected end of JSON input')
  return serializationFault(id, truncated ? 'unexpected end of JSON input' : error.message)
}

function readForm(id: OperationId, rawBody: Uint8Array, contentType: string | undefined): unknown {
  const parts = parseMultipart(rawBody, contentType)
  if (parts === undefined) throw serializationFault(id, 'the body is not a multipart form')
  const schema = resolveSchema(bodySchema(id) ?? {}, specification())
  return Object.fromEntries(parts.map(({ name, part }) => [name, formValue(schema.properties?.[name], part)]))
}

/** Plain parts are texts; a boolean and a file are told from the schema. */
function formValue(schema: Schema | undefined, part: FilePart): unknown {
  if (schema?.format === 'binary') return part
  const text = new TextDecoder().decode(part.content)
  if (schema?.type === 'boolean' && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  return text
}

/** A form as its schema describes it, where a file is a text: its name stands for it. */
export function withoutFiles(value: unknown): unknown {
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, isFilePart(member) ? member.fileName : member]),
  )
}

function isFilePart(value: unknown): value is FilePart {
  return isObject(value) && value['content'] instanceof Uint8Array
}

/**
 * Where a text of the value, or of anything in it, has the one character that no database stores. A name that a client
 * chose is no place of its own: it belongs to the member in which it is.
 */
export function fieldWithNul(declared: Schema, value: unknown, field = ''): string | undefined {
  if (typeof value === 'string') return value.includes('\0') ? field : undefined
  const { items = {}, properties = {}, additionalProperties = {} } = resolveSchema(declared, specification())
  if (Array.isArray(value)) {
    for (const item of value) {
      const found = fieldWithNul(items, item, field)
      if (found !== undefined) return found
    }
    return undefined
  }
  if (!isObject(value)) return undefined
  for (const [name, member] of Object.entries(value)) {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined
    const found = name.includes('\0')
      ? field
      : fieldWithNul(known ?? additionalProperties, member, known ? name : field)
    if (found !== undefined) return found
  }
  return undefined
}
