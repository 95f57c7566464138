/**
 * Ajv validators for the schemas of the contract. Each is compiled when it is first needed: all of them together take
 * longer than a start may, and most processes use few.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import { specification } from './document.js'
import type { Schema } from './specification.js'

const formats = {
  int32: { type: 'number' as const, validate: (value: number) => value >= -(2 ** 31) && value < 2 ** 31 },
  int64: { type: 'number' as const, validate: Number.isSafeInteger },
  'date-time': fullFormats['date-time'],
  // Constrained by type alone.
  binary: true as const,
  float: true as const,
}

const root = 'contract'

function createAjv(allErrors: boolean): Ajv2020 {
  // `strict: false`: the document has annotations (x-…, writeOnly) and refinements that name members declared elsewhere.
  const ajv = new Ajv2020({ strict: false, allErrors, formats, validateSchema: false, addUsedSchema: false })
  ajv.addSchema({ $id: root, components: { schemas: specification().components.schemas } }, root)
  return ajv
}

let firstErrorAjv: Ajv2020 | undefined
let allErrorsAjv: Ajv2020 | undefined
const validators = new WeakMap<Schema, ValidateFunction>()
const replyValidators = new WeakMap<Schema, ValidateFunction>()

/** First thing that is wrong with a value, if anything is. The error is Ajv's and valid until the next call. */
export function firstError(schema: Schema, value: unknown): ErrorObject | undefined {
  let validate = validators.get(schema)
  if (validate === undefined) {
    firstErrorAjv ??= createAjv(false)
    validate = firstErrorAjv.compile(absolute(schema))
    validators.set(schema, validate)
  }
  return validate(value) ? undefined : validate.errors?.[0]
}

/** Everything that is wrong with a value. Not for values from outside: the list is as long as they make it. */
export function allErrors(schema: Schema, value: unknown): readonly ErrorObject[] {
  let validate = replyValidators.get(schema)
  if (validate === undefined) {
    allErrorsAjv ??= createAjv(true)
    validate = allErrorsAjv.compile(absolute(schema))
    replyValidators.set(schema, validate)
  }
  return validate(value) ? [] : (validate.errors ?? [])
}

/** A copy of a schema whose references also resolve when it stands alone. */
function absolute(schema: Schema): Schema {
  const text = JSON.stringify(schema, (key, value: unknown) =>
    key === '$ref' && typeof value === 'string' && value.startsWith('#') ? root + value : value,
  )
  return JSON.parse(text) as Schema
}
