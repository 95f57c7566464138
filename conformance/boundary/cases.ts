/**
 * Requests at the edges of what the contract describes: for every path parameter, query parameter and member of a body,
 * at every depth, values that just fulfil and values that just break each rule. All else in the request is acceptable.
 */
import { resolved, type Operation, type Parameter, type Schema } from './contract.js'
import { aText, ofLength, strangeText } from './texts.js'
import { unmetRule } from './rules-between-members.js'
import type { BaseRequest, SampleOf, Stage } from './stage.js'

/** How a value breaks its rules; `none`: it does not; `unknown`: the well-formed id of nothing. */
export type Violation = 'none' | 'missing' | 'type' | 'small' | 'large' | 'value' | 'unknown'

export interface Case {
  readonly operation: Operation
  readonly place: 'path' | 'query' | 'body'
  /** Name of the parameter or member, without the way that leads to it. */
  readonly field: string
  /** The way to it, for people. */
  readonly at: string
  readonly what: string
  readonly violation: Violation
  readonly value: unknown
  readonly request: BaseRequest
}

type Rest = Pick<Case, 'what' | 'violation' | 'value'>

export const isIdName = (name: string): boolean => /(^|_)ids?$/.test(name)

/** Long enough for any id, and nobody's. */
const NOBODY = 'nobody-'.padEnd(64, '0')
const malformedIds = [`${NOBODY}1`, 'no body', 'no.body']

export function* casesOf(operation: Operation, stage: Stage): Generator<Case> {
  const base = stage.requestFor(operation)
  yield { operation, place: 'path', field: '', at: '', what: 'as it is', violation: 'none', value: '', request: base }
  for (const parameter of operation.path) yield* inPath(operation, base, parameter)
  for (const parameter of operation.query) yield* inQuery(operation, base, parameter)
  if (operation.body !== undefined) yield* inBody(operation, base, operation.body, stage)
}

function* inPath(operation: Operation, base: BaseRequest, { name, schema }: Parameter): Generator<Case> {
  // Both are judged with the caller: the project is theirs or not, the instance is there or not.
  if (name === 'project_id') return
  const rest: Rest[] = schema.enum
    ? [
        ...schema.enum.map((value) => ({ what: 'a value', violation: 'none' as const, value })),
        { what: 'another value', violation: 'value', value: `${String(schema.enum[0])}_` },
      ]
    : [
        ...malformedIds.map((value) => ({ what: 'malformed', violation: 'value' as const, value })),
        { what: 'of nobody', violation: 'unknown', value: NOBODY },
      ]
  for (const each of rest)
    yield {
      ...{ operation, place: 'path', field: name, at: name, ...each },
      request: { ...base, path: { ...base.path, [name]: String(each.value) } },
    }
}

function* inQuery(operation: Operation, base: BaseRequest, parameter: Parameter): Generator<Case> {
  const { name } = parameter
  const known = base.query[name]
  const given = (value: unknown): BaseRequest => ({
    ...base,
    query: { ...base.query, [name]: Array.isArray(value) ? (value as string[]) : String(value) },
  })
  const { [name]: _, ...without } = base.query
  const required = parameter.required
  const rest: Rest[] = [
    // An empty value is none.
    { what: 'empty', violation: required ? 'missing' : 'none', value: '' },
    ...queryValues(parameter, known),
  ]
  const common = { operation, place: 'query', field: name, at: name } as const
  yield {
    ...common,
    ...{ what: 'absent', violation: required ? 'missing' : 'none', value: undefined },
    request: { ...base, query: without },
  }
  for (const each of rest) yield { ...common, ...each, request: given(each.value) }
  if (parameter['x-repeatable'] === true)
    yield { ...common, what: 'twice', violation: 'none', value: ['a', 'b'], request: given(['a', 'b']) }
}

function queryValues(parameter: Parameter, known: unknown): Rest[] {
  const { name, schema, required } = parameter
  if (parameter['x-clamp-rule'] !== undefined)
    return [
      ...['-1', '0', '1', '500', '501', '99999999999999999999'].map((value) => good('clamped', value)),
      ...['x', '1.5', '1e3'].map((value) => bad('no number', value)),
    ]
  if (schema.type === 'integer') return numbers(schema).map((each) => ({ ...each, violation: ofQuery(each.violation) }))
  if (schema.enum !== undefined) return enumerated(schema).filter(({ value }) => typeof value === 'string')
  if (isIdName(name) && schema.pattern === undefined && schema.minLength === undefined)
    return [
      ...malformedIds.map((value) => bad('malformed', value)),
      { what: 'of nobody', violation: required ? 'unknown' : 'none', value: NOBODY },
      ...(known === undefined ? [] : [good('known', known)]),
    ]
  return [
    ...texts({ ...(name === 'from' || name === 'to' ? patternOf(name) : {}), ...schema }),
    bad('NUL', 'a\0b'),
  ].filter(({ value }) => value !== '')
}

