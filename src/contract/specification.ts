/** The part of JSON Schema that spec/apig-v2.openapi.json uses. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly enum?: readonly (string | number | boolean)[]
  readonly pattern?: string
  readonly minLength?: number
  readonly minItems?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly additionalProperties?: Schema
  readonly propertyNames?: Schema
  readonly anyOf?: readonly Schema[]
  readonly description?: string
  readonly default?: unknown
  readonly deprecated?: boolean
  /** Documented as not supported: accepted, without effect, never a reason to fail. */
  readonly 'x-unsupported'?: boolean
}

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly required: boolean
  readonly schema: Schema
  /** Never an error: a value below `min` becomes `below`, one above `max` becomes `above`. */
  readonly 'x-clamp-rule'?: {
    readonly min: number
    readonly below: number
    readonly max?: number
    readonly above?: number
  }
  /** May be given several times. */
  readonly 'x-repeatable'?: boolean
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>

export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly parameters: readonly (Parameter | { readonly $ref: string })[]
  readonly requestBody?: { readonly required: boolean; readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
  readonly 'x-error-family': 'APIG' | 'APIC'
}

/** The part of OpenAPI 3.1 that spec/apig-v2.openapi.json uses. */
export interface Specification {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly parameters: Readonly<Record<string, Parameter>>
    readonly schemas: Readonly<Record<string, Schema>>
  }
}

const reference = /^#\/components\/(?:schemas|parameters)\/(\w+)$/

/** Name that a local reference points to. */
export function referenced(ref: string): string {
  const name = reference.exec(ref)?.[1]
  if (name === undefined) throw new Error(`unsupported reference ${ref}`)
  return name
}

export function resolveParameter(parameter: Operation['parameters'][number], specification: Specification): Parameter {
  if (!('$ref' in parameter)) return parameter
  const found = specification.components.parameters[referenced(parameter.$ref)]
  if (found === undefined) throw new Error(`unknown parameter ${parameter.$ref}`)
  return found
}

/** Follows references until there is none. */
export function resolveSchema(schema: Schema, specification: Specification): Schema {
  let current = schema
  while (current.$ref !== undefined) {
    const found = specification.components.schemas[referenced(current.$ref)]
    if (found === undefined) throw new Error(`unknown schema ${current.$ref}`)
    current = found
  }
  return current
}
