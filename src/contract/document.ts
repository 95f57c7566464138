/** The contract as data: read once, from `spec/`, which lies beside `src/` in the sources and beside `dist/` when shipped. */
import { readFileSync } from 'node:fs'
import { resolveParameter, type Operation, type Parameter, type Specification } from './specification.js'

const file = new URL('../../spec/apig-v2.openapi.json', import.meta.url)

let loaded: Specification | undefined

/** The whole document. Treat it as read-only: everybody shares it. */
export function specification(): Specification {
  // The file is part of the program; its form is what the tests of this folder check.
  loaded ??= JSON.parse(readFileSync(file, 'utf8')) as Specification
  return loaded
}

/** The document as it is served at `/openapi.json`, with the address under which the client reached it. */
export function servedDocument(baseUrl: string): string {
  return JSON.stringify({ ...specification(), servers: [{ url: baseUrl }] })
}

export interface OperationShape {
  readonly operation: Operation
  /** In the order of the reference tables. */
  readonly path: readonly Parameter[]
  readonly query: readonly Parameter[]
}

let shapes: ReadonlyMap<string, OperationShape> | undefined

/** Declared parameters and schemas of an operation. */
export function operationShape(operationId: string): OperationShape {
  shapes ??= new Map(
    Object.values(specification().paths)
      .flatMap((methods) => Object.values(methods))
      .map((operation) => [operation.operationId, shapeOf(operation)]),
  )
  const shape = shapes.get(operationId)
  if (shape === undefined) throw new Error(`the contract has no operation ${operationId}`)
  return shape
}

function shapeOf(operation: Operation): OperationShape {
  const parameters = operation.parameters.map((parameter) => resolveParameter(parameter, specification()))
  return {
    operation,
    path: parameters.filter((parameter) => parameter.in === 'path'),
    query: parameters.filter((parameter) => parameter.in === 'query'),
  }
}
