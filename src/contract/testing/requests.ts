/** Requests for the tests of this folder: everything acceptable but for what the test gives. */
import { operationShape } from '../document.js'
import type { OperationId } from '../generated/operations.js'
import { isFault, type Fault } from '../faults.js'
import { validateRequest, type RequestInput } from '../validation.js'
import type { RequestOf } from '../operation.js'

interface Given {
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | string[]>>
  /** Sent as JSON, unless it is a buffer. */
  readonly body?: unknown
  readonly contentType?: string
}

export function requestInput(id: OperationId, { path, query, body, contentType }: Given): RequestInput {
  const shape = operationShape(id)
  const acceptable = ({ name, schema }: (typeof shape.path)[number]): [string, string] => [
    name,
    String(schema.enum?.[0] ?? (schema.pattern === '^[1-9][0-9]*[hm]$' ? '1h' : 'known')),
  ]
  return {
    path: { ...Object.fromEntries(shape.path.map(acceptable)), ...path },
    query: { ...Object.fromEntries(shape.query.filter((each) => each.required).map(acceptable)), ...query },
    rawBody: Buffer.isBuffer(body) ? body : Buffer.from(body === undefined ? '' : JSON.stringify(body)),
    contentType: contentType ?? 'application/json',
  }
}

export function accepted<Id extends OperationId>(id: Id, given: Given): RequestOf<Id> {
  return validateRequest(id, requestInput(id, given))
}

/** The fault with which a request is refused. */
export function refused(id: OperationId, given: Given): Fault {
  try {
    validateRequest(id, requestInput(id, given))
  } catch (error) {
    if (isFault(error)) return error
    throw error
  }
  throw new Error(`${id} accepted ${JSON.stringify(given)}`)
}