const ofQuery = (violation: Violation): Violation => (violation === 'none' ? 'none' : 'value')

const good = (what: string, value: unknown): Rest => ({ what, violation: 'none', value })
const bad = (what: string, value: unknown): Rest => ({ what, violation: 'value', value })

function* inBody(operation: Operation, base: BaseRequest, body: Schema, stage: Stage): Generator<Case> {
  const put = (value: unknown): BaseRequest => ({ ...base, body: value })
  const whole = { operation, place: 'body', field: 'body', at: '', violation: 'type' } as const
  const texts = ['{"name": ', '<name/>', '[]', 'null', '"text"', ...(operation.needsBody ? [''] : [])]
  for (const value of operation.isForm ? [] : texts) yield { ...whole, what: 'no object', value, request: put(value) }
  const position = { operation, put, sampleOf: stage.sampleOf, schema: body, field: '', at: '', known: base.body }
  for (const one of inside(position, (member) => stage.bodyFor(operation, member)))
    // A form has nothing but texts.
    if (!operation.isForm || one.what === 'absent' || typeof one.value === 'string') yield one
}

interface Position {
  readonly operation: Operation
  readonly sampleOf: SampleOf
  /** The request with another value at this place. */
  readonly put: (value: unknown) => BaseRequest
  readonly schema: Schema
  readonly field: string
  readonly at: string
  /** An acceptable value of this place. */
  readonly known: unknown
}

/** Members of an object, items of a list: places of their own. */
function* inside(position: Position, bodyFor?: (member: string) => unknown): Generator<Case> {
  const { schema } = resolved(position.schema)
  if (schema.properties !== undefined) yield* members(position, schema, schema.properties, bodyFor)
  else if (schema.items !== undefined) yield* items(position, schema.items)
  else if (schema.additionalProperties !== undefined) yield* values(position, schema.additionalProperties)
}

function* members(
  position: Position,
  schema: Schema,
  properties: Readonly<Record<string, Schema>>,
  bodyFor?: (member: string) => unknown,
): Generator<Case> {
  for (const [name, member] of Object.entries(properties)) {
    const object = (bodyFor?.(name) ?? position.known ?? {}) as Readonly<Record<string, unknown>>
    const { [name]: present, ...others } = object
    const put = (value: unknown) => position.put({ ...others, [name]: value })
    const at = `${position.at}.${name}`.replace(/^\./, '')
    const known = present ?? position.sampleOf(name, member)
    const place = { ...position, put, schema: member, field: name, at, known }
    const common = { operation: position.operation, place: 'body', field: name, at } as const
    const required = schema.required?.includes(name) === true
    const rest: Rest[] = [
      { what: 'null', violation: required ? 'missing' : 'none', value: null },
      ...(required ? emptied(member) : []),
      ...memberValues(name, member, known, required, position.sampleOf),
    ]
    yield {
      ...common,
      what: 'absent',
      ...judged(schema, others, required ? 'missing' : 'none', name),
      request: position.put(others),
    }
    for (const each of rest) {
      const whole = { ...others, [name]: each.value }
      yield {
        ...common,
        ...each,
        ...judged(schema, each.value === null ? others : whole, each.violation, name),
        request: put(each.value),
      }
    }
    yield* inside(place)
  }
}

/** What a rule between the members of an object says when the members themselves are in order. */
function judged(
  schema: Schema,
  object: object,
  violation: Violation,
  field: string,
): { violation: Violation; field: string; value: unknown } {
  const value = (object as Readonly<Record<string, unknown>>)[field]
  if (violation !== 'none') return { violation, field, value }
  const unmet = unmetRule(schema, object)
  return unmet === undefined ? { violation, field, value } : { ...unmet, value }
}

function* items(position: Position, items: Schema): Generator<Case> {
  const [first] = Array.isArray(position.known) ? (position.known as unknown[]) : []
  const known = first ?? position.sampleOf(position.field, items)
  const rest = (position.known as unknown[] | undefined)?.slice(1) ?? []
  const put = (value: unknown) => position.put([value, ...rest])
  const { schema } = resolved(items)
  const at = `${position.at}[]`
  if (schema.properties === undefined)
    for (const each of memberValues(position.field, items, known, false, position.sampleOf))
      yield {
        operation: position.operation,
        place: 'body',
        field: position.field,
        at,
        ...each,
        request: put(each.value),
      }
  yield* inside({ ...position, put, schema: items, at, known })
}

