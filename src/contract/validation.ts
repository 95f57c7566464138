/**
 * From what came over the wire to what a handler receives, or to the fault that says what is wrong with it
 * (errors.md §3, conventions.md §3 and §4). Defaults of members are not filled in: whether one applies is a rule of
 * the resource, and a value that was not sent must not come back.
 */
import { operationShape, specification } from './document.js'
import { operations, type OperationId } from './generated/operations.js'
import { isObject, knownMembers } from './known-members.js'
import type { RequestOf } from './operation.js'
import { isIdName, parameterFault } from './parameter-faults.js'
import { findProblem, type Problem } from './problem.js'
import { bodySchema, fieldWithNul, readBody, withoutFiles } from './request-body.js'
import { resolveSchema, type Parameter, type Schema } from './specification.js'

export interface RequestInput {
  /** Values of the placeholders of the operation's path, decoded. */
  readonly path: Readonly<Record<string, string | undefined>>
  /** Decoded; a list where a parameter came several times. */
  readonly query: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly rawBody: Uint8Array
  readonly contentType?: string | undefined
}

/** Any text of these characters may be the id of something that is not there; others cannot be one. */
const idForm = /^[A-Za-z0-9_-]{1,64}$/

/** @throws Fault for the first parameter that is wrong: of the path, then of the query, then of the body. */
export function validateRequest<Id extends OperationId>(id: Id, input: RequestInput): RequestOf<Id>
export function validateRequest(id: OperationId, { path, query, rawBody, contentType }: RequestInput): unknown {
  const shape = operationShape(id)
  const read = readBody(id, rawBody, contentType)
  return {
    path: Object.fromEntries(shape.path.map((parameter) => [parameter.name, pathValue(id, parameter, path)])),
    query: Object.fromEntries(shape.query.flatMap((parameter) => queryEntry(id, parameter, query[parameter.name]))),
    body: validBody(id, read),
  }
}

/** @throws Fault when an id of the path cannot be one, whatever else the request says. */
export function pathIdIsWellFormed(id: OperationId, name: string, value: string): void {
  if (!idForm.test(value)) throw parameterFault(id, 'path', problem('value', name))
}

function pathValue(id: OperationId, { name, schema }: Parameter, path: RequestInput['path']): string {
  const value = path[name] ?? ''
  // Lengths of single ids in the document are those of ids that exist; a lookup says so more plainly.
  if (!idForm.test(value) || (schema.enum !== undefined && !schema.enum.includes(value)))
    throw parameterFault(id, 'path', problem('value', name))
  return value
}

type QueryValue = string | number | string[]

function queryEntry(
  id: OperationId,
  parameter: Parameter,
  given: string | readonly string[] | undefined,
): [string, QueryValue][] {
  // An empty value is no filter. Of several values for a parameter that has one, the first counts.
  const values = (typeof given === 'string' ? [given] : (given ?? [])).filter((value) => value !== '')
  const [first] = values
  const { name } = parameter
  if (first === undefined) {
    if (parameter.required) throw parameterFault(id, 'query', problem('missing', name))
    const fallback = parameter['x-clamp-rule'] === undefined ? undefined : parameter.schema.default
    return typeof fallback === 'number' ? [[name, fallback]] : []
  }
  if (parameter['x-repeatable'] === true) return [[name, values.map((value) => text(id, parameter, value))]]
  return [[name, parameter.schema.type === 'integer' ? integer(id, parameter, first) : text(id, parameter, first)]]
}

function text(id: OperationId, { name, schema }: Parameter, value: string): string {
  const found =
    value.includes('\0') || (isIdName(name) && !idForm.test(value))
      ? problem('value', name)
      : findProblem(schema, value, name)
  if (found !== undefined) throw parameterFault(id, 'query', found)
  return value
}

function integer(id: OperationId, parameter: Parameter, text: string): number {
  const { name, schema, 'x-clamp-rule': clamp } = parameter
  if (!/^-?\d{1,309}$/.test(text)) throw parameterFault(id, 'query', problem('type', name))
  const value = Number(text)
  if (clamp !== undefined) {
    if (value < clamp.min) return clamp.below
    if (clamp.max !== undefined && value > clamp.max) return clamp.above ?? clamp.max
    return Math.min(value, Number.MAX_SAFE_INTEGER)
  }
  const found = findProblem(schema, value, name)
  if (found !== undefined) throw parameterFault(id, 'query', found)
  return value
}

/**
 * A body that did not come over the wire as such, but has to be one that the operation takes.
 *
 * @throws Fault as for a request with this body
 */
export function acceptBody<Id extends OperationId>(id: Id, body: unknown): RequestOf<Id>['body']
export function acceptBody(id: OperationId, body: unknown): unknown {
  return validBody(id, body)
}

function validBody(id: OperationId, read: unknown): unknown {
  const schema = bodySchema(id)
  if (schema === undefined) return undefined
  const body = knownMembers(schema, read)
  const judged = operations[id].body === 'multipart' ? withoutFiles(body) : body
  const found = findProblem(schema, judged) ?? storageProblem(schema, judged)
  if (found !== undefined) throw parameterFault(id, 'body', found)
  return body
}

/** What no schema says: ids look like ids, and no text has a NUL. */
function storageProblem(schema: Schema, body: unknown): Problem | undefined {
  const field = fieldWithNul(schema, body) ?? malformedId(schema, body)
  return field === undefined ? undefined : problem('value', field)
}

/** Looks at declared members only: in objects that a client shapes itself, a name says nothing. */
function malformedId(declared: Schema, value: unknown, field = ''): string | undefined {
  if (typeof value === 'string') return isIdName(field) && value !== '' && !idForm.test(value) ? field : undefined
  const { items, properties = {} } = resolveSchema(declared, specification())
  if (Array.isArray(value) && items !== undefined) return firstOf(value, (item) => malformedId(items, item, field))
  if (!isObject(value)) return undefined
  return firstOf(Object.entries(properties), ([name, member]) => malformedId(member, value[name], name))
}

function firstOf<T>(values: readonly T[], find: (value: T) => string | undefined): string | undefined {
  for (const value of values) {
    const found = find(value)
    if (found !== undefined) return found
  }
  return undefined
}

const problem = (kind: Problem['kind'], field: string): Problem => ({ kind, field, detail: '' })
