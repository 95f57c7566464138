/** Finds the one thing that a client is told about an unacceptable value: the first, in the order of the reference. */
import type { ErrorObject } from 'ajv'
import { specification } from './document.js'
import { isObject } from './known-members.js'
import { firstError } from './schema-validators.js'
import { resolveSchema, type Schema } from './specification.js'

/** `value`: a pattern, length, enumeration or rule between members. `small`, `large`: the bounds of a number. */
type ProblemKind = 'missing' | 'type' | 'small' | 'large' | 'value'

export interface Problem {
  readonly kind: ProblemKind
  /** Name of the member as it stands in the JSON text, without a path; empty for the body itself. */
  readonly field: string
  /** What was expected and what came, for `type`. */
  readonly detail: string
}

/** Undefined when the value is acceptable. `field` names the place of the value itself. */
export function findProblem(declared: Schema, value: unknown, field = ''): Problem | undefined {
  const error = firstError(declared, value)
  return error === undefined ? undefined : locate(declared, value, field)
}

/** Ajv looks at the mandatory members first; the reference goes member by member. The value is known to be wrong. */
function locate(declared: Schema, value: unknown, field: string): Problem {
  const schema = resolveSchema(declared, specification())
  const inner = isObject(value)
    ? inObject(schema, value, field)
    : Array.isArray(value)
      ? inArray(schema, value, field)
      : undefined
  return inner ?? describe(firstError(declared, value), value, field)
}

function inObject(schema: Schema, value: Readonly<Record<string, unknown>>, field: string): Problem | undefined {
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    if (!Object.hasOwn(value, name)) {
      if (schema.required?.includes(name) === true) return { kind: 'missing', field: name, detail: '' }
      continue
    }
    const problem = findProblem(member, value[name], name)
    if (problem !== undefined) return problem
  }
  const { additionalProperties } = schema
  if (additionalProperties === undefined) return undefined
  for (const member of Object.values(value)) {
    const problem = findProblem(additionalProperties, member, field)
    if (problem !== undefined) return problem
  }
  return undefined
}

function inArray(schema: Schema, value: readonly unknown[], field: string): Problem | undefined {
  if (schema.items === undefined) return undefined
  for (const item of value) {
    const problem = findProblem(schema.items, item, field)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** What Ajv says of one value. Pure; `missing` and the names of rules between members come from the error itself. */
function describe(error: ErrorObject | undefined, value: unknown, field: string): Problem {
  const parameters: Readonly<Record<string, unknown>> = error?.params ?? {}
  const named = error?.instancePath.split('/').at(-1) ?? ''
  const place = named === '' || /^\d+$/.test(named) ? field : named
  switch (error?.keyword ?? '') {
    case 'required':
    case 'dependentRequired':
      return { kind: 'missing', field: String(parameters['missingProperty']), detail: '' }
    case 'type':
      return { kind: 'type', field: place, detail: wrongType(place, String(parameters['type']), value) }
    case 'minimum':
      return { kind: 'small', field: place, detail: '' }
    case 'maximum':
      return { kind: 'large', field: place, detail: '' }
    case 'format':
      return { kind: typeof value === 'number' && value < 0 ? 'small' : 'large', field: place, detail: '' }
    default:
      return { kind: 'value', field: place, detail: '' }
  }
}

function wrongType(field: string, expected: string, value: unknown): string {
  const actual = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
  return `${field === '' ? 'the body' : `field ${field}`} must be of type ${expected}, not ${actual}`
}
