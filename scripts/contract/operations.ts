import { memberName, typeOf } from './types.js'
import {
  resolveParameter,
  type Operation,
  type Parameter,
  type Specification,
} from '../../src/contract/specification.js'

interface Placed {
  readonly path: string
  readonly method: string
  readonly operation: Operation
}

/** The text of generated/operations.ts. */
export function operationTypes(specification: Specification): string {
  const placed = Object.entries(specification.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Placed => ({ path, method: method.toUpperCase(), operation })),
  )
  const used = new Set<string>()
  const types = placed.map(({ operation }) => declaration(operation, specification, used)).join('')
  const facts = placed.map((each) => runtimeFacts(each, specification)).join('')
  return `import type { FileReply } from '../operation-parts.js'
import type {
${[...used]
  .toSorted()
  .map((name) => `  ${name},\n`)
  .join('')}} from './schemas.js'

/** Request and success replies of each operation. An optional member may also be \`undefined\`. */
export interface Operations {
${types}}

export type OperationId = keyof Operations

export interface OperationFacts {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Template with \`{name}\` placeholders. */
  readonly path: string
  readonly summary: string
  /** Resource family. */
  readonly tag: string
  /** Which codes stand for the faults that both planes know: see errors.md §2. */
  readonly errorFamily: 'APIG' | 'APIC'
  readonly successStatus: number
  readonly body: 'none' | 'optional-json' | 'json' | 'multipart'
  readonly reply: 'none' | 'json' | 'file'
  readonly pathParameters: readonly string[]
  readonly queryParameters: readonly string[]
}

export const operations: Readonly<Record<OperationId, OperationFacts>> = {
${facts}}
`
}

function declaration(operation: Operation, specification: Specification, used: Set<string>): string {
  const parameters = resolved(operation, specification)
  const body = Object.values(operation.requestBody?.content ?? {})[0]
  // A body that may be left out reads as `{}`: none of its members is mandatory.
  const bodyType = body === undefined ? 'undefined' : typeOf(body.schema, '    ', used)
  return `  ${operation.operationId}: {
    path: ${parameterTypes(parameters, 'path', used)}
    query: ${parameterTypes(parameters, 'query', used)}
    body: ${bodyType}
    replies: { ${success(operation)}: ${replyType(operation, used)} }
  }
`
}

function parameterTypes(parameters: readonly Parameter[], place: Parameter['in'], used: Set<string>): string {
  const entries = parameters
    .filter((parameter) => parameter.in === place)
    .map((parameter) => {
      const single = typeOf(parameter.schema, '', used)
      const type = parameter['x-repeatable'] === true ? `${single}[]` : single
      // A clamped parameter always has a value by the time a handler sees it.
      return parameter.required || parameter['x-clamp-rule'] !== undefined
        ? `${memberName(parameter.name)}: ${type}`
        : `${memberName(parameter.name)}?: ${type} | undefined`
    })
  return entries.length === 0 ? 'Record<never, never>' : `{ ${entries.join('; ')} }`
}

function replyType(operation: Operation, used: Set<string>): string {
  const content = operation.responses[success(operation)]?.content
  if (content === undefined) return success(operation) === '204' ? 'undefined' : 'Record<string, never>'
  const json = content['application/json']
  return json === undefined ? 'FileReply' : typeOf(json.schema, '    ', used)
}

function runtimeFacts({ path, method, operation }: Placed, specification: Specification): string {
  const parameters = resolved(operation, specification)
  const names = (place: Parameter['in']) => parameters.filter((each) => each.in === place).map((each) => each.name)
  const content = operation.responses[success(operation)]?.content
  const facts = {
    method,
    path,
    summary: operation.summary,
    tag: operation.tags[0],
    errorFamily: operation['x-error-family'],
    successStatus: Number(success(operation)),
    body: bodyKind(operation),
    reply:
      content === undefined
        ? success(operation) === '204'
          ? 'none'
          : 'json'
        : 'application/json' in content
          ? 'json'
          : 'file',
    pathParameters: names('path'),
    queryParameters: names('query'),
  }
  const lines = Object.entries(facts).map(([name, value]) => `    ${name}: ${JSON.stringify(value)},\n`)
  return `  ${operation.operationId}: {\n${lines.join('')}  },\n`
}

function bodyKind(operation: Operation): string {
  if (operation.requestBody === undefined) return 'none'
  if ('multipart/form-data' in operation.requestBody.content) return 'multipart'
  return operation.requestBody.required ? 'json' : 'optional-json'
}

/** The one success status that an operation has. */
function success(operation: Operation): string {
  const statuses = Object.keys(operation.responses).filter((status) => status.startsWith('2'))
  const [status] = statuses
  if (status === undefined || statuses.length > 1) throw new Error(`${operation.operationId}: not one success status`)
  return status
}

function resolved(operation: Operation, specification: Specification): Parameter[] {
  return operation.parameters.map((parameter) => resolveParameter(parameter, specification))
}
