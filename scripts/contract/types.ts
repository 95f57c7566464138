import { referenced, type Schema, type Specification } from '../../src/contract/specification.js'

const identifier = /^[A-Za-z_$][\w$]*$/
const quoted = (value: string) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
export const memberName = (name: string) => (identifier.test(name) ? name : quoted(name))

/**
 * TypeScript for a schema. Refinements between members (`allOf` of `if`/`then`, `dependentRequired`) are rules for the
 * validator and leave the type as wide as the members alone make it.
 */
export function typeOf(schema: Schema, indent: string, used: Set<string>): string {
  if (schema.$ref !== undefined) {
    const name = referenced(schema.$ref)
    used.add(name)
    return name
  }
  if (schema.enum !== undefined) {
    return schema.enum.map((value) => (typeof value === 'string' ? quoted(value) : String(value))).join(' | ')
  }
  if (schema.type === undefined && schema.anyOf !== undefined) {
    return schema.anyOf.map((alternative) => typeOf(alternative, indent, used)).join(' | ')
  }
  const types = typeof schema.type === 'string' ? [schema.type] : schema.type
  if (types === undefined) return 'unknown'
  return types.map((type) => plainType(type, schema, indent, used)).join(' | ')
}

function plainType(type: string, schema: Schema, indent: string, used: Set<string>): string {
  switch (type) {
    case 'string':
      return schema.format === 'binary' ? 'FilePart' : 'string'
    case 'integer':
    case 'number':
      return 'number'
    case 'boolean':
    case 'null':
      return type
    case 'array': {
      if (schema.items === undefined) throw new Error('an array without items')
      const item = typeOf(schema.items, indent, used)
      return `${item.includes(' | ') ? `(${item})` : item}[]`
    }
    case 'object':
      return objectType(schema, indent, used)
    default:
      throw new Error(`unsupported type ${type}`)
  }
}

function objectType(schema: Schema, indent: string, used: Set<string>): string {
  if (schema.properties !== undefined) return `{\n${members(schema, `${indent}  `, used)}${indent}}`
  const value = schema.additionalProperties
  if (value === undefined) return 'Record<string, unknown>'
  const type = typeOf(value, indent, used)
  return schema.propertyNames?.$ref === undefined
    ? `Record<string, ${type}>`
    : `{ [K in ${typeOf(schema.propertyNames, indent, used)}]?: ${type} | undefined }`
}

function members(schema: Schema, indent: string, used: Set<string>): string {
  const required = new Set(schema.required)
  let text = ''
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const type = typeOf(member, indent, used)
    text += remarks(member, indent)
    text += required.has(name)
      ? `${indent}${memberName(name)}: ${type}\n`
      : `${indent}${memberName(name)}?: ${type} | undefined\n`
  }
  return text
}

function remarks(schema: Schema, indent: string): string {
  const lines: string[] = []
  if (schema.description !== undefined) lines.push(schema.description)
  if (schema.default !== undefined) lines.push(`Default: ${JSON.stringify(schema.default)}.`)
  if (schema['x-unsupported'] === true) lines.push('Accepted and without effect.')
  if (schema.deprecated === true) lines.push('@deprecated')
  return lines.length === 0 ? '' : `${indent}/** ${lines.join(' ').replaceAll('*/', '*\\/').replaceAll('\n', ' ')} */\n`
}

/** The text of generated/schemas.ts. */
export function schemaTypes(specification: Specification): string {
  const declarations = Object.entries(specification.components.schemas).map(([name, schema]) => {
    const type = typeOf(schema, '', new Set())
    const remark = remarks(schema, '')
    return schema.properties !== undefined
      ? `${remark}export interface ${name} ${type}\n`
      : `${remark}export type ${name} = ${type}\n`
  })
  return `import type { FilePart } from '../operation-parts.js'\n\n${declarations.join('\n')}`
}