function* values(position: Position, value: Schema): Generator<Case> {
  const { propertyNames = {} } = resolved(position.schema).schema
  const [first] = Object.entries((position.known ?? {}) as Readonly<Record<string, unknown>>)
  const name = first?.[0] ?? String(resolved(propertyNames).schema.enum?.[0] ?? 'some')
  const known = first?.[1] ?? position.sampleOf('', value)
  const put = (each: unknown) => position.put({ [name]: each })
  yield* inside({ ...position, put, schema: value, at: `${position.at}.*`, known })
}

/** A mandatory text or list without content counts as absent. */
function emptied(declared: Schema): Rest[] {
  const { schema } = resolved(declared)
  if (schema.type === 'array') return [{ what: 'empty', violation: 'missing', value: [] }]
  if (schema.type !== 'string' || schema.enum?.includes('') === true || schema.minLength === 0) return []
  const admitted = schema.pattern !== undefined && new RegExp(schema.pattern, 'u').test('')
  return admitted ? [] : [{ what: 'empty', violation: 'missing', value: '' }]
}

function memberValues(name: string, declared: Schema, known: unknown, required: boolean, sampleOf: SampleOf): Rest[] {
  const { schema } = resolved(declared)
  if (schema['x-unsupported'] === true) return [good('unsupported', {}), good('unsupported', 'x')]
  const [type, other] = [schema.type].flat()
  // Of a member that may be of two types, the values are rules of its own.
  if (other !== undefined) return []
  switch (type) {
    case 'string':
      return [
        ...[5, true, {}, []].map((value) => wrongType(value)),
        ...(schema.enum
          ? enumerated(schema)
          : isFreeId(name, schema)
            ? ids(known)
            : texts({ ...patternOf(name), ...schema })),
        ...(schema.enum ? [] : [bad('NUL', 'ab\0cd')]),
      ].filter(({ value }) => !(required && value === ''))
    case 'integer':
      return [...['1', true, {}, 1.5].map((value) => wrongType(value)), ...numbers(schema)]
    case 'boolean':
      return [...['true', 1, {}].map((value) => wrongType(value)), good('a value', true), good('a value', false)]
    case 'array':
      return [...['x', {}, 1].map((value) => wrongType(value)), ...lists(schema, known ?? sampleOf(name, declared))]
    case 'object':
      return ['x', [], 1].map((value) => wrongType(value))
    case undefined:
    default:
      return []
  }
}

const wrongType = (value: unknown): Rest => ({ what: 'another type', violation: 'type', value })

const isFreeId = (name: string, { pattern, minLength }: Schema): boolean =>
  isIdName(name) && (pattern === undefined || pattern.startsWith('^[a-zA-Z0-9_-]')) && (minLength ?? 0) <= 1

function ids(known: unknown): Rest[] {
  return [
    ...malformedIds.map((value) => bad('malformed', value)),
    { what: 'of nobody', violation: 'unknown', value: NOBODY },
    ...(typeof known === 'string' ? [good('known', known)] : []),
  ]
}

function enumerated(schema: Schema): Rest[] {
  const admitted = schema.enum ?? []
  const [first] = admitted
  const strangers = typeof first === 'string' ? [`${first}_`, first.toLowerCase(), first.toUpperCase()] : []
  return [
    ...admitted.map((value) => good('a value', value)),
    ...strangers.filter((value) => !admitted.includes(value)).map((value) => bad('another value', value)),
  ]
}

/** conventions.md §5, where the contract leaves the form to the rules of the resource. */
const patternOf = (name: string): Schema => (name in forms ? { pattern: forms[name] ?? '' } : {})

const forms: Readonly<Record<string, string>> = {
  req_uri: '^/',
  url_domain: '^([a-zA-Z0-9]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?\\.){1,7}[a-zA-Z]{2,64}$',
  acl_value: '^10\\.0\\.0\\.[1-9](,10\\.0\\.0\\.[1-9])*$',
  from: '^[0-9]{13}$',
  to: '^[0-9]{13}$',
  reset_time: '^2030-01-01 00:00:00$',
  host: '^[a-z]+([.][a-z]+)*$',
}

