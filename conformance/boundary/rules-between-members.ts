/** The rules of an object that concern several of its members: conditions, and which member needs which. */
import { resolved, type Schema } from './contract.js'
import { fits } from './texts.js'

export interface Unmet {
  readonly violation: 'missing' | 'value' | 'large'
  readonly field: string
}

type Members = Readonly<Record<string, unknown>>

/** The first rule that an object breaks whose members are in order, each by itself. */
export function unmetRule(schema: Schema, object: object): Unmet | undefined {
  for (const rule of schema.allOf ?? []) {
    const unmet = unmetIn(rule, object as Members)
    if (unmet !== undefined) return unmet
  }
  return undefined
}

function unmetIn(rule: Schema, object: Members): Unmet | undefined {
  if (rule.if !== undefined) {
    const branch = holds(rule.if, object) ? rule.then : rule.else
    return branch === undefined ? undefined : unmetIn(branch, object)
  }
  for (const name of rule.required ?? []) if (isAbsent(object[name])) return { violation: 'missing', field: name }
  for (const [name, needed] of Object.entries(rule.dependentRequired ?? {}))
    for (const other of isAbsent(object[name]) ? [] : needed)
      if (isAbsent(object[other])) return { violation: 'missing', field: other }
  if (rule.anyOf !== undefined && !rule.anyOf.some((choice) => unmetIn(choice, object) === undefined)) {
    const [first] = rule.anyOf
    return first === undefined ? undefined : unmetIn(first, object)
  }
  for (const [name, member] of Object.entries(rule.properties ?? {})) {
    const unmet = isAbsent(object[name]) ? undefined : unmetBy(member, object[name], name)
    if (unmet !== undefined) return unmet
  }
  return undefined
}

function unmetBy(member: Schema, value: unknown, field: string): Unmet | undefined {
  const { schema } = resolved(member)
  if (typeof value === 'string' && !fits(schema, value)) return { violation: 'value', field }
  if (typeof value === 'number' && value > (schema.maximum ?? Infinity)) return { violation: 'large', field }
  if (schema.const !== undefined && schema.const !== value) return { violation: 'value', field }
  if (typeof value === 'object' && value !== null && schema.propertyNames !== undefined) {
    const { not } = schema.propertyNames
    if (not !== undefined && Object.keys(value).some((name) => fits(not, name))) return { violation: 'value', field }
  }
  if (!Array.isArray(value)) return undefined
  if (value.length < (schema.minItems ?? 0) || value.length > (schema.maxItems ?? Infinity))
    return { violation: 'value', field }
  for (const item of value as Members[]) {
    const unmet = schema.items === undefined ? undefined : unmetIn(schema.items, item)
    if (unmet !== undefined) return unmet
  }
  return undefined
}

/** Conditions name constants and lists of them, of members that have to be there. */
function holds(condition: Schema, object: Members): boolean {
  const present = (condition.required ?? []).every((name) => !isAbsent(object[name]))
  return (
    present &&
    Object.entries(condition.properties ?? {}).every(([name, member]) => {
      const value = object[name]
      return member.const !== undefined ? member.const === value : (member.enum ?? []).includes(value as string)
    })
  )
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null
