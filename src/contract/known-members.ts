/**
 * Brings a request body into the form that the contract describes, before it is judged: members that the contract
 * doesn't know are left out, `null` and an empty mandatory value count as absent, unsupported members never fail.
 */
import { specification } from './document.js'
import { firstError } from './schema-validators.js'
import { resolveSchema, type Schema } from './specification.js'

type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Mandatory texts that may be empty although nothing in their schema says so: a constant can be the empty text. */
const mayBeEmpty: ReadonlySet<string> = new Set(['value'])

/** Lists of objects in which clients send gaps: Terraform puts `null` and `{}` where an element was removed. */
const listsWithGaps: ReadonlySet<string> = new Set(['domains'])

/** Follows the schema, not the value, so that depth and size of the work are bounded by what the contract describes. */
export function knownMembers(declared: Schema, value: unknown): unknown {
  const schema = resolveSchema(declared, specification())
  if (Array.isArray(value) && schema.items !== undefined) {
    const { items } = schema
    return value.map((item: unknown) => knownMembers(items, item))
  }
  if (!isObject(value)) return value
  if (schema.properties !== undefined) return objectMembers(schema, schema.properties, value)
  const { additionalProperties } = schema
  if (additionalProperties === undefined) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([name, member]) => [name, knownMembers(additionalProperties, member)]),
  )
}

function objectMembers(schema: Schema, properties: Readonly<Record<string, Schema>>, value: JsonObject): JsonObject {
  const known: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(properties)) {
    if (!Object.hasOwn(value, name)) continue
    const given = knownMember(name, member, value[name])
    if (given === undefined || given === null) continue
    if (schema.required?.includes(name) === true && isEmpty(name, member, given)) continue
    known[name] = given
  }
  return known
}

function knownMember(name: string, schema: Schema, value: unknown): unknown {
  if (schema['x-unsupported'] === true && firstError(schema, value) !== undefined) return undefined
  // The one number that clients also send as a text.
  if (name === 'bandwidth_size' && schema.type === 'integer' && typeof value === 'string' && /^\d{1,9}$/.test(value))
    return Number(value)
  const given = knownMembers(schema, value)
  return listsWithGaps.has(name) && Array.isArray(given) ? given.filter((item) => !isGap(item)) : given
}

const isGap = (item: unknown): boolean => item === null || (isObject(item) && Object.keys(item).length === 0)

/** Whether a mandatory member was given without content. A schema may admit that by a pattern or a length of zero. */
function isEmpty(name: string, declared: Schema, value: unknown): boolean {
  const schema = resolveSchema(declared, specification())
  if (value === '') {
    if (schema.pattern !== undefined || schema.minLength === 0) return firstError(schema, value) !== undefined
    return !mayBeEmpty.has(name)
  }
  return schema.type === 'array' && Array.isArray(value) && value.length === 0
}