function texts(schema: Schema): Rest[] {
  const { minLength, maxLength } = schema
  const found: Rest[] = [good('ordinary', aText(schema))]
  const shortest = minLength === undefined ? undefined : ofLength(schema, minLength)
  if (shortest !== undefined) found.push(good('shortest', shortest))
  if (minLength !== undefined && minLength > 0) {
    const shorter = ofLength({ ...schema, minLength: 0 }, minLength - 1)
    if (shorter !== undefined) found.push(bad('too short', shorter))
  }
  if (maxLength !== undefined) {
    found.push(
      good('longest', need(schema, maxLength)),
      // Where the pattern has the bound too, no such text fulfils anything else.
      bad('too long', ofLength(schema, maxLength + 1) ?? 'a'.repeat(maxLength + 1)),
    )
  }
  const strange = strangeText(schema)
  if (strange !== undefined) found.push(bad('strange', strange))
  return found
}

/** Every length that the contract names is tried: where no text of it can be made, the maker of texts is at fault. */
function need(schema: Schema, length: number): string {
  const text = ofLength(schema, length)
  if (text === undefined) throw new Error(`no text of ${length} characters for ${JSON.stringify(schema)}`)
  return text
}

function numbers({ enum: admitted, minimum, maximum, format, anyOf }: Schema): Rest[] {
  if (anyOf !== undefined) {
    const edges = [-2, -1, 79, 80, 81, 443, 444, 1023, 1024, 49_151, 49_152]
    return edges.map((value) => ({
      what: 'a number',
      violation: anyOf.some((each) => within(each, value)) ? 'none' : 'value',
      value,
    }))
  }
  if (admitted !== undefined) {
    const values = admitted as readonly number[]
    const around = [Math.min(...values) - 1, Math.max(...values) + 1]
    return [...values.map((value) => good('a value', value)), ...around.map((value) => bad('another value', value))]
  }
  const [least, most] = format === 'int32' ? [-(2 ** 31), 2 ** 31 - 1] : [undefined, undefined]
  const [low, high] = [minimum ?? least, maximum ?? most]
  return [
    ...(low === undefined
      ? []
      : [good('least', low), { what: 'too small', violation: 'small' as const, value: low - 1 }]),
    ...(high === undefined
      ? []
      : [good('most', high), { what: 'too large', violation: 'large' as const, value: high + 1 }]),
  ]
}

function within({ const: only, minimum = -Infinity, maximum = Infinity }: Schema, value: number): boolean {
  return only === undefined ? value >= minimum && value <= maximum : value === only
}

function lists({ minItems, maxItems }: Schema, known: unknown): Rest[] {
  const [first] = known as unknown[]
  const many = (length: number): unknown[] =>
    Array.from({ length }, (_, index) => (index === 0 ? first : another(first, index)))
  return [
    ...(maxItems === undefined ? [] : [bad('too many', many(maxItems + 1))]),
    ...(minItems === undefined || minItems < 2 ? [] : [bad('too few', many(minItems - 1))]),
  ]
}

/** Another item like the first. */
function another(first: unknown, index: number): unknown {
  if (typeof first === 'string') return `${first.slice(0, 20)}${index}`
  return first
}

/** A body in which the value stands where the contract has the schema of this name; undefined where it has it nowhere. */
export function bodyWith(operation: Operation, stage: Stage, name: string, value: unknown): unknown {
  const { body } = operation
  if (body === undefined) return undefined
  const known = stage.requestFor(operation).body
  return withValue({ schema: body, field: '', known, put: (whole: unknown) => whole }, stage.sampleOf, name, value, 0)
}

interface Spot extends Pick<Position, 'schema' | 'field' | 'known'> {
  readonly put: (value: unknown) => unknown
}

const DEEPEST = 4

function withValue(spot: Spot, sampleOf: SampleOf, name: string, value: unknown, depth: number): unknown {
  const found = resolved(spot.schema)
  if (found.name === name) return spot.put(value)
  if (depth === DEEPEST) return undefined
  for (const [field, schema] of Object.entries(found.schema.properties ?? {})) {
    const whole = (spot.known ?? {}) as Readonly<Record<string, unknown>>
    const put = (each: unknown) => spot.put({ ...whole, [field]: each })
    const inner = withValue({ schema, field, known: sampleOf(field, schema), put }, sampleOf, name, value, depth + 1)
    if (inner !== undefined) return inner
  }
  const { items, additionalProperties, propertyNames = {} } = found.schema
  const key = String(resolved(propertyNames).schema.enum?.[0] ?? 'some')
  const inside =
    items !== undefined
      ? { schema: items, put: (each: unknown) => spot.put([each]) }
      : { schema: additionalProperties ?? {}, put: (each: unknown) => spot.put({ [key]: each }) }
  if (items === undefined && additionalProperties === undefined) return undefined
  const known = sampleOf(spot.field, inside.schema)
  return withValue({ ...inside, field: spot.field, known }, sampleOf, name, value, depth + 1)
}
