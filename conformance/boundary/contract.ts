/** The contract as the boundary cases read it: the document alone, without the code that the server validates with. */
import { readFileSync } from 'node:fs'
import type { OperationId } from '../../src/contract/generated/operations.js'

export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly enum?: readonly (string | number | boolean)[]
  readonly const?: unknown
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema
  readonly propertyNames?: Schema
  readonly dependentRequired?: Readonly<Record<string, readonly string[]>>
  readonly allOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly not?: Schema
  readonly if?: Schema
  readonly then?: Schema
  readonly else?: Schema
  readonly 'x-unsupported'?: boolean
}

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly required: boolean
  readonly schema: Schema
  readonly 'x-clamp-rule'?: object
  readonly 'x-repeatable'?: boolean
  readonly 'x-unsupported'?: boolean
}

export interface Operation {
  readonly id: OperationId
  readonly family: 'APIG' | 'APIC'
  readonly tag: string
  readonly path: readonly Parameter[]
  readonly query: readonly Parameter[]
  readonly body: Schema | undefined
  readonly isForm: boolean
  /** Whether there has to be one. */
  readonly needsBody: boolean
  readonly success: number
  /** Of the reply to a success, where that is JSON. */
  readonly reply: Schema | undefined
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly parameters: Readonly<Record<string, Parameter>>
  }
}

interface DocumentedOperation {
  readonly operationId: OperationId
  readonly tags: readonly string[]
  readonly parameters: readonly (Parameter | { readonly $ref: string })[]
  readonly requestBody?: {
    readonly required: boolean
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>
  }
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >
  readonly 'x-error-family': 'APIG' | 'APIC'
}

/** A file of `spec/`. */
export function specificationFile(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../spec/${name}`, import.meta.url), 'utf8'))
}

const document = specificationFile('apig-v2.openapi.json') as Document

const schemas = document.components.schemas

export function operations(): Operation[] {
  return Object.values(document.paths)
    .flatMap((methods) => Object.values(methods))
    .map((operation) => {
      const parameters = operation.parameters.map((each) =>
        '$ref' in each ? (document.components.parameters[nameOf(each.$ref)] as Parameter) : each,
      )
      const [mediaType, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? []
      const success = Object.keys(operation.responses).find((status) => status.startsWith('2')) ?? ''
      return {
        id: operation.operationId,
        family: operation['x-error-family'],
        tag: operation.tags[0] ?? '',
        path: parameters.filter((each) => each.in === 'path'),
        query: parameters.filter((each) => each.in === 'query'),
        body: content?.schema,
        isForm: mediaType === 'multipart/form-data',
        needsBody: operation.requestBody?.required === true,
        success: Number(success),
        reply: operation.responses[success]?.content?.['application/json']?.schema,
      }
    })
}

/** The schema that references lead to, and the name of the last of them. */
export function resolved(schema: Schema): { readonly schema: Schema; readonly name: string } {
  let [at, name] = [schema, '']
  while (at.$ref !== undefined) {
    name = nameOf(at.$ref)
    at = schemas[name] ?? {}
  }
  return { schema: at, name }
}

const nameOf = (reference: string): string => reference.slice(reference.lastIndexOf('/') + 1)
