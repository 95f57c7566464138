/** The parts of OpenAPI 3.1 that spec/apig-v2.openapi.json uses; anything else in it is an error of the generator. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly enum?: readonly (string | number | boolean)[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly additionalProperties?: Schema
  readonly propertyNames?: Schema
  readonly anyOf?: readonly Schema[]
  readonly description?: string
  readonly default?: unknown
  readonly deprecated?: boolean
  readonly 'x-unsupported'?: boolean
}

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly required: boolean
  readonly schema: Schema
  readonly 'x-clamp'?: boolean
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

export interface Specification {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly parameters: Readonly<Record<string, Parameter>>
    readonly schemas: Readonly<Record<string, Schema>>
  }
}

export interface CatalogueVariant {
  readonly status?: number
  readonly message?: string
}

export interface CatalogueEntry {
  readonly status: number
  readonly message: string
  readonly produced: boolean
  readonly variants?: Readonly<Record<string, CatalogueVariant>>
}

export interface Catalogue {
  readonly errors: Readonly<Record<string, CatalogueEntry>>
}

const refPrefix = /^#\/components\/(?:schemas|parameters)\/(\w+)$/

/** Name that a local reference points to. */
export function referenced(ref: string): string {
  const name = refPrefix.exec(ref)?.[1]
  if (name === undefined) throw new Error(`unsupported reference ${ref}`)
  return name
}
